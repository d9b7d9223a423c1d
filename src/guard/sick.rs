//! Is the fleet seen well enough to act on, and do stops work? A sick view stops nothing (G6, G8, S11).

use jiff::Timestamp;

use super::{Bounds, FleetSight, Refusal, ScopeCount};

/// Why nothing at all may be stopped now.
pub(super) fn sick(sight: &FleetSight, bounds: &Bounds, now: Timestamp) -> Option<Refusal> {
    if sight.clock_trouble.is_some() {
        return Some(Refusal::ClockUnsteady);
    }
    let failed = sight.workspaces_failed.saturating_mul(100)
        > usize::from(bounds.failed_workspaces_max.get()).saturating_mul(sight.workspaces);
    let lost = sight.instances_before.saturating_sub(sight.instances);
    let dropped =
        lost.saturating_mul(100) > usize::from(bounds.instance_drop_max.get()).saturating_mul(sight.instances_before);
    let unknown = sight.instances_unknown.saturating_mul(100)
        > usize::from(bounds.unknown_states_max.get()).saturating_mul(sight.instances);
    let fresh = sight.last_full_sweep.is_some_and(|at| now.duration_since(at) <= bounds.full_sweep_max.duration());
    // A small fleet may lose one workspace or two instances without being sick: shares of few mean little.
    let few_workspaces = sight.workspaces_failed <= 1 && sight.workspaces > 1;
    let few_instances = lost <= 2;
    ((failed && !few_workspaces) || (dropped && !few_instances) || unknown || !fresh).then_some(Refusal::SickView)
}

/// True when too many stops failed in one scope: more than the larger of a count and a share (">" and not "≥").
pub(super) fn failing(scope: &ScopeCount, bounds: &Bounds) -> bool {
    let share = bounds.failed_stops_share.of(scope.asked_last_hour);
    scope.failed_last_hour > usize::try_from(bounds.failed_stops_max).unwrap_or(usize::MAX).max(share)
}
