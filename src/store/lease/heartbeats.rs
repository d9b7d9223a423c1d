//! Heartbeats that reached another replica than the one that decides about their instance: the newest of each, on the server.

use std::collections::{BTreeMap, BTreeSet};

use super::Lease;
use super::shards::list;
use crate::facts::Shard;
use crate::store::StoreError;
use crate::store::rows::instance_key;
use crate::store::sql::{Builder, query};
use crate::units::InstanceId;

/// Rows of one statement.
const ROWS: usize = 500;
/// What is older says nothing that is still believed.
const FORGET: &str = "DELETE FROM heartbeats WHERE at < clock_timestamp() - interval '1 hour'";

impl Lease {
    /// Lays heartbeats down for whoever decides about their instances: in its own words, proven to be of the instance.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn lay_down(&self, beats: &BTreeMap<InstanceId, String>) -> Result<(), StoreError> {
        let mut tx = self.beside.change().await?;
        query(FORGET).execute(&mut *tx).await?;
        let all: Vec<(&InstanceId, &String)> = beats.iter().collect();
        for chunk in all.chunks(ROWS) {
            let mut text = Builder::new("INSERT INTO heartbeats (instance, shard, body) ");
            text.push_values(chunk, |mut row, (id, body)| {
                row.push_bind(instance_key(id))
                    .push_bind(i64::from(Shard::of(id.workspace()).number()))
                    .push_bind(body.as_str());
            });
            text.push(
                " ON CONFLICT (instance) DO UPDATE SET shard = excluded.shard, at = clock_timestamp(), body = excluded.body",
            );
            text.build().execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Those of these shards that were laid down since so many milliseconds of the server's clock, and until when that is all.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn laid_down(&self, shards: &BTreeSet<Shard>, since: i64) -> Result<(Vec<String>, i64), StoreError> {
        let mut text = Builder::new(
            "SELECT body, CAST(extract(epoch FROM at) * 1000 AS BIGINT) AS millis FROM heartbeats
             WHERE at > to_timestamp(CAST(",
        );
        text.push_bind(since).push(" AS DOUBLE PRECISION) / 1000) AND shard IN (-1");
        if !shards.is_empty() {
            text.push(", ");
            list(&mut text, shards);
        }
        text.push(") ORDER BY at");
        let rows = text.build().fetch_all(&self.beside).await?;
        let (mut bodies, mut until) = (Vec::with_capacity(rows.len()), since);
        for row in &rows {
            bodies.push(row.try_get("body")?);
            until = until.max(row.try_get("millis")?);
        }
        Ok((bodies, until))
    }
}
