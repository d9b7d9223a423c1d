//! When the present run of an instance began, from what Azure says and what was seen.

use jiff::Timestamp;

use crate::facts::{History, InstanceFacts};

/// The start of the present run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RunStart {
    /// It began then, or at the latest then: a start between two sightings counts as late as possible, in favour of
    /// the person who may have made it.
    By(Timestamp),
    /// It began before it was first seen on, and nobody knows when.
    Before(Timestamp),
    /// Nothing at all is known.
    Unknown,
}

impl RunStart {
    /// A start that is certainly not later than the real one would make uptime longer than it is; this is the latest.
    pub(super) const fn latest(self) -> Option<Timestamp> {
        match self {
            Self::By(at) | Self::Before(at) => Some(at),
            Self::Unknown => None,
        }
    }
}

/// Works out when the present run began.
pub(super) fn run_start(facts: &InstanceFacts, history: &History) -> RunStart {
    let said = facts.may_have_started_at().max(history.started.known());
    match (said, history.last_seen_off.known(), history.on_since.known()) {
        // seen off after the start that Azure names: it was started again since, unseen by lastOperation
        (Some(said), Some(off), Some(on)) if off > said => RunStart::By(on),
        (Some(said), _, _) => RunStart::By(said),
        (None, Some(_), Some(on)) => RunStart::By(on),
        (None, None, Some(on)) => RunStart::Before(on),
        (None, _, None) => RunStart::Unknown,
    }
}
