//! For how long nothing can come due in a workspace in which everything is off: what reading it more rarely goes by.

use jiff::{SignedDuration, Timestamp};

use super::announce::DELIVERY;
use crate::policy::{AtLimit, Policy, Terms};
use crate::schedule::{Edge, HoursState};

/// What a policy allows of leaving such a workspace alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calm {
    /// Before it no edge of the hours has to be warned of, or acted on.
    pub until: Timestamp,
    /// So long after a start nobody has to be told of a stop yet; below nothing where that may be at once.
    pub after_start: SignedDuration,
}

impl Calm {
    /// Where no policy governs.
    pub const FOR_EVER: Self = Self { until: Timestamp::MAX, after_start: SignedDuration::MAX };

    fn and(self, other: Self) -> Self {
        Self { until: self.until.min(other.until), after_start: self.after_start.min(other.after_start) }
    }
}

/// The calm of a policy at an instant: that of its own terms, or of an override, whichever ends first.
#[must_use]
pub fn calm(policy: &Policy, now: Timestamp) -> Calm {
    let overrides = policy.overrides.iter().map(|over| of_terms(&over.terms, now));
    overrides.fold(of_terms(&policy.terms, now), Calm::and)
}

fn of_terms(terms: &Terms, now: Timestamp) -> Calm {
    let warning = &terms.warning;
    let ahead = warning.lead.max(warning.lead_unknown_owner).duration().saturating_add(DELIVERY);
    // what a start makes due, counted from it
    let after_start = [
        terms.idle.map(|rule| rule.after.duration()),
        terms.uptime.map(|rule| rule.max.duration()),
        terms.hours.as_ref().and_then(|rule| rule.respect_start_for).map(|span| span.duration()),
        // who starts beyond a used-up allowance is over it at once, and it may be used up at any time
        terms.budget.as_ref().filter(|rule| rule.at_limit == AtLimit::Stop).map(|_| SignedDuration::ZERO),
    ];
    let soonest = after_start.into_iter().flatten().min();
    let soonest = soonest.map(|length| length.max(terms.min_uptime.duration()).saturating_sub(ahead));
    let until = next_change(terms, now).map(|at| at.checked_sub(ahead).unwrap_or(Timestamp::MIN));
    Calm { until: until.unwrap_or(Timestamp::MAX), after_start: soonest.unwrap_or(SignedDuration::MAX) }
}

/// The next edge of the hours, or the end of a day on which nothing is done. While a calendar cannot be read there is none.
fn next_change(terms: &Terms, now: Timestamp) -> Option<Timestamp> {
    let hours = &terms.hours.as_ref()?.hours;
    let resumes = match hours.state_at(now) {
        HoursState::NoAction { until, .. } => until,
        HoursState::On { .. } | HoursState::Off { .. } | HoursState::Unknown { .. } => None,
    };
    let edge = hours.next_edge(now).map(|Edge { at, .. }| at);
    edge.into_iter().chain(resumes).min()
}
