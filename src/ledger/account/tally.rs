//! Takes rows one by one and adds them up.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::baseline::Adjusted;
use super::costs::Costs;
use super::error::AccountError;
use super::evidence::Used;
use super::figures::{Credit, Figures};
use super::group::{GroupName, Grouping};
use super::question::Question;
use super::references::References;
use super::result::{Account, GroundFigures, Group};
use super::standing::Standing;
use crate::ledger::entry::{Entry, EntryKind, SubjectId, Terms, TermsId};
use crate::ledger::meter::MeterState;
use crate::ledger::saving::AvoidedDetail;
use crate::units::{Rate, WorkspaceId};

/// A priced stretch that stops avoided, as far as it lies in the period: what a baseline weighs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Where.
    pub workspace: WorkspaceId,
    /// Which life of an instance's name.
    pub life: u32,
    /// What an hour would have cost.
    pub rate: Rate,
    /// Where credit begins.
    pub from: i64,
    /// Where it ends.
    pub to: i64,
    /// Seconds charged.
    pub charged: i64,
    /// When: where its row ends, and so in one piece of a period that is cut.
    pub charged_at: i64,
}

/// Rows added up so far.
#[derive(Debug)]
pub struct Tally<'a> {
    references: &'a References,
    standing: &'a Standing,
    question: &'a Question,
    groups: Groups,
    lives: HashMap<SubjectId, u32>,
    grounds: BTreeMap<Arc<str>, GroundFigures>,
    stretches: Vec<Stretch>,
    used: Used,
}

impl<'a> Tally<'a> {
    /// Of nothing yet.
    #[must_use]
    pub fn new(references: &'a References, standing: &'a Standing, question: &'a Question) -> Self {
        Self {
            references,
            standing,
            question,
            groups: Groups::default(),
            lives: references.lives(),
            grounds: BTreeMap::new(),
            stretches: Vec::new(),
            used: Used::default(),
        }
    }

    /// Takes a row, of whatever time.
    ///
    /// # Errors
    /// When it names what is not there, or its particulars cannot be read.
    pub fn add(&mut self, entry: &Entry) -> Result<(), AccountError> {
        if !self.standing.counts(entry) {
            return Ok(());
        }
        match entry.kind {
            EntryKind::Usage => self.usage(entry, Part::Row),
            EntryKind::Avoided | EntryKind::WouldAvoid => self.avoided(entry),
        }
    }

    /// Takes what is going on and has no row yet, closed where it was last seen.
    ///
    /// # Errors
    /// When it names what is not there.
    pub fn add_open(&mut self, entry: &Entry) -> Result<(), AccountError> {
        self.usage(entry, Part::Open)
    }

