//! The findings gathered on the way through one file.

use std::ops::Range;
use std::sync::Arc;

use toml::de::DeTable;

use super::diagnostic::{Diagnostic, Severity};
use super::place::Place;

/// A problem and its help, in words.
#[derive(Debug, Clone)]
pub(crate) struct Trouble {
    pub(crate) problem: String,
    pub(crate) help: String,
}

impl Trouble {
    pub(crate) fn new(problem: impl Into<String>, help: impl Into<String>) -> Self {
        Self { problem: problem.into(), help: help.into() }
    }

    /// Out of a message of the form `problem: help`.
    pub(crate) fn of_message(message: &str) -> Self {
        message.rsplit_once(": ").map_or_else(|| Self::new(message, ""), |(problem, help)| Self::new(problem, help))
    }
}

/// What was found in one file so far.
#[derive(Debug)]
pub(crate) struct Findings<'t> {
    file: Arc<str>,
    text: &'t str,
    starts: Vec<usize>,
    found: Vec<Diagnostic>,
    fatal: bool,
}

impl<'t> Findings<'t> {
    pub(crate) fn new(file: &Arc<str>, text: &'t str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at.saturating_add(1));
        Self {
            file: Arc::clone(file),
            text,
            starts: std::iter::once(0).chain(breaks).collect(),
            found: Vec::new(),
            fatal: false,
        }
    }

    /// The place of a byte of the text; one past the end is the end.
    pub(crate) fn place(&self, span: &Range<usize>, key: &str) -> Place {
        let line = self.starts.partition_point(|start| *start <= span.start).max(1);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let before = self.text.get(start..span.start).unwrap_or_default().trim_start_matches('\u{feff}');
        let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Place {
            file: Arc::clone(&self.file),
            line: small(line),
            column: small(before.chars().count().saturating_add(1)),
            key: key.into(),
        }
    }

    /// A finding after which the file cannot be used.
    pub(crate) fn error(&mut self, at: &Place, trouble: Trouble) {
        self.fatal = true;
        self.note(at, Severity::Error, &trouble);
    }

    /// An error that leaves the file in use and makes it do less, such as a calendar that cannot be read (S21).
    pub(crate) fn alarm(&mut self, at: &Place, trouble: Trouble) {
        self.note(at, Severity::Error, &trouble);
    }

    /// A finding that does not keep the file from being used.
    pub(crate) fn warning(&mut self, at: &Place, trouble: Trouble) {
        self.note(at, Severity::Warning, &trouble);
    }

    fn note(&mut self, at: &Place, severity: Severity, trouble: &Trouble) {
        self.found.push(at.finding(severity, trouble));
    }

    /// True when something in the table of this key is wrong already, so that what is missing there may be meant by it.
    pub(crate) fn is_broken(&self, table: &str) -> bool {
        self.found.iter().any(|one| one.is_error_within(table))
    }

    /// True when the file cannot be used.
    pub(crate) fn is_fatal(&self) -> bool {
        self.fatal
    }

    /// The file.
    pub(crate) fn file(&self) -> &Arc<str> {
        &self.file
    }

    /// Everything found.
    pub(crate) fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.found
    }
}

/// The root table of a text that is TOML. Of one that is not, every line that is wrong is found and nothing is read.
pub(crate) fn root<'t>(text: &'t str, findings: &mut Findings<'_>) -> Option<DeTable<'t>> {
    let (table, faults) = DeTable::parse_recoverable(text);
    let mut lines = Vec::new();
    for fault in &faults {
        let at = findings.place(&fault.span().unwrap_or(0..0), "");
        // One slip of the pen often breaks the parser several times on its line.
        if !lines.contains(&at.line) {
            lines.push(at.line);
            let problem = fault.message().lines().collect::<Vec<_>>().join(", ");
            let help = "correct this line; the rest is read once it is TOML";
            findings.error(&at, Trouble::new(format!("not valid TOML: {problem}"), help));
        }
    }
    faults.is_empty().then(|| table.into_inner())
}
