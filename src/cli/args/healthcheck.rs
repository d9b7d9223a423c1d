//! `healthcheck` as typed.

use clap::Args as ClapArgs;

/// `healthcheck`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct Healthcheck {
    /// Ask whether it is ready, too
    #[arg(long)]
    pub ready: bool,
}
