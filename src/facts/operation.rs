//! What is done with an instance beside stopping it, and how that ended.

use serde::{Deserialize, Serialize};

/// An operation on an instance other than a stop: each is written down before it is sent, and settled by looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Made, where nothing of that name is: never on one that exists, since Azure would overwrite it.
    Create,
    /// Turned on.
    Start,
    /// Turned off and on again.
    Restart,
    /// Taken away with everything on its disk; its quota is free again.
    Delete,
}

impl Verb {
    /// Every verb.
    pub const ALL: [Self; 4] = [Self::Create, Self::Start, Self::Restart, Self::Delete];

    /// The word in journal, metrics and JSON.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Start => "start",
            Self::Restart => "restart",
            Self::Delete => "delete",
        }
    }

    /// The same, done: "was started".
    #[must_use]
    pub const fn done(self) -> &'static str {
        match self {
            Self::Create => "created",
            Self::Start => "started",
            Self::Restart => "restarted",
            Self::Delete => "deleted",
        }
    }
}

/// How such an operation ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationResult {
    /// Seen done.
    Done,
    /// Azure refused or failed, or it was not seen done in its time; the fault's label, and Azure's code behind a colon.
    Failed(String),
    /// Nothing was sent, or [`super::UNSENT`]; why.
    Dropped(String),
}

impl OperationResult {
    /// The word in journal and metrics.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed(_) => "failed",
            Self::Dropped(_) => "dropped",
        }
    }
}
