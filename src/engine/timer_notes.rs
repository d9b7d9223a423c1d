//! What was written down of idle timers that were set, and how long each rests before it is sent again.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::log;
use super::state::State;
use crate::ports::AuditLine;
use crate::units::{InstanceId, Span, WorkspaceId};

/// What was sent is not sent again before; each further time the wait doubles, to a day. A list may lag, what Azure refused it
/// refuses again, and each setting may have Azure count from anew.
const REST: SignedDuration = SignedDuration::from_hours(1);
const DOUBLINGS_MAX: u32 = 5;
pub(super) const REST_MAX: SignedDuration = SignedDuration::from_hours(24);
/// What could not be sent waits a little, so that it does not stand before the others for ever (G16).
const PAUSE: SignedDuration = SignedDuration::from_mins(5);

/// When a timer was last sent, and how often in a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tried {
    pub(super) at: Timestamp,
    pub(super) to: Span,
    times: u32,
    pub(super) until: Timestamp,
}

/// How long it rests after so many times in a row.
fn rest(times: u32) -> SignedDuration {
    let factor = 1_i32 << times.saturating_sub(1).min(DOUBLINGS_MAX);
    REST.checked_mul(factor).unwrap_or(REST_MAX).min(REST_MAX)
}

/// How the line ends that is written down before anything is sent.
pub(super) const ASKED: &str = "asked";

/// The particulars of a line in the journal.
pub(super) fn noted(to: Span, was: Option<Span>, end: &str) -> String {
    let was = was.map_or_else(|| "none".to_owned(), |was| was.to_string());
    format!("set to {to}, was {was}: {end}")
}

/// Which timer a line in the journal is about, and whether it was only asked for then.
fn read_back(line: &AuditLine) -> Option<(InstanceId, Span, bool)> {
    let (to, rest) = line.why.strip_prefix("set to ")?.split_once(", was ")?;
    let (_, end) = rest.split_once(": ")?;
    Some((InstanceId::parse(&line.target).ok()?, to.parse().ok()?, end == ASKED))
}

impl State {
    pub(super) fn note_tried(&mut self, instance: &InstanceId, to: Span, at: Timestamp) {
        let times = self.times_tried(instance, to).saturating_add(1);
        let until = at.checked_add(rest(times)).unwrap_or(Timestamp::MAX);
        self.timers_tried.insert(instance.clone(), Tried { at, to, times, until });
    }

    /// Nothing was sent.
    pub(super) fn note_dropped(&mut self, instance: &InstanceId, to: Span, at: Timestamp) {
        let times = self.times_tried(instance, to);
        let until = at.checked_add(PAUSE).unwrap_or(Timestamp::MAX);
        self.timers_tried.insert(instance.clone(), Tried { at, to, times, until });
    }

    fn times_tried(&self, instance: &InstanceId, to: Span) -> u32 {
        self.timers_tried.get(instance).filter(|tried| tried.to == to).map_or(0, |tried| tried.times)
    }

    /// What earlier processes sent rests as if this one had. Of what was asked and has no end nobody knows whether it was sent: the
    /// next reading shows what is set.
    pub(super) fn recall_timers(&mut self, lines: &[AuditLine], is_its: impl Fn(&WorkspaceId) -> bool) {
        let mut open: BTreeMap<InstanceId, Span> = BTreeMap::new();
        let noted = lines.iter().filter_map(|line| Some((line, read_back(line)?)));
        for (line, (instance, to, asked)) in noted.filter(|(_, (instance, ..))| is_its(instance.workspace())) {
            if asked {
                self.note_tried(&instance, to, line.at);
                open.insert(instance, to);
            } else {
                open.remove(&instance);
            }
        }
        open.iter().for_each(|(instance, to)| log::timer_without_end(instance, *to));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::TimerOutcome;

    #[test]
    fn what_is_written_down_is_read_back() {
        let target =
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/ci-a";
        let line = |why: String| AuditLine {
            at: Timestamp::UNIX_EPOCH,
            who: "lightsout".to_owned(),
            what: AuditLine::TIMER.to_owned(),
            target: target.to_owned(),
            why,
        };
        let id = InstanceId::parse(target).unwrap();
        for (was, end, asked) in
            [(None, ASKED, true), (Some(Span::hours(3)), ASKED, true), (None, &*TimerOutcome::Set.words(), false)]
        {
            let told = read_back(&line(noted(Span::minutes(90), was, end)));
            assert_eq!(told, Some((id.clone(), Span::minutes(90), asked)), "{was:?} {end}");
        }
        assert_eq!(read_back(&line("by hand".to_owned())), None);
    }

    #[test]
    fn each_try_rests_twice_as_long_to_a_day() {
        assert_eq!([1, 2, 3, 4, 5, 6, 60].map(|times| rest(times).as_hours()), [1, 2, 4, 8, 16, 24, 24]);
    }
}
