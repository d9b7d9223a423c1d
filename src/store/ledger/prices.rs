//! The price book's snapshots: kept for ever; which one holds; and the cut of running meters where a price changes.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::append::append;
use super::corrections;
use super::dims::Dim;
use super::open::{COLUMNS, Meter, save};
use crate::ledger::{Entry, NoPrice, Price, PriceBook, PriceId, PriceKey, Priced, Quote};
use crate::store::rows::{Place, json, stamp};
use crate::store::sql::{Builder, Link, Row, query};
use crate::store::{Store, StoreError};
use crate::units::Region;

/// Which snapshot holds for what.
pub(super) struct InForce(HashMap<PriceKey, PriceId>);

impl InForce {
    pub(super) fn of(&self, key: &PriceKey) -> Option<PriceId> {
        self.0.get(key).copied()
    }
}

/// The snapshots in force, for meters to take.
pub(super) async fn in_force(tx: &mut Link) -> Result<InForce, StoreError> {
    let rows = query("SELECT size, region, price FROM prices_in_force WHERE price IS NOT NULL").fetch_all(tx).await?;
    let one = |row: &Row| {
        let (size, region): (String, String) = (row.try_get("size")?, row.try_get("region")?);
        Ok((PriceKey::new(&size, &Region::new(&region)), PriceId(row.try_get("price")?)))
    };
    Ok(InForce(rows.iter().map(one).collect::<Result<_, sqlx::Error>>()?))
}

impl Store {
    pub(in crate::store) async fn read_prices(&self) -> Result<PriceBook, StoreError> {
        let mut connection = self.readers().begin().await?;
        book(&mut connection).await
    }

    pub(in crate::store) async fn write_prices(
        &self,
        answers: &[(PriceKey, Result<Quote, NoPrice>)],
        at: Timestamp,
    ) -> Result<PriceBook, StoreError> {
        let mut tx = self.write().await?;
        let known = book(&mut tx).await?;
        let mut entries = Vec::new();
        for (key, answer) in answers {
            let believed = answer.as_ref().map_err(Clone::clone).and_then(|quote| known.weigh(quote).map(|()| quote));
            let standing = known.get(key).and_then(|priced| priced.price.as_ref());
            match (believed, standing) {
                (Err(doubt), _) => doubted(&mut tx, key, &doubt, at).await?,
                (Ok(quote), Some(price)) if price.quote.says_the_same(quote) => {
                    hold(&mut tx, key, price.id, at).await?;
                }
                (Ok(quote), standing) => take(&mut tx, (quote, at), standing, &mut entries).await?,
            }
        }
        append(&mut tx, &mut entries).await?;
        let book = book(&mut tx).await?;
        tx.commit().await?;
        Ok(book)
    }
}

/// A price that is another one than before, or the first.
async fn take(
    tx: &mut Link,
    (quote, at): (&Quote, Timestamp),
    standing: Option<&Price>,
    entries: &mut Vec<Entry>,
) -> Result<(), StoreError> {
    let (key, id) = (&quote.key, snapshot(tx, quote).await?);
    hold(tx, key, id, at).await?;
    let since = standing.map(|price| held_since(quote, price));
    cut(tx, (key, id), since, entries).await?;
    if standing.is_none() {
        entries.extend(corrections::priced(tx, (quote, id)).await?);
        corrections::price_claims(tx, (key, id)).await?;
    }
    Ok(())
}

/// A price that came into force since the one before was fetched holds since then; any other since it is known here.
fn held_since(quote: &Quote, before: &Price) -> Timestamp {
    quote.effective.known().filter(|at| *at > before.quote.fetched_at).unwrap_or(quote.fetched_at)
}

