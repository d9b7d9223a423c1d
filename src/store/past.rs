//! Reads the whole record out of a journal, beside the running service or out of a copy: for replays, and for exports.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;

use super::holds::hold_of;
use super::past_states::States;
use super::rows::{Place, instance_key, life};
use super::sql::{Dialect, Link, Row, query, query_scalar};
use super::{LedgerReader, StoreError};
use crate::facts::{Evidence, InstanceFacts, MadeHold, OperationResult, StopKey};
use crate::ledger::{AvoidedDetail, Entry, EntryKind, References, Standing};
use crate::past::{Credit, Decided, Heard, Life, Metered, Past, Told, TriedStart, TriedStop};
use crate::ports::Message;
use crate::rules::{Ground, Rule, Verdict};
use crate::units::{InstanceId, When};

/// Lives by folded id and `created`.
type Lives = BTreeMap<(String, String), Life>;

/// A decision's facts, and what was heard among them.
#[derive(Deserialize)]
struct Known {
    #[serde(flatten)]
    facts: InstanceFacts,
    evidence: Option<Evidence>,
}

impl LedgerReader {
    /// The whole record. Decisions, and with them what sources said, go back as far as the journal keeps them; everything else to
    /// the first sweep.
    ///
    /// # Errors
    /// When the journal cannot be read, or a row of it.
    pub async fn past(&self) -> Result<Option<Past>, StoreError> {
        let (_, going_on) = self.going_on().await?;
        let references = self.references().await?;
        let mut entries = Vec::new();
        let head = self.head().await?;
        let standing = Standing::new(self.corrections(head.seq).await?);
        self.each_entry::<StoreError>((head.seq, None), |entry| {
            entries.push(entry);
            Ok(())
        })
        .await?;
        // one view of all the rest
        let mut tx = self.pool().begin().await?;
        let Some((from, to)) = bounds(&mut tx).await? else { return Ok(None) };
        let (mut lives, ids) = instances(&mut tx).await?;
        decisions(&mut tx, &mut lives).await?;
        warnings(&mut tx, &mut lives).await?;
        stops(&mut tx, &mut lives).await?;
        starts(&mut tx, &mut lives).await?;
        holds(&mut tx, &mut lives, &ids).await?;
        tx.rollback().await?;
        let rows = entries.into_iter().filter(|entry| standing.counts(entry)).chain(going_on);
        rows.for_each(|entry| meter(&mut lives, &references, &entry));
        Ok(Some(Past::new(from, to, lives.into_values().collect())))
    }
}

async fn bounds(tx: &mut Link) -> Result<Option<(Timestamp, Timestamp)>, StoreError> {
    let row = query(
        "SELECT (SELECT min(not_after) FROM transitions) AS first, (SELECT max(seen_at) FROM workspaces) AS last",
    )
    .fetch_one(tx)
    .await?;
    let at = |table, column| Place { table, row: column }.instant_or_none(row.try_get(column)?);
    Ok(at("transitions", "first")?.zip(at("workspaces", "last")?))
}

/// Every life with its states; and the newest life of each name.
async fn instances(tx: &mut Link) -> Result<(Lives, HashMap<String, String>), StoreError> {
    let rows =
        query("SELECT instance, created, present, facts FROM instances ORDER BY present").fetch_all(&mut *tx).await?;
    let (mut lives, mut newest) = (Lives::new(), HashMap::new());
    for row in &rows {
        let (instance, created): (String, String) = (row.try_get("instance")?, row.try_get("created")?);
        let facts: InstanceFacts = Place { table: "instances", row: &instance }.json(row.try_get("facts")?)?;
        let mut life = Life::new(facts.id.clone(), facts.created);
        life.facts.push(Arc::new(facts));
        newest.insert(instance.clone(), created.clone());
        lives.insert((instance, created), life);
    }
    let rows = query(
        "SELECT seq, instance, created, to_state, not_before, not_after, operation FROM transitions ORDER BY seq",
    )
    .fetch_all(tx)
    .await?;
    for row in &rows {
        if let Some(life) = lives.get_mut(&(row.try_get("instance")?, row.try_get("created")?)) {
            life.states.push(super::past_states::of_row(row)?);
        }
    }
    Ok((lives, newest))
}

