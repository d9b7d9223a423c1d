//! Stops under way are settled by looking: at the instance, and where that is not enough at Azure's operation. Never by repeating (L5).

use jiff::{SignedDuration, Timestamp};

use super::book::Changes;
use super::control::declined;
use super::state::Engine;
use crate::facts::{
    EndedStop, InstanceFacts, OpenIntent, Operation, OperationStatus, PowerState, StopResult, UNSENT, WorkspaceFacts,
};
use crate::ports::{About, Declined, Message, MessageKind, OperationHandle, OperationState, SweepRecord, World};
use crate::report::{FaultLine, SweepReport};
use crate::units::{InstanceId, PolicyId, WorkspaceId};

/// After so long Azure has shown a stop that it took; an intent without a trace by then was never sent.
const TRACE: SignedDuration = SignedDuration::from_mins(3);
/// After so long an instance that Azure says was stopped, and that is on, was not.
const BELIEVED: SignedDuration = SignedDuration::from_mins(10);

/// One question after an operation may take so long; the next sweep asks again.
const ASK_TIME: std::time::Duration = std::time::Duration::from_secs(10);

/// One stop under way, as the sweep found its instance.
struct Pending {
    id: InstanceId,
    open: Box<OpenIntent>,
    /// As last seen.
    facts: std::sync::Arc<InstanceFacts>,
    /// False when the last reading of its workspace does not have it.
    is_seen: bool,
    workspace: WorkspaceFacts,
    handle: Option<OperationHandle>,
    /// Its POST left, and the answer was lost.
    is_unclear: bool,
}

/// What was settled.
#[derive(Debug, Default)]
pub(super) struct Settled {
    pub(super) ended: Vec<(String, StopResult)>,
    pub(super) messages: Vec<Message>,
}

impl Settled {
    /// Stops of instances that are gone for good end with them (fault 16, 28).
    pub(super) fn close(&mut self, changes: &Changes, report: &mut SweepReport) {
        for (id, intent) in &changes.closed {
            self.ended.push((intent.clone(), StopResult::Gone));
            report.settled.push((id.clone(), label_of(&StopResult::Gone).to_owned()));
        }
    }
}

impl<W: World> Engine<W> {
    /// Settles what can be settled among the workspaces just read.
    pub(super) async fn settle(&self, read: &[WorkspaceId], now: Timestamp, report: &mut SweepReport) -> Settled {
        let mut settled = Settled::default();
        for pending in self.pending(read, now) {
            report.faults.extend(self.overdue(&pending, now));
            let Some(result) = self.result_of(&pending, now).await else {
                continue;
            };
            report.settled.push((pending.id.clone(), label_of(&result).to_owned()));
            settled.messages.extend(message(&pending, &result, now));
            settled.ended.push((pending.open.id.clone(), result.clone()));
            let asked_at = pending.open.sent_at.unwrap_or(pending.open.intended_at);
            let ended = EndedStop { key: pending.open.key, asked_at, ended_at: now, result };
            self.lock().ended(&pending.id, &pending.open.id, ended);
        }
        let gone = self.orphans(read);
        settled.ended.extend(gone.into_iter().map(|id| (id, StopResult::Gone)));
        settled
    }

    fn pending(&self, read: &[WorkspaceId], now: Timestamp) -> Vec<Pending> {
        let state = self.lock();
        // those that this sweep goes by without reading them anew can tell nothing of what was sent since
        let places = read.iter().filter_map(|id| state.places.get(id)).filter(|place| place.tried_at == Some(now));
        let entries = places.flat_map(|place| place.entries.iter().map(move |(id, entry)| (place, id, entry)));
        let pending = entries.filter_map(|(place, id, entry)| {
            let open = entry.history.open.clone()?;
            let handle = state.handles.get(&open.id).cloned();
            let is_unclear = state.unclear.contains(&open.id);
            let (facts, is_seen) = (entry.facts.clone(), !entry.unseen);
            Some(Pending { id: id.clone(), open, facts, is_seen, workspace: place.facts.clone(), handle, is_unclear })
        });
        pending.collect()
    }

