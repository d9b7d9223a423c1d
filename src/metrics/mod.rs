//! What is measured: every name once, and the text that Prometheus reads, rendered once a sweep.

mod activity;
mod bill;
mod budgets;
mod escape;
mod fleet;
mod money;
pub mod names;
mod page;
mod registry;
mod stopped;
mod tally;
mod teams;

pub use page::Format;
pub use registry::{Metrics, MetricsError, MetricsOptions};
