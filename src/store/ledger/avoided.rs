//! What stops avoided, by whose machines they were: rows whose credit ended within a span of time, corrections in place of
//! what they correct.

use std::sync::Arc;

use super::spent::rates;
use crate::ledger::Spent;
use crate::store::rows::Place;
use crate::store::sql::{Row, query};
use crate::store::{Store, StoreError};
use crate::units::WorkspaceId;

const DAY: i64 = 86_400;

/// A row counts whole where its credit ended, so that over any split of time each counts once.
const QUERY: &str = "
SELECT s.workspace, coalesce(s.team, '') AS team, lower(coalesce(json_extract(s.body, '$.owner'), '')) AS owner,
       l.price AS price, max(l.to_at) AS last,
       CAST(sum(CAST(json_extract(l.detail, '$.credited') AS BIGINT) - CAST(json_extract(l.detail, '$.charged') AS BIGINT)) AS BIGINT) AS seconds
FROM ledger l JOIN ledger_subjects s ON s.id = l.subject
WHERE l.kind = 'avoided' AND l.to_at > ?1 AND l.to_at <= ?2
  AND NOT EXISTS (SELECT 1 FROM ledger c WHERE c.corrects = coalesce(l.corrects, l.seq) AND c.seq > l.seq)
GROUP BY 1, 2, 3, 4";

impl Store {
    pub(in crate::store) async fn read_avoided(&self, (from, to): (i64, i64)) -> Result<Vec<Spent>, StoreError> {
        let mut tx = self.readers().begin().await?;
        let rows = query(QUERY).bind(from).bind(to).fetch_all(&mut *tx).await?;
        let rates = rates(&mut tx).await?;
        let one = |row: &Row| {
            let workspace: String = row.try_get("workspace")?;
            let named = |text: String| (!text.is_empty()).then(|| Arc::from(text));
            let price: Option<i64> = row.try_get("price")?;
            Ok(Spent {
                workspace: WorkspaceId::parse(&workspace)
                    .map_err(|error| Place { table: "ledger_subjects", row: &workspace }.wrong(error))?,
                team: named(row.try_get("team")?),
                owner: named(row.try_get("owner")?),
                day: row.try_get::<i64, _>("last")?.div_euclid(DAY),
                rate: price.and_then(|id| rates.get(&id).copied()),
                seconds: row.try_get("seconds")?,
            })
        };
        rows.iter().map(one).collect()
    }
}

#[cfg(test)]
mod tests;