    /// Intents whose instance is not there any more, in a workspace that was read.
    fn orphans(&self, read: &[WorkspaceId]) -> Vec<String> {
        let mut state = self.lock();
        let (gone, kept) = std::mem::take(&mut state.orphans)
            .into_iter()
            .partition(|orphan| read.contains(orphan.instance.workspace()));
        state.orphans = kept;
        let gone: Vec<crate::ports::RecalledIntent> = gone;
        gone.into_iter().map(|orphan| orphan.id).collect()
    }

    /// What is said of a stop that takes longer than any should.
    fn overdue(&self, pending: &Pending, now: Timestamp) -> Option<FaultLine> {
        let facts = &pending.facts;
        let asked_at = pending.open.sent_at.unwrap_or(pending.open.intended_at);
        let is_late = now.duration_since(asked_at) > self.options.stop_deadline.duration();
        (is_late && facts.state != PowerState::Stopped).then(|| FaultLine {
            workspace: Some(pending.workspace.id.clone()),
            label: "stop_overdue",
            words: format!(
                "{} was asked to stop at {asked_at} and is {}; it is still watched, and not asked again",
                pending.id.name(),
                facts.state
            ),
        })
    }

    async fn result_of(&self, pending: &Pending, now: Timestamp) -> Option<StopResult> {
        let facts = &pending.facts;
        match &facts.state {
            _ if !pending.is_seen => None,
            PowerState::Stopped => Some(StopResult::Stopped),
            PowerState::Running | PowerState::JobRunning => self.still_on(pending, facts, now).await,
            PowerState::Broken(word) => self.broken(pending, word, now).await,
            // what nobody understands says nothing
            PowerState::Changing(_) | PowerState::Unrecognised(_) => None,
        }
    }

    /// What broke while it stopped is not seen stopped any more: else its stop would be under way for ever, and nobody could
    /// delete it.
    async fn broken(&self, pending: &Pending, word: &str, now: Timestamp) -> Option<StopResult> {
        if let Some(OperationState::Failed { code, .. }) = self.asked_of_azure(pending).await {
            return Some(failed(&code));
        }
        (now.duration_since(pending.open.intended_at) > BELIEVED).then(|| failed(word))
    }

    /// How far Azure says that the operation is; none where nobody can ask, or it does not answer.
    async fn asked_of_azure(&self, pending: &Pending) -> Option<OperationState> {
        let asked = self.world.operation(&pending.workspace, pending.handle.as_ref()?);
        tokio::time::timeout(ASK_TIME, asked).await.ok()?.ok()
    }

    async fn still_on(&self, pending: &Pending, facts: &InstanceFacts, now: Timestamp) -> Option<StopResult> {
        let last = facts.last_operation.known();
        if facts.started_at().is_some_and(|start| start > pending.open.intended_at) {
            return Some(StopResult::StartedAgain);
        }
        let intended_at = pending.open.intended_at;
        let stop = last.filter(|op| op.operation == Operation::Stop && op.at >= intended_at);
        if let Some(OperationStatus::Failed(word)) = stop.map(|op| &op.status)
            && **word != *"(missing)"
        {
            return Some(failed(word));
        }
        // A stop that Azure names was taken, even when its answer was lost; one without a trace is not waited for as long.
        let old = now.duration_since(intended_at) > TRACE;
        if stop.is_none() && pending.is_unclear {
            return old.then(|| StopResult::Failed("unclear".to_owned()));
        }
        let Some(sent_at) = pending.open.sent_at.or(stop.map(|_| intended_at)) else {
            return old.then(|| StopResult::Dropped(UNSENT.to_owned()));
        };
        match self.asked_of_azure(pending).await {
            Some(OperationState::Failed { code, .. }) => return Some(failed(&code)),
            Some(OperationState::InProgress) => return None,
            Some(OperationState::Succeeded) | None => {}
        }
        (now.duration_since(sent_at) > BELIEVED).then(|| StopResult::Failed("still_running".to_owned()))
    }
}

