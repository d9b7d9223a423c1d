//! When the next heartbeat is tried. Pure: outcomes, a steady clock and a throw of dice in; a moment out.

/// After a first failure,
const FIRST: u64 = 5_000;
/// doubled up to here.
const LAST: u64 = 15 * 60 * 1_000;
/// What the service asks for is obeyed up to here.
const ASKED_MAX: u64 = 60 * 60 * 1_000;
/// And no heartbeat follows another faster than this.
const ASKED_MIN: u64 = 1_000;

/// The state of sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pace {
    failures: u32,
    next: u64,
}

impl Pace {
    /// True when it is time. What has just become busy does not wait for its turn, unless the service does not answer.
    #[must_use]
    pub fn is_due(&self, steady: u64, urgent: bool) -> bool {
        steady >= self.next || (urgent && self.failures == 0)
    }

    /// The next try, in milliseconds after the boot.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.next
    }

    /// How many tries failed in a row.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// It arrived, and the next is wanted in so many seconds.
    pub fn arrived(&mut self, steady: u64, next_in: u32) {
        self.failures = 0;
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
        // From the length itself to half as much again for what was asked; from its half for the rest.
        let jittered = match wait {
            Wait::Asked(_) => length.saturating_add(length.saturating_mul(dice) / 2_000),
            Wait::Usual | Wait::Long => (length / 2).saturating_add(length.saturating_mul(dice) / 2_000),
        };
        self.next = steady.saturating_add(jittered);
    }
}

/// How long a failure asks to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// A little, doubling.
    Usual,
    /// Long: a person has to mend it.
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
    fn the_services_wish_is_obeyed_within_reason() {
        let mut pace = Pace::default();
        assert!(pace.is_due(0, false));
        pace.arrived(1_000, 60);
        assert_eq!(pace.next(), 61_000);
        assert!(!pace.is_due(60_999, false) && pace.is_due(61_000, false));
        assert!(pace.is_due(2_000, true), "what has become busy is told at once");
        pace.arrived(0, 0);
        assert_eq!(pace.next(), 1_000);
        pace.arrived(0, u32::MAX);
        assert_eq!(pace.next(), 3_600_000);
        pace.failed(0, Wait::Asked(120), 999);
        assert!((120_000..180_000).contains(&pace.next()));
        assert!(!pace.is_due(100_000, true), "a service that is down is not pressed");
        pace.failed(0, Wait::Asked(u64::MAX), 999);
        assert!(pace.next() <= 5_400_000);
        pace.failed(0, Wait::Long, 0);
        assert_eq!((pace.next(), pace.failures()), (LAST / 2, 3));
        pace.arrived(0, 30);
        assert_eq!(pace.failures(), 0);
    }
}
