//! Sums of the rows, kept as rows are added, so that counters survive a restart and nobody adds up a year to draw a line.

use std::collections::{BTreeMap, HashMap};

use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};

use super::read::entry_of;
use super::spent::rates;
use crate::ledger::{AvoidedDetail, Entry, EntryKind, MeterState, PriceId, SubjectId, Sum};
use crate::store::rows::Place;
use crate::store::sightings::ROWS;
use crate::store::{Store, StoreError};
use crate::units::{Rate, WorkspaceId};

/// Workspace, team, kind, price.
pub(super) type Key = (String, String, &'static str, i64);

/// What a row counts: running seconds, or credited less charged ones.
pub(super) fn seconds_of(entry: &Entry) -> Result<i64, StoreError> {
    match (entry.kind, entry.interval.state) {
        (EntryKind::Usage, MeterState::Running) => Ok(entry.interval.length()),
        (EntryKind::Usage, MeterState::Stopped | MeterState::Unknown | MeterState::Gone) => Ok(0),
        (EntryKind::Avoided | EntryKind::WouldAvoid, _) => {
            let number = entry.seq.to_string();
            let place = Place { table: "ledger", row: &number };
            let detail: AvoidedDetail = place.json(entry.detail.as_deref().unwrap_or_default())?;
            Ok(detail.credited.saturating_sub(detail.charged))
        }
    }
}

/// Workspace and team of subjects.
type Accounts = HashMap<SubjectId, (String, String)>;

/// Adds new rows to the sums; a correction takes away what it corrects.
pub(super) async fn add(tx: &mut SqliteConnection, entries: &[Entry]) -> Result<(), StoreError> {
    let accounts = accounts(tx, entries).await?;
    let mut sums: BTreeMap<Key, i64> = BTreeMap::new();
    let mut count = |entry: &Entry, seconds: i64| {
        let (workspace, team) = accounts.get(&entry.subject).cloned().unwrap_or_default();
        let key = (workspace, team, entry.kind.label(), entry.price.map_or(0, |id| id.0));
        let sum = sums.entry(key).or_insert(0);
        *sum = sum.saturating_add(seconds);
    };
    for entry in entries {
        count(entry, seconds_of(entry)?);
        if let Some(corrects) = entry.corrects {
            // of the same life, and so of the same workspace; its team may be another one
            let old = in_force(tx, corrects, entry.seq).await?;
            count(&old, seconds_of(&old)?.saturating_neg());
        }
    }
    for ((workspace, team, kind, price), seconds) in sums.into_iter().filter(|(_, seconds)| *seconds != 0) {
        sqlx::query(
            "INSERT INTO ledger_sums (workspace, team, kind, price, seconds) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (workspace, team, kind, price) DO UPDATE SET seconds = seconds + excluded.seconds",
        )
        .bind(workspace)
        .bind(team)
        .bind(kind)
        .bind(price)
        .bind(seconds)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// Of these rows' subjects, and of those that they correct.
async fn accounts(tx: &mut SqliteConnection, entries: &[Entry]) -> Result<Accounts, StoreError> {
    let mut numbers: Vec<i64> = entries.iter().map(|entry| entry.subject.0).collect();
    for corrects in entries.iter().filter_map(|entry| entry.corrects) {
        let of = "SELECT DISTINCT subject FROM ledger WHERE seq = ?1 OR corrects = ?1";
        let found: Vec<i64> = sqlx::query_scalar(of).bind(corrects).fetch_all(&mut *tx).await?;
        numbers.extend(found);
    }
    numbers.sort_unstable();
    numbers.dedup();
    let mut accounts = Accounts::new();
    for chunk in numbers.chunks(ROWS) {
        let mut query = QueryBuilder::<Sqlite>::new(
            "SELECT id, workspace, coalesce(team, '') AS team FROM ledger_subjects WHERE id IN (",
        );
        let mut list = query.separated(", ");
        for number in chunk {
            list.push_bind(*number);
        }
        query.push(")");
        for row in query.build().persistent(false).fetch_all(&mut *tx).await? {
            accounts.insert(SubjectId(row.try_get("id")?), (row.try_get("workspace")?, row.try_get("team")?));
        }
    }
    Ok(accounts)
}

/// What stands for a row before another correction: the last correction of it, or the row.
async fn in_force(tx: &mut SqliteConnection, row: i64, before: i64) -> Result<Entry, StoreError> {
    let found =
        sqlx::query("SELECT * FROM ledger WHERE (seq = ?1 OR corrects = ?1) AND seq < ?2 ORDER BY seq DESC LIMIT 1")
            .bind(row)
            .bind(before)
            .fetch_optional(tx)
            .await?;
    found.as_ref().map_or_else(|| Err(StoreError::Absent(format!("row {row} of the ledger"))), entry_of)
}

impl Store {
    pub(in crate::store) async fn read_sums(&self) -> Result<Vec<Sum>, StoreError> {
        let mut tx = self.readers().begin().await?;
        let closed =
            sqlx::query("SELECT workspace, team, kind, price, seconds FROM ledger_sums").fetch_all(&mut *tx).await?;
        // what goes on counts up to when it was last seen
        let open = sqlx::query(
            "SELECT m.workspace, coalesce(s.team, '') AS team, 'usage' AS kind, coalesce(m.price, 0) AS price,
                    sum(max(0, coalesce(m.unseen_since, unixepoch(w.seen_at)) - m.since_at)) AS seconds
             FROM meters m JOIN ledger_subjects s ON s.id = m.subject JOIN workspaces w ON w.workspace = m.workspace
             WHERE m.state = 'running' GROUP BY 1, 2, 4",
        )
        .fetch_all(&mut *tx)
        .await?;
        let mut sums: BTreeMap<(String, String, EntryKind, i64), i64> = BTreeMap::new();
        for row in closed.iter().chain(&open) {
            let sum = sums.entry(key_of(row)?).or_insert(0);
            *sum = sum.saturating_add(row.try_get("seconds")?);
        }
        let rates = rates(&mut tx).await?;
        sums.into_iter().map(|sum| sum_of(sum, &rates)).collect()
    }
}

fn key_of(row: &SqliteRow) -> Result<(String, String, EntryKind, i64), StoreError> {
    let workspace: String = row.try_get("workspace")?;
    let kind = Place { table: "ledger_sums", row: &workspace }.kind(row.try_get("kind")?)?;
    Ok((workspace, row.try_get("team")?, kind, row.try_get("price")?))
}

/// Workspace, team, kind, price; and seconds.
type Counted = ((String, String, EntryKind, i64), i64);

fn sum_of(((workspace, team, kind, price), seconds): Counted, rates: &HashMap<i64, Rate>) -> Result<Sum, StoreError> {
    let place = Place { table: "ledger_sums", row: &workspace };
    Ok(Sum {
        workspace: WorkspaceId::parse(&workspace).map_err(|error| place.wrong(error))?,
        team: (!team.is_empty()).then(|| team.into()),
        kind,
        price: (price != 0).then_some(PriceId(price)),
        rate: rates.get(&price).copied(),
        seconds,
    })
}
