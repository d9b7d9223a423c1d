//! Channels that fail: how often in a row and why, for whoever looks; and the breaker of each, for those who try.
//!
//! A channel that does not answer is not asked again by every message that waits for it: after a few failures in a row it
//! rests, and then one message at a time tries whether it is back. Only failures of the channel count: one that refuses a
//! message has answered, and is well.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::ports::FaultKind;
use crate::report::ChannelView;

/// So many failures in a row are no slip any more.
const OPENS_AT: u32 = 3;
/// The first rest; each further one is twice as long.
const FIRST: SignedDuration = SignedDuration::from_secs(5);
/// No rest is longer: with one message that tries, a channel that comes back is found within a minute.
const LONGEST: SignedDuration = SignedDuration::from_secs(60);
/// No channel is believed that asks for a longer wait; nor is a rest that a clock which fell back has made longer (S12).
const WAIT_MAX: SignedDuration = SignedDuration::from_mins(15);

/// One channel.
#[derive(Debug, Clone, Default)]
struct One {
    /// Failures in a row over all messages, of whatever kind.
    failures: u32,
    why: String,
    /// Failures in a row of the channel itself.
    silent: u32,
    /// It is left alone until then.
    rests_until: Option<Timestamp>,
    /// A message is trying whether it is back.
    is_probed: bool,
}

impl One {
    fn rests(&self, now: Timestamp) -> bool {
        self.rests_until.is_some_and(|until| now < until && until.duration_since(now) <= WAIT_MAX)
    }

    fn is_open(&self) -> bool {
        self.silent >= OPENS_AT
    }
}

/// Every channel that failed since it last took a message.
#[derive(Debug, Clone, Default)]
pub(super) struct Failing(BTreeMap<Box<str>, One>);

impl Failing {
    /// Whether a try may begin now; one that may has to be told of when it ends.
    pub(super) fn begins(&mut self, channel: &str, now: Timestamp) -> bool {
        let Some(one) = self.0.get_mut(channel) else { return true };
        if one.rests(now) || (one.is_open() && one.is_probed) {
            return false;
        }
        one.is_probed = one.is_open();
        true
    }

    /// It took a message.
    pub(super) fn worked(&mut self, channel: &str) {
        self.0.remove(channel);
    }

    /// It did not.
    pub(super) fn failed(&mut self, channel: &str, kind: FaultKind, why: String, now: Timestamp) {
        let one = self.0.entry(channel.into()).or_default();
        one.failures = one.failures.saturating_add(1);
        one.why = why;
        one.is_probed = false;
        match kind {
            FaultKind::Throttled(wait) => {
                // it answers, and says until when it is to be left alone; without that each message waits for itself
                one.silent = 0;
                one.rests_until = wait.and_then(|wait| now.checked_add(wait.min(WAIT_MAX)).ok());
            }
            FaultKind::Unfit => (one.silent, one.rests_until) = (0, None),
            FaultKind::Unauthenticated
            | FaultKind::Denied
            | FaultKind::Gone
            | FaultKind::Conflict
            | FaultKind::DiskFull
            | FaultKind::Refused
            | FaultKind::Unreachable
            | FaultKind::Garbled
            | FaultKind::Unclear
            | FaultKind::Withheld(_)
            | FaultKind::Storage
            | FaultKind::Undelivered => {
                one.silent = one.silent.saturating_add(1);
                one.rests_until = one.is_open().then(|| now.checked_add(rest(one.silent)).ok()).flatten();
            }
        }
    }

    /// These channels, as they are now.
    pub(super) fn views(&self, channels: Vec<String>) -> Vec<ChannelView> {
        let view = |name: String| {
            let (failures, why) =
                self.0.get(name.as_str()).map(|one| (one.failures, one.why.clone())).unwrap_or_default();
            ChannelView { name, failures, why }
        };
        channels.into_iter().map(view).collect()
    }
}

/// From 5 s, doubling to a minute.
fn rest(silent: u32) -> SignedDuration {
    let doublings = silent.saturating_sub(OPENS_AT).min(8);
    let length = SignedDuration::from_secs(FIRST.as_secs().saturating_mul(1_i64 << doublings));
    length.min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn fail(all: &mut Failing, kind: FaultKind, seconds: i64) {
        all.failed("smtp", kind, "421".to_owned(), at(seconds));
    }

    /// Silent since second 0, with as many failures.
    fn silent(failures: u32) -> Failing {
        let mut all = Failing::default();
        (0..failures).for_each(|_| fail(&mut all, FaultKind::Undelivered, 0));
        all
    }

    #[test]
    fn failures_are_counted_until_a_message_is_taken() {
        let mut all = silent(6);
        let view = |all: &Failing| {
            let views = all.views(vec!["smtp".to_owned(), "teams".to_owned()]);
            views.into_iter().map(|one| (one.failures, one.why)).collect::<Vec<_>>()
        };
        assert_eq!(view(&all), [(6, "421".to_owned()), (0, String::new())]);
        all.worked("smtp");
        assert_eq!(view(&all)[0], (0, String::new()));
        assert!(all.begins("smtp", at(0)));
    }

    #[test]
    fn a_silent_channel_rests_and_others_do_not() {
        let mut all = silent(2);
        assert!(all.begins("smtp", at(0)), "two are no more than a slip");
        fail(&mut all, FaultKind::Undelivered, 0);
        assert!(!all.begins("smtp", at(0)) && !all.begins("smtp", at(4)));
        assert!(all.begins("teams", at(0)));
    }

    #[test]
    fn one_message_at_a_time_tries_whether_it_is_back() {
        let mut all = silent(3);
        assert!(all.begins("smtp", at(5)));
        assert!(!all.begins("smtp", at(5)) && !all.begins("smtp", at(500)), "while that try goes on");
        fail(&mut all, FaultKind::Undelivered, 10);
        assert!(!all.begins("smtp", at(19)), "the next rest is twice as long");
        assert!(all.begins("smtp", at(20)));
        all.worked("smtp");
        assert!(all.begins("smtp", at(20)) && all.begins("smtp", at(20)), "it is back for all");
    }

    #[test]
    fn a_message_that_is_refused_opens_nothing_and_proves_that_the_channel_is_there() {
        let mut all = Failing::default();
        (0..20).for_each(|_| fail(&mut all, FaultKind::Unfit, 0));
        (0..20).for_each(|_| fail(&mut all, FaultKind::Throttled(None), 0));
        assert!(all.begins("smtp", at(0)));
        let mut all = silent(5);
        assert!(all.begins("smtp", at(60)));
        fail(&mut all, FaultKind::Unfit, 60);
        assert!(all.begins("smtp", at(60)) && all.begins("smtp", at(60)));
    }

    #[test]
    fn a_channel_that_asks_for_a_wait_gets_it() {
        let mut all = Failing::default();
        fail(&mut all, FaultKind::Throttled(Some(SignedDuration::from_secs(90))), 0);
        assert!(!all.begins("smtp", at(89)));
        assert!(all.begins("smtp", at(90)) && all.begins("smtp", at(90)), "it was not silent");
        assert!(all.begins("smtp", at(-86_400)), "by a clock that fell back nobody waits for a day");
    }

    #[test]
    fn no_rest_is_longer_than_a_minute() {
        let rests: Vec<i64> = (3..10).map(|silent| rest(silent).as_secs()).collect();
        assert_eq!(rests, [5, 10, 20, 40, 60, 60, 60]);
        assert_eq!(rest(u32::MAX), LONGEST);
    }
}
