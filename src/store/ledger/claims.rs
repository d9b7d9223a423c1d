//! Claims: stops that earn credit, from the stop until what ends it (C9).

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};

use super::meters::Work;
use super::open::{self, Meter};
use crate::facts::{Activity, PowerState, StopResult};
use crate::ledger::{
    Avoided, Basis, Bound, Claim, ClaimEnd, Entry, EntryKind, Interval, MeterState, PriceId, PriceKey, SubjectId,
    TermsId,
};
use crate::plan::Step;
use crate::ports::Sighting;
use crate::store::StoreError;
use crate::store::rows::{Place, instance_key, json, life, workspace_key};
use crate::store::sightings::ROWS;
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
    id: i64,
    pub(super) entry: Entry,
}

const COLUMNS: &str = "id, instance, created, workspace, subject, terms, price, body";

impl Kept {
    fn read(row: &SqliteRow) -> Result<Self, StoreError> {
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
        Ok(Closed { id: self.id, entry })
    }
}

/// Claims that what was seen ends, and claims whose limit has come, in the order in which they were made.
pub(super) async fn ended(tx: &mut SqliteConnection, work: &Work<'_>) -> Result<Vec<Closed>, StoreError> {
    let mut closed = Vec::new();
    let used = in_use(&work.record.sightings);
    for kept in of_touched(tx, work).await? {
        let Some(meter) = work.meters.get(&kept.place) else { continue };
        if let Some((at, end)) = ends(&kept.claim, meter, used.get(&kept.place).copied()) {
            closed.push(kept.closed(&kept.claim.close(at, end, work.record.accounts.rules))?);
        }
    }
    let Some(now) = work.record.at else { return Ok(closed) };
    let read: Vec<(String, i64)> =
        work.record.seen.iter().map(|(id, at)| (workspace_key(id), at.as_second())).collect();
    let query = format!("SELECT {COLUMNS} FROM claims WHERE closed_by IS NULL AND until <= ? ORDER BY id");
    for row in &sqlx::query(sqlx::AssertSqlSafe(query)).bind(now.as_second()).fetch_all(&mut *tx).await? {
        let kept = Kept::read(row)?;
        let is_read = read.iter().any(|(workspace, at)| *workspace == kept.workspace && kept.claim.is_over(*at));
        if is_read && !closed.iter().any(|one| one.id == kept.id) {
            closed.push(kept.closed(&kept.claim.expire())?);
        }
    }
    Ok(closed)
}

/// What ends a claim, as its meter stands after the sweep.
fn ends(claim: &Claim, meter: &Meter, used: Option<Timestamp>) -> Option<(Bound, ClaimEnd)> {
    let since = meter.open.since;
    match (meter.open.state, claim.did) {
        (MeterState::Gone, _) => Some((since, ClaimEnd::Gone)),
        // nobody knows whether it runs: no credit for that
        (MeterState::Running | MeterState::Unknown, true) => Some((since, ClaimEnd::Start)),
        (MeterState::Stopped, false) => Some((since, ClaimEnd::Stopped)),
        (MeterState::Running | MeterState::Unknown, false) => {
            used.map(|at| (Bound::sharp(at.as_second()), ClaimEnd::Use))
        }
        (MeterState::Stopped, true) => None,
    }
}

/// When instances were seen in use in this record, by instance and life.
fn in_use(sightings: &[Sighting]) -> HashMap<(String, String), Timestamp> {
    let busy = sightings.iter().filter(|seen| {
        seen.facts.state == PowerState::JobRunning || matches!(seen.facts.activity, Activity::Busy { .. })
    });
    busy.map(|seen| ((instance_key(&seen.facts.id), life(seen.facts.created)), seen.not_after)).collect()
}

async fn of_touched(tx: &mut SqliteConnection, work: &Work<'_>) -> Result<Vec<Kept>, StoreError> {
    let mut found = Vec::new();
    for chunk in work.touched.chunks(ROWS) {
        let mut query = QueryBuilder::<Sqlite>::new(format!(
            "SELECT {COLUMNS} FROM claims WHERE closed_by IS NULL AND instance IN ("
        ));
        let mut list = query.separated(", ");
        for (instance, _) in chunk {
            list.push_bind(instance.as_str());
        }
        query.push(")");
        let rows = query.build().persistent(false).fetch_all(&mut *tx).await?;
        for row in &rows {
            found.push(Kept::read(row)?);
        }
    }
    found.sort_by_key(|kept| kept.id);
    found.dedup_by_key(|kept| kept.id);
    Ok(found)
}

/// Notes which row tells of it.
pub(super) async fn close(tx: &mut SqliteConnection, closed: &Closed, seq: i64) -> Result<(), StoreError> {
    sqlx::query("UPDATE claims SET closed_by = ? WHERE id = ?").bind(seq).bind(closed.id).execute(tx).await?;
    Ok(())
}

/// Claims for the stops that this record settles as ours and done, and for those that a policy would have made.
pub(super) async fn begin(tx: &mut SqliteConnection, work: &Work<'_>) -> Result<(), StoreError> {
    for (intent, result) in &work.record.settled {
        if *result == StopResult::Stopped
            && let Some((place, claim)) = of_stop(tx, intent).await?
            && let Some(meter) = meter_of(tx, work, &place).await?
            && meter.open.state == MeterState::Stopped
        {
            insert(tx, work, &meter, &Claim { from: meter.open.since, ..claim }).await?;
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

/// The claim that a stop of ours makes, but for its beginning; none for a stop of before there was a ledger.
async fn of_stop(tx: &mut SqliteConnection, intent: &str) -> Result<Option<((String, String), Claim)>, StoreError> {
    let row = sqlx::query(
        "SELECT a.instance, a.ground, a.step, i.created, i.key FROM attempts a JOIN intents i ON i.intent = a.intent WHERE a.id = ?",
    )
    .bind(intent)
    .fetch_optional(tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let step: Step = Place { table: "attempts", row: intent }.json(row.try_get("step")?)?;
    let Some(counterfactual) = step.counterfactual else { return Ok(None) };
    let (ground, key): (String, String) = (row.try_get("ground")?, row.try_get("key")?);
    let claim = Claim { did: true, from: Bound::sharp(0), counterfactual, ground: ground.into(), key: key.into() };
    Ok(Some(((row.try_get("instance")?, row.try_get("created")?), claim)))
}

async fn meter_of(
    tx: &mut SqliteConnection,
    work: &Work<'_>,
    place: &(String, String),
) -> Result<Option<Meter>, StoreError> {
    if let Some(meter) = work.meters.get(place) {
        return Ok(Some(meter.clone()));
    }
    Ok(open::of(tx, &[&place.0]).await?.remove(place))
}

async fn insert(tx: &mut SqliteConnection, work: &Work<'_>, meter: &Meter, claim: &Claim) -> Result<(), StoreError> {
    let priced = PriceKey::new(&meter.size, &Region::new(&meter.region));
    sqlx::query(
        "INSERT INTO claims (instance, created, workspace, subject, terms, price, did, key, until, body)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (instance, created, key, did) DO NOTHING",
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
