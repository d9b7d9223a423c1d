//! `notify` as typed.

use clap::{Args as ClapArgs, Subcommand};

/// `notify`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct NotifyArgs {
    /// What to do with the channels.
    #[command(subcommand)]
    pub what: NotifyCommand,
}

/// What to do with the channels.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum NotifyCommand {
    /// Send a message that says it is a test on every channel, and say what each answered
    Test(NotifyTest),
}

/// `notify test`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct NotifyTest {
    /// Only this channel: smtp, teams, slack, webhook or alertmanager
    #[arg(long, value_name = "CHANNEL")]
    pub channel: Option<String>,
    /// Whose machine the test is about: an address that e-mail goes to
    #[arg(long, value_name = "ADDRESS")]
    pub to: Option<String>,
}
