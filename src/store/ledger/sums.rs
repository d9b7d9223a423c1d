//! Sums of the rows, kept as rows are added, so that counters survive a restart and nobody adds up a year to draw a line.

use std::collections::{BTreeMap, HashMap};

use super::read::entry_of;
use crate::ledger::{AvoidedDetail, Entry, EntryKind, MeterState, PriceId, Quote, SubjectId, Sum};
use crate::store::rows::Place;
use crate::store::sightings::ROWS;
use crate::store::sql::{Builder, Link, Row, query, query_scalar};
use crate::store::{Store, StoreError};
use crate::units::WorkspaceId;

/// Workspace, team, kind, price.
pub(super) type Key = (String, String, &'static str, i64);

/// Both sides of an account, in seconds. Neither ever shrinks: what is taken back is charged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sides {
    pub(super) credited: i64,
    pub(super) charged: i64,
}

impl Sides {
    pub(super) const fn plus(self, other: Self) -> Self {
        Self {
            credited: self.credited.saturating_add(other.credited),
            charged: self.charged.saturating_add(other.charged),
        }
    }

    /// What takes these back.
    pub(super) const fn turned(self) -> Self {
        Self { credited: self.charged, charged: self.credited }
    }
}

/// What a row counts: running seconds, or credited and charged ones.
pub(super) fn sides_of(entry: &Entry) -> Result<Sides, StoreError> {
    match (entry.kind, entry.interval.state) {
        (EntryKind::Usage, MeterState::Running) => Ok(Sides { credited: entry.interval.length(), charged: 0 }),
        (EntryKind::Usage, MeterState::Stopped | MeterState::Unknown | MeterState::Gone) => Ok(Sides::default()),
        (EntryKind::Avoided | EntryKind::WouldAvoid, _) => {
            let number = entry.seq.to_string();
            let place = Place { table: "ledger", row: &number };
            let detail: AvoidedDetail = place.json(entry.detail.as_deref().unwrap_or_default())?;
            Ok(Sides { credited: detail.credited, charged: detail.charged })
        }
    }
}

/// Workspace and team of subjects.
type Accounts = HashMap<SubjectId, (String, String)>;

