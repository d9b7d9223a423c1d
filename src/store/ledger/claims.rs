//! Claims: stops that earn credit, from the stop until what ends it (C9).

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::meters::Work;
use super::open::{self, Meter};
use crate::facts::{InstanceFacts, Operation, PowerState, StopResult, Trigger};
use crate::ledger::{
    Avoided, Basis, Bound, Claim, ClaimEnd, Entry, EntryKind, Interval, MeterState, Open, PriceId, PriceKey, SubjectId,
    TermsId,
};
use crate::plan::Step;
use crate::ports::Sighting;
use crate::store::StoreError;
use crate::store::rows::{Place, instance_key, json, life, workspace_key};
use crate::store::sightings::ROWS;
use crate::store::sql::{Builder, Link, Row, query};
use crate::units::Region;

/// A claim as it is kept.
struct Kept {
    id: i64,
    place: (String, String),
    workspace: String,
    subject: SubjectId,
    terms: TermsId,
    price: Option<PriceId>,
    claim: Claim,
}

/// A claim that ended, and its row.
pub(super) struct Closed {
    id: Option<i64>,
    pub(super) entry: Entry,
}

const COLUMNS: &str = "id, instance, created, workspace, subject, terms, price, body";

impl Kept {
    fn read(row: &Row) -> Result<Self, StoreError> {
        let id: i64 = row.try_get("id")?;
        let number = id.to_string();
        let place = Place { table: "claims", row: &number };
        Ok(Self {
            id,
            place: (row.try_get("instance")?, row.try_get("created")?),
            workspace: row.try_get("workspace")?,
            subject: SubjectId(row.try_get("subject")?),
            terms: TermsId(row.try_get("terms")?),
            price: row.try_get::<Option<i64>, _>("price")?.map(PriceId),
            claim: place.json(row.try_get("body")?)?,
        })
    }

    fn closed(&self, avoided: &Avoided) -> Result<Closed, StoreError> {
        let claim = &self.claim;
        let (kind, state) = match claim.did {
            true => (EntryKind::Avoided, MeterState::Stopped),
            false => (EntryKind::WouldAvoid, MeterState::Running),
        };
        let entry = Entry {
            seq: 0,
            kind,
            subject: self.subject,
            terms: self.terms,
            price: self.price,
            interval: Interval { from: avoided.from, to: avoided.to, state, basis: Basis::Observed },
            seen: (None, None),
            corrects: None,
            detail: Some(json("an avoided stretch", &claim.detail(avoided))?.into()),
        };
        Ok(Closed { id: Some(self.id), entry })
    }
}

/// Claims that what was seen ends, and claims whose limit has come, in the order in which they were made.
pub(super) async fn ended(tx: &mut Link, work: &Work<'_>) -> Result<Vec<Closed>, StoreError> {
    let mut closed = Vec::new();
    let rules = work.record.accounts.rules;
    let used = in_use(&work.record.sightings);
    for kept in of_touched(tx, work).await? {
        let Some(meter) = work.meters.get(&kept.place) else { continue };
        let turns = work.turns.get(&kept.place).map(Vec::as_slice).unwrap_or_default();
        if let Some((at, end)) = ends(&kept.claim, (meter, turns), used.get(&kept.place).copied()) {
            closed.push(kept.closed(&kept.claim.close(at, end, rules))?);
        }
    }
    closed.extend(undone(tx, work).await?);
    // by a clock that is in trouble no time has passed (S11)
    let Some(now) = work.record.at.filter(|_| !work.record.accounts.clock_trouble) else { return Ok(closed) };
    let read: HashMap<String, i64> =
        work.record.seen.iter().map(|(id, at)| (workspace_key(id), at.as_second())).collect();
    let ended: HashSet<i64> = closed.iter().filter_map(|one| one.id).collect();
    // what a reading left out may run meanwhile: its claim waits until it is seen again, or gone
    let text = format!(
        "SELECT {COLUMNS} FROM claims WHERE closed_by IS NULL AND until <= ? AND NOT EXISTS
           (SELECT 1 FROM meters m WHERE m.instance = claims.instance AND m.created = claims.created AND m.unseen_since IS NOT NULL)
         ORDER BY id"
    );
    for row in &query(text).bind(now.as_second()).fetch_all(&mut *tx).await? {
        let kept = Kept::read(row)?;
        let is_over = read.get(&kept.workspace).is_some_and(|at| kept.claim.is_over(*at, rules));
        if is_over && !ended.contains(&kept.id) {
            closed.push(kept.closed(&kept.claim.expire())?);
        }
    }
    Ok(closed)
}

