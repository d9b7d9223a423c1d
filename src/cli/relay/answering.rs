//! Taking up what other replicas ask of this one.

use std::sync::Arc;
use std::time::Duration;

use super::asked::{Asked, Told};
use crate::cli::leadership::Leadership;
use crate::cli::outside::Outside;
use crate::engine::Engine;
use crate::ports::{Clock, Declined};
use crate::store::Request;

/// From one look to the next.
const LOOK: Duration = Duration::from_millis(500);

/// Takes up what is asked, side by side, for as long as the process runs.
pub(in crate::cli) async fn answer_for_ever<C: Clock + 'static>(
    engine: Arc<Engine<Outside<C>>>,
    leadership: Arc<Leadership>,
) {
    loop {
        tokio::time::sleep(LOOK).await;
        match leadership.lease().asked().await {
            Ok(asked) => {
                for request in asked {
                    tokio::spawn(answer(engine.clone(), leadership.clone(), request));
                }
            }
            // whoever keeps the lease says so already
            Err(error) => tracing::debug!("could not look what other replicas ask: {error}"),
        }
    }
}

async fn answer<C: Clock + 'static>(
    engine: Arc<Engine<Outside<C>>>,
    leadership: Arc<Leadership>,
    Request { id, body }: Request,
) {
    let told = match serde_json::from_str::<Asked>(&body) {
        Ok(asked) => asked.done_by(&engine).await,
        Err(error) => {
            let words = format!("the replica {} does not know that request; is it older? {error}", leadership.holder());
            Told(Err(Declined(words)))
        }
    };
    let answered = match serde_json::to_string(&told) {
        Ok(text) => leadership.lease().answer(&id, &text).await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = answered {
        tracing::warn!("could not answer another replica: {error}");
    }
}
