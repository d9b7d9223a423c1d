//! `lightsout-sim`: the real engine in simulated years of people, faults and clocks, and an independent checker beside it.

mod after;
mod args;
mod befall;
mod book;
mod check;
#[path = "../support/cloud.rs"]
#[expect(dead_code, reason = "shared with the scenes, which have words for more of it")]
mod cloud;
mod crash;
mod edges;
mod faults;
mod happen;
mod log;
mod make;
mod memory;
mod on_disk;
mod people;
mod policies;
mod run;
mod shrink;
mod sometimes;
mod story;
#[cfg(test)]
mod tests;
mod watch;
mod world;

use std::process::ExitCode;

fn main() -> ExitCode {
    watch::run(&args::read())
}
