//! A replica among several: joining them while the clock is right, and staying a member (L2, L10); and the turn of a command that acts
//! alone.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::clock::SystemClock;
use crate::ports::Clock as _;
use crate::store::{Lease, StoreError, Table};

/// From one try or renewal to the next: what a replica had whose lease ran out is then taken within 20 s of its last renewal.
pub const AGAIN: Duration = Duration::from_secs(2);
/// A renewal may wait so long for what this replica is writing itself.
const PATIENCE: Duration = Duration::from_secs(10);
/// Whose clock is further from the server's is no member (L10).
const SKEW_MAX: SignedDuration = SignedDuration::from_secs(5);
/// So many tries in a row may go unanswered: a server that another took the place of never ends the connections to it.
const SILENT_MAX: u32 = 3;
/// A clock may be wrong at so many renewals one after the other; a machine that slept is set right in that time.
const WRONG_MAX: u32 = 3;

/// Why a lease cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// The server.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The clock (L10).
    #[error("this machine's clock is {apart} s from the database server's, and 5 s is the most; set it right (NTP)")]
    Skew {
        /// So far.
        apart: i64,
    },
    /// Another replica runs.
    #[error("the replica {0} runs, and this command acts alone; ask a replica, or stop all of them first")]
    Another(String),
    /// It hangs.
    #[error(
        "the database server was not heard of in {} tries; this replica ends, so that its supervisor starts it with connections of its own",
        SILENT_MAX
    )]
    Silent,
    /// It was lost.
    #[error("another replica took over; this one ends, and joins the others when it is started again")]
    Lost,
}

/// The membership of this process.
#[derive(Debug)]
pub struct Leadership {
    lease: Lease,
    clock: SystemClock,
}

impl Leadership {
    /// Of a process that is no member yet.
    #[must_use]
    pub const fn new(lease: Lease) -> Self {
        Self { lease, clock: SystemClock }
    }

    /// The lease.
    #[must_use]
    pub const fn lease(&self) -> &Lease {
        &self.lease
    }

    /// What this replica is called.
    #[must_use]
    pub fn holder(&self) -> &str {
        self.lease.holder()
    }

    /// Becomes a member, without any shard yet, where this machine's clock is right; one that is to come is given nothing until it is
    /// ready.
    ///
    /// # Errors
    /// When the server cannot be asked, or the clocks are too far apart.
    pub async fn join(&self, is_to_come: bool) -> Result<(), LeaseError> {
        let asked = async { Ok((self.clock.now(), self.lease.server_time().await?)) };
        let (before, theirs) = timeout(PATIENCE, asked).await.unwrap_or(Err(LeaseError::Silent))?;
        let apart = apart((before, self.clock.now()), theirs);
        if apart > SKEW_MAX {
            return Err(LeaseError::Skew { apart: apart.as_secs() });
        }
        let joined = async {
            let now = self.clock.steady();
            Ok(if is_to_come { self.lease.come(now).await } else { self.lease.join(now).await }?)
        };
        timeout(PATIENCE, joined).await.unwrap_or(Err(LeaseError::Silent))
    }

    /// Joins and has the whole fleet, or neither: for whoever acts alone. None when it has; else who is in the way.
    ///
    /// # Errors
    /// As [`Leadership::join`].
    pub async fn join_alone(&self) -> Result<Option<String>, LeaseError> {
        self.join(false).await?;
        let taken = async { Ok(self.lease.take_all().await?) };
        let taken = timeout(PATIENCE, taken).await.unwrap_or(Err(LeaseError::Silent));
        if !matches!(taken, Ok(None)) {
            self.leave().await;
        }
        taken
    }

    /// Counts the tries in a row that were not answered; an error when there were too many.
    ///
    /// # Errors
    /// [`LeaseError::Silent`].
    pub const fn silent(is_silent: bool, tries: &mut u32) -> Result<(), LeaseError> {
        *tries = if is_silent { tries.saturating_add(1) } else { 0 };
        if *tries >= SILENT_MAX { Err(LeaseError::Silent) } else { Ok(()) }
    }

