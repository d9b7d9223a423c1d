//! Asking a person before something is done that cannot be taken back, or costs.

use std::io::Write as _;

/// Asks on standard error, and reads one line of standard input; none at its end.
pub(super) fn line(question: &str) -> Option<String> {
    let mut err = anstream::stderr();
    // Where nobody reads stderr there is nothing more to do.
    drop(write!(err, "{question} ").and_then(|()| err.flush()));
    let mut answer = String::new();
    match std::io::stdin().read_line(&mut answer) {
        Ok(0) | Err(_) => {
            drop(writeln!(err));
            None
        }
        Ok(_) => Some(answer.trim().to_owned()),
    }
}

/// True for a yes.
pub(super) fn agrees(question: &str) -> bool {
    line(&format!("{question} [y/N]")).is_some_and(|answer| matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes"))
}
