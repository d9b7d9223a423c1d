//! The desk at which heartbeats are judged and kept, newest by instance, until a sweep asks.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::account::{account, disk, skew_of};
use super::entra::{Entra, EntraError};
use super::keys::Keys;
use super::revoked::Revoked;
use super::token::{self, PREFIX, TokenError};
use crate::facts::{DiskSight, Source, SourceSet, Track, Use};
use crate::heartbeat::{Heartbeat, HeartbeatError};
use crate::ports::{Clock, Heard, Question, TakeHeartbeats, TurnedAway, Witness};
use crate::units::{InstanceId, Span};

/// What is not heard of for so long is let go of: far longer than any word stays fresh.
const KEPT: SignedDuration = SignedDuration::from_hours(48);
/// One instance sends no more often than this; its next one comes soon enough.
const RATE: SignedDuration = SignedDuration::from_secs(5);
/// Clocks that differ by so much more or less than before are as they were.
const SKEW_STEADY: SignedDuration = SignedDuration::from_secs(5);
/// At most so many instances: tokens are minted for as many as there are.
const INSTANCES_MAX: usize = 200_000;

/// What the desk goes by.
#[derive(Debug)]
pub struct DeskOptions {
    /// What tokens are signed with; none: only Entra's are taken.
    pub keys: Option<Keys>,
    /// Tokens of managed identities, when they are taken.
    pub entra: Option<Entra>,
    /// Tokens that were taken back.
    pub revoked: Revoked,
    /// How often an agent is to report.
    pub every: Span,
}

/// The newest of an instance.
#[derive(Debug)]
struct Newest {
    boot: String,
    seq: u64,
    sent_at: Timestamp,
    arrived: Timestamp,
    /// How far its clock is taken to be behind ours.
    skew: SignedDuration,
    /// The boot before this one.
    boot_before: Option<String>,
    track: Track,
    disk: Option<DiskSight>,
}

/// The desk.
pub struct Desk<C> {
    options: DeskOptions,
    clock: Arc<C>,
    /// What was sent before the desk opened may have been judged by the one before it: it is not taken again.
    opened_at: Timestamp,
    newest: Mutex<HashMap<InstanceId, Newest>>,
}

impl<C> std::fmt::Debug for Desk<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("options", &self.options).finish_non_exhaustive()
    }
}

fn turned(status: u16, label: &'static str, words: impl Into<String>) -> TurnedAway {
    TurnedAway { status, label, words: words.into() }
}

impl From<HeartbeatError> for TurnedAway {
    fn from(error: HeartbeatError) -> Self {
        let status = match error {
            HeartbeatError::TooMuch(_) => 413,
            HeartbeatError::Unreadable(_)
            | HeartbeatError::Version(_)
            | HeartbeatError::Clock { .. }
            | HeartbeatError::Times(_) => 400,
        };
        turned(status, error.label(), error.to_string())
    }
}

impl From<TokenError> for TurnedAway {
    fn from(error: TokenError) -> Self {
        let label = match error {
            TokenError::Malformed => "no_token",
            TokenError::Forged => "forged",
            TokenError::Revoked => "revoked",
        };
        turned(401, label, error.to_string())
    }
}

impl<C: Clock> Desk<C> {
    /// Opens it.
    #[must_use]
    pub fn new(options: DeskOptions, clock: Arc<C>) -> Self {
        let opened_at = clock.now();
        Self { options, clock, opened_at, newest: Mutex::default() }
    }

    fn newest(&self) -> MutexGuard<'_, HashMap<InstanceId, Newest>> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whose token it is, by the token alone.
    async fn speaker(&self, bearer: &str, now: Timestamp) -> Result<String, TurnedAway> {
        if bearer.starts_with(PREFIX) {
            let keys = self.options.keys.as_ref().ok_or(TokenError::Forged)?;
            let claim = token::read(keys, bearer)?;
            if self.options.revoked.has(&claim.instance, claim.iat) {
                return Err(TokenError::Revoked.into());
            }
            return Ok(claim.instance);
        }
        let entra = self.options.entra.as_ref().ok_or(TokenError::Malformed)?;
        entra.instance(bearer, now).await.map_err(|error| {
            let (status, label) = match &error {
                EntraError::Refused(_) => (401, "forged"),
                EntraError::NoInstance => (403, "no_instance"),
                EntraError::Keys(_) => (503, "no_keys"),
            };
            turned(status, label, error.to_string())
        })
    }