    /// Stays a member for as long as it can, tells each time whether it could; the end of this is the end of it. While the server cannot be asked the send gate closes by itself, and nothing can be written either.
    #[expect(clippy::cognitive_complexity, reason = "the logging macros count, not the code")]
    pub async fn keep(&self, acts: impl Fn(Result<(), String>)) -> LeaseError {
        let (mut wrong, mut silent) = (0_u32, 0_u32);
        loop {
            let before = self.clock.now();
            let renewed = timeout(PATIENCE, self.lease.renew(self.clock.steady())).await;
            if let Err(ended) = Self::silent(renewed.is_err(), &mut silent) {
                return ended;
            }
            acts(match &renewed {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) => Err(error.to_string()),
                Err(_) => Err("the lease was not renewed within 10 s".to_owned()),
            });
            match renewed {
                Ok(Ok(Some(table))) => {
                    let apart = apart((before, self.clock.now()), table.at);
                    wrong = if apart > SKEW_MAX { wrong.saturating_add(1) } else { 0 };
                    if wrong >= WRONG_MAX {
                        return LeaseError::Skew { apart: apart.as_secs() };
                    }
                }
                Ok(Ok(None)) => return LeaseError::Lost,
                Ok(Err(error)) => tracing::warn!("could not renew the lease: {error}"),
                Err(_) => tracing::warn!("the lease was not renewed within 10 s"),
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Gives everything back at the end.
    pub async fn leave(&self) {
        let left = timeout(PATIENCE, self.lease.leave()).await;
        let why = match left {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the database server did not answer within 10 s".to_owned(),
        };
        tracing::warn!("could not give the lease back, it runs out by itself: {why}");
    }

    /// Reads the freeze switch of all replicas now, and again for as long as the process lasts: for one that only looks, and is no
    /// member. What cannot be read counts as frozen.
    pub async fn follow_switch(self: Arc<Self>) {
        self.look().await;
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(AGAIN).await;
                self.look().await;
            }
        });
    }

    /// Who is a member and has what.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn table(&self) -> Result<Table, StoreError> {
        self.lease.look(self.clock.steady()).await
    }

    async fn look(&self) {
        let looked = timeout(PATIENCE, self.table()).await;
        if let Ok(Err(error)) = looked {
            tracing::warn!("could not read the freeze switch of all replicas: {error}");
        }
    }
}

/// The turn of a command that acts alone: it has the whole fleet until the command ends, which gives it back in one place.
#[derive(Debug, Clone, Default)]
pub struct CommandTurn(Arc<Mutex<Option<Turn>>>);

#[derive(Debug)]
struct Turn {
    leadership: Arc<Leadership>,
    keeping: JoinHandle<LeaseError>,
}

impl CommandTurn {
    /// Takes the whole fleet for this command, and keeps it until [`CommandTurn::give_back`].
    ///
    /// # Errors
    /// When another replica runs, or the server cannot be asked.
    pub async fn take_now(&self, leadership: Arc<Leadership>) -> Result<(), LeaseError> {
        let mut turn = self.0.lock().await;
        if let Some(holder) = leadership.join_alone().await? {
            return Err(LeaseError::Another(holder));
        }
        let kept = leadership.clone();
        let keeping = tokio::spawn(async move { kept.keep(|_| {}).await });
        *turn = Some(Turn { leadership, keeping });
        Ok(())
    }

    /// Gives back what was taken, if anything was: whoever comes next need not wait for the end of a lease.
    pub async fn give_back(&self) {
        let Some(Turn { leadership, keeping }) = self.0.lock().await.take() else { return };
        keeping.abort();
        // a renewal that goes on would find its row gone, and is of no use to anyone
        drop(keeping.await);
        leadership.leave().await;
    }
}

/// How far their time is from ours, which was read before and after.
fn apart((before, after): (Timestamp, Timestamp), theirs: Timestamp) -> SignedDuration {
    theirs.duration_since(after).max(before.duration_since(theirs)).max(SignedDuration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_apart_by_what_no_delay_explains() {
        let at = |second: i64| Timestamp::from_second(1_800_000_000 + second).unwrap();
        let secs = |ours, theirs| apart(ours, theirs).as_secs();
        assert_eq!(secs((at(0), at(4)), at(2)), 0, "within the time that the answer took");
        assert_eq!(secs((at(0), at(1)), at(9)), 8);
        assert_eq!(secs((at(20), at(21)), at(9)), 11);
    }
}
