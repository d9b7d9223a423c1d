//! The ledger in SQLite: rows with the sweep that causes them, cuts, prices, claims, and every change that shows.

use std::sync::Arc;

use jiff::Timestamp;
use sqlx::Row;

use crate::facts::{
    Created, History, InstanceFacts, LastOperation, Operation, OperationStatus, PowerState, Reading, StopKey,
    StopResult, Tags, Trigger, Unknown,
};
use crate::ledger::{
    AvoidedDetail, Counterfactual, Entry, EntryKind, Limit, MeterState, NoPrice, PriceKey, PriceSource, Quote,
};
use crate::plan::{Expected, Step};
use crate::ports::{Accounts, Intent, Journal, LedgerBook, Sighting, SweepRecord, WouldStop};
use crate::rules::Ground;
use crate::store::Store;
use crate::store::sql::query;
use crate::units::{Currency, InstanceId, PolicyId, Rate, Region, When};

pub(super) mod claims;

use claims::stopped_by_us;

/// 2027-01-15T00:00:00Z, a midnight in the middle of a month.
pub(super) const MIDNIGHT: i64 = 1_800_000_000 - 1_800_000_000 % 86_400;

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(MIDNIGHT + second).unwrap()
}

pub(super) fn id(name: &str) -> InstanceId {
    let workspace = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w";
    InstanceId::parse(&format!("{workspace}/computes/{name}")).unwrap()
}

fn born() -> Created {
    Created::at(at(-1_000_000))
}

pub(super) fn facts(name: &str, state: PowerState, seen: i64, operation: Option<(Operation, i64)>) -> InstanceFacts {
    let last = operation.map(|(operation, when)| {
        Arc::new(LastOperation { operation, at: at(when), status: OperationStatus::Succeeded, trigger: Trigger::User })
    });
    InstanceFacts {
        id: id(name),
        created: born(),
        state,
        size: "STANDARD_DS3_V2".into(),
        region: Region::new("westeurope"),
        owner: Arc::default(),
        tags: Reading::Known { value: Tags::default(), as_of: When::at(at(seen)) },
        last_operation: last
            .map_or(Reading::Unknown(Unknown::Missing), |value| Reading::Known { value, as_of: When::at(at(seen)) }),
        native: Arc::default(),
        observed_at: at(seen),
        oddities: thin_vec::ThinVec::new(),
    }
}

/// A sweep at an instant that saw these, each with its state before and the time it was seen before.
pub(super) fn sweep(now: i64, seen: Vec<(InstanceFacts, Option<(PowerState, i64)>)>) -> SweepRecord {
    let sightings = seen.into_iter().map(|(facts, before)| Sighting {
        not_after: facts.observed_at,
        facts: Arc::new(facts),
        not_before: before.as_ref().map_or(When::NONE, |(_, seen)| When::at(at(*seen))),
        before: before.map(|(state, _)| state),
        history: History::default(),
    });
    let sightings: Vec<Sighting> = sightings.collect();
    let workspace = id("ci-a").workspace().clone();
    SweepRecord { at: Some(at(now)), seen: vec![(workspace, at(now))], sightings, ..SweepRecord::default() }
}

pub(super) fn on(name: &str, now: i64, start: i64) -> InstanceFacts {
    facts(name, PowerState::Running, now, Some((Operation::Start, start)))
}

pub(super) fn off(name: &str, now: i64, stop: i64) -> InstanceFacts {
    facts(name, PowerState::Stopped, now, Some((Operation::Stop, stop)))
}

fn quote(rate: &str, now: i64) -> Quote {
    Quote {
        key: PriceKey::new("Standard_DS3_v2", &Region::new("westeurope")),
        source: PriceSource::Retail,
        rate: Rate::parse(rate, Currency::USD).unwrap(),
        fetched_at: at(now),
        effective: When::NONE,
        meter: "D3 v2/DS3 v2".into(),
        etag: "".into(),
    }
}

pub(super) async fn priced(store: &Store, rate: &str, now: i64) {
    let quote = quote(rate, now);
    store.reprice(&[(quote.key.clone(), Ok(quote))], at(now)).await.unwrap();
}

pub(super) struct Book {
    pub(super) store: Store,
    pub(super) _dir: tempfile::TempDir,
}

