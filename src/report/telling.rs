//! How well people are told: messages given up, and channels that fail.

use serde::{Deserialize, Serialize};

/// One channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelView {
    /// Its name.
    pub name: String,
    /// Failures in a row, over all messages; none when the last one was taken.
    pub failures: u32,
    /// What the last failure was, with what helps.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// How well people are told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TellingView {
    /// Messages given up since the start: of no use any more before a channel took them.
    #[serde(default)]
    pub let_go: u64,
    /// Every channel that is set up.
    #[serde(default)]
    pub channels: Vec<ChannelView>,
}
