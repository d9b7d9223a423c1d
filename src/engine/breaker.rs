//! Channels that fail: after some failures in a row one is tried with one message at a time, twice a minute, so that a dead server is
//! not asked for every message that waits.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::report::ChannelView;

/// So many failures in a row, over all messages.
const FAILURES_MAX: u32 = 5;
/// One that fails is tried this often, whatever waits for it: often enough for a warning's lead.
const REST: SignedDuration = SignedDuration::from_secs(30);

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
            breaker.until = now.checked_add(REST).ok();
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
        assert_eq!(all.rests("smtp", at(36)), Some(at(65)));
        let views = all.views(vec!["smtp".to_owned(), "teams".to_owned()], at(36));
        assert_eq!((views[0].failures, views[0].rests_until, &*views[0].why), (6, Some(at(65)), "421"));
        assert_eq!((views[1].failures, views[1].rests_until), (0, None));
        all.worked("smtp");
        assert_eq!(all.rests("smtp", at(36)), None);
    }
}
