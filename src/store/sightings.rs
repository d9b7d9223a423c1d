//! Writes what was seen of instances: the present row of each, and every change as a transition with its bounds (L8, C4).

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use serde::Serialize;

use super::StoreError;
use super::rows::{instance_key, json, life, stamp, workspace_key};
use crate::facts::{History, LastOperation, PowerState};
use crate::ports::Sighting;
use crate::store::sql::{Builder, Link, query, query_scalar};
use crate::units::{InstanceId, When};

/// Rows a statement: ten columns each stay far below SQLite's 32,766 variables.
pub(super) const ROWS: usize = 500;
/// What a transition leads to when the instance is no more; not a state that Azure knows.
const GONE: &str = "\"gone\"";

/// The part of a history that has no rows of its own.
#[derive(Serialize)]
struct Remembered {
    first_seen: When,
    on_since: When,
    last_seen_off: When,
    last_busy: When,
    started: When,
    #[serde(skip_serializing_if = "When::is_none")]
    timer_changed: When,
    #[serde(skip_serializing_if = "When::is_none")]
    off_since: When,
}

/// An instance as the journal has it.
struct Present {
    created: String,
    seen_at: String,
    state: String,
    operation: Option<String>,
    gone: bool,
}

struct Incoming<'a> {
    sighting: &'a Sighting,
    instance: String,
    created: String,
    state: String,
    operation: Option<String>,
}

struct Transition<'a> {
    instance: &'a str,
    created: &'a str,
    from: Option<String>,
    to: &'a str,
    not_before: Option<String>,
    not_after: String,
    known_by: &'static str,
    operation: Option<&'a str>,
}

/// What the journal made of a sighting.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Noted {
    /// The row that tells of the change, if there was any.
    pub(super) transition: Option<i64>,
    /// Its last operation was not known before.
    pub(super) is_news: bool,
    /// The life of the same name that it ended.
    pub(super) replaced: Option<String>,
}

/// Writes every sighting, in order; says what became of each.
pub(super) async fn write(tx: &mut Link, sightings: &[Sighting]) -> Result<Vec<Noted>, StoreError> {
    let mut noted = Vec::with_capacity(sightings.len());
    for chunk in parts(sightings) {
        let incoming = chunk.iter().map(Incoming::of).collect::<Result<Vec<_>, _>>()?;
        let known = known(tx, &incoming).await?;
        let mut transitions = Vec::new();
        let mut next = next_transition(tx).await?;
        for new in &incoming {
            let old = known.get(&new.instance);
            let mut note = Noted::default();
            if let Some(old) = old.filter(|old| old.created != new.created) {
                retire(tx, &new.instance).await?;
                note.replaced = Some(old.created.clone());
                transitions.extend(old.replaced_by(new).map(|transition| (take(&mut next), transition)));
            }
            let same = old.filter(|old| old.created == new.created);
            note.is_news = same.is_none_or(|old| new.operation.is_some() && old.operation != new.operation);
            if let Some(transition) = new.transition(same)? {
                let seq = take(&mut next);
                note.transition = Some(seq);
                transitions.push((seq, transition));
            }
            noted.push(note);
        }
        append(tx, &transitions).await?;
        upsert(tx, &incoming).await?;
    }
    Ok(noted)
}

/// In order, so many at once, and an instance once in each: the second sighting of one, kept from a sweep that could not
/// be written, is judged by the first, and may be of another life of the name.
fn parts(sightings: &[Sighting]) -> Vec<&[Sighting]> {
    let (mut parts, mut rest) = (Vec::new(), sightings);
    while !rest.is_empty() {
        let mut there = HashSet::new();
        let length = rest.iter().take(ROWS).take_while(|seen| there.insert(instance_key(&seen.facts.id))).count();
        let (part, after) = rest.split_at(length.max(1));
        parts.push(part);
        rest = after;
    }
    parts
}

fn take(next: &mut i64) -> i64 {
    let number = *next;
    *next = next.saturating_add(1);
    number
}

