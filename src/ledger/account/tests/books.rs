//! Ledgers by hand, for tests.

use std::sync::Arc;

use crate::ledger::account::{
    Account, Adjusted, Baseline, Costs, Grouping, Period, Question, References, Standing, Tally,
};
use crate::ledger::{
    AvoidedDetail, Basis, Bound, ClaimEnd, Counterfactual, Entry, EntryKind, Governance, Interval, Limit, MeterState,
    PriceId, PriceKey, PriceSource, Quote, Residual, Subject, SubjectId, Terms, TermsId,
};
use crate::units::{Currency, InstanceId, Rate, Region, When, WorkspaceId};

pub(super) const HOUR: i64 = 3_600;

/// Rows and what they refer to.
#[derive(Debug, Clone)]
pub(super) struct Books {
    pub(super) references: References,
    pub(super) entries: Vec<Entry>,
    pub(super) governance: Governance,
    residual: Option<Residual>,
}

/// Whose meter, at which price.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meter {
    subject: SubjectId,
    price: Option<PriceId>,
}

fn rate(text: &str) -> Rate {
    let (amount, currency) = text.split_once(' ').unwrap_or((text, "USD"));
    Rate::parse(amount, currency.parse().unwrap()).unwrap()
}

pub(super) fn usd(text: &str, seconds: i64) -> Costs {
    [rate(text).over(seconds)].into_iter().collect()
}

pub(super) fn euros(text: &str, seconds: i64) -> Costs {
    [Rate::parse(text, "EUR".parse::<Currency>().unwrap()).unwrap().over(seconds)].into_iter().collect()
}

impl Books {
    pub(super) fn new() -> Self {
        Self { references: References::default(), entries: Vec::new(), governance: Governance::Enforce, residual: None }
    }

    pub(super) fn with_residual(self) -> Self {
        Self { residual: Some(Residual::listed().unwrap()), ..self }
    }

    pub(super) fn meter(&mut self, workspace: &str, name: &str, price: &str) -> Meter {
        self.meter_in("rg-a", workspace, name, price)
    }

    /// Of an instance somewhere; an empty price is none.
    pub(super) fn meter_in(&mut self, group: &str, workspace: &str, name: &str, price: &str) -> Meter {
        let id = i64::try_from(self.references.subjects.len()).unwrap() + 1;
        let place = WorkspaceId::new("s", group, workspace).unwrap();
        let subject = Subject {
            instance: InstanceId::new(place, name).unwrap(),
            created: When::NONE,
            size: "STANDARD_DS3_V2".into(),
            region: Region::new("westeurope"),
            owner: None,
            team: Some(format!("{workspace}-team").into()),
        };
        self.references.subjects.insert(SubjectId(id), Arc::new(subject));
        let price = (!price.is_empty()).then(|| self.price(price));
        Meter { subject: SubjectId(id), price }
    }

    fn price(&mut self, text: &str) -> PriceId {
        let id = PriceId(i64::try_from(self.references.prices.len()).unwrap() + 1);
        let quote = Quote {
            key: PriceKey::new("Standard_DS3_v2", &Region::new("westeurope")),
            source: PriceSource::Retail,
            rate: rate(text),
            fetched_at: jiff::Timestamp::UNIX_EPOCH,
            effective: When::NONE,
            meter: "D3 v2/DS3 v2".into(),
            etag: "".into(),
        };
        self.references.prices.insert(id, Arc::new(quote));
        id
    }

    fn terms(&mut self) -> TermsId {
        let terms = Terms {
            policy: Some("office".into()),
            revision: Some("r1".into()),
            governance: self.governance,
            ..Terms::ungoverned("0.1.0", Some("2026a"), self.residual)
        };
        let known = self.references.terms.iter().find(|(_, known)| ***known == terms).map(|(id, _)| *id);
        let next = TermsId(i64::try_from(self.references.terms.len()).unwrap() + 1);
        let id = known.unwrap_or(next);
        self.references.terms.entry(id).or_insert_with(|| Arc::new(terms));
        id
    }

