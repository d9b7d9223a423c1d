//! One of several replicas acts and the others stand by: taking the lease, and keeping it (L2, L10).

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::timeout;

use super::clock::SystemClock;
use crate::ports::Clock as _;
use crate::store::{Lease, StoreError, Taken};

/// From one try or renewal to the next: a lease that ran out is then taken within 20 s of its last renewal.
pub const AGAIN: Duration = Duration::from_secs(2);
/// A renewal may wait so long for what this replica is writing itself.
const PATIENCE: Duration = Duration::from_secs(10);
/// A clock that is further from the server's does not lead (L10).
const SKEW_MAX: SignedDuration = SignedDuration::from_secs(5);
/// So many tries in a row may go unanswered: a server that another took the place of never ends the connections to it.
const SILENT_MAX: u32 = 3;
/// A clock may be wrong at so many renewals one after the other; a machine that slept is set right in that time.
const WRONG_MAX: u32 = 3;

/// Why the lease cannot be had.
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
    /// Another replica has it.
    #[error("the replica {0} acts; ask it, or stop it first")]
    Another(String),
    /// It hangs.
    #[error(
        "the database server was not heard of in {} tries; this replica ends, so that its supervisor starts it with connections of its own",
        SILENT_MAX
    )]
    Silent,
    /// It was lost.
    #[error("another replica took over; this one ends, and stands by when it is started again")]
    Lost,
}

/// The lease of this process.
#[derive(Debug)]
pub struct Leadership {
    lease: Lease,
    clock: SystemClock,
}

impl Leadership {
    /// Of a process that has no lease yet.
    #[must_use]
    pub const fn new(lease: Lease) -> Self {
        Self { lease, clock: SystemClock }
    }

    /// The lease.
    #[must_use]
    pub const fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Takes it, where nobody has it and this machine's clock is right.
    ///
    /// # Errors
    /// When the server cannot be asked, or the clocks are too far apart.
    pub async fn take(&self) -> Result<Taken, LeaseError> {
        let asked = async { Ok((self.clock.now(), self.lease.server_time().await?)) };
        let (before, theirs) = timeout(PATIENCE, asked).await.unwrap_or(Err(LeaseError::Silent))?;
        let apart = apart((before, self.clock.now()), theirs);
        if apart > SKEW_MAX {
            return Err(LeaseError::Skew { apart: apart.as_secs() });
        }
        let taken = async { Ok(self.lease.take(self.clock.steady()).await?) };
        timeout(PATIENCE, taken).await.unwrap_or(Err(LeaseError::Silent))
    }

    /// Counts the tries in a row that were not answered; an error when there were too many.
    ///
    /// # Errors
    /// [`LeaseError::Silent`].
    pub const fn silent(is_silent: bool, tries: &mut u32) -> Result<(), LeaseError> {
        *tries = if is_silent { tries.saturating_add(1) } else { 0 };
        if *tries >= SILENT_MAX { Err(LeaseError::Silent) } else { Ok(()) }
    }

    /// Renews it for as long as it is ours, and tells each time whether it could; the end of this is the end of it. While the server cannot be asked the send gate
    /// closes by itself, and nothing can be written either.
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
                Ok(Ok(Some(theirs))) => {
                    let apart = apart((before, self.clock.now()), theirs);
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

    /// Gives it back at the end.
    pub async fn release(&self) {
        if let Err(error) = self.lease.release().await {
            tracing::warn!("could not give the lease back, it runs out by itself: {error}");
        }
    }
}

/// How far their time is from ours, which was read before and after.
fn apart((before, after): (Timestamp, Timestamp), theirs: Timestamp) -> SignedDuration {
    theirs.duration_since(after).max(before.duration_since(theirs)).max(SignedDuration::ZERO)
}

/// Takes the lease for one command, and keeps it while the process lasts.
///
/// # Errors
/// When another replica has it.
pub async fn take_now(leadership: Arc<Leadership>) -> Result<(), LeaseError> {
    match leadership.take().await? {
        Taken::By(holder) => Err(LeaseError::Another(holder)),
        Taken::Ours => {
            tokio::spawn(async move { leadership.keep(|_| {}).await });
            Ok(())
        }
    }
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
