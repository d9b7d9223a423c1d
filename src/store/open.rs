//! The journal, opened: one writer and a few readers of SQLite, held to its rules (L1), or a pool of PostgreSQL.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::MigrateError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, SqliteConnection};

use super::audit::followed;
use super::lease::Fence;
use super::place::Place;
use super::sql::{Dialect, Pool, Tx, query_scalar};
use super::{LedgerReader, StoreError, VerifyError};
use crate::units::InstanceId;

pub(super) static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("src/store/migrations/sqlite");

/// A write waits so long for another program's lock before it is a fault.
pub(super) const BUSY: Duration = Duration::from_secs(5);
/// A hung disk is a fault after this, soon enough for a drain of ten seconds to end by itself.
pub(super) const ACQUIRE: Duration = Duration::from_secs(8);
/// A recall, a status and an explanation may read at once; more would only wait for the disk.
const READERS: u32 = 3;

/// The journal. In SQLite it is held by this process alone until it is dropped or closed; a server has it for several.
#[derive(Debug)]
pub struct Store {
    writer: Pool,
    readers: Pool,
    pub(super) fence: Option<Arc<Fence>>,
    // Dropped last, when the connections are on their way out.
    _place: Option<Place>,
}

impl Store {
    /// Takes the directory, makes it when absent, and brings its schema up to date.
    ///
    /// # Errors
    /// When the directory cannot be used, is on a network file system, is held by another process, or its database is
    /// damaged or of a newer version.
    pub async fn open(dir: &Path) -> Result<Self, StoreError> {
        Self::open_waiting(dir, BUSY).await
    }

    /// The same, with another patience for locks.
    pub(super) async fn open_waiting(dir: &Path, busy: Duration) -> Result<Self, StoreError> {
        let place = Place::take(dir)?;
        let options = SqliteConnectOptions::new()
            .filename(place.database())
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(busy)
            .pragma("trusted_schema", "OFF")
            .pragma("cell_size_check", "ON")
            .optimize_on_close(true, None);
        let writer = pool(1).before_acquire(|writer, _| Box::pin(async { Ok(is_at_rest(writer)) }));
        let writer = writer.connect_with(options.clone()).await?;
        // Fails here, not at the first stop, when another program is writing to it.
        sqlx::raw_sql("BEGIN EXCLUSIVE; COMMIT").execute(&writer).await?;
        MIGRATIONS.run(&writer).await.map_err(|error| schema(&place, error))?;
        let readers = pool(READERS).connect_with(options.read_only(true)).await?;
        Ok(Self { writer: Pool::Sqlite(writer), readers: Pool::Sqlite(readers), fence: None, _place: Some(place) })
    }

    /// Around the connections to a server; where it is one of several replicas, with what its writes depend on.
    pub(super) fn on_server(pool: Pool, fence: Option<Arc<Fence>>) -> Self {
        Self { writer: pool.clone(), readers: pool, fence, _place: None }
    }

    /// The same, in a directory for what belongs to this process alone, which it makes and takes.
    ///
    /// # Errors
    /// When the directory cannot be used, or another process has it.
    pub fn in_folder(self, dir: &Path) -> Result<Self, StoreError> {
        Ok(Self { _place: Some(Place::without_database(dir)?), ..self })
    }

    /// Closes every connection and gives the directory free. Dropping does the same, later and unobserved.
    pub async fn close(self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// Looks for damage: every page and index, every reference, the audit chain, the ledger. Empty when all is well. Reads the
    /// whole of it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn examine(&self) -> Result<Vec<String>, StoreError> {
        examined(&self.ledger()).await
    }

    /// A transaction that writes: the only one of its moment. A replica that is no member has none (L3).
    pub(super) async fn write(&self) -> Result<Tx, StoreError> {
        let mut tx = self.writer.write().await?;
        if let Some(fence) = &self.fence {
            fence.stands(&mut tx).await?;
        }
        Ok(tx)
    }

