//! What happens to an instance next, if nothing changes: the one answer that page, API and command line show.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::stopped::{DeletionLine, DeletionState, deletion};
use super::view::{FleetView, InstanceView};
use super::words;
use crate::guard::Refusal;
use crate::policy::Mode;
use crate::rules::{Due, Ground, Verdict};

/// What is next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NextKind {
    /// It is stopped.
    Stop,
    /// It is started, as its hours begin.
    Start,
    /// It is kept, and may be decided anew.
    Keep,
    /// It is kept by a person.
    Held,
    /// It is kept since everything is frozen.
    Frozen,
    /// It is kept by policy or tag.
    Exempt,
    /// Nothing: no policy governs it, or nothing is decided about it yet.
    Ungoverned,
    /// Nothing: it is off.
    Off,
    /// It is off, and proposed for deletion.
    Proposed,
    /// It is off, and is deleted unless somebody says no.
    Delete,
}

/// What happens next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// What.
    pub kind: NextKind,
    /// When; none where only something that happens can change it.
    pub at: Option<Timestamp>,
    /// The ground: of the stop that is coming, else of what keeps it. None where nothing was decided.
    pub ground: Option<Ground>,
    /// Why that stop does not go ahead.
    pub held_back: Option<Refusal>,
    /// Whether the policy stops, or only says that it would.
    pub mode: Option<Mode>,
}

impl Next {
    /// What is done, before a time: `stops`, `would stop`.
    #[must_use]
    pub const fn words(&self) -> &'static str {
        match (self.kind, self.mode) {
            (NextKind::Stop, Some(Mode::Observe)) => "would stop",
            (NextKind::Stop, Some(Mode::Enforce) | None) => "stops",
            (NextKind::Start, Some(Mode::Observe)) => "would start",
            (NextKind::Start, Some(Mode::Enforce) | None) => "starts",
            (NextKind::Keep, _) if matches!(self.ground, Some(Ground::StopUnderWay)) => "stopping",
            (NextKind::Keep, _) => "stays on",
            (NextKind::Held, _) => "held",
            (NextKind::Frozen, _) => "frozen",
            (NextKind::Exempt, _) => "exempt",
            (NextKind::Ungoverned, _) => "not governed",
            (NextKind::Off, _) => "off",
            (NextKind::Proposed, _) => "proposed for deletion",
            (NextKind::Delete, _) => "deleted",
        }
    }

    /// Why, as a fragment of a sentence.
    #[must_use]
    pub fn why(&self) -> &'static str {
        match self.kind {
            NextKind::Proposed => return "it stays off; it is deleted only after its owner or an operator says yes",
            NextKind::Delete => return "it stays off; it is deleted unless somebody keeps it, holds it or starts it",
            NextKind::Stop
            | NextKind::Keep
            | NextKind::Held
            | NextKind::Frozen
            | NextKind::Exempt
            | NextKind::Ungoverned
            | NextKind::Start
            | NextKind::Off => {}
        }
        match self.ground {
            Some(ground) if self.kind == NextKind::Stop => words::reason(ground),
            Some(_) if self.kind == NextKind::Start => "its hours begin",
            Some(ground) => words::ground(ground),
            None => "no policy has decided about it",
        }
    }
}

/// The stop that time alone will bring, if nothing changes.
#[must_use]
pub fn coming(verdict: &Verdict) -> Option<&Due> {
    match verdict.ground {
        Ground::Off
        | Ground::Unsettled
        | Ground::Unrecognised
        | Ground::Exempt
        | Ground::Frozen
        | Ground::NoActionDay
        | Ground::HoursUnknown
        | Ground::StartUnknown => None,
        Ground::Held
        | Ground::Busy
        | Ground::JustStarted
        | Ground::InHours
        | Ground::EdgeSpent
        | Ground::EdgeMissed
        | Ground::IdleUnknown
        | Ground::NotDue
        | Ground::OffHours
        | Ground::Idle
        | Ground::Uptime
        | Ground::OverBudget
        | Ground::UnusedStart
        | Ground::Announced
        | Ground::WarningUndelivered
        | Ground::QuietHours
        | Ground::StopUnderWay
        | Ground::Asked => verdict.due.as_deref(),
    }
}

