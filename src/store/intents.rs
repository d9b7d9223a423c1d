//! Stops on their way: intended before the POST, sent, settled (L5), at most one an instance and one a reason (L6, I4).

use jiff::Timestamp;

use super::error::is_duplicate;
use super::rows::{instance_key, json, life, result_columns, stamp, stamp_before};
use super::{Store, StoreError};
use crate::facts::StopResult;
use crate::ports::{Intent, OPERATION_GOES_FIRST};
use crate::store::sql::{Link, query, query_as, query_scalar};

impl Store {
    pub(super) async fn write_intent(&self, intent: &Intent) -> Result<(), StoreError> {
        let (instance, created) = (instance_key(&intent.step.instance), life(intent.step.created));
        let mut tx = self.write_to_end(&intent.step.instance).await?;
        refuse_second(&mut tx, &instance).await?;
        refuse_beside_operation(&mut tx, &instance, intent.at).await?;
        refuse_spent(&mut tx, &instance, &created, &intent.step.key.0).await?;
        query("INSERT INTO intents (instance, created, key) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
            .bind(&instance)
            .bind(&created)
            .bind(&intent.step.key.0)
            .execute(&mut *tx)
            .await?;
        let added = query(
            "INSERT INTO attempts (id, intent, instance, name, attempt, policy, revision, ground, step, intended_at)
             SELECT ?, intent, ?, ?, ?, ?, ?, ?, ?, ? FROM intents WHERE instance = ? AND created = ? AND key = ?",
        )
        .bind(&intent.id)
        .bind(&instance)
        .bind(intent.step.instance.to_string())
        .bind(i64::from(intent.attempt))
        .bind(intent.step.policy.as_str())
        .bind(&*intent.step.revision)
        .bind(intent.step.ground.label())
        .bind(json("a step", &intent.step)?)
        .bind(stamp(intent.at))
        .bind(&instance)
        .bind(&created)
        .bind(&intent.step.key.0)
        .execute(&mut *tx)
        .await;
        match added {
            Ok(_) => {}
            Err(error) if is_duplicate(&error) => {
                return Err(StoreError::Conflict(format!("the stop {} is written already", intent.id)));
            }
            Err(error) => return Err(error.into()),
        }
        tx.commit().await?;
        Ok(())
    }

    pub(super) async fn write_sent(&self, id: &str, at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let sent = query(
            "UPDATE attempts SET sent_at = coalesce(sent_at, max(?, intended_at)) WHERE id = ? AND ended_at IS NULL",
        )
        .bind(stamp(at))
        .bind(id)
        .execute(&mut *tx)
        .await?;
        if sent.rows_affected() == 0 {
            return Err(StoreError::Absent(format!("open stop {id}")));
        }
        tx.commit().await?;
        Ok(())
    }

    pub(super) async fn write_end(&self, id: &str, result: &StopResult, at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        if !end(&mut tx, id, result, at).await? {
            return standing_end(&mut tx, id, result).await;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// Ends an open stop; false when there is none of that id. Time that went backward does not end it before it began (S12).
pub(super) async fn end(tx: &mut Link, id: &str, result: &StopResult, at: Timestamp) -> Result<bool, StoreError> {
    let (label, words) = result_columns(result);
    let ended = query(
        "UPDATE attempts SET ended_at = max(?, intended_at), result = ?, words = ? WHERE id = ? AND ended_at IS NULL",
    )
    .bind(stamp(at))
    .bind(label)
    .bind(words)
    .bind(id)
    .execute(tx)
    .await?;
    Ok(ended.rows_affected() > 0)
}

/// A stop settled the same way before is fine; another end would be a second truth.
async fn standing_end(tx: &mut Link, id: &str, result: &StopResult) -> Result<(), StoreError> {
    let row = query("SELECT result, words FROM attempts WHERE id = ?").bind(id).fetch_optional(tx).await?;
    let Some(row) = row else {
        return Err(StoreError::Absent(format!("stop {id}")));
    };
    let (label, words): (String, Option<String>) = (row.try_get("result")?, row.try_get("words")?);
    if (label.as_str(), words.as_deref()) == result_columns(result) {
        Ok(())
    } else {
        Err(StoreError::Conflict(format!("the stop {id} is settled already: {label}")))
    }
}

async fn refuse_second(tx: &mut Link, instance: &str) -> Result<(), StoreError> {
    let open: Option<String> = query_scalar("SELECT id FROM attempts WHERE instance = ? AND ended_at IS NULL")
        .bind(instance)
        .fetch_optional(tx)
        .await?;
    match open {
        Some(id) => Err(StoreError::Conflict(format!("the stop {id} of this instance is still under way"))),
        None => Ok(()),
    }
}

/// What somebody has done with it just now goes first: a machine that is being restarted is not turned off meanwhile.
async fn refuse_beside_operation(tx: &mut Link, instance: &str, at: Timestamp) -> Result<(), StoreError> {
    let open: Option<(String, String)> =
        query_as("SELECT id, verb FROM operations WHERE instance = ? AND ended_at IS NULL AND asked_at > ?")
            .bind(instance)
            .bind(stamp_before(at, OPERATION_GOES_FIRST))
            .fetch_optional(tx)
            .await?;
    match open {
        Some((id, verb)) => Err(StoreError::Conflict(format!("the {verb} {id} of this instance was begun just now"))),
        None => Ok(()),
    }
}

async fn refuse_spent(tx: &mut Link, instance: &str, created: &str, key: &str) -> Result<(), StoreError> {
    let spent: Option<String> = query_scalar(
        "SELECT a.id FROM intents i JOIN attempts a ON a.intent = i.intent
         WHERE i.instance = ? AND i.created = ? AND i.key = ? AND a.result IN ('stopped', 'started_again')",
    )
    .bind(instance)
    .bind(created)
    .bind(key)
    .fetch_optional(tx)
    .await?;
    match spent {
        Some(id) => Err(StoreError::Conflict(format!("the reason {key} was carried out already by the stop {id}"))),
        None => Ok(()),
    }
}
