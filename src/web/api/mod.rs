//! The API under `/api/v1`: everything that the page can do, for programs.

mod act;
pub(super) mod asked;
mod change;
mod choices;
mod instances;
mod keep_link;
mod link;
mod openapi;
mod problem;
mod proposal;
mod read;
pub(super) mod select;
pub(super) mod shapes;

pub(super) use act::act_routes;
pub(super) use instances::instance_routes;
pub(super) use keep_link::keep_link_routes;
pub(super) use link::link_routes;
pub use openapi::{documented, openapi};
pub(super) use proposal::proposal_routes;
pub(super) use read::read_routes;
