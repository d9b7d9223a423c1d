//! Lightsout stops Azure Machine Learning compute instances that nobody is using, by policy.
//!
//! Three storeys. The first is pure: no I/O, no clock, no `async`, no logging. The second touches one outside thing a
//! room. The third is the machine and its faces. `tests/architecture.rs` holds the table of who may import whom.
//!
//! The flow of one sweep: `azure` observes an inventory → `rules` give each instance a verdict → `plan` drafts steps →
//! `guard` reviews them → `engine` warns, looks again and stops → `store` records → `report` is what every face reads.
//!
//! Without the feature `service` only what the agent on an instance needs is here.

// storey 1: pure
#[cfg(feature = "service")]
pub mod access;
#[cfg_attr(not(feature = "service"), expect(dead_code, unused_imports, reason = "the agent's file needs a part of it"))]
pub mod document;
#[cfg(feature = "service")]
pub mod facts;
#[cfg(feature = "service")]
pub mod guard;
pub mod heartbeat;
#[cfg(feature = "service")]
pub mod ledger;
#[cfg(feature = "service")]
pub mod links;
#[cfg(feature = "service")]
pub mod past;
#[cfg(feature = "service")]
pub mod plan;
#[cfg(feature = "service")]
pub mod policy;
#[cfg(feature = "service")]
pub mod replay;
#[cfg(feature = "service")]
pub mod report;
#[cfg(feature = "service")]
pub mod rights;
#[cfg(feature = "service")]
pub mod rules;
#[cfg(feature = "service")]
pub mod schedule;
#[cfg(feature = "service")]
pub mod seal;
pub mod units;

// the seams
#[cfg(feature = "service")]
pub mod ports;

// storey 2: the outside, one room per thing touched
#[cfg(feature = "service")]
pub mod azure;
#[cfg(feature = "service")]
pub mod bills;
#[cfg(feature = "service")]
pub mod intake;
#[cfg(feature = "service")]
pub mod notify;
#[cfg(feature = "service")]
pub mod oidc;
#[cfg(feature = "service")]
pub mod promql;
#[cfg(feature = "service")]
pub mod settings;
#[cfg(feature = "service")]
pub mod store;

// storey 3: the machine and its faces
pub mod agent;
#[cfg(feature = "service")]
pub mod cli;
#[cfg(feature = "service")]
pub mod engine;
#[cfg(feature = "service")]
pub mod metrics;
#[cfg(feature = "service")]
pub mod sandbox;
#[cfg(feature = "service")]
pub mod web;
