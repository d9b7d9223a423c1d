//! Where the agent's words go: standard output for the person, standard error for the journal of the machine.

use std::error::Error;
use std::io::{self, Write as _};

/// A line for the journal. Where nobody reads it there is nothing more to do.
pub(super) fn log(words: &str) {
    writeln!(io::stderr().lock(), "{words}").unwrap_or_default();
}

/// Text for the person; a reader that went away is no error.
pub(super) fn print(text: &str) {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).unwrap_or_default();
}

/// An error and its causes, in one line.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        let more = deeper.to_string();
        if !words.contains(&more) {
            words.push_str(&format!(": {more}"));
        }
        cause = deeper.source();
    }
    words
}
