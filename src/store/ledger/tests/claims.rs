//! Claims: what a stop earns, what ends it, and what is never claimed.

use super::*;

fn intent(name: &str, now: i64, counterfactual: Counterfactual) -> Intent {
    let facts = on(name, now, -3_600);
    let step = Step {
        instance: facts.id.clone(),
        created: facts.created,
        policy: PolicyId::new("office"),
        revision: "r1".into(),
        ground: Ground::OffHours,
        key: StopKey("hours/office/2027-01-15/0".into()),
        due_at: at(now),
        stop_at: at(now),
        expected: Expected::of(&facts),
        observed_at: facts.observed_at,
        size: facts.size,
        counterfactual: Some(counterfactual),
    };
    Intent { id: format!("i-{now}"), step, at: at(now), attempt: 1 }
}

/// Started at −3600, stopped by us at 600.
pub(in crate::store::ledger) async fn stopped_by_us(until: i64) -> Book {
    let book = book().await;
    let store = &book.store;
    priced(store, "2", -4_000).await;
    store.record(&sweep(0, vec![(on("ci-a", 0, -3_600), None)])).await.unwrap();
    let counterfactual = Counterfactual { until: MIDNIGHT + until, limit: Limit::OnEdge };
    store.intend(&intent("ci-a", 590, counterfactual)).await.unwrap();
    store.sent("i-590", at(591)).await.unwrap();
    let seen = vec![(off("ci-a", 660, 600), Some((PowerState::Running, 600)))];
    let settled = vec![("i-590".to_owned(), StopResult::Stopped)];
    store.record(&SweepRecord { settled, ..sweep(660, seen) }).await.unwrap();
    book
}

async fn avoided(store: &Store) -> Option<(String, AvoidedDetail)> {
    let row = rows(store).await.into_iter().find(|row| row.kind != EntryKind::Usage)?;
    let (from, to) = (row.interval.from.at - MIDNIGHT, row.interval.to.at - MIDNIGHT);
    let detail = serde_json::from_str(row.detail.as_deref().unwrap()).unwrap();
    Some((format!("{} [{from}, {to}) price {}", row.kind.label(), row.price.unwrap().0), detail))
}

#[tokio::test]
async fn a_stop_of_ours_earns_until_its_counterfactual_ends() {
    let Book { store, _dir } = stopped_by_us(30_000).await;
    assert_eq!(avoided(&store).await, None, "nothing is claimed before it is over");
    store.record(&sweep(29_999, Vec::new())).await.unwrap();
    assert_eq!(avoided(&store).await, None);
    store.record(&sweep(30_020, Vec::new())).await.unwrap();
    let (row, detail) = avoided(&store).await.unwrap();
    assert_eq!(row, "avoided [630, 30000) price 1");
    assert_eq!((detail.credited, detail.charged, detail.end.label()), (29_370, 0, "on_edge"));
    assert_eq!((&*detail.ground, &*detail.key), ("off_hours", "hours/office/2027-01-15/0"));
    store.record(&sweep(40_000, Vec::new())).await.unwrap();
    assert_eq!(rows(&store).await.len(), 2, "once");
    store.verify_ledger().await.unwrap();
}

#[tokio::test]
async fn a_start_ends_credit_and_at_once_is_a_regret() {
    for (start, credited, regret) in [(20_000, 19_370, false), (2_000, 0, true)] {
        let Book { store, _dir } = stopped_by_us(30_000).await;
        let seen = vec![(on("ci-a", start + 30, start), Some((PowerState::Stopped, start - 30)))];
        store.record(&sweep(start + 30, seen)).await.unwrap();
        let (_, detail) = avoided(&store).await.unwrap();
        assert_eq!((detail.credited, detail.charged, detail.regret), (credited, 300, regret));
        let sums = store.sums().await.unwrap();
        let sum = sums.iter().find(|sum| sum.kind == EntryKind::Avoided).unwrap();
        assert_eq!(sum.seconds, credited - 300, "what it cost counts against us (C12)");
        assert_eq!((sum.credited(), sum.charged, sum.open), (credited, 300, 0), "each side only grows");
        store.verify_ledger().await.unwrap();
    }
}

#[tokio::test]
async fn what_a_policy_only_observes_is_written_as_would_have() {
    let Book { store, _dir } = book().await;
    store.record(&sweep(0, vec![(on("ci-a", 0, -3_600), None)])).await.unwrap();
    let would = WouldStop {
        instance: id("ci-a"),
        created: born(),
        at: at(600),
        key: StopKey("hours/office/2027-01-15/0".into()),
        ground: "off_hours",
        counterfactual: Counterfactual { until: MIDNIGHT + 30_000, limit: Limit::Horizon },
    };
    let accounts = Accounts { would: vec![would.clone(), would], ..Accounts::default() };
    for now in [600, 660] {
        store.record(&SweepRecord { accounts: accounts.clone(), ..sweep(now, Vec::new()) }).await.unwrap();
    }
    let used = InstanceFacts { state: PowerState::JobRunning, ..on("ci-a", 9_000, -3_600) };
    store.record(&sweep(9_000, vec![(used, Some((PowerState::Running, 8_940)))])).await.unwrap();
    let found: Vec<Entry> = rows(&store).await;
    assert_eq!(found.len(), 1, "{found:?}");
    let detail: AvoidedDetail = serde_json::from_str(found[0].detail.as_deref().unwrap()).unwrap();
    assert_eq!(found[0].kind, EntryKind::WouldAvoid);
    assert_eq!((detail.credited, detail.end.label(), detail.regret), (8_400, "use", false));
}

