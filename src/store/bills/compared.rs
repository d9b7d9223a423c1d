//! Rows of comparisons: a later one of the same workspace, day and part stands in an earlier one's place.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;

use super::read::{currency, date};
use crate::ledger::{Cause, DaySpan, Part, Reconciled};
use crate::store::read_only::LedgerReader;
use crate::store::rows::{Place, stamp, workspace_key};
use crate::store::sightings::ROWS;
use crate::store::sql::{Builder, Link, Row, query, query_scalar};
use crate::store::{Store, StoreError};
use crate::units::{Cost, WorkspaceId};

/// Rows of one transaction: a sweep waits 8 s for the one connection that writes. What is left out by an interruption is
/// written by the next comparison, which compares with what is in force.
const AT_ONCE: usize = 20 * ROWS;

/// Which row.
type Key = (WorkspaceId, Date, Part);

fn key(row: &Reconciled) -> Key {
    (row.workspace.clone(), row.day, row.part)
}

impl Store {
    pub(super) async fn read_reconciled(&self, days: DaySpan) -> Result<Vec<Reconciled>, StoreError> {
        let mut connection = self.readers().begin().await?;
        in_force(&mut connection, days).await
    }

    /// Piece by piece; what is in force is read outside transactions: nothing else writes comparisons.
    pub(super) async fn write_reconciled(&self, rows: &[Reconciled], at: Timestamp) -> Result<(), StoreError> {
        let days = rows.iter().map(|row| row.day);
        let Some((first, last)) = days.clone().min().zip(days.max()) else { return Ok(()) };
        let known = self.read_reconciled(DaySpan { first, last }).await?;
        let known: BTreeMap<Key, Reconciled> = known.into_iter().map(|row| (key(&row), row)).collect();
        let keys: BTreeSet<Key> = rows.iter().map(key).collect();
        let compared: BTreeSet<(&WorkspaceId, Date)> = rows.iter().map(|row| (&row.workspace, row.day)).collect();
        let lapsed = known.values().filter(|row| {
            row.cause != Cause::Agrees && compared.contains(&(&row.workspace, row.day)) && !keys.contains(&key(row))
        });
        let lapsed: Vec<Reconciled> = lapsed.map(nothing_left).collect();
        let news = rows.iter().filter(|row| known.get(&key(row)) != Some(row));
        let news: Vec<&Reconciled> = news.chain(&lapsed).collect();
        for piece in news.chunks(AT_ONCE) {
            let mut tx = self.write().await?;
            for chunk in piece.chunks(ROWS) {
                insert(&mut tx, chunk, at).await?;
            }
            tx.commit().await?;
        }
        Ok(())
    }
}

impl LedgerReader {
    /// Days on which the bill agrees with the ledger on what ran, by the comparison in force.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn agreed(&self, days: DaySpan) -> Result<BTreeSet<(WorkspaceId, Date)>, StoreError> {
        let mut connection = self.pool().begin().await?;
        // most workspaces are there on most days
        let mut known: HashMap<String, WorkspaceId> = HashMap::new();
        let mut agreed = Vec::new();
        for day in days.iter() {
            // a day in one text: thousands of rows would each wait for the driver, and grouping all days would sort them
            let joined = connection.dialect().joined("workspace", '\n');
            let keys: Option<String> = query_scalar(format!(
                "SELECT {joined} FROM reconciled r WHERE day = ? AND part = ? AND cause = ? AND seq =
                   (SELECT max(m.seq) FROM reconciled m WHERE m.day = r.day AND m.workspace = r.workspace AND m.part = r.part)",
            ))
            .bind(day.to_string())
            .bind(Part::Compute.label())
            .bind(Cause::Agrees.label())
            .fetch_one(&mut *connection)
            .await?;
            for key in keys.iter().flat_map(|keys| keys.split('\n')) {
                let workspace = if let Some(workspace) = known.get(key) {
                    workspace.clone()
                } else {
                    let place = Place { table: "reconciled", row: key };
                    let workspace = WorkspaceId::parse(key).map_err(|error| place.wrong(error))?;
                    known.insert(key.to_owned(), workspace.clone());
                    workspace
                };
                agreed.push((workspace, day));
            }
        }
        Ok(agreed.into_iter().collect())
    }

    /// True where anything of these days was ever compared with a bill.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn any_compared(&self, days: DaySpan) -> Result<bool, StoreError> {
        let any = query_scalar("SELECT EXISTS (SELECT 1 FROM reconciled WHERE day BETWEEN ? AND ?)");
        Ok(any.bind(days.first.to_string()).bind(days.last.to_string()).fetch_one(self.pool()).await?)
    }
}

