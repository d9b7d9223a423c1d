//! Operations beside stops: written down, asked the last word, sent, and settled by looking at the instance in later sweeps.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::act::ulid_at;
use super::log;
use super::proposals::operation_key;
use super::state::{Engine, State};
use crate::facts::{OperationResult, Proposal, Verb, WorkspaceFacts};
use crate::guard::Refusal;
use crate::ports::{
    Fault, FaultKind, LastWord, OperationHandle, OperationIntent, OperationPermit, OperationRow, OperationState, World,
};
use crate::report::{FaultLine, Outcome, SweepReport};
use crate::rules::{UnderWay, operation_end};
use crate::units::{InstanceId, WorkspaceId};

/// Ended operations are remembered so long: a start is looked at again an hour after it.
const KEPT: SignedDuration = SignedDuration::from_hours(48);
/// One question after an operation may take so long; the next sweep asks again.
const ASK_TIME: std::time::Duration = std::time::Duration::from_secs(10);

/// What goes on for so long is told with every sweep.
const OVERDUE: SignedDuration = SignedDuration::from_mins(30);

/// Labels of what Azure never took: nothing is used up by it, neither a person's yes nor a try.
pub(super) const NEVER_LEFT: [&str; 3] = ["throttled", "unauthenticated", "unreachable"];

/// Who wants it done, and for which reason.
pub(super) struct Wish<'a> {
    /// What is done for one reason is done once.
    pub(super) key: Arc<str>,
    pub(super) who: &'a str,
    pub(super) why: String,
}

/// An operation that is under way, or ended lately.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) row: OperationRow,
    /// To ask after it; signed, so only in memory.
    pub(super) handle: Option<OperationHandle>,
}

impl Known {
    /// Of an earlier process.
    pub(super) const fn recalled(row: OperationRow) -> Self {
        Self { row, handle: None }
    }
}

/// What is asked of the rules about it.
pub(super) const fn under_way(row: &OperationRow) -> UnderWay {
    let OperationIntent { verb, created, at, .. } = row.intent;
    UnderWay { verb, created, asked_at: at, sent_at: row.sent_at }
}

/// True while an operation on the instance is under way, whoever asked for it.
pub(super) fn is_open(state: &State, instance: &InstanceId) -> bool {
    state.operations.iter().any(|known| known.row.intent.instance == *instance && known.row.ended.is_none())
}

/// What the audit log says of what came of it.
pub(super) fn answered(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Accepted => "Azure took it".to_owned(),
        Outcome::AlreadyStopped => "it was as it should be already".to_owned(),
        Outcome::Dropped { refusal, words } => format!("not sent: {} ({words})", refusal.words()),
        Outcome::Failed { label, words } => format!("Azure did not take it: {label}: {words}"),
        Outcome::Unclear { words } => format!("Azure may have taken it: {words}"),
    }
}

impl State {
    /// Something is under way from now on, and its workspace is read in every round until it is not.
    pub(super) fn begin(&mut self, known: Known) {
        if let Some(place) = self.places.get_mut(known.row.intent.instance.workspace()) {
            place.pace.hurry();
        }
        self.operations.push(known);
    }

    /// Forgets what ended long ago. The end of a deletion stays while its proposal is open, whatever kept it from being read.
    fn forget_operations(&mut self, now: Timestamp) {
        let since = now.checked_sub(KEPT).unwrap_or(Timestamp::MIN);
        let open: Vec<String> =
            self.proposals.iter().filter(|one| one.is_open()).map(|one| operation_key(&one.id)).collect();
        self.operations.retain(|known| {
            let is_recent = known.row.ended.as_ref().is_none_or(|(at, _)| *at >= since);
            is_recent || open.iter().any(|key| **key == *known.row.intent.key)
        });
    }
}

