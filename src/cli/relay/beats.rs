//! Heartbeats of agents reach the replica that decides about their instance, whichever replica they report to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::cli::clock::SystemClock;
use crate::cli::leadership::Leadership;
use crate::cli::outside::Outside;
use crate::engine::Engine;
use crate::facts::Share;
use crate::intake::Desk;
use crate::ports::Clock as _;
use crate::store::StoreError;
use crate::units::InstanceId;

/// So many may wait to be laid down; more are not taken, and come again in a minute.
const WAITING: usize = 20_000;
/// So many are laid down at once.
const AT_ONCE: usize = 5_000;
/// From one look, or one laying down, to the next.
const PAUSE: Duration = Duration::from_secs(2);
/// What was written just before the newest that was read may have been committed after it: it is read once more.
const OVERLAP: i64 = 10_000;

/// Has what reaches this replica's desk laid down for the others where it is theirs, and puts on the desk what they laid down for it.
pub(in crate::cli) fn pass_on_heartbeats(
    beside: &mut JoinSet<()>,
    desk: &Arc<Desk<SystemClock>>,
    engine: &Arc<Engine<Outside<SystemClock>>>,
    leadership: &Arc<Leadership>,
) {
    let (sender, receiver) = mpsc::channel(WAITING);
    let whose = engine.clone();
    desk.pass_on(Box::new(move |id: &InstanceId, body: &[u8]| {
        if whose.share().has(id.workspace()) {
            return None;
        }
        let body = String::from_utf8_lossy(body).into_owned();
        Some(sender.try_send((id.clone(), body)).is_ok())
    }));
    beside.spawn(lay_down(receiver, leadership.clone()));
    beside.spawn(pick_up(desk.clone(), engine.clone(), leadership.clone()));
}

async fn lay_down(mut beats: mpsc::Receiver<(InstanceId, String)>, leadership: Arc<Leadership>) {
    let mut waiting: Vec<(InstanceId, String)> = Vec::new();
    while beats.recv_many(&mut waiting, AT_ONCE).await > 0 {
        // the newest of each
        let newest: BTreeMap<InstanceId, String> = waiting.drain(..).collect();
        if let Err(error) = leadership.lease().lay_down(&newest).await {
            tracing::warn!("{} heartbeats did not reach the replicas that decide by them: {error}", newest.len());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn pick_up(desk: Arc<Desk<SystemClock>>, engine: Arc<Engine<Outside<SystemClock>>>, leadership: Arc<Leadership>) {
    let (mut share, mut since) = (Share::none(), 0_i64);
    loop {
        tokio::time::sleep(PAUSE).await;
        let now = engine.share();
        // of what has just come here nothing was read yet
        if now.shards() != share.shards() {
            (share, since) = (now, 0);
        }
        match picked_up(&desk, &share, &leadership, since).await {
            Ok(until) => since = until.saturating_sub(OVERLAP).max(since),
            Err(error) => tracing::debug!("could not read the heartbeats that others laid down: {error}"),
        }
    }
}

async fn picked_up(
    desk: &Desk<SystemClock>,
    share: &Share,
    leadership: &Leadership,
    since: i64,
) -> Result<i64, StoreError> {
    let (bodies, until) = leadership.lease().laid_down(share.shards(), since).await?;
    let now = SystemClock.now();
    for body in bodies {
        // one that was read before, or is older than one that came here, is turned away
        if let Err(away) = desk.passed_on(body.as_bytes(), now) {
            tracing::trace!("a heartbeat by way of another replica: {}", away.words);
        }
    }
    Ok(until)
}
