//! `journal` as typed.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

/// `journal`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct Journal {
    /// What to do with it.
    #[command(subcommand)]
    pub what: JournalCommand,
}

/// What to do with the journal.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum JournalCommand {
    /// Copy it at one moment while the service runs on; the copy is read back whole before it gets its name
    Backup(JournalBackup),
    /// Put a copy in its place, keep what was there beside it, and freeze; the service must not run
    Restore(JournalRestore),
    /// Move it from the folder that the settings name to their server, or back; no service may run on either
    Migrate(JournalMigrate),
    /// Go on by what is left, after a server of several replicas has forgotten what it had confirmed and you have looked
    AcceptLoss,
}

/// `journal backup`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct JournalBackup {
    /// The copy; it must not be there yet
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// A journal's folder; without it, the one in the settings
    #[arg(long, value_name = "PATH")]
    pub store: Option<PathBuf>,
}

/// `journal restore`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct JournalRestore {
    /// The copy
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Where a journal can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Backend {
    /// In the folder that the settings name
    Sqlite,
    /// On the server that they name
    Postgres,
}

/// `journal migrate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ClapArgs)]
pub struct JournalMigrate {
    /// Where it is
    #[arg(long, value_enum)]
    pub from: Backend,
    /// Where it is to be
    #[arg(long, value_enum)]
    pub to: Backend,
}
