//! What is wrong in a file, where, and what to write instead.

use std::sync::Arc;

use serde::Serialize;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The file cannot be used as it stands.
    Error,
    /// It can be used, and probably does not do what was meant.
    Warning,
}

impl Severity {
    /// The word used in output: `error` or `warning`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One finding in one file. Ordered by file, line and column, as a reader goes through them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Diagnostic {
    /// The file as it was given.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// The key with its table, such as `hours.allowed[1]`; empty where the text is no TOML at all.
    pub key: String,
    /// Whether the file can be used all the same.
    pub severity: Severity,
    /// What is wrong.
    pub problem: String,
    /// What to do about it; empty where the problem says it already.
    pub help: String,
}

impl Diagnostic {
    /// True when the file cannot be used as it stands.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// True for an error at a key or below it.
    pub(crate) fn is_error_within(&self, key: &str) -> bool {
        let within = self.key.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
        self.is_error() && within
    }

    /// True for the finding that the text is no TOML: there are no keys then.
    pub(crate) fn is_syntax(&self) -> bool {
        self.is_error() && self.key.is_empty()
    }
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}: ", self.file, self.line, self.column)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.problem)?;
        if !self.help.is_empty() {
            write!(f, ", {}", self.help)?;
        }
        Ok(())
    }
}
