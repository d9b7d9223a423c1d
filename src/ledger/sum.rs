//! Sums of like rows, for counters and for what the page shows.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::entry::EntryKind;
use super::price::PriceId;
use crate::units::{Rate, WorkspaceId};

/// A sum of like rows, and what is going on beside it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sum {
    /// Where.
    pub workspace: WorkspaceId,
    /// For which team.
    pub team: Option<Arc<str>>,
    /// Of which kind: usage counts running seconds, the others credited less charged ones.
    pub kind: EntryKind,
    /// At which price; none when it is not known.
    pub price: Option<PriceId>,
    /// What an hour costs at that price.
    pub rate: Option<Rate>,
    /// Seconds.
    pub seconds: i64,
}