    /// Answers with its place.
    fn push(&mut self, meter: Meter, kind: EntryKind, interval: Interval) -> usize {
        let priced = interval.state != MeterState::Stopped || kind != EntryKind::Usage;
        let entry = Entry {
            seq: i64::try_from(self.entries.len()).unwrap() + 1,
            kind,
            subject: meter.subject,
            terms: self.terms(),
            price: meter.price.filter(|_| priced),
            interval,
            seen: (None, None),
            corrects: None,
            detail: None,
        };
        self.entries.push(entry);
        self.entries.len() - 1
    }

    pub(super) fn row(&mut self, meter: Meter, state: MeterState, from: i64, to: i64) -> usize {
        let basis = if state == MeterState::Unknown { Basis::Gap } else { Basis::Observed };
        let interval = Interval { from: Bound::sharp(from), to: Bound::sharp(to), state, basis };
        self.push(meter, EntryKind::Usage, interval)
    }

    pub(super) fn ran(&mut self, meter: Meter, from: Bound, to: Bound) -> usize {
        let interval = Interval { from, to, state: MeterState::Running, basis: Basis::Observed };
        self.push(meter, EntryKind::Usage, interval)
    }

    pub(super) fn interval(&mut self, meter: Meter, interval: Interval) -> usize {
        self.push(meter, EntryKind::Usage, interval)
    }

    pub(super) fn avoided(&mut self, meter: Meter, time: (i64, i64), credited: i64, charged: i64) -> usize {
        self.claim((EntryKind::Avoided, meter), time, credited, charged)
    }

    pub(super) fn claim(
        &mut self,
        (kind, meter): (EntryKind, Meter),
        (from, to): (i64, i64),
        credited: i64,
        charged: i64,
    ) -> usize {
        let detail = AvoidedDetail {
            ground: "off_hours".into(),
            key: "k".into(),
            counterfactual: Counterfactual { until: to, limit: Limit::OnEdge },
            end: ClaimEnd::Start,
            credited,
            charged,
            regret: credited == 0 && charged > 0,
        };
        let state = MeterState::Stopped;
        let interval = Interval { from: Bound::sharp(from), to: Bound::sharp(to), state, basis: Basis::Observed };
        let place = self.push(meter, kind, interval);
        self.entries[place].detail = Some(serde_json::to_string(&detail).unwrap().into());
        place
    }

    /// The same time in another state.
    pub(super) fn correction(&mut self, of: usize, state: MeterState) -> usize {
        let old = self.entries[of].clone();
        let seq = i64::try_from(self.entries.len()).unwrap() + 1;
        let interval = Interval { state, ..old.interval };
        self.entries.push(Entry { seq, interval, corrects: Some(old.seq), ..old });
        self.entries.len() - 1
    }

    /// As if the ledger ended after so many rows.
    pub(super) fn prefix(&self, rows: usize) -> Self {
        Self { entries: self.entries[..rows].to_vec(), ..self.clone() }
    }

    pub(super) fn standing(&self) -> Standing {
        Standing::new(self.entries.iter().filter_map(|entry| Some((entry.corrects?, entry.seq))))
    }

    pub(super) fn account(&self, question: &Question) -> Account {
        let standing = self.standing();
        let mut tally = Tally::new(&self.references, &standing, question);
        self.entries.iter().for_each(|entry| tally.add(entry).unwrap());
        let mut baseline = Baseline::new(&self.references, &standing, tally.stretches());
        self.entries.iter().for_each(|entry| baseline.add(entry).unwrap());
        let adjusted = baseline.weigh(tally.stretches());
        tally.account(adjusted, None)
    }

    pub(super) fn nothing_weighed(&self) -> Adjusted {
        Baseline::new(&self.references, &self.standing(), &[]).weigh(&[])
    }

    pub(super) fn total(&self, from: i64, to: i64) -> Account {
        self.account(&Question::whole(Period { from, to }, Grouping::Workspace))
    }
}