    async fn judge(&self, bearer: &str, body: &[u8]) -> Result<InstanceId, TurnedAway> {
        let now = self.clock.now();
        let speaker = self.speaker(bearer, now).await?;
        let beat = Heartbeat::read(body, now)?;
        if !beat.instance.eq_ignore_ascii_case(&speaker) {
            return Err(turned(403, "other_instance", "the token is of another instance than the heartbeat"));
        }
        let id = InstanceId::parse(&beat.instance)
            .map_err(|error| turned(400, "unreadable", format!("the heartbeat's instance: {error}")))?;
        self.keep(&id, &beat, now)?;
        Ok(id)
    }

    /// Keeps the newest. An older one, or the same again, is a replay, whoever sends it.
    fn keep(&self, id: &InstanceId, beat: &Heartbeat, now: Timestamp) -> Result<(), TurnedAway> {
        let mut newest = self.newest();
        let replay = |words: &str| Err(turned(409, "replay", words.to_owned()));
        if let Some(held) = newest.get_mut(id).filter(|held| held.boot_before.as_ref() == Some(&beat.boot)) {
            // a machine does not go back to an earlier boot: somebody else speaks with its token, and none of both is believed
            held.track.now = Use::Unknown;
            held.track.words = "two machines report for it with its token; revoke it and mint another one".into();
            held.track.as_of = now;
            tracing::warn!(instance = %id, "two machines report as one instance: its token may be in other hands");
            return Err(turned(409, "two_senders", "another machine reports for this instance; mint another token"));
        }
        match newest.get(id) {
            Some(held) if beat.boot == held.boot && beat.seq <= held.seq => {
                return replay("a heartbeat of this number was taken already");
            }
            Some(held) if beat.sent_at <= held.sent_at => {
                return replay("a heartbeat that was sent later was taken already");
            }
            Some(held) if now.duration_since(held.arrived).abs() < RATE => {
                return Err(turned(429, "too_often", "one heartbeat in five seconds is enough"));
            }
            Some(_) => {}
            None if beat.sent_at <= self.opened_at => {
                return replay(
                    "it was sent before this service started, which may have taken it already; send a new one",
                );
            }
            None if newest.len() >= INSTANCES_MAX => {
                newest.retain(|_, held| now.duration_since(held.arrived) < KEPT);
                if newest.len() >= INSTANCES_MAX {
                    return Err(turned(503, "full", "far more instances report than this service keeps"));
                }
            }
            None => {}
        }
        // Messages take now longer, now shorter: an instance's times must not move with each of them.
        let (fresh, held) = (skew_of(beat, now), newest.get(id).filter(|held| held.boot == beat.boot));
        let steady = held.map(|held| held.skew).filter(|held| held.saturating_sub(fresh).abs() <= SKEW_STEADY);
        let skew = steady.unwrap_or(fresh);
        let kept = Newest {
            boot_before: boot_before(newest.get(id), &beat.boot),
            skew,
            boot: beat.boot.clone(),
            seq: beat.seq,
            sent_at: beat.sent_at,
            arrived: now,
            track: account(beat, now, skew),
            disk: disk(beat, now),
        };
        newest.insert(id.clone(), kept);
        Ok(())
    }
}

/// The boot before the one that is reported.
fn boot_before(held: Option<&Newest>, boot: &str) -> Option<String> {
    let held = held?;
    if held.boot == boot { held.boot_before.clone() } else { Some(held.boot.clone()) }
}

impl<C: Clock> TakeHeartbeats for Desk<C> {
    fn take<'a>(
        &'a self,
        bearer: &'a str,
        body: &'a [u8],
    ) -> Pin<Box<dyn Future<Output = Result<InstanceId, TurnedAway>> + Send + 'a>> {
        Box::pin(self.judge(bearer, body))
    }

    fn every(&self) -> u32 {
        self.options.every.as_secs()
    }
}

impl<C: Clock> Witness for Desk<C> {
    fn sources(&self) -> SourceSet {
        SourceSet::NONE.with(Source::Agent)
    }

    async fn ask(&self, questions: &[Question], _now: Timestamp) -> Heard {
        let newest = self.newest();
        let mut heard = Heard::default();
        for question in questions {
            let Some(held) = newest.get(&question.instance) else { continue };
            // what was said before this life of the name began was said of another one
            if question.created.known().is_some_and(|created| held.track.as_of < created) {
                continue;
            }
            heard.tracks.push((question.instance.clone(), held.track.clone()));
            heard.disks.extend(held.disk.clone().map(|disk| (question.instance.clone(), disk)));
        }
        heard
    }
}

#[cfg(test)]
#[path = "desk/tests.rs"]
mod tests;
