//! From a due instant to the instant of stopping: holds, the time after a start, and the warning that must come first.

use jiff::{SignedDuration, Timestamp};

use super::candidate::Candidate;
use super::verdict::{Action, Due, Ground};
use crate::facts::{History, NoticeKey, NoticeState, PastNotice, StopKey};
use crate::policy::{Mode, Warning, WarningProof, WhenUndelivered};
use crate::schedule::Hours;

/// A notice is written this much before its lead begins, so that it has arrived when the lead does and the stop need
/// not wait for it. One sweep's interval by default, and a minute more of warning harms nobody.
pub(super) const DELIVERY: SignedDuration = SignedDuration::from_secs(60);

/// What delays a due stop, whoever made it due.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delays {
    /// The latest of: end of any hold, start plus the least uptime, last stop plus the rest, last sign of use.
    pub(super) not_before: Option<Timestamp>,
    /// The lead of its warning: longer where nobody knows the owner.
    pub(super) lead: SignedDuration,
}

/// What the announcement of a candidate depends on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) delays: Delays,
    pub(super) warning: &'a Warning,
    pub(super) history: &'a History,
    pub(super) mode: Mode,
    /// An announced stop that is later than this is announced anew.
    pub(super) stale_after: SignedDuration,
    /// When nobody is warned, where the policy respects that.
    pub(super) quiet: Option<&'a Hours>,
    pub(super) now: Timestamp,
}

/// What is to be done about a candidate now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Announced<'a> {
    pub(super) action: Action,
    pub(super) ground: Ground,
    pub(super) stop_at: Timestamp,
    pub(super) changes_at: Option<Timestamp>,
    candidate: Candidate<'a>,
    base_at: Timestamp,
    warn_at: Timestamp,
    /// The deadline of the notice to give.
    announce: Option<Timestamp>,
}

impl Announced<'_> {
    /// True when it is the end of hours, and the time to warn of it has come.
    pub(super) fn is_hours_due(&self, now: Timestamp) -> bool {
        self.candidate.ground == Ground::OffHours && self.warn_at <= now
    }

    /// What it is about.
    pub(super) const fn candidate(&self) -> &Candidate<'_> {
        &self.candidate
    }

    /// The stop, with the identity of its reason, and the notice to give.
    pub(super) fn due(&self) -> (Due, Option<NoticeKey>) {
        let key = self.candidate.key();
        let notice = self.announce.map(|stop_at| NoticeKey { stop: key.clone(), stop_at });
        let Self { base_at, stop_at, warn_at, .. } = *self;
        (Due { ground: self.candidate.ground, key, due_at: self.candidate.due_at, base_at, stop_at, warn_at }, notice)
    }
}

/// The earliest instant at which a candidate may stop, warnings aside.
pub(super) fn base_of(candidate: &Candidate<'_>, delays: Delays) -> Timestamp {
    delays.not_before.map_or(candidate.due_at, |bound| bound.max(candidate.due_at))
}

/// Decides between waiting, warning and stopping. Two stages: before the warning's time nothing; from then on what was
/// announced, and whether it arrived, says when. A stop never comes sooner than its lead after the proof of its warning (S8).
pub(super) fn announce<'a>(candidate: &Candidate<'a>, asked: &Asked<'_>) -> Announced<'a> {
    let Asked { delays, mode, now, .. } = *asked;
    let base = base_of(candidate, delays);
    let warn_at = base.checked_sub(delays.lead.saturating_add(DELIVERY)).unwrap_or(base);
    let told = |warn_at, action, ground, stop_at, announce, changes_at| Announced {
        action,
        ground,
        stop_at,
        changes_at,
        candidate: *candidate,
        base_at: base,
        warn_at,
        announce,
    };
    let make = |action, ground, changes_at| told(warn_at, action, ground, base, None, changes_at);
    // In observe mode nobody is warned, since nothing will happen: the stop would have come at its base.
    if mode == Mode::Observe || delays.lead.is_zero() {
        return if now >= base {
            make(Action::Stop, candidate.ground, None)
        } else {
            make(Action::Keep, Ground::NotDue, Some(base))
        };
    }
    let ahead = delays.lead.saturating_add(DELIVERY);
    let after = |at: Timestamp| at.checked_add(ahead).map_or(base, |at| whole_second(at).max(base));
    // in quiet hours nobody is warned: the warning comes when they end, and the stop keeps its distance
    let waits_until = |end: Timestamp, ground| told(end, Action::Keep, ground, after(end), None, Some(end));
    if now < warn_at {
        return match quiet_until(warn_at, asked.quiet) {
            Some(end) => waits_until(end, Ground::NotDue),
            None => make(Action::Keep, Ground::NotDue, Some(warn_at)),
        };
    }
    let fresh = after(now);
    let renew = |ground, stop_at| told(now, Action::Warn, ground, stop_at, Some(fresh), Some(fresh));
    match standing(candidate, base, asked) {
        Standing::None => match quiet_until(now, asked.quiet) {
            Some(end) => waits_until(end, Ground::QuietHours),
            None => renew(candidate.ground, fresh),
        },
        Standing::Waiting { at, told_at } => told(told_at, Action::Keep, Ground::Announced, at, None, Some(at)),
        Standing::Reached { at, told_at } => told(told_at, Action::Stop, candidate.ground, at, None, None),
        Standing::Undelivered { since } => match quiet_until(now, asked.quiet) {
            Some(end) => told(now, Action::Keep, Ground::WarningUndelivered, since, None, Some(end)),
            None => renew(Ground::WarningUndelivered, since),
        },
    }
}

