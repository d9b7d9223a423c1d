//! Words every room uses: identities, durations as written, shares and counts, addresses, instants that may not be known, money, this release.

mod amounts;
mod glob;
mod ids;
mod mail;
mod money;
mod release;
mod when;

pub use amounts::{AmountError, Percent, Span};
pub use glob::fits;
pub use ids::{IdError, InstanceId, PolicyId, Region, SubscriptionId, WorkspaceId};
pub use mail::is_plain_address;
pub use money::{Cost, Currency, Money, MoneyError, ROUNDING, Rate, parse_decimal};
pub use release::{COMMIT, RELEASE, RUST, VERSION};
pub use when::When;
