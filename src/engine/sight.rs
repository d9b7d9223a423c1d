//! How well the fleet is seen, and what was done lately in each scope, for the guard.

use jiff::{SignedDuration, Timestamp};

use super::book::{Entry, Place};
use super::state::State;
use crate::facts::{EndedStop, PowerState, StopKey, StopResult};
use crate::guard::{Canary, FleetSight, ScopeCount};
use crate::units::PolicyId;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Failures that say something of one instance, not of the way stops work (G8 counts only the others).
const OF_ONE_INSTANCE: [&str; 4] = ["disk_full", "conflict", "gone", "throttled"];

impl State {
    /// Counts everything the guard weighs.
    pub(super) fn sight(&self, now: Timestamp) -> FleetSight {
        let mut sight = FleetSight {
            workspaces: self.places.len(),
            clock_trouble: self.clock_trouble.clone(),
            ..FleetSight::default()
        };
        sight.instances_before = self.instances_before;
        for place in self.places.values() {
            count_place(&mut sight, place, now);
        }
        let healthy = self.places.values().filter(|place| place.failures == 0);
        sight.last_full_sweep = healthy.map(|place| place.tried_at.unwrap_or(Timestamp::MIN)).min();
        for policy in &self.policies.policies {
            let running = sight.policies.get(&policy.id).map_or(0, |count| count.running);
            if let Some(canary) = self.canary(&policy.id, now, running) {
                sight.canaries.insert(policy.id.clone(), canary);
            }
        }
        sight
    }

    /// A policy whose revision replaced another one lately, and that nobody acknowledged (G19).
    fn canary(&self, id: &PolicyId, now: Timestamp, running: usize) -> Option<Canary> {
        let policy = self.policies.get(id)?;
        let mark = self
            .marks
            .get(id)
            .filter(|mark| mark.replaced && !mark.acknowledged && mark.revision == *policy.revision)?;
        let until = mark.since.checked_add(policy.canary_for.duration()).ok().filter(|until| now < *until)?;
        let name = id.as_str().to_ascii_lowercase();
        let entries = self.places.values().flat_map(|place| place.entries.values());
        let used = entries.filter(|entry| stopped_since(entry, &name, mark.since)).count();
        let share = policy.canary.of(running.saturating_add(used));
        Some(Canary { until, room: share.saturating_sub(used) })
    }
}

fn stopped_since(entry: &Entry, policy: &str, since: Timestamp) -> bool {
    let ended =
        entry.history.stops.iter().any(|stop| stop.asked_at >= since && stop.key.policy() == policy && was_sent(stop));
    let open = entry.history.open.as_ref().is_some_and(|open| open.intended_at >= since && open.key.policy() == policy);
    ended || open
}

fn was_sent(stop: &EndedStop) -> bool {
    !matches!(stop.result, StopResult::Dropped(_))
}

fn count_place(sight: &mut FleetSight, place: &Place, now: Timestamp) {
    if place.failures > 0 {
        sight.workspaces_failed = sight.workspaces_failed.saturating_add(1);
    }
    for entry in place.entries.values().filter(|entry| !entry.absent) {
        sight.instances = sight.instances.saturating_add(1);
        if matches!(entry.facts.state, PowerState::Unrecognised(_)) {
            sight.instances_unknown = sight.instances_unknown.saturating_add(1);
        }
        let policy = entry.verdict.as_ref().map(|verdict| verdict.policy.clone());
        add(&mut sight.fleet, entry, now);
        add(sight.subscriptions.entry(place.facts.id.subscription().clone()).or_default(), entry, now);
        add(sight.workspaces_count.entry(place.facts.id.clone()).or_default(), entry, now);
        if let Some(policy) = policy {
            add(sight.policies.entry(policy).or_default(), entry, now);
        }
    }
}

fn add(count: &mut ScopeCount, entry: &Entry, now: Timestamp) {
    if entry.facts.state.is_on() {
        count.running = count.running.saturating_add(1);
    }
    if entry.history.stops.is_empty() && entry.history.open.is_none() {
        return;
    }
    let recent = |at: Timestamp| now.duration_since(at) < HOUR;
    for stop in entry.history.stops.iter().filter(|stop| was_sent(stop) && recent(stop.asked_at)) {
        asked(count, &stop.key);
        if let StopResult::Failed(label) = &stop.result
            && !OF_ONE_INSTANCE.contains(&label.as_str())
        {
            count.failed_last_hour = count.failed_last_hour.saturating_add(1);
        }
    }
    if let Some(open) = entry.history.open.as_ref().filter(|open| recent(open.intended_at)) {
        asked(count, &open.key);
    }
}

fn asked(count: &mut ScopeCount, key: &StopKey) {
    count.asked_last_hour = count.asked_last_hour.saturating_add(1);
    if key.rule() == "hours" {
        count.planned_last_hour = count.planned_last_hour.saturating_add(1);
    } else {
        count.unplanned_last_hour = count.unplanned_last_hour.saturating_add(1);
    }
}
