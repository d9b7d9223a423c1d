//! What people are told of a proposal to delete what stays off: each step of the ladder, and how it ended.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::state::State;
use crate::facts::{InstanceFacts, NoticeKey, Proposal, StopKey};
use crate::ledger::{PriceKey, Residual};
use crate::ports::{About, Message, MessageKind};
use crate::report::LadderKind;
use crate::report::words::length;
use crate::units::Span;

/// A month, as prices have it.
const MONTH: i64 = 730 * 3_600;

/// The ground in journal and messages: no rule stops anything for it.
const GROUND: &str = "long_stopped";

/// A step of the ladder; none where the instance is not known any more.
pub(super) fn step(
    state: &State,
    proposal: &Proposal,
    lead: Span,
    (residual, now): (Option<&Residual>, Timestamp),
) -> Option<Message> {
    let day = proposal.day(now);
    let entry = state.places.get(proposal.instance.workspace())?.entries.get(&proposal.instance)?;
    let name = proposal.instance.name();
    let off = length(now.duration_since(proposal.off_since));
    let costs = costs(state, &entry.facts, residual, now.duration_since(proposal.off_since));
    let then = if proposal.automatic {
        format!(
            "not before {day} it is deleted with everything on its disk, unless somebody keeps it, holds it or starts it before"
        )
    } else {
        "it is deleted, with everything on its disk, only if its owner or an operator says so on its page, or by \
         `lightsout proposals confirm`"
            .to_owned()
    };
    let key = StopKey(Arc::from(format!(
        "delete/{}/{}/{}",
        proposal.policy.as_str().to_ascii_lowercase(),
        proposal.id,
        lead.as_secs()
    )));
    let mut message = plain(state, proposal, (MessageKind::Proposal, now));
    // by what is written down, and by no clock: written again after a crash it is the same message
    message.id = format!("proposal|{}|{}|{}", proposal.id, lead.as_secs(), proposal.times(lead));
    message.notice = Some(NoticeKey { stop: key, stop_at: day });
    message.words =
        format!("{name} has been off for {off}, since {} at the latest; {costs}; {then}", proposal.off_since);
    Some(message)
}

/// How its deletion went; none for what nobody need be told.
pub(super) fn ended(
    state: &State,
    proposal: &Proposal,
    (kind, operation, words): (LadderKind, &str, &str),
    now: Timestamp,
) -> Option<Message> {
    let (what, label) = match kind {
        LadderKind::Deleted => (MessageKind::Deleted, "deleted"),
        LadderKind::Failed => (MessageKind::DeleteFailed, "delete_failed"),
        LadderKind::Proposed | LadderKind::Told | LadderKind::Void | LadderKind::Sent | LadderKind::Refused(_) => {
            return None;
        }
    };
    let name = proposal.instance.name();
    let mut message = plain(state, proposal, (what, now));
    message.id = format!("{label}|{}|{operation}", proposal.id);
    let by = proposal.confirmed.as_ref().map_or_else(
        || "by its policy, after the whole ladder of notices".to_owned(),
        |said| format!("as {} said on {}", said.by, said.at),
    );
    message.words = match what == MessageKind::Deleted {
        true => format!("{name} was deleted {by}: its disk is gone, it costs nothing any more, and its quota is free"),
        false => format!("{name} was to be deleted {by}, and is still there: {words}"),
    };
    Some(message)
}

/// What became of a deletion, by the label of its end, with what a person can do.
pub(super) fn failed(label: &str) -> String {
    let remedy = match label.split(':').next().unwrap_or_default() {
        "forbidden" => "give the identity computes/delete on the workspace; `lightsout doctor` names what is missing",
        "conflict" => "something else is done with it at this moment; say yes once more when that has ended",
        "refused" | "operation_failed" => {
            "look at it in the studio: a lock on the resource group keeps it, say; then say yes once more"
        }
        "not_seen_done" => "Azure took it, and it is still there after 90 minutes; look at it in the studio",
        _ => "say yes once more when Azure can be reached",
    };
    format!("Azure did not delete it ({label}): {remedy}")
}

/// Whom its policy tells beside the owner, and whoever leads the team, who hears of what is to be lost.
fn notify(state: &State, proposal: &Proposal) -> Vec<String> {
    let policy = state.policy_of(proposal.instance.workspace());
    let mut notify = policy.map(|policy| policy.terms.warning.notify.clone()).unwrap_or_default();
    if !notify.iter().any(|one| one == "team") {
        notify.push("team".to_owned());
    }
    notify
}

fn plain(state: &State, proposal: &Proposal, (kind, at): (MessageKind, Timestamp)) -> Message {
    Message {
        id: String::new(),
        kind,
        about: About::Instance { instance: proposal.instance.clone(), created: proposal.created },
        notice: None,
        policy: proposal.policy.clone(),
        ground: GROUND.to_owned(),
        owner: proposal.owner.clone(),
        notify: notify(state, proposal),
        words: String::new(),
        at,
        attempts: 0,
        channel: None,
        address: None,
        not_before: None,
        also: Vec::new(),
    }
}

/// What it goes on costing, and holds. What is not known is said to be unknown.
fn costs(state: &State, facts: &InstanceFacts, residual: Option<&Residual>, off: SignedDuration) -> String {
    let money = residual.and_then(Residual::total).map(|rate| {
        let so_far = rate.over(off.as_secs().max(0)).rounded();
        let month = rate.over(MONTH).rounded();
        format!("disk, address and load balancer go on costing {month} a month, {so_far} so far")
    });
    let money =
        money.unwrap_or_else(|| "what its disk, address and load balancer go on costing is not known".to_owned());
    let size = state.sizes.get(&PriceKey::new(&facts.size, &facts.region));
    let vcpus = size.and_then(|size| Some((size.vcpus?, size.family.clone())));
    match vcpus {
        Some((vcpus, family)) => format!("{money}; it holds {vcpus} vCPUs of the quota of {family}"),
        None => format!("{money}; what it holds of the quota is not known"),
    }
}