/// What happens next to one that is off: it is started, or deleted, or stays as it is.
fn off(view: &FleetView, instance: &InstanceView, kept: &dyn Fn(NextKind, Option<Timestamp>) -> Next) -> Next {
    let DeletionLine { state, at, .. } = deletion(view, instance);
    let is_sure = matches!(state, DeletionState::Automatic | DeletionState::Confirmed);
    if let Some(start_at) = instance.start.as_deref().and_then(|found| found.start_at.known()) {
        // whichever comes first; a start ends the proposal
        if !(is_sure && at.is_none_or(|at| at <= start_at)) {
            return kept(NextKind::Start, Some(start_at));
        }
    }
    match state {
        DeletionState::Proposed => kept(NextKind::Proposed, at),
        DeletionState::Automatic | DeletionState::Confirmed => kept(NextKind::Delete, at),
        DeletionState::None | DeletionState::WouldPropose | DeletionState::Kept => kept(NextKind::Off, None),
    }
}

/// What happens to an instance next.
#[must_use]
pub fn next(view: &FleetView, instance: &InstanceView) -> Next {
    let Some(verdict) = instance.verdict.as_deref() else {
        let off = !instance.facts.state.is_billed() && !instance.facts.state.is_on();
        let kind = if off { NextKind::Off } else { NextKind::Ungoverned };
        return Next { kind, at: None, ground: None, held_back: None, mode: None };
    };
    let mode = view.policies.iter().find(|policy| policy.id == verdict.under.policy).map(|policy| policy.mode);
    let changes_at = verdict.changes_at.known();
    let kept = |kind, at| Next { kind, at, ground: Some(verdict.ground), held_back: instance.held_back, mode };
    match verdict.ground {
        Ground::Off => off(view, instance, &kept),
        Ground::Held => kept(
            NextKind::Held,
            instance.holds.iter().filter(|hold| !hold.off).map(|hold| hold.until).max().or(changes_at),
        ),
        Ground::Frozen => kept(NextKind::Frozen, None),
        Ground::Exempt => kept(NextKind::Exempt, changes_at),
        Ground::Unsettled
        | Ground::Unrecognised
        | Ground::Busy
        | Ground::JustStarted
        | Ground::InHours
        | Ground::EdgeSpent
        | Ground::StartUnknown
        | Ground::EdgeMissed
        | Ground::NoActionDay
        | Ground::HoursUnknown
        | Ground::IdleUnknown
        | Ground::NotDue
        | Ground::OffHours
        | Ground::Idle
        | Ground::Uptime
        | Ground::OverBudget
        | Ground::UnusedStart
        | Ground::Announced
        | Ground::WarningUndelivered
        | Ground::QuietHours
        | Ground::StopUnderWay
        | Ground::Asked => match coming(verdict) {
            // a stop whose time has come, and which use holds back: nobody knows until when
            Some(due) if verdict.ground != Ground::Busy || due.stop_at > view.at => {
                let ground = Some(due.ground);
                Next { kind: NextKind::Stop, at: Some(due.stop_at), ground, held_back: instance.held_back, mode }
            }
            Some(_) | None => kept(NextKind::Keep, changes_at),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_whether_it_is_done_or_only_would_be() {
        let next = |kind, mode| Next { kind, at: None, ground: None, held_back: None, mode };
        assert_eq!(next(NextKind::Stop, Some(Mode::Enforce)).words(), "stops");
        assert_eq!(next(NextKind::Stop, Some(Mode::Observe)).words(), "would stop");
        assert_eq!(next(NextKind::Keep, Some(Mode::Observe)).words(), "stays on");
        assert_eq!(next(NextKind::Start, Some(Mode::Enforce)).words(), "starts");
        assert_eq!(next(NextKind::Start, Some(Mode::Observe)).words(), "would start");
        let under_way = Next { ground: Some(Ground::StopUnderWay), ..next(NextKind::Keep, Some(Mode::Enforce)) };
        assert_eq!(under_way.words(), "stopping", "what is being stopped does not stay on");
    }
}
