//! The blast radius: how much may be stopped of one kind in a scope, by one process and by several.

use serde::Serialize;

use crate::units::Percent;

/// How much may be stopped of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Cap {
    /// At most so many; none: no limit by count. Zero is none at all.
    pub count: Option<u32>,
    /// At most this share of the running instances in scope; none: no limit by share.
    pub percent: Option<Percent>,
}

/// The blast radius (G4): the tightest of all that apply wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// Unplanned stops (idle, uptime, budget) of one sweep; beyond it none of them that sweep.
    pub unplanned_per_sweep: Cap,
    /// Unplanned stops of any hour; beyond it none.
    pub unplanned_per_hour: Cap,
    /// Planned stops (hours) of one sweep; beyond it the rest waits for the next.
    pub planned_per_sweep: Cap,
    /// Planned stops of any hour; beyond it the rest waits.
    pub planned_per_hour: Cap,
}

impl Limits {
    /// What one of several replicas has of them: a count is divided, so that all of them together keep within it, and is never less
    /// than one where it is not none at all; a share of what runs divides itself.
    #[must_use]
    pub fn shared_by(self, sharers: u32) -> Self {
        let part = |cap: Cap| Cap { count: cap.count.map(|count| part_of(count, sharers)), ..cap };
        Self {
            unplanned_per_sweep: part(self.unplanned_per_sweep),
            unplanned_per_hour: part(self.unplanned_per_hour),
            planned_per_sweep: part(self.planned_per_sweep),
            planned_per_hour: part(self.planned_per_hour),
        }
    }
}

/// One of several equal parts of a count, and at least one where there is any.
#[must_use]
pub fn part_of(count: u32, sharers: u32) -> u32 {
    count.checked_div(sharers).unwrap_or(count).max(count.min(1))
}
