//! The API under `/api/v1`: everything that the page can do, for programs.

mod act;
pub(super) mod asked;
mod instances;
mod link;
mod openapi;
mod problem;
mod read;
pub(super) mod select;
pub(super) mod shapes;

pub use act::act_routes;
pub use instances::instance_routes;
pub use link::link_routes;
pub use openapi::{documented, openapi};
pub use read::read_routes;
