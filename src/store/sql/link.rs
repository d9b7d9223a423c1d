//! Connections to either database. One to PostgreSQL is only ever held for the length of a transaction.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use sqlx::postgres::{PgPool, PgRow};
use sqlx::sqlite::SqlitePool;
use sqlx::{Error, Postgres, Row as _, Sqlite, Transaction};

use crate::store::StoreError;

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
    Postgres(PgPool, Arc<Turns>),
}

/// How often a server's journal was written, as far as this process knows it to be confirmed.
#[derive(Debug, Default)]
pub(in crate::store) struct Turns(AtomicI64);

impl Turns {
    /// How many were confirmed.
    pub(in crate::store) fn known(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    /// Takes in how many the server knows of, asked after so many were `known`; and how many are known to be lost.
    ///
    /// # Errors
    /// When it has confirmed more before (L11), or another replica found that it had.
    pub(in crate::store) fn heard(&self, known: i64, (found, lost): (i64, i64)) -> Result<(), StoreError> {
        let lost = lost.max(known.saturating_sub(found));
        if lost > 0 {
            return Err(StoreError::WentBack { lost });
        }
        self.0.fetch_max(found, Ordering::SeqCst);
        Ok(())
    }
}

/// A reading transaction sees one moment, as it does in SQLite. One that hangs lets go of the server by itself.
const READING: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// Writers take turns by a row, as SQLite's do by its lock: who holds it sees everything that was written before, and two
/// replicas can append to no chain at once. The row goes back with the transaction, whatever becomes of the session, and a
/// process that hangs with it in its hand loses both.
const WRITING: &str = "SET LOCAL lock_timeout = '8s'; SET LOCAL idle_in_transaction_session_timeout = '6s'; \
     UPDATE pen SET turns = turns + 1 WHERE one = 1 RETURNING turns, lost";

/// The same without the turn.
const CHANGING: &str = "SET LOCAL lock_timeout = '8s'; SET LOCAL idle_in_transaction_session_timeout = '6s'";

/// Begun by itself: where what comes next fails, the transaction is known to be open, and is rolled back before another gets
/// its connection.
async fn begun(pool: &PgPool, first: &'static str) -> Result<(Transaction<'static, Postgres>, Option<PgRow>), Error> {
    let mut tx = pool.begin().await?;
    let row = sqlx::raw_sql(first).fetch_optional(&mut *tx).await?;
    Ok((tx, row))
}

impl Pool {
    /// Which database it leads to.
    pub(in crate::store) const fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(..) => Dialect::Postgres,
        }
    }

    /// A transaction that reads one moment.
    pub(in crate::store) async fn begin(&self) -> Result<Tx, Error> {
        Ok(Tx::of(match self {
            Self::Sqlite(pool) => Link::Sqlite(pool.begin().await?),
            Self::Postgres(pool, _) => Link::Postgres(pool.begin_with(READING).await?),
        }))
    }

    /// A transaction that writes, and is the only one that does.
    pub(in crate::store) async fn write(&self) -> Result<Tx, StoreError> {
        match self {
            // at once: a transaction that read first could fail to be upgraded
            Self::Sqlite(pool) => Ok(Tx::of(Link::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?))),
            Self::Postgres(pool, turns) => {
                let (tx, row) = begun(pool, WRITING).await?;
                let row = row.ok_or(Error::RowNotFound)?;
                let (turn, lost): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
                turns.heard(turns.known(), (turn.saturating_sub(1), lost))?;
                Ok(Tx { link: Link::Postgres(tx), turn: Some((turns.clone(), turn)) })
            }
        }
    }

    /// SQLite's own, for tests.
    #[cfg(test)]
    pub(in crate::store) fn sqlite(&self) -> &SqlitePool {
        match self {
            Self::Sqlite(pool) => pool,
            Self::Postgres(..) => panic!("this is not SQLite"),
        }
    }

    /// A transaction that writes and does not wait for its turn: of rows that stand for themselves.
    pub(in crate::store) async fn change(&self) -> Result<Tx, StoreError> {
        match self {
            Self::Sqlite(_) => self.write().await,
            Self::Postgres(pool, _) => Ok(Tx::of(Link::Postgres(begun(pool, CHANGING).await?.0))),
        }
    }

    /// Closes every connection.
    pub(in crate::store) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool, _) => pool.close().await,
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
pub(in crate::store) struct Tx {
    link: Link,
    /// Where it is a turn on a server: which one, to be known once it is confirmed.
    turn: Option<(Arc<Turns>, i64)>,
}

impl Tx {
    const fn of(link: Link) -> Self {
        Self { link, turn: None }
    }

    /// Ends it: all of it is on disk.
    pub(in crate::store) async fn commit(self) -> Result<(), Error> {
        match self.link {
            Link::Sqlite(tx) => tx.commit().await?,
            Link::Postgres(tx) => tx.commit().await?,
        }
        if let Some((turns, turn)) = self.turn {
            turns.0.fetch_max(turn, Ordering::SeqCst);
        }
        Ok(())
    }

    /// Ends it: nothing of it stays.
    pub(in crate::store) async fn rollback(self) -> Result<(), Error> {
        match self.link {
            Link::Sqlite(tx) => tx.rollback().await,
            Link::Postgres(tx) => tx.rollback().await,
        }
    }
}

impl Deref for Tx {
    type Target = Link;
    fn deref(&self) -> &Link {
        &self.link
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Link {
        &mut self.link
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
