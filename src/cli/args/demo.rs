//! `demo` as typed.

use std::path::PathBuf;

use clap::Args as ClapArgs;

/// `demo`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct Demo {
    /// Simulated days
    #[arg(long, value_name = "N", default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..=366))]
    pub days: u32,
    /// Simulated seconds a second; without it, what makes the demo take about a minute
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub speed: Option<u32>,
    /// Chooses the people and their habits; the same seed gives the same figures
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Agents are on so many percent of the machines; without it, on all, and the same people are looked at with agents on none
    /// and on half of them
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub agents: Option<u8>,
    /// Keep the page, the simulated Azure and /metrics up at the end, until Ctrl-C
    #[arg(long)]
    pub keep_open: bool,
    /// Keep the journal in this folder, for `report` and `ledger` afterwards
    #[arg(long, value_name = "DIR")]
    pub journal: Option<PathBuf>,
}
