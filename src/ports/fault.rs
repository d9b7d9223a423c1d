//! The one fault type that the engine can reason about.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::guard::Refusal;

/// What kind of thing went wrong, as far as it changes what is done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Asked too often; the wait that was asked for, already clamped to 1 s ..= 15 min.
    Throttled(Option<SignedDuration>),
    /// No token could be had, or Azure did not accept it.
    Unauthenticated,
    /// The identity lacks a permission.
    Denied,
    /// It does not exist.
    Gone,
    /// Another operation is running on it (409).
    Conflict,
    /// Azure refuses to stop it because its disk is full.
    DiskFull,
    /// Azure refused the request for another reason; trying again will not help.
    Refused,
    /// Azure failed or could not be reached; nothing was done.
    Unreachable,
    /// An answer that cannot be understood, or is not allowed (another origin, too big, a loop of pages).
    Garbled,
    /// A stop was sent and no answer came: it may or may not have been taken (L5).
    Unclear,
    /// The last word before the wire said no (G12); nothing was sent.
    Withheld(Refusal),
    /// The journal could not be read or written.
    Storage,
    /// A message could not be delivered: its channel failed.
    Undelivered,
    /// A message could not be delivered, and its channel works: it names nobody who can be written to, or was refused for
    /// what it is.
    Unfit,
}

impl FaultKind {
    /// The bounded metric label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Throttled(_) => "throttled",
            Self::Unauthenticated => "unauthenticated",
            Self::Denied => "forbidden",
            Self::Gone => "gone",
            Self::Conflict => "conflict",
            Self::DiskFull => "disk_full",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::Garbled => "garbled",
            Self::Unclear => "unclear",
            Self::Withheld(_) => "withheld",
            Self::Storage => "storage",
            Self::Undelivered => "undelivered",
            Self::Unfit => "unfit",
        }
    }

    /// What a person can do about it.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Throttled(_) => "nothing to do: it is tried again when Azure allows; fewer or slower sweeps help",
            Self::Unauthenticated => "check [azure.identity]; `lightsout doctor` tries it step by step",
            Self::Denied => "give the identity the missing action (deploy/role.json); `lightsout doctor` names it",
            Self::Gone => "nothing to do if it was deleted; otherwise check its name",
            Self::Conflict => "nothing to do: another operation is running, it is looked at again next sweep",
            Self::DiskFull => "its owner must free 1 to 2 GB of its disk, then it is stopped by itself",
            Self::Refused => "see Azure's message; the next try waits longer each time",
            Self::Unreachable => "check network, proxy and Azure's status; it is tried again by itself",
            Self::Garbled => "something between here and Azure answers in its place, or Azure changed; see the message",
            Self::Unclear => "nothing to do: the next sweep looks whether it was stopped",
            Self::Withheld(refusal) => refusal.words(),
            Self::Storage => "check the disk of [store] dir; nothing is stopped until it can be written",
            Self::Undelivered => "check the channel; `lightsout notify test` tries it",
            Self::Unfit => "the channel works; see whom the message names, and what was said of it",
        }
    }
}

/// Something that could not be done.
#[derive(Debug, thiserror::Error)]
#[error("could not {doing}")]
pub struct Fault {
    /// Its kind.
    pub kind: FaultKind,
    /// What was being done: completes "could not …".
    pub doing: String,
    /// Why.
    #[source]
    pub cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Fault {
    /// A fault without a deeper cause.
    #[must_use]
    pub fn new(kind: FaultKind, doing: impl Into<String>) -> Self {
        Self { kind, doing: doing.into(), cause: None }
    }

    /// With the cause.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The whole chain in one line: what, why, and the remedy.
    #[must_use]
    pub fn words(&self) -> String {
        with_causes(self.to_string(), self.cause.as_ref().map(|cause| &**cause as &dyn std::error::Error))
    }
}

/// A text with what caused it, each said once: some errors say their cause themselves.
#[must_use]
pub fn with_causes(mut text: String, mut cause: Option<&dyn std::error::Error>) -> String {
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.ends_with(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Said(&'static str, #[source] Option<Box<Said>>);

    #[test]
    fn each_cause_is_said_once() {
        let disk = Said("disk is full", None);
        let repeated = Said("the database says: disk is full", Some(Box::new(disk)));
        let fault = Fault::new(FaultKind::Storage, "record a sweep").because(repeated);
        assert_eq!(fault.words(), "could not record a sweep: the database says: disk is full");
    }
}
