//! The chain: each row's hash covers the row, what it refers to, and the hash before it. A changed row shows.

use std::collections::{HashMap, HashSet};

use sha2::{Digest as _, Sha256};

use super::entry::{Entry, EntryKind, SubjectId, TermsId};
use super::meter::MeterState;
use super::price::PriceId;

/// A SHA-256.
pub type Hash = [u8; 32];

/// The hash before the first row.
pub const BEGINNING: Hash = [0; 32];

/// The end of the ledger; kept elsewhere it also proves that no row was cut off (C13).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// How many rows there are.
    pub seq: i64,
    /// The last row's hash.
    pub hash: Hash,
}

impl Head {
    /// Of an empty ledger.
    pub const EMPTY: Self = Self { seq: 0, hash: BEGINNING };

    /// The hash in lower-case hexadecimal.
    #[must_use]
    pub fn hex(&self) -> String {
        hex(&self.hash)
    }
}

/// In lower-case hexadecimal.
#[must_use]
pub fn hex(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digest of what rows refer to, as it is stored: a subject, terms or a price as JSON text.
#[must_use]
pub fn digest(text: &str) -> Hash {
    Sha256::digest(text.as_bytes()).into()
}

/// Digests of everything that rows refer to.
#[derive(Debug, Clone, Default)]
pub struct Digests {
    /// Of subjects.
    pub subjects: HashMap<SubjectId, Hash>,
    /// Of terms.
    pub terms: HashMap<TermsId, Hash>,
    /// Of prices.
    pub prices: HashMap<PriceId, Hash>,
}

/// Why a row does not stand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A number is missing.
    #[error("row {0} of the ledger is missing")]
    Missing(i64),
    /// The row or the order was changed.
    #[error("row {0} of the ledger does not fit its hash: it, or one before it, was changed")]
    Changed(i64),
    /// It refers to what is not there.
    #[error("row {seq} of the ledger refers to {what}, which is not there")]
    Dangling {
        /// Which row.
        seq: i64,
        /// To what.
        what: String,
    },
    /// Time was lost or counted twice (C5, C16).
    #[error(
        "row {seq} of the ledger begins at {from}, and the row before it of the same instance ends at {ended} (seconds since 1970)"
    )]
    Seam {
        /// Which row.
        seq: i64,
        /// Where it begins.
        from: i64,
        /// Where it ought to.
        ended: i64,
    },
    /// A correction that corrects nothing, or another meter's time.
    #[error("row {seq} of the ledger corrects row {corrects}, which {why}")]
    Correction {
        /// Which row.
        seq: i64,
        /// Which it names.
        corrects: i64,
        /// What is wrong with that.
        why: &'static str,
    },
}

/// The hash of a row.
///
/// # Errors
/// When it refers to what is not there.
pub fn seal(before: &Hash, entry: &Entry, digests: &Digests) -> Result<Hash, Broken> {
    let lost = |what: String| Broken::Dangling { seq: entry.seq, what };
    let subject = digests.subjects.get(&entry.subject).ok_or_else(|| lost(format!("subject {}", entry.subject.0)))?;
    let terms = digests.terms.get(&entry.terms).ok_or_else(|| lost(format!("terms {}", entry.terms.0)))?;
    let price = match entry.price {
        None => &BEGINNING,
        Some(id) => digests.prices.get(&id).ok_or_else(|| lost(format!("price {}", id.0)))?,
    };
    let interval = &entry.interval;
    let mut hasher = Sha256::new();
    hasher.update(before);
    let numbers = [
        entry.seq,
        interval.from.at,
        interval.from.low,
        interval.from.high,
        interval.to.at,
        interval.to.low,
        interval.to.high,
        // absent numbers are told from present ones by what no row number is
        entry.price.map_or(-1, |id| id.0),
        entry.seen.0.unwrap_or(-1),
        entry.seen.1.unwrap_or(-1),
        entry.corrects.unwrap_or(-1),
    ];
    let mut bytes = [0_u8; 88];
    for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
        place.copy_from_slice(&number.to_be_bytes());
    }
    hasher.update(bytes);
    let detail = entry.detail.as_deref();
    let words = [entry.kind.label(), interval.state.label(), interval.basis.label(), detail.unwrap_or_default()];
    for word in words {
        hasher.update(u64::try_from(word.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(word.as_bytes());
    }
    hasher.update([u8::from(detail.is_some())]);
    for part in [subject, terms, price] {
        hasher.update(part);
    }
    Ok(hasher.finalize().into())
}

/// Follows rows from the first and says where they break: numbers, hashes, seams, corrections.
#[derive(Debug)]
pub struct Auditor<'a> {
    digests: &'a Digests,
    /// Which life each subject belongs to.
    lives: &'a HashMap<SubjectId, u32>,
    head: Head,
    /// Where the usage of each life ends, and how much there is of each state.
    ends: HashMap<u32, Life>,
    /// Rows that are corrected somewhere: these are remembered.
    corrected: &'a HashSet<i64>,
    kept: HashMap<i64, Usage>,
}

