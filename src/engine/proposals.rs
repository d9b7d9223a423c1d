//! Proposals to delete what stays off, in memory as in the journal, and what people say to one.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::act::ulid_at;
use super::addressing::reaches_anyone;
use super::control::declined;
use super::entry::Entry;
use super::log;
use super::state::{Engine, State};
use crate::facts::{OperationResult, Proposal, ProposalEvent, ProposalStep};
use crate::policy::Policy;
use crate::ports::{AuditLine, Declined, Fault, FaultKind, Message, MessageKind, ProposalRequest, ProposalWish, World};
use crate::report::standing;
use crate::rules::{Disposal, disposal, proposes};
use crate::units::InstanceId;

/// What ended is shown so long.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 62);
/// The longest keep that is not for good: ten years.
const DAYS_MAX: u32 = 3_660;

/// The reason of an operation that carries a proposal out: what is done for one is done once.
pub(super) fn operation_key(proposal: &str) -> String {
    format!("stopped/{proposal}")
}

impl<W: World> Engine<W> {
    /// What the journal holds of proposals.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) async fn recalled_proposals(&self) -> Result<Vec<Proposal>, Fault> {
        let since = self.world.now().checked_sub(KEPT).unwrap_or(Timestamp::MIN);
        self.world.proposals(since).await
    }

    /// Writes what happened to a proposal, and then remembers it.
    pub(super) async fn note_step(&self, proposal: &str, who: &str, what: ProposalStep) -> Result<(), Fault> {
        let event = ProposalEvent { proposal: proposal.to_owned(), at: self.world.now(), who: who.to_owned(), what };
        self.world.note_proposal(&event).await?;
        let mut state = self.lock();
        if let Some(known) = state.proposals.iter_mut().find(|known| known.id == proposal) {
            known.apply(&event);
        }
        Ok(())
    }

    /// A step of the ladder was delivered. Written before the message is: a delivery that was not written down would be
    /// waited for, for ever. What a program took, or a channel that had nobody to write to, was told to no person: nothing is
    /// deleted on the strength of that.
    pub(super) async fn note_delivery(&self, message: &Message) -> Result<(), Fault> {
        let Some((proposal, lead)) = step_of(message) else { return Ok(()) };
        let is_read = message.channel.as_deref().is_some_and(|channel| self.world.is_read_by_people(channel));
        if !is_read || !reaches_anyone(message) {
            return Ok(());
        }
        let is_news = self.lock().proposals.iter().any(|one| {
            let is_known = one.steps.iter().any(|step| step.lead == lead && step.delivered_at.is_some());
            one.id == proposal && one.is_open() && !is_known
        });
        if !is_news {
            return Ok(());
        }
        match self.note_step(&proposal, "lightsout", ProposalStep::Delivered { lead }).await {
            // it ended meanwhile, and nothing waits for this any more
            Err(fault) if fault.kind == FaultKind::Conflict => Ok(()),
            noted => noted,
        }
    }

    /// What a person says to the proposal of an instance; the proposal as it is then.
    ///
    /// # Errors
    /// When there is none that this can be said to.
    pub(super) async fn answered(&self, request: ProposalRequest) -> Result<Proposal, Declined> {
        // one after the other, so that a yes and a no never pass each other by
        let _one = self.holding.lock().await;
        let now = self.world.now();
        let freeze = self.world.freeze();
        let (proposal, step) = {
            let state = self.lock();
            let proposal = state.asked_about(&request, now)?;
            let policy = state.policy_of(proposal.instance.workspace());
            let step = match request.wish {
                ProposalWish::Keep { days } => keep(&request, days, now)?,
                ProposalWish::Withdraw => withdraw(&proposal, &request)?,
                ProposalWish::Confirm => {
                    if let Some(why) = freeze.why() {
                        return Err(Declined(format!(
                            "everything is frozen ({why}), and nothing is deleted meanwhile"
                        )));
                    }
                    confirm(&proposal, &request, policy.as_deref(), now)?
                }
            };
            (proposal, step)
        };
        let (verb, why) = words_of(&step);
        self.note_step(&proposal.id, &request.by, step).await.map_err(|fault| match fault.kind {
            FaultKind::Conflict => {
                Declined("the proposal has ended, or this link was used; see the instance's page".to_owned())
            }
            FaultKind::Throttled(_)
            | FaultKind::Unauthenticated
            | FaultKind::Denied
            | FaultKind::Gone
            | FaultKind::DiskFull
            | FaultKind::Refused
            | FaultKind::Unreachable
            | FaultKind::Garbled
            | FaultKind::Unclear
            | FaultKind::Withheld(_)
            | FaultKind::Storage
            | FaultKind::Undelivered
            | FaultKind::Unfit => declined(fault),
        })?;
        self.audit_proposal(&proposal, &request.by, verb, why).await;
        self.changed(&proposal.instance);
        let state = self.lock();
        state
            .proposals
            .iter()
            .find(|one| one.id == proposal.id)
            .cloned()
            .ok_or_else(|| Declined("it is gone".to_owned()))
    }

    /// The line of the audit log. The proposal's own rows say who and why too: what was written stands without this.
    pub(super) async fn audit_proposal(&self, proposal: &Proposal, who: &str, what: &str, why: String) {
        if let Err(fault) = self.audited(proposal, who, what, why).await {
            log::fault(&fault);
        }
    }

    /// The same where nothing is to happen without the line.
    pub(super) async fn audited(&self, proposal: &Proposal, who: &str, what: &str, why: String) -> Result<(), Fault> {
        let line = AuditLine {
            at: self.world.now(),
            who: who.to_owned(),
            what: what.to_owned(),
            target: proposal.instance.to_string(),
            why: format!("{why} (proposal {})", proposal.id),
        };
        self.world.audit(&line).await
    }
}

