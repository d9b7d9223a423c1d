//! Evidence that an instance is in use. Azure's API has no last-activity field, so each source says what it can: an
//! account with its age, and over which time it would have seen use.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thin_vec::ThinVec;

use super::seen::CLOCKS_APART;
use crate::units::When;

/// Where evidence came from; a closed list, whose labels are the words of policies, metrics and explanations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The state `JobRunning` in Azure Resource Manager: a job runs now. It says nothing while there is none.
    Job,
    /// The workspace's list of jobs: one is queued for the instance. It says nothing while there is none.
    Queue,
    /// The agent on the instance.
    Agent,
    /// Azure Monitor's metrics of the workspace.
    Monitor,
    /// An expression that the policy gives, asked of a Prometheus server.
    Promql,
    /// Azure's own idle timer on the instance: it stops by itself, and gives no account.
    AzureTimer,
}

impl Source {
    /// Every source, in order.
    pub const ALL: [Self; 6] = [Self::Job, Self::Queue, Self::Agent, Self::Monitor, Self::Promql, Self::AzureTimer];

    /// The word in policies, metrics and journal.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Job => "job",
            Self::Queue => "queue",
            Self::Agent => "agent",
            Self::Monitor => "monitor",
            Self::Promql => "promql",
            Self::AzureTimer => "azure_timer",
        }
    }

    /// The source in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Job => "a job is running (Azure state JobRunning)",
            Self::Queue => "a job waits for it (the workspace's jobs)",
            Self::Agent => "the agent on it",
            Self::Monitor => "Azure Monitor",
            Self::Promql => "Prometheus",
            Self::AzureTimer => "Azure's idle timer",
        }
    }

    const fn bit(self) -> u8 {
        1 << (self as u8)
    }
}

/// Some of the sources.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct SourceSet(u8);

impl SourceSet {
    /// None of them.
    pub const NONE: Self = Self(0);

    /// These, and that one.
    #[must_use]
    pub const fn with(self, source: Source) -> Self {
        Self(self.0 | source.bit())
    }

    /// True when it is among them.
    #[must_use]
    pub const fn has(self, source: Source) -> bool {
        self.0 & source.bit() != 0
    }

    /// True when there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those that are in it, in order.
    pub fn iter(self) -> impl Iterator<Item = Source> {
        Source::ALL.into_iter().filter(move |source| self.has(*source))
    }
}

impl FromIterator<Source> for SourceSet {
    fn from_iter<I: IntoIterator<Item = Source>>(sources: I) -> Self {
        sources.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for SourceSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// What one account says of use. In this order each outweighs those before it, when several signs are one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Use {
    /// Nobody uses it.
    Quiet,
    /// Somebody holds a connection and does nothing: shown, and not use.
    Connected,
    /// Not known, which never means quiet.
    Unknown,
    /// It is used.
    Busy,
}

/// A stretch of time over which a source watched, and would have seen use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
}

/// One source's account of one instance. It is whole in itself: a newer one takes the place of an older one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    /// Whose.
    pub source: Source,
    /// What it says now.
    pub now: Use,
    /// When its newest reading was taken.
    pub as_of: Timestamp,
    /// What was seen, as a fragment of a sentence: `kernel train.ipynb is busy`.
    pub words: Arc<str>,
    /// The newest moment of use that it saw, or that it does not rule out.
    pub last_busy: When,
    /// Over which time it watched: disjoint, oldest first.
    pub watched: ThinVec<Stretch>,
    /// The names of the jobs that it is about, with a comma between them, when it is about any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<Arc<str>>,
    /// That it could not tell any more, when it last spoke: what was seen before that stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Box<Doubt>>,
}

/// What a source says that cannot tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// When it said so.
    pub as_of: Timestamp,
    /// Why it cannot tell.
    pub words: Arc<str>,
}

impl Stretch {
    /// How many milliseconds of the time from `from` to `to` these stretches, which do not overlap, fill.
    #[must_use]
    pub fn fill(stretches: &[Self], from: Timestamp, to: Timestamp) -> i128 {
        let within = |stretch: &Self| stretch.to.min(to).duration_since(stretch.from.max(from)).as_millis().max(0);
        stretches.iter().map(within).sum()
    }
}

/// How full a disk is on which the instance depends. A stop on a full disk is refused by Azure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskSight {
    /// Where it is mounted.
    pub mount: Box<str>,
    /// Bytes that are left for use.
    pub free_bytes: u64,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// When it was read.
    pub as_of: Timestamp,
    /// When it will be full, if it goes on as it did; none when it does not fill.
    pub full_at: When,
}

/// Everything that sources beside Azure Resource Manager said of one instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The newest account of each source; mostly one or none.
    pub tracks: ThinVec<Track>,
    /// The disk with the least room, when anything told.
    #[serde(default)]
    pub disk: Option<Box<DiskSight>>,
}

impl Evidence {
    /// What nobody said anything of.
    pub const NONE: &'static Self = &Self { tracks: ThinVec::new(), disk: None };

    /// The account of one source.
    #[must_use]
    pub fn of(&self, source: Source) -> Option<&Track> {
        self.tracks.iter().find(|track| track.source == source)
    }

    /// Takes in a newer account; an older one than is held already changes nothing. That a source does not know takes
    /// nothing back: what was seen busy counts as lost from sight until somebody says otherwise, with what it says instead.
    ///
    /// One that lies ahead of `now` was given by a clock that was wrong, and must not hide what is said now (S12).
    pub fn take(&mut self, track: Track, now: Timestamp) {
        let by_now = now.checked_add(CLOCKS_APART).unwrap_or(now);
        let is_older = |held: Timestamp| track.as_of < held && held <= by_now;
        match self.tracks.iter_mut().find(|held| held.source == track.source) {
            Some(held) if held.now == Use::Busy && track.now == Use::Unknown => {
                if !held.doubt.as_ref().is_some_and(|doubt| is_older(doubt.as_of)) && !is_older(held.as_of) {
                    held.doubt = Some(Box::new(Doubt { as_of: track.as_of, words: track.words }));
                }
            }
            Some(held) if !is_older(held.as_of) => *held = track,
            Some(_) => {}
            None => self.tracks.push(track),
        }
    }

    /// The accounts that saw use when they were given.
    pub fn busy(&self) -> impl Iterator<Item = &Track> {
        self.tracks.iter().filter(|track| track.now == Use::Busy)
    }

    /// True when some source saw use when it last spoke.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        self.busy().next().is_some()
    }

    /// The newest moment of use that any source saw.
    #[must_use]
    pub fn last_busy(&self) -> When {
        self.tracks.iter().map(|track| track.last_busy).max().unwrap_or(When::NONE)
    }
}
