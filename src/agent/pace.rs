//! When the next heartbeat is tried. Pure: outcomes, a steady clock and a throw of dice in; a moment out.

/// After a first failure,
const FIRST: u64 = 5_000;
/// doubled up to here: within three minutes of the service's return a fleet has told it everything. Ten thousand agents
/// are about eighty tries a second while it is away.
const LAST: u64 = 3 * 60 * 1_000;
/// While somebody's use waits to be told, no failure makes it wait longer than this: the service may decide without it.
const URGENT_MAX: u64 = 60 * 1_000;
/// What the service asks for is obeyed up to here.
const ASKED_MAX: u64 = 60 * 60 * 1_000;
/// And no heartbeat follows another faster than this.
const ASKED_MIN: u64 = 1_000;

/// The state of sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pace {
    failures: u32,
    /// When the next is due,
    next: u64,
    /// and when, while something urgent waits.
    soonest: u64,
    busy: bool,
    urgent: bool,
}

impl Pace {
    /// A look found somebody's use, or none. Use that begins is urgent until a heartbeat that tells of it has arrived,
    /// even when it ended before.
    pub fn looked(&mut self, busy: bool) {
        self.urgent |= busy && !self.busy;
        self.busy = busy;
    }

    /// True when it is time.
    #[must_use]
    pub fn is_due(&self, steady: u64) -> bool {
        steady >= self.next()
    }

    /// The next try, in milliseconds after the boot. Use that has begun does not wait for its turn.
    #[must_use]
    pub fn next(&self) -> u64 {
        if self.urgent { self.next.min(self.soonest) } else { self.next }
    }

    /// How many tries failed in a row.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// It arrived, and the next is wanted in so many seconds.
    pub fn arrived(&mut self, steady: u64, next_in: u32) {
        (self.failures, self.urgent, self.soonest) = (0, false, steady);
        self.next = steady.saturating_add(u64::from(next_in).saturating_mul(1_000).clamp(ASKED_MIN, ASKED_MAX));
    }

    /// It did not. `dice` is from 0 to 999: a fleet whose service was away does not come back as one.
    pub fn failed(&mut self, steady: u64, wait: Wait, dice: u64) {
        self.failures = self.failures.saturating_add(1);
        let doubled =
            FIRST.saturating_mul(1_u64.checked_shl(self.failures.saturating_sub(1).min(20)).unwrap_or(1)).min(LAST);
        let length = match wait {
            Wait::Usual => doubled,
            Wait::Long => LAST,
            Wait::Asked(seconds) => seconds.saturating_mul(1_000).clamp(doubled, ASKED_MAX.max(doubled)),
        };
        // From its half to the whole.
        let thrown = |length: u64| (length / 2).saturating_add(length.saturating_mul(dice) / 2_000);
        // And from the length itself to half as much again for what was asked.
        let jittered = match wait {
            Wait::Asked(_) => (length / 2).saturating_add(thrown(length)),
            Wait::Usual | Wait::Long => thrown(length),
        };
        self.next = steady.saturating_add(jittered);
        self.soonest = steady.saturating_add(thrown(URGENT_MAX));
    }
}

/// How long a failure asks to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// A little, doubling.
    Usual,
    /// As long as ever: a person has to mend it, or a gateway says so while the service behind it is away.
    Long,
    /// So many seconds at least, says the service.
    Asked(u64),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_wait_longer_each_time_and_never_all_at_once() {
        let waits = |dice| {
            let mut pace = Pace::default();
            (0..12)
                .map(|_| {
                    pace.failed(0, Wait::Usual, dice);
                    pace.next()
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(waits(0)[..4], [2_500, 5_000, 10_000, 20_000]);
        assert_eq!(waits(999)[..4], [4_997, 9_995, 19_990, 39_980]);
        assert!(waits(999).iter().all(|wait| *wait < LAST));
        assert_eq!(waits(0).last(), Some(&(LAST / 2)));
    }

    #[test]
    fn whatever_was_answered_the_service_is_tried_again_within_three_minutes() {
        for wait in [Wait::Usual, Wait::Long] {
            let mut pace = Pace::default();
            for tries in 0..200_u64 {
                pace.failed(1_000_000, wait, tries * 5 % 1_000);
                assert!(pace.next() <= 1_000_000 + 180_000, "{wait:?} {tries}: {}", pace.next());
            }
            assert!(pace.next() >= 1_000_000 + LAST / 2, "and not pressed: {}", pace.next());
        }
    }

    #[test]
    fn the_services_wish_is_obeyed_within_reason() {
        let mut pace = Pace::default();
        assert!(pace.is_due(0));
        pace.arrived(1_000, 60);
        assert_eq!(pace.next(), 61_000);
        assert!(!pace.is_due(60_999) && pace.is_due(61_000));
        pace.arrived(0, 0);
        assert_eq!(pace.next(), 1_000);
        pace.arrived(0, u32::MAX);
        assert_eq!(pace.next(), 3_600_000);
        pace.failed(0, Wait::Asked(120), 999);
        assert!((120_000..180_000).contains(&pace.next()));
        pace.failed(0, Wait::Asked(u64::MAX), 999);
        assert!(pace.next() <= 5_400_000);
        pace.failed(0, Wait::Long, 0);
        assert_eq!((pace.next(), pace.failures()), (LAST / 2, 3));
        pace.arrived(0, 30);
        assert_eq!(pace.failures(), 0);
    }

    #[test]
    fn use_that_begins_is_told_at_once_and_only_then() {
        let mut pace = Pace::default();
        pace.arrived(1_000, 60);
        pace.looked(false);
        assert!(!pace.is_due(2_000));
        pace.looked(true);
        assert!(pace.is_due(2_000), "what has become busy is told at once");
        pace.arrived(2_000, 60);
        pace.looked(true);
        assert!(!pace.is_due(3_000), "what is still busy is told in its turn");
        pace.looked(false);
        pace.looked(true);
        assert!(pace.is_due(3_000));
    }

    #[test]
    fn use_that_begins_during_an_outage_waits_a_minute_at_most_until_it_is_told() {
        for wait in [Wait::Usual, Wait::Long, Wait::Asked(3_600)] {
            let mut pace = Pace::default();
            for _ in 0..9 {
                pace.failed(0, wait, 999);
            }
            assert!(!pace.is_due(80_000), "nothing presses: {wait:?}");
            pace.looked(true);
            assert!(pace.is_due(60_000), "{wait:?}");
            assert!(!pace.is_due(29_999), "a service that is down is not pressed: {wait:?}");
            pace.failed(60_000, wait, 0);
            pace.looked(false);
            assert!(!pace.is_due(89_999) && pace.is_due(90_000), "it stays to be told when it has ended: {wait:?}");
            pace.arrived(90_000, 60);
            assert_eq!(pace.next(), 150_000, "{wait:?}");
        }
    }

    #[test]
    fn what_presses_never_waits_longer_than_what_does_not() {
        let mut pace = Pace::default();
        pace.looked(true);
        pace.failed(0, Wait::Usual, 999);
        assert_eq!(pace.next(), 4_997);
    }
}
