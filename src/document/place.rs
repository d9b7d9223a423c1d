//! Where in a file a value stands.

use std::sync::Arc;

use super::diagnostic::{Diagnostic, Severity};
use super::findings::Trouble;

/// A place in a file; lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: Arc<str>,
    pub(crate) line: u32,
    pub(crate) column: u32,
    /// The key with its tables, as written there.
    pub(crate) key: Arc<str>,
}

impl Place {
    /// The start of a file, for what is wrong with the whole of it.
    pub(crate) fn start_of(file: &str) -> Self {
        Self { file: file.into(), line: 1, column: 1, key: "".into() }
    }

    /// The same place, of another key.
    pub(crate) fn keyed(&self, key: &str) -> Self {
        Self { key: key.into(), ..self.clone() }
    }

    /// What is wrong here.
    pub(crate) fn finding(&self, severity: Severity, trouble: &Trouble) -> Diagnostic {
        Diagnostic {
            file: Arc::clone(&self.file),
            line: self.line,
            column: self.column,
            key: printable(&self.key),
            severity,
            problem: printable(&trouble.problem),
            help: printable(&trouble.help),
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// A value and the place it was written at.
#[derive(Debug, Clone)]
pub(crate) struct Located<T> {
    pub(crate) value: T,
    pub(crate) at: Place,
}

/// In the schema a located value is the value.
#[cfg(feature = "service")]
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

/// A text out of a file as it may be shown on a terminal: a control character in it is written as its escape.
fn printable(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut shown, c| {
        if c.is_control() {
            shown.extend(c.escape_default())
        } else {
            shown.push(c)
        }
        shown
    })
}
