//! The sandbox's time: the demo drives it, `lightsout sandbox` lets it run.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Where the simulated Azure takes the time from.
pub trait SandboxClock: Send + Sync {
    /// The present of the simulated world.
    fn now(&self) -> Timestamp;
}

/// Time that runs from a chosen start, as fast as asked.
#[derive(Debug)]
pub struct RunningClock {
    start: Timestamp,
    began: Instant,
    speed: u32,
}

impl RunningClock {
    /// A clock that shows `start` now and then runs `speed` times as fast as this machine's.
    pub fn new(start: Timestamp, speed: u32) -> Self {
        Self { start, began: Instant::now(), speed }
    }

    /// A clock that shows this machine's time.
    pub fn wall() -> Self {
        Self::new(wall_now(), 1)
    }
}

impl SandboxClock for RunningClock {
    fn now(&self) -> Timestamp {
        let passed: Duration = self.began.elapsed().saturating_mul(self.speed);
        self.start.checked_add(passed).unwrap_or(Timestamp::MAX)
    }
}

/// This machine's time.
#[expect(clippy::disallowed_methods, reason = "the one place of this room that reads the machine's clock")]
pub fn wall_now() -> Timestamp {
    Timestamp::now()
}
