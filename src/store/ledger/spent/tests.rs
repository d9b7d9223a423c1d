//! What was spent, from rows and what is going on; corrections, midnights, accounts; and marks that stand.

use std::sync::Arc;

use super::super::tests::{Book, MIDNIGHT, at, book, facts, id, off, on, priced, run, sweep};
use crate::facts::{Operation, Owner, PowerState};
use crate::ledger::Spent;
use crate::ports::{Accounts, Apart, BudgetMark, Journal, LedgerBook, SweepRecord};
use crate::store::Store;
use crate::units::{Currency, Money, PolicyId};

const EACH: Apart = Apart { teams: true, owners: true };

/// Account, day and seconds of everything spent within a span that is counted from the midnight of the tests.
async fn spent(store: &Store, from: i64, to: i64) -> Vec<String> {
    let spell = |one: Spent| {
        let (team, owner) = (one.team.as_deref().unwrap_or("-"), one.owner.as_deref().unwrap_or("-"));
        let rate = one.rate.map_or_else(|| "?".to_owned(), |rate| rate.text());
        format!("{team} {owner} day {} {rate} {} s", one.day - MIDNIGHT / 86_400, one.seconds)
    };
    store.spent(MIDNIGHT + from, MIDNIGHT + to, EACH).await.unwrap().into_iter().map(spell).collect()
}

#[tokio::test]
async fn rows_and_what_goes_on_are_added_up_by_day_and_clipped() {
    let Book { store, _dir } = book().await;
    priced(&store, "0.5", -20_000).await;
    store.record(&sweep(-10_000, vec![(on("ci-a", -10_000, -12_000), None)])).await.unwrap();
    store.record(&sweep(30, Vec::new())).await.unwrap();
    let seen = vec![(off("ci-a", 660, 600), Some((PowerState::Running, 600)))];
    store.record(&sweep(660, seen)).await.unwrap();
    store.record(&sweep(720, vec![(on("ci-a", 720, 700), Some((PowerState::Stopped, 660)))])).await.unwrap();
    store.record(&sweep(800, Vec::new())).await.unwrap();
    // 100 s are open, from the start at 700 up to the last look
    let all = ["- - day -1 0.5 10000 s", "- - day 0 0.5 730 s"];
    assert_eq!(spent(&store, -100_000, 100_000).await, all);
    assert_eq!(spent(&store, -100_000, 750).await[1], "- - day 0 0.5 680 s", "what goes on is clipped too");
    assert_eq!(spent(&store, -5, 5).await, ["- - day -1 0.5 5 s", "- - day 0 0.5 5 s"]);
    assert_eq!(spent(&store, 630, 700).await, Vec::<String>::new(), "it was off");
}

#[tokio::test]
async fn what_crosses_a_midnight_uncut_is_split_and_accounts_stay_apart() {
    let Book { store, _dir } = book().await;
    let owned = |name: &str, owner: &str| {
        let mut facts = facts(name, PowerState::Running, -1_000, Some((Operation::Start, -2_000)));
        facts.owner = Arc::new(Owner { user_name: Some(owner.into()), ..Owner::default() });
        (facts, None)
    };
    let teams = [(id("ci-a"), Arc::from("ML")), (id("ci-b"), Arc::from("Ops"))].into();
    let accounts = Accounts { teams, ..Accounts::default() };
    let seen = vec![owned("ci-a", "Ana@Example.com"), owned("ci-b", "ana@example.com")];
    store.record(&SweepRecord { accounts, ..sweep(-1_000, seen) }).await.unwrap();
    // left out at midnight, and so not cut there; seen again two days later
    let days = 2 * 86_400 + 50;
    run(&store, "UPDATE workspaces SET seen_at = '2027-01-17T00:00:50.000000000Z'").await;
    assert_eq!(days, 172_850);
    let found = spent(&store, -100_000, 400_000).await;
    let apart = |teams, owners| store.spent(MIDNIGHT - 100_000, MIDNIGHT + 400_000, Apart { teams, owners });
    let together = apart(false, false).await.unwrap();
    assert_eq!((together.len(), found.len()), (4, 8), "both on one row a day");
    assert_eq!(together.iter().map(|one| one.seconds).sum::<i64>(), 2 * (1_000 + 86_400 * 2 + 50));
    assert_eq!(apart(true, false).await.unwrap().len(), 8);
    assert!(apart(false, true).await.unwrap().iter().all(|one| one.team.is_none() && one.owner.is_some()));
    let of = |team: &str| {
        [-1, 0, 1, 2].map(|day| {
            let seconds = match day {
                -1 => 1_000,
                2 => 50,
                _ => 86_400,
            };
            format!("{team} ana@example.com day {day} ? {seconds} s")
        })
    };
    assert_eq!(found, [of("ML"), of("Ops")].concat());
}