pub(super) async fn book() -> Book {
    let dir = tempfile::tempdir().unwrap();
    Book { store: Store::open(dir.path()).await.unwrap(), _dir: dir }
}

async fn rows(store: &Store) -> Vec<Entry> {
    let mut rows = Vec::new();
    let take = |entry| {
        rows.push(entry);
        Ok(())
    };
    store.each_entry((i64::MAX, None), take).await.unwrap();
    rows
}

async fn spelt(store: &Store) -> Vec<String> {
    let spell = |entry: Entry| {
        let interval = &entry.interval;
        let (from, to) = (interval.from.at - MIDNIGHT, interval.to.at - MIDNIGHT);
        let price = entry.price.map_or_else(|| "-".to_owned(), |id| id.0.to_string());
        format!("{} {} [{from}, {to}) price {price}", entry.kind.label(), interval.state.label())
    };
    rows(store).await.into_iter().map(spell).collect()
}

pub(super) async fn run(store: &Store, sql: &'static str) {
    sqlx::raw_sql(sql).execute(store.writer()).await.unwrap();
}

#[tokio::test]
async fn a_day_of_one_instance_is_metered_and_verified() {
    let Book { store, _dir } = book().await;
    priced(&store, "0.293", -20_000).await;
    store.record(&sweep(-10_000, vec![(on("ci-a", -10_000, -12_000), None)])).await.unwrap();
    // a midnight passes: what runs is cut there, and nothing is lost
    store.record(&sweep(30, Vec::new())).await.unwrap();
    let seen = vec![(off("ci-a", 660, 600), Some((PowerState::Running, 600)))];
    store.record(&sweep(660, seen)).await.unwrap();
    store.record(&sweep(720, vec![(on("ci-a", 720, 700), Some((PowerState::Stopped, 660)))])).await.unwrap();
    assert_eq!(
        spelt(&store).await,
        ["usage running [-10000, 0) price 1", "usage running [0, 630) price 1", "usage stopped [630, 700) price -"]
    );
    let verified = store.verify_ledger().await.unwrap();
    assert_eq!((verified.head.seq, verified.lives), (3, 1));
    assert_eq!((verified.total.running, verified.total.stopped, verified.total.unknown), (10_630, 70, 0));
    // what goes on counts up to when it was last seen
    let sums = store.sums().await.unwrap();
    assert_eq!(sums.len(), 1);
    assert_eq!((sums[0].seconds, sums[0].rate.unwrap().text().as_str()), (10_630 + 20, "0.293"));
    assert_eq!((sums[0].credited(), sums[0].charged, sums[0].open), (10_630, 0, 20));
    let (key, source) = sums[0].priced.clone().unwrap();
    assert_eq!((key.to_string().as_str(), source), ("standard_ds3_v2 in westeurope", PriceSource::Retail));
}

#[tokio::test]
async fn rows_read_by_the_page_are_those_read_one_by_one() {
    let Book { store, _dir } = stopped_by_us(2_000).await;
    store.record(&sweep(90_000, Vec::new())).await.unwrap();
    let one_by_one = query("SELECT * FROM ledger ORDER BY seq").fetch_all(store.readers()).await.unwrap();
    let one_by_one: Vec<Entry> = one_by_one.iter().map(|row| super::read::entry_of(row).unwrap()).collect();
    assert_eq!((one_by_one.len(), rows(&store).await), (2, one_by_one));
}

#[tokio::test]
async fn a_detail_that_was_changed_to_anything_is_read_as_it_is_and_shows() {
    let Book { store, _dir } = stopped_by_us(2_000).await;
    store.record(&sweep(90_000, Vec::new())).await.unwrap();
    run(&store, "DROP TRIGGER ledger_stands").await;
    for detail in ["''", "char(31) || 'x' || char(30) || '9'", "'a' || char(0) || 'b'"] {
        let sql = format!("UPDATE ledger SET detail = {detail} WHERE seq = 1");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(store.writer()).await.unwrap();
        let row = query("SELECT * FROM ledger WHERE seq = 1").fetch_one(store.readers()).await.unwrap();
        let rows = rows(&store).await;
        assert_eq!((rows.len(), &rows[0]), (2, &super::read::entry_of(&row).unwrap()), "{detail}");
        let found = store.verify_ledger().await.unwrap_err().to_string();
        assert!(found.contains("row 1 of the ledger does not fit its hash"), "{detail}: {found}");
    }
    run(&store, "UPDATE ledger SET detail = CAST(x'ff' AS TEXT) WHERE seq = 1").await;
    let found = store.verify_ledger().await.unwrap_err().to_string();
    assert!(found.contains("table ledger holds something unreadable at 1;"), "{found}");
}

