//! `lightsout run` as one of several replicas: joining the others, taking up and handing over parts of the fleet.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::cli::clock::SystemClock;
use crate::cli::leadership::{AGAIN, Leadership, LeaseError};
use crate::cli::outside::Outside;
use crate::engine::{Command, Engine};
use crate::facts::{Moves, SHARDS, Shard};
use crate::ports::Fault;
use crate::store::StoreError;
use crate::web::Health;

type Service = Engine<Outside<SystemClock>>;

/// Reading the journal for a part of the fleet may take so long.
const READING: Duration = Duration::from_secs(120);
/// By which identity this replica asks Azure is looked for again so soon.
const UNKNOWN: Duration = Duration::from_secs(30);
/// Asking the server may take so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Joins the other replicas as soon as the server can be asked and the clock is right. False when the process is asked to end before.
///
/// # Errors
/// When the server hangs.
#[expect(clippy::cognitive_complexity, reason = "the logging macros count, not the code")]
pub(super) async fn join(
    leadership: &Leadership,
    health: &Health,
    commands: &mut mpsc::Receiver<Command>,
) -> Result<bool, LeaseError> {
    let mut silent = 0_u32;
    loop {
        let joined = leadership.join(true).await;
        Leadership::silent(matches!(joined, Err(LeaseError::Silent)), &mut silent)?;
        let Err(error) = joined else { break };
        tracing::warn!("could not join the other replicas yet: {error}");
        health.store(Err(error.to_string()));
        health.acts(Err(format!("this replica has not joined the others: {error}")));
        drop(sd_notify::notify(&[NotifyState::Ready, NotifyState::Status("waits to join the other replicas")]));
        health.tick();
        let pause = timeout(AGAIN, commands.recv()).await;
        if matches!(pause, Ok(None | Some(Command::End))) {
            return Ok(false);
        }
    }
    tracing::info!("joined the other replicas as {}", leadership.holder());
    health.store(Ok(()));
    health.acts(Ok(()));
    Ok(true)
}

/// What is being handed over.
struct Giving {
    shards: BTreeSet<Shard>,
    done: JoinHandle<Result<(), Fault>>,
}

/// One replica's dealings with its part of the fleet.
pub(super) struct Sharing {
    engine: Arc<Service>,
    leadership: Arc<Leadership>,
    /// Shards that are being handed over: the engine may still be sweeping them.
    giving: Option<Giving>,
    /// Shards that the engine has let go of, and that the server does not know to be free.
    let_go: BTreeSet<Shard>,
}

impl Sharing {
    /// Of a replica that has joined.
    pub(super) const fn new(engine: Arc<Service>, leadership: Arc<Leadership>) -> Self {
        Self { engine, leadership, giving: None, let_go: BTreeSet::new() }
    }