/// Adds new rows to the sums; a correction takes away what it corrects.
pub(super) async fn add(tx: &mut Link, entries: &[Entry]) -> Result<(), StoreError> {
    let accounts = accounts(tx, entries).await?;
    let mut sums: BTreeMap<Key, Sides> = BTreeMap::new();
    let mut count = |entry: &Entry, sides: Sides| {
        let (workspace, team) = accounts.get(&entry.subject).cloned().unwrap_or_default();
        let key = (workspace, team, entry.kind.label(), entry.price.map_or(0, |id| id.0));
        let sum = sums.entry(key).or_default();
        *sum = sum.plus(sides);
    };
    for entry in entries {
        count(entry, sides_of(entry)?);
        if let Some(corrects) = entry.corrects {
            // of the same life, and so of the same workspace; its team may be another one
            let old = in_force(tx, corrects, entry.seq).await?;
            count(&old, sides_of(&old)?.turned());
        }
    }
    for ((workspace, team, kind, price), sides) in sums.into_iter().filter(|(_, sides)| *sides != Sides::default()) {
        query(
            "INSERT INTO ledger_sums (workspace, team, kind, price, credited, charged) VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT (workspace, team, kind, price)
             DO UPDATE SET credited = ledger_sums.credited + excluded.credited, charged = ledger_sums.charged + excluded.charged",
        )
        .bind(workspace)
        .bind(team)
        .bind(kind)
        .bind(price)
        .bind(sides.credited)
        .bind(sides.charged)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// Of these rows' subjects, and of those that they correct.
async fn accounts(tx: &mut Link, entries: &[Entry]) -> Result<Accounts, StoreError> {
    let mut numbers: Vec<i64> = entries.iter().map(|entry| entry.subject.0).collect();
    for corrects in entries.iter().filter_map(|entry| entry.corrects) {
        let of = "SELECT DISTINCT subject FROM ledger WHERE seq = ?1 OR corrects = ?1";
        let found: Vec<i64> = query_scalar(of).bind(corrects).fetch_all(&mut *tx).await?;
        numbers.extend(found);
    }
    numbers.sort_unstable();
    numbers.dedup();
    let mut accounts = Accounts::new();
    for chunk in numbers.chunks(ROWS) {
        let mut query =
            Builder::new("SELECT id, workspace, coalesce(team, '') AS team FROM ledger_subjects WHERE id IN (");
        let mut list = query.separated(", ");
        for number in chunk {
            list.push_bind(*number);
        }
        query.push(")");
        for row in query.build().fetch_all(&mut *tx).await? {
            accounts.insert(SubjectId(row.try_get("id")?), (row.try_get("workspace")?, row.try_get("team")?));
        }
    }
    Ok(accounts)
}

/// What stands for a row before another correction: the last correction of it, or the row.
async fn in_force(tx: &mut Link, row: i64, before: i64) -> Result<Entry, StoreError> {
    let found = query("SELECT * FROM ledger WHERE (seq = ?1 OR corrects = ?1) AND seq < ?2 ORDER BY seq DESC LIMIT 1")
        .bind(row)
        .bind(before)
        .fetch_optional(tx)
        .await?;
    found.as_ref().map_or_else(|| Err(StoreError::Absent(format!("row {row} of the ledger"))), entry_of)
}

impl Store {
    pub(in crate::store) async fn read_sums(&self) -> Result<Vec<Sum>, StoreError> {
        let mut tx = self.readers().begin().await?;
        let closed = query("SELECT workspace, team, kind, price, credited, charged, 0 AS open FROM ledger_sums")
            .fetch_all(&mut *tx)
            .await?;
        // what goes on counts up to when it was last seen
        let open = query(
            "SELECT m.workspace, coalesce(s.team, '') AS team, 'usage' AS kind, coalesce(m.price, 0) AS price,
                    0 AS credited, 0 AS charged,
                    CAST(sum(max(0, coalesce(m.unseen_since, unixepoch(w.seen_at)) - m.since_at)) AS BIGINT) AS open
             FROM meters m JOIN ledger_subjects s ON s.id = m.subject JOIN workspaces w ON w.workspace = m.workspace
             WHERE m.state = 'running' GROUP BY 1, 2, 4",
        )
        .fetch_all(&mut *tx)
        .await?;
        let mut sums: BTreeMap<(String, String, EntryKind, i64), (Sides, i64)> = BTreeMap::new();
        for row in closed.iter().chain(&open) {
            let (sides, going_on) = sums.entry(key_of(row)?).or_default();
            *sides = sides.plus(Sides { credited: row.try_get("credited")?, charged: row.try_get("charged")? });
            *going_on = going_on.saturating_add(row.try_get("open")?);
        }
        let mut quotes: HashMap<i64, Quote> = HashMap::new();
        for row in query("SELECT id, body FROM prices").fetch_all(&mut *tx).await? {
            let id: i64 = row.try_get("id")?;
            let number = id.to_string();
            let quote: Quote = Place { table: "prices", row: &number }.json(row.try_get("body")?)?;
            quotes.insert(id, quote);
        }
        sums.into_iter().map(|sum| sum_of(sum, &quotes)).collect()
    }
}

fn key_of(row: &Row) -> Result<(String, String, EntryKind, i64), StoreError> {
    let workspace: String = row.try_get("workspace")?;
    let kind = Place { table: "ledger_sums", row: &workspace }.kind(row.try_get("kind")?)?;
    Ok((workspace, row.try_get("team")?, kind, row.try_get("price")?))
}

/// Workspace, team, kind, price; and seconds: written down, and going on.
type Counted = ((String, String, EntryKind, i64), (Sides, i64));

fn sum_of(
    ((workspace, team, kind, price), (sides, open)): Counted,
    quotes: &HashMap<i64, Quote>,
) -> Result<Sum, StoreError> {
    let quote = quotes.get(&price);
    let place = Place { table: "ledger_sums", row: &workspace };
    Ok(Sum {
        workspace: WorkspaceId::parse(&workspace).map_err(|error| place.wrong(error))?,
        team: (!team.is_empty()).then(|| team.into()),
        kind,
        price: (price != 0).then_some(PriceId(price)),
        rate: quote.map(|quote| quote.rate),
        priced: quote.map(|quote| (quote.key.clone(), quote.source)),
        seconds: sides.credited.saturating_sub(sides.charged).saturating_add(open),
        charged: sides.charged,
        open,
    })
}
