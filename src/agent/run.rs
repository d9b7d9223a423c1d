//! The agent at work: sample, look, remember, tell, until it is told to end.

use std::path::Path;
use std::time::Duration;

use tokio::signal::unix::{Signal as Listener, SignalKind, signal};

use super::args::RunArgs;
use super::beat::heartbeat;
use super::facts::Room;
use super::judge::{Judged, judge};
use super::keep::{Readers, write};
use super::pace::Pace;
use super::read::{Eyes, Root, read_bounded};
use super::record::{Moment, Record};
use super::rules::Rules;
use super::send::{SendError, Sender};
use super::setting_up::{self, SetUpError};
use super::speaker::Speaker;
use super::status::{Heard, Sending, Status};
use super::{clock, out};
use crate::heartbeat::{Answer, Kind};

/// A record is read so far: a day of eight disks takes about 60 KB.
const RECORD_MOST: u64 = 1_024 * 1_024;
/// Looks may be so far apart at least, in milliseconds, for the time between them to count: a restart.
const GAP_MIN: u64 = 30_000;
/// Nothing is done more often than this, in milliseconds.
const TICK_MIN: u64 = 200;

/// The agent.
#[derive(Debug)]
pub(super) struct Agent {
    args: RunArgs,
    rules: Rules,
    eyes: Eyes,
    record: Record,
    sender: Option<Sender>,
    pace: Pace,
    sending: Sending,
    heard: Option<Heard>,
    latest: Option<(Judged, Vec<Room>)>,
    /// The look that was told of last.
    told: Option<u64>,
    /// The last words about files that could not be written: said once, not every minute.
    unwritten: Option<String>,
}

impl Agent {
    /// Everything that it needs, or what is wrong.
    pub(super) fn set_up(args: &RunArgs) -> Result<Self, SetUpError> {
        let rules = setting_up::rules(&args.place)?;
        let sender = setting_up::sender(&rules, args)?;
        let eyes = Eyes::open(Root::at(&args.place.root), &rules).map_err(SetUpError::Client)?;
        let boot = eyes.boot();
        let old = read_bounded(Path::new(&rules.files.record.0), RECORD_MOST).unwrap_or_default();
        let record = Record::read(&old, &boot, clock::now().steady);
        let sending = if sender.is_some() { Sending::Beginning } else { Sending::Off };
        Ok(Self {
            args: args.clone(),
            rules,
            eyes,
            record,
            sender,
            pace: Pace::default(),
            sending,
            heard: None,
            latest: None,
            told: None,
            unwritten: None,
        })
    }

    /// Works until it is told to end.
    pub(super) async fn work(&mut self) -> std::io::Result<()> {
        let mut ends = [signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?];
        notify(sd_notify::NotifyState::Ready);
        let (every, sample) = (self.rules.look.every.millis(), self.rules.look.sample.millis());
        let began = clock::now().steady;
        self.eyes.sample(began, &self.rules);
        let mut sampled = began;
        // The first look compares with a first sample.
        let mut next_look = began.saturating_add(sample.min(every));
        loop {
            let next_sample = sampled.saturating_add(sample);
            let next_send = if self.sends() { self.pace.next() } else { u64::MAX };
            let next = next_look.min(next_sample).min(next_send);
            let now = clock::now().steady;
            if wait(next.saturating_sub(now).max(TICK_MIN), &mut ends).await == Woken::Told {
                return Ok(());
            }
            notify(sd_notify::NotifyState::Watchdog);
            let now = clock::now();
            // After sleep, or a long stall, a rate over the time since would hide what was done in it.
            if now.steady.saturating_sub(sampled) > self.gap_max() {
                self.eyes.blink();
            }
            if now.steady >= next_look {
                self.look(now).await;
                (sampled, next_look) = (now.steady, now.steady.saturating_add(every));
            } else if now.steady >= next_sample {
                self.eyes.sample(now.steady, &self.rules);
                sampled = now.steady;
            }
            self.tell().await;
        }
    }

    /// How far apart two looks may be for the time between them to count as watched, in milliseconds.
    fn gap_max(&self) -> u64 {
        (self.rules.look.every.millis().saturating_mul(5) / 2).max(GAP_MIN)
    }

    fn sends(&self) -> bool {
        self.sender.is_some() && self.latest.is_some()
    }

    /// One look, taken into the record and shown.
    pub(super) async fn look(&mut self, now: Moment) {
        let look = self.eyes.look(now, &self.rules).await;
        let judged = judge(&look, &self.rules);
        self.record.take(&judged, &look.disks, now, self.gap_max());
        self.pace.looked(judged.found.iter().any(|one| one.kind == Kind::Busy));
        self.latest = Some((judged, look.disks));
        self.keep();
    }

