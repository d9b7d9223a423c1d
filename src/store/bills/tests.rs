//! Bills in SQLite: which lines are in force, what is written anew, and that nothing is ever changed.

use jiff::Timestamp;

use crate::ledger::{BillLine, BillSource, Cause, DaySpan, Part, Reconciled};
use crate::ports::{BillBook, Statement};
use crate::store::Store;
use crate::units::{Cost, Currency, SubscriptionId, WorkspaceId, parse_decimal};

fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + hour * 3_600).unwrap()
}

fn days(first: &str, last: &str) -> DaySpan {
    DaySpan { first: first.parse().unwrap(), last: last.parse().unwrap() }
}

fn workspace(name: &str) -> WorkspaceId {
    WorkspaceId::new("Sub", "g", name).unwrap()
}

fn line(name: &str, day: &str, meter: &str, amount: &str) -> BillLine {
    BillLine {
        workspace: workspace(name),
        day: day.parse().unwrap(),
        meter: meter.into(),
        category: "".into(),
        amount: parse_decimal(amount).unwrap(),
        currency: Currency::USD,
        quantity: None,
    }
}

fn statement(days: DaySpan, lines: Vec<BillLine>) -> Statement {
    Statement {
        source: BillSource::CostManagement,
        name: "x".to_owned(),
        subscription: SubscriptionId::new("SUB"),
        days,
        lines,
        digest: Some([u8::try_from(days.first.day()).unwrap(); 32]),
    }
}

async fn book() -> (Store, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    (Store::open(dir.path()).await.unwrap(), dir)
}

async fn count(store: &Store, table: &'static str) -> i64 {
    let query = format!("SELECT count(*) FROM {table}");
    sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_one(store.rows()).await.unwrap()
}

async fn spelt(store: &Store, span: DaySpan) -> Vec<String> {
    let bills = store.bills_of(span).await.unwrap();
    bills
        .lines
        .iter()
        .map(|line| format!("{} {} {} {}", line.workspace.name(), line.day, line.meter, line.amount))
        .collect()
}

#[tokio::test]
async fn a_later_bill_stands_in_an_earlier_ones_place_and_only_news_is_written() {
    let (store, _dir) = book().await;
    let week = days("2026-11-02", "2026-11-05");
    let first = vec![
        line("a", "2026-11-02", "m", "1.50"),
        line("a", "2026-11-02", "m", "0.5"),
        line("a", "2026-11-03", "m", "0.0000000000000001"),
        line("B", "2026-11-03", "n", "3"),
    ];
    store.keep_bills(&[statement(week, first.clone())], at(0)).await.unwrap();
    assert_eq!(
        spelt(&store, week).await,
        ["a 2026-11-02 m 2", "a 2026-11-03 m 0.0000000000000001", "b 2026-11-03 n 3"]
    );
    store.keep_bills(&[statement(week, first)], at(24)).await.unwrap();
    assert_eq!(
        (count(&store, "bills").await, count(&store, "bill_fetches").await),
        (3, 2),
        "the same again is no news"
    );
    let later = days("2026-11-03", "2026-11-06");
    store.keep_bills(&[statement(later, vec![line("a", "2026-11-03", "m", "7")])], at(48)).await.unwrap();
    assert_eq!(spelt(&store, week).await, ["a 2026-11-02 m 2", "a 2026-11-03 m 7"], "of b nothing is billed any more");
    assert_eq!(spelt(&store, days("2026-11-03", "2026-11-03")).await.len(), 1);
    let bills = store.bills_of(days("2026-11-01", "2026-11-30")).await.unwrap();
    let covered: Vec<String> = bills.covered[&SubscriptionId::new("sub")].iter().map(ToString::to_string).collect();
    assert_eq!(covered, ["2026-11-02", "2026-11-03", "2026-11-04", "2026-11-05", "2026-11-06"]);
    let had = store.bills_had(BillSource::CostManagement).await.unwrap();
    assert_eq!(had[&SubscriptionId::new("sub")], at(48));
    assert!(store.bills_had(BillSource::Folder).await.unwrap().is_empty());
    assert_eq!(store.bills_read(BillSource::CostManagement).await.unwrap().len(), 2);
}

