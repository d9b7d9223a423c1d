//! What one replica asks of another for a person, and what is told: as text, since both may be of different versions for a while.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cli::outside::Outside;
use crate::engine::Engine;
use crate::facts::OperationResult;
use crate::ports::{
    Clock, Control, Declined, HoldRequest, ProposalRequest, StartRequest, StopRequest, TimerRequest, Undertaking,
    Undertakings,
};
use crate::units::InstanceId;

/// What is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Asked {
    Offer(String),
    Offers(Vec<InstanceId>),
    Hold(HoldRequest),
    Stop(StopRequest),
    Start(StartRequest),
    Answer(ProposalRequest),
    Lift { hold: String, by: String },
    Decision { instance: String, at: Option<Timestamp> },
    Timers(TimerRequest),
    Reconcile,
    Undertakes(Undertakes),
    Nudge,
}

/// What is asked about what a person's own command does.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Undertakes {
    Begin(Undertaking),
    HasLeft(String),
    HasEnded { id: String, result: OperationResult },
    SettleStop(InstanceId),
}

/// What is told.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Told(pub(super) Result<Value, Declined>);

impl Told {
    fn of<T: Serialize>(answer: Result<T, Declined>) -> Self {
        Self(answer.and_then(|value| serde_json::to_value(value).map_err(|error| Declined(error.to_string()))))
    }
}

impl Asked {
    /// Has it done by this replica's engine, or hears why not: it is not asked of yet another one.
    pub(super) async fn done_by<C: Clock + 'static>(self, engine: &Engine<Outside<C>>) -> Told {
        match self {
            Self::Offer(instance) => Told::of(engine.offer(instance).await),
            Self::Offers(instances) => Told::of(engine.offers(instances).await),
            Self::Hold(request) => Told::of(engine.hold(request).await),
            Self::Stop(request) => Told::of(engine.stop_now(request).await),
            Self::Start(request) => Told::of(engine.start_now(request).await),
            Self::Answer(request) => Told::of(engine.answer(request).await),
            Self::Lift { hold, by } => Told::of(engine.lift(hold, by).await),
            Self::Decision { instance, at } => Told::of(engine.decision(instance, at).await),
            Self::Timers(request) => Told::of(engine.set_timers(request).await),
            Self::Reconcile => Told::of(Control::reconcile(engine).await),
            Self::Undertakes(what) => what.done_by(engine).await,
            Self::Nudge => {
                engine.nudge();
                Told::of(Ok(()))
            }
        }
    }
}

impl Undertakes {
    async fn done_by<C: Clock + 'static>(self, engine: &Engine<Outside<C>>) -> Told {
        match self {
            Self::Begin(wish) => Told::of(engine.begin(wish).await),
            Self::HasLeft(id) => Told::of(engine.has_left(id).await),
            Self::HasEnded { id, result } => Told::of(engine.has_ended(id, result).await),
            Self::SettleStop(instance) => Told::of(engine.settle_stop(instance).await),
        }
    }
}