/// Which proposal's step a message tells of.
fn step_of(message: &Message) -> Option<(String, crate::units::Span)> {
    let key = message.notice.as_ref().filter(|_| message.kind == MessageKind::Proposal)?;
    let mut parts = key.stop.0.split('/').skip(2);
    let (proposal, lead) = (parts.next()?, parts.next()?);
    Some((proposal.to_owned(), crate::units::Span::seconds(lead.parse().ok()?)))
}

fn keep(request: &ProposalRequest, days: Option<u32>, now: Timestamp) -> Result<ProposalStep, Declined> {
    if days.is_some_and(|days| days == 0 || days > DAYS_MAX) {
        return Err(Declined(format!("an instance is kept for 1 to {DAYS_MAX} days, or for good")));
    }
    let length = days.map(|days| SignedDuration::from_hours(i64::from(days).saturating_mul(24)));
    let until = length.and_then(|length| now.checked_add(length).ok());
    // people read it
    let until = until.map(|until| Timestamp::from_second(until.as_second()).unwrap_or(until));
    Ok(ProposalStep::Kept { until, why: request.reason.clone(), link: request.link.clone() })
}

fn withdraw(proposal: &Proposal, request: &ProposalRequest) -> Result<ProposalStep, Declined> {
    if proposal.confirmed.is_none() {
        return Err(Declined(format!("nobody said yes to deleting {}", proposal.instance.name())));
    }
    Ok(ProposalStep::Withdrawn { why: request.reason.clone() })
}

fn confirm(
    proposal: &Proposal,
    request: &ProposalRequest,
    policy: Option<&Policy>,
    now: Timestamp,
) -> Result<ProposalStep, Declined> {
    let name = proposal.instance.name();
    if !proposal.is_open() {
        return Err(Declined(format!("{name} is kept, and not proposed for deletion any more")));
    }
    if let Some(said) = &proposal.confirmed {
        return Err(Declined(format!("{} said yes already; {name} is deleted after {}", said.by, said.not_before)));
    }
    let policy = policy.filter(|policy| proposes(policy) && policy.revision == proposal.revision);
    let Some(rule) = policy.and_then(|policy| policy.terms.stopped.as_deref()) else {
        return Err(Declined(format!(
            "the policy changed since {name} was proposed; what it proposes now is told anew"
        )));
    };
    let not_before = now.checked_add(rule.grace.duration()).map_err(|_| Declined("no such time".to_owned()))?;
    let not_before = Timestamp::from_second(not_before.as_second()).unwrap_or(not_before);
    Ok(ProposalStep::Confirmed { why: request.reason.clone(), not_before })
}

/// The words of the audit log.
fn words_of(step: &ProposalStep) -> (&'static str, String) {
    match step {
        ProposalStep::Kept { until, why, link } => {
            let until = until.map_or_else(|| "for good".to_owned(), |until| format!("until {until}"));
            let by_link = if link.is_some() { ", by the link of a message" } else { "" };
            ("proposal_keep", format!("kept {until}{by_link}: {why}"))
        }
        ProposalStep::Confirmed { why, not_before } => {
            ("proposal_confirm", format!("to be deleted, not before {not_before}: {why}"))
        }
        ProposalStep::Withdrawn { why } => ("proposal_withdraw", format!("the yes is taken back: {why}")),
        ProposalStep::Void { ground, words } => ("proposal_void", format!("{}: {words}", ground.label())),
        ProposalStep::Failed { words, .. } => ("proposal_failed", words.clone()),
        ProposalStep::Deleted { operation } => ("proposal_deleted", format!("seen deleted, operation {operation}")),
        ProposalStep::Told { .. } | ProposalStep::Delivered { .. } => ("proposal_told", step.label().to_owned()),
    }
}

