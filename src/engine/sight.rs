//! How well the fleet is seen, and what was done lately in each scope, for the guard.

use jiff::{SignedDuration, Timestamp};

use super::book::Place;
use super::entry::Entry;
use super::state::State;
use crate::facts::{EndedStop, History, OpenIntent, PowerState, StopKey, StopResult};
use crate::guard::{Canary, FleetSight, ScopeCount};
use crate::units::{InstanceId, PolicyId, WorkspaceId};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Failures that say something of one instance, not of the way stops work (G8 counts only the others).
const OF_ONE_INSTANCE: [&str; 4] = ["disk_full", "conflict", "gone", "throttled"];

impl State {
    /// Counts everything the guard weighs.
    pub(super) fn sight(&self, now: Timestamp) -> FleetSight {
        let mut sight = self.seen(now);
        self.add_canaries(&mut sight, now, |_| false);
        sight
    }

    /// The view, and what was asked for in the hour before an instant.
    pub(super) fn seen(&self, at: Timestamp) -> FleetSight {
        let mut sight = FleetSight {
            workspaces: self.places.len(),
            clock_trouble: self.clock_trouble.clone(),
            sharers: self.share.sharers().get(),
            ..FleetSight::default()
        };
        sight.instances_before = self.instances_before;
        for place in self.places.values() {
            count_place(&mut sight, place);
        }
        for asked in self.asked.iter().filter(|asked| at.duration_since(asked.at) < HOUR) {
            let policy = Some(PolicyId::new(asked.key.policy()));
            each_scope(&mut sight, &asked.workspace, policy, |count| asked.add_to(count));
        }
        let healthy = self.places.values().filter(|place| place.failures == 0);
        // what is left out of a round on purpose was reached by it
        let reached = |place: &Place| {
            let tried = place.tried_at?;
            Some(tried.checked_add(place.pace.spared).unwrap_or(tried).min(at.max(tried)))
        };
        sight.last_full_sweep = healthy.map(|place| reached(place).unwrap_or(Timestamp::MIN)).min();
        // of a part without workspaces all is seen
        if self.places.is_empty() && self.heard_until.is_some() {
            sight.last_full_sweep = self.discovered_at;
        }
        sight
    }

    pub(super) fn add_canaries(&self, sight: &mut FleetSight, now: Timestamp, promised: impl Fn(&Entry) -> bool) {
        for policy in &self.policies.policies {
            let running = sight.policies.get(&policy.id).map_or(0, |count| count.running);
            if let Some(canary) = self.canary(&policy.id, now, running, &promised) {
                sight.canaries.insert(policy.id.clone(), canary);
            }
        }
    }

    /// A policy whose revision replaced another one lately, and that nobody acknowledged (G19).
    fn canary(
        &self,
        id: &PolicyId,
        now: Timestamp,
        running: usize,
        promised: &impl Fn(&Entry) -> bool,
    ) -> Option<Canary> {
        let policy = self.policies.get(id)?;
        let mark = self
            .marks
            .get(id)
            .filter(|mark| mark.replaced && !mark.acknowledged && mark.revision == *policy.revision)?;
        let until = mark.since.checked_add(policy.canary_for.duration()).ok().filter(|until| now < *until)?;
        let name = id.as_str().to_ascii_lowercase();
        let entries = self.places.values().flat_map(|place| place.entries.values());
        let is_due_by = |entry: &Entry| {
            let due = entry.verdict.as_ref().and_then(|verdict| verdict.due.as_ref());
            due.is_some_and(|due| due.key.policy() == name) && promised(entry)
        };
        let used = entries.filter(|entry| stopped_since(entry, &name, mark.since) || is_due_by(entry)).count();
        let share = policy.canary.of(running.saturating_add(used));
        Some(Canary { until, room: share.saturating_sub(used) })
    }
}

fn stopped_since(entry: &Entry, policy: &str, since: Timestamp) -> bool {
    let ended = entry
        .history
        .stops
        .iter()
        .any(|stop| stop.asked_at >= since && stop.key.policy() == policy && stop.result.may_have_been_sent());
    let open = entry.history.open.as_ref().is_some_and(|open| open.intended_at >= since && open.key.policy() == policy);
    ended || open
}

