//! How sick a view may be, how stops are paced, and how much may be stopped at once.

use crate::policy::{Cap, Limits};
use crate::units::{Percent, Span};

/// When a view is sick (G6, G8), and how stops are paced (G7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    /// More unreadable workspaces than this share: nothing is stopped.
    pub failed_workspaces_max: Percent,
    /// A larger drop of the count of instances: nothing is stopped.
    pub instance_drop_max: Percent,
    /// A larger share of unknown states: nothing is stopped.
    pub unknown_states_max: Percent,
    /// Stops under way at once, reached by doubling from one.
    pub concurrent_stops_max: u32,
    /// Failed stops of an hour beyond the larger of this …
    pub failed_stops_max: u32,
    /// … and this share of those asked: nothing more in that scope.
    pub failed_stops_share: Percent,
    /// A stop not seen to be done by then has failed.
    pub stop_deadline: Span,
}

/// A share that is known to be one: saturates at all.
pub(super) fn percent(n: u8) -> Percent {
    Percent::new(i64::from(n)).unwrap_or(Percent::ALL)
}

impl Default for Guard {
    fn default() -> Self {
        Self {
            failed_workspaces_max: percent(20),
            instance_drop_max: percent(30),
            unknown_states_max: percent(45),
            concurrent_stops_max: 16,
            failed_stops_max: 3,
            failed_stops_share: percent(10),
            stop_deadline: Span::minutes(30),
        }
    }
}

/// How much may be stopped at once in each scope; the tightest of these and of the policy's own wins (G4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeLimits {
    /// Of one workspace.
    pub workspace: Limits,
    /// Of one subscription.
    pub subscription: Limits,
    /// Of all.
    pub fleet: Limits,
}

/// No limit by count, and all of it by share.
const OPEN: Cap = Cap { count: None, percent: Some(Percent::ALL) };

impl Default for ScopeLimits {
    fn default() -> Self {
        let open = Limits {
            unplanned_per_sweep: OPEN,
            unplanned_per_hour: OPEN,
            planned_per_sweep: OPEN,
            planned_per_hour: OPEN,
        };
        let fleet = Limits {
            // What nobody foresaw is held to a tenth of what runs, and to a number a person can look through.
            unplanned_per_sweep: Cap { count: Some(50), percent: Some(percent(10)) },
            unplanned_per_hour: Cap { count: Some(200), percent: Some(percent(30)) },
            // Office hours end for everyone at once; this only paces: so many are decided about at a time, and the next sweep
            // follows when the last of them was asked for, as fast as Azure's 10 writes a second.
            planned_per_sweep: Cap { count: Some(500), percent: Some(Percent::ALL) },
            planned_per_hour: OPEN,
        };
        Self { workspace: open, subscription: open, fleet }
    }
}
