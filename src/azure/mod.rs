//! All that is known about Azure: identities, one guarded transport, its JSON, reading, stopping and other operations, prices, bills, signs of use.

mod activity;
mod allow;
mod assertion;
mod costs;
mod credential;
mod discovery;
mod error;
mod fleet;
#[cfg(test)]
mod fuzz_tests;
mod instant;
mod native;
mod operating;
mod options;
mod origin;
mod paging;
mod permissions;
mod prices;
mod probe;
mod retry;
mod sending;
mod stopping;
mod throttle;
mod timers;
mod tokens;
mod translate;
mod transport;
mod usage;
mod wire;
mod words;

pub use activity::{JOBS_ACTION, JobsOptions, METRICS_ACTION, MonitorOptions};
pub use costs::COST_ACTION;
pub use error::AzureError;
pub use fleet::Azure;
pub use options::{
    AzureOptions, Cloud, IdentityOptions, ManagedId, OptionsError, TagFilter, ThrottleLimits, Timeouts, Watch,
};
pub use origin::{Foreign, Origin, PinnedUrl};
pub use permissions::{PRICE_ACTION, PermissionSet, READ_ACTIONS, START_ACTION, STOP_ACTION, TIMER_ACTION};
pub use prices::PriceOptions;
pub use probe::TokenProbe;