async fn next_transition(tx: &mut Link) -> Result<i64, StoreError> {
    let last: Option<i64> = query_scalar("SELECT max(seq) FROM transitions").fetch_one(tx).await?;
    Ok(last.unwrap_or(0).saturating_add(1))
}

/// Marks instances that were absent from a whole reading for the first time.
pub(super) async fn missed(tx: &mut Link, absent: &[InstanceId], at: Timestamp) -> Result<(), StoreError> {
    for id in absent {
        query("UPDATE instances SET absent_at = ? WHERE instance = ? AND present = 1 AND gone_at IS NULL")
            .bind(stamp(at))
            .bind(instance_key(id))
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

/// Closes instances that are gone, at their last sighting.
pub(super) async fn close(
    tx: &mut Link,
    gone: &[(InstanceId, Timestamp)],
    noticed: Option<Timestamp>,
) -> Result<(), StoreError> {
    for (id, last_seen) in gone {
        let instance = instance_key(id);
        let (from, until) = (stamp(*last_seen), stamp(noticed.unwrap_or(*last_seen).max(*last_seen)));
        query(
            "INSERT INTO transitions (seq, instance, created, from_state, to_state, not_before, not_after, known_by)
             SELECT ?, instance, created, state, ?, ?, ?, 'absence' FROM instances WHERE instance = ? AND present = 1 AND gone_at IS NULL",
        )
        .bind(next_transition(tx).await?)
        .bind(GONE)
        .bind(&from)
        .bind(until)
        .bind(&instance)
        .execute(&mut *tx)
        .await?;
        query("UPDATE instances SET gone_at = ? WHERE instance = ? AND present = 1 AND gone_at IS NULL")
            .bind(&from)
            .bind(&instance)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

impl<'a> Incoming<'a> {
    fn of(sighting: &'a Sighting) -> Result<Self, StoreError> {
        let facts = &sighting.facts;
        Ok(Self {
            sighting,
            instance: instance_key(&facts.id),
            created: life(facts.created),
            state: json("a state", &facts.state)?,
            operation: facts.last_operation.known().map(|op| operation(op)).transpose()?,
        })
    }

    /// The row to append when something happened: another state, or an operation that was not there before, which
    /// tells of a stop and start between two looks.
    fn transition<'b>(&'b self, old: Option<&Present>) -> Result<Option<Transition<'b>>, StoreError> {
        let seen = self.sighting;
        let operated = self.operation.is_some() && old.is_some_and(|old| old.operation != self.operation);
        let known_by = match old {
            None => "first_sighting",
            Some(_) if operated && self.is_dated(seen) => "operation",
            Some(_) => "sighting",
        };
        let changed = old.is_none() || operated || seen.before.as_ref() != Some(&seen.facts.state);
        if !changed {
            return Ok(None);
        }
        let from = seen.before.as_ref().map(|state: &PowerState| json("a state", state)).transpose()?;
        Ok(Some(Transition {
            instance: &self.instance,
            created: &self.created,
            from,
            to: &self.state,
            not_before: seen.not_before.known().map(stamp),
            not_after: stamp(seen.not_after),
            known_by,
            operation: self.operation.as_deref(),
        }))
    }

    /// True when the operation lies within the bounds of the change.
    fn is_dated(&self, seen: &Sighting) -> bool {
        seen.facts
            .last_operation
            .known()
            .is_some_and(|op| op.at <= seen.not_after && seen.not_before.known().is_none_or(|bound| bound <= op.at))
    }
}

impl Present {
    /// The end of this life, when another one of the same name is seen (fault 28).
    fn replaced_by<'a>(&'a self, new: &'a Incoming<'a>) -> Option<Transition<'a>> {
        let not_after = stamp(new.sighting.not_after).max(self.seen_at.clone());
        (!self.gone).then(|| Transition {
            instance: &new.instance,
            created: &self.created,
            from: Some(self.state.clone()),
            to: GONE,
            not_before: Some(self.seen_at.clone()),
            not_after,
            known_by: "replacement",
            operation: None,
        })
    }
}

