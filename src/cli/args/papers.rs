//! `completions` and `man` as typed: what the program writes of itself.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use clap_complete::Shell;

/// `completions`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct Completions {
    /// Which shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: Shell,
}

/// `man`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct Man {
    /// Whose page: the command's words joined by `-`, such as hold or ledger-verify; without it, that of lightsout
    #[arg(value_name = "COMMAND", conflicts_with = "dir")]
    pub page: Option<String>,
    /// Write every page into this folder, which is made when absent
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}
