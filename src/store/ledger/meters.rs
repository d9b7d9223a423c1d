//! Meters turn with what a sweep saw: closed intervals become rows, in the sweep's own transaction.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::append::append;
use super::dims::{self, Dim, Of};
use super::open::{self, Meter};
use super::prices::InForce;
use super::{claims, cut, marks, prices};
use crate::ledger::{Bound, Entry, Look, MeterState, Open, PriceKey, Subject, SubjectId, Terms, TermsId, first, turn};
use crate::ports::{Sighting, SweepRecord};
use crate::store::StoreError;
use crate::store::rows::{instance_key, life, workspace_key};
use crate::store::sightings::Noted;
use crate::store::sql::{Builder, Link, query};
use crate::units::InstanceId;

/// Sightings that are taken into account at once: a first sweep of a large fleet has a hundred thousand.
const PIECE: usize = 2_000;

/// When each workspace of the record was read before.
pub(crate) type ReadBefore = HashMap<String, i64>;

/// Meters by instance and life.
type Meters = HashMap<(String, String), Meter>;

/// What one record adds.
pub(super) struct Work<'a> {
    pub(super) record: &'a SweepRecord,
    pub(super) prices: InForce,
    pub(super) terms: HashMap<String, TermsId>,
    fallback: TermsId,
    pub(super) meters: Meters,
    /// Those whose meter was there before and was looked at: of these alone there may be claims. Their meters are in `meters`.
    pub(super) touched: Vec<(String, String)>,
    /// What each meter turned to in this record, in order.
    pub(super) turns: HashMap<(String, String), Vec<Open>>,
    pub(super) entries: Vec<Entry>,
}

/// Takes a record into account: meters, days, claims. `noted` says of each sighting what the journal made of it.
pub(in crate::store) async fn write(
    tx: &mut Link,
    record: &SweepRecord,
    noted: &[Noted],
    before: &ReadBefore,
) -> Result<(), StoreError> {
    let (terms, fallback) = terms(tx, record).await?;
    let mut work = Work {
        record,
        prices: prices::in_force(tx).await?,
        terms,
        fallback,
        meters: Meters::new(),
        touched: Vec::new(),
        turns: HashMap::new(),
        entries: Vec::new(),
    };
    work.see(tx, noted, before).await?;
    mark_unseen(tx, record).await?;
    if !record.accounts.clock_trouble {
        cut::days(tx, &mut work, before).await?;
    }
    let closed = claims::ended(tx, &work).await?;
    let usage = work.entries.len();
    let mut entries = std::mem::take(&mut work.entries);
    entries.extend(closed.iter().map(|claim| claim.entry.clone()));
    let first = append(tx, &mut entries).await?;
    let numbers = (first..).skip(usage);
    for (claim, seq) in closed.iter().zip(numbers) {
        claims::close(tx, claim, seq).await?;
    }
    claims::begin(tx, &work).await?;
    marks::add(tx, &record.accounts.marks).await
}

async fn terms(tx: &mut Link, record: &SweepRecord) -> Result<(HashMap<String, TermsId>, TermsId), StoreError> {
    // workspaces under one policy share their terms
    let mut distinct: BTreeMap<&Arc<Terms>, Vec<String>> = BTreeMap::new();
    for (workspace, terms) in &record.accounts.terms {
        distinct.entry(terms).or_default().push(workspace_key(workspace));
    }
    let fallback = Terms::ungoverned(env!("CARGO_PKG_VERSION"), None, None);
    let mut all = vec![Dim::new("terms", &fallback)?];
    for terms in distinct.keys() {
        all.push(Dim::new("terms", terms)?);
    }
    let mut numbers = dims::terms(tx, &all).await?.into_iter();
    let fallback = numbers.next().ok_or_else(|| StoreError::Absent("row of terms".to_owned()))?;
    let of = distinct.into_values().zip(numbers);
    let of = of.flat_map(|(workspaces, number)| workspaces.into_iter().map(move |workspace| (workspace, number)));
    Ok((of.collect(), fallback))
}

