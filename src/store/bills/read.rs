//! Reading bills: when they were had, and the lines in force.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use crate::ledger::{BillLine, BillSource, Bills, DaySpan, Hash};
use crate::store::ledger::hash_of;
use crate::store::rows::Place;
use crate::store::sql::{Builder, Link, Row, query, query_as};
use crate::store::{Store, StoreError};
use crate::units::{Currency, SubscriptionId, WorkspaceId, parse_decimal};

/// Where the digest of a bill stands once its last piece is written: more of it follows, or should have.
pub(super) const UNFINISHED: Hash = [0; 32];

impl Store {
    pub(super) async fn read_bills_had(
        &self,
        source: BillSource,
    ) -> Result<BTreeMap<SubscriptionId, Timestamp>, StoreError> {
        let rows = query(
            "SELECT subscription, max(fetched_at) AS at FROM bill_fetches WHERE source = ? AND digest <> ?
             GROUP BY subscription",
        )
        .bind(source.label())
        .bind(UNFINISHED.as_slice())
        .fetch_all(self.readers())
        .await?;
        let one = |row: &Row| {
            let subscription: String = row.try_get("subscription")?;
            let at = Place { table: "bill_fetches", row: &subscription }.instant(row.try_get("at")?)?;
            Ok((SubscriptionId::new(&subscription), at))
        };
        rows.iter().map(one).collect()
    }

    pub(super) async fn read_bill_digests(
        &self,
        source: BillSource,
    ) -> Result<BTreeSet<(SubscriptionId, Hash)>, StoreError> {
        let all: Vec<(String, Vec<u8>)> =
            query_as("SELECT DISTINCT subscription, digest FROM bill_fetches WHERE source = ? AND digest <> ?")
                .bind(source.label())
                .bind(UNFINISHED.as_slice())
                .fetch_all(self.readers())
                .await?;
        let one =
            |(subscription, digest): (String, Vec<u8>)| Ok((SubscriptionId::new(&subscription), hash_of(digest)?));
        all.into_iter().map(one).collect()
    }

    pub(super) async fn read_bills(&self, days: DaySpan) -> Result<Bills, StoreError> {
        let mut tx = self.readers().begin().await?;
        let mut bills = Bills::default();
        let rows = query(
            "SELECT DISTINCT subscription, first_day, last_day FROM bill_fetches WHERE last_day >= ? AND first_day <= ?",
        )
        .bind(days.first.to_string())
        .bind(days.last.to_string())
        .fetch_all(&mut *tx)
        .await?;
        for row in &rows {
            let subscription: String = row.try_get("subscription")?;
            let place = Place { table: "bill_fetches", row: &subscription };
            let told = DaySpan {
                first: date(place, row.try_get("first_day")?)?.max(days.first),
                last: date(place, row.try_get("last_day")?)?.min(days.last),
            };
            bills.cover(&SubscriptionId::new(&subscription), &told);
        }
        bills.lines = in_force(&mut tx, days, None).await?;
        Ok(bills)
    }
}

/// A day as it is kept.
pub(super) fn date(place: Place<'_>, text: &str) -> Result<Date, StoreError> {
    text.parse().map_err(|error: jiff::Error| place.wrong(error))
}

/// A currency as it is kept.
pub(super) fn currency(place: Place<'_>, text: &str) -> Result<Currency, StoreError> {
    text.parse().map_err(|error: crate::units::MoneyError| place.wrong(error))
}

/// The lines in force of these days, of one subscription or of all: of each workspace and day those of the newest fetch
/// that told of it.
pub(super) async fn in_force(
    connection: &mut Link,
    days: DaySpan,
    of: Option<&SubscriptionId>,
) -> Result<Vec<BillLine>, StoreError> {
    let mut query = Builder::new(
        "SELECT seq, workspace, day, meter, category, currency, amount, quantity FROM bills b
         WHERE meter IS NOT NULL
           AND b.\"fetch\" = (SELECT max(m.\"fetch\") FROM bills m WHERE m.day = b.day AND m.workspace = b.workspace) AND ",
    );
    match of {
        None => {
            query.push("day BETWEEN ").push_bind(days.first.to_string());
            query.push(" AND ").push_bind(days.last.to_string());
        }
        Some(subscription) => {
            // day by day, so that the index leads to its workspaces alone
            let days: Vec<String> = days.iter().map(|day| day.to_string()).collect();
            let days = serde_json::to_string(&days)
                .map_err(|source| StoreError::Unwritable { what: "days of a bill", source })?;
            let (from, to) = workspaces_of(subscription);
            query.push("day IN (SELECT value FROM json_each(").push_bind(days).push("))");
            query.push(" AND workspace >= ").push_bind(from).push(" AND workspace < ").push_bind(to);
        }
    }
    query.push(" ORDER BY workspace, day, seq");
    let rows = query.build().fetch_all(connection).await?;
    rows.iter().map(line_of).collect()
}

/// Between which keys its workspaces are: a slash ends its name, and the sign after a slash is a nought.
fn workspaces_of(subscription: &SubscriptionId) -> (String, String) {
    let of = format!("/subscriptions/{}", subscription.as_str().to_ascii_lowercase());
    (format!("{of}/"), format!("{of}0"))
}

fn line_of(row: &Row) -> Result<BillLine, StoreError> {
    let number: i64 = row.try_get("seq")?;
    let number = number.to_string();
    let place = Place { table: "bills", row: &number };
    let decimal = |text: &str| parse_decimal(text).map_err(|error| place.wrong(error));
    let (meter, category): (String, String) = (row.try_get("meter")?, row.try_get("category")?);
    let quantity: Option<&str> = row.try_get("quantity")?;
    Ok(BillLine {
        workspace: WorkspaceId::parse(row.try_get("workspace")?).map_err(|error| place.wrong(error))?,
        day: date(place, row.try_get("day")?)?,
        meter: meter.into(),
        category: category.into(),
        amount: decimal(row.try_get("amount")?)?,
        currency: currency(place, row.try_get("currency")?)?,
        quantity: quantity.map(decimal).transpose()?,
    })
}
