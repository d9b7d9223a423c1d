//! What one signal says, put together from all that was seen of it.

use jiff::Timestamp;

use crate::heartbeat::{Kind, Signal};

/// Words are at most so many characters.
const WORDS_MAX: usize = 200;

/// What one signal says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Which.
    pub signal: Signal,
    /// What it says now.
    pub kind: Kind,
    /// The newest use that can be told of: now, or earlier.
    pub used_at: Option<Timestamp>,
    /// What was seen.
    pub words: String,
}

/// One thing that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) kind: Kind,
    pub(super) used_at: Option<Timestamp>,
    pub(super) words: String,
}

impl Seen {
    pub(super) fn quiet(words: impl Into<String>) -> Self {
        Self { kind: Kind::Quiet, used_at: None, words: words.into() }
    }
    pub(super) fn connected(words: impl Into<String>) -> Self {
        Self { kind: Kind::Connected, used_at: None, words: words.into() }
    }
    pub(super) fn unknown(words: impl Into<String>) -> Self {
        Self { kind: Kind::Unknown, used_at: None, words: words.into() }
    }
    pub(super) fn busy(at: Timestamp, words: impl Into<String>) -> Self {
        Self { kind: Kind::Busy, used_at: Some(at), words: words.into() }
    }
    /// The same, with use that was seen earlier.
    pub(super) fn used(self, at: Option<Timestamp>) -> Self {
        Self { used_at: self.used_at.max(at), ..self }
    }
}

/// Busy outweighs what could not be read, and that outweighs what is merely connected.
const fn weight(kind: Kind) -> u8 {
    match kind {
        Kind::Busy => 3,
        Kind::Unknown => 2,
        Kind::Connected => 1,
        Kind::Quiet => 0,
    }
}

/// The strongest of all that was seen; how many more of its kind there are stands behind it.
pub(super) fn strongest(signal: Signal, seen: Vec<Seen>, none: &str) -> Found {
    let used_at = seen.iter().filter_map(|one| one.used_at).max();
    let most = seen.iter().map(|one| weight(one.kind)).max().unwrap_or(0);
    let mut of_it = seen.into_iter().filter(|one| weight(one.kind) == most);
    let Some(first) = of_it.next() else {
        return Found { signal, kind: Kind::Quiet, used_at, words: none.to_owned() };
    };
    let more = of_it.count();
    let more = if more == 0 { String::new() } else { format!(", and {more} more") };
    let room = WORDS_MAX.saturating_sub(more.len());
    let words = first.words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(room).collect::<String>();
    Found { signal, kind: first.kind, used_at, words: words + &more }
}

/// Thousandths of a core as people write them: `0.05`, `1.2`.
pub(super) fn cores(permille: u64) -> String {
    let hundredths = permille.saturating_add(5) / 10;
    let (whole, part) = (hundredths / 100, hundredths % 100);
    if part.is_multiple_of(10) { format!("{whole}.{}", part / 10) } else { format!("{whole}.{part:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_speaks_and_counts_its_like() {
        let at: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
        let seen =
            vec![Seen::connected("c"), Seen::busy(at, "b"), Seen::unknown("u"), Seen::busy(at, "d"), Seen::quiet("q")];
        let found = strongest(Signal::Cpu, seen, "none");
        assert_eq!((found.kind, found.words.as_str(), found.used_at), (Kind::Busy, "b, and 1 more", Some(at)));
        let found =
            strongest(Signal::Cpu, vec![Seen::connected("c").used(Some(at)), Seen::unknown("u\n\u{1b}")], "none");
        assert_eq!((found.kind, found.words.as_str(), found.used_at), (Kind::Unknown, "u  ", Some(at)));
        assert_eq!(strongest(Signal::Cpu, Vec::new(), "none").words, "none");
        assert_eq!(strongest(Signal::Cpu, vec![Seen::quiet("x".repeat(900))], "").words.len(), WORDS_MAX);
    }

    #[test]
    fn cores_are_written_short() {
        for (permille, text) in
            [(0, "0.0"), (4, "0.0"), (5, "0.01"), (50, "0.05"), (500, "0.5"), (1_234, "1.23"), (64_000, "64.0")]
        {
            assert_eq!(cores(permille), text);
        }
    }
}
