//! The sandbox leads an instance through its whole life over HTTP: made, shown, overwritten, deleted, refused and billed.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests: a panic is the failure")]

#[path = "sandbox_life/bounds.rs"]
mod bounds;
#[path = "sandbox_life/making.rs"]
mod making;
#[path = "sandbox_life/site.rs"]
mod site;
#[path = "sandbox_life/unmaking.rs"]
mod unmaking;
