//! Each sweep's part in deleting what stays off: what is void is ended, what is due is proposed, and each step of the ladder
//! is told once. Carrying one out is another file's business.

use jiff::Timestamp;

use super::proposals::{proposal_id, told_of};
use super::state::{Engine, State};
use super::{proposal_words as words_for, undertake};
use crate::facts::{Freeze, InstanceFacts, Proposal, ProposalStep, VoidGround};
use crate::policy::Policy;
use crate::ports::{Fault, SweepRecord, World};
use crate::report::{FaultLine, LadderKind, LadderLine, SweepReport};
use crate::rules::{Disposal, disposal, proposes, void_of};
use crate::units::WorkspaceId;

/// In one sweep so many are proposed at most: a first look at an old fleet is no flood of messages.
const PROPOSED_MAX: usize = 25;

impl<W: World> Engine<W> {
    /// The ladder of a sweep. What fails is a fault of the report, and the others go on (G16).
    pub(super) async fn climb(&self, read: &[WorkspaceId], freeze: &Freeze, report: &mut SweepReport) {
        let now = self.world.now();
        self.note_frozen(freeze);
        self.settle_deletions(report).await;
        self.end_void(read, freeze, now, report).await;
        self.propose_due(read, freeze, now, report).await;
        self.tell_steps(freeze, now, report).await;
        self.delete_ready(read, freeze, report).await;
        self.settle_deletions(report).await;
        let mut state = self.lock();
        state.would_propose(read, now);
        state.forget_proposals(now);
    }

    /// Remembers that everything was frozen, if only between two sweeps.
    pub(super) fn note_frozen(&self, freeze: &Freeze) {
        if let Freeze::On(why) = freeze {
            let now = self.world.now();
            self.lock().froze = Some((now, why.clone()));
        }
    }

    async fn end_void(&self, read: &[WorkspaceId], freeze: &Freeze, now: Timestamp, report: &mut SweepReport) {
        let void = self.lock().void(read, freeze, now);
        for (proposal, ground, words) in void {
            let step = ProposalStep::Void { ground, words: words.clone() };
            self.ladder_step(&proposal, (LadderKind::Void, step, words), report).await;
        }
    }

    async fn propose_due(&self, read: &[WorkspaceId], freeze: &Freeze, now: Timestamp, report: &mut SweepReport) {
        if *freeze != Freeze::Off || self.lock().clock_trouble.is_some() {
            return;
        }
        let due = self.lock().to_propose(read, now);
        for proposal in due.into_iter().take(PROPOSED_MAX) {
            if let Err(fault) = self.world.propose(&proposal).await {
                report.faults.push(fault_line(&proposal, &fault));
                continue;
            }
            self.pass("proposed");
            let words = format!("off since {}; not before {}", proposal.off_since, proposal.due_at);
            self.lock().proposals.push(proposal.clone());
            report.ladder.push(LadderLine::of(&proposal, LadderKind::Proposed, words.clone()));
            self.audit_proposal(&proposal, "lightsout", "proposal_made", words).await;
        }
    }

    /// The messages first, then that they were written: what is written twice has the same key.
    async fn tell_steps(&self, freeze: &Freeze, now: Timestamp, report: &mut SweepReport) {
        if *freeze != Freeze::Off {
            return;
        }
        let steps = {
            let state = self.lock();
            let open = state.proposals.iter().filter(|one| one.is_open() && !state.is_being_deleted(one));
            let untold = open.filter_map(|one| Some((one.clone(), one.untold(now)?)));
            let residual = self.options.accounting.residual;
            let told = untold.filter_map(|(one, lead)| {
                let message = words_for::step(&state, &one, lead, (residual.as_ref(), now))?;
                Some((one, lead, message))
            });
            told.collect::<Vec<_>>()
        };
        if steps.is_empty() {
            return;
        }
        let messages = steps.iter().map(|(_, _, message)| message.clone()).collect();
        let record = SweepRecord { at: Some(now), messages: self.fanned(messages), ..SweepRecord::default() };
        if let Err(fault) = self.world.record(&record).await {
            // told with the next sweep
            let words = format!("{}; {}", fault.words(), fault.kind.remedy());
            report.faults.push(FaultLine { workspace: None, label: fault.kind.label(), words });
            return;
        }
        self.pass("ladder_told");
        for (proposal, lead, _) in steps {
            let day = proposal.day(now);
            let words = format!("{lead} before {day}");
            self.ladder_step(&proposal, (LadderKind::Told, ProposalStep::Told { lead, day }, words), report).await;
        }
    }

