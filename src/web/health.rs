//! Whether the process lives and whether it is ready, in facts that the engine reports as they happen.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::SignedDuration;
use serde::Serialize;

/// One thing that readiness waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotReady {
    /// Which: `policies`, `store`, `sweep`, or `stopping`.
    pub what: &'static str,
    /// Why not, in words.
    pub why: String,
}

type Steady = dyn Fn() -> SignedDuration + Send + Sync;

/// What is known of this process's own health. Cheap to share: cloning shares.
#[derive(Clone)]
pub struct Health {
    inner: Arc<Inner>,
}

struct Inner {
    steady: Box<Steady>,
    silence_max: SignedDuration,
    ticked_ms: AtomicI64,
    swept: AtomicBool,
    stopping: AtomicBool,
    policies: Mutex<Result<(), String>>,
    store: Mutex<Result<(), String>>,
    /// Why it does not act, if so.
    acts: Mutex<Result<(), String>>,
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Health").field("not_ready", &self.not_ready()).finish_non_exhaustive()
    }
}

fn millis(length: SignedDuration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}

impl Health {
    /// Nothing ready yet. `steady` is the clock that never steps; the engine's loop may be silent for `silence_max`.
    pub fn new(silence_max: SignedDuration, steady: impl Fn() -> SignedDuration + Send + Sync + 'static) -> Self {
        let now = millis(steady());
        Self {
            inner: Arc::new(Inner {
                steady: Box::new(steady),
                silence_max,
                ticked_ms: AtomicI64::new(now),
                swept: AtomicBool::new(false),
                stopping: AtomicBool::new(false),
                policies: Mutex::new(Err("no policy has been loaded yet".to_owned())),
                store: Mutex::new(Err("the journal is not open yet".to_owned())),
                acts: Mutex::new(Err("it has not begun yet".to_owned())),
            }),
        }
    }

    /// The engine's loop went round.
    pub fn tick(&self) {
        self.inner.ticked_ms.store(millis((self.inner.steady)()), Ordering::Relaxed);
    }
    /// A sweep ended.
    pub fn swept(&self) {
        self.inner.swept.store(true, Ordering::Relaxed);
    }
    /// The process drains; nothing new should be sent to it.
    pub fn stopping(&self) {
        self.inner.stopping.store(true, Ordering::Relaxed);
    }
    /// Whether there is a set of policies at work; when not, why.
    pub fn policies(&self, state: Result<(), String>) {
        *self.inner.policies.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
    /// Whether the journal can be used; when not, why.
    pub fn store(&self, state: Result<(), String>) {
        *self.inner.store.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// Whether it decides and acts: where a fleet is shared, whether it is a member whose lease was renewed.
    pub fn acts(&self, state: Result<(), String>) {
        *self.inner.acts.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// Why it does not act; none when it does.
    #[must_use]
    pub fn not_acting(&self) -> Option<String> {
        if self.inner.stopping.load(Ordering::Relaxed) {
            return Some("the service is shutting down".to_owned());
        }
        self.inner.acts.lock().unwrap_or_else(PoisonError::into_inner).clone().err()
    }

    /// Why the process should be restarted, if so: its loop has been silent for too long.
    #[must_use]
    pub fn dead(&self) -> Option<String> {
        let silence = SignedDuration::from_millis(
            millis((self.inner.steady)()).saturating_sub(self.inner.ticked_ms.load(Ordering::Relaxed)),
        );
        (silence > self.inner.silence_max).then(|| {
            format!(
                "the engine's loop has not gone round for {} s; at most {} s is well",
                silence.as_secs(),
                self.inner.silence_max.as_secs()
            )
        })
    }

    /// What readiness waits for; empty when ready.
    #[must_use]
    pub fn not_ready(&self) -> Vec<NotReady> {
        let mut waits = Vec::new();
        if self.inner.stopping.load(Ordering::Relaxed) {
            waits.push(NotReady { what: "stopping", why: "the service is shutting down".to_owned() });
        }
        for (what, state) in [("policies", &self.inner.policies), ("store", &self.inner.store)] {
            if let Err(why) = &*state.lock().unwrap_or_else(PoisonError::into_inner) {
                waits.push(NotReady { what, why: why.clone() });
            }
        }
        if !self.inner.swept.load(Ordering::Relaxed) {
            waits.push(NotReady { what: "sweep", why: "the first sweep has not ended yet".to_owned() });
        }
        waits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_loop_is_dead_and_a_tick_revives_it() {
        let clock = Arc::new(AtomicI64::new(0));
        let hand = Arc::clone(&clock);
        let health =
            Health::new(SignedDuration::from_secs(60), move || SignedDuration::from_secs(hand.load(Ordering::Relaxed)));
        clock.store(60, Ordering::Relaxed);
        assert_eq!(health.dead(), None, "exactly the bound is still well");
        clock.store(61, Ordering::Relaxed);
        assert!(health.dead().is_some_and(|why| why.contains("61 s")));
        health.tick();
        assert_eq!(health.dead(), None);
    }

    #[test]
    fn it_acts_once_it_has_begun_and_while_its_lease_lasts() {
        let health = Health::new(SignedDuration::from_secs(60), || SignedDuration::ZERO);
        assert!(health.not_acting().is_some_and(|why| why.contains("not begun")));
        health.acts(Err("the lease was not renewed".to_owned()));
        assert_eq!(health.not_acting().as_deref(), Some("the lease was not renewed"));
        health.acts(Ok(()));
        assert_eq!(health.not_acting(), None);
        health.stopping();
        assert!(health.not_acting().is_some_and(|why| why.contains("shutting down")));
    }

    #[test]
    fn ready_needs_policies_store_and_a_sweep() {
        let health = Health::new(SignedDuration::from_secs(60), || SignedDuration::ZERO);
        let waits = |health: &Health| health.not_ready().into_iter().map(|wait| wait.what).collect::<Vec<_>>();
        assert_eq!(waits(&health), ["policies", "store", "sweep"]);
        health.policies(Ok(()));
        health.store(Ok(()));
        health.swept();
        assert!(waits(&health).is_empty());
        health.store(Err("disk full".to_owned()));
        health.stopping();
        assert_eq!(waits(&health), ["stopping", "store"]);
    }
}