impl Work<'_> {
    pub(super) fn terms_of(&self, workspace: &str) -> TermsId {
        self.terms.get(workspace).copied().unwrap_or(self.fallback)
    }

    async fn see(&mut self, tx: &mut Link, noted: &[Noted], before: &ReadBefore) -> Result<(), StoreError> {
        let record = self.record;
        let mut kept = Meters::new();
        for (sightings, noted) in record.sightings.chunks(PIECE).zip(noted.chunks(PIECE)) {
            let keys: Vec<String> = sightings.iter().map(|seen| instance_key(&seen.facts.id)).collect();
            self.load(tx, &keys).await?;
            let looked_at = self.touched.len();
            let subjects = dims::subjects(tx, &self.subjects(sightings, &keys)?).await?;
            for (((seen, key), subject), noted) in sightings.iter().zip(&keys).zip(subjects).zip(noted) {
                let read_before = before.get(&workspace_key(seen.facts.id.workspace())).copied();
                self.replace(seen, key, noted, read_before);
                self.sight(seen, (key, subject), noted, read_before);
            }
            kept.extend(self.put_away(tx, looked_at).await?);
        }
        for gone in record.gone.chunks(PIECE) {
            let keys: Vec<String> = gone.iter().map(|(id, _)| instance_key(id)).collect();
            self.load(tx, &keys).await?;
            let looked_at = self.touched.len();
            for (key, (_, last_seen)) in keys.iter().zip(gone) {
                self.end(key, *last_seen);
            }
            kept.extend(self.put_away(tx, looked_at).await?);
        }
        self.meters = kept;
        Ok(())
    }

    async fn load(&mut self, tx: &mut Link, keys: &[String]) -> Result<(), StoreError> {
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        self.meters = open::of(tx, &keys).await?;
        Ok(())
    }

    /// Writes the meters of a piece; answers with those of them that were touched, after so many others.
    async fn put_away(&mut self, tx: &mut Link, others: usize) -> Result<Meters, StoreError> {
        let mut all: Vec<(&(String, String), &Meter)> = self.meters.iter().collect();
        all.sort_by_key(|(place, _)| *place);
        let meters: Vec<&Meter> = all.into_iter().map(|(_, meter)| meter).collect();
        open::save(tx, &meters).await?;
        let touched: HashSet<&(String, String)> = self.touched.iter().skip(others).collect();
        Ok(std::mem::take(&mut self.meters).into_iter().filter(|(place, _)| touched.contains(place)).collect())
    }

    fn subjects(&self, seen: &[Sighting], keys: &[String]) -> Result<Vec<Dim>, StoreError> {
        let one = |(seen, key): (&Sighting, &String)| {
            let facts = &seen.facts;
            let subject = Subject {
                instance: facts.id.clone(),
                created: facts.created,
                size: facts.size.clone(),
                region: facts.region.clone(),
                owner: facts.owner.name().map(Into::into),
                team: self.record.accounts.teams.get(&facts.id).cloned(),
            };
            Ok(Dim::new("a subject", &subject)?.of(Of {
                instance: key.clone(),
                created: life(facts.created),
                workspace: workspace_key(facts.id.workspace()),
                team: subject.team.as_deref().map(str::to_owned),
            }))
        };
        seen.iter().zip(keys).map(one).collect()
    }

    /// Another life of the same name ends the meter of the old one where it was last seen (fault 28).
    fn replace(&mut self, seen: &Sighting, key: &str, noted: &Noted, read_before: Option<i64>) {
        let Some(old) = &noted.replaced else { return };
        let now = seen.not_after.as_second();
        let old_key = (key.to_owned(), old.clone());
        if let Some(meter) = self.meters.get_mut(&old_key).filter(|meter| meter.open.state != MeterState::Gone) {
            let last =
                read_before.unwrap_or(meter.open.since.at).clamp(meter.open.since.at, now.max(meter.open.since.at));
            let end = Bound { at: last, low: last, high: now.max(last) };
            self.entries.extend(finish(meter, end));
            self.touched.push(old_key);
        }
    }

    fn sight(&mut self, seen: &Sighting, (key, subject): (&str, SubjectId), noted: &Noted, read_before: Option<i64>) {
        let facts = &seen.facts;
        let look = Look {
            at: seen.not_after.as_second(),
            before: seen.before.as_ref().and(seen.not_before.known()).map(Timestamp::as_second),
            state: &facts.state,
            operation: facts.last_operation.known().map(|op| &**op),
            is_news: noted.is_news,
        };
        let workspace = workspace_key(facts.id.workspace());
        let priced = PriceKey::new(&facts.size, &facts.region);
        let (terms, price) = (self.terms_of(&workspace), self.prices.of(&priced));
        let place = (key.to_owned(), life(facts.created));
        let Some(meter) = self.meters.get_mut(&place) else {
            let meter = Meter {
                instance: key.to_owned(),
                created: place.1.clone(),
                workspace,
                subject,
                terms,
                price,
                size: priced.size().to_owned(),
                region: priced.region().to_string(),
                open: first(&look, read_before),
                from_seen: noted.transition,
            };
            self.meters.insert(place, meter);
            return;
        };
        self.touched.push(place.clone());
        let turned = turn(meter.open, &look);
        let mut from_seen = meter.from_seen;
        let turns = turned.closed.iter().map(|one| Open { since: one.from, state: one.state, basis: one.basis });
        self.turns.entry(place.clone()).or_default().extend(turns.skip(1).chain([turned.open]));
        for interval in &turned.closed {
            self.entries.push(meter.entry(*interval, (from_seen, noted.transition)));
            from_seen = noted.transition;
        }
        let changed = !turned.closed.is_empty() || meter.open.state != turned.open.state;
        (meter.open, meter.from_seen) = (turned.open, from_seen);
        if meter.subject != subject && !changed {
            self.entries.extend(meter.cut(look.at));
        }
        if changed || meter.subject != subject {
            (meter.subject, meter.terms, meter.price) = (subject, terms, price);
            (meter.size, meter.region) = (priced.size().to_owned(), priced.region().to_string());
        }
    }

    /// It is no more: its time ends where it was last seen (fault 16).
    fn end(&mut self, key: &str, last_seen: Timestamp) {
        let noticed = self.record.at.unwrap_or(last_seen).as_second();
        let open = self.meters.values_mut().find(|meter| meter.instance == key && meter.open.state != MeterState::Gone);
        let Some(meter) = open else { return };
        let last = last_seen.as_second().max(meter.open.since.at);
        self.entries.extend(finish(meter, Bound { at: last, low: last, high: noticed.max(last) }));
        self.touched.push((meter.instance.clone(), meter.created.clone()));
    }
}

