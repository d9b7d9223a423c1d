//! Who of several replicas acts: a lease is a row beside the ledger, and every write of who holds it depends on that row (L2, L3).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use sqlx::postgres::PgPool;

use super::rows::{Place, stamp};
use super::sql::{Link, Pool, Turns, query, query_scalar};
use super::{Server, Store, StoreError};

/// The one lease there is: of the whole fleet.
const FLEET: &str = "fleet";
/// Taken where nobody has it, or its time is over by the server's own clock (L10). Each taking is an epoch of its own.
const TAKE: &str = "INSERT INTO leases (name, holder, epoch, expires_at)
     VALUES (?1, ?2, 1, clock_timestamp() + interval '15 seconds')
     ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, epoch = leases.epoch + 1, expires_at = excluded.expires_at
     WHERE leases.expires_at <= clock_timestamp() RETURNING epoch";
/// Also one that ran out, as long as nobody took it since: nobody else acted meanwhile.
const RENEW: &str = "UPDATE leases SET expires_at = clock_timestamp() + interval '15 seconds'
     WHERE name = ?1 AND holder = ?2 AND epoch = ?3 RETURNING CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)";
const RELEASE: &str = "UPDATE leases SET expires_at = clock_timestamp() WHERE name = ?1 AND holder = ?2 AND epoch = ?3";
/// Shared: who would take the lease waits until what is being written is on disk, or given up.
const STANDS: &str = "SELECT epoch FROM leases
     WHERE name = ?1 AND holder = ?2 AND epoch = ?3 AND expires_at > clock_timestamp() FOR SHARE";

/// What every write of a replica depends on.
#[derive(Debug)]
pub(super) struct Fence {
    holder: String,
    /// Of the lease that it holds; 0 while it holds none.
    epoch: AtomicI64,
    /// When the last renewal that was confirmed was asked for, in milliseconds of a clock that never steps.
    renewed_ms: AtomicI64,
}

/// Before any renewal.
const NEVER: i64 = i64::MIN;

impl Fence {
    fn renewed(&self, asked: SignedDuration) {
        self.renewed_ms.store(i64::try_from(asked.as_millis()).unwrap_or(NEVER), Ordering::SeqCst);
    }

    fn lost(&self) {
        self.renewed_ms.store(NEVER, Ordering::SeqCst);
        self.epoch.store(0, Ordering::SeqCst);
    }

    /// Refuses where the lease is another's, or its time is over.
    pub(super) async fn stands(&self, tx: &mut Link) -> Result<(), StoreError> {
        let epoch = self.epoch.load(Ordering::SeqCst);
        if epoch == 0 {
            return Err(StoreError::StandingBy);
        }
        let held: Option<i64> =
            query_scalar(STANDS).bind(FLEET).bind(&self.holder).bind(epoch).fetch_optional(tx).await?;
        held.map(|_| ()).ok_or(StoreError::LeaseLost)
    }
}

/// How taking it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It is ours.
    Ours,
    /// Another replica has it.
    By(String),
}

/// The lease, as one replica sees it.
#[derive(Debug)]
pub struct Lease {
    pool: Pool,
    fence: Arc<Fence>,
    turns: Arc<Turns>,
}

