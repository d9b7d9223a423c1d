//! `native` as typed.

use clap::{Args as ClapArgs, Subcommand};

/// `native`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct Native {
    /// What to do with them.
    #[command(subcommand)]
    pub what: NativeCommand,
}

/// What to do with Azure's own timers.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum NativeCommand {
    /// List idle timers and schedules, and what is wrong with them; changes nothing
    Audit,
    /// Set idle timers as the policies want them; without --yes it only says which
    Apply(NativeApply),
}

/// `native apply`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct NativeApply {
    /// Only say what would be set; this is what happens without --yes
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Really set them
    #[arg(long)]
    pub yes: bool,
    /// Only this one, by its name, WORKSPACE/NAME, or full ARM id
    #[arg(long, value_name = "INSTANCE")]
    pub instance: Option<String>,
}
