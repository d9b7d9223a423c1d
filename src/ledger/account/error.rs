//! Why rows cannot be added up.

use crate::ledger::chain::Broken;

/// Rows cannot be added up.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// A row names what is not there.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// A row does not say what was avoided.
    #[error(
        "the particulars of row {seq} of the ledger cannot be read; `lightsout ledger verify` tells whether it was changed"
    )]
    Detail {
        /// Which row.
        seq: i64,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}
