//! The freeze switch of all replicas (G12): a row beside the ledger, read with every renewal.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::SignedDuration;

use super::LENGTH;
use crate::facts::Freeze;
use crate::store::freeze::words;
use crate::store::sql::{Tx, query};
use crate::store::{Store, StoreError};

/// What it said when it was last read.
#[derive(Debug, Default)]
pub(super) struct Switch(Mutex<Said>);

#[derive(Debug, Default)]
struct Said {
    /// When it was last asked, by a clock that never steps.
    read: Option<SignedDuration>,
    frozen: Option<String>,
    /// How often this process has set it.
    set: u64,
}

impl Switch {
    fn said(&self) -> MutexGuard<'_, Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Before a reading begins: what this process sets while it lasts stands.
    pub(super) fn reading(&self) -> u64 {
        self.said().set
    }

    /// What a reading found that was asked for then.
    pub(super) fn read(&self, reading: u64, asked: SignedDuration, frozen: Option<String>) {
        let mut said = self.said();
        if said.set == reading {
            (said.read, said.frozen) = (Some(asked), frozen);
        }
    }

    fn set(&self, frozen: Option<String>) {
        let mut said = self.said();
        (said.set, said.frozen) = (said.set.wrapping_add(1), frozen);
    }

    /// What was not read for longer than a lease lasts is as good as unreadable.
    fn freeze(&self, now: SignedDuration) -> Freeze {
        let said = self.said();
        match (said.read, &said.frozen) {
            (_, Some(why)) => Freeze::On(why.clone()),
            (None, None) => Freeze::Unreadable("the freeze switch of all replicas was not read yet".to_owned()),
            (Some(read), None) if now.saturating_sub(read) > LENGTH => Freeze::Unreadable(
                "the freeze switch of all replicas cannot be read: the database server was not heard of for 15 s"
                    .to_owned(),
            ),
            (Some(_), None) => Freeze::Off,
        }
    }
}

impl Store {
    /// Whether all replicas are frozen, as last read; never where the journal is this process's own. `now`: what a clock that never
    /// steps says, the one that renewals are asked by.
    #[must_use]
    pub fn freeze_of_all(&self, now: SignedDuration) -> Freeze {
        self.fence.as_ref().map_or(Freeze::Off, |fence| fence.switch.freeze(now))
    }

    /// True where the journal is on a server, which has a freeze switch for all its replicas.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        self.fence.is_some()
    }

    /// Freezes all replicas: this one at once, the others when they next look, within about two seconds. Whoever may reach the server can,
    /// member or not.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn freeze_all(&self, why: &str, who: &str) -> Result<(), StoreError> {
        // counted among the writes, so that a server that forgets it is found out; but losses are no reason not to freeze
        let mut tx: Tx = match self.write_beside().await {
            Err(StoreError::WentBack { .. }) => self.change_beside().await?,
            begun => begun?,
        };
        query(
            "INSERT INTO freezes (one, who, why) VALUES (1, ?, ?)
             ON CONFLICT (one) DO UPDATE SET at = excluded.at, who = excluded.who, why = excluded.why",
        )
        .bind(who)
        .bind(why)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        self.has_set(Some(one_line(why, who)));
        Ok(())
    }

    /// Lifts it; false when there was none.
    ///
    /// # Errors
    /// When it cannot be written, or the server has forgotten writes (L11): then a person looks at those first.
    pub async fn lift_freeze(&self) -> Result<bool, StoreError> {
        let mut tx = self.write_beside().await?;
        let done = query("DELETE FROM freezes").execute(&mut *tx).await?;
        tx.commit().await?;
        self.has_set(None);
        Ok(done.rows_affected() > 0)
    }

    fn has_set(&self, frozen: Option<String>) {
        if let Some(fence) = &self.fence {
            fence.switch.set(frozen);
        }
    }
}

/// Why all are frozen, on one line.
pub(super) fn one_line(why: &str, who: &str) -> String {
    words(format!("{} (by {who})", why.trim()).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: i64) -> SignedDuration {
        SignedDuration::from_secs(seconds)
    }

    #[test]
    fn what_was_not_read_lately_is_frozen() {
        let switch = Switch::default();
        assert!(matches!(switch.freeze(at(0)), Freeze::Unreadable(_)), "G12: not read yet");
        switch.read(switch.reading(), at(0), None);
        assert_eq!(switch.freeze(at(15)), Freeze::Off);
        assert_eq!(switch.freeze(at(-1)), Freeze::Off, "read a moment after it was asked what time it is");
        assert!(matches!(switch.freeze(at(16)), Freeze::Unreadable(_)));
        switch.read(switch.reading(), at(16), Some("incident (by ann)".to_owned()));
        assert_eq!(switch.freeze(at(99)), Freeze::On("incident (by ann)".to_owned()));
        switch.read(switch.reading(), at(99), None);
        assert_eq!(switch.freeze(at(99)), Freeze::Off);
    }

    #[test]
    fn a_reading_that_began_before_it_was_set_changes_nothing() {
        let switch = Switch::default();
        let before = switch.reading();
        switch.set(Some("now".to_owned()));
        switch.read(before, at(1), None);
        assert_eq!(switch.freeze(at(1)), Freeze::On("now".to_owned()));
    }

    #[test]
    fn a_reason_is_one_line() {
        assert_eq!(one_line("a\nb\u{7}", "ann"), "ab (by ann)");
    }
}
