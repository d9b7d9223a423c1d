//! Operations beside stops: begun before they are sent, at most one an instance and one a reason.

use std::sync::Arc;

use jiff::Timestamp;

use super::error::is_duplicate;
use super::rows::{Place, instance_key, life, stamp};
use super::{Store, StoreError};
use crate::facts::{OperationResult, Verb};
use crate::ports::{Fault, OperationBook, OperationIntent, OperationRow};
use crate::store::sql::{Link, Row, query, query_scalar};

impl Store {
    async fn write_operation(&self, intent: &OperationIntent) -> Result<(), StoreError> {
        let instance = instance_key(&intent.instance);
        let mut tx = match intent.verb {
            Verb::Delete => self.write_to_end(&intent.instance).await?,
            Verb::Create | Verb::Start | Verb::Restart => self.write_about(&intent.instance).await?,
        };
        refuse_beside_stop(&mut tx, &instance).await?;
        let added = query(
            "INSERT INTO operations (id, instance, name, created, verb, key, who, why, asked_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&intent.id)
        .bind(&instance)
        .bind(intent.instance.to_string())
        .bind(life(intent.created))
        .bind(intent.verb.label())
        .bind(&*intent.key)
        .bind(&intent.who)
        .bind(&intent.why)
        .bind(stamp(intent.at))
        .execute(&mut *tx)
        .await;
        match added {
            Ok(_) => {}
            Err(error) if is_duplicate(&error) => {
                let words = "an operation on this instance is under way, or its reason was carried out already";
                return Err(StoreError::Conflict(words.to_owned()));
            }
            Err(error) => return Err(error.into()),
        }
        tx.commit().await?;
        Ok(())
    }

    async fn write_operation_sent(&self, id: &str, at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let sent = query(
            "UPDATE operations SET sent_at = coalesce(sent_at, max(?, asked_at)) WHERE id = ? AND ended_at IS NULL",
        )
        .bind(stamp(at))
        .bind(id)
        .execute(&mut *tx)
        .await?;
        if sent.rows_affected() == 0 {
            return Err(StoreError::Absent(format!("open operation {id}")));
        }
        tx.commit().await?;
        Ok(())
    }

    async fn write_operation_end(&self, id: &str, result: &OperationResult, at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        // Time that went backward does not end it before it began (S12).
        let ended = query(
            "UPDATE operations SET ended_at = max(?, asked_at), result = ?, words = ? WHERE id = ? AND ended_at IS NULL",
        )
        .bind(stamp(at))
        .bind(result.label())
        .bind(words_of(result))
        .bind(id)
        .execute(&mut *tx)
        .await?;
        if ended.rows_affected() == 0 {
            return standing_end(&mut tx, id, result).await;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn read_operations(&self, since: Timestamp) -> Result<Vec<OperationRow>, StoreError> {
        let rows = query(
            "SELECT id, name, created, verb, key, who, why, asked_at, sent_at, ended_at, result, words FROM operations
             WHERE ended_at IS NULL OR asked_at >= ? ORDER BY asked_at, id",
        )
        .bind(stamp(since))
        .fetch_all(self.readers())
        .await?;
        rows.iter().map(operation_of).collect()
    }
}

/// A stop that is under way goes first: what is turned off and on at once is neither.
async fn refuse_beside_stop(tx: &mut Link, instance: &str) -> Result<(), StoreError> {
    let open: Option<String> = query_scalar("SELECT id FROM attempts WHERE instance = ? AND ended_at IS NULL")
        .bind(instance)
        .fetch_optional(tx)
        .await?;
    match open {
        Some(id) => Err(StoreError::Conflict(format!("the stop {id} of this instance is still under way"))),
        None => Ok(()),
    }
}

/// One that ended the same way before is fine; another end would be a second truth.
async fn standing_end(tx: &mut Link, id: &str, result: &OperationResult) -> Result<(), StoreError> {
    let row = query("SELECT result, words FROM operations WHERE id = ?").bind(id).fetch_optional(tx).await?;
    let Some(row) = row else {
        return Err(StoreError::Absent(format!("operation {id}")));
    };
    let (label, words): (String, Option<String>) = (row.try_get("result")?, row.try_get("words")?);
    if (label.as_str(), words.as_deref()) == (result.label(), words_of(result)) {
        Ok(())
    } else {
        Err(StoreError::Conflict(format!("the operation {id} is settled already: {label}")))
    }
}

fn words_of(result: &OperationResult) -> Option<&str> {
    match result {
        OperationResult::Done => None,
        OperationResult::Failed(words) | OperationResult::Dropped(words) => Some(words),
    }
}

fn operation_of(row: &Row) -> Result<OperationRow, StoreError> {
    let id: String = row.try_get("id")?;
    let place = Place { table: "operations", row: &id };
    let verb: String = row.try_get("verb")?;
    let known = Verb::ALL.into_iter().find(|known| known.label() == verb);
    let verb = known.ok_or_else(|| place.wrong(format!("`{verb}` is no operation")))?;
    let key: String = row.try_get("key")?;
    let intent = OperationIntent {
        verb,
        instance: place.instance(row.try_get("name")?)?,
        created: place.life(row.try_get("created")?)?,
        key: Arc::from(key),
        who: row.try_get("who")?,
        why: row.try_get("why")?,
        at: place.instant(row.try_get("asked_at")?)?,
        id: id.clone(),
    };
    let result: Option<String> = row.try_get("result")?;
    let words = || Ok::<_, StoreError>(row.try_get::<Option<String>, _>("words")?.unwrap_or_default());
    let result = match result.as_deref() {
        None => None,
        Some("done") => Some(OperationResult::Done),
        Some("failed") => Some(OperationResult::Failed(words()?)),
        Some("dropped") => Some(OperationResult::Dropped(words()?)),
        Some(other) => return Err(place.wrong(format!("`{other}` is no end of an operation"))),
    };
    let ended_at = place.instant_or_none(row.try_get("ended_at")?)?;
    let sent_at = place.instant_or_none(row.try_get("sent_at")?)?;
    Ok(OperationRow { intent, sent_at, ended: ended_at.zip(result) })
}

impl OperationBook for Store {
    async fn begin_operation(&self, intent: &OperationIntent) -> Result<(), Fault> {
        let doing = || format!("write down the intent to {} {}", intent.verb.label(), intent.instance.name());
        self.write_operation(intent).await.map_err(|error| error.fault(doing()))
    }

    async fn operation_sent(&self, id: &str, at: Timestamp) -> Result<(), Fault> {
        let sent = self.write_operation_sent(id, at).await;
        sent.map_err(|error| error.fault(format!("write down that the operation {id} was sent")))
    }

    async fn end_operation(&self, id: &str, result: &OperationResult, at: Timestamp) -> Result<(), Fault> {
        let ended = self.write_operation_end(id, result, at).await;
        ended.map_err(|error| error.fault(format!("write down how the operation {id} ended")))
    }

    async fn operations(&self, since: Timestamp) -> Result<Vec<OperationRow>, Fault> {
        self.read_operations(since).await.map_err(|error| error.fault("read which operations there were"))
    }
}
