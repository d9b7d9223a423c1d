//! Acting on what was approved: look again, write the intent, ask the last word, stop, write the outcome. In that order.

use std::sync::Arc;

use futures_util::StreamExt;
use jiff::Timestamp;

use super::book::Changes;
use super::log;
use super::settle::after;
use super::state::Engine;
use crate::facts::{EndedStop, Evidence, Freeze, History, InstanceFacts, OpenIntent, StopResult, WorkspaceFacts};
use crate::guard::{Approved, Refusal, SecondLook, StopPermit, second_look, too_many_failures};
use crate::plan::Step;
use crate::policy::Policy;
use crate::ports::{Fault, FaultKind, Intent, Message, MessageKind, Sighting, World};
use crate::report::{Outcome, StopLine};
use crate::rules::{Verdict, evaluate};
use crate::units::InstanceId;

/// What acting adds to the journal beside intents and their outcomes.
#[derive(Debug, Default)]
pub(super) struct Acted {
    pub(super) lines: Vec<StopLine>,
    pub(super) refused: Vec<(Step, Refusal)>,
    pub(super) sightings: Vec<Sighting>,
    pub(super) messages: Vec<Message>,
}

/// What was seen right before acting.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) workspace: WorkspaceFacts,
    pub(super) fresh: Arc<InstanceFacts>,
    pub(super) policy: Arc<Policy>,
    pub(super) verdict: Verdict,
    pub(super) history: History,
    pub(super) evidence: Arc<Evidence>,
    pub(super) freeze: Freeze,
    pub(super) now: Timestamp,
}

/// A second look that takes longer is too old to act on (G10), and would hold up the others.
const LOOK_TIME: std::time::Duration = std::time::Duration::from_secs(10);

impl<W: World> Engine<W> {
    /// Carries out approved steps in their order: one, then two, four, … side by side; one again after a failure (G7).
    pub(super) async fn act(&self, approved: Vec<Approved>) -> Acted {
        let (mut acted, mut any_failed) = (Acted::default(), false);
        let mut rest = approved.into_iter();
        loop {
            let width = self.lock().side_by_side.clamp(1, self.options.concurrent_stops_max.max(1));
            let batch: Vec<Approved> = rest.by_ref().take(width).collect();
            if batch.is_empty() {
                return acted;
            }
            let full = batch.len() == width;
            // the review weighed the first of them just now
            let (batch, refused) = if any_failed { self.still_allowed(batch) } else { (batch, Vec::new()) };
            acted.refused.extend(refused);
            let done: Vec<Acted> =
                futures_util::stream::iter(batch.into_iter().map(|one| self.one(one))).buffered(width).collect().await;
            let failed = done
                .iter()
                .flat_map(|one| &one.lines)
                .any(|line| matches!(line.outcome, Outcome::Failed { .. } | Outcome::Unclear { .. }));
            any_failed |= failed;
            for one in done {
                acted.lines.extend(one.lines);
                acted.sightings.extend(one.sightings);
                acted.messages.extend(one.messages);
            }
            let mut state = self.lock();
            state.side_by_side = match (failed, full) {
                (true, _) => 1,
                (false, true) => width.saturating_mul(2).min(self.options.concurrent_stops_max),
                (false, false) => width,
            };
        }
    }

    /// What failed earlier in the sweep counts for the rest of it (G8).
    fn still_allowed(&self, batch: Vec<Approved>) -> (Vec<Approved>, Vec<(Step, Refusal)>) {
        let sight = self.lock().seen(self.world.now());
        let (mut allowed, mut refused) = (Vec::new(), Vec::new());
        for one in batch {
            match too_many_failures(one.step(), &sight, &self.options.bounds) {
                Some(refusal) => refused.push((one.step().clone(), refusal)),
                None => allowed.push(one),
            }
        }
        (allowed, refused)
    }

    async fn one(&self, approved: Approved) -> Acted {
        let step = approved.step().clone();
        let mut acted = Acted::default();
        let outcome = match self.look_again(approved, &mut acted).await {
            Err((refusal, words)) => Outcome::Dropped { refusal, words },
            Ok((permit, workspace, fresh)) => self.send(permit, &workspace, &fresh, &mut acted).await,
        };
        acted.lines.push(StopLine { step, outcome, at: self.world.now() });
        acted
    }

