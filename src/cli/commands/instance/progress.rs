//! Progress of what takes minutes, on standard error: one line that changes on a terminal, else a line for each change.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Mutex;

use jiff::SignedDuration;

use crate::report::words::{clean, length};

/// Where progress goes.
#[derive(Debug)]
pub(super) struct Progress {
    /// On a terminal one instance's line is written over; several would write over each other's.
    overwrites: bool,
    last: Mutex<Vec<(String, String)>>,
}

impl Progress {
    /// For so many instances.
    pub(super) fn new(count: usize) -> Self {
        let overwrites = count == 1 && std::io::stderr().is_terminal();
        Self { overwrites, last: Mutex::new(Vec::new()) }
    }

    /// What is seen of one now.
    pub(super) fn seen(&self, name: &str, word: &str, elapsed: SignedDuration) {
        let line = format!("{}: {} after {}", clean(name), clean(word), length(elapsed));
        let mut err = anstream::stderr();
        // Where nobody reads stderr there is nothing more to do.
        if self.overwrites {
            drop(write!(err, "\r\u{1b}[K{line}").and_then(|()| err.flush()));
            return;
        }
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let known = last.iter_mut().find(|(of, _)| of == name);
        let is_new = known.as_ref().is_none_or(|(_, before)| before != word);
        match known {
            Some(entry) => word.clone_into(&mut entry.1),
            None => last.push((name.to_owned(), word.to_owned())),
        }
        drop(last);
        if is_new {
            drop(writeln!(err, "{line}"));
        }
    }

    /// The end of a line that was written over.
    pub(super) fn over(&self) {
        if self.overwrites {
            drop(writeln!(anstream::stderr()));
        }
    }
}
