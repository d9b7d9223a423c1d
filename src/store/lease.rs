//! Which of several replicas decides about what: each is a member with a row beside the ledger, its parts of the fleet (shards) belong
//! to that row, and every write of it depends on that row (L2, L3).

mod heartbeats;
mod losses;
mod requests;
mod shards;
mod shown;
mod switch;
mod table;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use sqlx::postgres::PgPool;

use super::sql::{Link, Pool, Turns, query, query_scalar};
use super::{Server, Store, StoreError};
use crate::facts::Shard;
use crate::units::WorkspaceId;
pub use requests::Request;
use switch::Switch;
pub use table::Table;

/// So long a lease lasts after its last renewal; the statements say the same.
const LENGTH: SignedDuration = SignedDuration::from_secs(15);
/// Each joining is an epoch of its own. One whose answer was lost is made anew.
const JOIN: &str = "INSERT INTO members (holder, epoch, expires_at, ready)
     VALUES (?1, nextval('member_epochs'), clock_timestamp() + interval '15 seconds', ?2)
     ON CONFLICT (holder) DO UPDATE SET epoch = excluded.epoch, expires_at = excluded.expires_at RETURNING epoch";
/// Also one that ran out, as long as nobody took its row away: nobody else acted on what it has meanwhile.
const RENEW: &str = "UPDATE members SET expires_at = clock_timestamp() + interval '15 seconds'
     WHERE holder = ?1 AND epoch = ?2";
/// Shared: who would take the row away waits until what is being written is on disk, or given up.
const STANDS: &str = "SELECT epoch FROM members
     WHERE holder = ?1 AND epoch = ?2 AND expires_at > clock_timestamp() FOR SHARE";
/// Shared: who would hand it over or take it waits as well.
const HAS: &str = "SELECT shard FROM shards WHERE shard = ?1 AND holder = ?2 FOR SHARE";
/// What it has is free with it, and what it showed is gone.
const LEAVE: &str = "DELETE FROM members WHERE holder = ?1 AND epoch = ?2";
/// Rows of processes that ended without a word and that nobody had anything to take from.
const FORGET: &str = "DELETE FROM members WHERE expires_at <= clock_timestamp() - interval '1 hour'";

/// What every write of a replica depends on.
#[derive(Debug)]
pub(super) struct Fence {
    holder: String,
    /// Of its membership; 0 while it is none.
    epoch: AtomicI64,
    /// When the last renewal that was confirmed was asked for, in milliseconds of a clock that never steps.
    renewed_ms: AtomicI64,
    /// What the freeze switch of all replicas said when it was last read.
    switch: Switch,
}

/// Before any renewal.
const NEVER: i64 = i64::MIN;

impl Fence {
    fn of(holder: &str) -> Self {
        let (epoch, renewed_ms) = (AtomicI64::new(0), AtomicI64::new(NEVER));
        Self { holder: holder.to_owned(), epoch, renewed_ms, switch: Switch::default() }
    }

    fn epoch(&self) -> i64 {
        self.epoch.load(Ordering::SeqCst)
    }

    fn renewed(&self, asked: SignedDuration) {
        self.renewed_ms.store(i64::try_from(asked.as_millis()).unwrap_or(NEVER), Ordering::SeqCst);
    }

    fn lost(&self) {
        self.renewed_ms.store(NEVER, Ordering::SeqCst);
        self.epoch.store(0, Ordering::SeqCst);
    }

    /// Refuses where its row was taken away, or its time is over.
    pub(super) async fn stands(&self, tx: &mut Link) -> Result<(), StoreError> {
        let epoch = self.epoch();
        if epoch == 0 {
            return Err(StoreError::NoMember);
        }
        let held: Option<i64> = query_scalar(STANDS).bind(&self.holder).bind(epoch).fetch_optional(tx).await?;
        held.map(|_| ()).ok_or(StoreError::LeaseLost)
    }

    /// Refuses while all replicas are frozen (G12): whoever threw the switch may rely on it from that moment on.
    pub(super) async fn thawed(&self, tx: &mut Link) -> Result<(), StoreError> {
        let frozen: Option<i64> = query_scalar("SELECT one FROM freezes").fetch_optional(tx).await?;
        frozen.map_or(Ok(()), |_| Err(StoreError::Frozen))
    }

    /// Refuses where the workspace is in a shard of another replica, or of nobody.
    pub(super) async fn has(&self, tx: &mut Link, workspace: &WorkspaceId) -> Result<(), StoreError> {
        let shard = i64::from(Shard::of(workspace).number());
        let held: Option<i64> = query_scalar(HAS).bind(shard).bind(&self.holder).fetch_optional(tx).await?;
        held.map(|_| ()).ok_or(StoreError::Elsewhere)
    }
}

/// The membership of one replica.
#[derive(Debug)]
pub struct Lease {
    /// For renewals alone: whatever else is read or written keeps none waiting for a connection.
    pool: Pool,
    beside: Pool,
    fence: Arc<Fence>,
    turns: Arc<Turns>,
}