    /// Sends the newest, when it is time.
    async fn tell(&mut self) {
        let now = clock::now();
        if !self.sends() || !self.pace.is_due(now.steady) {
            return;
        }
        // each heartbeat tells of a look of its own: one that was sent before would be taken for a replay
        if self.told == Some(self.record.seq()) {
            self.look(now).await;
        }
        let result = self.send().await;
        let after = clock::now();
        match result {
            Ok(answer) => {
                if self.pace.failures() > 0 {
                    out::log("the service is reached again");
                }
                self.pace.arrived(after.steady, answer.next_in);
                self.sending = Sending::Arrived;
                self.heard = Some(Heard { at: after.wall, answer });
            }
            Err(error) => self.failed(&error, after),
        }
        self.keep();
    }

    /// Sends the newest, in the name of whoever speaks for this instance.
    async fn send(&mut self) -> Result<Answer, SendError> {
        let (Some(sender), Some((judged, disks))) = (&mut self.sender, &self.latest) else {
            return Err(SendError::Packing(std::io::ErrorKind::NotFound.into()));
        };
        let instance = sender.ready(clock::now()).await?.to_string();
        // After the token is there, which may take a while: the service compares its clock with this.
        let now = clock::now();
        let sent_at = self.record.stamp(now.wall);
        let beat = heartbeat(&self.record, (judged, disks), &instance, sent_at);
        self.told = Some(beat.seq);
        sender.send(&beat, now).await
    }

    /// Has a token without sending anything, and says what is worth saying of it.
    pub(super) async fn introduce(&mut self) -> Result<Option<String>, SendError> {
        let Some(sender) = &mut self.sender else {
            return Ok(None);
        };
        sender.ready(clock::now()).await?;
        Ok(sender.speaker().words())
    }

    fn failed(&mut self, error: &SendError, now: Moment) {
        let words = out::chain(error);
        let since = match &self.sending {
            Sending::Failing { since, words: before } => {
                if *before != words {
                    out::log(&words);
                }
                *since
            }
            Sending::Off | Sending::Beginning | Sending::Arrived => {
                out::log(&words);
                now.wall
            }
        };
        self.sending = Sending::Failing { since, words };
        self.pace.failed(now.steady, error.wait(), fastrand::u64(0..1_000));
        // A token that is no longer taken may have been replaced in its file.
        if matches!(error, SendError::Refused { status: 401 | 403, .. })
            && let Ok(Some(sender)) = setting_up::sender(&self.rules, &self.args)
            && let (Some(Speaker::Token(old)), Speaker::Token(new)) =
                (self.sender.as_ref().map(Sender::speaker), sender.speaker())
            && old != new
        {
            self.sender = Some(sender);
            self.pace = Pace::default();
        }
    }

    /// What is shown to the person.
    pub(super) fn status(&self) -> Option<Status> {
        let (judged, disks) = self.latest.as_ref()?;
        Some(Status {
            agent: super::beat::AGENT.to_owned(),
            instance: self.sender.as_ref().and_then(|sender| Some(sender.speaker().instance()?.to_string())),
            looked_at: self.record.looked_at()?,
            every: self.rules.look.every.0.as_secs(),
            signs: self.record.signs(judged),
            watched: self.record.watched(),
            disks: self.record.room(disks),
            low_bytes: u64::from(self.rules.disk.low_mb).saturating_mul(1_000_000),
            sending: self.sending.clone(),
            answer: self.heard.clone(),
        })
    }

    /// Writes the record and the status.
    fn keep(&mut self) {
        let record = serde_json::to_vec(&self.record).map_err(std::io::Error::from);
        let kept = record.and_then(|json| write(Path::new(&self.rules.files.record.0), &json, Readers::Own));
        let status = self.status().map_or_else(|| Ok(Vec::new()), |status| serde_json::to_vec(&status));
        let shown = status.map_err(std::io::Error::from);
        let shown = shown.and_then(|json| write(Path::new(&self.rules.files.status.0), &json, Readers::All));
        let trouble = |file: &str, result: std::io::Result<()>| {
            result.err().map(|error| format!("could not write {file}: {error}"))
        };
        let words = trouble(&self.rules.files.record.0, kept).or_else(|| trouble(&self.rules.files.status.0, shown));
        if let Some(words) = words.as_ref().filter(|words| self.unwritten.as_ref() != Some(*words)) {
            out::log(words);
        }
        self.unwritten = words;
    }

    /// A first sample, a moment, and a look.
    pub(super) async fn look_once(&mut self) -> Option<Status> {
        self.eyes.sample(clock::now().steady, &self.rules);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let now = clock::now();
        let look = self.eyes.look(now, &self.rules).await;
        let judged = judge(&look, &self.rules);
        self.record.take(&judged, &look.disks, now, GAP_MIN);
        self.latest = Some((judged, look.disks));
        self.status()
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Woken {
    ByTime,
    Told,
}

async fn wait(millis: u64, ends: &mut [Listener; 2]) -> Woken {
    let [terminate, interrupt] = ends;
    tokio::select! {
        () = tokio::time::sleep(Duration::from_millis(millis)) => Woken::ByTime,
        _ = terminate.recv() => Woken::Told,
        _ = interrupt.recv() => Woken::Told,
    }
}

/// Tells systemd, where it listens; where it does not, nothing is lost.
fn notify(state: sd_notify::NotifyState<'_>) {
    sd_notify::notify(&[state]).unwrap_or_default();
}
