//! Reading rows and what they refer to, for reports and audits.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::append::head;
use super::dims::hash_of;
use super::open::Meter;
use super::packed::{Columns, answer, question};
use crate::ledger::{
    Basis, Bound, Entry, EntryKind, Governance, Head, Interval, MeterState, PriceId, References, SubjectId, TermsId,
};
use crate::store::read_only::LedgerReader;
use crate::store::rows::Place;
use crate::store::sql::{Builder, Link, Row, query, query_as};
use crate::store::{Store, StoreError};

/// A row of `SELECT *`, where only some are wanted. Columns are found by their place, which costs half of what their names
/// do; a migration adds columns at the end.
pub(super) fn entry_of(row: &Row) -> Result<Entry, StoreError> {
    let seq: i64 = row.try_get(0)?;
    let bound = |at: usize| -> Result<Bound, StoreError> {
        let (low, high) = (at.saturating_add(1), at.saturating_add(2));
        Ok(Bound { at: row.try_get(at)?, low: row.try_get(low)?, high: row.try_get(high)? })
    };
    let detail: Option<&str> = row.try_get(16)?;
    Ok(Entry {
        seq,
        kind: known(row, (seq, 1), EntryKind::from_label)?,
        subject: SubjectId(row.try_get(2)?),
        terms: TermsId(row.try_get(3)?),
        price: row.try_get::<Option<i64>, _>(4)?.map(PriceId),
        interval: Interval {
            from: bound(7)?,
            to: bound(10)?,
            state: known(row, (seq, 5), MeterState::from_label)?,
            basis: known(row, (seq, 6), Basis::from_label)?,
        },
        seen: (row.try_get(13)?, row.try_get(14)?),
        corrects: row.try_get(15)?,
        detail: detail.map(Into::into),
    })
}

/// The value of a word; the place is only spelt out where the word is none.
fn known<T>(row: &Row, (seq, column): (i64, usize), of: fn(&str) -> Option<T>) -> Result<T, StoreError> {
    let word: &str = row.try_get(column)?;
    of(word).ok_or_else(|| {
        Place { table: "ledger", row: &seq.to_string() }.wrong(format!("`{word}` is not a word of column {column}"))
    })
}

impl Store {
    pub(in crate::store) async fn read_head(&self) -> Result<Head, StoreError> {
        self.ledger().head().await
    }

    /// Gives every row to `take`, in order, up to a row and not before a time: rows that surely ended before it are left
    /// out.
    ///
    /// # Errors
    /// When the journal cannot be read, or `take` says so.
    pub async fn each_entry(
        &self,
        wanted: (i64, Option<i64>),
        take: impl FnMut(Entry) -> Result<(), StoreError> + Send,
    ) -> Result<(), StoreError> {
        self.ledger().each_entry(wanted, take).await
    }

    /// Everything that rows refer to.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn references(&self) -> Result<References, StoreError> {
        self.ledger().references().await
    }
}

