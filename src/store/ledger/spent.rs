//! What ran within a span of time, by account, day and price: rows in force, and what is going on.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::ledger::{Quote, Spent};
use crate::ports::Apart;
use crate::store::rows::Place;
use crate::store::sql::{Link, Row, query};
use crate::store::{Store, StoreError};
use crate::units::{Rate, WorkspaceId};

const DAY: i64 = 86_400;

/// A row that was corrected counts as its last correction says. What lies within one day (UTC) is added up by the database;
/// what crosses a midnight, where nobody was there to cut it, comes out as it is.
const QUERY: &str = "
WITH part AS (
    SELECT l.subject, coalesce(l.price, 0) AS price, max(l.from_at, ?1) AS a, min(l.to_at, ?2) AS b
    FROM ledger l
    WHERE l.kind = 'usage' AND l.state = 'running' AND l.to_at > ?1 AND l.from_at < ?2
      AND NOT EXISTS (SELECT 1 FROM ledger c WHERE c.corrects = coalesce(l.corrects, l.seq) AND c.seq > l.seq)
    UNION ALL
    SELECT m.subject, coalesce(m.price, 0), max(m.since_at, ?1), min(coalesce(m.unseen_since, unixepoch(w.seen_at)), ?2)
    FROM meters m JOIN workspaces w ON w.workspace = m.workspace
    WHERE m.state = 'running' AND m.since_at < ?2
), dated AS (
    SELECT subject, price, a, b, a / 86400 AS first, (b - 1) / 86400 AS last FROM part WHERE b > a
)
SELECT s.workspace, CASE WHEN ?3 = 1 THEN coalesce(s.team, '') ELSE '' END AS team,
       CASE WHEN ?4 = 1 THEN lower(coalesce(json_extract(s.body, '$.owner'), '')) ELSE '' END AS owner,
       d.price, min(d.a) AS a, max(d.b) AS b, CAST(sum(d.b - d.a) AS BIGINT) AS seconds
FROM dated d JOIN ledger_subjects s ON s.id = d.subject
GROUP BY 1, 2, 3, d.price, d.first, d.last, CASE WHEN d.first = d.last THEN 0 ELSE d.subject END,
         CASE WHEN d.first = d.last THEN 0 ELSE d.a END";

/// Workspace, team, owner, price, day.
type Key = (String, String, String, i64, i64);

impl Store {
    pub(in crate::store) async fn read_spent(
        &self,
        (from, to): (i64, i64),
        apart: Apart,
    ) -> Result<Vec<Spent>, StoreError> {
        // one transaction: a meter that is cut meanwhile is in neither place, or in both
        let mut tx = self.readers().begin().await?;
        let rows = query(QUERY).bind(from).bind(to).bind(apart.teams).bind(apart.owners).fetch_all(&mut *tx).await?;
        let rates = rates(&mut tx).await?;
        let mut sums: BTreeMap<Key, i64> = BTreeMap::new();
        for row in &rows {
            add(&mut sums, row)?;
        }
        sums.into_iter().map(|sum| spent_of(sum, &rates)).collect()
    }
}

/// Adds a row to the days that it lies in.
fn add(sums: &mut BTreeMap<Key, i64>, row: &Row) -> Result<(), StoreError> {
    let (workspace, team, owner): (String, String, String) =
        (row.try_get("workspace")?, row.try_get("team")?, row.try_get("owner")?);
    let price: i64 = row.try_get("price")?;
    let (a, b, seconds): (i64, i64, i64) = (row.try_get("a")?, row.try_get("b")?, row.try_get("seconds")?);
    let (first, last) = (a.div_euclid(DAY), b.saturating_sub(1).div_euclid(DAY));
    for day in first..=last {
        let start = day.saturating_mul(DAY);
        let within = b.min(start.saturating_add(DAY)).saturating_sub(a.max(start));
        let sum = sums.entry((workspace.clone(), team.clone(), owner.clone(), price, day)).or_insert(0);
        *sum = sum.saturating_add(if first == last { seconds } else { within });
    }
    Ok(())
}

/// What an hour costs at each price.
pub(super) async fn rates(tx: &mut Link) -> Result<HashMap<i64, Rate>, StoreError> {
    let mut rates = HashMap::new();
    for row in query("SELECT id, body FROM prices").fetch_all(tx).await? {
        let id: i64 = row.try_get("id")?;
        let number = id.to_string();
        let quote: Quote = Place { table: "prices", row: &number }.json(row.try_get("body")?)?;
        rates.insert(id, quote.rate);
    }
    Ok(rates)
}

fn spent_of(
    ((workspace, team, owner, price, day), seconds): (Key, i64),
    rates: &HashMap<i64, Rate>,
) -> Result<Spent, StoreError> {
    let place = Place { table: "ledger_subjects", row: &workspace };
    let named = |text: &str| (!text.is_empty()).then(|| Arc::from(text));
    Ok(Spent {
        workspace: WorkspaceId::parse(&workspace).map_err(|error| place.wrong(error))?,
        team: named(&team),
        owner: named(&owner),
        day,
        rate: rates.get(&price).copied(),
        seconds,
    })
}

#[cfg(test)]
mod tests;
