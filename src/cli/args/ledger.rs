//! `ledger` as typed.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

/// `ledger`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct Ledger {
    /// What to do with it.
    #[command(subcommand)]
    pub what: LedgerCommand,
}

/// What to do with the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum LedgerCommand {
    /// Follow every row from the first: hashes, seconds, sums; say the first thing that does not fit
    Verify(LedgerPlace),
    /// Print the last row's number and hash: kept elsewhere, they prove that nothing was cut off or changed since
    Head(LedgerPlace),
}

/// Which ledger.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct LedgerPlace {
    /// A journal's folder, or a copy of its lightsout.db; without it, the one in the settings
    #[arg(long, value_name = "PATH")]
    pub store: Option<PathBuf>,
}
