//! A value that is either known with its age or unknown with a reason; there is no default between the two.

use serde::{Deserialize, Serialize};

use crate::units::When;

/// Why something is not known. Unknown never means idle, stopped or allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// No source of this kind is configured.
    NoSource,
    /// Azure did not send the field.
    Missing,
    /// Azure sent something that cannot be true (a time in the future, the year 0001, another type).
    Implausible(String),
    /// It could not be read this time.
    Unreadable(String),
}

impl Unknown {
    /// The reason as a fragment of a sentence.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::NoSource => "no source is configured".to_owned(),
            Self::Missing => "Azure did not say".to_owned(),
            Self::Implausible(what) => format!("implausible: {what}"),
            Self::Unreadable(why) => format!("could not be read: {why}"),
        }
    }
}

/// One observed value with the instant it held, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading<T> {
    /// Observed.
    Known {
        /// What was observed.
        value: T,
        /// When it held.
        as_of: When,
    },
    /// Not known.
    Unknown(Unknown),
}

impl<T> Reading<T> {
    /// The value, when there is one.
    pub const fn known(&self) -> Option<&T> {
        match self {
            Self::Known { value, .. } => Some(value),
            Self::Unknown(_) => None,
        }
    }
}
