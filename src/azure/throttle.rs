//! Our own model of Azure's token buckets, one per subscription, region and kind of request; pure, with explicit time.
//!
//! It never believes in more tokens than its own count, and in fewer as soon as Azure says so.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::options::ThrottleLimits;
use crate::units::{Region, SubscriptionId};

/// Reads and writes have buckets of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// GET.
    Read,
    /// POST.
    Write,
}

/// Whom a scarce token goes to first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Urgency {
    /// Lists: they leave a reserve.
    Normal,
    /// Second looks and stops: they may use it up.
    Urgent,
}

/// How long to wait for a token, and whether Azure itself asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wait {
    pub(super) length: SignedDuration,
    pub(super) asked_by_azure: bool,
}

/// One token in the unit of the count, so that a rate per second is a rate per nanosecond in units.
const TOKEN: i64 = 1_000_000_000;
/// Tokens that lists leave for second looks.
const RESERVE: i64 = 10;

#[derive(Debug, Clone)]
struct Bucket {
    capacity: i64,
    per_second: i64,
    level: i64,
    as_of: SignedDuration,
    blocked_until: Option<SignedDuration>,
}

impl Bucket {
    fn full(burst: u32, per_second: u32, now: SignedDuration) -> Self {
        let capacity = i64::from(burst.max(1)).saturating_mul(TOKEN);
        Self { capacity, per_second: i64::from(per_second.max(1)), level: capacity, as_of: now, blocked_until: None }
    }

    fn refill(&mut self, now: SignedDuration) {
        let elapsed = i64::try_from(now.saturating_sub(self.as_of).as_nanos()).unwrap_or(i64::MAX).max(0);
        self.level = self.level.saturating_add(elapsed.saturating_mul(self.per_second)).min(self.capacity);
        self.as_of = self.as_of.max(now);
    }

    fn take(&mut self, now: SignedDuration, urgency: Urgency) -> Result<(), Wait> {
        self.block(now)?;
        self.refill(now);
        let reserve = match urgency {
            Urgency::Urgent => 0,
            // A tiny bucket keeps no reserve, or nothing would ever be listed.
            Urgency::Normal => RESERVE.saturating_mul(TOKEN).min(self.capacity.checked_div(10).unwrap_or(0)),
        };
        let lacking = reserve.saturating_add(TOKEN).min(self.capacity).saturating_sub(self.level);
        if lacking <= 0 {
            self.level = self.level.saturating_sub(TOKEN);
            return Ok(());
        }
        let nanos = lacking.checked_div(self.per_second).unwrap_or(0).saturating_add(1);
        Err(Wait { length: SignedDuration::from_nanos(nanos), asked_by_azure: false })
    }

