//! What can go wrong between here and Prometheus, and which fault each is.

use std::path::PathBuf;

use crate::ports::{Fault, FaultKind};

/// A message from outside keeps this many characters.
const CHARS_MAX: usize = 300;

/// Why the way to Prometheus could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Not a URL that can be asked. The text is not shown: it may hold a credential.
    #[error("promql.url is not https://HOST/… or http://HOST/… without user, query and fragment")]
    Url,
    /// A token for everyone to read.
    #[error("promql.url is plain http to another machine, and a bearer token would cross the network in the clear")]
    BearerInClear,
    /// A file that cannot be used.
    #[error("could not read promql.ca_file {path}")]
    CaFile {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The HTTP client could not be made.
    #[error("could not set up TLS or HTTP")]
    Client(#[source] reqwest::Error),
}

/// Why an answer of Prometheus is none. Its words never hold the token or the URL.
#[derive(Debug, thiserror::Error)]
pub enum PromqlError {
    /// The token could not be had.
    #[error("the bearer token could not be had: {0}")]
    NoBearer(String),
    /// No connection, or no whole answer in time.
    #[error("no whole answer: {0}")]
    Broken(String),
    /// It says no.
    #[error("Prometheus answered {status}: {words}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// What it says, shortened.
        words: String,
    },
    /// More bytes than the cap, after inflation.
    #[error(
        "the answer is longer than {0} MiB: let the expression return one series an instance, such as with max by (…)"
    )]
    TooBig(usize),
    /// Not an answer of Prometheus.
    #[error("the answer cannot be understood: {0}")]
    Unreadable(String),
    /// Cut, or with something left out.
    #[error("the answer is not whole, and no quiet is believed of it: {0}")]
    Partial(String),
}

impl PromqlError {
    /// As a fault; `doing` completes "could not …".
    pub(super) fn fault(self, doing: impl Into<String>) -> Fault {
        let kind = match &self {
            Self::NoBearer(_) => FaultKind::Unauthenticated,
            Self::Refused { status: 401, .. } => FaultKind::Unauthenticated,
            Self::Refused { status: 403, .. } => FaultKind::Denied,
            Self::Refused { status: 404, .. } => FaultKind::Gone,
            Self::Refused { status: 429, .. } => FaultKind::Throttled(None),
            Self::Broken(_) | Self::Refused { status: 408 | 500..=599, .. } => FaultKind::Unreachable,
            Self::Refused { .. } => FaultKind::Refused,
            Self::TooBig(_) | Self::Unreadable(_) | Self::Partial(_) => FaultKind::Garbled,
        };
        Fault::new(kind, doing).because(self)
    }
}

/// Text from outside, made fit for a message: one short line without control characters.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in text.trim().chars().take(CHARS_MAX) {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    if text.trim().chars().count() > CHARS_MAX {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_says_is_one_short_line() {
        assert_eq!(plain(" a\nb\u{1b}[31m\u{202e}c "), "a b[31mc");
        assert_eq!(plain(&"ä".repeat(400)).chars().count(), CHARS_MAX + 1);
    }
}
