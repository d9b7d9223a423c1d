//! What was seen and done before with one instance: starts, stops, holds and notices.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thin_vec::ThinVec;

use super::Created;
use crate::units::{Cost, InstanceId, Money, When};

/// Identity of one reason to stop one instance once: civil date and edge for hours, the run's start for uptime, the
/// quiet stretch's start for idle, the month and the run's start for a budget – never the UTC instant of the deadline (S2).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StopKey(pub Arc<str>);

impl StopKey {
    /// `hours`, `idle`, `uptime` or `budget`: the first part.
    #[must_use]
    pub fn rule(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }
    /// The policy's name in lower case: the second part; policy names hold no `/`.
    #[must_use]
    pub fn policy(&self) -> &str {
        self.0.split('/').nth(1).unwrap_or_default()
    }
}

/// A hold: what others call snooze. While it lasts nothing stops the instance; one to stay off keeps nothing on, and while it
/// lasts nothing starts the instance at the beginning of hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Its own id.
    pub id: String,
    /// Which instance.
    pub instance: InstanceId,
    /// Which life of that name (fault 28: a hold is not inherited).
    pub created: Created,
    /// When it ends.
    pub until: Timestamp,
    /// Who asked.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// What it costs to keep it on for so long, at most; none where nobody knows a price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// Whose monthly allowance it counts for: the owner in lower case, or the instance where nobody knows one.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub payer: Box<str>,
    /// The number of the link that it was made with: each makes one hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Box<str>>,
    /// It is to stay off, and not on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub off: bool,
}

impl Hold {
    /// What it costs when it ends then: the price is of its whole length, and one that is lifted costs as much less.
    #[must_use]
    pub fn cost_until(&self, end: Timestamp) -> Option<Cost> {
        let whole = self.until.duration_since(self.made_at).as_secs();
        let kept = end.min(self.until).duration_since(self.made_at).as_secs().max(0);
        let cost = self.price?.cost();
        if whole <= 0 { Some(cost) } else { cost.part(kept, whole) }
    }
}

/// A hold with its end as it came to be: when it was lifted, or when it was to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeHold {
    /// As it was made.
    pub hold: Hold,
    /// When it ended, or will.
    pub ends_at: Timestamp,
}

impl MadeHold {
    /// What it cost, or will.
    #[must_use]
    pub fn cost(&self) -> Option<Cost> {
        self.hold.cost_until(self.ends_at)
    }
}

/// A deadline that has been announced, or is to be. Moving the deadline makes another key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NoticeKey {
    /// Why it stops.
    pub stop: StopKey,
    /// When it stops, as announced.
    pub stop_at: Timestamp,
}

/// How far a notice has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeState {
    /// Written in the journal, not yet delivered.
    Recorded,
    /// A channel confirmed it.
    Delivered {
        /// When.
        at: Timestamp,
    },
}

impl NoticeState {
    /// Of one notice on two channels: it is delivered when the first of them took it.
    #[must_use]
    pub fn first(self, other: Self) -> Self {
        match (self, other) {
            (Self::Delivered { at }, Self::Delivered { at: other }) => Self::Delivered { at: at.min(other) },
            (Self::Delivered { at }, Self::Recorded) | (Self::Recorded, Self::Delivered { at }) => {
                Self::Delivered { at }
            }
            (Self::Recorded, Self::Recorded) => Self::Recorded,
        }
    }
}

/// A notice of a coming stop, as remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastNotice {
    /// What it announced.
    pub key: NoticeKey,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// How far it got.
    pub state: NoticeState,
}

/// How an asked stop ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopResult {
    /// Seen stopped.
    Stopped,
    /// A person started it again before it was seen stopped.
    StartedAgain,
    /// The instance is gone.
    Gone,
    /// Azure refused or failed; the fault's label (`disk_full`, `conflict`, …).
    Failed(String),
    /// Dropped before anything was sent, or [`UNSENT`]; why.
    Dropped(String),
}

/// Why a stop was dropped that left no trace: its process ended around its POST, and nobody knows whether that left.
pub const UNSENT: &str = "unsent";

impl StopResult {
    /// False only for what is known never to have left: what may have arrived counts in every budget (I7).
    #[must_use]
    pub fn may_have_been_sent(&self) -> bool {
        !matches!(self, Self::Dropped(why) if why != UNSENT)
    }

    /// True when Azure may have taken it, for all that is known: its last operation may be this stop.
    #[must_use]
    pub fn may_have_been_taken(&self) -> bool {
        match self {
            Self::Stopped | Self::StartedAgain => true,
            Self::Failed(why) => {
                let label = why.split(':').next().unwrap_or_default();
                ["operation_failed", "still_running", "unclear"].contains(&label)
            }
            Self::Gone => false,
            Self::Dropped(_) => self.may_have_been_sent(),
        }
    }

