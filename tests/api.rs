//! The API, the links and the roles over real HTTP: a running engine with a real journal before a simulated Azure, and the
//! same routes and the same door as the service has.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests: a panic is the failure")]

#[path = "support/tools.rs"]
mod tools;

#[path = "api/client.rs"]
mod client;
#[path = "api/contract.rs"]
mod contract;
#[path = "api/deletion.rs"]
mod deletion;
#[path = "api/fuzzed.rs"]
mod fuzzed;
#[path = "api/house.rs"]
mod house;
#[path = "api/links.rs"]
mod links;
#[path = "api/reads.rs"]
mod reads;
#[path = "api/roles.rs"]
mod roles;
#[path = "api/terms.rs"]
mod terms;
