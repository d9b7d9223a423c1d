//! Messages to people, kept until a channel confirms them or they are given up (fault 42).

use jiff::Timestamp;

use super::rows::{Place, instance_key, json, life, stamp};
use super::sightings::ROWS;
use super::{Store, StoreError};
use crate::ports::{Arrival, Lane, Message};
use crate::store::sql::{Builder, Link, Row, query};

impl Store {
    pub(super) async fn read_outbox(
        &self,
        lane: Lane<'_>,
        now: Timestamp,
        most: u32,
    ) -> Result<Vec<Message>, StoreError> {
        let mut query =
            Builder::new("SELECT id, body, attempts FROM messages WHERE next_try_at IS NOT NULL AND next_try_at <= ");
        query.push_bind(stamp(now));
        match lane {
            Lane::On(name) => {
                query.push(" AND channel = ").push_bind(name);
            }
            // an empty list is none in PostgreSQL
            Lane::Beside([]) => {}
            Lane::Beside(names) => {
                query.push(" AND (channel IS NULL OR channel NOT IN (");
                let mut list = query.separated(", ");
                for name in names {
                    list.push_bind(*name);
                }
                query.push("))");
            }
        }
        query.push(" ORDER BY kind <> 'warning', at, id LIMIT ").push_bind(i64::from(most));
        let rows = query.build().fetch_all(self.readers()).await?;
        rows.iter().map(message).collect()
    }

    pub(super) async fn read_arrived(&self, since: Timestamp) -> Result<Vec<Arrival>, StoreError> {
        // who has a deadline announced has it in a column
        let text = "SELECT id, body, attempts, delivered_at FROM messages
             WHERE delivered_at > ? AND stop_at IS NOT NULL ORDER BY delivered_at, id";
        let rows = query(text).bind(stamp(since)).fetch_all(self.readers()).await?;
        rows.iter().map(arrival).collect()
    }

    pub(super) async fn write_delivered(&self, id: &str, at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let done = query(
            "UPDATE messages SET delivered_at = coalesce(delivered_at, ?), next_try_at = NULL, why = NULL WHERE id = ?",
        )
        .bind(stamp(at))
        .bind(id)
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::Absent(format!("message {id}")));
        }
        tx.commit().await?;
        Ok(())
    }

    pub(super) async fn write_undelivered(
        &self,
        id: &str,
        why: &str,
        next: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        // A delivery that was confirmed stands, whatever a slower second try says.
        let done = query(
            "UPDATE messages SET attempts = attempts + 1,
                why = CASE WHEN delivered_at IS NULL THEN ? END,
                next_try_at = CASE WHEN delivered_at IS NULL THEN ? END
             WHERE id = ?",
        )
        .bind(why)
        .bind(next.map(stamp))
        .bind(id)
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::Absent(format!("message {id}")));
        }
        tx.commit().await?;
        Ok(())
    }
}

/// Adds messages; one that is there already is left as it is.
pub(super) async fn add(tx: &mut Link, messages: &[Message]) -> Result<(), StoreError> {
    for chunk in messages.chunks(ROWS) {
        let bodies = chunk.iter().map(|message| json("a message", message)).collect::<Result<Vec<_>, _>>()?;
        let mut query = Builder::new(
            "INSERT INTO messages (id, kind, instance, created, stop_at, body, at, attempts, next_try_at) ",
        );
        query.push_values(chunk.iter().zip(&bodies), |mut row, (message, body)| {
            row.push_bind(message.id.as_str())
                .push_bind(message.kind.label())
                .push_bind(message.instance().map(|(id, _)| instance_key(id)).unwrap_or_default())
                .push_bind(message.instance().map(|(_, created)| life(created)).unwrap_or_default());
            row.push_bind(message.notice.as_ref().map(|key| stamp(key.stop_at))).push_bind(body.as_str());
            row.push_bind(stamp(message.at)).push_bind(i64::from(message.attempts)).push_bind(stamp(message.due_at()));
        });
        query.push(" ON CONFLICT (id) DO NOTHING");
        query.build().execute(&mut *tx).await?;
    }
    Ok(())
}

fn message(row: &Row) -> Result<Message, StoreError> {
    let (id, body): (String, String) = (row.try_get("id")?, row.try_get("body")?);
    let place = Place { table: "messages", row: &id };
    let message: Message = place.json(&body)?;
    Ok(Message { attempts: place.number(row.try_get("attempts")?)?, ..message })
}

fn arrival(row: &Row) -> Result<Arrival, StoreError> {
    let (id, at): (&str, String) = (row.try_get("id")?, row.try_get("delivered_at")?);
    let place = Place { table: "messages", row: id };
    Ok(Arrival { message: message(row)?, at: place.instant(&at)? })
}
