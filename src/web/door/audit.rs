//! Lines for the audit log: who signed in, who was turned away. So many a minute, and how many more there were.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::{SignedDuration, Timestamp};

use super::buckets::{Buckets, Rate};
use crate::ports::AuditLine;

/// Where lines go: the journal's audit log, by a queue of its own.
pub type AuditTo = Arc<dyn Fn(AuditLine) + Send + Sync>;

/// Somebody who keeps knocking fills no journal: so many lines at once, so many a minute.
const LINES: Rate = Rate { burst: 60, a_minute: 30 };
/// A text is no longer than this there.
const TEXT_MAX: usize = 300;

/// What is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// Somebody signed in.
    Login,
    /// Somebody signed out.
    Logout,
    /// A login came to nothing, or a token or header was not believed.
    NotKnown,
    /// Somebody was known, and was not allowed.
    Denied,
}

impl Event {
    const fn label(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Logout => "logout",
            Self::NotKnown => "login_refused",
            Self::Denied => "denied",
        }
    }
}

/// Writes them.
pub(super) struct Audit {
    to: AuditTo,
    lines: Buckets<Event>,
    left_out: AtomicU64,
}

impl std::hash::Hash for Event {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.label().hash(state);
    }
}

/// A text as it may stand in a log: no control characters, and not without end.
fn shown(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).take(TEXT_MAX).collect()
}

impl Audit {
    pub(super) fn new(to: AuditTo) -> Self {
        Self { to, lines: Buckets::new(LINES), left_out: AtomicU64::new(0) }
    }

    /// Writes one, unless there were too many of its kind.
    pub(super) fn write(&self, event: Event, (at, steady): (Timestamp, SignedDuration), line: &Line<'_>) {
        if !self.lines.take(event, steady) {
            self.left_out.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let left_out = self.left_out.swap(0, Ordering::Relaxed);
        let more = if left_out > 0 { format!("; {left_out} lines before this were left out") } else { String::new() };
        (self.to)(AuditLine {
            at,
            who: shown(line.who),
            what: event.label().to_owned(),
            target: shown(line.target),
            why: shown(&format!("from {}: {}{more}", line.from, line.why)),
        });
    }
}

/// The particulars of one.
#[derive(Debug)]
pub(super) struct Line<'a> {
    /// The person's key, or `nobody`.
    pub(super) who: &'a str,
    /// What was asked for.
    pub(super) target: &'a str,
    /// From where.
    pub(super) from: IpAddr,
    /// Why.
    pub(super) why: &'a str,
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn a_flood_leaves_some_lines_and_a_count_and_no_line_holds_a_break() {
        let written: Arc<Mutex<Vec<AuditLine>>> = Arc::default();
        let lines = written.clone();
        let audit = Audit::new(Arc::new(move |line| lines.lock().unwrap().push(line)));
        let from = "10.0.0.1".parse().unwrap();
        let line = Line { who: "a\nb", target: "GET /x", from, why: "w" };
        for _ in 0..200 {
            audit.write(Event::Denied, (Timestamp::UNIX_EPOCH, SignedDuration::ZERO), &line);
        }
        assert_eq!(written.lock().unwrap().len(), 60);
        audit.write(Event::Login, (Timestamp::UNIX_EPOCH, SignedDuration::ZERO), &line);
        let written = written.lock().unwrap();
        let last = written.last().unwrap();
        assert_eq!((last.who.as_str(), last.what.as_str()), ("a\u{fffd}b", "login"));
        assert_eq!(last.why, "from 10.0.0.1: w; 140 lines before this were left out");
    }
}
