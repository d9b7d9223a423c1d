//! The words of a finding: fixed ones, those made once for all instances that they are said of, and those that are put
//! together only when someone reads them.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::units::Span;

/// A sentence fragment. A fleet holds hundreds of thousands of them between two sweeps; few differ, and few are read.
#[derive(Clone)]
pub enum Words {
    /// Always the same.
    Fixed(&'static str),
    /// Made of particulars; shared by all of whom they hold.
    Made(Arc<str>),
    /// Under a ceiling: since when it runs, and for how long at most.
    RunningSince(Timestamp, Span),
    /// Idle: since when, and for how long at most.
    QuietSince(Timestamp, Span),
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(text) => f.write_str(text),
            Self::Made(text) => f.write_str(text),
            Self::RunningSince(since, max) => write!(f, "running since {since}, at most {max}"),
            Self::QuietSince(since, max) => write!(f, "quiet since {since}, at most {max}"),
        }
    }
}

impl From<&'static str> for Words {
    fn from(text: &'static str) -> Self {
        Self::Fixed(text)
    }
}

impl From<String> for Words {
    fn from(text: String) -> Self {
        Self::Made(text.into())
    }
}

impl From<Arc<str>> for Words {
    fn from(text: Arc<str>) -> Self {
        Self::Made(text)
    }
}

/// Equal when they say the same, however they came about.
impl PartialEq for Words {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Fixed(one), Self::Fixed(two)) => one == two,
            (Self::Made(one), Self::Made(two)) => one == two,
            (Self::RunningSince(since, max), Self::RunningSince(other, least))
            | (Self::QuietSince(since, max), Self::QuietSince(other, least)) => (since, max) == (other, least),
            _ => self.to_string() == other.to_string(),
        }
    }
}

impl Eq for Words {}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_string(), f)
    }
}

impl Serialize for Words {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}