/// What ends a claim: the first turn of its meter away from where the claim has it, in this record or as it stands.
fn ends(claim: &Claim, (meter, turns): (&Meter, &[Open]), used: Option<Timestamp>) -> Option<(Bound, ClaimEnd)> {
    let after = turns.iter().filter(|open| open.since.at >= claim.from.at).chain([&meter.open]);
    let turned =
        after.filter_map(|open| Some((open.since.not_before(claim.from.at), end_of(claim.did, open.state)?))).next();
    let used = used.filter(|_| !claim.did).map(|at| (Bound::sharp(at.as_second()), ClaimEnd::Use));
    [turned, used].into_iter().flatten().min_by_key(|(at, _)| at.at)
}

/// Whether a state of the meter ends a claim: of a stop, that it runs, or that nobody knows; of one that was only
/// observed, that it does not run.
const fn end_of(did: bool, state: MeterState) -> Option<ClaimEnd> {
    match (state, did) {
        (MeterState::Gone, _) => Some(ClaimEnd::Gone),
        (MeterState::Running, true) => Some(ClaimEnd::Start),
        (MeterState::Unknown, _) => Some(ClaimEnd::Unknown),
        (MeterState::Stopped, false) => Some(ClaimEnd::Stopped),
        (MeterState::Running, false) | (MeterState::Stopped, true) => None,
    }
}

/// Stops that a person undid before anybody saw them done: regrets, and the quickest of all (C12).
async fn undone(tx: &mut Link, work: &Work<'_>) -> Result<Vec<Closed>, StoreError> {
    let mut closed = Vec::new();
    for (intent, result) in &work.record.settled {
        if *result == StopResult::StartedAgain
            && let Some(stop) = of_stop(tx, intent).await?
            && let Some(meter) = meter_of(tx, work, &stop.place).await?
            && meter.open.state == MeterState::Running
        {
            let from = Bound::sharp(stop.asked_at.as_second().max(meter.open.since.at));
            let claim = Claim { from, ..stop.claim };
            let kept = Kept {
                id: 0,
                place: stop.place,
                workspace: meter.workspace.clone(),
                subject: meter.subject,
                terms: work.terms_of(&meter.workspace),
                price: meter.price,
                claim,
            };
            let avoided = kept.claim.close(from, ClaimEnd::Start, work.record.accounts.rules);
            closed.push(Closed { id: None, ..kept.closed(&avoided)? });
        }
    }
    Ok(closed)
}

/// When instances were first seen in use in this record, by instance and life.
fn in_use(sightings: &[Sighting]) -> HashMap<(String, String), Timestamp> {
    let busy = sightings.iter().filter(|seen| seen.facts.state == PowerState::JobRunning);
    let mut first = HashMap::new();
    for seen in busy {
        first.entry((instance_key(&seen.facts.id), life(seen.facts.created))).or_insert(seen.not_after);
    }
    first
}

async fn of_touched(tx: &mut Link, work: &Work<'_>) -> Result<Vec<Kept>, StoreError> {
    let mut found = Vec::new();
    for chunk in work.touched.chunks(ROWS) {
        let mut query = Builder::new(format!("SELECT {COLUMNS} FROM claims WHERE closed_by IS NULL AND instance IN ("));
        let mut list = query.separated(", ");
        for (instance, _) in chunk {
            list.push_bind(instance.as_str());
        }
        query.push(")");
        let rows = query.build().fetch_all(&mut *tx).await?;
        for row in &rows {
            found.push(Kept::read(row)?);
        }
    }
    found.sort_by_key(|kept| kept.id);
    found.dedup_by_key(|kept| kept.id);
    Ok(found)
}

/// Notes which row tells of it.
pub(super) async fn close(tx: &mut Link, closed: &Closed, seq: i64) -> Result<(), StoreError> {
    let Some(id) = closed.id else { return Ok(()) };
    query("UPDATE claims SET closed_by = ? WHERE id = ?").bind(seq).bind(id).execute(tx).await?;
    Ok(())
}

