//! Carrying out proposals: looked at again, permitted by the guard, written down, asked the last word, sent, and settled by
//! looking. One that fails is told and never stops the others.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::act::{Acted, Look};
use super::ladder::fault_line;
use super::proposals::operation_key;
use super::state::{Engine, State};
use super::undertake::{self, Wish};
use super::{log, proposal_words as words_for};
use crate::facts::{Freeze, OperationResult, Proposal, ProposalStep, Verb};
use crate::guard::{DeleteLook, DeletedLately, Refusal, delete_permit, held_at_all};
use crate::ports::{SweepRecord, World};
use crate::report::{FaultLine, LadderKind, LadderLine, Outcome, SweepReport};
use crate::rules::proposes;
use crate::units::{PolicyId, WorkspaceId};

/// So many are sent in one sweep: whoever sees the first go wrong can still freeze the rest.
const SENT_MAX: usize = 2;
/// So many are looked at in one sweep.
const LOOKS_MAX: usize = 10;
/// After a deletion that Azure refused, one that needs nobody's yes rests so long.
const RESTS: SignedDuration = SignedDuration::from_hours(24);
/// Deletions of the last day count.
const DAY: SignedDuration = SignedDuration::from_hours(24);

impl<W: World> Engine<W> {
    /// Deletes what is ready in the workspaces just read, where everything that says no has been heard; a few a sweep.
    pub(super) async fn delete_ready(&self, read: &[WorkspaceId], freeze: &Freeze, report: &mut SweepReport) {
        if *freeze != Freeze::Off || self.lock().clock_trouble.is_some() {
            return;
        }
        let ready = self.lock().ready(read, self.world.now());
        let (mut sent, mut looks, mut paced) = (0_usize, 0_usize, 0_usize);
        for proposal in ready {
            if sent >= SENT_MAX || looks >= LOOKS_MAX {
                return;
            }
            if let Err(fault) = self.count_deleted_elsewhere(self.world.now()).await {
                report.faults.push(FaultLine { workspace: None, label: fault.kind.label(), words: fault.words() });
                return;
            }
            let waits = self.lock().paced(&proposal, self.world.now());
            if let Some(words) = waits {
                // without a look: what only waits its turn takes none from what may go
                if paced < LOOKS_MAX {
                    report.ladder.push(LadderLine::of(&proposal, LadderKind::Refused(Refusal::Paced), words));
                }
                paced = paced.saturating_add(1);
                continue;
            }
            looks = looks.saturating_add(1);
            let (kind, words) = match self.delete_one(&proposal).await {
                Outcome::Accepted | Outcome::AlreadyStopped => (LadderKind::Sent, "Azure took it".to_owned()),
                Outcome::Unclear { words } => (LadderKind::Sent, words),
                Outcome::Dropped { refusal, words } => {
                    self.note_frozen(&self.world.freeze());
                    let now = self.world.now();
                    self.lock().turned_down.insert(proposal.id.clone(), now);
                    (LadderKind::Refused(refusal), words)
                }
                // the yes stands, and the next sweep tries again: it keeps no other from being sent
                Outcome::Failed { label, words } if undertake::NEVER_LEFT.contains(&label) => {
                    let (workspace, name) = (proposal.instance.workspace().clone(), proposal.instance.name());
                    let words = format!("{name} is not deleted yet: {words}");
                    report.faults.push(FaultLine { workspace: Some(workspace), label, words });
                    continue;
                }
                // settled, told and counted from the operation's own row
                Outcome::Failed { .. } => {
                    sent = sent.saturating_add(1);
                    continue;
                }
            };
            sent = sent.saturating_add(usize::from(kind == LadderKind::Sent));
            report.ladder.push(LadderLine::of(&proposal, kind, words));
        }
    }

