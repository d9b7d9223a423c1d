//! Why there is no statement.

use crate::ledger::AccountError;
use crate::store::StoreError;

/// There is no statement.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// The ledger cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its rows cannot be added up.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// It never had so many rows.
    #[error("--as-of-seq {wanted}: the ledger has {rows} rows")]
    NoSuchRow {
        /// As asked.
        wanted: i64,
        /// As there are.
        rows: i64,
    },
    /// The days hang on the clock, and the report must not.
    #[error("--as-of-seq needs fixed days; write --from and --to, or --period with a month or a year")]
    NeedsDays,
    /// Not a zone.
    #[error("--zone {0} is no time zone; write one such as Europe/Berlin")]
    Zone(String),
    /// No day in it.
    #[error("there is no day from {from} to {to}; --to is the last day and cannot lie before --from")]
    NoDays {
        /// As asked.
        from: jiff::civil::Date,
        /// As asked.
        to: jiff::civil::Date,
    },
    /// Beyond the calendar.
    #[error("could not reckon with the given days")]
    Date(#[from] jiff::Error),
    /// A form that is no text.
    #[error("could not write JSON")]
    Json(#[from] serde_json::Error),
}
