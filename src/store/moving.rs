//! A journal row for row from a file to a server and back: a move, a copy of what a server has, and that copy put back.

use std::path::{Path, PathBuf};

use super::copies::{Copied, Restore, whole};
use super::ledger::hash_of;
use super::place::{DATABASE, Place, beside};
use super::sql::{Builder, Dialect, Link, Pool, Row, Value, query, query_scalar};
use super::{Lease, LedgerReader, Server, Store, StoreError};
use crate::ledger::Head;

/// Every table with something of the journal in it, those that others refer to first.
const TABLES: [&str; 28] = [
    "workspaces",
    "instances",
    "transitions",
    "intents",
    "attempts",
    "messages",
    "holds",
    "revisions",
    "evaluated",
    "decisions",
    "audit",
    "frozen",
    "in_use",
    "operations",
    "proposals",
    "proposal_events",
    "prices",
    "prices_in_force",
    "ledger_subjects",
    "ledger_terms",
    "ledger",
    "meters",
    "claims",
    "budget_marks",
    "ledger_sums",
    "bill_fetches",
    "bills",
    "reconciled",
];
/// Rows a statement: eighteen columns each stay below SQLite's 32,766 variables.
const ROWS: usize = 1_000;

/// From one renewal of the lease to the next, while a move lasts.
const RENEWED: std::time::Duration = std::time::Duration::from_secs(3);

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Bytes,
}

/// A table's columns, as SQLite has them: a server's are the same. Columns that make themselves are left out.
struct Table {
    name: &'static str,
    columns: Vec<(String, Kind)>,
    /// Places of the columns of its key, in their order.
    key: Vec<usize>,
}

/// Copies what a server has, at one moment of it and while services run on, into a file that is not there yet: a journal in
/// SQLite, which can be read and put back like any copy.
///
/// # Errors
/// When the server cannot be read, the file cannot be written, or what was written is not whole.
pub async fn copy_server(server: &Server, to: &Path) -> Result<Copied, StoreError> {
    if to.exists() {
        return Err(StoreError::Taken { path: to.to_owned() });
    }
    let wrong = |doing| move |source| StoreError::Copy { path: to.to_owned(), doing, source };
    let source = LedgerReader::connect(server).await?;
    let draft = beside(to, ".part");
    match std::fs::remove_dir_all(&draft) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(wrong("clear the way for")(error)),
        Ok(()) | Err(_) => {}
    }
    let made = Store::open(&draft).await?;
    let mut tx = made.write().await?;
    copy(source.pool(), &mut tx).await?;
    tx.commit().await?;
    made.close().await;
    let file = draft.join(DATABASE);
    let head = whole(&file).await?;
    let bytes = std::fs::metadata(&file).map_err(wrong("look at"))?.len();
    std::fs::rename(&file, to).map_err(wrong("rename"))?;
    std::fs::remove_dir_all(&draft).map_err(wrong("clear up beside"))?;
    Ok(Copied { head, bytes })
}

/// The whole of a server's fleet, while no replica runs on it.
async fn at_rest(server: &Server, holder: &str) -> Result<(Store, Lease), StoreError> {
    let (store, lease) = Store::replica(server, holder).await?;
    lease.join(jiff::SignedDuration::ZERO).await?;
    let another = lease.take_all().await;
    if matches!(another, Ok(None)) {
        return Ok((store, lease));
    }
    // whatever stood in the way, nobody need wait for this one
    let left = lease.leave().await;
    let Some(holder) = another? else { return Err(StoreError::LeaseLost) };
    left?;
    let words = format!("the replica {holder} runs on {server}; end every service of it first");
    Err(StoreError::Conflict(words))
}

