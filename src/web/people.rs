//! Everything that people are served, as one table of routes.

use std::sync::Arc;

use super::api::{act_routes, instance_routes, keep_link_routes, link_routes, proposal_routes, read_routes};
use super::door::Routes;
use super::page::page_routes;
use super::site::Site;
use crate::ports::{Control, Freezer, Records};

/// The page, the API and the links; with the login, which stands in every table.
#[must_use]
pub fn people_routes<C: Control, R: Records + Freezer>() -> Routes<Arc<Site<C, R>>> {
    page_routes()
        .and(link_routes())
        .and(keep_link_routes())
        .and(proposal_routes())
        .and(read_routes())
        .and(instance_routes())
        .and(act_routes())
}