async fn book(connection: &mut Link) -> Result<PriceBook, StoreError> {
    let rows = query(
        "SELECT f.size, f.region, f.price, f.confirmed_at, f.doubt, f.asked_at, p.body
         FROM prices_in_force f LEFT JOIN prices p ON p.id = f.price",
    )
    .fetch_all(connection)
    .await?;
    let mut prices = BTreeMap::new();
    for row in &rows {
        let (size, region): (String, String) = (row.try_get("size")?, row.try_get("region")?);
        let name = format!("{size} in {region}");
        let place = Place { table: "prices", row: &name };
        let confirmed_at = place.instant_or_none(row.try_get("confirmed_at")?)?;
        let id: Option<i64> = row.try_get("price")?;
        let body: Option<&str> = row.try_get("body")?;
        let quote: Option<Quote> = body.map(|body| place.json(body)).transpose()?;
        let price = id.zip(quote).zip(confirmed_at);
        let price = price.map(|((id, quote), confirmed_at)| Price { id: PriceId(id), quote, confirmed_at });
        let doubt: Option<&str> = row.try_get("doubt")?;
        let priced = Priced {
            price,
            doubt: doubt.map(|doubt| place.json(doubt)).transpose()?,
            asked_at: place.instant(row.try_get("asked_at")?)?,
        };
        prices.insert(PriceKey::new(&size, &Region::new(&region)), priced);
    }
    Ok(PriceBook::new(prices))
}

/// The last good price stays, beside the doubt.
async fn doubted(tx: &mut Link, key: &PriceKey, doubt: &NoPrice, at: Timestamp) -> Result<(), StoreError> {
    query(
        "INSERT INTO prices_in_force (size, region, doubt, asked_at) VALUES (?, ?, ?, ?)
         ON CONFLICT (size, region) DO UPDATE SET doubt = excluded.doubt, asked_at = excluded.asked_at",
    )
    .bind(key.size())
    .bind(key.region().as_str())
    .bind(json("a doubt", doubt)?)
    .bind(stamp(at))
    .execute(tx)
    .await?;
    Ok(())
}

async fn hold(tx: &mut Link, key: &PriceKey, id: PriceId, at: Timestamp) -> Result<(), StoreError> {
    query(
        "INSERT INTO prices_in_force (size, region, price, confirmed_at, asked_at) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (size, region) DO UPDATE SET price = excluded.price, confirmed_at = excluded.confirmed_at,
          doubt = NULL, asked_at = excluded.asked_at",
    )
    .bind(key.size())
    .bind(key.region().as_str())
    .bind(id.0)
    .bind(stamp(at))
    .bind(stamp(at))
    .execute(tx)
    .await?;
    Ok(())
}

async fn snapshot(tx: &mut Link, quote: &Quote) -> Result<PriceId, StoreError> {
    let dim = Dim::new("a price", quote)?;
    query("INSERT INTO prices (size, region, digest, body) VALUES (?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING")
        .bind(quote.key.size())
        .bind(quote.key.region().as_str())
        .bind(dim.digest.to_vec())
        .bind(&dim.text)
        .execute(&mut *tx)
        .await?;
    let row = query("SELECT id FROM prices WHERE digest = ?").bind(dim.digest.to_vec()).fetch_one(tx).await?;
    Ok(PriceId(row.try_get("id")?))
}

/// Gives the new price to running meters: from the instant since when the source says that it holds, as far as that time
/// is still open; a meter that had no price takes it for all its open time.
async fn cut(
    tx: &mut Link,
    (key, id): (&PriceKey, PriceId),
    since: Option<Timestamp>,
    entries: &mut Vec<Entry>,
) -> Result<(), StoreError> {
    let mut query = Builder::new(format!(
        "SELECT {COLUMNS}, (SELECT unixepoch(w.seen_at) FROM workspaces w WHERE w.workspace = meters.workspace) AS seen
         FROM meters WHERE state IN ('running', 'unknown') AND size = "
    ));
    query.push_bind(key.size()).push(" AND region = ").push_bind(key.region().as_str());
    query.push(" ORDER BY instance, created");
    let rows = query.build().fetch_all(&mut *tx).await?;
    let mut meters = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut meter = Meter::read(row)?;
        let seen: Option<i64> = row.try_get("seen")?;
        if let (Some(since), Some(_)) = (since, meter.price) {
            let at = since.as_second().min(seen.unwrap_or(meter.open.since.at));
            entries.extend(meter.cut(at));
        }
        meter.price = Some(id);
        meters.push(meter);
    }
    save(tx, &meters).await
}
