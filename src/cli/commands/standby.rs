//! `lightsout run` as one of several replicas: standing by until the lease is free, and showing what the acting one shows.

use std::sync::Arc;

use jiff::Timestamp;
use sd_notify::NotifyState;
use tokio::sync::{mpsc, watch};

use crate::cli::clock::SystemClock;
use crate::cli::leadership::{AGAIN, Leadership, LeaseError};
use crate::cli::outside::Outside;
use crate::engine::{Command, Engine};
use crate::report::FleetView;
use crate::web::Health;

/// Reading what another replica shows may take so long.
const SHOWN: std::time::Duration = std::time::Duration::from_secs(10);

/// Waits for the lease, and shows the fleet as the acting replica does. False when the process is asked to end before.
///
/// # Errors
/// When the server hangs.
#[expect(clippy::cognitive_complexity, reason = "the logging macros count, not the code")]
pub(super) async fn stand_by(
    engine: &Engine<Outside<SystemClock>>,
    leadership: &Leadership,
    health: &Health,
    commands: &mut mpsc::Receiver<Command>,
) -> Result<bool, LeaseError> {
    let (mut shown, mut acting, mut silent) = (None, String::new(), 0_u32);
    loop {
        let taken = leadership.join_alone().await;
        Leadership::silent(matches!(taken, Err(LeaseError::Silent)), &mut silent)?;
        match taken {
            Ok(None) => {
                tracing::info!("this replica acts from now on");
                engine.act_from_now();
                return Ok(true);
            }
            Ok(Some(holder)) => {
                if holder != acting {
                    tracing::info!("standing by; the replica {holder} acts");
                    drop(sd_notify::notify(&[NotifyState::Ready, NotifyState::Status("standing by")]));
                }
                health.store(Ok(()));
                health.policies(Ok(()));
                health.acts(Err(format!("the replica {holder} acts")));
                show(engine, leadership, &holder, &mut shown, health).await;
                acting = holder;
            }
            Err(error) => {
                tracing::warn!("standing by without knowing who acts: {error}");
                health.store(Err(error.to_string()));
                health.acts(Err("nobody knows who acts".to_owned()));
            }
        }
        health.tick();
        let pause = tokio::time::timeout(AGAIN, commands.recv()).await;
        if matches!(pause, Ok(None | Some(Command::End))) {
            return Ok(false);
        }
    }
}

/// The fleet as the acting replica last showed it, where that is another view than the one shown.
#[expect(clippy::cognitive_complexity, reason = "the logging macros count, not the code")]
async fn show(
    engine: &Engine<Outside<SystemClock>>,
    leadership: &Leadership,
    holder: &str,
    shown: &mut Option<Timestamp>,
    health: &Health,
) {
    let known = shown.iter().map(|at| (holder.to_owned(), *at)).collect();
    let Ok(published) = tokio::time::timeout(SHOWN, leadership.lease().published(&known)).await else {
        tracing::warn!("what the acting replica shows was not read within 10 s");
        return;
    };
    let view = match published {
        Ok(views) => {
            let of_holder = views.into_iter().find(|(of, ..)| of == holder);
            of_holder.map(|(_, _, text)| serde_json::from_str::<FleetView>(&text)).transpose()
        }
        Err(error) => {
            tracing::warn!("could not read what the acting replica shows: {error}");
            return;
        }
    };
    match view {
        Ok(view) => {
            *shown = view.as_ref().map_or(*shown, |view| Some(view.at));
            engine.stand_by(view, holder);
            if shown.is_some() {
                health.swept();
            }
        }
        Err(error) => tracing::warn!("could not read what the acting replica shows; is it of another version? {error}"),
    }
}

/// Lays down what this replica shows, each time that it is another, as fast as the server takes it.
pub(super) fn publisher(leadership: Arc<Leadership>) -> watch::Sender<Option<Arc<FleetView>>> {
    let (sender, mut views) = watch::channel::<Option<Arc<FleetView>>>(None);
    tokio::spawn(async move {
        while views.changed().await.is_ok() {
            let Some(view) = views.borrow_and_update().clone() else { continue };
            let laid = match serde_json::to_string(&*view) {
                Ok(text) => leadership.lease().publish(&text, view.at).await.map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            if let Err(error) = laid {
                tracing::warn!("could not lay down what the other replicas are to show: {error}");
            }
        }
    });
    sender
}
