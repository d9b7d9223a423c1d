//! Token buckets: so many requests at once, so many a second, for each of a bounded number of callers.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use jiff::SignedDuration;

/// How much one caller may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// At once.
    pub burst: u32,
    /// Then so many a minute.
    pub a_minute: u32,
}

/// So many callers are told apart; those beyond share one bucket, so that memory is bounded and nobody gains by being many.
const CALLERS_MAX: usize = 8_192;
/// A request, in the units that are counted: sixty thousandths of one, so that a millisecond at `a_minute` is a whole number.
const REQUEST: u64 = 60_000;

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: u64,
    at: SignedDuration,
}

/// One bucket a caller.
#[derive(Debug)]
pub(super) struct Buckets<K> {
    rate: Rate,
    held: Mutex<(HashMap<K, Bucket>, Option<Bucket>)>,
}

impl Rate {
    fn full(self) -> u64 {
        u64::from(self.burst).saturating_mul(REQUEST)
    }

    fn refilled(self, bucket: Bucket, now: SignedDuration) -> Bucket {
        let passed = now.saturating_sub(bucket.at).as_millis().max(0);
        let passed = u64::try_from(passed).unwrap_or(u64::MAX);
        let left = bucket.left.saturating_add(passed.saturating_mul(u64::from(self.a_minute))).min(self.full());
        Bucket { left, at: now }
    }

    fn take(self, bucket: &mut Bucket, now: SignedDuration) -> bool {
        *bucket = self.refilled(*bucket, now);
        let taken = bucket.left.checked_sub(REQUEST);
        bucket.left = taken.unwrap_or(bucket.left);
        taken.is_some()
    }
}

impl<K: Hash + Eq> Buckets<K> {
    /// All full.
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, held: Mutex::default() }
    }

    /// Takes one out of a caller's bucket; false when it is empty. `now` never goes back.
    pub(super) fn take(&self, caller: K, now: SignedDuration) -> bool {
        let rate = self.rate;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let (each, rest) = &mut *held;
        let full = Bucket { left: rate.full(), at: now };
        if each.len() >= CALLERS_MAX && !each.contains_key(&caller) {
            // a full bucket is as good as none
            each.retain(|_, bucket| rate.refilled(*bucket, now).left < rate.full());
            if each.len() >= CALLERS_MAX {
                return rate.take(rest.get_or_insert(full), now);
            }
        }
        rate.take(each.entry(caller).or_insert(full), now)
    }

    #[cfg(test)]
    fn callers(&self) -> usize {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 3, a_minute: 60 };

    #[test]
    fn a_burst_then_a_pace_and_each_for_itself() {
        let buckets = Buckets::new(RATE);
        let at = SignedDuration::from_millis;
        assert_eq!([0, 0, 0, 0].map(|ms| buckets.take("a", at(ms))), [true, true, true, false]);
        assert!(buckets.take("b", at(0)));
        assert!(!buckets.take("a", at(999)));
        assert!(buckets.take("a", at(1_000)));
        assert!(!buckets.take("a", at(1_001)));
        assert_eq!([1; 4].map(|_| buckets.take("a", at(1_000_000))), [true, true, true, false], "no more than a burst");
    }

    #[test]
    fn many_callers_share_what_is_left_and_memory_is_bounded() {
        let buckets = Buckets::new(RATE);
        let now = SignedDuration::ZERO;
        for caller in 0..CALLERS_MAX * 2 {
            buckets.take(caller, now);
        }
        assert_eq!(buckets.callers(), CALLERS_MAX);
        assert!(!buckets.take(usize::MAX, now), "one more than can be told apart has no bucket of its own");
        let later = SignedDuration::from_mins(5);
        assert!(buckets.take(usize::MAX, later), "those that were quiet make room");
        assert_eq!(buckets.callers(), 1);
    }
}
