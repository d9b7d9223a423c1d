//! Which rows count: a correction stands for the row that it names, the last one of several (C1).

use std::collections::HashMap;

use crate::ledger::entry::Entry;

/// What stands for each row that was corrected. Of what is known up to some row, so that a report as of that row is the
/// report that was made when the ledger ended there (C13).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    last: HashMap<i64, i64>,
}

impl Standing {
    /// Of pairs: the row that is corrected, and the correction.
    #[must_use]
    pub fn new(corrections: impl IntoIterator<Item = (i64, i64)>) -> Self {
        let mut last: HashMap<i64, i64> = HashMap::new();
        for (corrected, by) in corrections {
            let known = last.entry(corrected).or_insert(by);
            *known = by.max(*known);
        }
        Self { last }
    }

    /// True when a row counts.
    #[must_use]
    pub fn counts(&self, entry: &Entry) -> bool {
        match entry.corrects {
            None => self.last.is_empty() || !self.last.contains_key(&entry.seq),
            Some(corrected) => self.last.get(&corrected) == Some(&entry.seq),
        }
    }
}
