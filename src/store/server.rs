//! The journal on a PostgreSQL server: where it is, what the server must keep, and its schema.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions as _, PgConnection};

use super::open::ACQUIRE;
use super::sql::Pool;
use super::{LedgerReader, Store, StoreError};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("src/store/migrations/postgres");

/// A sweep, the outbox, a lease and a few readers at once. Three replicas then want less than a third of the hundred
/// connections that a server has by default.
const CONNECTIONS: u32 = 8;
/// A connection that nobody needed for so long is given back.
const IDLE: Duration = Duration::from_mins(5);
/// The oldest server that the statements are written for.
const SERVER_SINCE: i32 = 130_000;
/// Which of two replicas that start at once brings the schema up to date. It is let go with the transaction.
const UPGRADING: &str = "SELECT pg_advisory_xact_lock(5497853312640210002)";

/// Where a server's database is, and how it is signed in to.
#[derive(Clone)]
pub struct Server {
    options: PgConnectOptions,
    shown: String,
}

/// Without what is secret in it.
impl fmt::Debug for Server {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_tuple("Server").field(&self.shown).finish()
    }
}

impl fmt::Display for Server {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.shown)
    }
}

impl Server {
    /// Of an address such as `postgres://user@host:5432/database?sslmode=verify-full`, and a password where it wants one.
    ///
    /// # Errors
    /// When it is none. The error does not repeat it.
    pub fn parse(url: &str, password: Option<&str>) -> Result<Self, StoreError> {
        let known = url.starts_with("postgres://") || url.starts_with("postgresql://");
        let options: Option<PgConnectOptions> = known.then(|| url.parse().ok()).flatten();
        let mut options = options.ok_or(StoreError::NoServer)?;
        if let Some(password) = password {
            options = options.password(password);
        }
        let shown = format!(
            "postgres://{}:{}/{}",
            options.get_host(),
            options.get_port(),
            options.get_database().unwrap_or_else(|| options.get_username())
        );
        // Nothing may stay in a session: a pooler gives the next transaction another one. It also knows no such parameter.
        let options = options
            .statement_cache_capacity(0)
            .extra_float_digits(None)
            .application_name("lightsout")
            .disable_statement_logging();
        Ok(Self { options, shown })
    }

    pub(super) async fn pool(&self, size: u32) -> Result<PgPool, StoreError> {
        let pool = PgPoolOptions::new().max_connections(size).idle_timeout(IDLE).acquire_timeout(ACQUIRE);
        Ok(pool.connect_with(self.options.clone()).await?)
    }
}

impl Store {
    /// Signs in to a server, looks whether it keeps what it is given, and brings the schema up to date.
    ///
    /// # Errors
    /// When it cannot be reached, does not keep commits over a crash (L11), or holds the schema of a newer version.
    pub async fn connect(server: &Server) -> Result<Self, StoreError> {
        Ok(Self::on_server(Pool::Postgres(Self::connected(server).await?, Arc::default()), None))
    }

    pub(super) async fn connected(server: &Server) -> Result<PgPool, StoreError> {
        let pool = server.pool(CONNECTIONS).await?;
        let mut tx = pool.begin().await?;
        keeps_commits(&mut tx, server).await?;
        upgrade(&mut tx, server).await?;
        tx.commit().await?;
        Ok(pool)
    }
}

impl LedgerReader {
    /// Signs in to a server that a service has written to.
    ///
    /// # Errors
    /// When it cannot be reached, or its schema is one that this version cannot read.
    pub async fn connect(server: &Server) -> Result<Self, StoreError> {
        let pool = server.pool(2).await?;
        let mut tx = pool.begin().await?;
        let found = if has_schema(&mut tx).await? { versions(&mut tx).await? } else { Vec::new() };
        tx.rollback().await?;
        is_known(server, &found)?;
        if found.len() < MIGRATIONS.iter().count() {
            return Err(StoreError::Older { place: server.to_string() });
        }
        Ok(Self::of(Pool::Postgres(pool, Arc::default())))
    }
}

async fn setting(tx: &mut PgConnection, name: &'static str) -> Result<String, StoreError> {
    let query = sqlx::query_scalar("SELECT current_setting($1)").persistent(false);
    Ok(query.bind(name).fetch_one(tx).await?)
}

/// L11: what is committed stays, also when the server loses its power; and text sorts and reads as it was written.
async fn keeps_commits(tx: &mut PgConnection, server: &Server) -> Result<(), StoreError> {
    let refused = |rule| StoreError::Server { place: server.to_string(), rule };
    let commit = setting(tx, "synchronous_commit").await?;
    if !matches!(commit.as_str(), "on" | "remote_apply") {
        return Err(refused("synchronous_commit must be on: a stop must not be forgotten by a power cut"));
    }
    if setting(tx, "server_encoding").await? != "UTF8" {
        return Err(refused("its database must be in UTF8 (CREATE DATABASE … ENCODING 'UTF8')"));
    }
    let version: Option<i32> = setting(tx, "server_version_num").await?.parse().ok();
    if version.is_none_or(|version| version < SERVER_SINCE) {
        return Err(refused("the server must be of version 13 or later"));
    }
    Ok(())
}

async fn upgrade(tx: &mut PgConnection, server: &Server) -> Result<(), StoreError> {
    sqlx::raw_sql(UPGRADING).execute(&mut *tx).await?;
    if !has_schema(tx).await? {
        sqlx::raw_sql(
            "CREATE TABLE lightsout_schema (version BIGINT PRIMARY KEY, digest BYTEA NOT NULL,
               applied_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp())",
        )
        .execute(&mut *tx)
        .await?;
    }
    let found = versions(tx).await?;
    is_known(server, &found)?;
    for migration in MIGRATIONS.iter() {
        if found.iter().any(|(version, _)| *version == migration.version) {
            continue;
        }
        sqlx::raw_sql(migration.sql.clone()).execute(&mut *tx).await?;
        sqlx::query("INSERT INTO lightsout_schema (version, digest) VALUES ($1, $2)")
            .persistent(false)
            .bind(migration.version)
            .bind(migration.checksum.to_vec())
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

async fn has_schema(tx: &mut PgConnection) -> Result<bool, StoreError> {
    let query = sqlx::query_scalar("SELECT to_regclass('lightsout_schema') IS NOT NULL").persistent(false);
    Ok(query.fetch_one(tx).await?)
}

/// Which migrations were made, each with the digest of its text.
async fn versions(tx: &mut PgConnection) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
    let query = sqlx::query_as("SELECT version, digest FROM lightsout_schema ORDER BY version").persistent(false);
    Ok(query.fetch_all(tx).await?)
}

fn is_known(server: &Server, found: &[(i64, Vec<u8>)]) -> Result<(), StoreError> {
    let place = server.to_string();
    for (version, digest) in found {
        let known = MIGRATIONS.iter().find(|migration| migration.version == *version);
        match known {
            None => return Err(StoreError::Newer { place, found: *version }),
            Some(migration) if *migration.checksum != **digest => {
                return Err(StoreError::Schema { place, source: Box::new(MigrateError::VersionMismatch(*version)) });
            }
            Some(_) => {}
        }
    }
    Ok(())
}