    async fn delete_one(&self, proposal: &Proposal) -> Outcome {
        let mut acted = Acted::default();
        let looked = self.look(&proposal.instance, &mut acted).await;
        self.keep_sightings(acted).await;
        let look = match looked {
            Ok(look) => look,
            Err((refusal, words)) => return Outcome::Dropped { refusal, words },
        };
        let permit = {
            let state = self.lock();
            let now = look.now;
            let Look { fresh, policy, history, freeze, .. } = &look;
            let Some(proposal) = state.proposals.iter().find(|known| known.id == proposal.id) else {
                return Outcome::Dropped { refusal: Refusal::NoLongerDue, words: "it is proposed no more".to_owned() };
            };
            delete_permit(&DeleteLook {
                proposal,
                fresh,
                history,
                policy,
                freeze,
                sight: (&state.sight(now), &self.options.bounds),
                is_under_way: undertake::is_open(&state, &proposal.instance),
                lately: state.deleted_lately(&proposal.policy, now),
                now,
            })
        };
        let permit = match permit {
            Ok(permit) => permit,
            Err((refusal, words)) => return Outcome::Dropped { refusal, words },
        };
        let (who, why) = match &proposal.confirmed {
            Some(said) => (said.by.as_str(), format!("proposal {}: {}", proposal.id, said.why)),
            None => ("lightsout", format!("proposal {}: told to the last step of the ladder", proposal.id)),
        };
        let key: Arc<str> = operation_key(&proposal.id).into();
        // no line, no deletion (I2)
        if let Err(fault) = self.audited(proposal, who, "delete", format!("{why}; to be sent to Azure")).await {
            return Outcome::Dropped { refusal: Refusal::NotRecorded, words: fault.words() };
        }
        let last_word = || self.deletion_word(&proposal.id);
        let outcome = self.undertake(permit, &look.workspace, Wish { key, who, why }, &last_word).await;
        self.audit_proposal(proposal, who, "delete_answered", undertake::answered(&outcome)).await;
        outcome
    }

    /// What the look saw goes into the journal, or with the next sweep's record.
    async fn keep_sightings(&self, acted: Acted) {
        if acted.sightings.is_empty() {
            return;
        }
        let record = SweepRecord {
            at: Some(self.world.now()),
            accounts: self.accounts_of(&acted.sightings),
            sightings: acted.sightings,
            ..SweepRecord::default()
        };
        if let Err(fault) = self.world.record(&record).await {
            log::fault(&fault);
            self.keep_for_later(record);
        }
    }

    /// Whether it may still leave: everything that people can say no by, as it is at that moment (G12).
    fn deletion_word(&self, id: &str) -> Result<(), (Refusal, String)> {
        if let Some(why) = self.world.freeze().why() {
            return Err((Refusal::Frozen, why.to_owned()));
        }
        let now = self.world.now();
        let mut state = self.lock();
        if let Some(trouble) = &state.clock_trouble {
            return Err((Refusal::ClockUnsteady, trouble.clone()));
        }
        let proposal = state.proposals.iter().find(|known| known.id == id).cloned();
        let Some(proposal) = proposal.filter(|one| one.ready_at().is_some_and(|at| at <= now)) else {
            return Err((Refusal::NoLongerDue, "somebody said no meanwhile".to_owned()));
        };
        let policy = state.policy_of(proposal.instance.workspace());
        if !policy.is_some_and(|policy| policy.id == proposal.policy && policy.revision == proposal.revision) {
            return Err((Refusal::PolicyChanged, "the policy changed meanwhile".to_owned()));
        }
        let history = state.history_mut(&proposal.instance);
        let history = history.ok_or_else(|| (Refusal::NoLongerDue, "it is gone".to_owned()))?;
        held_at_all(history, now)
    }

    /// Ends the proposals whose operation has ended, and tells their people how.
    pub(super) async fn settle_deletions(&self, report: &mut SweepReport) {
        let ended = self.lock().deletions_ended();
        for (proposal, operation, result) in ended {
            let (kind, step, words) = match result {
                OperationResult::Done => {
                    let operation = operation.clone();
                    (LadderKind::Deleted, ProposalStep::Deleted { operation }, "seen deleted".to_owned())
                }
                OperationResult::Failed(label) => {
                    let words = words_for::failed(&label);
                    let step = ProposalStep::Failed { operation: operation.clone(), words: words.clone() };
                    (LadderKind::Failed, step, words)
                }
                // nothing was sent: what stood before stands, and is tried again or void
                OperationResult::Dropped(_) => continue,
            };
            let message = words_for::ended(&self.lock(), &proposal, (kind, &operation, &words), self.world.now());
            let record = SweepRecord {
                at: Some(self.world.now()),
                messages: self.fanned(message.into_iter().collect()),
                ..SweepRecord::default()
            };
            // the message first: it has a key of its own, and is written once however often this is tried
            if let Err(fault) = self.world.record(&record).await {
                report.faults.push(fault_line(&proposal, &fault));
                continue;
            }
            self.ladder_step(&proposal, (kind, step, words), report).await;
        }
    }
}