/// Claims for the stops that this record settles as ours and done, and for those that a policy would have made.
pub(super) async fn begin(tx: &mut Link, work: &Work<'_>) -> Result<(), StoreError> {
    for (intent, result) in &work.record.settled {
        if *result == StopResult::Stopped
            && let Some(stop) = of_stop(tx, intent).await?
            && let Some(meter) = meter_of(tx, work, &stop.place).await?
            && meter.open.state == MeterState::Stopped
            && is_ours(tx, &stop).await?
        {
            insert(tx, work, &meter, &Claim { from: meter.open.since, ..stop.claim }).await?;
        }
    }
    for would in &work.record.accounts.would {
        let place = (instance_key(&would.instance), life(would.created));
        let Some(meter) = meter_of(tx, work, &place).await? else { continue };
        if meter.open.state == MeterState::Running {
            let from = Bound::sharp(would.at.as_second()).not_before(meter.open.since.at);
            let (ground, key) = (would.ground.into(), would.key.0.clone());
            let claim = Claim { did: false, from, counterfactual: would.counterfactual, ground, key };
            insert(tx, work, &meter, &claim).await?;
        }
    }
    Ok(())
}

/// A stop of ours as its attempt tells of it: the claim that it makes, but for its beginning.
struct OwnStop {
    place: (String, String),
    claim: Claim,
    asked_at: Timestamp,
    was_sent: bool,
}

/// None for a stop of before there was a ledger.
async fn of_stop(tx: &mut Link, intent: &str) -> Result<Option<OwnStop>, StoreError> {
    let row = query(
        "SELECT a.instance, a.ground, a.step, a.intended_at, a.sent_at, i.created, i.key
         FROM attempts a JOIN intents i ON i.intent = a.intent WHERE a.id = ?",
    )
    .bind(intent)
    .fetch_optional(tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let place = Place { table: "attempts", row: intent };
    let step: Step = place.json(row.try_get("step")?)?;
    let Some(counterfactual) = step.counterfactual else { return Ok(None) };
    let (ground, key): (String, String) = (row.try_get("ground")?, row.try_get("key")?);
    let claim = Claim { did: true, from: Bound::sharp(0), counterfactual, ground: ground.into(), key: key.into() };
    let sent_at: Option<String> = row.try_get("sent_at")?;
    Ok(Some(OwnStop {
        place: (row.try_get("instance")?, row.try_get("created")?),
        claim,
        asked_at: place.instant(row.try_get("intended_at")?)?,
        was_sent: sent_at.is_some(),
    }))
}

/// Azure's clock and ours may be so far apart.
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(2);
/// Azure names a stop of ours that it took by then.
const TAKEN: SignedDuration = SignedDuration::from_mins(5);

/// True when the stop that Azure names last is the one that we asked for: neither a person's nor a timer's is claimed
/// (C9). Where Azure names none, it has to have been sent.
async fn is_ours(tx: &mut Link, stop: &OwnStop) -> Result<bool, StoreError> {
    let (instance, created) = &stop.place;
    let row = query("SELECT facts FROM instances WHERE instance = ? AND created = ?")
        .bind(instance)
        .bind(created)
        .fetch_optional(tx)
        .await?;
    let Some(row) = row else { return Ok(false) };
    let facts: InstanceFacts = Place { table: "instances", row: instance }.json(row.try_get("facts")?)?;
    let Some(last) = facts.last_operation.known() else { return Ok(stop.was_sent) };
    let timed = matches!(last.trigger, Trigger::Schedule | Trigger::IdleShutdown);
    let after = last.at.duration_since(stop.asked_at);
    Ok(last.operation == Operation::Stop && !timed && after >= -CLOCKS_APART && after <= TAKEN)
}

async fn meter_of(tx: &mut Link, work: &Work<'_>, place: &(String, String)) -> Result<Option<Meter>, StoreError> {
    if let Some(meter) = work.meters.get(place) {
        return Ok(Some(meter.clone()));
    }
    Ok(open::of(tx, &[&place.0]).await?.remove(place))
}

async fn insert(tx: &mut Link, work: &Work<'_>, meter: &Meter, claim: &Claim) -> Result<(), StoreError> {
    let priced = PriceKey::new(&meter.size, &Region::new(&meter.region));
    query(
        // of one life one claim is open at a time: no hour is counted twice
        "INSERT INTO claims (instance, created, workspace, subject, terms, price, did, key, until, body)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 WHERE NOT EXISTS
           (SELECT 1 FROM claims c WHERE c.instance = ?1 AND c.created = ?2 AND c.did = ?7 AND c.closed_by IS NULL)
         ON CONFLICT (instance, created, key, did) DO NOTHING",
    )
    .bind(&meter.instance)
    .bind(&meter.created)
    .bind(&meter.workspace)
    .bind(meter.subject.0)
    .bind(work.terms_of(&meter.workspace).0)
    .bind(work.prices.of(&priced).map(|id| id.0))
    .bind(claim.did)
    .bind(&*claim.key)
    .bind(claim.counterfactual.until)
    .bind(json("a claim", claim)?)
    .execute(tx)
    .await?;
    Ok(())
}
