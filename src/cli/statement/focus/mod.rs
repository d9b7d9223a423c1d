//! The ledger in the columns of FOCUS 1.2, for the tools that read it: a row for each instance, day (UTC) and meter.
//!
//! FOCUS lets no cost column be empty, and C15 lets none hold an estimate. The value that adds nothing is 0, and so
//! `BilledCost`, `EffectiveCost`, `ContractedCost` and `ListCost` are 0 in every row: this file may lie beside the
//! provider's own export and every sum of theirs stays right. Without unit prices FOCUS wants `ListCost` and
//! `ContractedCost` to equal `BilledCost`, so the unit price columns are left out. What we estimate stands in columns of
//! our own: `x_EstimatedCost` with its bounds, empty where nobody knows the price, and `x_EstimatedUnitPrice`.
//!
//! Nor may a row be without a currency. What has no price has that of the rows that have one, where it is the same for all of
//! them; else that of `[prices]`, where settings were read; else USD.
//!
//! Time of which nobody knows whether it ran is no usage and is not in here; the other forms have it. Nor is what is still
//! going on. A correction is a row of its own with `ChargeClass` Correction that holds the difference.

mod cell;
mod columns;
mod csv;
mod parquet;
mod rows;

pub use csv::focus_csv;
pub use parquet::focus_parquet;
pub use rows::Focus;
pub(super) use rows::only_currency;