impl LedgerReader {
    /// The end of the ledger.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn head(&self) -> Result<Head, StoreError> {
        let mut connection = self.pool().begin().await?;
        head(&mut connection).await
    }

    /// The end that it had when it was so many rows long; none when it never was.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn head_at(&self, seq: i64) -> Result<Option<Head>, StoreError> {
        if seq == 0 {
            return Ok(Some(Head::EMPTY));
        }
        let row = query("SELECT hash FROM ledger WHERE seq = ?").bind(seq).fetch_optional(self.pool()).await?;
        row.map(|row| Ok(Head { seq, hash: hash_of(row.try_get("hash")?)? })).transpose()
    }

    /// Gives every row to `take`, in order, up to a row and not before a time: rows that surely ended before it are left
    /// out.
    ///
    /// # Errors
    /// When the journal cannot be read, or `take` says so.
    pub async fn each_entry<E: From<StoreError>>(
        &self,
        (up_to, from): (i64, Option<i64>),
        take: impl FnMut(Entry) -> Result<(), E> + Send,
    ) -> Result<(), E> {
        self.pages(take, |query, last| {
            query.push("seq > ").push_bind(last).push(" AND seq <= ").push_bind(up_to);
            query.push(" AND to_high >= ").push_bind(from.unwrap_or(i64::MIN));
        })
        .await
    }

    /// Gives every metered row that was written while a policy only observed to `take`, in order, up to a row.
    ///
    /// # Errors
    /// When the journal cannot be read, or `take` says so.
    pub async fn each_observed<E: From<StoreError>>(
        &self,
        (up_to, references): (i64, &References),
        take: impl FnMut(Entry) -> Result<(), E> + Send,
    ) -> Result<(), E> {
        let observing = references.terms.iter().filter(|(_, terms)| terms.governance == Governance::Observe);
        let mut observing: Vec<i64> = observing.map(|(id, _)| id.0).collect();
        observing.sort_unstable();
        if observing.is_empty() {
            return Ok(());
        }
        // numbers, as JSON: there may be more of them than a statement has variables
        let observing = serde_json::to_string(&observing)
            .map_err(|source| E::from(StoreError::Unwritable { what: "numbers of terms", source }))?;
        self.pages(take, |query, last| {
            query.push("seq > ").push_bind(last).push(" AND seq <= ").push_bind(up_to);
            query.push(" AND kind = 'usage' AND terms IN (SELECT CAST(value AS BIGINT) FROM json_each(");
            query.push_bind(observing.clone()).push("))");
        })
        .await
    }

    async fn pages<E: From<StoreError>>(
        &self,
        mut take: impl FnMut(Entry) -> Result<(), E> + Send,
        filter: impl Fn(&mut Builder, i64) + Send + Sync,
    ) -> Result<(), E> {
        // the next page is read while this one is reckoned with: both take about as long
        let after = |last: i64| {
            let (pool, query) = (
                self.pool().clone(),
                question(self.pool().dialect(), Columns::WithoutHash, |query| filter(query, last)),
            );
            tokio::spawn(async move { answer(&mut *pool.begin().await?, query).await })
        };
        let mut coming = Some(after(0));
        while let Some(page) = coming.take() {
            let page = page.await.map_err(|_| StoreError::from(sqlx::Error::WorkerCrashed))??;
            let last = page.rows.last().map(|row| row.entry.seq);
            coming = last.filter(|_| !page.is_last).map(&after);
            page.rows.into_iter().try_for_each(|row| take(row.entry))?;
        }
        Ok(())
    }

    /// Rows that are corrected, each with the correction, up to a row.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn corrections(&self, up_to: i64) -> Result<Vec<(i64, i64)>, StoreError> {
        let text = "SELECT corrects, seq FROM ledger WHERE corrects IS NOT NULL AND seq <= ? ORDER BY seq";
        Ok(query_as(text).bind(up_to).fetch_all(self.pool()).await?)
    }

    /// What goes on and has no row yet, closed where it was last seen, and the end of the ledger at that moment.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn going_on(&self) -> Result<(Head, Vec<Entry>), StoreError> {
        // one view of both, so that no interval is in neither
        let mut tx = self.pool().begin().await?;
        let head = head(&mut tx).await?;
        let rows = query(
            "SELECT m.*, coalesce(m.unseen_since, unixepoch(w.seen_at)) AS until
             FROM meters m JOIN workspaces w ON w.workspace = m.workspace
             WHERE m.state <> 'gone' ORDER BY m.instance, m.created",
        )
        .fetch_all(&mut *tx)
        .await?;
        let mut open = Vec::with_capacity(rows.len());
        for row in &rows {
            let meter = Meter::read(row)?;
            let until: i64 = row.try_get("until")?;
            if until > meter.open.since.at && meter.open.state != MeterState::Gone {
                open.push(meter.entry(meter.open.until(Bound::sharp(until)), (meter.from_seen, None)));
            }
        }
        Ok((head, open))
    }

    /// Everything that rows refer to.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn references(&self) -> Result<References, StoreError> {
        let mut connection = self.pool().begin().await?;
        references(&mut connection).await
    }
}

pub(super) async fn references(connection: &mut Link) -> Result<References, StoreError> {
    let subjects = bodies(connection, "ledger_subjects").await?;
    let terms = bodies(connection, "ledger_terms").await?;
    let prices = bodies(connection, "prices").await?;
    Ok(References {
        subjects: subjects.into_iter().map(|(id, one)| (SubjectId(id), one)).collect(),
        terms: terms.into_iter().map(|(id, one)| (TermsId(id), one)).collect(),
        prices: prices.into_iter().map(|(id, one)| (PriceId(id), one)).collect(),
    })
}

async fn bodies<T: DeserializeOwned>(
    connection: &mut Link,
    table: &'static str,
) -> Result<Vec<(i64, Arc<T>)>, StoreError> {
    let text = format!("SELECT id, body FROM {table}");
    let rows = query(text).fetch_all(connection).await?;
    let one = |row: &Row| {
        let id: i64 = row.try_get("id")?;
        let number = id.to_string();
        Ok((id, Arc::new(Place { table, row: &number }.json(row.try_get("body")?)?)))
    };
    rows.iter().map(one).collect()
}