/// The audit word and words of a step that the service itself takes.
pub(super) fn told_of(step: &ProposalStep) -> (&'static str, String) {
    words_of(step)
}

/// A new id.
pub(super) fn proposal_id(at: Timestamp) -> String {
    ulid_at(at).to_ascii_lowercase()
}

impl State {
    /// The proposal that is open, or kept, for the instance that is asked about.
    fn asked_about(&self, request: &ProposalRequest, now: Timestamp) -> Result<Proposal, Declined> {
        let id = self.find(&request.instance)?;
        let name = id.name();
        let found = self.proposals.iter().rev().filter(|one| one.instance == id);
        let mut found = found.filter(|one| one.is_open() || one.kept_at(now).is_some());
        let proposal = found.next().cloned();
        let proposal = proposal.ok_or_else(|| Declined(format!("{name} is not proposed for deletion")))?;
        let facts = self.places.get(id.workspace()).and_then(|place| place.entries.get(&id)).map(|entry| &entry.facts);
        let is_same = |facts: &std::sync::Arc<crate::facts::InstanceFacts>| facts.created == proposal.created;
        if request.life.is_some_and(|life| life != proposal.created) || !facts.is_some_and(is_same) {
            return Err(Declined(format!("{name} was deleted and made anew since; this is another one")));
        }
        if request.proposal.as_ref().is_some_and(|seen| *seen != proposal.id) {
            return Err(Declined(format!("{name} was proposed anew since; look at it once more")));
        }
        if self.is_being_deleted(&proposal) {
            return Err(Declined(format!("{name} is being deleted already")));
        }
        Ok(proposal)
    }

    /// True while an operation that carries it out is under way.
    pub(super) fn is_being_deleted(&self, proposal: &Proposal) -> bool {
        let key = operation_key(&proposal.id);
        self.operations.iter().any(|known| *known.row.intent.key == *key && known.row.ended.is_none())
    }

    /// The end of its newest operation that it does not know of yet: until that is written down nothing else becomes of it. One
    /// that was not sent is none: what stood before stands.
    pub(super) fn unsettled(&self, proposal: &Proposal) -> Option<(&str, &OperationResult)> {
        let key = operation_key(&proposal.id);
        let newest = self.operations.iter().rev().find(|known| *known.row.intent.key == *key)?;
        let (id, (_, result)) = (newest.row.intent.id.as_str(), newest.row.ended.as_ref()?);
        let is_known = proposal.failed.as_ref().is_some_and(|failed| failed.operation == id);
        let is_unsent = matches!(result, OperationResult::Dropped(_));
        (!is_known && !is_unsent).then_some((id, result))
    }

    /// The open proposal of an instance, or the keep that stands for this life of it.
    pub(super) fn proposal_of(
        &self,
        id: &InstanceId,
        created: crate::facts::Created,
        now: Timestamp,
    ) -> Option<&Proposal> {
        let of_it = self.proposals.iter().rev().filter(|one| one.instance == *id);
        of_it.into_iter().find(|one| one.is_open() || (one.created == created && one.kept_at(now).is_some()))
    }

    /// What becomes of an instance while it stays off; none where there is nothing to say.
    pub(super) fn deletion_words(&self, entry: &Entry, policy: &Policy, at: Timestamp) -> Option<String> {
        let facts = &entry.facts;
        if let Some(proposal) = self.proposal_of(&facts.id, facts.created, at) {
            return Some(standing(proposal, at).2);
        }
        match disposal(policy, facts, &entry.history, at) {
            Disposal::None => None,
            Disposal::Spared(why) => Some(format!("never proposed as it stands: {why}")),
            Disposal::Later(day) => Some(format!("proposed for deletion on {day}, if it stays off until then")),
            Disposal::Due { .. } if proposes(policy) => Some("proposed for deletion with the next sweep".to_owned()),
            Disposal::Due { off_since, .. } => {
                Some(format!("off since {off_since}: would be proposed for deletion; the policy only observes"))
            }
        }
    }

    /// Forgets what ended long ago.
    pub(super) fn forget_proposals(&mut self, now: Timestamp) {
        let is_recent = |one: &Proposal| one.end.as_ref().is_none_or(|end| now.duration_since(end.at()) < KEPT);
        self.proposals.retain(|one| is_recent(one) || one.kept_at(now).is_some());
        let open: BTreeSet<&str> =
            self.proposals.iter().filter(|one| one.is_open()).map(|one| one.id.as_str()).collect();
        self.turned_down.retain(|id, _| open.contains(id.as_str()));
    }
}
