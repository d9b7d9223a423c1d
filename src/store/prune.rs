//! Lets go of what nobody will ask for: old decisions and finished messages. Everything else is kept.

use jiff::{SignedDuration, Timestamp};

use super::rows::stamp_before;
use super::sql::query;
use super::{Store, StoreError};

/// `explain --at` looks back this far at least; a month and a bit lets two months be compared at their turn.
const DECISIONS: SignedDuration = SignedDuration::from_hours(40 * 24);
/// Longer than any warning's deadline is remembered, so that a pruned message cannot be minted again.
const MESSAGES: SignedDuration = SignedDuration::from_hours(90 * 24);

/// What was let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pruned {
    /// Decisions.
    pub decisions: u64,
    /// Messages that were delivered or given up, or are of no use any more.
    pub messages: u64,
}

impl Store {
    /// Deletes decisions older than 40 days that others have followed (the one in force stays, however old), and
    /// messages of 90 days ago that are done with, or announced nothing that is still to come.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub async fn prune(&self, now: Timestamp) -> Result<Pruned, StoreError> {
        let mut tx = self.write().await?;
        let decisions_before = stamp_before(now, DECISIONS);
        let decisions = query(
            "DELETE FROM decisions WHERE at < ?1 AND EXISTS
               (SELECT 1 FROM decisions later WHERE later.instance = decisions.instance AND later.at < ?1
                AND (later.at > decisions.at OR (later.at = decisions.at AND later.seq > decisions.seq)))",
        )
        .bind(decisions_before)
        .execute(&mut *tx)
        .await?;
        let messages =
            query("DELETE FROM messages WHERE at < ?1 AND (next_try_at IS NULL OR coalesce(stop_at, at) < ?1)")
                .bind(stamp_before(now, MESSAGES))
                .execute(&mut *tx)
                .await?;
        tx.commit().await?;
        Ok(Pruned { decisions: decisions.rows_affected(), messages: messages.rows_affected() })
    }
}
