//! Sessions and logins under way: in memory alone, by a digest of what the browser holds. A restart ends them all.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::SignedDuration;

use super::random::{NoRandom, kept, random_text};

/// What is kept for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLength {
    /// Without any request.
    pub idle: SignedDuration,
    /// At most, whatever is done.
    pub most: SignedDuration,
}

#[derive(Debug)]
struct Entry<T> {
    what: T,
    began: SignedDuration,
    seen: SignedDuration,
}

/// Things that a browser holds the key of, so many at most: the one that was used longest ago makes room.
#[derive(Debug)]
pub(super) struct Sessions<T> {
    length: SessionLength,
    most: usize,
    held: Mutex<HashMap<[u8; 32], Entry<T>>>,
}

impl<T: Clone> Sessions<T> {
    /// None.
    pub(super) fn new(length: SessionLength, most: usize) -> Self {
        Self { length, most, held: Mutex::default() }
    }

    fn is_over(length: SessionLength, entry: &Entry<T>, now: SignedDuration) -> bool {
        now.saturating_sub(entry.began) >= length.most || now.saturating_sub(entry.seen) >= length.idle
    }

    /// Begins one; returns what the browser holds of it.
    pub(super) fn begin(&self, what: T, now: SignedDuration) -> Result<String, NoRandom> {
        let id = random_text()?;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= self.most {
            held.retain(|_, entry| !Self::is_over(self.length, entry, now));
        }
        if held.len() >= self.most {
            let oldest = held.iter().min_by_key(|(_, entry)| entry.seen).map(|(key, _)| *key);
            oldest.and_then(|key| held.remove(&key));
        }
        held.insert(kept(&id), Entry { what, began: now, seen: now });
        Ok(id)
    }

    /// The one of an id, used now.
    pub(super) fn find(&self, id: &str, now: SignedDuration) -> Option<T> {
        let key = kept(id);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = held.get_mut(&key)?;
        if Self::is_over(self.length, entry, now) {
            held.remove(&key);
            return None;
        }
        entry.seen = now;
        Some(entry.what.clone())
    }

    /// Ends the one of an id; returns it when it was not over yet.
    pub(super) fn end(&self, id: &str, now: SignedDuration) -> Option<T> {
        let entry = self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&kept(id))?;
        (!Self::is_over(self.length, &entry, now)).then_some(entry.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: SessionLength =
        SessionLength { idle: SignedDuration::from_mins(60), most: SignedDuration::from_mins(150) };

    fn at(minutes: i64) -> SignedDuration {
        SignedDuration::from_mins(minutes)
    }

    #[test]
    fn a_session_ends_when_it_is_left_alone_and_when_its_time_is_over() {
        let sessions = Sessions::new(LENGTH, 10);
        let id = sessions.begin("ada", at(0)).unwrap();
        assert_eq!(id.len(), 43);
        assert_eq!(sessions.find(&id, at(59)), Some("ada"));
        assert_eq!(sessions.find(&id, at(118)), Some("ada"));
        assert_eq!(sessions.find(&id, at(150)), None, "used, but over");
        let idle = sessions.begin("bob", at(0)).unwrap();
        assert_eq!(sessions.find(&idle, at(60)), None);
        assert_eq!(sessions.find(&idle, at(1)), None, "what is over stays so");
        assert_eq!(sessions.find("", at(0)), None);
    }

    #[test]
    fn one_that_was_ended_is_over_and_those_used_longest_ago_make_room() {
        let sessions = Sessions::new(LENGTH, 2);
        let first = sessions.begin(1, at(0)).unwrap();
        let second = sessions.begin(2, at(1)).unwrap();
        assert_eq!(sessions.find(&first, at(2)), Some(1));
        let third = sessions.begin(3, at(3)).unwrap();
        assert_eq!([&first, &second, &third].map(|id| sessions.find(id, at(4))), [Some(1), None, Some(3)]);
        assert_eq!(sessions.end(&first, at(4)), Some(1));
        assert_eq!((sessions.end(&first, at(4)), sessions.find(&first, at(4))), (None, None));
        assert_eq!(sessions.end(&third, at(500)), None);
    }
}
