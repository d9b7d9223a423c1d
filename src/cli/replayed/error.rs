//! Why there is no replay.

use std::path::PathBuf;

use crate::cli::statement::StatementError;
use crate::past::FormatError;
use crate::store::StoreError;

/// There is no replay.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The journal cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An export cannot be read.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// Nothing was ever recorded.
    #[error("the journal at {} holds no sweep yet; let the service run for a while, or name another with --store", .0.display())]
    Empty(PathBuf),
    /// No exported history.
    #[error("--history {}: there is no file *.jsonl; write one with `lightsout replay --export {}` beside a journal", .0.display(), .0.display())]
    NoHistory(PathBuf),
    /// A file or folder.
    #[error("could not {0}")]
    Io(String, #[source] std::io::Error),
    /// What was asked for is none of the record.
    #[error(
        "there is nothing to replay from {from} to {to}: the record goes from {first} to {last}; see --from and --to"
    )]
    Outside {
        /// As asked.
        from: jiff::Timestamp,
        /// As asked.
        to: jiff::Timestamp,
        /// Of the record.
        first: jiff::Timestamp,
        /// Of the record.
        last: jiff::Timestamp,
    },
    /// A setting that is to be tried.
    #[error("{0}")]
    Setting(String),
    /// No policy.
    #[error("{0} holds no policy (*.toml); name a folder or a file with --policy")]
    NoPolicy(String),
    /// A form.
    #[error("could not write the record")]
    Json(#[from] serde_json::Error),
    /// A chart.
    #[error(transparent)]
    Page(#[from] StatementError),
    /// The calendar.
    #[error("could not reckon with the given days")]
    Date(#[from] jiff::Error),
}
