//! What the simulation is asked for.

use clap::Parser;

/// Runs the engine of the service through simulated time, with people, faults and clocks by chance, and checks what it does.
///
/// One seed is one story: the same seed gives the same rows, to the last byte. One that breaks an invariant is shrunk to the
/// shortest story that still does, and printed in the language of tests/scenarios.
#[derive(Debug, Clone, Parser)]
#[command(name = "lightsout-sim")]
pub(crate) struct Args {
    /// One story alone, and the digest of its rows.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// So many stories of weeks with few machines and many faults.
    #[arg(long, default_value_t = 0)]
    pub(crate) seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 1)]
    pub(crate) from: u64,
    /// So many years of a fleet, each a story of its own.
    #[arg(long, default_value_t = 0)]
    pub(crate) years: u64,
    /// How many machines a fleet has.
    #[arg(long, default_value_t = 200)]
    pub(crate) fleet: u16,
    /// How many days a year has.
    #[arg(long, default_value_t = 365)]
    pub(crate) days: i64,
    /// With --seed: a year of a fleet, and not weeks of a few machines.
    #[arg(long)]
    pub(crate) year: bool,
    /// The journal is the service's own store in a folder that goes with the run; slower.
    #[arg(long)]
    pub(crate) store: bool,
    /// How many stories run side by side.
    #[arg(long, default_value_t = 2)]
    pub(crate) jobs: usize,
    /// With --seed: prints every row as it comes.
    #[arg(long)]
    pub(crate) rows: bool,
    /// Every situation has to be hit, or the run fails.
    #[arg(long)]
    pub(crate) cover: bool,
    /// A story that goes wrong is told as it is, and not shrunk.
    #[arg(long)]
    pub(crate) whole: bool,
}

/// From the command line.
pub(crate) fn read() -> Args {
    Args::parse()
}
