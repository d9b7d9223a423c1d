//! Comparing the ledger with Azure's bill: by workspace, day and part, each difference with a cause (C14).
//!
//! A bill names workspaces and meters, and no instances (FACTS 7): so the ledger's own figures of a workspace are added up
//! to the same grain and compared with that. Disk, address and load balancer are lines of their own, never mixed with
//! compute. The bill is a witness here; no figure of the ledger is ever changed by it.

mod bill;
mod compare;
mod confirmed;
mod days;
mod metered;
mod part;
mod summary;
#[cfg(test)]
mod tests;

pub use bill::{BillLine, BillSource, Bills, workspace_of};
pub use compare::{Cause, Compared, Reconciled, Tolerance, compare};
pub use confirmed::confirmed;
pub use days::{DaySpan, day_of, midnight};
pub use metered::{MeterDays, Metered, MeteredCost};
pub use part::Part;
pub use summary::{PartSum, Summary, millionths};
