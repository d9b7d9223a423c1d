//! `lightsout run` as one of several replicas: what each shows of its part of the fleet, laid down for the others and read by them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::sharing::{SharingError, answered};
use crate::cli::clock::SystemClock;
use crate::cli::leadership::{AGAIN, Leadership};
use crate::cli::outside::Outside;
use crate::engine::Engine;
use crate::report::FleetView;

type Service = Engine<Outside<SystemClock>>;

/// Laying a view down may take so long.
const LAYING: Duration = Duration::from_secs(60);
/// From one laying down to the next it rests so many times as long as that took: a large view is not all that the server does.
const RESTS: u32 = 10;

/// Shows the others' parts of the fleet as they last laid them down.
pub(super) async fn show_for_ever(engine: Arc<Service>, leadership: Arc<Leadership>) {
    let mut known = BTreeMap::new();
    loop {
        if let Err(error) = show(&engine, &leadership, &mut known).await {
            tracing::warn!("could not read what the other replicas show: {error}");
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn show(
    engine: &Service,
    leadership: &Leadership,
    known: &mut BTreeMap<String, Timestamp>,
) -> Result<(), SharingError> {
    let holders = answered(leadership.table()).await?.holders;
    let mut views = Vec::new();
    for (holder, at, text) in answered(leadership.lease().published(known)).await? {
        match serde_json::from_str::<FleetView>(&text) {
            Ok(view) => views.push((holder.clone(), view)),
            Err(error) => {
                tracing::warn!("could not read what the replica {holder} shows; is it of another version? {error}");
            }
        }
        known.insert(holder, at);
    }
    known.retain(|holder, _| holders.values().any(|one| one == holder));
    engine.hear_elsewhere(holders, views);
    Ok(())
}

/// Lays down what this replica shows, each time that it is another, in the pace of the server.
pub(super) fn publisher(leadership: Arc<Leadership>) -> watch::Sender<Option<Arc<FleetView>>> {
    let (sender, mut views) = watch::channel::<Option<Arc<FleetView>>>(None);
    tokio::spawn(async move {
        while views.changed().await.is_ok() {
            let Some(view) = views.borrow_and_update().clone() else { continue };
            let began = Instant::now();
            if let Err(error) = lay_down(&leadership, &view).await {
                tracing::warn!("could not lay down what the other replicas are to show: {error}");
            }
            tokio::time::sleep(began.elapsed().saturating_mul(RESTS)).await;
        }
    });
    sender
}

async fn lay_down(leadership: &Leadership, view: &FleetView) -> Result<(), String> {
    let text = serde_json::to_string(view).map_err(|error| error.to_string())?;
    let laid = timeout(LAYING, leadership.lease().publish(&text, view.at)).await;
    laid.map_err(|_| "the database server did not take it within a minute".to_owned())?
        .map_err(|error| error.to_string())
}