    /// The same for what only whoever decides about an instance may write: a replica that has handed it over has none, whatever it
    /// still wants to do with it.
    pub(super) async fn write_about(&self, instance: &InstanceId) -> Result<Tx, StoreError> {
        let mut tx = self.write().await?;
        if let Some(fence) = &self.fence {
            fence.has(&mut tx, instance.workspace()).await?;
        }
        Ok(tx)
    }

    /// The same for what turns something off, or is gone with it.
    pub(super) async fn write_to_end(&self, instance: &InstanceId) -> Result<Tx, StoreError> {
        let mut tx = self.write_about(instance).await?;
        if let Some(fence) = &self.fence {
            fence.thawed(&mut tx).await?;
        }
        Ok(tx)
    }

    /// The same for what any replica may say: who asked it for what.
    pub(super) async fn write_beside(&self) -> Result<Tx, StoreError> {
        self.writer.write().await
    }

    /// The same without a turn, for a row that stands for itself.
    pub(super) async fn change_beside(&self) -> Result<Tx, StoreError> {
        self.writer.change().await
    }

    /// For reads that need not wait for a write.
    pub(in crate::store) const fn readers(&self) -> &Pool {
        &self.readers
    }

    /// For tests that spoil it.
    #[cfg(test)]
    pub(in crate::store) fn writer(&self) -> &sqlx::SqlitePool {
        self.writer.sqlite()
    }

    /// For tests that look at it in words of their own.
    #[cfg(test)]
    pub(in crate::store) fn rows(&self) -> &sqlx::SqlitePool {
        self.readers.sqlite()
    }
}

/// The damage of a journal, or of a copy of one.
pub(super) async fn examined(journal: &LedgerReader) -> Result<Vec<String>, StoreError> {
    let mut found = match journal.pool().dialect() {
        Dialect::Sqlite => damage(journal.pool()).await?,
        // a server looks after its pages and references itself
        Dialect::Postgres => Vec::new(),
    };
    match followed(journal.pool()).await {
        Ok(_) => {}
        Err(error @ StoreError::Tampered { .. }) => found.push(error.to_string()),
        Err(error) => return Err(error),
    }
    match journal.verify().await {
        Ok(_) => {}
        Err(VerifyError::Store(error)) => return Err(error),
        Err(broken) => found.push(broken.to_string()),
    }
    Ok(found)
}

/// What SQLite itself finds wrong with its file.
async fn damage(file: &Pool) -> Result<Vec<String>, StoreError> {
    let mut found: Vec<String> = query_scalar("PRAGMA integrity_check(20)").fetch_all(file).await?;
    found.retain(|line| line != "ok");
    let dangling: Vec<String> =
        query_scalar("SELECT DISTINCT \"table\" FROM pragma_foreign_key_check").fetch_all(file).await?;
    found.extend(dangling.into_iter().map(|table| format!("a row of {table} refers to one that is not there")));
    Ok(found)
}

/// False for a connection that believes in a transaction nobody holds any more: a full disk makes SQLite roll back by
/// itself, the library's own rollback then fails, and no transaction would ever begin on it again. It is opened anew.
fn is_at_rest(connection: &SqliteConnection) -> bool {
    !connection.is_in_transaction()
}

/// Connections are kept for good: they cost little, and opening one while the disk is in trouble would fail.
fn pool(size: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new().max_connections(size).idle_timeout(None).max_lifetime(None).acquire_timeout(ACQUIRE)
}

fn schema(place: &Place, error: MigrateError) -> StoreError {
    let place = place.database().display().to_string();
    if let MigrateError::VersionMissing(found) | MigrateError::VersionTooNew(found, _) = error {
        return StoreError::Newer { place, found };
    }
    if let MigrateError::Execute(source) = error {
        return source.into();
    }
    StoreError::Schema { place, source: Box::new(error) }
}
