//! This machine's clocks: the wall's, and one that counts sleep and never jumps. The one file that reads them.

use jiff::Timestamp;

use super::record::Moment;

/// Now, by both clocks.
#[expect(clippy::disallowed_methods, reason = "the agent's clock adapter: the one place of it that reads the clock")]
#[must_use]
pub fn now() -> Moment {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let millis = u64::try_from(time.tv_nsec).unwrap_or(0) / 1_000_000;
    Moment { wall: Timestamp::now(), steady: seconds.saturating_mul(1_000).saturating_add(millis) }
}