impl Store {
    /// Signs in as one of several replicas: it reads at once, and writes while it holds the lease. `holder` is this process's
    /// own, and of no other one, nor of one before.
    ///
    /// # Errors
    /// As [`Store::connect`].
    pub async fn replica(server: &Server, holder: &str) -> Result<(Self, Lease), StoreError> {
        let pool: PgPool = Self::connected(server).await?;
        let fence =
            Arc::new(Fence { holder: holder.to_owned(), epoch: AtomicI64::new(0), renewed_ms: AtomicI64::new(NEVER) });
        // A connection of its own: whoever writes much at once keeps no renewal waiting for one.
        let turns: Arc<Turns> = Arc::default();
        let own = Pool::Postgres(server.pool(1).await?, turns.clone());
        let store = Self::on_server(Pool::Postgres(pool, turns.clone()), Some(fence.clone()));
        Ok((store, Lease { pool: own, fence, turns }))
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
    /// Takes it, where nobody has it. `asked`: what a clock that never steps says now.
    ///
    /// # Errors
    /// When the server cannot be asked, or knows less than it did (L11): a replica that stands by sees it, too.
    pub async fn take(&self, asked: SignedDuration) -> Result<Taken, StoreError> {
        self.look_for_losses().await?;
        let mut tx = self.pool.change().await?;
        let epoch: Option<i64> =
            query_scalar(TAKE).bind(FLEET).bind(&self.fence.holder).fetch_optional(&mut *tx).await?;
        let holder: String =
            query_scalar("SELECT holder FROM leases WHERE name = ?").bind(FLEET).fetch_one(&mut *tx).await?;
        tx.commit().await?;
        let Some(epoch) = epoch else { return Ok(Taken::By(holder)) };
        self.fence.epoch.store(epoch, Ordering::SeqCst);
        self.fence.renewed(asked);
        Ok(Taken::Ours)
    }

    /// Keeps it for another 15 s, and tells what the server's clock says; none when it is another's, and nothing is written any
    /// more.
    ///
    /// # Errors
    /// When the server cannot be asked: then nobody knows. When it knows less than it did, whoever holds the lease now.
    pub async fn renew(&self, asked: SignedDuration) -> Result<Option<Timestamp>, StoreError> {
        self.look_for_losses().await?;
        let epoch = self.fence.epoch.load(Ordering::SeqCst);
        let mut tx = self.pool.change().await?;
        let query = query_scalar(RENEW).bind(FLEET).bind(&self.fence.holder).bind(epoch);
        let theirs: Option<i64> = query.fetch_optional(&mut *tx).await?;
        tx.commit().await?;
        let Some(theirs) = theirs else {
            self.fence.lost();
            return Ok(None);
        };
        self.fence.renewed(asked);
        time_of(theirs).map(Some)
    }

    /// Whoever finds that the server forgot something writes it down, so that no other replica goes on by what is left.
    async fn look_for_losses(&self) -> Result<(), StoreError> {
        let known = self.turns.known();
        let mut tx = self.pool.change().await?;
        let row = query("SELECT turns, lost FROM pen WHERE one = 1").fetch_one(&mut *tx).await?;
        let (found, lost) = (row.try_get("turns")?, row.try_get("lost")?);
        let heard = self.turns.heard(known, (found, lost));
        if let Err(StoreError::WentBack { lost: more }) = &heard
            && *more > lost
        {
            let text = "UPDATE pen SET lost = ? WHERE one = 1 AND lost < ?";
            query(text).bind(*more).bind(*more).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        heard
    }

    /// A person has looked, and goes on by what is left; how many writes are lost, and whether any were.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn accept_loss(&self) -> Result<i64, StoreError> {
        let mut tx = self.pool.change().await?;
        let lost: i64 = query_scalar("SELECT lost FROM pen WHERE one = 1 FOR UPDATE").fetch_one(&mut *tx).await?;
        // whoever knows of more than there are now finds them counted
        query("UPDATE pen SET turns = turns + lost, lost = 0 WHERE one = 1").execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(lost)
    }

    /// Gives it back: another replica need not wait for its end.
    ///
    /// # Errors
    /// When the server cannot be asked, or it was another's already.
    pub async fn release(&self) -> Result<(), StoreError> {
        let epoch = self.fence.epoch.load(Ordering::SeqCst);
        self.fence.lost();
        let mut tx = self.pool.change().await?;
        let done = query(RELEASE).bind(FLEET).bind(&self.fence.holder).bind(epoch).execute(&mut *tx).await?;
        tx.commit().await?;
        if done.rows_affected() == 0 { Err(StoreError::LeaseLost) } else { Ok(()) }
    }

    /// What the server's clock says, to the millisecond.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn server_time(&self) -> Result<Timestamp, StoreError> {
        let text = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)";
        let millis: i64 = query_scalar(text).fetch_one(&self.pool).await?;
        time_of(millis)
    }

    /// Lays down what this replica shows of the fleet, for the others to show. Only who holds the lease does.
    ///
    /// # Errors
    /// When it cannot be written, or the lease is another's.
    pub async fn publish(&self, view: &str, at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.pool.change().await?;
        self.fence.stands(&mut tx).await?;
        query(
            "INSERT INTO published (one, holder, at, view) VALUES (1, ?, ?, ?)
             ON CONFLICT (one) DO UPDATE SET holder = excluded.holder, at = excluded.at, view = excluded.view",
        )
        .bind(&self.fence.holder)
        .bind(stamp(at))
        .bind(view)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// What the acting replica shows of the fleet, where it is another than what was shown at `known`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn published(&self, known: Option<Timestamp>) -> Result<Option<String>, StoreError> {
        let text = "SELECT view FROM published WHERE at <> ?";
        let known = known.map(stamp).unwrap_or_default();
        Ok(query_scalar(text).bind(known).fetch_optional(&self.pool).await?)
    }
}

fn time_of(millis: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(millis).map_err(|error| Place { table: "the clock", row: "now" }.wrong(error))
}
