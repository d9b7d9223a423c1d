//! ARM's token buckets, in the sandbox's time.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

/// Reads, writes or deletions, which have a bucket each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Traffic {
    Read,
    Write,
    Delete,
}

impl Traffic {
    /// Size of the bucket and refill a second, as documented for ARM.
    const fn limits(self) -> (i128, i128) {
        match self {
            Self::Read => (250, 25),
            Self::Write | Self::Delete => (200, 10),
        }
    }
}

/// Level of a bucket in thousand-millionths of a request, so that refilling by the nanosecond is exact.
#[derive(Debug)]
struct Bucket {
    level: i128,
    filled_at: Timestamp,
}

const WHOLE: i128 = 1_000_000_000;

/// What a bucket said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// Let in, with so many requests left.
    Admitted(u64),
    /// Turned away for so many seconds.
    Refused(u64),
}

/// Who asks for what, where: subscription, region, kind of traffic, principal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct BucketKey {
    pub(super) subscription: String,
    pub(super) region: String,
    pub(super) traffic: Traffic,
    pub(super) principal: String,
}

/// All buckets.
#[derive(Debug, Default)]
pub(super) struct Buckets {
    buckets: HashMap<BucketKey, Bucket>,
}

impl Buckets {
    /// Takes one request out of the bucket, if there is one in it.
    pub(super) fn admit(&mut self, key: BucketKey, now: Timestamp) -> Admission {
        let (size, refill) = key.traffic.limits();
        let full = size.saturating_mul(WHOLE);
        let bucket = self.buckets.entry(key).or_insert(Bucket { level: full, filled_at: now });
        let passed = now.duration_since(bucket.filled_at).max(SignedDuration::ZERO);
        bucket.level = bucket.level.saturating_add(passed.as_nanos().saturating_mul(refill)).min(full);
        bucket.filled_at = bucket.filled_at.max(now);
        if bucket.level >= WHOLE {
            bucket.level = bucket.level.saturating_sub(WHOLE);
            return Admission::Admitted(whole(bucket.level.checked_div(WHOLE)));
        }
        let missing = WHOLE.saturating_sub(bucket.level);
        let wait = missing.saturating_add(refill.saturating_mul(WHOLE)).saturating_sub(1);
        Admission::Refused(whole(wait.checked_div(refill.saturating_mul(WHOLE))).max(1))
    }
}

fn whole(number: Option<i128>) -> u64 {
    number.and_then(|number| u64::try_from(number).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(traffic: Traffic) -> BucketKey {
        BucketKey { subscription: "s".into(), region: "r".into(), traffic, principal: "p".into() }
    }

    #[test]
    fn a_bucket_holds_its_size_and_fills_by_the_second() {
        let mut buckets = Buckets::default();
        let mut now = Timestamp::from_second(1_000).unwrap();
        for left in (0..200).rev() {
            assert_eq!(buckets.admit(key(Traffic::Write), now), Admission::Admitted(left));
        }
        assert_eq!(buckets.admit(key(Traffic::Write), now), Admission::Refused(1));
        now += SignedDuration::from_millis(99);
        assert_eq!(buckets.admit(key(Traffic::Write), now), Admission::Refused(1));
        now += SignedDuration::from_millis(1);
        assert_eq!(buckets.admit(key(Traffic::Write), now), Admission::Admitted(0));
        now += SignedDuration::from_hours(9);
        assert_eq!(buckets.admit(key(Traffic::Write), now), Admission::Admitted(199));
    }

    #[test]
    fn buckets_are_apart_and_time_going_back_fills_nothing() {
        let mut buckets = Buckets::default();
        let now = Timestamp::from_second(1_000).unwrap();
        for _ in 0..250 {
            buckets.admit(key(Traffic::Read), now);
        }
        assert_eq!(buckets.admit(key(Traffic::Read), now), Admission::Refused(1));
        assert_eq!(buckets.admit(key(Traffic::Write), now), Admission::Admitted(199));
        assert_eq!(buckets.admit(key(Traffic::Delete), now), Admission::Admitted(199));
        assert_eq!(buckets.admit(key(Traffic::Read), now - SignedDuration::from_hours(1)), Admission::Refused(1));
        let other = BucketKey { region: "elsewhere".into(), ..key(Traffic::Read) };
        assert_eq!(buckets.admit(other, now), Admission::Admitted(249));
    }
}