async fn decisions(tx: &mut Link, lives: &mut Lives) -> Result<(), StoreError> {
    let rows = query("SELECT seq, verdict, facts FROM decisions ORDER BY instance, at, seq").fetch_all(tx).await?;
    let mut known: HashMap<(String, String), States> = HashMap::new();
    for row in &rows {
        let seq: i64 = row.try_get("seq")?;
        let number = seq.to_string();
        let place = Place { table: "decisions", row: &number };
        let verdict: Verdict = place.json(row.try_get("verdict")?)?;
        let Known { facts, evidence } = place.json(row.try_get("facts")?)?;
        let key = (instance_key(&verdict.instance), life(verdict.created));
        let Some(life) = lives.get_mut(&key) else { continue };
        if let Some(evidence) = evidence.filter(|evidence| !evidence.tracks.is_empty()) {
            life.heard.push(Heard { at: verdict.at, tracks: evidence.tracks.into_iter().collect() });
        }
        known.entry(key).or_default().facts.push(Arc::new(facts));
        life.decided.push(decided(&verdict));
    }
    for (key, life) in lives {
        let latest = life.facts.first().cloned();
        let states = known.remove(key).unwrap_or_default();
        (life.facts, life.states) = states.merged(std::mem::take(&mut life.states), latest);
    }
    Ok(())
}

fn decided(verdict: &Verdict) -> Decided {
    let watched = |finding: &crate::rules::Finding| finding.rule == Rule::Idle && finding.ground != Ground::IdleUnknown;
    Decided {
        at: verdict.at,
        policy: verdict.under.policy.as_str().into(),
        revision: verdict.under.revision.clone(),
        action: verdict.action,
        ground: verdict.ground,
        due: verdict.due.clone(),
        announced: verdict.notice.as_ref().map(|key| key.stop_at).into(),
        watched: verdict.findings.iter().any(watched),
    }
}

async fn warnings(tx: &mut Link, lives: &mut Lives) -> Result<(), StoreError> {
    let warnings =
        "SELECT id, instance, created, body, delivered_at FROM messages WHERE kind = 'warning' ORDER BY at, id";
    for row in &query(warnings).fetch_all(tx).await? {
        let id: String = row.try_get("id")?;
        let place = Place { table: "messages", row: &id };
        let message: Message = place.json(row.try_get("body")?)?;
        let delivered_at = When::from(place.instant_or_none(row.try_get("delivered_at")?)?);
        let life = lives.get_mut(&(row.try_get("instance")?, row.try_get("created")?));
        let Some((life, key)) = life.zip(message.notice) else { continue };
        // it went out on several channels: it is delivered when the first of them took it
        match life.told.iter_mut().find(|told| told.key == key) {
            Some(told) => {
                let both = [told.delivered_at, delivered_at].into_iter().filter_map(When::known).min();
                told.delivered_at = both.into();
            }
            None => life.told.push(Told { at: message.at, key, delivered_at }),
        }
    }
    Ok(())
}

async fn stops(tx: &mut Link, lives: &mut Lives) -> Result<(), StoreError> {
    let rows = query(
        "SELECT a.id, a.instance, i.created, i.key, a.ground, a.intended_at, a.ended_at, a.result, a.words
         FROM attempts a JOIN intents i ON i.intent = a.intent ORDER BY a.intended_at, a.id",
    )
    .fetch_all(tx)
    .await?;
    for row in &rows {
        let id: String = row.try_get("id")?;
        let place = Place { table: "attempts", row: &id };
        let result: Option<&str> = row.try_get("result")?;
        let stop = TriedStop {
            asked_at: place.instant(row.try_get("intended_at")?)?,
            key: StopKey(row.try_get("key")?),
            ground: row.try_get("ground")?,
            ended_at: place.instant_or_none(row.try_get("ended_at")?)?.into(),
            result: result.map(|label| place.result(label, row.try_get("words")?)).transpose()?,
        };
        if let Some(life) = lives.get_mut(&(row.try_get("instance")?, row.try_get("created")?)) {
            life.stops.push(stop);
        }
    }
    Ok(())
}

