//! The ledger by workspace, day and part, for those who compare it with a bill.

use std::collections::{BTreeMap, HashMap};

use super::open::{COLUMNS, Meter};
use super::packed::{Columns, page};
use super::read::references;
use crate::ledger::References;
use crate::ledger::{DaySpan, Entry, MeterDays};
use crate::store::rows::Place;
use crate::store::sql::{Link, Row, query, query_as};
use crate::store::{Store, StoreError};
use crate::units::WorkspaceId;

/// An end that is put before a window may lie within it.
const BOUNDS: i64 = 86_400;

impl Store {
    pub(in crate::store) async fn read_metered(&self, days: DaySpan) -> Result<MeterDays, StoreError> {
        // rows and what goes on are read at one moment, or a meter that closes between would be lost or counted twice
        let mut tx = self.readers().begin().await?;
        let mut all = MeterDays::new(days, read_until(&mut tx).await?);
        let references = references(&mut tx).await?;
        let (from, to) = days.seconds();
        let (from, to) = (from.saturating_sub(BOUNDS), to.saturating_add(BOUNDS));
        let corrected = corrections(&mut tx).await?;
        let mut last = 0_i64;
        loop {
            // usage that lies in the window
            let page = page(&mut tx, Columns::WithoutHash, |query| {
                query.push("seq > ").push_bind(last).push(" AND kind = 'usage'");
                query.push(" AND to_at > ").push_bind(from).push(" AND from_at < ").push_bind(to);
            });
            let page = page.await?;
            for row in &page.rows {
                let entry = &row.entry;
                last = entry.seq;
                let of = entry.corrects.unwrap_or(entry.seq);
                // of a corrected row the last correction stands
                if corrected.get(&of).is_none_or(|stands| *stands == entry.seq) {
                    add(&mut all, entry, &references)?;
                }
            }
            if page.is_last {
                break;
            }
        }
        for entry in &going_on(&mut tx).await? {
            add(&mut all, entry, &references)?;
        }
        tx.rollback().await?;
        Ok(all)
    }
}

fn add(all: &mut MeterDays, entry: &Entry, references: &References) -> Result<(), StoreError> {
    let lost = |what: &str| StoreError::Absent(format!("{what} of row {} of the ledger", entry.seq));
    let subject = references.subjects.get(&entry.subject).ok_or_else(|| lost("subject"))?;
    let terms = references.terms.get(&entry.terms).ok_or_else(|| lost("terms"))?;
    let price = entry.price.map(|id| references.prices.get(&id).ok_or_else(|| lost("price"))).transpose()?;
    all.add(entry, subject, terms, price.map(|quote| quote.rate));
    Ok(())
}

/// Up to when each workspace was read.
async fn read_until(tx: &mut Link) -> Result<BTreeMap<WorkspaceId, i64>, StoreError> {
    let rows = query("SELECT workspace, unixepoch(seen_at) AS seen FROM workspaces").fetch_all(tx).await?;
    let one = |row: &Row| {
        let workspace: String = row.try_get("workspace")?;
        let place = Place { table: "workspaces", row: &workspace };
        let id = WorkspaceId::parse(&workspace).map_err(|error| place.wrong(error))?;
        Ok((id, row.try_get("seen")?))
    };
    rows.iter().map(one).collect()
}

/// By the row that is corrected, which correction stands.
async fn corrections(tx: &mut Link) -> Result<HashMap<i64, i64>, StoreError> {
    let rows: Vec<(i64, i64)> =
        query_as("SELECT corrects, max(seq) FROM ledger WHERE corrects IS NOT NULL GROUP BY corrects")
            .fetch_all(tx)
            .await?;
    Ok(rows.into_iter().collect())
}

/// What goes on, up to when it was last seen.
async fn going_on(tx: &mut Link) -> Result<Vec<Entry>, StoreError> {
    let text = format!(
        "SELECT {COLUMNS}, coalesce(unseen_since, (SELECT unixepoch(w.seen_at) FROM workspaces w WHERE w.workspace = meters.workspace)) AS seen
         FROM meters WHERE state <> 'gone'"
    );
    let rows = query(text).fetch_all(tx).await?;
    let mut entries = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut meter = Meter::read(row)?;
        entries.extend(meter.cut(row.try_get::<Option<i64>, _>("seen")?.unwrap_or(meter.open.since.at)));
    }
    Ok(entries)
}

#[cfg(test)]
mod tests;
