//! Rebuilds what is remembered at start, from rows alone (I9).

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use thin_vec::ThinVec;

use super::holds::hold_of;
use super::rows::{Place, stamp, stamp_before};
use super::{Store, StoreError, in_use, marks};
use crate::facts::{EndedStop, History, Hold, InstanceFacts, NoticeKey, NoticeState, OpenIntent, PastNotice, StopKey};
use crate::ports::{AuditLine, Message, Recall, RecalledIntent, Remembered, RevisionMark};
use crate::store::sql::{Link, Row, query};
use crate::units::{InstanceId, PolicyId, When};

/// Ended stops are remembered so long: three stops a day and half an hour between them are counted from these (G15).
const STOPS: SignedDuration = SignedDuration::from_hours(36);
/// A hold that ended lately still postpones what was due under it.
const HOLDS: SignedDuration = SignedDuration::from_hours(24);
/// A deadline that passed longer ago is no longer waited for.
const NOTICES: SignedDuration = SignedDuration::from_hours(36);

/// Rows by folded instance id, each with the life it belongs to.
type ByInstance<T> = HashMap<String, Vec<(String, T)>>;

/// What has rows of its own, for every instance.
struct Parts {
    holds: ByInstance<Hold>,
    notices: ByInstance<PastNotice>,
    stops: ByInstance<EndedStop>,
}

/// The part of a history that the instance's own row keeps.
#[derive(Deserialize)]
struct Kept {
    first_seen: When,
    on_since: When,
    last_seen_off: When,
    last_busy: When,
    #[serde(default)]
    started: When,
    #[serde(default)]
    timer_changed: When,
    #[serde(default)]
    off_since: When,
}

impl Store {
    pub(super) async fn read_all(&self, now: Timestamp) -> Result<Recall, StoreError> {
        // One transaction, so that all of it is of one moment.
        let mut tx = self.readers().begin().await?;
        // A clock that is ahead must not make forgotten what it will count again once it is right (S12).
        let now = last_look(&mut tx).await?.map_or(now, |last| last.min(now));
        let open = open(&mut tx).await?;
        let mut parts = Parts {
            holds: holds(&mut tx, now).await?,
            notices: notices(&mut tx, now).await?,
            stops: stops(&mut tx, now).await?,
        };
        let instances = instances(&mut tx, &mut parts, &open).await?;
        let (evaluated, revisions) = (evaluated(&mut tx).await?, revisions(&mut tx).await?);
        let frozen = frozen(&mut tx).await?;
        let life = |id: &InstanceId| instances.get(id).map(|remembered| remembered.facts.created);
        let in_use = in_use::read(&mut tx, life).await?;
        let timers = timers(&mut tx, now).await?;
        tx.rollback().await?;
        // What no instance took: theirs was never recorded, or is gone.
        let mut holds: Vec<Hold> = parts.holds.into_values().flatten().map(|(_, hold)| hold).collect();
        holds.sort_by(|a, b| (a.made_at, &a.id).cmp(&(b.made_at, &b.id)));
        Ok(Recall { instances, open, evaluated, revisions, holds, frozen, in_use, timers })
    }
}

impl Store {
    pub(super) async fn read_policy_marks(&self) -> Result<BTreeMap<PolicyId, RevisionMark>, StoreError> {
        let mut tx = self.readers().begin().await?;
        let marks = revisions(&mut tx).await?;
        tx.rollback().await?;
        Ok(marks)
    }
}

/// How long ago an idle timer may have been set to matter still.
const TIMERS_KEPT: SignedDuration = SignedDuration::from_hours(48);

async fn timers(tx: &mut Link, now: Timestamp) -> Result<Vec<AuditLine>, StoreError> {
    let since = now.checked_sub(TIMERS_KEPT).unwrap_or(Timestamp::MIN);
    let rows = query("SELECT at, who, target, why FROM audit WHERE what = ? AND at >= ? ORDER BY seq")
        .bind(AuditLine::TIMER)
        .bind(stamp(since))
        .fetch_all(tx)
        .await?;
    let line = |row: &Row| {
        let target: String = row.try_get("target")?;
        let at = Place { table: "audit", row: &target }.instant(row.try_get("at")?)?;
        let (who, why) = (row.try_get("who")?, row.try_get("why")?);
        Ok(AuditLine { at, who, what: AuditLine::TIMER.to_owned(), target, why })
    };
    rows.iter().map(line).collect()
}

