//! Channels that fail: after some failures in a row one rests, so that a dead server is not asked for every message, and is then tried
//! with one message before it gets the others.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::report::ChannelView;

/// So many failures in a row, over all messages.
const FAILURES_MAX: u32 = 5;
/// A rest lasts so long at first, and doubles to the longest: well inside a warning's lead.
const REST: SignedDuration = SignedDuration::from_secs(30);
const REST_MAX: SignedDuration = SignedDuration::from_mins(5);

#[derive(Debug, Clone, Default)]
struct Breaker {
    failures: u32,
    until: Option<Timestamp>,
    why: String,
}

/// The state of every channel that failed lately.
#[derive(Debug, Clone, Default)]
pub(super) struct Breakers(BTreeMap<Box<str>, Breaker>);

impl Breakers {
    /// Until when it rests. When the rest is over the first who asks may try, and the others wait a little longer for what comes of
    /// it.
    pub(super) fn rests(&mut self, channel: &str, now: Timestamp) -> Option<Timestamp> {
        let breaker = self.0.get_mut(channel)?;
        let until = breaker.until?;
        if now < until {
            return Some(until);
        }
        breaker.until = now.checked_add(REST).ok();
        None
    }

    /// It took a message.
    pub(super) fn worked(&mut self, channel: &str) {
        self.0.remove(channel);
    }

    /// It did not.
    pub(super) fn failed(&mut self, channel: &str, why: String, now: Timestamp) {
        let breaker = self.0.entry(channel.into()).or_default();
        breaker.why = why;
        breaker.failures = breaker.failures.saturating_add(1);
        if breaker.failures >= FAILURES_MAX {
            let doublings = breaker.failures.saturating_sub(FAILURES_MAX).min(8);
            let rest = REST.checked_mul(1_i32 << doublings).unwrap_or(REST_MAX).min(REST_MAX);
            breaker.until = now.checked_add(rest).ok();
        }
    }
}

impl Breakers {
    /// These channels, as they are now.
    pub(super) fn views(&self, channels: Vec<String>, now: Timestamp) -> Vec<ChannelView> {
        let view = |name: String| {
            let breaker = self.0.get(name.as_str()).cloned().unwrap_or_default();
            let rests_until = breaker.until.filter(|until| now < *until);
            ChannelView { name, failures: breaker.failures, rests_until, why: breaker.why }
        };
        channels.into_iter().map(view).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_channel_that_fails_rests_and_is_tried_with_one_message() {
        let mut all = Breakers::default();
        for second in 0..4 {
            all.failed("smtp", "421".to_owned(), at(second));
            assert_eq!(all.rests("smtp", at(second)), None, "a few failures are those of messages");
        }
        all.failed("smtp", "421".to_owned(), at(4));
        assert_eq!((all.rests("smtp", at(5)), all.rests("teams", at(5))), (Some(at(34)), None));
        assert_eq!(all.rests("smtp", at(34)), None, "one may try");
        assert_eq!(all.rests("smtp", at(34)), Some(at(64)), "and the others wait for what comes of it");
        all.failed("smtp", "421".to_owned(), at(35));
        assert_eq!(all.rests("smtp", at(36)), Some(at(95)), "twice as long");
        (0..20).for_each(|_| all.failed("smtp", "421".to_owned(), at(100)));
        assert_eq!(all.rests("smtp", at(101)), Some(at(400)), "to five minutes");
        let views = all.views(vec!["smtp".to_owned(), "teams".to_owned()], at(101));
        assert_eq!((views[0].failures, views[0].rests_until, &*views[0].why), (26, Some(at(400)), "421"));
        assert_eq!((views[1].failures, views[1].rests_until), (0, None));
        all.worked("smtp");
        assert_eq!(all.rests("smtp", at(101)), None);
    }
}
