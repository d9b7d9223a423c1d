//! The table `start` of a policy as it is written.

use schemars::JsonSchema;
use toml::Spanned;
use toml::de::DeValue;

use super::document::{Layer, table};
use super::matching::Pattern;
use super::values::{List, TagPatterns};
use crate::document::{Findings, Located, Place, Read, TableReader};
use crate::facts::Source;
use crate::units::Span;

table! {
    /// Start what is off when the hours begin. Without this table nothing is ever started. Every list that is given must
    /// match; at least one must be given, or all = true.
    Start in "start." {
        /// Whether everything that the policy governs is started. Default: false.
        all: bool,
        /// Names of the instances that are started.
        names: List<Pattern>,
        /// Owners of the instances that are started: user names or object ids.
        owners: List<Pattern>,
        /// VM sizes that are started.
        sizes: List<Pattern>,
        /// Tags of the instances that are started.
        tags: TagPatterns,
        /// Each instance's start comes up to this much after the beginning of hours, never before. Default: "5m".
        spread: Span,
        /// How long after the beginning of hours an instance is still started, "12h" at most. Default: "1h".
        catch_up: Span,
        /// The most that are started in one sweep; the rest waits for the next. Default: 20.
        per_sweep: u32,
        /// The most that are started in any hour; the rest waits. Default: 200.
        per_hour: u32,
        /// What was started and has not been used for so long is stopped again, after its warning; "24h" at most. Default: "1h".
        unused_after: Span,
        /// Which sources have to say that nobody used it. Default: those of `idle`, else "agent".
        needs: List<Source>,
    }
}