    /// Looks every two seconds who is there and who has what, takes up what is free and should be here, and hands over what should
    /// be elsewhere. What cannot be done now is done the next time.
    #[expect(clippy::cognitive_complexity, reason = "the logging macros count, not the code")]
    pub(super) async fn go_on(mut self) {
        tokio::spawn(introduce(self.engine.clone(), self.leadership.clone()));
        while let Err(error) = answered(self.leadership.lease().ready()).await {
            tracing::warn!("could not say that this replica is ready for its part of the fleet: {error}");
            tokio::time::sleep(AGAIN).await;
        }
        loop {
            if let Err(error) = self.round().await {
                tracing::warn!("could not divide the fleet with the other replicas: {error}");
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    #[expect(clippy::cognitive_complexity, reason = "the logging macros count, not the code")]
    async fn round(&mut self) -> Result<(), SharingError> {
        self.give_what_was_let_go().await?;
        // read after what was given and taken before: what it says was so then stands
        let table = answered(self.leadership.table()).await?;
        let me = self.leadership.holder();
        if !table.members.contains(me) {
            // whoever keeps the lease finds out at its next renewal, and the process ends
            return Ok(());
        }
        let sharers = u32::try_from(table.members.len()).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
        self.engine.shared_among(sharers);
        self.engine.world().azure.share_limits(table.alike(me));
        let moves = Moves::of(me, &table.members, &table.holders);
        let mut own: BTreeSet<Shard> =
            table.holders.iter().filter(|(_, holder)| *holder == me).map(|(shard, _)| *shard).collect();
        if !moves.take.is_empty() {
            own.extend(answered(self.leadership.lease().take(&moves.take)).await?);
        }
        let has = self.engine.share().shards().clone();
        let leaving = self.giving.as_ref().map(|giving| giving.shards.clone()).unwrap_or_default();
        let gained: BTreeSet<Shard> = own.difference(&has).filter(|shard| !leaving.contains(shard)).copied().collect();
        if !gained.is_empty() {
            // a journal that hangs is read anew: what was not taken up is looked for again in the next round
            timeout(READING, self.engine.take_up(&gained)).await.map_err(|_| SharingError::Slow)??;
            let (count, all) = (gained.len(), has.len().saturating_add(gained.len()));
            tracing::info!("took up {count} of {SHARDS} shards; this replica has {all} now");
        }
        // what the server does not know to be here is not decided about here, whatever came in between
        let strange: BTreeSet<Shard> = has.difference(&own).copied().collect();
        let wanted = if strange.is_empty() { moves.give } else { strange };
        if self.giving.is_none() && !wanted.is_empty() {
            // apart from this loop, which has to see meanwhile whether another replica is gone
            let (engine, shards) = (self.engine.clone(), wanted.clone());
            let done = tokio::spawn(async move { engine.hand_over(&shards).await });
            self.giving = Some(Giving { shards: wanted, done });
        }
        Ok(())
    }

    /// What the engine has let go of is free. Until the server knows, it is not taken up here again.
    #[expect(clippy::cognitive_complexity, reason = "the logging macros count, not the code")]
    async fn give_what_was_let_go(&mut self) -> Result<(), SharingError> {
        if let Some(giving) = self.giving.as_mut().filter(|giving| giving.done.is_finished()) {
            let ended = (&mut giving.done).await;
            let shards = self.giving.take().map(|giving| giving.shards).unwrap_or_default();
            match ended {
                Ok(Ok(())) => self.let_go.extend(shards),
                Ok(Err(fault)) => tracing::warn!("could not hand over a part of the fleet yet: {}", fault.words()),
                Err(error) => tracing::error!("handing over a part of the fleet broke: {error}"),
            }
        }
        if !self.let_go.is_empty() {
            answered(self.leadership.lease().give(&self.let_go)).await?;
            tracing::info!("handed over {} of {SHARDS} shards", self.let_go.len());
            self.let_go.clear();
        }
        Ok(())
    }
}

/// Tells the others by which identity this replica asks Azure, as soon as it has a token: until then they share their limits with it.
async fn introduce(engine: Arc<Service>, leadership: Arc<Leadership>) {
    loop {
        let known = engine.world().azure.who_am_i().await.ok().and_then(|me| me.object_id);
        if let Some(identity) = known
            && answered(leadership.lease().introduce(&identity)).await.is_ok()
        {
            return;
        }
        tokio::time::sleep(UNKNOWN).await;
    }
}

/// Why a round did not go through.
#[derive(Debug, thiserror::Error)]
pub(super) enum SharingError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{}", .0.words())]
    Journal(Fault),
    #[error("the database server did not answer within 10 s")]
    Silent,
    #[error("the journal was not read within two minutes")]
    Slow,
}

pub(super) async fn answered<T>(asked: impl Future<Output = Result<T, StoreError>>) -> Result<T, SharingError> {
    Ok(timeout(PATIENCE, asked).await.map_err(|_| SharingError::Silent)??)
}

impl From<Fault> for SharingError {
    fn from(fault: Fault) -> Self {
        Self::Journal(fault)
    }
}