#[tokio::test]
async fn what_a_person_or_a_timer_stopped_is_never_claimed() {
    // (who asked, when): ours was intended at 590
    for (trigger, asked, is_claimed) in [
        (Trigger::User, 600, true),
        (Trigger::IdleShutdown, 600, false),
        (Trigger::Schedule, 600, false),
        (Trigger::User, 300, false),
        (Trigger::User, 3_000, false),
    ] {
        let Book { store, _dir } = book().await;
        priced(&store, "2", -4_000).await;
        store.record(&sweep(0, vec![(on("ci-a", 0, -3_600), None)])).await.unwrap();
        let counterfactual = Counterfactual { until: MIDNIGHT + 30_000, limit: Limit::OnEdge };
        store.intend(&intent("ci-a", 590, counterfactual)).await.unwrap();
        let last =
            LastOperation { operation: Operation::Stop, at: at(asked), status: OperationStatus::Succeeded, trigger };
        let stopped = InstanceFacts {
            last_operation: Reading::Known { value: Arc::new(last), as_of: When::at(at(3_100)) },
            ..off("ci-a", 3_100, 600)
        };
        let settled = vec![("i-590".to_owned(), StopResult::Stopped)];
        let seen = sweep(3_100, vec![(stopped, Some((PowerState::Running, 60)))]);
        store.record(&SweepRecord { settled, ..seen }).await.unwrap();
        store.record(&sweep(30_100, Vec::new())).await.unwrap();
        assert_eq!(avoided(&store).await.is_some(), is_claimed, "{asked}");
        store.verify_ledger().await.unwrap();
    }
}

#[tokio::test]
async fn a_run_between_two_looks_ends_credit() {
    let Book { store, _dir } = stopped_by_us(30_000).await;
    // nobody looked for hours; meanwhile it was started and stopped by its person
    let seen = vec![(off("ci-a", 20_000, 15_000), Some((PowerState::Stopped, 700)))];
    store.record(&sweep(20_000, seen)).await.unwrap();
    let (row, detail) = avoided(&store).await.unwrap();
    assert_eq!(row, "avoided [630, 700) price 1");
    assert_eq!((detail.end.label(), detail.charged, detail.regret), ("unknown", 0, false));
    store.record(&sweep(31_000, Vec::new())).await.unwrap();
    assert_eq!(rows(&store).await.iter().filter(|row| row.kind == EntryKind::Avoided).count(), 1);
    store.verify_ledger().await.unwrap();
}

#[tokio::test]
async fn a_stop_that_is_undone_before_anybody_sees_it_is_a_regret() {
    let Book { store, _dir } = book().await;
    priced(&store, "2", -4_000).await;
    store.record(&sweep(0, vec![(on("ci-a", 0, -3_600), None)])).await.unwrap();
    let counterfactual = Counterfactual { until: MIDNIGHT + 30_000, limit: Limit::OnEdge };
    store.intend(&intent("ci-a", 590, counterfactual)).await.unwrap();
    store.sent("i-590", at(591)).await.unwrap();
    let settled = vec![("i-590".to_owned(), StopResult::StartedAgain)];
    let seen = vec![(on("ci-a", 900, 800), Some((PowerState::Running, 580)))];
    store.record(&SweepRecord { settled, ..sweep(900, seen) }).await.unwrap();
    let (_, detail) = avoided(&store).await.unwrap();
    assert_eq!((detail.credited, detail.charged, detail.regret), (0, 300, true));
    store.verify_ledger().await.unwrap();
}

#[tokio::test]
async fn of_one_life_one_claim_is_open_at_a_time() {
    let Book { store, _dir } = book().await;
    store.record(&sweep(0, vec![(on("ci-a", 0, -3_600), None)])).await.unwrap();
    let would = |key: &str, now| WouldStop {
        instance: id("ci-a"),
        created: born(),
        at: at(now),
        key: StopKey(key.into()),
        ground: "idle",
        counterfactual: Counterfactual { until: MIDNIGHT + now + 10_000, limit: Limit::Horizon },
    };
    for (key, now) in [("idle/p/1", 600), ("idle/p/2", 4_000), ("idle/p/3", 11_000)] {
        let accounts = Accounts { would: vec![would(key, now)], ..Accounts::default() };
        store.record(&SweepRecord { accounts, ..sweep(now, Vec::new()) }).await.unwrap();
    }
    store.record(&sweep(40_000, Vec::new())).await.unwrap();
    let spelt: Vec<String> = spelt(&store).await.into_iter().filter(|row| row.starts_with("would")).collect();
    assert_eq!(
        spelt,
        ["would_avoid running [600, 10600) price -", "would_avoid running [11000, 21000) price -"],
        "no hour is counted twice"
    );
}

#[tokio::test]
async fn by_a_clock_in_trouble_no_day_ends_and_no_claim_is_over() {
    let Book { store, _dir } = stopped_by_us(30_000).await;
    store.record(&sweep(700, vec![(on("ci-b", 700, 650), None)])).await.unwrap();
    store.record(&sweep(750, Vec::new())).await.unwrap();
    let before = rows(&store).await.len();
    let accounts = Accounts { clock_trouble: true, ..Accounts::default() };
    store.record(&SweepRecord { accounts, ..sweep(3 * 86_400, Vec::new()) }).await.unwrap();
    assert_eq!(rows(&store).await.len(), before);
    assert_eq!(store.sums().await.unwrap().iter().map(|sum| sum.open).sum::<i64>(), 50, "no time has passed");
    store.record(&sweep(30_100, Vec::new())).await.unwrap();
    assert_eq!(avoided(&store).await.unwrap().1.credited, 29_370);
}
