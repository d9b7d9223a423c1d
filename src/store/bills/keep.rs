//! Writing down bills: that each was had, and of it what says something else than the lines in force.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::read::{UNFINISHED, in_force};
use crate::ledger::{BillLine, DaySpan};
use crate::ports::Statement;
use crate::store::rows::{stamp, workspace_key};
use crate::store::sightings::ROWS;
use crate::store::sql::{Builder, Link, query};
use crate::store::{Store, StoreError};
use crate::units::Currency;

/// Meter, category, currency.
type Meter = (Arc<str>, Arc<str>, Currency);
/// Amount and quantity of each meter.
type Amounts = BTreeMap<Meter, (Decimal, Option<Decimal>)>;
/// By workspace and day.
type Days = BTreeMap<(String, Date), Amounts>;

/// By workspace and day, what it says now; none where nothing is billed any more.
type News<'a> = (&'a (String, Date), Option<&'a Amounts>);

/// Lines of one transaction. There is one connection that writes, and a sweep waits 8 s for it: so many are written within
/// one. A day is never cut, since a fetch tells of whole days: a thousand workspaces of ten meters are half of it.
const LINES: usize = 20_000;

/// Days of a bill that are written at once.
#[derive(Debug)]
struct Piece<'a> {
    /// All days since the piece before: of those without news the bill says what is known.
    days: DaySpan,
    news: Vec<News<'a>>,
    is_last: bool,
}

impl Store {
    /// Piece by piece, each with its days: what is covered is true whenever it ends. What is in force is read outside
    /// transactions: nothing else writes bills.
    pub(super) async fn write_bills(&self, bills: &[Statement], at: Timestamp) -> Result<(), StoreError> {
        for statement in bills {
            let known = {
                let mut reader = self.readers().begin().await?;
                in_force(&mut reader, statement.days, Some(&statement.subscription)).await?
            };
            let ours = |line: &&BillLine| {
                line.workspace.subscription() == &statement.subscription && statement.days.holds(line.day)
            };
            let (known, told) = (added_up(known.iter().filter(ours)), added_up(statement.lines.iter().filter(ours)));
            let gone = known.keys().filter(|day| !told.contains_key(day)).map(|day| (day, None));
            let news = told.iter().filter(|(day, amounts)| known.get(day) != Some(amounts));
            let news = news.map(|(day, amounts)| (day, Some(amounts)));
            for piece in pieces(statement.days, gone.chain(news)) {
                let mut tx = self.write().await?;
                let fetch = fetched(&mut tx, (statement, &piece), at).await?;
                insert(&mut tx, fetch, &piece.news).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }
}

/// Cuts a bill between days, where more lines would come together than are written at once.
fn pieces<'a>(days: DaySpan, news: impl Iterator<Item = News<'a>>) -> Vec<Piece<'a>> {
    let mut by_day: BTreeMap<Date, Vec<News<'a>>> = BTreeMap::new();
    for one in news {
        by_day.entry(one.0.1).or_default().push(one);
    }
    let mut pieces = Vec::new();
    let mut open = Piece { days, news: Vec::new(), is_last: true };
    let mut lines = 0_usize;
    for (day, news) in by_day {
        let more: usize = news.iter().map(|(_, amounts)| amounts.map_or(1, BTreeMap::len)).sum();
        lines = lines.saturating_add(more);
        if lines > LINES
            && !open.news.is_empty()
            && let Ok(before) = day.yesterday()
        {
            let rest = Piece { days: DaySpan { first: day, ..days }, news: Vec::new(), is_last: true };
            let full = std::mem::replace(&mut open, rest);
            pieces.push(Piece { days: DaySpan { last: before, ..full.days }, is_last: false, ..full });
            lines = more;
        }
        open.news.extend(news);
    }
    pieces.push(open);
    pieces
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

async fn fetched(
    tx: &mut Link,
    (statement, piece): (&Statement, &Piece<'_>),
    at: Timestamp,
) -> Result<i64, StoreError> {
    let digest = statement.digest.filter(|_| piece.is_last).unwrap_or(UNFINISHED);
    let row = query(
        "INSERT INTO bill_fetches (source, name, subscription, first_day, last_day, fetched_at, digest)
         VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
    )
    .bind(statement.source.label())
    .bind(&statement.name)
    .bind(statement.subscription.as_str().to_ascii_lowercase())
    .bind(piece.days.first.to_string())
    .bind(piece.days.last.to_string())
    .bind(stamp(at))
    .bind(digest.to_vec())
    .fetch_one(tx)
    .await?;
    Ok(row.try_get("id")?)
}

/// Workspace, day, meter where there is any, amount and quantity.
type Line<'a> = (&'a str, String, Option<&'a Meter>, (Decimal, Option<Decimal>));

async fn insert(tx: &mut Link, fetch: i64, news: &[News<'_>]) -> Result<(), StoreError> {
    let mut rows: Vec<Line<'_>> = Vec::new();
    for ((workspace, day), amounts) in news {
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
        let mut query =
            Builder::new("INSERT INTO bills (\"fetch\", workspace, day, meter, category, currency, amount, quantity) ");
        query.push_values(chunk, |mut row, (workspace, day, meter, (amount, quantity))| {
            row.push_bind(fetch).push_bind(*workspace).push_bind(day.as_str());
            row.push_bind(meter.map(|(meter, _, _)| meter.to_string()));
            row.push_bind(meter.map(|(_, category, _)| category.to_string()).unwrap_or_default());
            row.push_bind(meter.map(|(_, _, currency)| currency.to_string()).unwrap_or_default());
            row.push_bind(amount.to_string()).push_bind(quantity.map(|quantity| quantity.to_string()));
        });
        query.build().execute(&mut *tx).await?;
    }
    Ok(())
}
