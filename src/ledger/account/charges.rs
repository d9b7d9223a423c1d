//! Charges: what was metered of one instance on one day by one meter, for exports that other tools read line by line.
//!
//! A row that was corrected keeps its charge; the correction is a charge of its own that holds the difference, so that
//! what was exported once never changes and the sum is right (C1).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::error::AccountError;
use super::question::Question;
use super::references::References;
use super::standing::Standing;
use crate::ledger::entry::{Entry, EntryKind, Residual, Subject, SubjectId};
use crate::ledger::meter::{Basis, Interval, MeterState, Seconds};
use crate::ledger::price::{PriceId, Quote};
use crate::units::Rate;

/// What is metered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChargeMeter {
    /// The size, while it runs.
    Compute,
    /// The OS disk, until the instance is deleted.
    Disk,
    /// The public address, until then.
    PublicIp,
    /// The load balancer, until then.
    LoadBalancer,
}

impl ChargeMeter {
    /// Its name for readers.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Compute => "compute",
            Self::Disk => "OS disk",
            Self::PublicIp => "public address",
            Self::LoadBalancer => "load balancer",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    day: usize,
    subject: SubjectId,
    meter: ChargeMeter,
    rate: Option<Rate>,
    price: Option<PriceId>,
    correction: bool,
}

/// One charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// The day's place in the question.
    pub day: usize,
    /// Whose.
    pub subject: Arc<Subject>,
    /// What is metered.
    pub meter: ChargeMeter,
    /// What an hour costs; none when nobody knew.
    pub rate: Option<Rate>,
    /// The price of the size, where it is one.
    pub quote: Option<Arc<Quote>>,
    /// True for the difference that a correction makes.
    pub correction: bool,
    /// For how long; less than nothing where a correction takes away.
    pub seconds: Seconds,
}

/// Charges added up so far.
#[derive(Debug)]
pub struct Charges<'a> {
    references: &'a References,
    standing: &'a Standing,
    question: &'a Question,
    lines: BTreeMap<Key, Seconds>,
    /// What stands for each corrected row so far.
    last: HashMap<i64, Entry>,
}

impl<'a> Charges<'a> {
    /// Of nothing yet.
    #[must_use]
    pub fn new(references: &'a References, standing: &'a Standing, question: &'a Question) -> Self {
        Self { references, standing, question, lines: BTreeMap::new(), last: HashMap::new() }
    }

    /// Takes a row, of whatever kind and time. Rows come in their order.
    ///
    /// # Errors
    /// When it names what is not there.
    pub fn add(&mut self, entry: &Entry) -> Result<(), AccountError> {
        if entry.kind != EntryKind::Usage {
            return Ok(());
        }
        let Some(corrected) = entry.corrects else {
            if self.standing.is_corrected(entry.seq) {
                self.last.insert(entry.seq, entry.clone());
            }
            return self.count(entry, Sign::Add, false);
        };
        if let Some(before) = self.last.insert(corrected, entry.clone()) {
            self.count(&before, Sign::TakeAway, true)?;
        }
        self.count(entry, Sign::Add, true)
    }

    /// Every charge, by day and instance.
    ///
    /// # Errors
    /// Never after `add` took the rows.
    pub fn finish(self) -> Result<Vec<Charge>, AccountError> {
        let nothing = Seconds::default();
        let mut charges = Vec::with_capacity(self.lines.len());
        for (key, seconds) in self.lines.into_iter().filter(|(_, seconds)| *seconds != nothing) {
            let Some(subject) = self.references.subjects.get(&key.subject).cloned() else { continue };
            let quote = key.price.and_then(|id| self.references.prices.get(&id)).cloned();
            let Key { day, meter, rate, correction, .. } = key;
            charges.push(Charge { day, subject, meter, rate, quote, correction, seconds });
        }
        charges.sort_by(|a, b| (a.day, &a.subject.instance).cmp(&(b.day, &b.subject.instance)));
        Ok(charges)
    }

    fn count(&mut self, entry: &Entry, sign: Sign, correction: bool) -> Result<(), AccountError> {
        self.references.subject(entry)?;
        let residual = self.references.terms(entry)?.residual;
        let rate = self.references.price(entry)?.map(|quote| quote.rate);
        let (question, interval) = (self.question, &entry.interval);
        for (day, piece) in question.touched(interval.from.low, interval.to.high) {
            let whole = piece.overlap(interval.from.at, interval.to.at);
            let key =
                Key { day, subject: entry.subject, meter: ChargeMeter::Compute, rate, price: entry.price, correction };
            if interval.state == MeterState::Running {
                let seconds = Seconds {
                    low: if interval.basis == Basis::Observed {
                        piece.overlap(interval.from.high, interval.to.low)
                    } else {
                        0
                    },
                    mid: whole,
                    high: piece.overlap(interval.from.low, interval.to.high),
                };
                self.put(key, seconds, sign);
            }
            for (meter, rate) in residual.iter().flat_map(parts).filter(|_| is_there(interval)) {
                let seconds = Seconds { low: whole, mid: whole, high: whole };
                self.put(Key { meter, rate: Some(rate), price: None, ..key }, seconds, sign);
            }
        }
        Ok(())
    }

    fn put(&mut self, key: Key, seconds: Seconds, sign: Sign) {
        let signed = |part: i64| match sign {
            Sign::Add => part,
            Sign::TakeAway => part.saturating_neg(),
        };
        let signed = Seconds { low: signed(seconds.low), mid: signed(seconds.mid), high: signed(seconds.high) };
        self.lines.entry(key).or_default().grow(signed);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Add,
    TakeAway,
}

fn parts(residual: &Residual) -> [(ChargeMeter, Rate); 3] {
    [
        (ChargeMeter::Disk, residual.disk),
        (ChargeMeter::PublicIp, residual.public_ip),
        (ChargeMeter::LoadBalancer, residual.load_balancer),
    ]
}

const fn is_there(interval: &Interval) -> bool {
    match interval.state {
        MeterState::Running | MeterState::Stopped | MeterState::Unknown => true,
        MeterState::Gone => false,
    }
}
