//! The ledger without the journal's lock: beside the running service, or out of a copied file. Nothing here can write.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use super::open::{BUSY, MIGRATIONS};
use super::place::{beside, database_at};
use super::sql::{Pool, query_scalar};
use super::{Store, StoreError};

/// The migration that made the ledger: an older journal has none.
const LEDGER_SINCE: i64 = 3;

/// Reads the ledger, and holds nothing that the service needs.
#[derive(Debug, Clone)]
pub struct LedgerReader {
    pool: Pool,
}

impl LedgerReader {
    /// Opens a journal's directory, or a copy of its database file.
    ///
    /// # Errors
    /// When there is none, it cannot be read, or its schema is one that this version cannot read.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let file = database_at(path);
        if !file.is_file() {
            return Err(StoreError::NoJournal { path: file });
        }
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .read_only(true)
            .create_if_missing(false)
            .busy_timeout(BUSY)
            .pragma("trusted_schema", "OFF")
            .pragma("cell_size_check", "ON");
        let reader = match Self::tried(options.clone(), &file).await {
            // A copy on a medium that nobody may write to: SQLite cannot make its side files there, and needs none.
            Err(StoreError::Database { .. }) if !beside(&file, "-wal").exists() => {
                Self::tried(options.immutable(true), &file).await?
            }
            other => other?,
        };
        Ok(reader)
    }

    async fn tried(options: SqliteConnectOptions, file: &Path) -> Result<Self, StoreError> {
        let pool = Pool::Sqlite(SqlitePoolOptions::new().max_connections(1).connect_with(options).await?);
        let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
        let tables: i64 =
            query_scalar("SELECT count(*) FROM sqlite_master WHERE name = '_sqlx_migrations'").fetch_one(&pool).await?;
        let found: i64 = match tables {
            0 => 0,
            _ => query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations").fetch_one(&pool).await?,
        };
        if found > known {
            return Err(StoreError::Newer { place: file.display().to_string(), found });
        }
        if found < LEDGER_SINCE {
            return Err(StoreError::Older { place: file.display().to_string() });
        }
        Ok(Self { pool })
    }

    /// Over connections that are there.
    pub(super) const fn of(pool: Pool) -> Self {
        Self { pool }
    }

    pub(super) const fn pool(&self) -> &Pool {
        &self.pool
    }
}

impl Store {
    /// Its ledger, to read.
    #[must_use]
    pub fn ledger(&self) -> LedgerReader {
        LedgerReader { pool: self.readers().clone() }
    }
}
