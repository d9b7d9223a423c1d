//! Keeps one good token: renews it ahead of its end, lives on it while renewing fails, and backs off instead of looping.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderValue;

use super::credential::{Expiry, Fresh, Identity};
use super::error::AzureError;
use crate::ports::Clock;

/// A token is renewed this long before its end, or at three quarters of a shorter life.
const RENEW_AHEAD: SignedDuration = SignedDuration::from_secs(300);
/// A token from a file is read anew after this long, and lives on for as much again and more when that fails.
const FILE_AGE: SignedDuration = SignedDuration::from_secs(300);
const FILE_LIFE: SignedDuration = SignedDuration::from_secs(3600);
/// Tries of one renewal while no token is held.
const TRIES: u32 = 3;
/// First and longest rest after a failure.
const REST_MIN: SignedDuration = SignedDuration::from_secs(5);
const REST_MAX: SignedDuration = SignedDuration::from_secs(300);
/// A token that others use well and that is younger than this is not renewed for one refusal.
const YOUNG: SignedDuration = SignedDuration::from_secs(30);

/// A token on its way to a request. No `Debug`.
pub(super) struct Bearer {
    /// The whole header, marked sensitive.
    pub(super) header: HeaderValue,
    serial: u64,
    expires: Timestamp,
    renew_at: Timestamp,
    had_at: SignedDuration,
    accepted: AtomicBool,
}

impl Bearer {
    /// Azure took it: a refusal elsewhere is not the token's fault.
    pub(super) fn was_accepted(&self) {
        if !self.accepted.load(Ordering::Relaxed) {
            self.accepted.store(true, Ordering::Relaxed);
        }
    }
}

#[derive(Clone)]
struct Trouble {
    until: SignedDuration,
    failures: u32,
    why: String,
    refused: bool,
}

#[derive(Default)]
struct State {
    held: Option<Arc<Bearer>>,
    trouble: Option<Trouble>,
    serial: u64,
}

enum Next {
    Use(Arc<Bearer>),
    RenewAhead(Arc<Bearer>),
    Rest(AzureError),
    Fetch,
}

/// The one holder of tokens.
pub(super) struct Tokens<C> {
    identity: Identity,
    clock: Arc<C>,
    within: Duration,
    state: RwLock<State>,
    /// Single flight: whoever holds it asks; the others wait and look again.
    flight: tokio::sync::Mutex<()>,
}

impl<C: Clock> Tokens<C> {
    pub(super) fn new(identity: Identity, clock: Arc<C>, within: Duration) -> Self {
        Self { identity, clock, within, state: RwLock::default(), flight: tokio::sync::Mutex::new(()) }
    }

    pub(super) const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// When the held token ends.
    pub(super) fn expires(&self) -> Option<Timestamp> {
        self.read(|state| state.held.as_ref().map(|held| held.expires))
    }

    /// A token that has not ended.
    ///
    /// # Errors
    /// [`AzureError::NoToken`] when none can be had now; asking again before the rest is over costs nothing.
    pub(super) async fn bearer(&self) -> Result<Arc<Bearer>, AzureError> {
        match self.next() {
            Next::Use(held) => Ok(held),
            Next::Rest(error) => Err(error),
            Next::RenewAhead(held) => {
                // One caller renews; the others go on with what is good still.
                let Ok(_flight) = self.flight.try_lock() else { return Ok(held) };
                Ok(self.renew(1).await.unwrap_or(held))
            }
            Next::Fetch => {
                let _flight = self.flight.lock().await;
                match self.next() {
                    Next::Use(held) | Next::RenewAhead(held) => Ok(held),
                    Next::Rest(error) => Err(error),
                    Next::Fetch => self.renew(TRIES).await,
                }
            }
        }
    }

    /// Azure refused this token (401): another one, when that could help. One refresh, never a loop (fault 13).
    ///
    /// # Errors
    /// When no other token can be had, or the present one works elsewhere and is new.
    pub(super) async fn replace(&self, refused: &Bearer) -> Result<Arc<Bearer>, AzureError> {
        self.discard(refused)?;
        self.bearer().await
    }

    fn discard(&self, refused: &Bearer) -> Result<(), AzureError> {
        let steady = self.clock.steady();
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = state.held.as_ref().filter(|held| held.serial == refused.serial) {
            let works = held.accepted.load(Ordering::Relaxed);
            if works && steady.saturating_sub(held.had_at) < YOUNG {
                return Err(AzureError::NotAccepted("the token is new and accepted elsewhere; is this subscription in another tenant?".to_owned()));
            }
            state.held = None;
        }
        Ok(())
    }