#[tokio::test]
async fn a_changed_sum_shows_while_rows_are_added() {
    let Book { store, _dir } = stopped_by_us(2_000).await;
    run(&store, "UPDATE ledger_sums SET credited = credited + 1 WHERE kind = 'usage'").await;
    // follows what was there at one moment, however much is written beside it
    let busy = async {
        for day in 1..20 {
            store.record(&sweep(day * 86_400 + 60, Vec::new())).await.unwrap();
        }
    };
    let follow = async {
        for _ in 0..20 {
            let found = store.verify_ledger().await.unwrap_err().to_string();
            assert!(found.contains("the sum kept for usage of"), "{found}");
        }
    };
    tokio::join!(busy, follow);
}

#[tokio::test]
async fn a_row_names_the_changes_that_were_seen_at_its_ends() {
    let Book { store, _dir } = book().await;
    store.record(&sweep(0, vec![(on("ci-a", 0, -60), None)])).await.unwrap();
    store.record(&sweep(60, vec![(off("ci-a", 60, 30), Some((PowerState::Running, 0)))])).await.unwrap();
    let row = rows(&store).await.remove(0);
    let known: Vec<(i64, String)> =
        sqlx::query_as("SELECT seq, to_state FROM transitions ORDER BY seq").fetch_all(store.rows()).await.unwrap();
    assert_eq!(row.seen, (Some(known[0].0), Some(known[1].0)));
    assert_eq!(known[1].1, "\"stopped\"");
    assert_eq!((row.interval.to.low - MIDNIGHT, row.interval.to.high - MIDNIGHT), (30, 60));
}

#[tokio::test]
async fn an_unknown_price_is_unknown_and_is_learnt_for_the_time_that_is_open() {
    let Book { store, _dir } = book().await;
    let key = quote("1", 0).key;
    let book = store.reprice(&[(key.clone(), Err(NoPrice::NotListed))], at(-50)).await.unwrap();
    assert_eq!(book.unpriced().count(), 1);
    store.record(&sweep(0, vec![(on("ci-a", 0, -60), None)])).await.unwrap();
    store.record(&sweep(60, vec![(off("ci-a", 60, 30), Some((PowerState::Running, 0)))])).await.unwrap();
    store.record(&sweep(120, vec![(on("ci-a", 120, 100), Some((PowerState::Stopped, 60)))])).await.unwrap();
    priced(&store, "0.5", 130).await;
    store.record(&sweep(200, vec![(off("ci-a", 200, 180), Some((PowerState::Running, 120)))])).await.unwrap();
    let rows = spelt(&store).await;
    assert_eq!(rows[0], "usage running [0, 45) price -", "it stands");
    assert_eq!(rows[2], "usage running [0, 45) price 1", "and this stands for it");
    assert_eq!(rows[3], "usage running [100, 190) price 1");
    let correction = self::rows(&store).await.remove(2);
    assert_eq!(correction.corrects, Some(1));
    let sums = store.sums().await.unwrap();
    let known: Vec<(Option<String>, i64)> =
        sums.iter().map(|sum| (sum.rate.map(|rate| rate.text()), sum.seconds)).collect();
    assert_eq!(known, [(None, 0), (Some("0.5".to_owned()), 135)]);
    store.verify_ledger().await.unwrap();
    // once: the same price again, and another one later, find nothing without a price
    priced(&store, "0.5", 300).await;
    priced(&store, "0.6", 400).await;
    assert_eq!(self::rows(&store).await.len(), 4);
}