    /// What a baseline is to weigh.
    #[must_use]
    pub fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }

    /// The account, with the baseline-adjusted figure, and what bills confirm where they were compared.
    #[must_use]
    pub fn account(self, adjusted: Adjusted, confirmed: Option<Costs>) -> Account {
        let groups = self.groups.named(self.question.by());
        let mut total = Figures::default();
        groups.iter().for_each(|group| total.merge(&group.figures));
        Account {
            total,
            groups,
            grounds: self.grounds,
            adjusted,
            confirmed,
            evidence: self.used.evidence(self.references),
        }
    }

    fn usage(&mut self, entry: &Entry, part: Part) -> Result<(), AccountError> {
        let (terms, rate) = self.terms(entry)?;
        let residual = terms.residual.as_ref();
        let (question, interval) = (self.question, &entry.interval);
        let mut counted = false;
        for (place, piece) in question.touched(interval.from.low, interval.to.high) {
            if piece.overlap(interval.from.low, interval.to.high) == 0 {
                continue;
            }
            counted = true;
            let group = self.group(entry, terms, place, None)?;
            if let Some(found) = self.groups.all.get_mut(group) {
                let usage = match part {
                    Part::Row => &mut found.figures.usage,
                    Part::Open => &mut found.figures.open,
                };
                usage.count(interval, piece, (rate, residual));
                if let Some(rate) = rate.filter(|_| question.is_daily() && interval.state == MeterState::Running) {
                    let cell = found.days.entry(place).or_default();
                    let costs = if part == Part::Row { &mut cell.cost } else { &mut cell.open };
                    costs.add(rate.over(piece.overlap(interval.from.at, interval.to.at)));
                }
            }
        }
        if counted {
            self.used.note(entry.terms, entry.price);
        }
        Ok(())
    }

    fn avoided(&mut self, entry: &Entry) -> Result<(), AccountError> {
        let (from, to) = (entry.interval.from.at, entry.interval.to.at);
        let question = self.question;
        if question.touched(from, to).next().is_none() {
            return Ok(());
        }
        let unreadable = |source| AccountError::Detail { seq: entry.seq, source };
        let detail: AvoidedDetail =
            serde_json::from_str(entry.detail.as_deref().unwrap_or_default()).map_err(unreadable)?;
        let (terms, rate) = self.terms(entry)?;
        let did = entry.kind == EntryKind::Avoided;
        for (place, piece) in question.touched(from, to) {
            let ground = self.grounds.entry(Arc::clone(&detail.ground)).or_default();
            let credit = ground.of(did).count(&entry.interval, &detail, piece, rate);
            let group = self.group(entry, terms, place, Some(&detail))?;
            if let Some(found) = self.groups.all.get_mut(group) {
                let avoids = if did { &mut found.figures.avoided } else { &mut found.figures.would_avoid };
                avoids.count(&entry.interval, &detail, piece, rate);
                if let Some(rate) = rate.filter(|_| question.is_daily()) {
                    let cell = found.days.entry(place).or_default();
                    let costs = if did { &mut cell.avoided } else { &mut cell.would_avoid };
                    costs.add(rate.over(credit.seconds.saturating_sub(credit.charged)));
                }
            }
            self.stretch(entry, credit, rate.filter(|_| did));
        }
        self.used.note(entry.terms, entry.price);
        Ok(())
    }

    fn stretch(&mut self, entry: &Entry, credit: Credit, rate: Option<Rate>) {
        let Some((life, rate)) = self.lives.get(&entry.subject).copied().zip(rate) else { return };
        let Some(subject) = self.references.subjects.get(&entry.subject) else { return };
        let workspace = subject.instance.workspace().clone();
        if credit.seconds > 0 || credit.charged > 0 {
            let (from, to) = (credit.from, credit.from.saturating_add(credit.seconds));
            let (charged, charged_at) = (credit.charged, entry.interval.to.at);
            self.stretches.push(Stretch { workspace, life, rate, from, to, charged, charged_at });
        }
    }

    fn terms(&self, entry: &Entry) -> Result<(&'a Terms, Option<Rate>), AccountError> {
        let rate = self.references.price(entry)?.map(|quote| quote.rate);
        Ok((self.references.terms(entry)?, rate))
    }

    /// The place of a row's group.
    fn group(
        &mut self,
        entry: &Entry,
        terms: &Terms,
        place: usize,
        detail: Option<&AvoidedDetail>,
    ) -> Result<usize, AccountError> {
        let by = self.question.by();
        let known = match by {
            Grouping::Policy => self.groups.of_terms.get(&entry.terms),
            Grouping::Day => self.groups.of_day.get(&place),
            Grouping::Ground => None,
            Grouping::Workspace | Grouping::Team | Grouping::Owner | Grouping::Size | Grouping::Instance => {
                self.groups.of_subject.get(&entry.subject)
            }
        };
        if let Some(known) = known {
            return Ok(*known);
        }
        let subject = self.references.subject(entry)?;
        let name = match by {
            Grouping::Policy => GroupName::policy(terms.policy.as_deref()),
            Grouping::Day => GroupName::plain(self.question.pieces().get(place).map_or("", |day| &day.name)),
            Grouping::Ground => {
                detail.map_or_else(|| GroupName::none("metered time"), |detail| GroupName::plain(&detail.ground))
            }
            Grouping::Workspace | Grouping::Team | Grouping::Owner | Grouping::Size | Grouping::Instance => {
                GroupName::of(by, subject).unwrap_or_else(|| GroupName::none("other"))
            }
        };
        let group = self.groups.place(name);
        match by {
            Grouping::Policy => drop(self.groups.of_terms.insert(entry.terms, group)),
            Grouping::Day => drop(self.groups.of_day.insert(place, group)),
            Grouping::Ground => {}
            Grouping::Workspace | Grouping::Team | Grouping::Owner | Grouping::Size | Grouping::Instance => {
                self.groups.of_subject.insert(entry.subject, group);
            }
        }
        Ok(group)
    }
}

/// Whether it has a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Row,
    Open,
}

/// Groups in the order in which they were met, and where each kind of row finds its own.
#[derive(Debug, Default)]
struct Groups {
    all: Vec<Group>,
    by_key: HashMap<GroupName, usize>,
    of_subject: HashMap<SubjectId, usize>,
    of_terms: HashMap<TermsId, usize>,
    of_day: HashMap<usize, usize>,
}

impl Groups {
    fn place(&mut self, name: GroupName) -> usize {
        let next = self.all.len();
        // names differ in case now and then, their keys do not
        let key = GroupName { label: Arc::default(), ..name.clone() };
        let place = *self.by_key.entry(key).or_insert(next);
        if place == next {
            self.all.push(Group { name, figures: Figures::default(), days: BTreeMap::new() });
        }
        place
    }

    /// With labels that tell them apart: where two would be called the same, both go by their whole id.
    fn named(mut self, by: Grouping) -> Vec<Group> {
        let mut count: HashMap<Arc<str>, usize> = HashMap::new();
        for group in &self.all {
            *count.entry(folded(&group.name.label)).or_default() += 1;
        }
        for group in &mut self.all {
            let twice = count.get(&folded(&group.name.label)).is_some_and(|n| *n > 1);
            if twice && !group.name.key.is_empty() && matches!(by, Grouping::Workspace | Grouping::Instance) {
                group.name.label = Arc::clone(&group.name.key);
            }
        }
        self.all
    }
}

fn folded(label: &str) -> Arc<str> {
    label.to_ascii_lowercase().into()
}