async fn instances(
    tx: &mut Link,
    parts: &mut Parts,
    open: &[RecalledIntent],
) -> Result<BTreeMap<InstanceId, Remembered>, StoreError> {
    let under_way: HashMap<_, _> = open.iter().map(|intent| (&intent.instance, intent)).collect();
    let rows = query(
        "SELECT i.instance, i.created, i.facts, i.history, max(i.seen_at, coalesce(w.seen_at, i.seen_at)) AS last_seen,
                CASE WHEN i.absent_at >= w.seen_at THEN 1 ELSE 0 END AS absent
         FROM instances i LEFT JOIN workspaces w ON w.workspace = i.workspace WHERE i.present = 1 AND i.gone_at IS NULL",
    )
    .fetch_all(tx)
    .await?;
    let mut found = BTreeMap::new();
    for row in &rows {
        let (instance, created): (String, String) = (row.try_get("instance")?, row.try_get("created")?);
        let place = Place { table: "instances", row: &instance };
        let facts: InstanceFacts = place.json(row.try_get("facts")?)?;
        let kept: Kept = place.json(row.try_get("history")?)?;
        let last_seen = place.instant(row.try_get("last_seen")?)?;
        let open =
            under_way.get(&facts.id).filter(|intent| intent.created == facts.created).map(|intent| open_intent(intent));
        let history = parts.history(kept, &instance, &created, open);
        let absent = row.try_get("absent")?;
        found.insert(facts.id.clone(), Remembered { facts, last_seen, absent, history });
    }
    Ok(found)
}

impl Parts {
    fn history(&mut self, kept: Kept, instance: &str, created: &str, open: Option<OpenIntent>) -> History {
        let Kept { first_seen, on_since, last_seen_off, last_busy, started, timer_changed, off_since } = kept;
        let same = |life: &str| life == created;
        // Where Azure did not say when it was created, nobody knows that it is another one: the hold stands (G13).
        let perhaps = |life: &str| life == created || life.is_empty() || created.is_empty();
        History {
            first_seen,
            on_since,
            last_seen_off,
            last_busy,
            started,
            timer_changed,
            off_since,
            holds: of_life(&mut self.holds, instance, perhaps),
            notices: of_life(&mut self.notices, instance, same),
            stops: of_life(&mut self.stops, instance, same),
            open: open.map(Box::new),
        }
    }
}

fn of_life<T>(rows: &mut ByInstance<T>, instance: &str, is_wanted: impl Fn(&str) -> bool) -> ThinVec<T> {
    let rows = rows.remove(instance).unwrap_or_default();
    rows.into_iter().filter(|(life, _)| is_wanted(life)).map(|(_, row)| row).collect()
}

fn gather<T>(rows: &[Row], read: impl Fn(&Row) -> Result<T, StoreError>) -> Result<ByInstance<T>, StoreError> {
    let mut gathered: ByInstance<T> = HashMap::new();
    for row in rows {
        gathered.entry(row.try_get("instance")?).or_default().push((row.try_get("created")?, read(row)?));
    }
    Ok(gathered)
}

async fn open(tx: &mut Link) -> Result<Vec<RecalledIntent>, StoreError> {
    let rows = query(
        "SELECT a.id, a.name, a.policy, a.ground, a.intended_at, a.sent_at, i.created, i.key
         FROM attempts a JOIN intents i ON i.intent = a.intent WHERE a.ended_at IS NULL ORDER BY a.intended_at, a.id",
    )
    .fetch_all(tx)
    .await?;
    rows.iter().map(recalled).collect()
}

fn recalled(row: &Row) -> Result<RecalledIntent, StoreError> {
    let id: String = row.try_get("id")?;
    let place = Place { table: "attempts", row: &id };
    Ok(RecalledIntent {
        instance: place.instance(row.try_get("name")?)?,
        created: place.life(row.try_get("created")?)?,
        key: StopKey(row.try_get("key")?),
        policy: PolicyId::new(row.try_get("policy")?),
        ground: row.try_get("ground")?,
        intended_at: place.instant(row.try_get("intended_at")?)?,
        sent_at: place.instant_or_none(row.try_get("sent_at")?)?,
        id: id.clone(),
    })
}

fn open_intent(intent: &RecalledIntent) -> OpenIntent {
    OpenIntent {
        id: intent.id.clone(),
        key: intent.key.clone(),
        intended_at: intent.intended_at,
        sent_at: intent.sent_at,
    }
}

