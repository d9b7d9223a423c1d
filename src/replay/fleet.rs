//! How the fleet is seen in the world of the policy that is tried, for the guard: counted as things happen.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::machine::Machine;
use crate::guard::{FleetSight, ScopeCount};
use crate::rules::{Action, Due, Ground, Verdict};
use crate::units::{PolicyId, WorkspaceId};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// A stop that was asked for.
struct Asked {
    at: Timestamp,
    workspace: WorkspaceId,
    policy: PolicyId,
    planned: bool,
}

/// Counts of the whole fleet.
#[derive(Default)]
pub(super) struct Sight {
    now: FleetSight,
    asked: VecDeque<Asked>,
}

fn each_scope(
    sight: &mut FleetSight,
    (workspace, policy): (&WorkspaceId, &PolicyId),
    change: impl Fn(&mut ScopeCount),
) {
    change(&mut sight.fleet);
    change(sight.subscriptions.entry(workspace.subscription().clone()).or_default());
    change(sight.workspaces_count.entry(workspace.clone()).or_default());
    change(sight.policies.entry(policy.clone()).or_default());
}

impl Sight {
    /// One instance was turned on, or off.
    pub(super) fn turned(&mut self, of: (&WorkspaceId, &PolicyId), on: bool) {
        each_scope(&mut self.now, of, |count| {
            count.running = if on { count.running.saturating_add(1) } else { count.running.saturating_sub(1) };
        });
    }

    /// A stop was asked for.
    pub(super) fn ask(&mut self, at: Timestamp, (workspace, policy): (&WorkspaceId, &PolicyId), planned: bool) {
        let first = at.checked_sub(HOUR).unwrap_or(at);
        while self.asked.front().is_some_and(|asked| asked.at <= first) {
            self.asked.pop_front();
        }
        self.asked.push_back(Asked { at, workspace: workspace.clone(), policy: policy.clone(), planned });
    }

    /// The fleet at an instant. What the record cannot tell of how well it was seen is taken as well.
    pub(super) fn seen(&self, now: Timestamp, at: Timestamp) -> FleetSight {
        let mut sight = FleetSight { last_full_sweep: Some(now), workspaces: 1, ..self.now.clone() };
        for asked in self.asked.iter().filter(|asked| at.duration_since(asked.at) < HOUR) {
            each_scope(&mut sight, (&asked.workspace, &asked.policy), |count| {
                let used = if asked.planned { &mut count.planned_last_hour } else { &mut count.unplanned_last_hour };
                *used = used.saturating_add(1);
                count.asked_last_hour = count.asked_last_hour.saturating_add(1);
            });
        }
        sight
    }

    /// The fleet as it will be when what is due or announced is carried out.
    pub(super) fn foresight(&self, now: Timestamp, then: Timestamp, machines: &[Machine<'_>]) -> FleetSight {
        let mut sight = self.seen(now, then);
        for machine in machines {
            let Some(verdict) = machine.verdict.as_ref().filter(|verdict| is_promised(machine, verdict)) else {
                continue;
            };
            let planned = verdict.due.as_ref().is_some_and(|due| due.ground == Ground::OffHours);
            let of = (machine.course.life.id.workspace(), &verdict.under.policy);
            each_scope(&mut sight, of, |count| count.ask(planned));
        }
        sight
    }
}

/// True where a stop is due, or announced and waited for.
fn is_promised(machine: &Machine<'_>, verdict: &Verdict) -> bool {
    let told = |due: &Due| {
        let mut notices = machine.history.notices.iter();
        notices.any(|one| one.key.stop == due.key && one.key.stop_at == due.stop_at)
    };
    let held = || verdict.ground == Ground::Held && verdict.due.as_deref().is_some_and(told);
    let waits = verdict.action == Action::Keep && (verdict.ground == Ground::Announced || held());
    machine.history.open.is_none() && machine.is_on() && (verdict.action == Action::Stop || waits)
}
