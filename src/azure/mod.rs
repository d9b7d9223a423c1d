//! All that is known about Azure: identities, one guarded transport, its JSON, reading, stopping and other operations, prices, bills, signs of use.

mod activity;
mod allow;
mod assertion;
mod claims;
mod costs;
mod create;
mod credential;
mod details;
mod discovery;
mod error;
mod fleet;
#[cfg(test)]
mod fuzz_tests;
#[cfg(any(test, fuzzing))]
pub mod fuzzed;
mod instant;
mod native;
mod operating;
mod options;
mod origin;
mod paging;
mod permissions;
mod prices;
mod probe;
mod region;
mod requests;
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

pub use activity::{JobsOptions, MonitorOptions};
pub use claims::Me;
pub use details::Scripts;
pub use error::AzureError;
pub use fleet::Azure;
pub use options::{
    AzureOptions, Cloud, IdentityOptions, ManagedId, OptionsError, TagFilter, ThrottleLimits, Timeouts, Watch,
};
pub use origin::{Foreign, Origin, PinnedUrl};
pub use permissions::{Beyond, PermissionSet};
pub use prices::PriceOptions;
pub use probe::TokenProbe;
pub use requests::ShownRequest;
