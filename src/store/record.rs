//! Writes a whole sweep in one transaction: all of it is on disk, or none (L8).

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::ledger::ReadBefore;
use super::rows::{instance_key, stamp, workspace_key};
use super::sightings::ROWS;
use super::{Store, StoreError, in_use, intents, ledger, marks, outbox, sightings};
use crate::ports::{Decision, SweepRecord};
use crate::store::sql::{Builder, Link, query};
use crate::units::WorkspaceId;

impl Store {
    pub(super) async fn write_record(&self, record: &SweepRecord) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let before = read_before(&mut tx, record).await?;
        // a time that may lie ahead would stay ahead
        if !record.accounts.clock_trouble {
            seen(&mut tx, &record.seen).await?;
        }
        let noted = sightings::write(&mut tx, &record.sightings).await?;
        sightings::close(&mut tx, &record.gone, record.at).await?;
        decisions(&mut tx, &record.decisions).await?;
        in_use::write(&mut tx, &record.in_use).await?;
        outbox::add(&mut tx, &record.messages).await?;
        dated(&mut tx, record).await?;
        if let Some((since, until)) = record.frozen {
            frozen(&mut tx, since, until).await?;
        }
        ledger::write(&mut tx, record, &noted, &before).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// What happened at the time of the sweep.
async fn dated(tx: &mut Link, record: &SweepRecord) -> Result<(), StoreError> {
    let Some(at) = record.at else {
        let timeless = record.settled.is_empty() && record.evaluated.is_empty() && record.absent.is_empty();
        let lost = || StoreError::Absent("time of a sweep that settles, evaluates or misses".to_owned());
        return timeless.then_some(()).ok_or_else(lost);
    };
    for (id, result) in &record.settled {
        // One settled before keeps its first end: it must not keep the rest of the sweep from being written.
        intents::end(tx, id, result, at).await?;
    }
    marks::evaluated(tx, &record.evaluated, at).await?;
    sightings::missed(tx, &record.absent, at).await
}

async fn frozen(tx: &mut Link, since: Timestamp, until: Timestamp) -> Result<(), StoreError> {
    query("INSERT INTO frozen (one, since, until) VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE SET since = excluded.since, until = excluded.until")
        .bind(stamp(since))
        .bind(stamp(until))
        .execute(tx)
        .await?;
    Ok(())
}

/// When the workspaces of a record were read before, in seconds since 1970.
async fn read_before(tx: &mut Link, record: &SweepRecord) -> Result<ReadBefore, StoreError> {
    let sighted = record.sightings.iter().map(|seen| seen.facts.id.workspace());
    let all: BTreeSet<&WorkspaceId> = record.seen.iter().map(|(id, _)| id).chain(sighted).collect();
    let all: Vec<String> = all.into_iter().map(workspace_key).collect();
    let mut before = ReadBefore::new();
    for chunk in all.chunks(ROWS) {
        let mut query = Builder::new("SELECT workspace, unixepoch(seen_at) AS at FROM workspaces WHERE workspace IN (");
        let mut list = query.separated(", ");
        for workspace in chunk {
            list.push_bind(workspace.as_str());
        }
        query.push(")");
        for row in query.build().fetch_all(&mut *tx).await? {
            before.insert(row.try_get("workspace")?, row.try_get("at")?);
        }
    }
    Ok(before)
}

async fn seen(tx: &mut Link, seen: &[(WorkspaceId, Timestamp)]) -> Result<(), StoreError> {
    for chunk in seen.chunks(ROWS) {
        let mut query = Builder::new("INSERT INTO workspaces (workspace, seen_at) ");
        query.push_values(chunk, |mut row, (id, at)| {
            row.push_bind(workspace_key(id)).push_bind(stamp(*at));
        });
        query.push(" ON CONFLICT (workspace) DO UPDATE SET seen_at = max(workspaces.seen_at, excluded.seen_at)");
        query.build().execute(&mut *tx).await?;
    }
    Ok(())
}

async fn decisions(tx: &mut Link, decisions: &[Decision]) -> Result<(), StoreError> {
    for chunk in decisions.chunks(ROWS) {
        let unwritable = |source| StoreError::Unwritable { what: "a decision", source };
        let rows = chunk.iter().map(Decision::row).collect::<Result<Vec<_>, _>>().map_err(unwritable)?;
        let mut query = Builder::new("INSERT INTO decisions (instance, at, verdict, facts) ");
        query.push_values(&rows, |mut row, decision| {
            row.push_bind(instance_key(&decision.instance)).push_bind(stamp(decision.at));
            row.push_bind(decision.verdict.as_str()).push_bind(decision.facts.as_str());
        });
        query.build().execute(&mut *tx).await?;
    }
    Ok(())
}