/// The other way: what a server has becomes the journal of a folder. A journal that was there is kept beside it; where there was
/// one, that is its new name. Neither the server nor the folder may be in use, and the server keeps what it has.
///
/// # Errors
/// When a replica runs, a service holds the folder, the server cannot be read, or the folder cannot be written.
pub async fn move_to_folder(server: &Server, dir: &Path, holder: &str) -> Result<(Head, Option<PathBuf>), StoreError> {
    let (store, lease) = at_rest(server, holder).await?;
    let moved = tokio::select! {
        moved = put_into(server, dir) => moved,
        lost = kept(&lease) => Err(lost),
    };
    // given back however it went: whoever tries again need not wait for its end
    let given_back = lease.leave().await;
    store.close().await;
    moved.and_then(|moved| given_back.map(|()| moved))
}

/// Keeps it for as long as this is waited for; why it is gone.
async fn kept(lease: &Lease) -> StoreError {
    loop {
        tokio::time::sleep(RENEWED).await;
        match lease.renew(jiff::SignedDuration::ZERO).await {
            Ok(Some(_)) => {}
            Ok(None) => return StoreError::LeaseLost,
            Err(error) => return error,
        }
    }
}

async fn put_into(server: &Server, dir: &Path) -> Result<(Head, Option<PathBuf>), StoreError> {
    let draft = {
        let _held = Place::without_database(dir)?;
        let wrong = |source| StoreError::Copy { path: dir.to_owned(), doing: "make a copy in", source };
        tempfile::tempdir_in(dir).map_err(wrong)?
    };
    let copy = draft.path().join(DATABASE);
    copy_server(server, &copy).await?;
    let restore = Restore::prepare(&copy, dir).await?;
    let head = restore.head();
    let aside = restore.put().await?;
    Ok((head, aside))
}

/// Puts a journal in SQLite, or a copy of one, onto a server that has none yet. No service may act there, or hold the folder:
/// this takes both for as long as it lasts, under this name.
///
/// # Errors
/// When the copy is not whole, the server has something already, a replica runs, or the two are not the same afterwards.
pub async fn move_to_server(copy_of: &Path, server: &Server, holder: &str) -> Result<Head, StoreError> {
    let head = whole(copy_of).await?;
    let _held = copy_of.is_dir().then(|| Place::without_database(copy_of)).transpose()?;
    let source = LedgerReader::open(copy_of).await?;
    let (store, lease) = at_rest(server, holder).await?;
    let moved = put_onto(&store, server, (source.pool(), head)).await;
    let given_back = lease.leave().await;
    moved.and(given_back)?;
    let found = store.examine().await?;
    if !found.is_empty() || store.verify_audit().await? != super::audit::followed(source.pool()).await? {
        return Err(StoreError::Damaged { path: copy_of.to_owned(), found });
    }
    store.close().await;
    Ok(head)
}

async fn put_onto(store: &Store, server: &Server, (source, head): (&Pool, Head)) -> Result<(), StoreError> {
    let mut tx = store.write().await?;
    nothing_yet(&mut tx, server).await?;
    copy(source, &mut tx).await?;
    // the end is compared before it counts
    let row = query("SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1").fetch_optional(&mut *tx).await?;
    let found =
        row.map(|row| Ok::<_, StoreError>(Head { seq: row.try_get("seq")?, hash: hash_of(row.try_get("hash")?)? }));
    if found.transpose()?.unwrap_or(Head::EMPTY) != head {
        return Err(StoreError::Conflict("the ledger on the server does not end as its source does".to_owned()));
    }
    tx.commit().await?;
    Ok(())
}

/// Refuses a server that has a journal already.
async fn nothing_yet(tx: &mut Link, server: &Server) -> Result<(), StoreError> {
    for table in ["ledger", "audit", "instances", "attempts"] {
        let any: Option<i64> = query_scalar(format!("SELECT 1 FROM {table} LIMIT 1")).fetch_optional(&mut *tx).await?;
        if any.is_some() {
            let words = format!("{server} has a journal already (there are rows in {table}); name an empty database");
            return Err(StoreError::Conflict(words));
        }
    }
    Ok(())
}