#[tokio::test]
async fn a_price_that_came_into_force_later_says_nothing_of_time_before() {
    let Book { store, _dir } = book().await;
    store.record(&sweep(0, vec![(on("ci-a", 0, -60), None)])).await.unwrap();
    store.record(&sweep(60, vec![(off("ci-a", 60, 30), Some((PowerState::Running, 0)))])).await.unwrap();
    let later = Quote { effective: When::at(at(50)), ..quote("0.5", 100) };
    store.reprice(&[(later.key.clone(), Ok(later))], at(100)).await.unwrap();
    assert_eq!(spelt(&store).await, ["usage running [0, 45) price -"]);
    store.verify_ledger().await.unwrap();
}

#[tokio::test]
async fn a_new_price_cuts_what_runs_and_an_absurd_one_changes_nothing() {
    let Book { store, _dir } = book().await;
    priced(&store, "0.293", -100).await;
    store.record(&sweep(0, vec![(on("ci-a", 0, -60), None)])).await.unwrap();
    store.record(&sweep(1_000, Vec::new())).await.unwrap();
    // the same again is no news
    priced(&store, "0.293", 1_000).await;
    let absurd = quote("29.3", 1_010);
    let book = store.reprice(&[(absurd.key.clone(), Ok(absurd))], at(1_010)).await.unwrap();
    let held = book.iter().next().unwrap().1;
    assert!(matches!(held.doubt, Some(NoPrice::Absurd(_))), "{held:?}");
    assert_eq!(held.price.as_ref().unwrap().quote.rate.text(), "0.293");
    assert!(rows(&store).await.is_empty());
    // the source says that it came into force in between
    let risen = Quote { effective: When::at(at(400)), ..quote("0.31", 1_020) };
    store.reprice(&[(risen.key.clone(), Ok(risen))], at(1_020)).await.unwrap();
    store.record(&sweep(1_060, vec![(off("ci-a", 1_060, 1_040), Some((PowerState::Running, 1_000)))])).await.unwrap();
    assert_eq!(spelt(&store).await, ["usage running [0, 400) price 1", "usage running [400, 1050) price 2"]);
    store.verify_ledger().await.unwrap();
}

#[tokio::test]
async fn a_gone_instance_ends_where_it_was_last_seen_and_may_come_back() {
    let Book { store, _dir } = book().await;
    store.record(&sweep(0, vec![(on("ci-a", 0, -60), None)])).await.unwrap();
    store.record(&SweepRecord { gone: vec![(id("ci-a"), at(60))], ..sweep(180, Vec::new()) }).await.unwrap();
    store.record(&sweep(1_000, vec![(on("ci-a", 1_000, -60), None)])).await.unwrap();
    store.record(&sweep(1_100, vec![(off("ci-a", 1_100, 1_080), Some((PowerState::Running, 1_060)))])).await.unwrap();
    assert_eq!(
        spelt(&store).await,
        ["usage running [0, 60) price -", "usage unknown [60, 1000) price -", "usage running [1000, 1090) price -"]
    );
    store.verify_ledger().await.unwrap();
}

#[tokio::test]
async fn what_a_reading_leaves_out_is_not_carried_on() {
    let Book { store, _dir } = book().await;
    store.record(&sweep(-1_000, vec![(on("ci-a", -1_000, -2_000), None)])).await.unwrap();
    let accounts = Accounts { unseen: vec![(id("ci-a"), at(-900))], ..Accounts::default() };
    store.record(&SweepRecord { accounts, ..sweep(-840, Vec::new()) }).await.unwrap();
    store.record(&sweep(30, Vec::new())).await.unwrap();
    assert!(rows(&store).await.is_empty(), "nobody saw it at midnight");
    assert_eq!(store.sums().await.unwrap()[0].seconds, 100);
    let accounts = Accounts { seen_again: vec![id("ci-a")], ..Accounts::default() };
    store.record(&SweepRecord { accounts, ..sweep(90, Vec::new()) }).await.unwrap();
    assert_eq!(store.sums().await.unwrap()[0].seconds, 1_090);
}

#[tokio::test]
async fn stopped_time_is_cut_when_a_month_ends() {
    let Book { store, _dir } = book().await;
    // 2027-01-31T23:50:00Z
    let end = 17 * 86_400;
    assert_eq!(at(end).to_string(), "2027-02-01T00:00:00Z");
    store.record(&sweep(end - 600, vec![(off("ci-a", end - 600, 0), None)])).await.unwrap();
    store.record(&sweep(end + 60, Vec::new())).await.unwrap();
    assert_eq!(spelt(&store).await, [format!("usage stopped [{}, {end}) price -", end - 600)]);
}