/// What was asked and when; how it went is left out, for that changes without anything happening to the instance.
fn operation(op: &LastOperation) -> Result<String, StoreError> {
    json("an operation", &(&op.operation, op.at, &op.trigger))
}

async fn known(tx: &mut Link, incoming: &[Incoming<'_>]) -> Result<HashMap<String, Present>, StoreError> {
    let mut query = Builder::new(
        "SELECT instance, created, seen_at, state, operation, gone_at FROM instances WHERE present = 1 AND instance IN (",
    );
    let mut list = query.separated(", ");
    for new in incoming {
        list.push_bind(new.instance.as_str());
    }
    query.push(")");
    let rows = query.build().fetch_all(tx).await?;
    rows.iter()
        .map(|row| {
            let gone: Option<String> = row.try_get("gone_at")?;
            let present = Present {
                created: row.try_get("created")?,
                seen_at: row.try_get("seen_at")?,
                state: row.try_get("state")?,
                operation: row.try_get("operation")?,
                gone: gone.is_some(),
            };
            Ok((row.try_get("instance")?, present))
        })
        .collect()
}

async fn retire(tx: &mut Link, instance: &str) -> Result<(), StoreError> {
    query("UPDATE instances SET present = 0, gone_at = coalesce(gone_at, seen_at) WHERE instance = ? AND present = 1")
        .bind(instance)
        .execute(tx)
        .await?;
    Ok(())
}

async fn append(tx: &mut Link, transitions: &[(i64, Transition<'_>)]) -> Result<(), StoreError> {
    for chunk in transitions.chunks(ROWS) {
        let mut query = Builder::new(
            "INSERT INTO transitions (seq, instance, created, from_state, to_state, not_before, not_after, known_by, operation) ",
        );
        query.push_values(chunk, |mut row, (seq, t)| {
            row.push_bind(*seq).push_bind(t.instance).push_bind(t.created).push_bind(t.from.as_deref()).push_bind(t.to);
            row.push_bind(t.not_before.as_deref())
                .push_bind(t.not_after.as_str())
                .push_bind(t.known_by)
                .push_bind(t.operation);
        });
        query.build().execute(&mut *tx).await?;
    }
    Ok(())
}

async fn upsert(tx: &mut Link, incoming: &[Incoming<'_>]) -> Result<(), StoreError> {
    let texts = incoming
        .iter()
        .map(|new| Ok((json("an instance", &new.sighting.facts)?, remembered(&new.sighting.history)?)))
        .collect::<Result<Vec<_>, StoreError>>()?;
    let mut query = Builder::new(
        "INSERT INTO instances (instance, created, workspace, present, seen_at, state, operation, facts, history) ",
    );
    query.push_values(incoming.iter().zip(&texts), |mut row, (new, (facts, history))| {
        row.push_bind(new.instance.as_str())
            .push_bind(new.created.as_str())
            .push_bind(workspace_key(new.sighting.facts.id.workspace()))
            .push("1");
        row.push_bind(stamp(new.sighting.not_after)).push_bind(new.state.as_str()).push_bind(new.operation.as_deref());
        row.push_bind(facts.as_str()).push_bind(history.as_str());
    });
    query.push(
        " ON CONFLICT (instance, created) DO UPDATE SET present = 1, gone_at = NULL, seen_at = max(instances.seen_at, excluded.seen_at),
          state = excluded.state, operation = coalesce(excluded.operation, instances.operation), facts = excluded.facts, history = excluded.history",
    );
    query.build().execute(tx).await?;
    Ok(())
}

fn remembered(history: &History) -> Result<String, StoreError> {
    let History { first_seen, on_since, last_seen_off, last_busy, started, timer_changed, off_since, .. } = history;
    json(
        "a history",
        &Remembered {
            first_seen: *first_seen,
            on_since: *on_since,
            last_seen_off: *last_seen_off,
            last_busy: *last_busy,
            started: *started,
            timer_changed: *timer_changed,
            off_since: *off_since,
        },
    )
}
