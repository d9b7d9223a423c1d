//! Reading rows and what they refer to, for reports and audits.

use std::collections::HashMap;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::append::head;
use super::open::{COLUMNS, Meter};
use crate::ledger::{Bound, Entry, Head, Interval, PriceId, Quote, Subject, SubjectId, Terms, TermsId};
use crate::store::rows::Place;
use crate::store::{Store, StoreError};

/// What rows refer to.
#[derive(Debug, Clone, Default)]
pub struct References {
    /// Subjects.
    pub subjects: HashMap<SubjectId, Arc<Subject>>,
    /// Terms.
    pub terms: HashMap<TermsId, Arc<Terms>>,
    /// Prices.
    pub prices: HashMap<PriceId, Arc<Quote>>,
}

/// Rows read at once.
const PAGE: i64 = 20_000;

pub(super) fn entry_of(row: &SqliteRow) -> Result<Entry, StoreError> {
    let seq: i64 = row.try_get("seq")?;
    let number = seq.to_string();
    let place = Place { table: "ledger", row: &number };
    let bound = |at: &str, low: &str, high: &str| -> Result<Bound, StoreError> {
        Ok(Bound { at: row.try_get(at)?, low: row.try_get(low)?, high: row.try_get(high)? })
    };
    let detail: Option<&str> = row.try_get("detail")?;
    Ok(Entry {
        seq,
        kind: place.kind(row.try_get("kind")?)?,
        subject: SubjectId(row.try_get("subject")?),
        terms: TermsId(row.try_get("terms")?),
        price: row.try_get::<Option<i64>, _>("price")?.map(PriceId),
        interval: Interval {
            from: bound("from_at", "from_low", "from_high")?,
            to: bound("to_at", "to_low", "to_high")?,
            state: place.meter_state(row.try_get("state")?)?,
            basis: place.basis(row.try_get("basis")?)?,
        },
        seen: (row.try_get("from_seen")?, row.try_get("to_seen")?),
        corrects: row.try_get("corrects")?,
        detail: detail.map(Into::into),
    })
}

impl Store {
    pub(in crate::store) async fn read_head(&self) -> Result<Head, StoreError> {
        let mut connection = self.readers().acquire().await?;
        head(&mut connection).await
    }

    /// Gives every row to `take`, in order, up to a row and not before a time: rows that end at or before it are left out.
    ///
    /// # Errors
    /// When the journal cannot be read, or `take` says so.
    pub async fn each_entry(
        &self,
        (up_to, ending_after): (i64, Option<i64>),
        mut take: impl FnMut(Entry) -> Result<(), StoreError> + Send,
    ) -> Result<(), StoreError> {
        let mut last = 0_i64;
        loop {
            let rows =
                sqlx::query("SELECT * FROM ledger WHERE seq > ? AND seq <= ? AND to_at > ? ORDER BY seq LIMIT ?")
                    .bind(last)
                    .bind(up_to)
                    .bind(ending_after.unwrap_or(i64::MIN))
                    .bind(PAGE)
                    .fetch_all(self.readers())
                    .await?;
            for row in &rows {
                let entry = entry_of(row)?;
                last = entry.seq;
                take(entry)?;
            }
            if i64::try_from(rows.len()).unwrap_or(0) < PAGE {
                return Ok(());
            }
        }
    }

    /// What is going on, as rows that end where it was last seen. They have no number: they are not in the ledger yet.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn open_entries(&self) -> Result<Vec<Entry>, StoreError> {
        let query = format!(
            "SELECT {COLUMNS}, coalesce(unseen_since, (SELECT unixepoch(w.seen_at) FROM workspaces w WHERE w.workspace = meters.workspace)) AS seen
             FROM meters WHERE state <> 'gone' ORDER BY instance, created"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query)).fetch_all(self.readers()).await?;
        let mut entries = Vec::with_capacity(rows.len());
        for row in &rows {
            let mut meter = Meter::read(row)?;
            entries.extend(meter.cut(row.try_get::<Option<i64>, _>("seen")?.unwrap_or(meter.open.since.at)));
        }
        Ok(entries)
    }

    /// Everything that rows refer to.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn references(&self) -> Result<References, StoreError> {
        Ok(References {
            subjects: self.bodies("ledger_subjects").await?.into_iter().map(|(id, one)| (SubjectId(id), one)).collect(),
            terms: self.bodies("ledger_terms").await?.into_iter().map(|(id, one)| (TermsId(id), one)).collect(),
            prices: self.bodies("prices").await?.into_iter().map(|(id, one)| (PriceId(id), one)).collect(),
        })
    }

    async fn bodies<T: DeserializeOwned>(&self, table: &'static str) -> Result<Vec<(i64, Arc<T>)>, StoreError> {
        let query = format!("SELECT id, body FROM {table}");
        let rows = sqlx::query(sqlx::AssertSqlSafe(query)).fetch_all(self.readers()).await?;
        let one = |row: &SqliteRow| {
            let id: i64 = row.try_get("id")?;
            let number = id.to_string();
            Ok((id, Arc::new(Place { table, row: &number }.json(row.try_get("body")?)?)))
        };
        rows.iter().map(one).collect()
    }
}
