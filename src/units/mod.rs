//! Words every room uses: identities, durations as written, shares and counts, instants that may not be known.

mod amounts;
mod ids;
mod when;

pub use amounts::{AmountError, Percent, Span};
pub use ids::{IdError, InstanceId, PolicyId, Region, SubscriptionId, WorkspaceId};
pub use when::When;