#[tokio::test]
async fn a_correction_counts_in_place_of_what_it_corrects() {
    let Book { store, _dir } = book().await;
    priced(&store, "2", -20_000).await;
    store.record(&sweep(0, vec![(on("ci-a", 0, -60), None)])).await.unwrap();
    let seen = vec![(off("ci-a", 660, 600), Some((PowerState::Running, 600)))];
    store.record(&sweep(660, seen)).await.unwrap();
    assert_eq!(spent(&store, 0, 86_400).await, ["- - day 0 2 630 s"]);
    let correct = "INSERT INTO ledger (seq, kind, subject, terms, price, state, basis, from_at, from_low, from_high, to_at, to_low, \
         to_high, corrects, hash) SELECT (SELECT max(seq) + 1 FROM ledger), kind, subject, terms, price, state, 'rebuilt', from_at, \
         from_low, from_high, ";
    let once = format!("{correct} to_at - 130, to_low - 130, to_high - 130, seq, hash FROM ledger WHERE seq = 1");
    sqlx::raw_sql(sqlx::AssertSqlSafe(once)).execute(store.writer()).await.unwrap();
    assert_eq!(spent(&store, 0, 86_400).await, ["- - day 0 2 500 s"]);
    let twice = format!("{correct} to_at + 70, to_low + 70, to_high + 70, seq, hash FROM ledger WHERE seq = 1");
    sqlx::raw_sql(sqlx::AssertSqlSafe(twice)).execute(store.writer()).await.unwrap();
    assert_eq!(spent(&store, 0, 86_400).await, ["- - day 0 2 700 s"], "the last one stands");
}

fn mark(policy: &str, level: u32, seconds: i64) -> BudgetMark {
    let spent = Money::parse("1000.5", Currency::USD).unwrap();
    let (scope, month) = (Arc::from("ana@example.com"), Arc::from("2027-01"));
    let limit = Money::parse("2000", Currency::USD).unwrap();
    BudgetMark { policy: PolicyId::new(policy), scope, month, level, limit, enforced: true, at: at(seconds), spent }
}

async fn mark_all(store: &Store, now: i64, marks: Vec<BudgetMark>) {
    let accounts = Accounts { marks, ..Accounts::default() };
    store.record(&SweepRecord { accounts, ..sweep(now, Vec::new()) }).await.unwrap();
}

#[tokio::test]
async fn a_level_is_marked_once_and_its_mark_outlasts_everything() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    mark_all(&store, 0, vec![mark("Lab", 50, 0), mark("Lab", 100, 0)]).await;
    // again by a clock that went back, under another spelling of the policy, and another month
    let next = BudgetMark { month: "2027-02".into(), ..mark("lab", 50, 90) };
    mark_all(&store, 60, vec![mark("LAB", 50, -3_600), next.clone()]).await;
    drop(store);
    let store = Store::open(dir.path()).await.unwrap();
    let raised = BudgetMark { limit: Money::parse("3000", Currency::USD).unwrap(), ..mark("Lab", 50, 120) };
    let observed = BudgetMark { enforced: false, ..mark("Lab", 50, 180) };
    mark_all(&store, 200, vec![BudgetMark { month: "2027-03".into(), ..raised.clone() }]).await;
    mark_all(&store, 260, vec![mark("Lab", 50, 120), BudgetMark { month: "2027-03".into(), ..observed.clone() }]).await;
    assert_eq!(store.marks("2027-03").await.unwrap().len(), 2, "another amount or mode has marks of its own");
    assert_eq!(store.marks("2027-01").await.unwrap(), [mark("Lab", 50, 0), mark("Lab", 100, 0)]);
    assert_eq!(store.marks("2027-02").await.unwrap(), [next]);
    store.prune(at(86_400 * 400)).await.unwrap();
    assert_eq!(store.marks("2027-01").await.unwrap().len(), 2, "no level is told again for being long ago");
    for sql in ["UPDATE budget_marks SET level = 80", "DELETE FROM budget_marks"] {
        let refused = sqlx::raw_sql(sql).execute(store.writer()).await.unwrap_err().to_string();
        assert!(refused.contains("its mark sta"), "{refused}");
    }
}