    /// True when it may have been sent and left the instance on: the next try waits.
    #[must_use]
    pub fn came_to_nothing(&self) -> bool {
        match self {
            Self::Failed(_) | Self::Gone => true,
            Self::Dropped(_) => self.may_have_been_sent(),
            Self::Stopped | Self::StartedAgain => false,
        }
    }
}

/// A stop that was asked for and has ended one way or another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedStop {
    /// Its reason's identity.
    pub key: StopKey,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// When that ended.
    pub ended_at: Timestamp,
    /// How.
    pub result: StopResult,
}

/// A stop that is under way: intended, perhaps sent, not yet settled (L5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenIntent {
    /// The journal's id of it.
    pub id: String,
    /// Its reason's identity.
    pub key: StopKey,
    /// When it was intended.
    pub intended_at: Timestamp,
    /// When Azure accepted it, or may have: it left, and its answer was lost. None when it may never have been sent.
    pub sent_at: Option<Timestamp>,
}

/// Is everything frozen? What cannot be read counts as frozen (G12).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Freeze {
    /// Stops are allowed.
    Off,
    /// Nothing is stopped; why.
    On(String),
    /// Nothing is stopped, since the switch cannot be read; why not.
    Unreadable(String),
}

impl Freeze {
    /// Why nothing is stopped; none when stops are allowed.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Off => None,
            Self::On(why) | Self::Unreadable(why) => Some(why),
        }
    }
}

/// What is remembered of one instance, in this life of its name. Of most there is little: it takes 88 bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// When it was first seen at all.
    pub first_seen: When,
    /// First sighting of the present unbroken run of sightings in which it was on. None while it is off.
    pub on_since: When,
    /// The last time it was seen not on, or Azure said that it was stopped, before `on_since`: the start lies between the two.
    pub last_seen_off: When,
    /// The start of the present run that Azure named last: a stop that came to nothing hides it from `lastOperation`.
    pub started: When,
    /// The last time any evidence said busy.
    pub last_busy: When,
    /// When Azure's idle timer on it was first seen to be another one than before; none: it is as it always was.
    #[serde(default, skip_serializing_if = "When::is_none")]
    pub timer_changed: When,
    /// First sighting of the present unbroken run of sightings in which it was stopped. None while it is not.
    #[serde(default, skip_serializing_if = "When::is_none")]
    pub off_since: When,
    /// Holds not yet ended or lifted, any order.
    pub holds: ThinVec<Hold>,
    /// Notices of coming stops, oldest first; a few.
    pub notices: ThinVec<PastNotice>,
    /// Ended stops, oldest first; a day and a half of them.
    pub stops: ThinVec<EndedStop>,
    /// The stop that is under way; few have one.
    pub open: Option<Box<OpenIntent>>,
}

impl History {
    /// The hold that ends last among those still in force at `now`. When it was made does not matter: by a clock that
    /// went back that lies ahead, and the hold holds (S12, G13).
    #[must_use]
    pub fn hold_at(&self, now: Timestamp) -> Option<&Hold> {
        self.kept_on().filter(|hold| now < hold.until).max_by_key(|hold| hold.until)
    }

    /// The latest end of any hold, ended or not.
    #[must_use]
    pub fn held_until(&self) -> Option<Timestamp> {
        self.kept_on().map(|hold| hold.until).max()
    }

    /// Holds that keep it on, ended or not.
    pub fn kept_on(&self) -> impl Iterator<Item = &Hold> {
        self.holds.iter().filter(|hold| !hold.off)
    }

    /// The hold to stay off that ends last among those still in force at `now`.
    #[must_use]
    pub fn held_off_at(&self, now: Timestamp) -> Option<&Hold> {
        self.holds.iter().filter(|hold| hold.off && now < hold.until).max_by_key(|hold| hold.until)
    }

    /// Whichever hold ends last, to stay on or off: who holds a machine wants to have it.
    #[must_use]
    pub fn any_hold_at(&self, now: Timestamp) -> Option<&Hold> {
        self.holds.iter().filter(|hold| now < hold.until).max_by_key(|hold| hold.until)
    }

    /// True when a stop for this reason was carried out already: seen stopped, or undone by a person.
    #[must_use]
    pub fn is_spent(&self, key: &StopKey) -> bool {
        self.stops.iter().any(|stop| {
            stop.key == *key
                && match stop.result {
                    StopResult::Stopped | StopResult::StartedAgain => true,
                    // gone and back again is on again: an answer of 404 may have been a passing one
                    StopResult::Gone | StopResult::Failed(_) | StopResult::Dropped(_) => false,
                }
        })
    }
}