/// When the quiet hours end that an instant lies in; none where it lies in none, and where they never end: a stop that would
/// never come is not what quiet hours are for.
fn quiet_until(at: Timestamp, quiet: Option<&Hours>) -> Option<Timestamp> {
    let quiet = quiet.filter(|quiet| quiet.contains(at))?;
    quiet.next_edge(at).map(|edge| edge.at)
}

/// People read deadlines: the next whole second.
fn whole_second(at: Timestamp) -> Timestamp {
    if at.subsec_nanosecond() == 0 {
        return at;
    }
    Timestamp::from_second(at.as_second().saturating_add(1)).unwrap_or(at)
}

enum Standing {
    /// Nothing announced that still counts.
    None,
    /// Announced for then.
    Waiting { at: Timestamp, told_at: Timestamp },
    /// Announced, proven, and its time has come.
    Reached { at: Timestamp, told_at: Timestamp },
    /// Its time came and nobody could be told.
    Undelivered { since: Timestamp },
}

/// How the newest announcement of this deadline stands. One for an earlier deadline than `base` does not count: the
/// deadline moved (a hold, a sign of use), which re-arms the warning.
fn standing(candidate: &Candidate<'_>, base: Timestamp, asked: &Asked<'_>) -> Standing {
    if asked.history.notices.is_empty() {
        return Standing::None;
    }
    told_before(&candidate.key(), base, asked)
}

fn told_before(key: &StopKey, base: Timestamp, asked: &Asked<'_>) -> Standing {
    let Asked { warning, history, now, delays: Delays { lead, .. }, .. } = *asked;
    // whoever held it after they were warned counts on their hold, also when it is lifted before that time: they are warned anew
    let held_at = history.kept_on().map(|hold| hold.made_at).max();
    let counts = |notice: &&PastNotice| {
        let answered = held_at.is_some_and(|made| notice.recorded_at < made);
        notice.key.stop == *key && notice.key.stop_at >= base && !answered
    };
    let Some(newest) = history.notices.iter().filter(counts).max_by_key(|notice| notice.key.stop_at) else {
        return Standing::None;
    };
    let (announced, told_at) = (newest.key.stop_at, newest.recorded_at);
    let proof = match (warning.proof, newest.state) {
        (WarningProof::Recorded, _) => Some(newest.recorded_at),
        (WarningProof::Delivered, NoticeState::Delivered { at }) => Some(at),
        (WarningProof::Delivered, NoticeState::Recorded) => None,
    };
    if let Some(proven) = proof.filter(|at| *at <= announced) {
        let stop_at = proven.checked_add(lead).map_or(announced, |at| at.max(announced));
        return if now < stop_at {
            Standing::Waiting { at: stop_at, told_at }
        } else if now.duration_since(stop_at) <= asked.stale_after {
            Standing::Reached { at: stop_at, told_at }
        } else {
            Standing::None
        };
    }
    if now < announced {
        return Standing::Waiting { at: announced, told_at };
    }
    let first = history.notices.iter().filter(counts).map(|notice| notice.key.stop_at).min().unwrap_or(announced);
    let bound = first.checked_add(warning.max_postpone.duration()).unwrap_or(first);
    match warning.undelivered {
        // as with a warning that arrived: who was to be told three days ago is not stopped on the strength of that
        WhenUndelivered::Stop if now >= bound && now.duration_since(bound) > asked.stale_after => Standing::None,
        WhenUndelivered::Stop if now >= bound => Standing::Reached { at: first, told_at },
        WhenUndelivered::Stop | WhenUndelivered::Keep => Standing::Undelivered { since: first },
    }
}
