//! Appends rows: the next numbers, each sealed with the hash before it.

use super::dims::{digests, hash_of};
use super::sums;
use crate::ledger::{Broken, Entry, Hash, Head, seal};
use crate::store::StoreError;
use crate::store::sql::{Builder, Link, query};

/// Rows a statement: eighteen columns each stay below SQLite's 32,766 variables.
const ROWS: usize = 500;

/// The end of the ledger.
pub(super) async fn head(tx: &mut Link) -> Result<Head, StoreError> {
    let row = query("SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1").fetch_optional(tx).await?;
    row.map_or(Ok(Head::EMPTY), |row| Ok(Head { seq: row.try_get("seq")?, hash: hash_of(row.try_get("hash")?)? }))
}

/// Appends these, in order; their numbers are given here. Answers with the first number.
pub(super) async fn append(tx: &mut Link, entries: &mut [Entry]) -> Result<i64, StoreError> {
    let mut head = head(tx).await?;
    let first = head.seq.saturating_add(1);
    if entries.is_empty() {
        return Ok(first);
    }
    let subjects: Vec<_> = entries.iter().map(|entry| entry.subject).collect();
    let terms: Vec<_> = entries.iter().map(|entry| entry.terms).collect();
    let prices: Vec<_> = entries.iter().filter_map(|entry| entry.price).collect();
    let digests = digests(tx, (&subjects, &terms, &prices)).await?;
    let mut hashes = Vec::with_capacity(entries.len());
    for entry in entries.iter_mut() {
        entry.seq = head.seq.saturating_add(1);
        head = Head { seq: entry.seq, hash: seal(&head.hash, entry, &digests).map_err(dangling)? };
        hashes.push(head.hash);
    }
    let sealed: Vec<(&Entry, &Hash)> = entries.iter().zip(&hashes).collect();
    for chunk in sealed.chunks(ROWS) {
        insert(tx, chunk).await?;
    }
    sums::add(tx, entries).await?;
    Ok(first)
}

/// Cannot happen while references are checked: the transaction is given up if it does.
fn dangling(broken: Broken) -> StoreError {
    StoreError::Unreadable { table: "ledger", row: "the row to be written".to_owned(), source: broken.into() }
}

async fn insert(tx: &mut Link, sealed: &[(&Entry, &Hash)]) -> Result<(), StoreError> {
    let mut query = Builder::new(
        "INSERT INTO ledger (seq, kind, subject, terms, price, state, basis, from_at, from_low, from_high, to_at, to_low, to_high, \
         from_seen, to_seen, corrects, detail, hash) ",
    );
    query.push_values(sealed, |mut row, (entry, hash)| {
        let interval = &entry.interval;
        row.push_bind(entry.seq).push_bind(entry.kind.label()).push_bind(entry.subject.0).push_bind(entry.terms.0);
        row.push_bind(entry.price.map(|id| id.0));
        row.push_bind(interval.state.label()).push_bind(interval.basis.label());
        for bound in [interval.from, interval.to] {
            row.push_bind(bound.at).push_bind(bound.low).push_bind(bound.high);
        }
        row.push_bind(entry.seen.0).push_bind(entry.seen.1).push_bind(entry.corrects);
        row.push_bind(entry.detail.as_deref()).push_bind(hash.to_vec());
    });
    query.build().execute(tx).await?;
    Ok(())
}
