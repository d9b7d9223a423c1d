//! Reads along row by row, and keeps what it finds.

use super::known::Known;
use super::rows::Row;

/// A breach of an invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Breach {
    /// When, in milliseconds since 1970.
    pub(crate) at: i64,
    /// `I6` and the like.
    pub(crate) rule: &'static str,
    /// Of which machine.
    pub(crate) of: String,
    /// What happened.
    pub(crate) what: String,
}

impl std::fmt::Display for Breach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = jiff::Timestamp::from_millisecond(self.at).unwrap_or_default();
        write!(f, "{}: {} at {at}: {}", self.rule, self.of, self.what)
    }
}

/// Reads along.
#[derive(Debug, Default)]
pub(crate) struct Checker {
    pub(super) known: Known,
    found: Vec<Breach>,
    /// Stops that were judged.
    pub(crate) stops: u64,
    /// Ends of hours at which a machine had to be off soon after, and was.
    pub(crate) kept: u64,
}

impl Checker {
    /// Takes one row.
    pub(crate) fn read(&mut self, line: &str) {
        let Some(row) = Row::read(line) else { return };
        self.watch(row.at);
        match row.kind {
            "wire" => self.judge(&row),
            "arrived" => {
                if self.known.delivered.contains_key(row.text("id")) {
                    let of = row.text("id").split('|').next().unwrap_or_default().to_owned();
                    self.say(row.at, "F42", &of, "it arrived again after the journal said that it had".to_owned());
                }
                self.known.learn(&row);
            }
            _other => self.known.learn(&row),
        }
    }

    /// What was found so far.
    pub(crate) fn breaches(&self) -> &[Breach] {
        &self.found
    }

    /// Adds what somebody else found.
    pub(crate) fn say(&mut self, at: i64, rule: &'static str, of: &str, what: String) {
        self.found.push(Breach { at, rule, of: of.to_owned(), what });
    }
}