/// What is known of one life so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Life {
    /// Where its first row begins.
    pub from: i64,
    /// Where its last row ends.
    pub to: i64,
    /// Seconds running.
    pub running: i64,
    /// Seconds stopped.
    pub stopped: i64,
    /// Seconds that nobody knows.
    pub unknown: i64,
}

/// What corrections have to fit, by row.
#[derive(Debug, Clone, Copy)]
struct Usage {
    life: u32,
    from: i64,
    to: i64,
    kind: EntryKind,
    corrects: bool,
}

impl<'a> Auditor<'a> {
    /// At the beginning; `corrected` are the rows that corrections name.
    #[must_use]
    pub fn new(digests: &'a Digests, lives: &'a HashMap<SubjectId, u32>, corrected: &'a HashSet<i64>) -> Self {
        Self { digests, lives, head: Head::EMPTY, ends: HashMap::new(), corrected, kept: HashMap::new() }
    }

    /// Takes the next row with the hash that is stored for it.
    ///
    /// # Errors
    /// When it does not follow.
    pub fn follow(&mut self, entry: &Entry, stored: &Hash) -> Result<(), Broken> {
        let expected = self.head.seq.saturating_add(1);
        if entry.seq != expected {
            return Err(Broken::Missing(expected));
        }
        let hash = seal(&self.head.hash, entry, self.digests)?;
        if hash != *stored {
            return Err(Broken::Changed(entry.seq));
        }
        self.head = Head { seq: entry.seq, hash };
        self.conserve(entry)
    }

    /// The end of what was followed.
    #[must_use]
    pub const fn head(&self) -> Head {
        self.head
    }

    /// How much of each state there is of every life: their sum is its lifetime, exactly (C16).
    #[must_use]
    pub const fn lives(&self) -> &HashMap<u32, Life> {
        &self.ends
    }

    fn conserve(&mut self, entry: &Entry) -> Result<(), Broken> {
        let seq = entry.seq;
        let dangling = || Broken::Dangling { seq, what: format!("subject {}", entry.subject.0) };
        let life = *self.lives.get(&entry.subject).ok_or_else(dangling)?;
        let (from, to) = (entry.interval.from.at, entry.interval.to.at);
        if self.corrected.contains(&seq) {
            self.kept.insert(seq, Usage { life, from, to, kind: entry.kind, corrects: entry.corrects.is_some() });
        }
        if let Some(corrects) = entry.corrects {
            return self.fits(entry, life, corrects);
        }
        if entry.kind != EntryKind::Usage {
            return Ok(());
        }
        let known = self.ends.entry(life).or_insert(Life { from, to: from, ..Life::default() });
        if known.to != from || to <= from {
            return Err(Broken::Seam { seq, from, ended: known.to });
        }
        let counted = match entry.interval.state {
            MeterState::Running => &mut known.running,
            MeterState::Stopped => &mut known.stopped,
            MeterState::Unknown | MeterState::Gone => &mut known.unknown,
        };
        *counted = counted.saturating_add(to.saturating_sub(from));
        known.to = to;
        Ok(())
    }

    fn fits(&self, entry: &Entry, life: u32, corrects: i64) -> Result<(), Broken> {
        let wrong = |why| Err(Broken::Correction { seq: entry.seq, corrects, why });
        let Some(old) = self.kept.get(&corrects).filter(|_| corrects < entry.seq) else {
            return wrong("is not there");
        };
        if old.corrects {
            return wrong("is a correction itself");
        }
        if (old.life, old.kind) != (life, entry.kind) {
            return wrong("is of another instance or kind");
        }
        if (old.from, old.to) != (entry.interval.from.at, entry.interval.to.at) {
            return wrong("covers another time");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