impl State {
    /// What may be deleted now, in turn: one of each policy after the other, the policy that deleted least before the rest.
    /// Within a policy what was turned down waits behind all others, so that what is refused for ever stops nothing; else what
    /// became ready first comes first.
    fn ready(&self, read: &[WorkspaceId], now: Timestamp) -> Vec<Proposal> {
        let rests = |one: &Proposal| {
            let failed = one.failed.as_ref().filter(|_| one.confirmed.is_none());
            failed.is_some_and(|failed| now.duration_since(failed.at) < RESTS)
        };
        let is_ready = |one: &&Proposal| one.ready_at().is_some_and(|at| at <= now) && !rests(one);
        let is_free = |one: &&Proposal| !self.is_being_deleted(one) && self.unsettled(one).is_none();
        let ready = self.proposals.iter().filter(is_ready).filter(is_free);
        let mut queues: BTreeMap<&PolicyId, Vec<&Proposal>> = BTreeMap::new();
        for one in ready.filter(|one| read.contains(one.instance.workspace())) {
            queues.entry(&one.policy).or_default().push(one);
        }
        let turn = |one: &Proposal| (self.turned_down.get(&one.id).copied(), one.ready_at(), one.instance.clone());
        let mut queues: Vec<(usize, Vec<&Proposal>)> = queues
            .into_iter()
            .map(|(policy, mut queue)| {
                queue.sort_by_key(|one| turn(one));
                (self.deleted_lately(policy, now).policy, queue)
            })
            .collect();
        queues.sort_by_key(|(lately, queue)| (*lately, queue.first().map(|one| turn(one))));
        let ranked = queues.into_iter().enumerate().flat_map(|(at, (_, queue))| {
            queue.into_iter().enumerate().map(move |(rank, one)| ((rank, at), one.clone()))
        });
        let mut ranked: Vec<((usize, usize), Proposal)> = ranked.collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked.into_iter().map(|(_, one)| one).collect()
    }

    /// Why a proposal waits for others of the last day; none where it need not.
    fn paced(&self, proposal: &Proposal, now: Timestamp) -> Option<String> {
        let policy = self.policy_of(proposal.instance.workspace()).filter(|policy| policy.id == proposal.policy)?;
        self.deleted_lately(&proposal.policy, now).paced(policy.terms.stopped.as_ref()?.per_day)
    }

    /// Deletions of proposals in the last day that may have been sent.
    fn deleted_lately(&self, policy: &PolicyId, now: Timestamp) -> DeletedLately {
        let acting = self.policies.policies.iter().filter(|policy| proposes(policy));
        let rules = acting.filter_map(|policy| policy.terms.stopped.as_deref());
        let fleet_most = rules.map(|rule| rule.per_day).max().unwrap_or(0);
        let mut lately = DeletedLately { fleet_most, ..DeletedLately::default() };
        for known in &self.operations {
            let intent = &known.row.intent;
            let is_ours = intent.verb == Verb::Delete && intent.key.starts_with("stopped/");
            let unsent =
                matches!(&known.row.ended, Some((_, OperationResult::Dropped(why))) if why != crate::facts::UNSENT);
            if !is_ours || unsent || now.duration_since(intent.at) >= DAY {
                continue;
            }
            lately.fleet = lately.fleet.saturating_add(1);
            let is_own =
                self.proposals.iter().any(|one| one.policy == *policy && *intent.key == *operation_key(&one.id));
            lately.policy = lately.policy.saturating_add(usize::from(is_own));
        }
        for other in &self.deleted_elsewhere {
            lately.fleet = lately.fleet.saturating_add(1);
            let is_its = other.as_ref().is_none_or(|other| other == policy);
            lately.policy = lately.policy.saturating_add(usize::from(is_its));
        }
        lately
    }

    /// Open proposals, each with the newest end of its operation that it does not know of yet.
    fn deletions_ended(&self) -> Vec<(Proposal, String, OperationResult)> {
        let open = self.proposals.iter().filter(|one| one.is_open());
        let ended = open.filter_map(|one| Some((one, self.unsettled(one)?)));
        ended.map(|(one, (id, result))| (one.clone(), id.to_owned(), result.clone())).collect()
    }
}
