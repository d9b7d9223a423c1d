//! Stops under way are settled by looking: at the instance, and where that is not enough at Azure's operation. Never by repeating (L5).

use jiff::{SignedDuration, Timestamp};

use super::book::Changes;
use super::state::Engine;
use crate::facts::{
    EndedStop, InstanceFacts, OpenIntent, Operation, OperationStatus, PowerState, StopResult, UNSENT, WorkspaceFacts,
};
use crate::ports::{About, Fault, FaultKind, Message, MessageKind, OperationHandle, OperationState, World};
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
        for pending in self.pending(read) {
            let Some(result) = self.result_of(&pending, now, report).await else {
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

    fn pending(&self, read: &[WorkspaceId]) -> Vec<Pending> {
        let state = self.lock();
        let places = read.iter().filter_map(|id| state.places.get(id));
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

    async fn result_of(&self, pending: &Pending, now: Timestamp, report: &mut SweepReport) -> Option<StopResult> {
        let facts = &pending.facts;
        let asked_at = pending.open.sent_at.unwrap_or(pending.open.intended_at);
        if now.duration_since(asked_at) > self.options.stop_deadline.duration() && facts.state != PowerState::Stopped {
            let words = format!(
                "{} was asked to stop at {asked_at} and is {}; it is still watched, and not asked again",
                pending.id.name(),
                facts.state
            );
            report.faults.push(FaultLine {
                workspace: Some(pending.workspace.id.clone()),
                label: "stop_overdue",
                words,
            });
        }
        match &facts.state {
            _ if !pending.is_seen => None,
            PowerState::Stopped => Some(StopResult::Stopped),
            PowerState::Running | PowerState::JobRunning => self.still_on(pending, facts, now).await,
            PowerState::Changing(_) | PowerState::Broken(_) | PowerState::Unrecognised(_) => None,
        }
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
            return Some(StopResult::Failed(format!("operation_failed:{word}")));
        }
        // A stop that Azure names was taken, even when its answer was lost; one without a trace is not waited for as long.
        let old = now.duration_since(intended_at) > TRACE;
        if stop.is_none() && pending.is_unclear {
            return old.then(|| StopResult::Failed("unclear".to_owned()));
        }
        let Some(sent_at) = pending.open.sent_at.or(stop.map(|_| intended_at)) else {
            return old.then(|| StopResult::Dropped(UNSENT.to_owned()));
        };
        if let Some(handle) = &pending.handle {
            let asked = tokio::time::timeout(ASK_TIME, self.world.operation(&pending.workspace, handle)).await;
            let late = |_| Err(Fault::new(FaultKind::Unreachable, "ask after an operation in time"));
            match asked.unwrap_or_else(late) {
                Ok(OperationState::Failed { code, .. }) => {
                    return Some(StopResult::Failed(format!("operation_failed:{code}")));
                }
                Ok(OperationState::InProgress) => return None,
                Ok(OperationState::Succeeded) | Err(_) => {}
            }
        }
        (now.duration_since(sent_at) > BELIEVED).then(|| StopResult::Failed("still_running".to_owned()))
    }
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
