//! The clocks: this machine's, and one that stands still until it is moved.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::ports::Clock;
use crate::sandbox::SandboxClock;

/// This machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the Clock adapter: the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn steady(&self) -> SignedDuration {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        SignedDuration::new(time.tv_sec, i32::try_from(time.tv_nsec).unwrap_or(0))
    }

    async fn sleep(&self, length: SignedDuration) {
        tokio::time::sleep(Duration::try_from(length).unwrap_or_default()).await;
    }
}

/// A clock that one hand moves: the demo's and the tests'. Whoever sleeps moves it on.
#[derive(Debug, Clone)]
pub struct VirtualClock {
    now: Arc<Mutex<Timestamp>>,
    began: Timestamp,
}

impl VirtualClock {
    /// Stands at `start`.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self { now: Arc::new(Mutex::new(start)), began: start }
    }

    /// Moves it on to `to`; it never goes back.
    pub fn advance_to(&self, to: Timestamp) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now = (*now).max(to);
    }

    fn read(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.read()
    }

    fn steady(&self) -> SignedDuration {
        self.read().duration_since(self.began)
    }

    async fn sleep(&self, length: SignedDuration) {
        if let Ok(to) = self.read().checked_add(length) {
            self.advance_to(to);
        }
        tokio::task::yield_now().await;
    }
}

impl SandboxClock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.read()
    }
}
