//! A stop that one rule finds due, or coming: the identity of its reason is put into words only for those that matter.

use std::sync::Arc;

use jiff::Timestamp;

use super::verdict::Ground;
use crate::facts::{History, START_KEY, StopKey};

/// A stop that one rule finds due, or coming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate<'a> {
    pub(super) ground: Ground,
    pub(super) reason: Reason<'a>,
    pub(super) due_at: Timestamp,
}

/// What makes the reason of a stop another one (S2). Policies are named in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason<'a> {
    /// An edge of the allowed hours, by its stop key.
    Edge(&'a Arc<str>),
    /// The same, and a start after it that is respected for a time (S9).
    StartAfter(&'a Arc<str>, Timestamp),
    /// A policy's ceiling, and the start of the run.
    Run(&'a str, Timestamp),
    /// A policy's budget, its month, and the start of the run.
    Month(&'a str, &'a str, Timestamp),
    /// The start at an edge by which the run began, by its key.
    Started(&'a Arc<str>),
    /// A policy's idle rule, and the last use before the quiet time, or the start.
    Quiet(&'a str, Timestamp),
}

impl Candidate<'_> {
    /// The identity of its reason.
    pub(super) fn key(&self) -> StopKey {
        let made = |parts: &[&str]| StopKey(parts.concat().into());
        match self.reason {
            Reason::Edge(key) => StopKey(key.clone()),
            Reason::StartAfter(key, start) => made(&[key, "/start/", &start.to_string()]),
            Reason::Run(policy, start) => made(&["uptime/", policy, "/", &start.to_string()]),
            Reason::Month(policy, month, start) => made(&["budget/", policy, "/", month, "/", &start.to_string()]),
            Reason::Started(key) => made(&["unused/", key.strip_prefix(START_KEY).unwrap_or(key)]),
            Reason::Quiet(policy, since) => made(&["idle/", policy, "/", &since.to_string()]),
        }
    }

    /// True when a stop for this reason was carried out already.
    pub(super) fn is_spent(&self, history: &History) -> bool {
        !history.stops.is_empty() && history.is_spent(&self.key())
    }
}