impl<W: World> Engine<W> {
    /// Does what the permit allows: intent, last word, request, outcome, in that order.
    pub(super) async fn undertake(
        &self,
        permit: OperationPermit,
        workspace: &WorkspaceFacts,
        wish: Wish<'_>,
        last_word: LastWord<'_>,
    ) -> Outcome {
        let instance = permit.instance().clone();
        let Some(_turn) = self.turn(&instance) else {
            return Outcome::Dropped {
                refusal: Refusal::UnderWay,
                words: "a stop of it, or something else, is under way".to_owned(),
            };
        };
        let at = self.world.now();
        let Wish { key, who, why } = wish;
        let (verb, created) = (permit.verb(), permit.created());
        let intent = OperationIntent { id: ulid_at(at), verb, instance, created, key, who: who.to_owned(), why, at };
        if let Err(fault) = self.world.begin_operation(&intent).await {
            let refusal = if fault.kind == FaultKind::Conflict { Refusal::UnderWay } else { Refusal::NotRecorded };
            return Outcome::Dropped { refusal, words: fault.words() };
        }
        self.pass("operation_intended");
        let row = OperationRow { intent: intent.clone(), sent_at: None, ended: None };
        self.lock().begin(Known { row, handle: None });
        if let Err((refusal, words)) = last_word() {
            self.end_operation(&intent.id, OperationResult::Dropped(refusal.label().to_owned())).await;
            return Outcome::Dropped { refusal, words };
        }
        let answer = self.world.operate(workspace, permit, last_word).await;
        self.pass("operation_posted");
        match answer {
            Ok(handle) => {
                self.operation_left(&intent.id, handle).await;
                Outcome::Accepted
            }
            Err(fault) => self.operation_failed(&intent, fault).await,
        }
    }

    async fn operation_failed(&self, intent: &OperationIntent, fault: Fault) -> Outcome {
        let (kind, label) = (fault.kind, fault.kind.label());
        match kind {
            // it may have arrived: what is seen of the instance decides
            FaultKind::Unclear => {
                self.operation_left(&intent.id, None).await;
                Outcome::Unclear { words: fault.words() }
            }
            FaultKind::Withheld(refusal) => {
                self.end_operation(&intent.id, OperationResult::Dropped(refusal.label().to_owned())).await;
                Outcome::Dropped { refusal, words: fault.words() }
            }
            // somebody else deleted it meanwhile, or a deletion of ours is through: looking tells
            FaultKind::Gone if intent.verb == Verb::Delete => {
                self.operation_left(&intent.id, None).await;
                Outcome::Unclear { words: fault.words() }
            }
            FaultKind::Throttled(_) | FaultKind::Unauthenticated | FaultKind::Unreachable => {
                self.end_operation(&intent.id, OperationResult::Dropped(label.to_owned())).await;
                Outcome::Failed { label, words: format!("{}; {}", fault.words(), kind.remedy()) }
            }
            FaultKind::Denied
            | FaultKind::Gone
            | FaultKind::Conflict
            | FaultKind::DiskFull
            | FaultKind::Refused
            | FaultKind::Garbled
            | FaultKind::Storage
            | FaultKind::Undelivered
            | FaultKind::Unfit => {
                self.end_operation(&intent.id, OperationResult::Failed(label.to_owned())).await;
                Outcome::Failed { label, words: format!("{}; {}", fault.words(), kind.remedy()) }
            }
        }
    }

    async fn operation_left(&self, id: &str, handle: Option<OperationHandle>) {
        let at = self.world.now();
        if let Err(fault) = self.world.operation_sent(id, at).await {
            log::fault(&fault);
        }
        let mut state = self.lock();
        if let Some(known) = state.operations.iter_mut().find(|known| known.row.intent.id == id) {
            known.row.sent_at = Some(at);
            known.handle = handle;
        }
    }

    /// Ended, in the journal and then in memory: what could not be written stays open, and is looked at again.
    pub(super) async fn end_operation(&self, id: &str, result: OperationResult) {
        let at = self.world.now();
        if let Err(fault) = self.world.end_operation(id, &result, at).await {
            log::fault(&fault);
            return;
        }
        let mut state = self.lock();
        if let Some(known) = state.operations.iter_mut().find(|known| known.row.intent.id == id) {
            known.row.ended = Some((at, result));
            known.handle = None;
        }
    }

