//! What each replica shows of its part of the fleet, laid down for the others to show.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Lease;
use crate::store::StoreError;
use crate::store::rows::{Place, stamp};
use crate::store::sql::{Builder, query};

impl Lease {
    /// Lays down what this replica shows of its part of the fleet. Only a member does.
    ///
    /// # Errors
    /// When it cannot be written, or the lease is over.
    pub async fn publish(&self, view: &str, at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.beside.change().await?;
        // without its row's lock: a renewal waits for no large view
        let done = query(
            "INSERT INTO shown (holder, at, view)
             SELECT holder, ?, ? FROM members WHERE holder = ? AND epoch = ? AND expires_at > clock_timestamp()
             ON CONFLICT (holder) DO UPDATE SET at = excluded.at, view = excluded.view",
        )
        .bind(stamp(at))
        .bind(view)
        .bind(&self.fence.holder)
        .bind(self.fence.epoch())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        if done.rows_affected() == 0 { Err(StoreError::LeaseLost) } else { Ok(()) }
    }

    /// What the other members show, each whose lease is not over and that shows something newer than what is `known` of it: who,
    /// as of when, and the view.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn published(
        &self,
        known: &BTreeMap<String, Timestamp>,
    ) -> Result<Vec<(String, Timestamp, String)>, StoreError> {
        let mut text = Builder::new(
            "SELECT s.holder, s.at, s.view FROM shown s JOIN members m ON m.holder = s.holder
             WHERE m.expires_at > clock_timestamp() AND s.holder <> ",
        );
        text.push_bind(&self.fence.holder);
        for (holder, at) in known {
            text.push(" AND NOT (s.holder = ").push_bind(holder).push(" AND s.at <= ").push_bind(stamp(*at)).push(")");
        }
        text.push(" ORDER BY s.holder");
        let rows = text.build().fetch_all(&self.beside).await?;
        let read = |row: &crate::store::sql::Row| {
            let (holder, view): (String, String) = (row.try_get("holder")?, row.try_get("view")?);
            let at = Place { table: "shown", row: &holder }.instant(row.try_get("at")?)?;
            Ok((holder, at, view))
        };
        rows.iter().map(read).collect()
    }
}