/// Writing of a day fails until it is lifted, as it does when the disk is full.
async fn fail_on(store: &Store, table: &str, day: &str) {
    let sql = format!(
        "CREATE TRIGGER full BEFORE INSERT ON {table} WHEN NEW.day = '{day}' BEGIN SELECT RAISE(ABORT, 'full'); END"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(store.writer()).await.unwrap();
}

async fn lift(store: &Store) {
    sqlx::raw_sql("DROP TRIGGER full").execute(store.writer()).await.unwrap();
}

/// First and last day of every time a bill was had, and whether it was the last piece.
async fn fetches(store: &Store) -> Vec<(String, String, bool)> {
    sqlx::query_as("SELECT first_day, last_day, digest <> zeroblob(32) FROM bill_fetches ORDER BY id")
        .fetch_all(store.rows())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_large_bill_is_written_in_pieces_and_one_that_was_interrupted_is_not_had() {
    let (store, _dir) = book().await;
    let week = days("2026-11-01", "2026-11-08");
    let of_day = |day: &'static str| (0..8_000).map(move |n| line(&format!("w{}", n % 8), day, &format!("m{n}"), "1"));
    let lines: Vec<BillLine> =
        ["2026-11-02", "2026-11-03", "2026-11-06", "2026-11-07"].into_iter().flat_map(of_day).collect();
    let bill = [statement(week, lines)];
    fail_on(&store, "bills", "2026-11-07").await;
    assert!(store.keep_bills(&bill, at(0)).await.is_err());
    let (subscription, source) = (SubscriptionId::new("sub"), BillSource::CostManagement);
    assert_eq!(fetches(&store).await, [("2026-11-01".to_owned(), "2026-11-05".to_owned(), false)]);
    let covered = store.bills_of(week).await.unwrap();
    assert_eq!((covered.lines.len(), covered.covered[&subscription].len()), (16_000, 5), "what is there is true");
    assert!(store.bills_had(source).await.unwrap().is_empty() && store.bills_read(source).await.unwrap().is_empty());
    lift(&store).await;
    store.keep_bills(&bill, at(1)).await.unwrap();
    assert_eq!(fetches(&store).await[1..], [("2026-11-01".to_owned(), "2026-11-08".to_owned(), true)]);
    assert_eq!(count(&store, "bills").await, 32_000, "nothing twice");
    assert_eq!(store.bills_of(week).await.unwrap().covered[&subscription].len(), 8);
    assert_eq!(store.bills_had(source).await.unwrap()[&subscription], at(1));
    let read = store.bills_read(source).await.unwrap();
    assert_eq!(read, [(subscription.clone(), bill[0].digest.unwrap())].into());
    // nothing is left of it, and the pieces are the same
    store.keep_bills(&[statement(week, Vec::new())], at(2)).await.unwrap();
    assert_eq!((fetches(&store).await.len(), store.bills_of(week).await.unwrap().lines.len()), (3, 0));
}

#[tokio::test]
async fn a_bill_of_several_spans_is_read_once_the_last_is_written() {
    let (store, _dir) = book().await;
    let of = |day: &str, digest| Statement { digest, ..statement(days(day, day), vec![line("a", day, "m", "1")]) };
    store.keep_bills(&[of("2026-11-02", None)], at(0)).await.unwrap();
    assert!(store.bills_read(BillSource::CostManagement).await.unwrap().is_empty());
    store.keep_bills(&[of("2026-11-02", None), of("2026-11-05", Some([7; 32]))], at(1)).await.unwrap();
    assert_eq!(store.bills_read(BillSource::CostManagement).await.unwrap().len(), 1);
    let bills = store.bills_of(days("2026-11-01", "2026-11-30")).await.unwrap();
    assert_eq!((bills.lines.len(), bills.covered[&SubscriptionId::new("sub")].len()), (2, 2));
}

#[tokio::test]
async fn a_large_comparison_is_written_in_pieces() {
    let (store, _dir) = book().await;
    let all = days("2026-11-01", "2026-11-30");
    let of = |n: usize, day: &str| Reconciled {
        workspace: workspace(&format!("w{n}")),
        ..row(day, Part::Compute, i128::try_from(n).unwrap(), Cause::Price)
    };
    let mut rows: Vec<Reconciled> = (0..10_000).map(|n| of(n, "2026-11-02")).collect();
    rows.push(of(0, "2026-11-03"));
    fail_on(&store, "reconciled", "2026-11-03").await;
    assert!(store.keep_reconciled(&rows, at(0)).await.is_err());
    assert_eq!(store.reconciled(all).await.unwrap().len(), 10_000);
    lift(&store).await;
    store.keep_reconciled(&rows, at(1)).await.unwrap();
    assert_eq!((store.reconciled(all).await.unwrap().len(), count(&store, "reconciled").await), (10_001, 10_001));
}

fn row(day: &str, part: Part, billed: i128, cause: Cause) -> Reconciled {
    Reconciled {
        workspace: workspace("a"),
        day: day.parse().unwrap(),
        part,
        billed: Cost::of_exact(billed, Currency::USD),
        metered: Cost::of_exact(170_141_183_460_469_231_731_687_303_715_884_105_727, "EUR".parse().unwrap()),
        billed_seconds: None,
        metered_seconds: 5,
        cause,
    }
}

#[tokio::test]
async fn a_later_comparison_stands_in_an_earlier_ones_place() {
    let (store, _dir) = book().await;
    let all = days("2026-11-01", "2026-11-30");
    let first = [
        row("2026-11-02", Part::Compute, 1, Cause::Price),
        row("2026-11-02", Part::Other, 2, Cause::NotMetered),
        row("2026-11-03", Part::Compute, 3, Cause::Agrees),
    ];
    store.keep_reconciled(&first, at(0)).await.unwrap();
    let mut known = store.reconciled(all).await.unwrap();
    known.sort_by_key(|row| (row.day, row.part));
    assert_eq!(known, first, "amounts are kept to the last unit");
    store.keep_reconciled(&first, at(1)).await.unwrap();
    assert_eq!(count(&store, "reconciled").await, 3);
    store.keep_reconciled(&[row("2026-11-02", Part::Compute, 9, Cause::Agrees)], at(2)).await.unwrap();
    let told: Vec<_> =
        store.reconciled(all).await.unwrap().iter().map(|row| (row.part, row.cause, row.billed.exact())).collect();
    assert_eq!(
        told,
        [(Part::Compute, Cause::Agrees, 9), (Part::Other, Cause::Agrees, 0), (Part::Compute, Cause::Agrees, 3)],
        "a part that nobody names any more is nothing"
    );
    assert_eq!(count(&store, "reconciled").await, 5);
    store.keep_reconciled(&[], at(3)).await.unwrap();
}

#[tokio::test]
async fn days_that_agree_are_those_whose_last_comparison_says_so() {
    let (store, _dir) = book().await;
    let (ledger, all) = (store.ledger(), days("2026-11-01", "2026-11-30"));
    assert!(!ledger.any_compared(all).await.unwrap() && ledger.agreed(all).await.unwrap().is_empty());
    let of = |name: &str, row: Reconciled| Reconciled { workspace: workspace(name), ..row };
    let first = [
        row("2026-11-02", Part::Compute, 1, Cause::Agrees),
        row("2026-11-02", Part::Disk, 1, Cause::Price),
        row("2026-11-03", Part::Compute, 1, Cause::Agrees),
        row("2026-11-04", Part::Compute, 1, Cause::Price),
        row("2026-11-05", Part::Disk, 1, Cause::Agrees),
        of("b", row("2026-11-02", Part::Compute, 1, Cause::Agrees)),
    ];
    store.keep_reconciled(&first, at(0)).await.unwrap();
    let later = [row("2026-11-03", Part::Compute, 2, Cause::Price), row("2026-11-04", Part::Compute, 2, Cause::Agrees)];
    store.keep_reconciled(&later, at(1)).await.unwrap();
    let of = |name: &str, day: &str| (workspace(name), day.parse().unwrap());
    let expected = [of("a", "2026-11-02"), of("a", "2026-11-04"), of("b", "2026-11-02")];
    assert_eq!(ledger.agreed(all).await.unwrap(), expected.into());
    let (third, fifth) = (days("2026-11-03", "2026-11-03"), days("2026-11-05", "2026-11-05"));
    for day in [third, fifth] {
        assert!(ledger.any_compared(day).await.unwrap() && ledger.agreed(day).await.unwrap().is_empty());
    }
    assert!(!ledger.any_compared(days("2026-11-06", "2026-11-30")).await.unwrap());
}

#[tokio::test]
async fn the_bill_of_one_subscription_is_compared_with_its_own_lines() {
    let (store, _dir) = book().await;
    let day = days("2026-11-02", "2026-11-02");
    let names = ["sub", "SUB-2", "sub0", "su"];
    let of = |name: &str| {
        let line =
            BillLine { workspace: WorkspaceId::new(name, "g", "a").unwrap(), ..line("a", "2026-11-02", "m", "1") };
        Statement { subscription: SubscriptionId::new(name), ..statement(day, vec![line]) }
    };
    let bills: Vec<Statement> = names.into_iter().map(of).collect();
    store.keep_bills(&bills, at(0)).await.unwrap();
    store.keep_bills(&bills, at(1)).await.unwrap();
    assert_eq!(count(&store, "bills").await, 4, "each is known");
    store.keep_bills(&[Statement { lines: Vec::new(), ..bills[0].clone() }], at(2)).await.unwrap();
    let left = store.bills_of(day).await.unwrap().lines;
    let left: Vec<&str> = left.iter().map(|line| line.workspace.subscription().as_str()).collect();
    assert_eq!((left.len(), left.contains(&"sub")), (3, false), "{left:?}");
    // the index leads to its workspaces of each day
    let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(
        "EXPLAIN QUERY PLAN SELECT seq FROM bills b WHERE day IN (SELECT value FROM json_each('[]'))
           AND workspace >= 'a' AND workspace < 'b' AND meter IS NOT NULL
           AND fetch = (SELECT max(m.fetch) FROM bills m WHERE m.day = b.day AND m.workspace = b.workspace)
         ORDER BY workspace, day, seq",
    )
    .fetch_all(store.rows())
    .await
    .unwrap();
    assert!(plan.iter().any(|step| step.3.contains("(day=? AND workspace>? AND workspace<?)")), "{plan:?}");
}

#[tokio::test]
async fn nothing_of_it_can_be_changed() {
    let (store, _dir) = book().await;
    let day = days("2026-11-02", "2026-11-02");
    store.keep_bills(&[statement(day, vec![line("a", "2026-11-02", "m", "1")])], at(0)).await.unwrap();
    store.keep_reconciled(&[row("2026-11-02", Part::Compute, 1, Cause::Price)], at(0)).await.unwrap();
    for (table, column) in [("bills", "amount"), ("bill_fetches", "name"), ("reconciled", "cause")] {
        for sql in [format!("UPDATE {table} SET {column} = 'x'"), format!("DELETE FROM {table}")] {
            let tried = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.clone())).execute(store.writer()).await;
            assert!(tried.unwrap_err().to_string().contains("append-only"), "{sql}");
        }
    }
}