    /// The second look (G10): the instance and the freeze switch are read again, holds are those of this moment, and the
    /// same decision must come out.
    async fn look_again(
        &self,
        approved: Approved,
        acted: &mut Acted,
    ) -> Result<(StopPermit, WorkspaceFacts, Arc<InstanceFacts>), (Refusal, String)> {
        let id = approved.step().instance.clone();
        let look = self.look(&id, acted).await?;
        let Look { verdict, freeze, now, .. } = &look;
        let permit = second_look(approved, &SecondLook { fresh: &look.fresh, verdict, freeze, now: *now })?;
        Ok((permit, look.workspace, look.fresh))
    }

    /// Reads an instance and everything that a decision about it goes by, right now, and decides.
    pub(super) async fn look(&self, id: &InstanceId, acted: &mut Acted) -> Result<Look, (Refusal, String)> {
        let workspace = self.lock().places.get(id.workspace()).map(|place| place.facts.clone());
        let workspace =
            workspace.ok_or_else(|| (Refusal::NoSecondLook, "its workspace is not looked at any more".to_owned()))?;
        // first whoever can tell of use, since the look at Azure must be the freshest of all
        self.hear_of(id, self.world.now()).await;
        let look = tokio::time::timeout(LOOK_TIME, self.world.instance(&workspace, id)).await;
        let late = |_| Err(Fault::new(FaultKind::Unreachable, format!("look at {} again in time", id.name())));
        let mut fresh = match look.unwrap_or_else(late) {
            Ok(fresh) => Arc::new(fresh),
            Err(fault) if fault.kind == FaultKind::Gone => {
                return Err((Refusal::NoLongerDue, "it is gone".to_owned()));
            }
            Err(fault) => return Err((Refusal::NoSecondLook, fault.words())),
        };
        let now = self.world.now();
        let freeze = self.world.freeze();
        let mut state = self.lock();
        let mut changes = Changes::default();
        if let Some(place) = state.places.get_mut(id.workspace()) {
            place.see(fresh.clone(), &mut changes);
            // As it is taken in: an answer may say with fewer digits, or not at all, when the instance was created.
            if let Some(entry) = place.entries.get(id).filter(|entry| entry.last_seen == fresh.observed_at) {
                fresh = entry.dated();
            }
        }
        state.hand_over(id.workspace(), &changes.sightings);
        acted.sightings.extend(changes.sightings);
        let policy = state
            .policy_of(id.workspace())
            .ok_or_else(|| (Refusal::PolicyChanged, "no policy governs it any more".to_owned()))?;
        let history = state.history_mut(id).cloned().ok_or_else(|| (Refusal::NoLongerDue, "it is gone".to_owned()))?;
        let moment = state.moment(&policy, now);
        let evidence = state.evidence_of(id, now);
        drop(state);
        let verdict = evaluate(&moment, &fresh, &evidence, &history, &freeze);
        Ok(Look { workspace, fresh, policy, verdict, history, evidence, freeze, now })
    }

    pub(super) async fn send(
        &self,
        permit: StopPermit,
        workspace: &WorkspaceFacts,
        fresh: &InstanceFacts,
        acted: &mut Acted,
    ) -> Outcome {
        let step = permit.step().clone();
        let Some(_turn) = self.turn(&step.instance) else {
            return Outcome::Dropped {
                refusal: Refusal::UnderWay,
                words: "something was begun with it just now".to_owned(),
            };
        };
        let at = self.world.now();
        let intent =
            Intent { id: ulid_at(at), attempt: self.attempts(&step).saturating_add(1), step: step.clone(), at };
        if let Err(fault) = self.world.intend(&intent).await {
            return Outcome::Dropped { refusal: Refusal::NotRecorded, words: fault.words() };
        }
        self.pass("intended");
        let open = OpenIntent { id: intent.id.clone(), key: step.key.clone(), intended_at: at, sent_at: None };
        {
            let mut state = self.lock();
            state.count_asked(&step.instance, &open);
            if let Some(history) = state.history_mut(&step.instance) {
                history.open = Some(Box::new(open));
            }
        }
        let last_word = || self.last_word(&step);
        if let Err((refusal, words)) = last_word() {
            return self.withheld(&intent, refusal, words).await;
        }
        let answer = self.world.stop(workspace, permit, &last_word).await;
        self.pass("posted");
        match answer {
            Ok(handle) => {
                self.accepted(&intent, handle).await;
                self.pass("sent");
                Outcome::Accepted
            }
            Err(fault) => self.refused(&intent, fault, fresh, acted).await,
        }
    }

