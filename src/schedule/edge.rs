//! Edges: the instants at which allowed hours begin or end, and the key that names one for ever.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use super::holidays::Unreadable;

/// Whether hours begin or end at an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EdgeKind {
    /// Allowed hours begin.
    On,
    /// Allowed hours end.
    Off,
}

impl EdgeKind {
    /// The word used in keys, output and metrics: `on` or `off`.
    pub fn word(self) -> &'static str {
        match self {
            EdgeKind::On => "on",
            EdgeKind::Off => "off",
        }
    }
}

impl fmt::Display for EdgeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Which of two instants with the same wall-clock time was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// The first time the clock shows it.
    Earlier,
    /// The second time the clock shows it.
    Later,
}

/// What is unusual about an edge. Where several hold, the first of this list is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EdgeNote {
    /// It falls on a date on which Lightsout does not act. What it opened is looked at again when such dates end.
    NoAction {
        /// What the date is called.
        name: Arc<str>,
    },
    /// The clocks skip the written time, so it moved forward by the length of the gap (S3).
    Gap {
        /// The wall-clock time as written.
        written: DateTime,
        /// What the clock shows at the edge.
        moved_to: DateTime,
    },
    /// The clocks show the written time twice (S4).
    Fold {
        /// The one that was taken.
        chosen: Choice,
    },
    /// Hours end here, and within a week hours that would have begun before the next edge are taken away by a holiday.
    Holiday {
        /// What the date is called.
        name: Arc<str>,
    },
}

impl fmt::Display for EdgeNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EdgeNote::NoAction { name } => write!(f, "no action on this date: {name}"),
            EdgeNote::Gap { written, moved_to } => {
                write!(f, "the clocks skip {} on {}, moved to {}", hm(*written), written.date(), hm(*moved_to))
            }
            EdgeNote::Fold { chosen: Choice::Earlier } => {
                f.write_str("the clock shows this time twice, the earlier is meant")
            }
            EdgeNote::Fold { chosen: Choice::Later } => {
                f.write_str("the clock shows this time twice, the later is meant")
            }
            EdgeNote::Holiday { name } => write!(f, "stays off for a holiday: {name}"),
        }
    }
}

/// Hours and minutes of a wall-clock time.
fn hm(civil: DateTime) -> String {
    format!("{:02}:{:02}", civil.hour(), civil.minute())
}

/// One edge of the merged hours.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Edge {
    /// Whether hours begin or end.
    pub kind: EdgeKind,
    /// The instant.
    pub at: Timestamp,
    /// The wall-clock time as written in the policy; at a gap the clock never shows it.
    pub civil: DateTime,
    /// The civil date on which the window of this edge starts.
    pub date: Date,
    /// The place of that window in the policy's list, from 0.
    pub index: u16,
    /// What is unusual about it.
    pub note: Option<EdgeNote>,
}

impl Edge {
    /// The name of the edge, which no clock or zone change alters (S2).
    pub fn key(&self) -> EdgeKey {
        EdgeKey { date: self.date, index: self.index, kind: self.kind }
    }
}

/// The name of an edge: the civil date its window starts on, the window's place in the list, and the kind (S2).
///
/// Its text, such as `2026-11-23/0/off`, is stable and may be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct EdgeKey {
    /// The civil date on which the window starts.
    pub date: Date,
    /// The window's place in the policy's list, from 0.
    pub index: u16,
    /// Whether hours begin or end.
    pub kind: EdgeKind,
}

/// A text that names no edge.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not an edge key: expected date/index/kind, such as 2026-11-23/0/off")]
pub struct EdgeKeyError(pub String);

impl fmt::Display for EdgeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.date, self.index, self.kind)
    }
}

impl FromStr for EdgeKey {
    type Err = EdgeKeyError;

    fn from_str(text: &str) -> Result<EdgeKey, EdgeKeyError> {
        let parse = || {
            let (date, rest) = text.split_once('/')?;
            let (index, kind) = rest.split_once('/')?;
            let kind = match kind {
                "on" => EdgeKind::On,
                "off" => EdgeKind::Off,
                _ => return None,
            };
            let key = EdgeKey { date: date.parse().ok()?, index: index.parse().ok()?, kind };
            (key.to_string() == text).then_some(key)
        };
        parse().ok_or_else(|| EdgeKeyError(text.to_owned()))
    }
}

impl From<EdgeKey> for String {
    fn from(key: EdgeKey) -> String {
        key.to_string()
    }
}

impl TryFrom<String> for EdgeKey {
    type Error = EdgeKeyError;

    fn try_from(text: String) -> Result<EdgeKey, EdgeKeyError> {
        text.parse()
    }
}

/// The edges of a span, bounded (S22).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edges {
    /// The last edges of the span in order, at most 64.
    pub edges: Vec<Edge>,
    /// Roughly how many earlier edges of the span are not given, at the rate of those that are; 0 means none at all.
    pub skipped: u64,
    /// How many civil dates were worked out for this answer, which is bounded whatever the span.
    pub dates_worked: u32,
    /// Calendars that could not be read. Where there is one, the edges are unknown and none is given (S21).
    pub unreadable: Vec<Unreadable>,
}
