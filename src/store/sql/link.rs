//! Connections to either database. One to PostgreSQL is only ever held for the length of a transaction.

use std::ops::{Deref, DerefMut};

use sqlx::postgres::PgPool;
use sqlx::sqlite::SqlitePool;
use sqlx::{Error, Postgres, Sqlite, Transaction};

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Dialect {
    /// SQLite, in a file.
    Sqlite,
    /// PostgreSQL, over a socket.
    Postgres,
}

impl Dialect {
    /// Texts of a group as one, in the order in which they come, with a sign between them.
    pub(in crate::store) fn joined(self, column: &str, between: char) -> String {
        let name = match self {
            Self::Sqlite => "group_concat",
            Self::Postgres => "string_agg",
        };
        format!("{name}({column}, '{between}')")
    }
}

/// Connections.
#[derive(Debug, Clone)]
pub(in crate::store) enum Pool {
    /// To SQLite.
    Sqlite(SqlitePool),
    /// To PostgreSQL.
    Postgres(PgPool),
}

/// A reading transaction sees one moment, as it does in SQLite. One that hangs lets go of the server by itself.
const READING: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// Writers take turns by a row, as SQLite's do by its lock: who holds it sees everything that was written before, and two
/// replicas can append to no chain at once. The row goes back with the transaction, whatever becomes of the session, and a
/// process that hangs with it in its hand loses both.
const WRITING: &str = "SET LOCAL lock_timeout = '8s'; SET LOCAL idle_in_transaction_session_timeout = '6s'; \
     SELECT 1 FROM pen WHERE one = 1 FOR UPDATE";

/// The same without the turn.
const CHANGING: &str = "SET LOCAL lock_timeout = '8s'; SET LOCAL idle_in_transaction_session_timeout = '6s'";

/// Begun by itself: where what comes next fails, the transaction is known to be open, and is rolled back before another gets
/// its connection.
async fn begun(pool: &PgPool, first: &'static str) -> Result<Transaction<'static, Postgres>, Error> {
    let mut tx = pool.begin().await?;
    sqlx::raw_sql(first).execute(&mut *tx).await?;
    Ok(tx)
}

impl Pool {
    /// Which database it leads to.
    pub(in crate::store) const fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// A transaction that reads one moment.
    pub(in crate::store) async fn begin(&self) -> Result<Tx, Error> {
        Ok(Tx(match self {
            Self::Sqlite(pool) => Link::Sqlite(pool.begin().await?),
            Self::Postgres(pool) => Link::Postgres(pool.begin_with(READING).await?),
        }))
    }

    /// A transaction that writes, and is the only one that does.
    pub(in crate::store) async fn write(&self) -> Result<Tx, Error> {
        Ok(Tx(match self {
            // at once: a transaction that read first could fail to be upgraded
            Self::Sqlite(pool) => Link::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Link::Postgres(begun(pool, WRITING).await?),
        }))
    }

    /// SQLite's own, for tests.
    #[cfg(test)]
    pub(in crate::store) fn sqlite(&self) -> &SqlitePool {
        match self {
            Self::Sqlite(pool) => pool,
            Self::Postgres(_) => panic!("this is not SQLite"),
        }
    }

    /// A transaction that writes and does not wait for its turn: of rows that stand for themselves.
    pub(in crate::store) async fn change(&self) -> Result<Tx, Error> {
        match self {
            Self::Sqlite(_) => self.write().await,
            Self::Postgres(pool) => Ok(Tx(Link::Postgres(begun(pool, CHANGING).await?))),
        }
    }

    /// Closes every connection.
    pub(in crate::store) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// A connection within a transaction.
#[derive(Debug)]
pub(in crate::store) enum Link {
    /// To SQLite.
    Sqlite(Transaction<'static, Sqlite>),
    /// To PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
}

impl Link {
    /// Which database it leads to.
    pub(in crate::store) const fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// PostgreSQL's own.
    pub(in crate::store) fn postgres(&mut self) -> Result<&mut Transaction<'static, Postgres>, Error> {
        match self {
            Self::Postgres(tx) => Ok(tx),
            Self::Sqlite(_) => Err(Error::Configuration("this is not PostgreSQL".into())),
        }
    }
}

/// A transaction: nothing of it stays unless it is committed.
#[derive(Debug)]
pub(in crate::store) struct Tx(Link);

impl Tx {
    /// Ends it: all of it is on disk.
    pub(in crate::store) async fn commit(self) -> Result<(), Error> {
        match self.0 {
            Link::Sqlite(tx) => tx.commit().await,
            Link::Postgres(tx) => tx.commit().await,
        }
    }

    /// Ends it: nothing of it stays.
    pub(in crate::store) async fn rollback(self) -> Result<(), Error> {
        match self.0 {
            Link::Sqlite(tx) => tx.rollback().await,
            Link::Postgres(tx) => tx.rollback().await,
        }
    }
}

impl Deref for Tx {
    type Target = Link;
    fn deref(&self) -> &Link {
        &self.0
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Link {
        &mut self.0
    }
}

/// What a statement is asked of.
#[derive(Debug)]
pub(in crate::store) enum On<'a> {
    /// A transaction.
    Link(&'a mut Link),
    /// Whatever connection is free, for one statement.
    Pool(&'a Pool),
}

impl<'a> From<&'a mut Link> for On<'a> {
    fn from(link: &'a mut Link) -> Self {
        Self::Link(link)
    }
}

impl<'a> From<&'a Pool> for On<'a> {
    fn from(pool: &'a Pool) -> Self {
        Self::Pool(pool)
    }
}
