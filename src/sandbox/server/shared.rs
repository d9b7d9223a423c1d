//! What all requests share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use jiff::Timestamp;
use tokio::sync::watch;

use super::super::faults::Faults;
use super::super::world::{HoldWish, World};
use super::answer::Answer;
use super::costs::Quotas;
use super::options::SandboxOptions;
use super::recorder::Recorder;
use super::throttle::Buckets;
use super::tokens::TokenBook;

/// A rendered page with the version of the workspace that it shows.
#[derive(Debug, Clone)]
pub(super) struct Page {
    pub(super) version: u64,
    pub(super) body: Bytes,
}

/// The sandbox behind its sockets.
pub(super) struct Shared {
    pub(super) options: SandboxOptions,
    pub(super) world: Arc<Mutex<World>>,
    pub(super) faults: Faults,
    pub(super) recorder: Recorder,
    pub(super) buckets: Mutex<Buckets>,
    pub(super) quotas: Mutex<Quotas>,
    pub(super) tokens: Mutex<TokenBook>,
    pub(super) pages: Mutex<HashMap<String, Page>>,
    /// First answers kept by the fault `stale`, by path and query.
    pub(super) stale: Mutex<HashMap<String, Answer>>,
    /// Changes, or its sender goes away, when the sandbox ends.
    pub(super) ended: watch::Receiver<bool>,
    requests: AtomicU64,
}

/// The past is never worth a panic here: a poisoned lock still holds a whole value.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(super) fn new(options: SandboxOptions, world: World, ended: watch::Receiver<bool>) -> Self {
        let faults = Faults::new(options.world.seed);
        for rule in &options.faults {
            faults.push(rule.clone());
        }
        Self {
            recorder: Recorder::new(options.recorded_max),
            tokens: Mutex::new(TokenBook::new(options.world.seed)),
            options,
            world: Arc::new(Mutex::new(world)),
            faults,
            buckets: Mutex::default(),
            quotas: Mutex::default(),
            pages: Mutex::default(),
            stale: Mutex::default(),
            ended,
            requests: AtomicU64::new(0),
        }
    }

    /// The world at the clock's present, and that present.
    pub(super) fn world_now(&self) -> (MutexGuard<'_, World>, Timestamp) {
        let now = self.options.clock.now();
        let mut world = lock(&self.world);
        world.advance_to(now);
        (world, now)
    }

    /// A number for the next request.
    pub(super) fn next_request(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed).wrapping_add(1)
    }

    /// Wishes voiced up to the clock's present.
    pub(super) fn take_hold_wishes(&self) -> Vec<HoldWish> {
        self.world_now().0.take_hold_wishes()
    }

    /// Waits for the end of the sandbox.
    pub(super) async fn until_ended(&self) {
        let mut ended = self.ended.clone();
        while !*ended.borrow_and_update() {
            if ended.changed().await.is_err() {
                return;
            }
        }
    }
}
