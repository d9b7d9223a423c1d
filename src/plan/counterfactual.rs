//! Until when an instance would run at most if it were not stopped: stated before the stop (C9).

use jiff::{SignedDuration, Timestamp};

use crate::facts::{History, InstanceFacts, PowerState};
use crate::ledger::{Counterfactual, Limit};
use crate::units::Span;

/// To the next hours, which `opens` says; to what Azure's own timers would do; to the horizon; whichever comes first. What is
/// not known for sure counts against the claim.
#[must_use]
pub fn counterfactual(
    (facts, history): (&InstanceFacts, &History),
    opens: Option<Timestamp>,
    now: Timestamp,
    horizon: Span,
) -> Counterfactual {
    let at = |instant: Timestamp, limit| Counterfactual { until: instant.as_second(), limit };
    let later = |length: SignedDuration| now.checked_add(length).unwrap_or(Timestamp::MAX);
    let mut found = at(later(horizon.duration()), Limit::Horizon);
    found = opens.map_or(found, |edge| found.earliest(at(edge, Limit::OnEdge)));
    let native = &facts.native;
    if let Some(idle) = native.idle_shutdown {
        // Azure's timer counts from the last use; of that nothing after the start may be known
        let used = history.last_busy.max(history.started).max(history.on_since).known();
        let busy_now = facts.state == PowerState::JobRunning;
        let from = used.filter(|_| !busy_now).unwrap_or(now);
        let stops = from.checked_add(idle.duration()).unwrap_or(Timestamp::MAX).max(now);
        found = found.earliest(at(stops, Limit::NativeIdle));
    }
    if native.unreadable.is_some() {
        found = found.earliest(at(now, Limit::NativeIdle));
    }
    // Azure writes schedules in Windows' zone names, and ignores the change of clocks in some: when the next one comes
    // is not reckoned here, and nothing is claimed.
    if native.schedules.iter().any(|schedule| schedule.enabled && !schedule.starts) {
        found = found.earliest(at(now, Limit::NativeSchedule));
    }
    found
}