/// Of a part that neither bill nor ledger knows any more.
fn nothing_left(row: &Reconciled) -> Reconciled {
    let nothing = Cost::zero(row.billed.currency());
    Reconciled {
        billed: nothing,
        metered: nothing,
        billed_seconds: None,
        metered_seconds: 0,
        cause: Cause::Agrees,
        ..row.clone()
    }
}

async fn insert(tx: &mut Link, rows: &[&Reconciled], at: Timestamp) -> Result<(), StoreError> {
    let mut query = Builder::new(
        "INSERT INTO reconciled (workspace, day, part, billed, billed_currency, metered, metered_currency, billed_seconds, \
         metered_seconds, cause, at) ",
    );
    let at = stamp(at);
    query.push_values(rows, |mut columns, row| {
        columns.push_bind(workspace_key(&row.workspace)).push_bind(row.day.to_string()).push_bind(row.part.label());
        for cost in [row.billed, row.metered] {
            columns.push_bind(cost.exact().to_string()).push_bind(cost.currency().to_string());
        }
        columns.push_bind(row.billed_seconds).push_bind(row.metered_seconds).push_bind(row.cause.label());
        columns.push_bind(at.clone());
    });
    query.build().execute(tx).await?;
    Ok(())
}

async fn in_force(connection: &mut Link, days: DaySpan) -> Result<Vec<Reconciled>, StoreError> {
    let rows = query(
        "SELECT * FROM reconciled r WHERE day BETWEEN ? AND ? AND seq =
           (SELECT max(m.seq) FROM reconciled m WHERE m.day = r.day AND m.workspace = r.workspace AND m.part = r.part)
         ORDER BY workspace, day, part",
    )
    .bind(days.first.to_string())
    .bind(days.last.to_string())
    .fetch_all(connection)
    .await?;
    rows.iter().map(row_of).collect()
}

fn row_of(row: &Row) -> Result<Reconciled, StoreError> {
    let number: i64 = row.try_get("seq")?;
    let number = number.to_string();
    let place = Place { table: "reconciled", row: &number };
    let cost = |amount: &str, code: &str| -> Result<Cost, StoreError> {
        let exact: i128 =
            row.try_get::<&str, _>(amount)?.parse().map_err(|error: std::num::ParseIntError| place.wrong(error))?;
        Ok(Cost::of_exact(exact, currency(place, row.try_get(code)?)?))
    };
    let (part, cause): (&str, &str) = (row.try_get("part")?, row.try_get("cause")?);
    Ok(Reconciled {
        workspace: WorkspaceId::parse(row.try_get("workspace")?).map_err(|error| place.wrong(error))?,
        day: date(place, row.try_get("day")?)?,
        part: Part::from_label(part).ok_or_else(|| place.wrong(format!("`{part}` is no part of an instance")))?,
        billed: cost("billed", "billed_currency")?,
        metered: cost("metered", "metered_currency")?,
        billed_seconds: row.try_get("billed_seconds")?,
        metered_seconds: row.try_get("metered_seconds")?,
        cause: Cause::from_label(cause).ok_or_else(|| place.wrong(format!("`{cause}` is no cause")))?,
    })
}