impl Store {
    /// Signs in as one of several replicas: it reads at once, and writes while it is a member. `holder` is this process's
    /// own, and of no other one, nor of one before.
    ///
    /// # Errors
    /// As [`Store::connect`].
    pub async fn replica(server: &Server, holder: &str) -> Result<(Self, Lease), StoreError> {
        let pool: PgPool = Self::connected(server).await?;
        let (fence, turns) = (Arc::new(Fence::of(holder)), Arc::<Turns>::default());
        let own = Pool::Postgres(server.pool(1).await?, turns.clone());
        // a large view that is laid down keeps no taking waiting
        let beside = Pool::Postgres(server.pool(3).await?, turns.clone());
        let store = Self::on_server(Pool::Postgres(pool, turns.clone()), Some(fence.clone()));
        Ok((store, Lease { pool: own, beside, fence, turns }))
    }

    /// By what this process may act.
    #[must_use]
    pub fn turn(&self) -> Turn {
        let Some(fence) = &self.fence else { return Turn::Alone };
        let renewed = fence.renewed_ms.load(Ordering::SeqCst);
        Turn::Lease { renewed: (renewed != NEVER).then(|| SignedDuration::from_millis(renewed)) }
    }
}

/// By what a process may act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Nobody else can: the journal is this process's own (L1).
    Alone,
    /// By its lease.
    Lease {
        /// When the last renewal that was confirmed was asked for, by the clock that it was given; none while it holds none.
        renewed: Option<SignedDuration>,
    },
}

impl Lease {
    /// What this replica is called.
    #[must_use]
    pub fn holder(&self) -> &str {
        &self.fence.holder
    }

    /// Becomes a member, without any shard yet. `asked`: what a clock that never steps says now.
    ///
    /// # Errors
    /// When the server cannot be asked, or knows less than it did (L11).
    pub async fn join(&self, asked: SignedDuration) -> Result<(), StoreError> {
        self.join_as(asked, 1).await
    }

    /// The same for one that others are to give nothing until it is [`Lease::ready`].
    ///
    /// # Errors
    /// As [`Lease::join`].
    pub async fn come(&self, asked: SignedDuration) -> Result<(), StoreError> {
        self.join_as(asked, 0).await
    }

    /// From now on others give it what should be its own.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn ready(&self) -> Result<(), StoreError> {
        let mut tx = self.beside.change().await?;
        let text = "UPDATE members SET ready = 1 WHERE holder = ? AND epoch = ?";
        query(text).bind(&self.fence.holder).bind(self.fence.epoch()).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn join_as(&self, asked: SignedDuration, ready: i64) -> Result<(), StoreError> {
        self.look_for_losses().await?;
        let reading = self.fence.switch.reading();
        let mut tx = self.pool.change().await?;
        query(FORGET).execute(&mut *tx).await?;
        let epoch: i64 = query_scalar(JOIN).bind(&self.fence.holder).bind(ready).fetch_one(&mut *tx).await?;
        let table = table::read(&mut tx).await?;
        tx.commit().await?;
        self.fence.epoch.store(epoch, Ordering::SeqCst);
        self.fence.renewed(asked);
        self.fence.switch.read(reading, asked, table.frozen);
        Ok(())
    }

    /// Stays a member for another 15 s, and tells who else is one and has what; none when its row was taken away, and nothing is
    /// written any more.
    ///
    /// # Errors
    /// When the server cannot be asked: then nobody knows. When it knows less than it did, whoever is a member now.
    pub async fn renew(&self, asked: SignedDuration) -> Result<Option<Table>, StoreError> {
        self.look_for_losses().await?;
        let reading = self.fence.switch.reading();
        let mut tx = self.pool.change().await?;
        let done = query(RENEW).bind(&self.fence.holder).bind(self.fence.epoch()).execute(&mut *tx).await?;
        if done.rows_affected() == 0 {
            tx.rollback().await?;
            self.fence.lost();
            return Ok(None);
        }
        let table = table::read(&mut tx).await?;
        tx.commit().await?;
        self.fence.renewed(asked);
        self.fence.switch.read(reading, asked, table.frozen.clone());
        Ok(Some(table))
    }

    /// Who is a member and has what, and whether all are frozen.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn look(&self, asked: SignedDuration) -> Result<Table, StoreError> {
        let reading = self.fence.switch.reading();
        let mut tx = self.beside.begin().await?;
        let table = table::read(&mut tx).await?;
        tx.rollback().await?;
        self.fence.switch.read(reading, asked, table.frozen.clone());
        Ok(table)
    }

    /// Says by which identity this replica asks Azure.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn introduce(&self, identity: &str) -> Result<(), StoreError> {
        let mut tx = self.beside.change().await?;
        let text = "UPDATE members SET identity = ? WHERE holder = ? AND epoch = ?";
        query(text).bind(identity).bind(&self.fence.holder).bind(self.fence.epoch()).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Gives everything back and is no member any more: the others need not wait for its end.
    ///
    /// # Errors
    /// When the server cannot be asked, or its row was taken away already.
    pub async fn leave(&self) -> Result<(), StoreError> {
        let epoch = self.fence.epoch();
        self.fence.lost();
        let mut tx = self.pool.change().await?;
        let done = query(LEAVE).bind(&self.fence.holder).bind(epoch).execute(&mut *tx).await?;
        tx.commit().await?;
        if done.rows_affected() == 0 { Err(StoreError::LeaseLost) } else { Ok(()) }
    }

    /// What the server's clock says, to the millisecond.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn server_time(&self) -> Result<Timestamp, StoreError> {
        let text = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)";
        table::time_of(query_scalar(text).fetch_one(&self.pool).await?)
    }
}
