//! Shards change hands: one that is free is taken, one whose holder's lease is over is taken with that holder's row, and one that
//! its holder has let go of is given.

use std::collections::BTreeSet;

use super::Lease;
use super::table::shard_of;
use crate::facts::{SHARDS, Shard};
use crate::store::StoreError;
use crate::store::sql::{Builder, Link, query, query_scalar};

/// Whoever was there before, or has something: of several that would have everything at once, one is told of none.
const ANOTHER: &str = "SELECT holder FROM (
       SELECT 0 AS rank, holder FROM shards WHERE holder <> ?1
       UNION ALL
       SELECT 1, m.holder FROM members m, members me
       WHERE me.holder = ?1 AND m.holder <> ?1 AND m.expires_at > clock_timestamp()
         AND (m.joined_at, m.holder) < (me.joined_at, me.holder)
     ) AS others ORDER BY rank, holder LIMIT 1";

impl Lease {
    /// Takes of these what is free, and what belongs to members whose lease is over: their rows are deleted with it, so that what
    /// they still want to write is refused for ever. Who writes at this moment is waited for. Which of them are this replica's now.
    ///
    /// # Errors
    /// When the server cannot be asked, or this replica's own lease is over.
    pub async fn take(&self, wanted: &BTreeSet<Shard>) -> Result<BTreeSet<Shard>, StoreError> {
        if wanted.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut tx = self.beside.change().await?;
        self.fence.stands(&mut tx).await?;
        self.end_those_over(&mut tx, wanted).await?;
        // in one order, so that two that take at once do not wait for each other
        let mut free = Builder::new("SELECT shard FROM shards WHERE holder IS NULL AND shard IN (");
        list(&mut free, wanted);
        free.push(") ORDER BY shard FOR UPDATE");
        let free: Vec<i64> =
            free.build().fetch_all(&mut *tx).await?.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
        for shard in free {
            let text = "UPDATE shards SET holder = ?, epoch = epoch + 1 WHERE shard = ? AND holder IS NULL";
            query(text).bind(&self.fence.holder).bind(shard).execute(&mut *tx).await?;
        }
        let ours = self.ours(&mut tx).await?;
        tx.commit().await?;
        Ok(ours.intersection(wanted).copied().collect())
    }

    /// Takes everything at once, or nothing: for whoever acts alone. None when it is ours; else who stands in the way, since it has
    /// something, or was a member before this one.
    ///
    /// # Errors
    /// As [`Lease::take`].
    pub async fn take_all(&self) -> Result<Option<String>, StoreError> {
        let mut tx = self.beside.change().await?;
        self.fence.stands(&mut tx).await?;
        self.end_those_over(&mut tx, &Shard::all().collect()).await?;
        query("SELECT shard FROM shards ORDER BY shard FOR UPDATE").fetch_all(&mut *tx).await?;
        let another: Option<String> = query_scalar(ANOTHER).bind(&self.fence.holder).fetch_optional(&mut *tx).await?;
        if another.is_some() {
            tx.rollback().await?;
            return Ok(another);
        }
        query("UPDATE shards SET holder = ?, epoch = epoch + 1 WHERE holder IS NULL")
            .bind(&self.fence.holder)
            .execute(&mut *tx)
            .await?;
        if self.ours(&mut tx).await?.len() != usize::from(SHARDS) {
            let words = "the table of shards is not whole; put a copy of the database back";
            return Err(StoreError::Conflict(words.to_owned()));
        }
        tx.commit().await?;
        Ok(None)
    }

    /// Gives these back, once nothing of this replica's acts on them any more. The lease may be over: as long as its row is there
    /// they are its own to give.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn give(&self, given: &BTreeSet<Shard>) -> Result<(), StoreError> {
        if given.is_empty() {
            return Ok(());
        }
        let mut text = Builder::new("UPDATE shards SET holder = NULL WHERE holder = ");
        text.push_bind(&self.fence.holder).push(" AND shard IN (");
        list(&mut text, given);
        text.push(")");
        let mut tx = self.beside.change().await?;
        text.build().execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Deletes the rows of members that have any of these and whose lease is over.
    async fn end_those_over(&self, tx: &mut Link, wanted: &BTreeSet<Shard>) -> Result<(), StoreError> {
        let mut over = Builder::new(
            "SELECT holder FROM members WHERE expires_at <= clock_timestamp() AND holder IN (SELECT holder FROM shards WHERE shard IN (",
        );
        list(&mut over, wanted);
        // waits for who writes by it, and looks again whether it was renewed meanwhile
        over.push(")) AND holder <> ").push_bind(&self.fence.holder).push(" ORDER BY holder FOR UPDATE");
        for row in over.build().fetch_all(&mut *tx).await? {
            let holder: String = row.try_get(0)?;
            // its shards are free with it, and what it showed is gone
            query("DELETE FROM members WHERE holder = ?").bind(&holder).execute(&mut *tx).await?;
        }
        Ok(())
    }

    async fn ours(&self, tx: &mut Link) -> Result<BTreeSet<Shard>, StoreError> {
        let text = "SELECT shard FROM shards WHERE holder = ?";
        let ours: Vec<i64> = query_scalar(text).bind(&self.fence.holder).fetch_all(tx).await?;
        ours.into_iter().map(shard_of).collect()
    }
}

pub(super) fn list(text: &mut Builder, shards: &BTreeSet<Shard>) {
    let mut list = text.separated(", ");
    for shard in shards {
        list.push_bind(i64::from(shard.number()));
    }
}
