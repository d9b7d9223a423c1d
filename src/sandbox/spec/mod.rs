//! The worlds that come with the sandbox: the demo's, and one of any size for measuring.

mod cast;
mod demo;
mod prices;
mod scale;
mod sizes;

pub use demo::{DEMO_SUBSCRIPTIONS, DEMO_TENANT, demo};
pub use prices::list_prices;
pub use scale::{SCALE_SUBSCRIPTION, scale};
pub(in crate::sandbox) use sizes::{Sold, VM_SIZES, VmSize, find};
