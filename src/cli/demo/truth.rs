//! The truth of the demo, from the sandbox's own meters and not from the engine: what was missed, what was in use.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::figures::{Figures, TenthHours};
use crate::facts::InstanceFacts;
use crate::policy::{OptOut, PolicySet, opt_out};
use crate::report::FleetView;
use crate::rules::terms_of;
use crate::sandbox::{State, StopCause, Truth, UseKind, World};
use crate::schedule::EdgeKind;

/// A stop that is due and does not come within this time is missed.
const MISSED_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// Holds that were given: instance, from, until.
pub(super) type Holds = Vec<(String, Timestamp, Timestamp)>;

/// Reads the meters into the figures.
pub(super) fn measure(world: &World, figures: &mut Figures) {
    let stops: Vec<_> =
        world.truths().flat_map(|truth| truth.stops()).filter(|stop| stop.cause == StopCause::Arm).collect();
    figures.stops = stops.len();
    figures.busy_stopped = stops.iter().filter(|stop| stop.busy_job).count();
    figures.busy_unseen = stops.iter().filter(|stop| !stop.busy_job && stop.busy_unseen).count();
    figures.regrets = stops.iter().filter(|stop| stop.regret).count();
    figures.running_hours = running(world);
}

/// Billed time of every instance.
pub(super) fn running(world: &World) -> TenthHours {
    TenthHours::of_seconds(world.truths().map(|truth| truth.meters().running().as_secs()).fold(0, i64::saturating_add))
}

/// Counts the off edges after which an instance was on for an hour and more, though nothing that the policy respects
/// kept it: no job (with an agent on it: no use), no hold, no opt-out, no start after the edge. Reckoned from the policies and the true history alone.
pub(super) fn missed(
    world: &World,
    policies: &PolicySet,
    view: &FleetView,
    (holds, agents): (&Holds, u8),
) -> BTreeSet<(String, Timestamp)> {
    let facts: BTreeMap<String, Arc<InstanceFacts>> = view
        .workspaces
        .values()
        .flat_map(|place| &place.instances)
        .map(|i| (i.facts.id.to_string().to_ascii_lowercase(), i.facts.clone()))
        .collect();
    let mut missed = BTreeSet::new();
    for truth in world.truths() {
        let Some(facts) = facts.get(&truth.id().to_ascii_lowercase()) else { continue };
        for edge in off_edges(facts, policies, world.start(), world.now()) {
            let seen_use = world.has_agent(truth.id(), agents);
            if is_missed(&truth, edge, holds, seen_use) {
                missed.insert((truth.name().to_owned(), edge));
            }
        }
    }
    missed
}

/// Counts how well people were told: warnings that arrived, stops whose warning came too late, and stops without any.
/// Reckoned from what reached people and when machines were stopped, not from what the engine says of itself.
pub(super) fn told(world: &World, policies: &PolicySet, view: &FleetView, figures: &mut Figures) {
    let known: BTreeMap<String, Arc<InstanceFacts>> = view
        .workspaces
        .values()
        .flat_map(|place| &place.instances)
        .map(|one| (one.facts.id.to_string().to_ascii_lowercase(), one.facts.clone()))
        .collect();
    for truth in world.truths() {
        let distinct: BTreeSet<Timestamp> = truth.told().iter().map(|(_, stop_at)| *stop_at).collect();
        figures.delivered = figures.delivered.saturating_add(distinct.len());
        let facts = known.get(&truth.id().to_ascii_lowercase());
        let lead = facts.map_or(SignedDuration::ZERO, |facts| lead_of(facts, policies));
        for stop in truth.stops().iter().filter(|stop| stop.cause == StopCause::Arm) {
            let began = truth.starts().iter().map(|start| start.at).filter(|at| *at <= stop.at).max();
            let of_run = |(read, _): &&(Timestamp, Timestamp)| *read <= stop.at && began.is_none_or(|at| *read >= at);
            // the newest word counts: a deadline that moved was announced anew
            match truth.told().iter().rfind(of_run) {
                None => figures.surprised = figures.surprised.saturating_add(1),
                Some((read, due)) if *due <= stop.at && stop.at.duration_since(*read) >= lead => {}
                Some(_) => figures.late = figures.late.saturating_add(1),
            }
        }
    }
}

/// How long before a stop the policy wants its person warned.
fn lead_of(facts: &InstanceFacts, policies: &PolicySet) -> SignedDuration {
    let policy = policies.policies.iter().find(|policy| policy.scope.covers(facts.id.workspace(), &[]));
    let warning = policy.map(|policy| &terms_of(policy, facts).warning);
    let lead = warning.map(|warning| if facts.owner.is_unknown() { warning.lead_unknown_owner } else { warning.lead });
    lead.map_or(SignedDuration::ZERO, |lead| lead.duration())
}

fn off_edges(facts: &InstanceFacts, policies: &PolicySet, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
    let policy = policies.policies.iter().find(|policy| policy.scope.covers(facts.id.workspace(), &[]));
    let Some(terms) = policy.map(|policy| terms_of(policy, facts)) else { return Vec::new() };
    let tag = facts.tags.known().and_then(|tags| tags.get(&terms.opt_out_tag));
    let Some(rule) = terms.hours.as_ref().filter(|_| opt_out(tag) == OptOut::No) else { return Vec::new() };
    let last = to.checked_sub(MISSED_AFTER).unwrap_or(from);
    rule.hours
        .walk(from)
        .take_while(|edge| edge.at < last)
        .filter(|edge| edge.kind == EdgeKind::Off)
        .map(|edge| edge.at)
        .collect()
}

/// `seen_use` says that every use can be seen, and not jobs alone.
fn is_missed(truth: &Truth<'_>, edge: Timestamp, holds: &Holds, seen_use: bool) -> bool {
    let Ok(end) = edge.checked_add(MISSED_AFTER) else { return false };
    let on_throughout =
        truth.history().iter().filter(|(since, _)| *since > edge && *since <= end).all(|(_, state)| is_on(*state))
            && truth.state_at(edge).is_some_and(is_on);
    let started = truth.starts().iter().any(|start| start.at >= edge && start.at <= end);
    let early = edge.checked_sub(MISSED_AFTER).unwrap_or(edge);
    let held =
        holds.iter().any(|(id, from, until)| id.eq_ignore_ascii_case(truth.id()) && *from <= end && *until >= early);
    let kinds = UseKind::ALL.into_iter().filter(|kind| seen_use || *kind == UseKind::Job);
    let used = kinds.into_iter().any(|kind| truth.used_in(kind, edge, end));
    on_throughout && !started && !held && !used
}

const fn is_on(state: State) -> bool {
    matches!(state, State::Running | State::JobRunning)
}
