//! Channels that fail: after some failures in a row one rests, so that a dead server is not asked for every message, and is then tried
//! with one message before it gets the others.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

/// So many failures in a row, over all messages.
const FAILURES_MAX: u32 = 5;
/// A rest lasts so long at first, and doubles to the longest: well inside a warning's lead.
const REST: SignedDuration = SignedDuration::from_secs(30);
const REST_MAX: SignedDuration = SignedDuration::from_mins(5);

#[derive(Debug, Clone, Copy, Default)]
struct Breaker {
    failures: u32,
    until: Option<Timestamp>,
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
    pub(super) fn failed(&mut self, channel: &str, now: Timestamp) {
        let breaker = self.0.entry(channel.into()).or_default();
        breaker.failures = breaker.failures.saturating_add(1);
        if breaker.failures >= FAILURES_MAX {
            let doublings = breaker.failures.saturating_sub(FAILURES_MAX).min(8);
            let rest = REST.checked_mul(1_i32 << doublings).unwrap_or(REST_MAX).min(REST_MAX);
            breaker.until = now.checked_add(rest).ok();
        }
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
            all.failed("smtp", at(second));
            assert_eq!(all.rests("smtp", at(second)), None, "a few failures are those of messages");
        }
        all.failed("smtp", at(4));
        assert_eq!((all.rests("smtp", at(5)), all.rests("teams", at(5))), (Some(at(34)), None));
        assert_eq!(all.rests("smtp", at(34)), None, "one may try");
        assert_eq!(all.rests("smtp", at(34)), Some(at(64)), "and the others wait for what comes of it");
        all.failed("smtp", at(35));
        assert_eq!(all.rests("smtp", at(36)), Some(at(95)), "twice as long");
        (0..20).for_each(|_| all.failed("smtp", at(100)));
        assert_eq!(all.rests("smtp", at(101)), Some(at(400)), "to five minutes");
        all.worked("smtp");
        assert_eq!(all.rests("smtp", at(101)), None);
    }
}