async fn starts(tx: &mut Link, lives: &mut Lives) -> Result<(), StoreError> {
    // an older journal, which only a copied file can be, had no operations
    let tables: i64 = match tx.dialect() {
        Dialect::Sqlite => {
            query_scalar("SELECT count(*) FROM sqlite_master WHERE name = 'operations'").fetch_one(&mut *tx).await?
        }
        Dialect::Postgres => 1,
    };
    if tables == 0 {
        return Ok(());
    }
    let rows = query(
        "SELECT id, instance, created, key, asked_at, ended_at, result, words FROM operations
         WHERE verb = 'start' AND key LIKE 'start/%' ORDER BY asked_at, id",
    )
    .fetch_all(tx)
    .await?;
    for row in &rows {
        let id: String = row.try_get("id")?;
        let place = Place { table: "operations", row: &id };
        let words = |row: &Row| -> Result<String, StoreError> {
            Ok(row.try_get::<Option<String>, _>("words")?.unwrap_or_default())
        };
        let result = match row.try_get::<Option<&str>, _>("result")? {
            None => None,
            Some("done") => Some(OperationResult::Done),
            Some("failed") => Some(OperationResult::Failed(words(row)?)),
            Some("dropped") => Some(OperationResult::Dropped(words(row)?)),
            Some(other) => return Err(place.wrong(format!("`{other}` is no result of an operation"))),
        };
        let ended_at = place.instant_or_none(row.try_get("ended_at")?)?;
        let (asked_at, key) = (place.instant(row.try_get("asked_at")?)?, row.try_get("key")?);
        if let Some(life) = lives.get_mut(&(row.try_get("instance")?, row.try_get("created")?)) {
            life.starts.push(TriedStart { asked_at, key, ended: ended_at.zip(result) });
        }
    }
    Ok(())
}

async fn holds(tx: &mut Link, lives: &mut Lives, newest: &HashMap<String, String>) -> Result<(), StoreError> {
    let rows = query(
        "SELECT id, instance, name, created, until, min(until, coalesce(lifted_at, until)) AS ends_at, who, reason, made_at, price, payer,
             link, stay_off FROM holds ORDER BY made_at, id",
    )
    .fetch_all(tx)
    .await?;
    for row in &rows {
        let hold = hold_of(row)?;
        let ends_at = Place { table: "holds", row: &hold.id }.instant(row.try_get("ends_at")?)?;
        let instance: String = row.try_get("instance")?;
        let mut created: String = row.try_get("created")?;
        // where Azure did not say when it was created, nobody knows that it is another one (G13)
        if !lives.contains_key(&(instance.clone(), created.clone())) {
            created = newest.get(&instance).cloned().unwrap_or(created);
        }
        if let Some(life) = lives.get_mut(&(instance, created)) {
            life.holds.push(MadeHold { hold, ends_at });
        }
    }
    Ok(())
}

fn meter(lives: &mut Lives, references: &References, entry: &Entry) {
    let Some(subject) = references.subjects.get(&entry.subject) else { return };
    let place: (&InstanceId, String) = (&subject.instance, life(subject.created));
    let Some(life) = lives.get_mut(&(instance_key(place.0), place.1)) else { return };
    let rate = entry.price.and_then(|price| references.prices.get(&price)).map(|quote| quote.rate);
    if entry.kind == EntryKind::Usage {
        life.metered.push(Metered { interval: entry.interval, rate });
        return;
    }
    let detail: Option<AvoidedDetail> = entry.detail.as_ref().and_then(|text| serde_json::from_str(text).ok());
    if let Some(detail) = detail {
        let AvoidedDetail { key, credited, charged, regret, .. } = detail;
        let did = entry.kind == EntryKind::Avoided;
        life.credits.push(Credit { interval: entry.interval, did, key: StopKey(key), credited, charged, regret, rate });
    }
}