    fn block(&mut self, now: SignedDuration) -> Result<(), Wait> {
        match self.blocked_until {
            Some(until) if now < until => Err(Wait { length: until.saturating_sub(now), asked_by_azure: true }),
            Some(_) => {
                self.blocked_until = None;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

fn part_of(whole: u32, sharers: u32) -> u32 {
    whole.checked_div(sharers).unwrap_or(whole)
}

type Key = (SubscriptionId, Region, Kind);

/// All buckets. Without limits it only keeps what Azure asked for.
#[derive(Debug)]
pub(super) struct Throttle {
    limits: Option<ThrottleLimits>,
    /// Among how many processes the tokens of this identity are divided.
    sharers: u32,
    buckets: BTreeMap<Key, Bucket>,
}

impl Throttle {
    pub(super) const fn new(limits: Option<ThrottleLimits>) -> Self {
        Self { limits, sharers: 1, buckets: BTreeMap::new() }
    }

    fn bucket(&mut self, key: Key, now: SignedDuration) -> &mut Bucket {
        let limits = self.limits.unwrap_or_default();
        let (burst, rate) = match key.2 {
            Kind::Read => (limits.read_burst, limits.reads_per_second),
            Kind::Write => (limits.write_burst, limits.writes_per_second),
        };
        let sharers = self.sharers;
        self.buckets.entry(key).or_insert_with(|| Bucket::full(part_of(burst, sharers), part_of(rate, sharers), now))
    }

    /// From now on this process has its part of every bucket: so many ask by the same identity. What was believed of a bucket is
    /// believed no more where it is more than the part.
    pub(super) fn share(&mut self, sharers: u32, now: SignedDuration) {
        if std::mem::replace(&mut self.sharers, sharers.max(1)) == sharers.max(1) {
            return;
        }
        for (key, mut old) in std::mem::take(&mut self.buckets) {
            old.refill(now);
            let new = self.bucket(key, now);
            new.level = new.level.min(old.level);
            new.blocked_until = old.blocked_until;
        }
    }

    /// Takes a token now, or says how long to wait before asking again.
    pub(super) fn take(&mut self, key: Key, urgency: Urgency, now: SignedDuration) -> Result<(), Wait> {
        let paced = self.limits.is_some();
        let bucket = self.bucket(key, now);
        if paced { bucket.take(now, urgency) } else { bucket.block(now) }
    }

    /// Azure said how many are left after an answer: believed when it is fewer than we thought.
    pub(super) fn learn(&mut self, key: Key, remaining: u64, now: SignedDuration) {
        let bucket = self.bucket(key, now);
        bucket.refill(now);
        // Azure rounds down: the true level lies below the next whole token.
        let at_most = i64::try_from(remaining).unwrap_or(i64::MAX).saturating_add(1).saturating_mul(TOKEN);
        bucket.level = bucket.level.min(at_most);
    }

    /// Azure said 429: this bucket, and no other, rests (fault 1).
    pub(super) fn rest(&mut self, key: Key, wait: SignedDuration, now: SignedDuration) {
        let bucket = self.bucket(key, now);
        bucket.refill(now);
        bucket.level = 0;
        let until = now.saturating_add(wait);
        bucket.blocked_until = Some(bucket.blocked_until.map_or(until, |old| old.max(until)));
    }

    /// Whole tokens left now, for metrics; empty when nothing is paced.
    pub(super) fn left(&mut self, now: SignedDuration) -> impl Iterator<Item = (&Key, u64)> {
        let paced = self.limits.is_some();
        self.buckets.iter_mut().filter(move |_| paced).map(move |(key, bucket)| {
            bucket.refill(now);
            let whole = bucket.level.max(0).checked_div(TOKEN).unwrap_or(0);
            (key, u64::try_from(whole).unwrap_or(0))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(subscription: &str, kind: Kind) -> Key {
        (SubscriptionId::new(subscription), Region::new("westeurope"), kind)
    }
    const fn at(millis: i64) -> SignedDuration {
        SignedDuration::from_millis(millis)
    }

    #[test]
    fn several_of_one_identity_divide_its_tokens() {
        let mut throttle = Throttle::new(Some(ThrottleLimits::default()));
        let taken = |throttle: &mut Throttle, now| {
            (0..).take_while(|_: &u32| throttle.take(key("a", Kind::Write), Urgency::Urgent, now).is_ok()).count()
        };
        throttle.share(2, at(0));
        assert_eq!(taken(&mut throttle, at(0)), 100);
        assert_eq!(taken(&mut throttle, at(2_000)), 10, "five a second");
        // one that is alone again refills as fast as one, from what is left
        throttle.share(1, at(2_000));
        assert_eq!(taken(&mut throttle, at(2_000)), 0);
        assert_eq!(taken(&mut throttle, at(3_000)), 10);
    }

    #[test]
    fn n_reads_take_as_long_as_azure_needs() {
        // B4: the wall time of W reads is (W − burst) / rate; ours keeps a reserve of ten.
        let mut throttle = Throttle::new(Some(ThrottleLimits::default()));
        let mut now = SignedDuration::ZERO;
        for _ in 0..1000 {
            while let Err(wait) = throttle.take(key("a", Kind::Read), Urgency::Normal, now) {
                assert!(!wait.asked_by_azure);
                now = now.saturating_add(wait.length);
            }
        }
        let ideal = SignedDuration::from_secs((1000 - 250) / 25);
        assert!(now >= ideal && now.as_millis() <= ideal.as_millis() * 110 / 100, "{now:?}");
    }

    #[test]
    fn second_looks_use_the_reserve_that_lists_leave() {
        let mut throttle = Throttle::new(Some(ThrottleLimits::default()));
        let read = || key("a", Kind::Read);
        while throttle.take(read(), Urgency::Normal, at(0)).is_ok() {}
        for _ in 0..RESERVE {
            assert!(throttle.take(read(), Urgency::Urgent, at(0)).is_ok());
        }
        assert!(throttle.take(read(), Urgency::Urgent, at(0)).is_err());
        assert!(throttle.take(key("a", Kind::Write), Urgency::Urgent, at(0)).is_ok(), "writes have their own");
    }

    #[test]
    fn retry_after_rests_one_bucket_only() {
        for limits in [Some(ThrottleLimits::default()), None] {
            let mut throttle = Throttle::new(limits);
            throttle.rest(key("a", Kind::Read), SignedDuration::from_secs(17), at(0));
            let wait = throttle.take(key("a", Kind::Read), Urgency::Urgent, at(1)).unwrap_err();
            assert_eq!((wait.length, wait.asked_by_azure), (at(16_999), true), "fault 1");
            assert!(throttle.take(key("b", Kind::Read), Urgency::Normal, at(1)).is_ok());
            assert!(throttle.take(key("a", Kind::Write), Urgency::Normal, at(1)).is_ok());
            assert!(throttle.take(key("a", Kind::Read), Urgency::Normal, at(17_000)).is_ok());
        }
    }

    #[test]
    fn headers_lower_and_never_raise() {
        let mut throttle = Throttle::new(Some(ThrottleLimits::default()));
        let left = |throttle: &mut Throttle| throttle.left(at(0)).map(|(_, n)| n).collect::<Vec<_>>();
        throttle.learn(key("a", Kind::Read), 11_983, at(0));
        assert_eq!(left(&mut throttle), [250]);
        throttle.learn(key("a", Kind::Read), 3, at(0));
        assert_eq!(left(&mut throttle), [4]);
        throttle.learn(key("a", Kind::Read), 200, at(0));
        assert_eq!(left(&mut throttle), [4]);
    }

    #[test]
    fn a_clock_that_steps_back_mints_nothing() {
        let mut throttle = Throttle::new(Some(ThrottleLimits { read_burst: 1, ..ThrottleLimits::default() }));
        assert!(throttle.take(key("a", Kind::Read), Urgency::Normal, at(5000)).is_ok());
        assert!(throttle.take(key("a", Kind::Read), Urgency::Normal, at(0)).is_err());
        assert!(throttle.take(key("a", Kind::Read), Urgency::Normal, at(5010)).is_err());
        assert!(throttle.take(key("a", Kind::Read), Urgency::Normal, at(5041)).is_ok());
    }
}