#[tokio::test]
async fn a_row_cannot_be_changed_and_a_changed_one_shows() {
    let Book { store, _dir } = stopped_by_us(2_000).await;
    store.record(&sweep(2_500, Vec::new())).await.unwrap();
    store.verify_ledger().await.unwrap();
    for sql in [
        "UPDATE ledger SET to_at = to_at + 1 WHERE seq = 1",
        "DELETE FROM ledger WHERE seq = 1",
        "UPDATE prices SET body = '{}'",
        "DELETE FROM ledger_subjects",
        "UPDATE ledger_terms SET body = '{}'",
    ] {
        let refused = sqlx::raw_sql(sql).execute(store.writer()).await.unwrap_err().to_string();
        assert!(refused.contains("append-only") || refused.contains("snapshots"), "{sql}: {refused}");
    }
    for (spoil, mend, words) in [
        (
            "DROP TRIGGER ledger_stands; UPDATE ledger SET to_at = to_at - 1 WHERE seq = 1",
            "UPDATE ledger SET to_at = to_at + 1 WHERE seq = 1",
            "row 1 of the ledger does not fit its hash",
        ),
        (
            "UPDATE ledger SET detail = replace(detail, '\"credited\":1370', '\"credited\":9370') WHERE seq = 2",
            "UPDATE ledger SET detail = replace(detail, '\"credited\":9370', '\"credited\":1370') WHERE seq = 2",
            "row 2 of the ledger does not fit its hash",
        ),
        (
            "DROP TRIGGER prices_stand; UPDATE prices SET body = replace(body, '2000000000', '1000000000')",
            "UPDATE prices SET body = replace(body, '1000000000', '2000000000')",
            "row 1 of prices does not fit its digest",
        ),
        (
            "UPDATE ledger_sums SET credited = credited + 1 WHERE kind = 'usage'",
            "UPDATE ledger_sums SET credited = credited - 1 WHERE kind = 'usage'",
            "the sum kept for usage of",
        ),
        (
            "UPDATE ledger_sums SET charged = charged + 1 WHERE kind = 'avoided'",
            "UPDATE ledger_sums SET charged = charged - 1 WHERE kind = 'avoided'",
            "the sum kept for avoided (charged) of",
        ),
    ] {
        run(&store, spoil).await;
        let found = store.verify_ledger().await.unwrap_err().to_string();
        assert!(found.contains(words), "{found}");
        assert_eq!(store.verify().await.unwrap(), Err(found), "every face is told the same");
        run(&store, mend).await;
        store.verify_ledger().await.unwrap();
    }
    let left: i64 = sqlx::query("SELECT count(*) AS n FROM ledger").fetch_one(store.rows()).await.unwrap().get("n");
    assert_eq!(left, 2);
    assert_eq!(rows(&store).await[0].interval.state, MeterState::Running);
}

#[tokio::test]
async fn two_lives_of_a_name_in_one_record_are_written() {
    // kept from a sweep that could not be written (fault 40), and deleted and made again since (fault 28)
    for is_known in [true, false] {
        let Book { store, _dir } = book().await;
        if is_known {
            store.record(&sweep(0, vec![(on("ci-a", 0, -60), None)])).await.unwrap();
        }
        let old = (off("ci-a", 60, 30), is_known.then_some((PowerState::Running, 0)));
        let reborn = InstanceFacts { created: Created::at(at(100)), ..on("ci-a", 120, 100) };
        store.record(&sweep(120, vec![old, (reborn, None)])).await.unwrap();
        store.record(&sweep(180, vec![(on("ci-c", 180, 170), None)])).await.unwrap();
        let verified = store.verify_ledger().await.unwrap();
        assert!(verified.lives <= 2);
        let present: i64 =
            sqlx::query_scalar("SELECT count(*) FROM instances WHERE present = 1 AND instance LIKE '%ci-a'")
                .fetch_one(store.rows())
                .await
                .unwrap();
        assert_eq!(present, 1, "{is_known}");
    }
}
