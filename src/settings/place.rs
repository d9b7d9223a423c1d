//! Where in a file something stands, and findings made there.

use std::sync::Arc;

use crate::policy::{Diagnostic, Severity};

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct At {
    /// The file as given.
    pub(super) file: Arc<str>,
    /// From 1.
    pub(super) line: u32,
    /// From 1, in characters.
    pub(super) column: u32,
}

impl At {
    /// The start of a file, for what is wrong with the whole of it.
    pub(super) fn start_of(file: &str) -> Self {
        Self { file: file.into(), line: 1, column: 1 }
    }

    /// An error at this place.
    pub(super) fn error(&self, key: &str, problem: impl Into<String>, help: impl Into<String>) -> Diagnostic {
        self.finding(Severity::Error, key, problem.into(), help.into())
    }

    /// A warning at this place.
    pub(super) fn warning(&self, key: &str, problem: impl Into<String>, help: impl Into<String>) -> Diagnostic {
        self.finding(Severity::Warning, key, problem.into(), help.into())
    }

    fn finding(&self, severity: Severity, key: &str, problem: String, help: String) -> Diagnostic {
        Diagnostic {
            file: Arc::clone(&self.file),
            line: self.line,
            column: self.column,
            key: key.to_owned(),
            severity,
            problem,
            help,
        }
    }
}

/// A value and the place it was written at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written<T> {
    /// The value.
    pub(super) value: T,
    /// Where.
    pub(super) at: At,
}

/// The word of a list that a misspelt one most likely stands for: at most a third of its letters are wrong.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = word.to_ascii_lowercase();
    let most = folded.chars().count().div_ceil(3).min(4);
    let near = known.into_iter().map(|candidate| (letters_apart(&folded, &candidate.to_ascii_lowercase()), candidate));
    near.filter(|(apart, _)| *apart <= most).min_by_key(|(apart, _)| *apart).map(|(_, candidate)| candidate)
}

/// How many letters must be put in, taken out or changed to get from one word to the other.
fn letters_apart(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (line, l) in left.chars().enumerate() {
        let mut next = vec![line.saturating_add(1)];
        for ((r, above), diagonal) in right.chars().zip(row.iter().skip(1)).zip(&row) {
            let beside = next.last().copied().unwrap_or(usize::MAX);
            let changed = diagonal.saturating_add(usize::from(l != r));
            next.push(changed.min(above.saturating_add(1)).min(beside.saturating_add(1)));
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_words_are_meant() {
        assert_eq!(letters_apart("kitten", "sitting"), 3);
        assert_eq!(nearest("intervall", ["interval", "concurrency"]), Some("interval"));
        assert_eq!(nearest("Concurency", ["interval", "concurrency"]), Some("concurrency"));
        assert_eq!(nearest("colour", ["interval", "concurrency"]), None);
    }
}
