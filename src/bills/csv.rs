//! Records of a CSV file, one after another, with the line that each begins in. Files are large; only a record is held.

use std::io::{self, BufRead};

/// A longer record is no record: a quote was left open.
const RECORD_MAX: usize = 1024 * 1024;

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    /// The line that it begins in, from 1.
    pub(super) line: usize,
    /// Its fields, without quotes; or that it is too long.
    pub(super) fields: Result<Vec<String>, &'static str>,
}

/// Reads records.
pub(super) struct Records<R> {
    from: R,
    line: usize,
}

impl<R: BufRead> Records<R> {
    pub(super) const fn new(from: R) -> Self {
        Self { from, line: 0 }
    }

    /// The next record; none at the end. Empty lines are skipped.
    pub(super) fn next(&mut self) -> io::Result<Option<Record>> {
        let mut bytes = Vec::new();
        let mut begins = self.line.saturating_add(1);
        loop {
            if self.from.read_until(b'\n', &mut bytes)? == 0 {
                return Ok((!bytes.is_empty()).then(|| Record { line: begins, fields: Ok(fields(&bytes)) }));
            }
            self.line = self.line.saturating_add(1);
            if bytes.len() > RECORD_MAX {
                return Ok(Some(Record { line: begins, fields: Err("it does not end: a quote is left open") }));
            }
            // within quotes a line break belongs to the field
            if bytes.iter().filter(|byte| **byte == b'"').count() % 2 == 1 {
                continue;
            }
            if bytes.iter().all(u8::is_ascii_whitespace) {
                bytes.clear();
                begins = self.line.saturating_add(1);
                continue;
            }
            return Ok(Some(Record { line: begins, fields: Ok(fields(&bytes)) }));
        }
    }
}

fn fields(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']);
    let mut all = vec![String::new()];
    let mut quoted = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                push(&mut all, '"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => all.push(String::new()),
            other => push(&mut all, other),
        }
    }
    all.into_iter().map(|field| field.trim().to_owned()).collect()
}

fn push(all: &mut [String], letter: char) {
    if let Some(field) = all.last_mut() {
        field.push(letter);
    }
}
