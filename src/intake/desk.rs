//! The desk at which heartbeats are judged and kept, newest by instance, until a sweep asks.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use jiff::{SignedDuration, Timestamp};
use thin_vec::ThinVec;

use super::account::{account, disk, skew_of};
use super::entra::{Entra, EntraError};
use super::revoked::{Revoked, Standing};
use super::token::{self, PREFIX, TokenError};
use crate::facts::{DiskSight, Source, SourceSet, Track, Use};
use crate::heartbeat::{Heartbeat, HeartbeatError};
use crate::ports::{Clock, Fault, FaultKind, Heard, Question, TakeHeartbeats, TurnedAway, Witness};
use crate::seal::Keys;
use crate::units::{InstanceId, Span};

/// What is not heard of for so long is let go of: far longer than any word stays fresh.
const KEPT: SignedDuration = SignedDuration::from_hours(48);
/// One instance sends no more often than this; its next one comes soon enough.
const RATE: SignedDuration = SignedDuration::from_secs(5);
/// Clocks that differ by so much more or less than before are as they were.
const SKEW_STEADY: SignedDuration = SignedDuration::from_secs(5);
/// So long after two machines reported as one nothing of it is believed but use.
const TWO_SENDERS: SignedDuration = SignedDuration::from_hours(1);
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
    sent_at: Timestamp,
    arrived: Timestamp,
    /// How far its clock is taken to be behind ours.
    skew: SignedDuration,
    /// The boot before this one.
    boot_before: Option<String>,
    track: Track,
    disk: Option<DiskSight>,
    /// When another machine last reported for it.
    two_senders_at: Option<Timestamp>,
}

/// Hands a heartbeat on to whoever decides about its instance, if that is another process: whether it went, none where it is for here.
pub type PassOn = Box<dyn Fn(&InstanceId, &[u8]) -> Option<bool> + Send + Sync>;

/// The desk.
pub struct Desk<C> {
    options: DeskOptions,
    clock: Arc<C>,
    /// What was sent before the desk opened may have been judged by the one before it: it is not taken again.
    opened_at: Timestamp,
    newest: Mutex<HashMap<InstanceId, Newest>>,
    elsewhere: OnceLock<PassOn>,
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
        let (status, label) = match error {
            TokenError::Malformed => (401, "no_token"),
            TokenError::Forged => (401, "forged"),
            TokenError::Revoked => (401, "revoked"),
            TokenError::Untold => (503, "no_revocations"),
        };
        turned(status, label, error.to_string())
    }
}

impl<C: Clock> Desk<C> {
    /// Opens it.
    #[must_use]
    pub fn new(options: DeskOptions, clock: Arc<C>) -> Self {
        let opened_at = clock.now();
        Self { options, clock, opened_at, newest: Mutex::default(), elsewhere: OnceLock::new() }
    }

    /// From now on what is for another process is handed on; once.
    pub fn pass_on(&self, elsewhere: PassOn) {
        drop(self.elsewhere.set(elsewhere));
    }

    /// Takes in one that another process was sent, and that it found to be of its instance.
    ///
    /// # Errors
    /// As with one that was sent here.
    pub fn passed_on(&self, body: &[u8], now: Timestamp) -> Result<(), TurnedAway> {
        let beat = Heartbeat::read(body, now)?;
        self.keep(&instance_of(&beat)?, &beat, now)
    }

    fn newest(&self) -> MutexGuard<'_, HashMap<InstanceId, Newest>> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whose token it is, by the token alone.
    async fn speaker(&self, bearer: &str, now: Timestamp) -> Result<String, TurnedAway> {
        if bearer.starts_with(PREFIX) {
            let keys = self.options.keys.as_ref().ok_or(TokenError::Forged)?;
            let claim = token::read(keys, bearer)?;
            return match self.options.revoked.standing(&claim.instance, claim.iat) {
                Standing::Good => Ok(claim.instance),
                Standing::Revoked => Err(TokenError::Revoked.into()),
                Standing::Untold => Err(TokenError::Untold.into()),
            };
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
        let id = instance_of(&beat)?;
        match self.elsewhere.get().and_then(|pass_on| pass_on(&id, body)) {
            None => self.keep(&id, &beat, now)?,
            Some(true) => {}
            Some(false) => {
                return Err(turned(503, "full", "far more instances report than can be handed on; send it again"));
            }
        }
        Ok(id)
    }

    /// Keeps the newest. An older one, or the same again, is a replay, whoever sends it.
    fn keep(&self, id: &InstanceId, beat: &Heartbeat, now: Timestamp) -> Result<(), TurnedAway> {
        let mut newest = self.newest();
        let replay = |words: &str| Err(turned(409, "replay", words.to_owned()));
        if let Some(held) = newest.get_mut(id).filter(|held| held.boot_before.as_ref() == Some(&beat.boot)) {
            // a machine does not go back to an earlier boot: somebody else speaks with its token, and none of both is believed
            held.two_senders_at = Some(now);
            held.track = in_doubt(held.track.clone(), now);
            tracing::warn!(instance = %id, "two machines report as one instance: its token may be in other hands");
            return Err(turned(409, "two_senders", "another machine reports for this instance; mint another token"));
        }
        match newest.get(id) {
            // by time alone: an agent that lost its record counts from one again
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
        let two_senders_at = newest.get(id).and_then(|held| held.two_senders_at);
        let two_senders_at = two_senders_at.filter(|at| now.duration_since(*at) < TWO_SENDERS);
        let told = account(beat, now, skew);
        let kept = Newest {
            boot_before: boot_before(newest.get(id), &beat.boot),
            skew,
            boot: beat.boot.clone(),
            sent_at: beat.sent_at,
            arrived: now,
            track: if two_senders_at.is_some() { in_doubt(told, now) } else { told },
            disk: disk(beat, now),
            two_senders_at,
        };
        newest.insert(id.clone(), kept);
        Ok(())
    }
}

fn instance_of(beat: &Heartbeat) -> Result<InstanceId, TurnedAway> {
    InstanceId::parse(&beat.instance)
        .map_err(|error| turned(400, "unreadable", format!("the heartbeat's instance: {error}")))
}

/// What is believed of an instance for which two machines report: that it is in use, if that is said, and nothing else.
fn in_doubt(track: Track, now: Timestamp) -> Track {
    if track.now == Use::Busy {
        return track;
    }
    let words = "two machines report for it with its token; revoke it and mint another one".into();
    Track { now: Use::Unknown, as_of: now, words, watched: ThinVec::new(), ..track }
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
        heard.faults.extend(self.options.revoked.unreadable().map(|path| {
            let doing = format!("read the list of revoked tokens {}, without which none is believed", path.display());
            (Source::Agent, Fault::new(FaultKind::Storage, doing))
        }));
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