/// Every row of every table.
async fn copy(from: &Pool, to: &mut Link) -> Result<(), StoreError> {
    let mut source = from.begin().await?;
    for name in TABLES {
        let table = match source.dialect() {
            Dialect::Sqlite => Table::of(name, &mut source).await?,
            Dialect::Postgres => Table::of(name, to).await?,
        };
        let mut last: Option<Vec<Value>> = None;
        loop {
            let rows = table.page(&mut source, last.as_deref()).await?;
            let values = rows.iter().map(|row| table.values(row)).collect::<Result<Vec<_>, _>>()?;
            table.write(to, &values).await?;
            if rows.len() < ROWS {
                break;
            }
            last = values.last().map(|row| table.key_of(row));
        }
        table.number_on(to).await?;
    }
    source.rollback().await?;
    Ok(())
}

impl Table {
    async fn of(name: &'static str, sqlite: &mut Link) -> Result<Self, StoreError> {
        let text = "SELECT name, type, pk FROM pragma_table_info(?) ORDER BY cid";
        let rows = query(text).bind(name).fetch_all(sqlite).await?;
        let (mut columns, mut key) = (Vec::new(), Vec::new());
        for (place, row) in rows.iter().enumerate() {
            let (kind, part): (String, i64) = (row.try_get("type")?, row.try_get("pk")?);
            let kind = match kind.as_str() {
                "INTEGER" => Kind::Number,
                "BLOB" => Kind::Bytes,
                _ => Kind::Text,
            };
            columns.push((format!("\"{}\"", row.try_get::<&str, _>("name")?), kind));
            if part > 0 {
                key.push((part, place));
            }
        }
        key.sort_unstable();
        Ok(Self { name, columns, key: key.into_iter().map(|(_, place)| place).collect() })
    }

    fn names(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        names.join(", ")
    }

    fn key_names(&self) -> String {
        let names = self.key.iter().filter_map(|place| self.columns.get(*place));
        names.map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// The rows after a key.
    async fn page(&self, from: &mut Link, after: Option<&[Value]>) -> Result<Vec<Row>, StoreError> {
        let (names, key) = (self.names(), self.key_names());
        let mut text = Builder::new(format!("SELECT {names} FROM {}", self.name));
        if let Some(after) = after {
            text.push(format!(" WHERE ({key}) > ("));
            let mut list = text.separated(", ");
            for value in after {
                list.push_bind(value.clone());
            }
            text.push(")");
        }
        text.push(format!(" ORDER BY {key} LIMIT {ROWS}"));
        Ok(text.build().fetch_all(from).await?)
    }

    fn values(&self, row: &Row) -> Result<Vec<Value>, StoreError> {
        let value = |(place, (_, kind)): (usize, &(String, Kind))| {
            Ok(match kind {
                Kind::Number => Value::Number(row.try_get(place)?),
                Kind::Text => Value::Text(row.try_get(place)?),
                Kind::Bytes => Value::Bytes(row.try_get(place)?),
            })
        };
        self.columns.iter().enumerate().map(value).collect()
    }

    fn key_of(&self, row: &[Value]) -> Vec<Value> {
        self.key.iter().filter_map(|place| row.get(*place)).cloned().collect()
    }

    async fn write(&self, to: &mut Link, rows: &[Vec<Value>]) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut text = Builder::new(format!("INSERT INTO {} ({}) ", self.name, self.names()));
        text.push_values(rows, |mut list, row| {
            for value in row {
                list.push_bind(value.clone());
            }
        });
        text.build().execute(to).await?;
        Ok(())
    }

    /// A server goes on numbering after the last row.
    async fn number_on(&self, to: &mut Link) -> Result<(), StoreError> {
        let (Dialect::Postgres, [place]) = (to.dialect(), self.key.as_slice()) else { return Ok(()) };
        let Some((column, Kind::Number)) = self.columns.get(*place) else { return Ok(()) };
        let (name, plain) = (self.name, column.trim_matches('"'));
        let text = format!(
            "SELECT setval(pg_get_serial_sequence('{name}', '{plain}'), coalesce((SELECT max({column}) FROM {name}), 0) + 1, false)"
        );
        query(text).execute(to).await?;
        Ok(())
    }
}