async fn stops(tx: &mut Link, now: Timestamp) -> Result<ByInstance<EndedStop>, StoreError> {
    let rows = query(
        "SELECT a.id, a.instance, i.created, i.key, a.intended_at, a.ended_at, a.result, a.words
         FROM attempts a JOIN intents i ON i.intent = a.intent WHERE a.ended_at >= ? ORDER BY a.intended_at, a.id",
    )
    .bind(stamp_before(now, STOPS))
    .fetch_all(tx)
    .await?;
    gather(&rows, |row| {
        let id: String = row.try_get("id")?;
        let place = Place { table: "attempts", row: &id };
        Ok(EndedStop {
            key: StopKey(row.try_get("key")?),
            asked_at: place.instant(row.try_get("intended_at")?)?,
            ended_at: place.instant(row.try_get("ended_at")?)?,
            result: place.result(row.try_get("result")?, row.try_get("words")?)?,
        })
    })
}

/// A hold that was lifted counts as one that ended then.
async fn holds(tx: &mut Link, now: Timestamp) -> Result<ByInstance<Hold>, StoreError> {
    let rows = query(
        "SELECT id, instance, name, created, min(until, coalesce(lifted_at, until)) AS until, who, reason, made_at,
             price, payer, link, stay_off
         FROM holds WHERE min(until, coalesce(lifted_at, until)) >= ? ORDER BY made_at, id",
    )
    .bind(stamp_before(now, HOLDS))
    .fetch_all(tx)
    .await?;
    gather(&rows, hold_of)
}

async fn notices(tx: &mut Link, now: Timestamp) -> Result<ByInstance<PastNotice>, StoreError> {
    let rows = query("SELECT id, instance, created, body, delivered_at FROM messages WHERE kind = 'warning' AND (at >= ?1 OR stop_at >= ?1) ORDER BY at, id")
        .bind(stamp_before(now, NOTICES))
        .fetch_all(tx)
        .await?;
    let read = gather(&rows, |row| {
        let id: String = row.try_get("id")?;
        let place = Place { table: "messages", row: &id };
        let message: Message = place.json(row.try_get("body")?)?;
        let delivered_at = place.instant_or_none(row.try_get("delivered_at")?)?;
        Ok(message.notice.map(|key| past_notice(key, message.at, delivered_at)))
    })?;
    Ok(read
        .into_iter()
        .map(|(instance, rows)| {
            (instance, one_each(rows.into_iter().filter_map(|(life, notice)| Some((life, notice?)))))
        })
        .collect())
}

/// A notice goes out on several channels: it is delivered when the first of them took it.
fn one_each(rows: impl Iterator<Item = (String, PastNotice)>) -> Vec<(String, PastNotice)> {
    let mut found: Vec<(String, PastNotice)> = Vec::new();
    for (life, notice) in rows {
        match found.iter_mut().find(|(of, held)| *of == life && held.key == notice.key) {
            Some((_, held)) => held.state = held.state.first(notice.state),
            None => found.push((life, notice)),
        }
    }
    found
}

fn past_notice(key: NoticeKey, recorded_at: Timestamp, delivered_at: Option<Timestamp>) -> PastNotice {
    PastNotice {
        key,
        recorded_at,
        state: delivered_at.map_or(NoticeState::Recorded, |at| NoticeState::Delivered { at }),
    }
}

/// When anything was last looked at.
async fn last_look(tx: &mut Link) -> Result<Option<Timestamp>, StoreError> {
    let last: Option<String> =
        query("SELECT max(seen_at) AS last FROM workspaces").fetch_one(tx).await?.try_get("last")?;
    Place { table: "workspaces", row: "the last look" }.instant_or_none(last.as_deref())
}

async fn frozen(tx: &mut Link) -> Result<Option<(Timestamp, Timestamp)>, StoreError> {
    let place = Place { table: "frozen", row: "1" };
    let row = query("SELECT since, until FROM frozen").fetch_optional(tx).await?;
    row.map(|row| Ok((place.instant(row.try_get("since")?)?, place.instant(row.try_get("until")?)?))).transpose()
}

async fn evaluated(tx: &mut Link) -> Result<BTreeMap<PolicyId, Timestamp>, StoreError> {
    let rows = query("SELECT name, at FROM evaluated").fetch_all(tx).await?;
    rows.iter()
        .map(|row| {
            let (name, at): (String, String) = (row.try_get("name")?, row.try_get("at")?);
            Ok((PolicyId::new(&name), Place { table: "evaluated", row: &name }.instant(&at)?))
        })
        .collect()
}

async fn revisions(tx: &mut Link) -> Result<BTreeMap<PolicyId, RevisionMark>, StoreError> {
    let rows = query(
        "SELECT policy, name, revision, since, replaced, acknowledged FROM revisions
         WHERE seq IN (SELECT max(seq) FROM revisions GROUP BY policy)",
    )
    .fetch_all(tx)
    .await?;
    rows.iter().map(|row| Ok((PolicyId::new(row.try_get("name")?), marks::mark(row)?))).collect()
}