    async fn accepted(&self, intent: &Intent, handle: Option<crate::ports::OperationHandle>) {
        self.left(intent, self.world.now()).await;
        if let Some(handle) = handle {
            self.lock().handles.insert(intent.id.clone(), handle);
        }
    }

    /// Writes down that it was sent. When this cannot be written the intent stays open unsent; the next sweep looks and
    /// settles it all the same.
    async fn left(&self, intent: &Intent, at: Timestamp) {
        if let Err(fault) = self.world.sent(&intent.id, at).await {
            log::fault(&fault);
        }
        let mut state = self.lock();
        if let Some(open) = state.history_mut(&intent.step.instance).and_then(|history| history.open.as_mut()) {
            open.sent_at = Some(at);
        }
    }

    async fn refused(&self, intent: &Intent, fault: Fault, fresh: &InstanceFacts, acted: &mut Acted) -> Outcome {
        let words = format!("{}; {}", fault.words(), fault.kind.remedy());
        let label = fault.kind.label();
        let result = match fault.kind {
            FaultKind::Unclear => {
                // it may have arrived: a later process must know that it left
                self.left(intent, intent.at).await;
                self.lock().unclear.insert(intent.id.clone());
                return Outcome::Unclear { words };
            }
            FaultKind::Withheld(refusal) => return self.withheld(intent, refusal, fault.words()).await,
            FaultKind::Gone => StopResult::Gone,
            // a throttled stop keeps its place: it is looked at and tried again next sweep, without a rest
            FaultKind::Throttled(_) => StopResult::Dropped(label.to_owned()),
            FaultKind::Unauthenticated
            | FaultKind::Denied
            | FaultKind::Conflict
            | FaultKind::DiskFull
            | FaultKind::Refused
            | FaultKind::Unreachable
            | FaultKind::Garbled
            | FaultKind::Storage
            | FaultKind::Undelivered
            | FaultKind::Unfit => StopResult::Failed(label.to_owned()),
        };
        if matches!(result, StopResult::Failed(_)) {
            let told = format!("{} could not be stopped: {words}", fresh.id.name());
            acted.messages.push(after(MessageKind::StopFailed, fresh, &intent.step.key, told, intent.at));
        }
        self.end(intent, result).await;
        Outcome::Failed { label, words }
    }

    /// Nothing was sent: the intent ends, and what is still due is decided anew.
    async fn withheld(&self, intent: &Intent, refusal: Refusal, words: String) -> Outcome {
        self.end(intent, StopResult::Dropped(refusal.label().to_owned())).await;
        Outcome::Dropped { refusal, words }
    }

    async fn end(&self, intent: &Intent, result: StopResult) {
        let now = self.world.now();
        if let Err(fault) = self.world.settle(&intent.id, &result, now).await {
            // It stays open in the journal and in memory: looked at by the next sweep, never repeated blindly.
            log::fault(&fault);
            return;
        }
        let ended = EndedStop { key: intent.step.key.clone(), asked_at: intent.at, ended_at: now, result };
        self.lock().ended(&intent.step.instance, &intent.id, ended);
    }

    /// Passes a labelled point around what is written and sent; the crash tests end the process there.
    pub(super) fn pass(&self, point: &'static str) {
        if let Some(hook) = self.options.at_point {
            hook(point);
        }
    }

    fn attempts(&self, step: &Step) -> u32 {
        let mut state = self.lock();
        let tries = state
            .history_mut(&step.instance)
            .map_or(0, |history| history.stops.iter().filter(|stop| stop.key == step.key).count());
        u32::try_from(tries).unwrap_or(u32::MAX)
    }
}

/// An id that sorts by time.
pub(super) fn ulid_at(at: Timestamp) -> String {
    let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
    ulid::Ulid::from_parts(millis, fastrand::u128(..)).to_string()
}
