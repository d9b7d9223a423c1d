//! Every end of hours is acted on (I5), and soon, where nothing is wrong (I12).

use super::Checker;
use super::known::{Known, Machine, Policy};

/// So long before an end nothing may have been wrong, for the end to count.
const UNDISTURBED: i64 = 8 * 3_600_000;
/// Canaries and caps of a policy that was written anew.
const NEW_POLICY: i64 = 30 * 3_600_000;
const LEAD_UNKNOWN_OWNER: i64 = 3_600_000;
/// A stop that was taken takes so long.
const STOPPING: i64 = 300_000;

impl Checker {
    /// Time has come to an instant: ends of hours that lie behind it are looked at.
    pub(super) fn watch(&mut self, now: i64) {
        let passed: Vec<(String, i64)> =
            self.known.next.iter().filter(|(_, at)| **at <= now).map(|(rev, at)| (rev.clone(), *at)).collect();
        for (revision, end) in passed {
            let Some(policy) = self.known.policies.get(&revision) else { continue };
            let next = policy.hours.as_ref().and_then(|hours| hours.next_end(end));
            let lead = policy.lead.max(LEAD_UNKNOWN_OWNER);
            let look_at = end + policy.spread + lead + 3 * self.known.interval + STOPPING;
            self.known.ends.insert((look_at, end, revision.clone()));
            match next {
                Some(next) => self.known.next.insert(revision, next),
                None => self.known.next.remove(&revision),
            };
        }
        while let Some((look_at, end, revision)) = self.known.ends.first().cloned().filter(|(at, _, _)| *at <= now) {
            self.known.ends.pop_first();
            self.look(look_at, end, &revision);
        }
    }

    fn look(&mut self, at: i64, end: i64, revision: &str) {
        let Some(policy) = self.known.policies.get(revision).cloned() else { return };
        if !self.known.counts(&policy, revision, end) {
            return;
        }
        let prefix = format!("{}/", policy.ws);
        let mut late = Vec::new();
        for (of, machine) in self.known.machines.iter().filter(|(of, _)| of.starts_with(&prefix)) {
            if !has_to_be_off(machine, &policy, (end, self.known.interval)) {
                continue;
            }
            if machine.on {
                late.push(of.clone());
            } else {
                self.kept += 1;
            }
        }
        for of in late {
            self.say(at, "I12", &of, format!("its hours ended {} s ago, and it is on", (at - end) / 1000));
        }
    }
}

impl Known {
    /// Whether the end of hours is one at which nothing stood in the way of acting.
    fn counts(&self, policy: &Policy, revision: &str, end: i64) -> bool {
        let quiet = self.troubles.is_empty() && !self.frozen && self.disturbed < end - UNDISTURBED;
        let in_force = self.in_force.get(&policy.ws).is_some_and(|one| one == revision);
        let paced = policy.planned < 100;
        let no_action = policy.hours.as_ref().is_none_or(|hours| hours.is_near_no_action(end));
        quiet && in_force && policy.enforces && !paced && !no_action && policy.since < end - NEW_POLICY
    }
}

/// Whether nothing about the machine stood in the way.
fn has_to_be_off(machine: &Machine, policy: &Policy, (end, interval): (i64, i64)) -> bool {
    let lead = policy.lead.max(LEAD_UNKNOWN_OWNER);
    let known = machine.started < end - lead - 2 * interval - 1_800_000;
    let quiet = machine.troubles.is_empty() && machine.disturbed < end - UNDISTURBED && !machine.out;
    let held = machine.holds.values().any(|until| *until > end - lead);
    let used = machine.job || machine.busy || machine.doubtful || machine.used > end - lead - 1_800_000;
    let stopped_often = machine.took_at.iter().filter(|at| end - **at < 86_400_000).count() > 1;
    let governed = machine.owned || policy.unknown;
    known && quiet && !held && !used && !stopped_often && governed
}