    /// Writes a step of the service's own, with its line in report and audit log.
    pub(super) async fn ladder_step(
        &self,
        proposal: &Proposal,
        (kind, step, words): (LadderKind, ProposalStep, String),
        report: &mut SweepReport,
    ) {
        let (what, why) = told_of(&step);
        match self.note_step(&proposal.id, "lightsout", step).await {
            Ok(()) => {
                report.ladder.push(LadderLine::of(proposal, kind, words));
                if kind != LadderKind::Told {
                    self.audit_proposal(proposal, "lightsout", what, why).await;
                }
            }
            Err(fault) => report.faults.push(fault_line(proposal, &fault)),
        }
    }
}

/// A fault about one proposal.
pub(super) fn fault_line(proposal: &Proposal, fault: &Fault) -> FaultLine {
    let words = format!("{}: {}; {}", proposal.instance.name(), fault.words(), fault.kind.remedy());
    FaultLine { workspace: Some(proposal.instance.workspace().clone()), label: fault.kind.label(), words }
}

impl State {
    /// Proposals that something says no to, among the workspaces just read. One that is being deleted is no more what it
    /// was, and is left to its operation.
    fn void(&self, read: &[WorkspaceId], freeze: &Freeze, now: Timestamp) -> Vec<(Proposal, VoidGround, String)> {
        let mut void = Vec::new();
        let is_its_own = |one: &Proposal| !self.is_being_deleted(one) && self.unsettled(one).is_none();
        for proposal in self.proposals.iter().filter(|one| one.is_open() && is_its_own(one)) {
            let workspace = proposal.instance.workspace();
            let Some(place) = self.places.get(workspace).filter(|_| read.contains(workspace)) else { continue };
            let found = match place.entries.get(&proposal.instance) {
                None => Some((VoidGround::Gone, "it is not there any more, and not by this proposal".to_owned())),
                // what one reading left out may be there
                Some(entry) if entry.absent || entry.unseen => None,
                Some(entry) => {
                    let policy = self.policy_of(workspace);
                    let froze = self.froze.as_ref().filter(|(at, _)| proposal.made_at <= *at);
                    let was = froze.map_or_else(|| freeze.clone(), |(_, why)| Freeze::On(why.clone()));
                    void_of(proposal, policy.as_deref(), (&entry.facts, &entry.history), &was, now)
                }
            };
            void.extend(found.map(|(ground, words)| (proposal.clone(), ground, words)));
        }
        void
    }

    /// What is due among the workspaces just read, and neither proposed nor kept already.
    fn to_propose(&self, read: &[WorkspaceId], now: Timestamp) -> Vec<Proposal> {
        let mut due = Vec::new();
        for workspace in read {
            let Some(policy) = self.policy_of(workspace).filter(|policy| proposes(policy)) else { continue };
            let Some(place) = self.places.get(workspace) else { continue };
            let seen = place.entries.values().filter(|entry| !entry.absent && !entry.unseen);
            for entry in seen {
                let (facts, history) = (&entry.facts, &entry.history);
                let is_free = history.open.is_none() && !undertake::is_open(self, &facts.id);
                if !is_free || self.proposal_of(&facts.id, facts.created, now).is_some() {
                    continue;
                }
                if let Disposal::Due { off_since, automatic } = disposal(&policy, facts, history, now) {
                    due.extend(made(&policy, facts, (off_since, automatic), now));
                }
            }
        }
        due
    }

    /// What a policy that only observes would propose.
    fn would_propose(&mut self, read: &[WorkspaceId], now: Timestamp) {
        let mut would: Vec<_> = Vec::new();
        for workspace in read {
            let observed = self.policy_of(workspace).filter(|policy| !proposes(policy));
            let Some((policy, place)) = observed.zip(self.places.get(workspace)) else { continue };
            let seen = place.entries.values().filter(|entry| !entry.absent && !entry.unseen);
            let due = seen
                .filter(|entry| matches!(disposal(&policy, &entry.facts, &entry.history, now), Disposal::Due { .. }));
            would.extend(due.map(|entry| entry.facts.id.clone()));
        }
        self.would_delete.retain(|id| !read.contains(id.workspace()));
        self.would_delete.extend(would);
        self.would_delete.sort();
    }
}

fn made(
    policy: &Policy,
    facts: &InstanceFacts,
    (off_since, automatic): (Timestamp, bool),
    now: Timestamp,
) -> Option<Proposal> {
    let rule = policy.terms.stopped.as_deref()?;
    Some(Proposal {
        id: proposal_id(now),
        instance: facts.id.clone(),
        created: facts.created,
        owner: facts.owner.name().map(str::to_owned),
        policy: policy.id.clone(),
        revision: policy.revision.clone(),
        off_since,
        automatic,
        ladder: rule.ladder.clone(),
        made_at: now,
        due_at: now.checked_add(rule.first_step().duration()).ok()?,
        steps: Vec::new(),
        confirmed: None,
        failed: None,
        end: None,
    })
}
