//! Days of the ledger: rows that stand, what goes on, and prices, at one moment.

use jiff::civil::date;

use crate::ledger::{DaySpan, Part, PriceKey, PriceSource, Quote, Residual, Subject, Terms, midnight};
use crate::store::Store;
use crate::units::{Currency, InstanceId, Rate, Region, When};

const SPAN: DaySpan = DaySpan { first: date(2026, 11, 2), last: date(2026, 11, 3) };
const ID: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/ci";

/// Seconds after the first day's midnight.
fn at(second: i64) -> i64 {
    midnight(SPAN.first) + second
}

async fn run(store: &Store, sql: String) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(store.writer()).await.unwrap();
}

/// Rows as sweeps write them, but for their hashes.
async fn written(store: &Store) -> InstanceId {
    let instance = InstanceId::parse(ID).unwrap();
    let (workspace, key) = (instance.workspace().to_string().to_lowercase(), ID.to_lowercase());
    let subject = Subject {
        instance: instance.clone(),
        created: When::NONE,
        size: "Standard_DS3_v2".into(),
        region: Region::new("westeurope"),
        owner: None,
        team: None,
    };
    let quote = Quote {
        key: PriceKey::new("Standard_DS3_v2", &Region::new("westeurope")),
        source: PriceSource::Retail,
        rate: Rate::parse("0.3", Currency::USD).unwrap(),
        fetched_at: jiff::Timestamp::UNIX_EPOCH,
        effective: When::NONE,
        meter: "m".into(),
        etag: "".into(),
    };
    let terms = Terms::ungoverned("1", None, Residual::listed().ok());
    let json = |value: String| value.replace('\'', "\'\'");
    let (subject, quote) = (serde_json::to_string(&subject).unwrap(), serde_json::to_string(&quote).unwrap());
    let (subject, quote, terms) = (json(subject), json(quote), json(serde_json::to_string(&terms).unwrap()));
    run(store, format!("INSERT INTO workspaces VALUES ('{workspace}', '2026-11-04T00:00:10.000000000Z')")).await;
    run(store, format!("INSERT INTO ledger_subjects VALUES (1, '{key}', '', '{workspace}', NULL, x'01', '{subject}')"))
        .await;
    run(store, format!("INSERT INTO ledger_terms VALUES (1, x'01', '{terms}')")).await;
    run(store, format!("INSERT INTO prices VALUES (1, 's', 'r', x'01', '{quote}')")).await;
    let row = |seq: i64, from: i64, to: i64, state: &str, price: &str, corrects: &str| {
        let (from, to) = (at(from), at(to));
        format!(
            "INSERT INTO ledger VALUES ({seq}, 'usage', 1, 1, {price}, '{state}', 'observed', {from}, {from}, {from}, \
             {to}, {to}, {to}, NULL, NULL, {corrects}, NULL, x'00')"
        )
    };
    run(store, row(1, -3_600, 7_200, "running", "1", "NULL")).await;
    run(store, row(2, 7_200, 10_800, "running", "1", "NULL")).await;
    run(store, row(3, 7_200, 10_800, "running", "NULL", "2")).await;
    run(store, row(4, 7_200, 10_800, "stopped", "NULL", "2")).await;
    run(
        store,
        format!(
            "INSERT INTO meters VALUES ('{key}', '', '{workspace}', 1, 1, NULL, 's', 'r', 'stopped', 'observed', \
             {since}, {since}, {since}, NULL, NULL)",
            since = at(10_800)
        ),
    )
    .await;
    instance
}

#[tokio::test]
async fn rows_that_stand_and_what_goes_on_make_up_the_days() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    let instance = written(&store).await;
    let days = store.read_metered(SPAN).await.unwrap();
    let of = |part| days.get(instance.workspace(), SPAN.first, part).unwrap();
    let compute = of(Part::Compute);
    assert_eq!((compute.seconds.mid, compute.unpriced), (7_200, 0), "the last correction stands: it was off");
    assert_eq!(compute.costs[&Currency::USD].mid, Rate::parse("0.3", Currency::USD).unwrap().over(7_200).exact());
    assert_eq!(of(Part::Disk).seconds.mid, 86_400, "it was there all day");
    assert_eq!(days.whole().map(|(_, day)| day).collect::<Vec<_>>(), [SPAN.first, SPAN.last]);
}
