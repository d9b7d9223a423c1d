//! What a person may do at most.

use serde::{Deserialize, Serialize};

/// What a person may do at most; each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads, and changes nothing.
    Viewer,
    /// Acts on the instances that are the person's own.
    Owner,
    /// Acts on any instance.
    Operator,
    /// Changes what holds for all: a freeze, a policy's acknowledgement.
    Admin,
}

impl Role {
    /// Every role, the least first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Owner, Self::Operator, Self::Admin];

    /// The word, in files and on the wire.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Owner => "owner",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// The role of that word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.label() == word)
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.label())
    }
}