/// Closes a meter for good.
fn finish(meter: &mut Meter, end: Bound) -> Option<Entry> {
    let interval = meter.open.until(end);
    let entry = (interval.length() > 0).then(|| meter.entry(interval, (meter.from_seen, None)));
    meter.open = Open { since: end.not_before(meter.open.since.at), state: MeterState::Gone, ..meter.open };
    meter.from_seen = None;
    entry
}

/// A meter that a reading left out is not carried on until it is seen again.
async fn mark_unseen(tx: &mut Link, record: &SweepRecord) -> Result<(), StoreError> {
    for (id, last_seen) in &record.accounts.unseen {
        query("UPDATE meters SET unseen_since = ? WHERE instance = ? AND unseen_since IS NULL AND state <> 'gone'")
            .bind(last_seen.as_second())
            .bind(instance_key(id))
            .execute(&mut *tx)
            .await?;
    }
    let left_out: HashSet<&InstanceId> = record.accounts.unseen.iter().map(|(id, _)| id).collect();
    let sighted = record.sightings.iter().map(|seen| &seen.facts.id);
    let again = sighted.chain(&record.accounts.seen_again).filter(|id| !left_out.contains(id));
    // the first reading tells of every instance twice; keys are only made as they are asked for
    let mut again: Vec<&InstanceId> = again.collect();
    again.sort_unstable();
    again.dedup();
    for chunk in again.chunks(crate::store::sightings::ROWS) {
        let mut query =
            Builder::new("UPDATE meters SET unseen_since = NULL WHERE unseen_since IS NOT NULL AND instance IN (");
        let mut list = query.separated(", ");
        for id in chunk {
            list.push_bind(instance_key(id));
        }
        query.push(")");
        query.build().execute(&mut *tx).await?;
    }
    Ok(())
}