impl<W: World> Engine<W> {
    /// Settles the stop of one instance by a look just taken, written down and told as a sweep does, for a person who waits
    /// or asks for something else; none while it goes on. `gives_up`: nothing but its deletion is wanted of it any more.
    pub(super) async fn stop_settled(
        &self,
        (id, workspace): (&InstanceId, &WorkspaceFacts),
        fresh: Option<&InstanceFacts>,
        gives_up: bool,
    ) -> Result<Option<StopResult>, Declined> {
        let now = self.world.now();
        let Some(pending) = self.pending_one(id, workspace, fresh) else { return Ok(self.last_end(id, fresh)) };
        let result = match fresh.map(|fresh| &fresh.state) {
            None => Some(StopResult::Gone),
            Some(PowerState::Broken(word)) if gives_up => Some(failed(word)),
            Some(
                PowerState::Running
                | PowerState::JobRunning
                | PowerState::Stopped
                | PowerState::Changing(_)
                | PowerState::Broken(_)
                | PowerState::Unrecognised(_),
            ) => self.result_of(&pending, now).await,
        };
        let Some(result) = result else { return Ok(None) };
        let open = &pending.open;
        let record = SweepRecord {
            at: Some(now),
            settled: vec![(open.id.clone(), result.clone())],
            messages: self.fanned(message(&pending, &result, now).into_iter().collect()),
            ..SweepRecord::default()
        };
        self.world.record(&record).await.map_err(declined)?;
        let asked_at = open.sent_at.unwrap_or(open.intended_at);
        let ended = EndedStop { key: open.key.clone(), asked_at, ended_at: now, result: result.clone() };
        self.lock().ended(id, &open.id, ended);
        Ok(Some(result))
    }

    fn pending_one(
        &self,
        id: &InstanceId,
        workspace: &WorkspaceFacts,
        fresh: Option<&InstanceFacts>,
    ) -> Option<Pending> {
        let mut state = self.lock();
        let open = state.history_mut(id)?.open.clone()?;
        let known = || Some(state.places.get(id.workspace())?.entries.get(id)?.facts.clone());
        let facts = fresh.map(|fresh| std::sync::Arc::new(fresh.clone())).or_else(known)?;
        let (handle, is_unclear) = (state.handles.get(&open.id).cloned(), state.unclear.contains(&open.id));
        Some(Pending { id: id.clone(), open, facts, is_seen: true, workspace: workspace.clone(), handle, is_unclear })
    }

    /// The end of the last stop of one that has none under way.
    fn last_end(&self, id: &InstanceId, fresh: Option<&InstanceFacts>) -> Option<StopResult> {
        let Some(fresh) = fresh else { return Some(StopResult::Gone) };
        if fresh.state == PowerState::Stopped {
            return Some(StopResult::Stopped);
        }
        let mut state = self.lock();
        state.history_mut(id)?.stops.last().map(|stop| stop.result.clone())
    }
}

fn failed(word: &str) -> StopResult {
    StopResult::Failed(format!("operation_failed:{word}"))
}

/// The word of a result.
pub(super) fn label_of(result: &StopResult) -> &str {
    match result {
        StopResult::Stopped => "stopped",
        StopResult::StartedAgain => "started_again",
        StopResult::Gone => "gone",
        StopResult::Failed(label) => label.split(':').next().unwrap_or("failed"),
        StopResult::Dropped(_) => "dropped",
    }
}

fn message(pending: &Pending, result: &StopResult, now: Timestamp) -> Option<Message> {
    let (kind, words) = match result {
        StopResult::Stopped => {
            (MessageKind::Stopped, format!("{} was stopped; start it again whenever you need it", pending.id.name()))
        }
        StopResult::Failed(label) => {
            (MessageKind::StopFailed, format!("{} could not be stopped: {label}", pending.id.name()))
        }
        StopResult::StartedAgain | StopResult::Gone | StopResult::Dropped(_) => return None,
    };
    Some(after(kind, &pending.facts, &pending.open.key, words, now))
}

/// A message about a stop that was tried.
pub(super) fn after(
    kind: MessageKind,
    facts: &InstanceFacts,
    key: &crate::facts::StopKey,
    words: String,
    now: Timestamp,
) -> Message {
    Message {
        id: format!(
            "{}|{}|{}|{}",
            kind.label(),
            facts.id.to_string().to_ascii_lowercase(),
            facts.created.known().unwrap_or_default(),
            super::state::key_text(key)
        ),
        kind,
        about: About::Instance { instance: facts.id.clone(), created: facts.created },
        notice: None,
        policy: PolicyId::new(key.policy()),
        ground: key.rule().to_owned(),
        owner: facts.owner.name().map(str::to_owned),
        notify: Vec::new(),
        words,
        at: now,
        attempts: 0,
        channel: None,
        address: None,
        not_before: None,
        also: Vec::new(),
    }
}
