//! Where in a file a value stands, and the findings gathered on the way through that file.

use std::ops::Range;
use std::sync::Arc;

use super::diagnostic::{Diagnostic, Severity};
use super::model::Origin;

/// A place in a file; lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: Arc<str>,
    pub(super) line: u32,
    pub(super) column: u32,
    /// The key with its tables, as written there.
    pub(super) key: Arc<str>,
}

impl Place {
    /// The same, as the origin of a value.
    pub(super) fn origin(&self) -> Origin {
        Origin::Written { file: Arc::clone(&self.file), line: self.line }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// A value and the place it was written at.
#[derive(Debug, Clone)]
pub(super) struct Located<T> {
    pub(super) value: T,
    pub(super) at: Place,
}

/// In the schema a located value is the value.
impl<T: schemars::JsonSchema> schemars::JsonSchema for Located<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }
    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::schema_id()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        T::json_schema(generator)
    }
}

/// A problem and its help, in words.
#[derive(Debug, Clone)]
pub(super) struct Trouble {
    pub(super) problem: String,
    pub(super) help: String,
}

impl Trouble {
    pub(super) fn new(problem: impl Into<String>, help: impl Into<String>) -> Self {
        Self { problem: problem.into(), help: help.into() }
    }

    /// Out of a message of the form `problem: help`.
    pub(super) fn of_message(message: &str) -> Self {
        message.rsplit_once(": ").map_or_else(|| Self::new(message, ""), |(problem, help)| Self::new(problem, help))
    }
}

/// What was found in one file so far.
#[derive(Debug)]
pub(super) struct Findings<'t> {
    file: Arc<str>,
    text: &'t str,
    starts: Vec<usize>,
    found: Vec<Diagnostic>,
    fatal: bool,
}

impl<'t> Findings<'t> {
    pub(super) fn new(file: &Arc<str>, text: &'t str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at.saturating_add(1));
        Self { file: Arc::clone(file), text, starts: std::iter::once(0).chain(breaks).collect(), found: Vec::new(), fatal: false }
    }

    /// The place of a byte of the text; one past the end is the end.
    pub(super) fn place(&self, span: &Range<usize>, key: &str) -> Place {
        let line = self.starts.partition_point(|start| *start <= span.start).max(1);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let before = self.text.get(start..span.start).unwrap_or_default().trim_start_matches('\u{feff}');
        let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Place { file: Arc::clone(&self.file), line: small(line), column: small(before.chars().count().saturating_add(1)), key: key.into() }
    }

    /// A finding after which the file cannot be used.
    pub(super) fn error(&mut self, at: &Place, trouble: Trouble) {
        self.fatal = true;
        self.note(at, Severity::Error, trouble);
    }

    /// An error that leaves the policy in force and makes it act less, such as a calendar that cannot be read (S21).
    pub(super) fn alarm(&mut self, at: &Place, trouble: Trouble) {
        self.note(at, Severity::Error, trouble);
    }

    /// A finding that does not keep the file from being used.
    pub(super) fn warning(&mut self, at: &Place, trouble: Trouble) {
        self.note(at, Severity::Warning, trouble);
    }

    fn note(&mut self, at: &Place, severity: Severity, trouble: Trouble) {
        let (problem, help) = (printable(&trouble.problem), printable(&trouble.help));
        self.found.push(Diagnostic { file: Arc::clone(&at.file), line: at.line, column: at.column, key: printable(&at.key), severity, problem, help });
    }

    /// True when something in the table of this key is wrong already, so that what is missing there may be meant by it.
    pub(super) fn is_broken(&self, table: &str) -> bool {
        let inside = |key: &str| key.strip_prefix(table).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
        self.found.iter().any(|one| one.severity == Severity::Error && inside(&one.key))
    }

    /// True when the file cannot be used.
    pub(super) fn is_fatal(&self) -> bool {
        self.fatal
    }

    /// The file.
    pub(super) fn file(&self) -> &Arc<str> {
        &self.file
    }

    /// Everything found.
    pub(super) fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.found
    }
}

/// A text out of a file as it may be shown on a terminal: a control character in it is written as its escape.
fn printable(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut shown, c| {
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
        shown
    })
}
