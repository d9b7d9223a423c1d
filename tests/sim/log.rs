//! Everything that happened, as rows of text: their digest tells two runs apart, and the checker reads nothing else.

use jiff::Timestamp;

use crate::check::Checker;

/// The rows so far.
#[derive(Debug)]
pub(crate) struct Log {
    /// Rows of what happened outside: the journal's own stand in the journal.
    rows: Vec<String>,
    digest: u64,
    count: u64,
    /// A second process that only looks says nothing.
    pub(crate) muted: bool,
    /// Reads along, as everything happens.
    pub(crate) checker: Checker,
    /// Prints each row.
    pub(crate) aloud: bool,
}

impl Log {
    pub(crate) fn new(aloud: bool) -> Self {
        Self {
            rows: Vec::new(),
            digest: 0xcbf2_9ce4_8422_2325,
            count: 0,
            muted: false,
            checker: Checker::default(),
            aloud,
        }
    }

    /// What happened outside, by the true clock.
    pub(crate) fn outside(&mut self, at: Timestamp, words: &str) {
        if let Some(row) = self.say(at, words) {
            self.rows.push(row);
        }
    }

    /// What the journal was given.
    pub(crate) fn journal(&mut self, at: Timestamp, words: &str) {
        drop(self.say(at, words));
    }

    #[expect(clippy::print_stdout, reason = "the simulation speaks to whoever runs it")]
    fn say(&mut self, at: Timestamp, words: &str) -> Option<String> {
        if self.muted {
            return None;
        }
        let row = format!("{} {words}", at.as_millisecond());
        for byte in row.bytes().chain([b'\n']) {
            self.digest = (self.digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        self.count += 1;
        if self.aloud {
            println!("{at} {words}");
        }
        self.checker.read(&row);
        Some(row)
    }

    /// Sixteen digits that differ as soon as one row does, and how many rows there are.
    pub(crate) fn digest(&self) -> (String, u64) {
        (format!("{:016x}", self.digest), self.count)
    }

    /// What happened outside.
    pub(crate) fn rows(&self) -> &[String] {
        &self.rows
    }
}
