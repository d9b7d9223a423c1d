//! What may be done of a plan. The only room that can make an `Approved` or a `StopPermit` (G5).

mod permit;
mod refusal;
mod sight;

pub use permit::{Approved, StopPermit};
pub use refusal::Refusal;
pub use sight::{FleetSight, ScopeCount};