    /// Azure refused the replacement too: every request rests, unless the replacement works elsewhere.
    pub(super) fn give_up(&self, refused: &Bearer, why: &str) {
        if refused.accepted.load(Ordering::Relaxed) {
            return;
        }
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.held.as_ref().is_none_or(|held| held.serial == refused.serial) {
            state.held = None;
            let failures = state.trouble.as_ref().map_or(0, |old| old.failures);
            state.trouble = Some(self.trouble(failures, why.to_owned(), true));
        }
    }

    fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn next(&self) -> Next {
        let (now, steady) = (self.clock.now(), self.clock.steady());
        self.read(|state| {
            let resting = state.trouble.as_ref().filter(|trouble| steady < trouble.until);
            match (&state.held, resting) {
                (Some(held), _) if now < held.renew_at => Next::Use(Arc::clone(held)),
                (Some(held), Some(_)) if now < held.expires => Next::Use(Arc::clone(held)),
                (Some(held), None) if now < held.expires => Next::RenewAhead(Arc::clone(held)),
                (_, Some(trouble)) if trouble.refused => Next::Rest(AzureError::NotAccepted(trouble.why.clone())),
                (_, Some(trouble)) => Next::Rest(AzureError::NoToken(trouble.why.clone())),
                (_, None) => Next::Fetch,
            }
        })
    }

    fn trouble(&self, failures: u32, why: String, refused: bool) -> Trouble {
        let rest = REST_MIN.saturating_mul(1_i32.checked_shl(failures.min(10)).unwrap_or(1)).min(REST_MAX);
        Trouble { until: self.clock.steady().saturating_add(rest), failures: failures.saturating_add(1), why, refused }
    }

    async fn renew(&self, tries: u32) -> Result<Arc<Bearer>, AzureError> {
        let mut last = String::new();
        for attempt in 0..tries {
            if attempt > 0 {
                self.clock.sleep(super::retry::default_wait(attempt, |n| fastrand::u64(..n.max(1)))).await;
            }
            match self.once().await {
                Ok(held) => return Ok(held),
                Err(why) => last = why,
            }
        }
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let failures = state.trouble.as_ref().map_or(0, |old| old.failures);
        let why = format!("{} gives none: {last}", self.identity.words());
        tracing::warn!(event = "token_failed", failures = failures.saturating_add(1), "{why}");
        state.trouble = Some(self.trouble(failures, why.clone(), false));
        Err(AzureError::NoToken(why))
    }

    async fn once(&self) -> Result<Arc<Bearer>, String> {
        let asked = tokio::time::timeout(self.within, self.identity.fresh(self.clock.now()));
        let fresh = asked.await.map_err(|_| format!("no answer within {} s", self.within.as_secs()))??;
        self.keep(&fresh)
    }

    fn keep(&self, fresh: &Fresh) -> Result<Arc<Bearer>, String> {
        let (now, steady) = (self.clock.now(), self.clock.steady());
        let (expires, renew_at) = ends(fresh.expires, now);
        if expires <= now {
            return Err(format!("it ended already at {expires}; is this machine's clock right?"));
        }
        let mut header = HeaderValue::try_from(format!("Bearer {}", fresh.secret.secret())).map_err(|_| "it holds characters that no header may".to_owned())?;
        header.set_sensitive(true);
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.serial = state.serial.saturating_add(1);
        let held = Arc::new(Bearer { header, serial: state.serial, expires, renew_at, had_at: steady, accepted: AtomicBool::new(false) });
        state.held = Some(Arc::clone(&held));
        // What Azure refused stays remembered until it accepts something: its rest grows.
        if state.trouble.as_ref().is_some_and(|trouble| !trouble.refused) {
            state.trouble = None;
        }
        Ok(held)
    }

    /// Azure accepted a request with this token: past trouble is over.
    pub(super) fn accepted(&self, bearer: &Bearer) {
        if bearer.accepted.load(Ordering::Relaxed) {
            return;
        }
        bearer.was_accepted();
        self.state.write().unwrap_or_else(PoisonError::into_inner).trouble = None;
    }
}

fn ends(expiry: Expiry, now: Timestamp) -> (Timestamp, Timestamp) {
    let after = |length: SignedDuration| now.saturating_add(length).unwrap_or(now);
    match expiry {
        Expiry::Unsaid => (after(FILE_LIFE), after(FILE_AGE)),
        Expiry::At(expires) => {
            let life = expires.duration_since(now);
            let ahead = RENEW_AHEAD.min(life.checked_div(4).unwrap_or(SignedDuration::ZERO));
            (expires, expires.saturating_sub(ahead).unwrap_or(expires))
        }
    }
}
