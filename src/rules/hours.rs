//! Outside the allowed hours: a level with memory. Due while now is inside an off window whose opening edge is unspent.

use std::sync::Arc;

use jiff::Timestamp;

use super::candidate::{Candidate, Reason};
use super::run::RunStart;
use super::verdict::{Finding, Ground, Rule};
use super::words::Words;
use crate::facts::History;
use crate::policy::HoursRule;
use crate::schedule::{Edge, EdgeKind, EdgeNote, Hours, HoursState};
use crate::units::{InstanceId, When};

/// What the hours say at one instant, with the words that every instance gets, made once for all of them.
#[derive(Debug)]
pub(super) struct HoursNow {
    state: HoursState,
    /// The stop key of the edge that matters; empty where there is none.
    key: Arc<str>,
    /// What is found of most instances because of that edge.
    words: Arc<str>,
    /// The next beginnings of hours; only where the policy starts instances.
    opens: Vec<Edge>,
}

/// So many beginnings of hours are looked ahead: who is to stay off for a month is on leave.
const AHEAD: usize = 40;

impl HoursNow {
    pub(super) const fn state(&self) -> &HoursState {
        &self.state
    }

    /// The next beginnings of hours, those on days on which nothing is done left out.
    pub(super) fn opens(&self) -> &[Edge] {
        &self.opens
    }

    /// Works these out.
    pub(super) fn ahead(mut self, hours: &Hours, now: Timestamp) -> Self {
        let acted_on = |edge: &Edge| {
            let is_silent = edge.note.as_ref().is_some_and(|note| matches!(note, EdgeNote::NoAction { .. }));
            edge.kind == EdgeKind::On && !is_silent
        };
        if hours.is_known() {
            self.opens = hours.walk(now).take(AHEAD.saturating_mul(2)).filter(acted_on).take(AHEAD).collect();
        }
        self
    }
}

/// Prepares what the hours say; `policy` is its name in lower case.
pub(super) fn hours_now(state: HoursState, policy: &str) -> HoursNow {
    let (edge, start) = match &state {
        HoursState::On { until: Some(edge), .. } => (edge, "inside the allowed hours until"),
        HoursState::Off { since: Some(edge), .. } => (edge, "outside the allowed hours since"),
        HoursState::On { until: None, .. }
        | HoursState::Off { since: None, .. }
        | HoursState::Unknown { .. }
        | HoursState::NoAction { .. } => {
            return HoursNow { state, key: Arc::default(), words: Arc::default(), opens: Vec::new() };
        }
    };
    let (key, words) = (format!("hours/{policy}/{}", edge.key()), format!("{start} {}", edge.at));
    HoursNow { state, key: key.into(), words: words.into(), opens: Vec::new() }
}

/// What the hours rule looks at.
#[derive(Debug, Clone, Copy)]
pub(super) struct HoursQuestion<'a> {
    pub(super) rule: &'a HoursRule,
    pub(super) hours: &'a HoursNow,
    pub(super) instance: &'a InstanceId,
    pub(super) start: RunStart,
    /// The present run began by a start of ours. It is nobody's wish to work after hours (S9), however late Azure let it begin.
    pub(super) is_ours: bool,
    /// Up to when everything was frozen, as far as anyone saw.
    pub(super) frozen: Option<(Timestamp, Timestamp)>,
    pub(super) now: Timestamp,
}

/// What the hours say of one instance, and the stop that follows.
pub(super) fn hours<'a>(question: &HoursQuestion<'a>, history: &History) -> (Finding, Option<Candidate<'a>>) {
    let found = |ground, words: Words, due_at| Finding { rule: Rule::Hours, ground, words, due_at: When::from(due_at) };
    match &question.hours.state {
        HoursState::Unknown { unreadable } => {
            let which: Vec<String> = unreadable.iter().map(|one| format!("{} ({})", one.source, one.problem)).collect();
            (
                found(
                    Ground::HoursUnknown,
                    format!("calendars could not be read, so nothing is done: {}", which.join(", ")).into(),
                    None,
                ),
                None,
            )
        }
        HoursState::NoAction { name, until } => {
            let until = until.map(|at| format!(" until {at}")).unwrap_or_default();
            (found(Ground::NoActionDay, format!("nothing is done on this day: {name}{until}").into(), None), None)
        }
        HoursState::On { until: Some(edge), .. } => {
            // An edge that was acted on already lies ahead again when the clock went back or hours moved (S2).
            let candidate = Some(edge_candidate(question, edge)).filter(|candidate| !candidate.is_spent(history));
            (
                found(
                    Ground::InHours,
                    question.hours.words.clone().into(),
                    candidate.as_ref().map(|candidate| candidate.due_at),
                ),
                candidate,
            )
        }
        HoursState::On { until: None, .. } => {
            (found(Ground::InHours, "inside the allowed hours, which do not end".into(), None), None)
        }
        HoursState::Off { since: None, .. } => {
            (found(Ground::HoursUnknown, "no allowed hours within 400 days, so no edge to act on".into(), None), None)
        }
        HoursState::Off { since: Some(edge), .. } => off(question, edge, history),
    }
}