fn count_place(sight: &mut FleetSight, place: &Place) {
    if place.failures > 0 {
        sight.workspaces_failed = sight.workspaces_failed.saturating_add(1);
    }
    for entry in place.entries.values().filter(|entry| !entry.absent) {
        sight.instances = sight.instances.saturating_add(1);
        if matches!(entry.facts.state, PowerState::Unrecognised(_)) {
            sight.instances_unknown = sight.instances_unknown.saturating_add(1);
        }
        // who is asked to stop is counted there, also while it is still shown running
        if entry.facts.state.is_on() && entry.history.open.is_none() {
            let policy = entry.verdict.as_ref().map(|verdict| verdict.under.policy.clone());
            each_scope(sight, &place.facts.id, policy, |count| count.running = count.running.saturating_add(1));
        }
    }
}

pub(super) fn each_scope(
    sight: &mut FleetSight,
    workspace: &WorkspaceId,
    policy: Option<PolicyId>,
    add: impl Fn(&mut ScopeCount),
) {
    add(&mut sight.fleet);
    add(sight.subscriptions.entry(workspace.subscription().clone()).or_default());
    add(sight.workspaces_count.entry(workspace.clone()).or_default());
    if let Some(policy) = policy {
        add(sight.policies.entry(policy).or_default());
    }
}

/// One stop that was asked for. Kept apart from the instances, so that what happens to an instance later – deleted,
/// made again under its name, gone from a list – never makes room under a cap (I7).
#[derive(Debug, Clone)]
pub(super) struct Asked {
    intent: String,
    at: Timestamp,
    workspace: WorkspaceId,
    key: StopKey,
    failed: bool,
}

impl Asked {
    fn add_to(&self, count: &mut ScopeCount) {
        let one_more = |count: &mut usize| *count = count.saturating_add(1);
        one_more(&mut count.asked_last_hour);
        let planned = self.key.rule() == "hours";
        one_more(if planned { &mut count.planned_last_hour } else { &mut count.unplanned_last_hour });
        if self.failed {
            one_more(&mut count.failed_last_hour);
        }
    }
}

impl State {
    /// Counts a stop from the moment it is intended.
    pub(super) fn count_asked(&mut self, instance: &InstanceId, open: &OpenIntent) {
        let newest = self.asked.iter().map(|asked| asked.at).max().unwrap_or(open.intended_at).max(open.intended_at);
        self.asked.retain(|asked| newest.duration_since(asked.at) < HOUR);
        let (intent, at, key) = (open.id.clone(), open.intended_at, open.key.clone());
        self.asked.push(Asked { intent, at, workspace: instance.workspace().clone(), key, failed: false });
    }

    /// What was never sent does not count; what failed for more than one instance's reasons counts as that too.
    pub(super) fn count_ended(&mut self, intent: &str, ended: &EndedStop) {
        if !ended.result.may_have_been_sent() {
            self.asked.retain(|asked| asked.intent != intent);
        }
        if let StopResult::Failed(label) = &ended.result
            && !OF_ONE_INSTANCE.contains(&label.as_str())
            && let Some(asked) = self.asked.iter_mut().find(|asked| asked.intent == intent)
        {
            asked.failed = true;
        }
    }

    /// Counts what an earlier process asked for.
    pub(super) fn count_remembered(&mut self, instance: &InstanceId, history: &History) {
        for (number, stop) in history.stops.iter().filter(|stop| stop.result.may_have_been_sent()).enumerate() {
            let open = OpenIntent {
                id: format!("{instance}|{}|{number}", stop.key.0),
                key: stop.key.clone(),
                intended_at: stop.asked_at,
                sent_at: None,
            };
            self.count_asked(instance, &open);
            self.count_ended(&open.id, stop);
        }
        if let Some(open) = &history.open {
            self.count_asked(instance, open);
        }
    }
}
