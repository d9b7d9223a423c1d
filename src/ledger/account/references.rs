//! What rows refer to, by number: whose meter, under which terms, at which price.

use std::collections::HashMap;
use std::sync::Arc;

use crate::ledger::chain::Broken;
use crate::ledger::entry::{Entry, Subject, SubjectId, Terms, TermsId};
use crate::ledger::price::{PriceId, Quote};
use crate::units::{InstanceId, When};

/// What rows refer to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct References {
    /// Subjects.
    pub subjects: HashMap<SubjectId, Arc<Subject>>,
    /// Terms.
    pub terms: HashMap<TermsId, Arc<Terms>>,
    /// Prices.
    pub prices: HashMap<PriceId, Arc<Quote>>,
}

impl References {
    /// Whose meter a row tells of.
    ///
    /// # Errors
    /// When the subject is not there.
    pub fn subject(&self, entry: &Entry) -> Result<&Arc<Subject>, Broken> {
        self.subjects.get(&entry.subject).ok_or_else(|| lost(entry, format!("subject {}", entry.subject.0)))
    }

    /// The terms it was written under.
    ///
    /// # Errors
    /// When they are not there.
    pub fn terms(&self, entry: &Entry) -> Result<&Arc<Terms>, Broken> {
        self.terms.get(&entry.terms).ok_or_else(|| lost(entry, format!("terms {}", entry.terms.0)))
    }

    /// The price of it, where one was known.
    ///
    /// # Errors
    /// When it names one that is not there.
    pub fn price(&self, entry: &Entry) -> Result<Option<&Arc<Quote>>, Broken> {
        let find = |id: PriceId| self.prices.get(&id).ok_or_else(|| lost(entry, format!("price {}", id.0)));
        entry.price.map(find).transpose()
    }

    /// Which life each subject belongs to: an instance's name may be used again, and its size, owner and team change.
    #[must_use]
    pub fn lives(&self) -> HashMap<SubjectId, u32> {
        let mut known: HashMap<(&InstanceId, When), u32> = HashMap::new();
        let mut subjects: Vec<(&SubjectId, &Arc<Subject>)> = self.subjects.iter().collect();
        subjects.sort_by_key(|(id, _)| **id);
        let life = |(id, subject): (&SubjectId, &'_ Arc<Subject>)| (*id, (subject.instance.clone(), subject.created));
        let keyed: Vec<(SubjectId, (InstanceId, When))> = subjects.into_iter().map(life).collect();
        let mut lives = HashMap::with_capacity(keyed.len());
        for (id, (instance, created)) in &keyed {
            let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
            lives.insert(*id, *known.entry((instance, *created)).or_insert(next));
        }
        lives
    }
}

fn lost(entry: &Entry, what: String) -> Broken {
    Broken::Dangling { seq: entry.seq, what }
}
