//! Words every room uses: identities, durations as written, shares and counts.

mod amounts;
mod ids;

pub use amounts::{AmountError, Percent, Span};
pub use ids::{IdError, InstanceId, PolicyId, Region, SubscriptionId, WorkspaceId};
