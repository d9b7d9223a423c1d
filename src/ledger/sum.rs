//! Sums of like rows, for counters and for what the page shows.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::entry::EntryKind;
use super::price::{PriceId, PriceKey, PriceSource};
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
    /// What the price is of, and where it came from.
    pub priced: Option<(PriceKey, PriceSource)>,
    /// Seconds: what was credited and what goes on, less what was charged.
    pub seconds: i64,
    /// Seconds that were taken away: what restarts cost, and what corrections took back. Never less than before.
    pub charged: i64,
    /// Seconds of what goes on and is not written down yet: a change that is seen late, or a price that is learnt late,
    /// may still make less of them.
    pub open: i64,
}

impl Sum {
    /// Seconds that were written down for it. Never less than before.
    #[must_use]
    pub const fn credited(&self) -> i64 {
        self.seconds.saturating_sub(self.open).saturating_add(self.charged)
    }
}
