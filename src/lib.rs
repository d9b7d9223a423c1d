//! Lightsout stops Azure Machine Learning compute instances that nobody is using, by policy.
//!
//! Three storeys. The first is pure: no I/O, no clock, no `async`, no logging. The second touches one outside thing a
//! room. The third is the machine and its faces. `tests/architecture.rs` holds the table of who may import whom.
//!
//! The flow of one sweep: `azure` observes an inventory → `rules` give each instance a verdict → `plan` drafts steps →
//! `guard` reviews them → `engine` warns, looks again and stops → `store` records → `report` is what every face reads.

// storey 1: pure
pub mod document;
pub mod facts;
pub mod guard;
pub mod heartbeat;
pub mod ledger;
pub mod plan;
pub mod policy;
pub mod report;
pub mod rules;
pub mod schedule;
pub mod units;

// the seams
pub mod ports;

// storey 2: the outside, one room per thing touched
pub mod azure;
pub mod bills;
pub mod intake;
pub mod notify;
pub mod promql;
pub mod settings;
pub mod store;

// storey 3: the machine and its faces
pub mod cli;
pub mod engine;
pub mod metrics;
pub mod sandbox;
pub mod web;
