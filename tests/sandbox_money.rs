//! Money over a real socket: price list, sizes with estimated prices, and the bill of Cost Management.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of a test; the settings for tests cover only the tests themselves"
)]

#[path = "sandbox_money/costs.rs"]
mod costs;
#[path = "sandbox_money/retail.rs"]
mod retail;
#[path = "sandbox_money/site.rs"]
mod site;
#[path = "sandbox_money/sizes.rs"]
mod sizes;
