//! How far policies were evaluated (S12), which revision is loaded (G19), and the decision in force at an instant.

use jiff::Timestamp;

use super::rows::{Place, instance_key, policy_key, stamp};
use super::sightings::ROWS;
use super::{Store, StoreError};
use crate::ports::{DecisionRow, RevisionMark};
use crate::store::sql::{Builder, Link, Row, query};
use crate::units::{InstanceId, PolicyId};

const IN_FORCE: &str =
    "SELECT policy, revision, since, replaced, acknowledged FROM revisions WHERE policy = ? ORDER BY seq DESC LIMIT 1";

impl Store {
    pub(super) async fn write_revision(
        &self,
        policy: &PolicyId,
        revision: &str,
        at: Timestamp,
    ) -> Result<RevisionMark, StoreError> {
        let key = policy_key(policy);
        let mut tx = self.write().await?;
        let before = query(IN_FORCE).bind(&key).fetch_optional(&mut *tx).await?.as_ref().map(mark).transpose()?;
        if let Some(same) = before.as_ref().filter(|mark| mark.revision == revision) {
            return Ok(same.clone());
        }
        let mark =
            RevisionMark { revision: revision.to_owned(), since: at, replaced: before.is_some(), acknowledged: false };
        query(
            "INSERT INTO revisions (policy, name, revision, since, replaced, acknowledged) VALUES (?, ?, ?, ?, ?, 0)",
        )
        .bind(&key)
        .bind(policy.as_str())
        .bind(revision)
        .bind(stamp(at))
        .bind(i64::from(mark.replaced))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(mark)
    }

    pub(super) async fn write_acknowledged(&self, policy: &PolicyId, revision: &str) -> Result<bool, StoreError> {
        let key = policy_key(policy);
        let mut tx = self.write().await?;
        let done = query("UPDATE revisions SET acknowledged = 1 WHERE seq = (SELECT max(seq) FROM revisions WHERE policy = ?) AND revision = ?")
            .bind(key)
            .bind(revision)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    pub(super) async fn read_decision(
        &self,
        instance: &InstanceId,
        at: Timestamp,
    ) -> Result<Option<DecisionRow>, StoreError> {
        let row = query("SELECT seq, at, verdict, facts FROM decisions WHERE instance = ? AND at <= ? ORDER BY at DESC, seq DESC LIMIT 1")
            .bind(instance_key(instance))
            .bind(stamp(at))
            .fetch_optional(self.readers())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let (seq, text): (i64, String) = (row.try_get("seq")?, row.try_get("at")?);
        let at = Place { table: "decisions", row: &seq.to_string() }.instant(&text)?;
        Ok(Some(DecisionRow {
            instance: instance.clone(),
            at,
            verdict: row.try_get("verdict")?,
            facts: row.try_get("facts")?,
        }))
    }
}

/// Moves each policy's mark forward, never back.
pub(super) async fn evaluated(tx: &mut Link, policies: &[PolicyId], at: Timestamp) -> Result<(), StoreError> {
    for chunk in policies.chunks(ROWS) {
        let mut query = Builder::new("INSERT INTO evaluated (policy, name, at) ");
        query.push_values(chunk, |mut row, policy| {
            row.push_bind(policy_key(policy)).push_bind(policy.as_str()).push_bind(stamp(at));
        });
        query.push(" ON CONFLICT (policy) DO UPDATE SET name = excluded.name, at = max(evaluated.at, excluded.at)");
        query.build().execute(&mut *tx).await?;
    }
    Ok(())
}

/// A revision as its row says.
pub(super) fn mark(row: &Row) -> Result<RevisionMark, StoreError> {
    let (policy, since): (String, String) = (row.try_get("policy")?, row.try_get("since")?);
    Ok(RevisionMark {
        revision: row.try_get("revision")?,
        since: Place { table: "revisions", row: &policy }.instant(&since)?,
        replaced: row.try_get::<i64, _>("replaced")? != 0,
        acknowledged: row.try_get::<i64, _>("acknowledged")? != 0,
    })
}