    /// Settles what can be settled among the workspaces just read; a deleted instance is gone when two readings lack it.
    pub(super) async fn settle_operations(&self, read: &[WorkspaceId], now: Timestamp, report: &mut SweepReport) {
        for (row, workspace, handle) in self.operations_of(read) {
            let id = &row.intent.instance;
            let under_way = under_way(&row);
            let seen = self.lock().places.get(id.workspace()).and_then(|place| {
                let entry = place.entries.get(id)?;
                Some((entry.facts.clone(), entry.unseen))
            });
            let end = match &seen {
                Some((_, true)) => None,
                Some((facts, false)) => operation_end(under_way, Some(facts), now),
                None => operation_end(under_way, None, now),
            };
            let end = match (end, handle) {
                (None, Some(handle)) => self.failed_in_azure(&workspace, &handle).await,
                (end, _) => end,
            };
            let Some(end) = end else { continue };
            report.settled.push((id.clone(), format!("{} {}", row.intent.verb.label(), end.label())));
            self.end_operation(&row.intent.id, end).await;
        }
        report.faults.extend(self.overdue_operations(read, now));
        self.lock().forget_operations(now);
    }

    /// Faults of what should have ended by now.
    fn overdue_operations(&self, read: &[WorkspaceId], now: Timestamp) -> Vec<FaultLine> {
        let state = self.lock();
        let open = state.operations.iter().filter(|known| known.row.ended.is_none()).map(|known| &known.row.intent);
        let late = open.filter(|intent| now.duration_since(intent.at) > OVERDUE);
        let read = late.filter(|intent| read.contains(intent.instance.workspace()));
        let line = |intent: &OperationIntent| FaultLine {
            workspace: Some(intent.instance.workspace().clone()),
            label: "operation_overdue",
            words: format!(
                "{} of {}, asked for at {}, has not ended; look in the Azure portal how it stands",
                intent.verb.label(),
                intent.instance.name(),
                intent.at
            ),
        };
        read.map(line).collect()
    }

    fn operations_of(&self, read: &[WorkspaceId]) -> Vec<(OperationRow, WorkspaceFacts, Option<OperationHandle>)> {
        let state = self.lock();
        let open = state.operations.iter().filter(|known| known.row.ended.is_none());
        let read = open.filter(|known| read.contains(known.row.intent.instance.workspace()));
        let placed = read.filter_map(|known| {
            let place = state.places.get(known.row.intent.instance.workspace())?;
            Some((known.row.clone(), place.facts.clone(), known.handle.clone()))
        });
        placed.collect()
    }

    /// Azure's word that it failed; that it succeeded has to show on the instance.
    async fn failed_in_azure(&self, workspace: &WorkspaceFacts, handle: &OperationHandle) -> Option<OperationResult> {
        let asked = tokio::time::timeout(ASK_TIME, self.world.operation(workspace, handle)).await;
        match asked.ok()?.ok()? {
            OperationState::Failed { code, .. } => Some(OperationResult::Failed(format!("operation_failed:{code}"))),
            OperationState::InProgress | OperationState::Succeeded => None,
        }
    }

    /// What the journal holds of operations; and of those that deleted what is still proposed, however old they are: the end of a
    /// deletion may be older than what is remembered of operations, where the process ended in between.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) async fn recalled_operations(&self, proposals: &[Proposal]) -> Result<Vec<Known>, Fault> {
        let since = self.world.now().checked_sub(KEPT).unwrap_or(Timestamp::MIN);
        let mut rows = self.world.operations(since).await?;
        let oldest = proposals.iter().filter(|one| one.is_open()).map(|one| one.made_at).min();
        if let Some(oldest) = oldest {
            let known: BTreeSet<String> = rows.iter().map(|row| row.intent.id.clone()).collect();
            let older = self.world.operations(oldest).await?.into_iter();
            rows.extend(older.filter(|row| row.intent.verb == Verb::Delete && !known.contains(&row.intent.id)));
        }
        Ok(rows.into_iter().map(Known::recalled).collect())
    }
}