fn off<'a>(question: &HoursQuestion<'a>, edge: &Edge, history: &History) -> (Finding, Option<Candidate<'a>>) {
    let keep =
        |ground, words: String| (Finding { rule: Rule::Hours, ground, words: words.into(), due_at: When::NONE }, None);
    let candidate = edge_candidate(question, edge);
    match question.start {
        RunStart::By(start) if start >= edge.at && !question.is_ours => return spent(question, edge, start),
        RunStart::Before(seen) if seen > edge.at && !question.is_ours => {
            let words = format!(
                "off hours since {}, but nobody knows whether it was started before or after; it is left until the next edge",
                edge.at
            );
            return keep(Ground::StartUnknown, words);
        }
        RunStart::Unknown => {
            return keep(Ground::StartUnknown, "nobody knows when it was started".to_owned());
        }
        RunStart::By(_) | RunStart::Before(_) => {}
    }
    if candidate.is_spent(history) {
        return keep(Ground::EdgeSpent, format!("the stop for the edge at {} was carried out already", edge.at));
    }
    if missed(question, edge, history, &candidate) {
        let words = format!("the edge at {} was missed by more than the policy's catch_up", edge.at).into();
        return (Finding { rule: Rule::Hours, ground: Ground::EdgeMissed, words, due_at: edge.at.into() }, None);
    }
    let words = question.hours.words.clone();
    (
        Finding { rule: Rule::Hours, ground: Ground::OffHours, words: words.into(), due_at: candidate.due_at.into() },
        Some(candidate),
    )
}

/// A start after the edge is respected until the next edge, or for the time the policy gives (S9).
fn spent<'a>(question: &HoursQuestion<'a>, edge: &Edge, start: Timestamp) -> (Finding, Option<Candidate<'a>>) {
    let candidate = question.rule.respect_start_for.and_then(|respect| {
        let due_at = start.checked_add(respect.duration()).ok()?;
        let reason = Reason::StartAfter(&question.hours.key, start);
        Some(Candidate { ground: Ground::OffHours, reason, due_at })
    });
    let until = candidate.as_ref().map_or_else(|| "the next edge".to_owned(), |c| c.due_at.to_string());
    let words = format!("off hours since {}, but it was started at {start}; that is respected until {until}", edge.at);
    let due_at = candidate.as_ref().map(|c| c.due_at);
    (Finding { rule: Rule::Hours, ground: Ground::EdgeSpent, words: words.into(), due_at: due_at.into() }, candidate)
}

/// True when nobody acted on the edge within `catch_up` of it, or of what kept it after it: a hold, use, a freeze (S7).
fn missed(question: &HoursQuestion<'_>, edge: &Edge, history: &History, candidate: &Candidate<'_>) -> bool {
    let Some(catch_up) = question.rule.catch_up else {
        return false;
    };
    let key = candidate.key();
    let begun = history.notices.iter().any(|notice| notice.key.stop == key);
    let kept = [history.held_until(), history.last_busy.known()];
    let from = kept.into_iter().flatten().fold(edge.at, Timestamp::max);
    // A freeze that begins when the edge was let go already brings nothing back.
    let kept_back = |(since, _): &(Timestamp, Timestamp)| since.duration_since(from) <= catch_up.duration();
    let from = question.frozen.filter(kept_back).map_or(from, |(_, until)| until.max(from));
    !begun && question.now.duration_since(from) > catch_up.duration()
}

fn edge_candidate<'a>(question: &HoursQuestion<'a>, edge: &Edge) -> Candidate<'a> {
    let late = jitter(question.instance, question.rule.spread.as_secs());
    let due_at = edge.at.checked_add(jiff::SignedDuration::from_secs(i64::from(late))).unwrap_or(edge.at);
    Candidate { ground: Ground::OffHours, reason: Reason::Edge(&question.hours.key), due_at }
}

/// 0 ..= spread seconds by FNV-1a of the folded id: the same on every machine and version (S19).
pub(super) fn jitter(instance: &InstanceId, spread: u32) -> u32 {
    if spread == 0 {
        return 0;
    }
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in [
        instance.workspace().subscription().as_str(),
        instance.workspace().resource_group(),
        instance.workspace().name(),
        instance.name(),
    ] {
        for byte in part.bytes() {
            hash = (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0000_01b3);
        }
        hash = (hash ^ 0xff).wrapping_mul(0x0100_0000_01b3);
    }
    u32::try_from(hash.checked_rem(u64::from(spread).saturating_add(1)).unwrap_or(0)).unwrap_or(0)
}
