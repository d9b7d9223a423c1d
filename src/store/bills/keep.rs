//! Writing down bills: that each was had, and of it what says something else than the lines in force.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::read::in_force;
use crate::ledger::BillLine;
use crate::ports::Statement;
use crate::store::rows::{stamp, workspace_key};
use crate::store::sightings::ROWS;
use crate::store::{Store, StoreError};
use crate::units::{Currency, SubscriptionId};

/// Meter, category, currency.
type Meter = (Arc<str>, Arc<str>, Currency);
/// Amount and quantity of each meter.
type Amounts = BTreeMap<Meter, (Decimal, Option<Decimal>)>;
/// By workspace and day.
type Days = BTreeMap<(String, Date), Amounts>;

impl Store {
    pub(super) async fn write_bills(&self, bills: &[Statement], at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        for statement in bills {
            let fetch = fetched(&mut tx, statement, at).await?;
            let known = in_force(&mut tx, statement.days).await?;
            let ours = |line: &&BillLine| of_subscription(line, &statement.subscription);
            let known = added_up(known.iter().filter(ours));
            let told = added_up(statement.lines.iter().filter(ours));
            let gone = known.keys().filter(|day| !told.contains_key(day)).map(|day| (day, None));
            let news = told.iter().filter(|(day, amounts)| known.get(day) != Some(amounts));
            let news = news.map(|(day, amounts)| (day, Some(amounts)));
            insert(&mut tx, fetch, gone.chain(news)).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

fn of_subscription(line: &BillLine, subscription: &SubscriptionId) -> bool {
    line.workspace.subscription() == subscription
}

/// Lines of the same meter are one: a file has a line for each resource.
fn added_up<'a>(lines: impl Iterator<Item = &'a BillLine>) -> Days {
    let mut days = Days::new();
    for line in lines {
        let meter = (line.meter.clone(), line.category.clone(), line.currency);
        let amounts = days.entry((workspace_key(&line.workspace), line.day)).or_default();
        let sum = amounts.entry(meter).or_insert((Decimal::ZERO, Some(Decimal::ZERO)));
        sum.0 = sum.0.saturating_add(line.amount).normalize();
        sum.1 = sum.1.zip(line.quantity).map(|(sum, more)| sum.saturating_add(more).normalize());
    }
    days
}

async fn fetched(tx: &mut SqliteConnection, statement: &Statement, at: Timestamp) -> Result<i64, StoreError> {
    let done = sqlx::query(
        "INSERT INTO bill_fetches (source, name, subscription, first_day, last_day, fetched_at, digest)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(statement.source.label())
    .bind(&statement.name)
    .bind(statement.subscription.as_str().to_ascii_lowercase())
    .bind(statement.days.first.to_string())
    .bind(statement.days.last.to_string())
    .bind(stamp(at))
    .bind(statement.digest.to_vec())
    .execute(tx)
    .await?;
    Ok(done.last_insert_rowid())
}

/// Workspace, day, meter where there is any, amount and quantity.
type Line<'a> = (&'a str, String, Option<&'a Meter>, (Decimal, Option<Decimal>));

async fn insert<'a>(
    tx: &mut SqliteConnection,
    fetch: i64,
    days: impl Iterator<Item = (&'a (String, Date), Option<&'a Amounts>)>,
) -> Result<(), StoreError> {
    let mut rows: Vec<Line<'_>> = Vec::new();
    for ((workspace, day), amounts) in days {
        match amounts {
            None => rows.push((workspace, day.to_string(), None, (Decimal::ZERO, None))),
            Some(amounts) => {
                rows.extend(
                    amounts.iter().map(|(meter, sum)| (workspace.as_str(), day.to_string(), Some(meter), *sum)),
                );
            }
        }
    }
    for chunk in rows.chunks(ROWS) {
        let mut query = QueryBuilder::<Sqlite>::new(
            "INSERT INTO bills (fetch, workspace, day, meter, category, currency, amount, quantity) ",
        );
        query.push_values(chunk, |mut row, (workspace, day, meter, (amount, quantity))| {
            row.push_bind(fetch).push_bind(*workspace).push_bind(day.as_str());
            row.push_bind(meter.map(|(meter, _, _)| meter.to_string()));
            row.push_bind(meter.map(|(_, category, _)| category.to_string()).unwrap_or_default());
            row.push_bind(meter.map(|(_, _, currency)| currency.to_string()).unwrap_or_default());
            row.push_bind(amount.to_string()).push_bind(quantity.map(|quantity| quantity.to_string()));
        });
        query.build().persistent(false).execute(&mut *tx).await?;
    }
    Ok(())
}
