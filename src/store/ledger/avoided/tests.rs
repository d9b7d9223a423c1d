//! What was avoided is found once, where its credit ended.

use super::super::tests::claims::stopped_by_us;
use super::super::tests::{MIDNIGHT, on, sweep};
use crate::facts::PowerState;
use crate::ledger::Spent;
use crate::ports::{Journal, LedgerBook};
use crate::store::Store;

async fn avoided(store: &Store, from: i64, to: i64) -> Vec<(i64, String)> {
    let spell = |one: Spent| (one.seconds, one.rate.map(|rate| rate.text()).unwrap_or_default());
    store.avoided(MIDNIGHT + from, MIDNIGHT + to).await.unwrap().into_iter().map(spell).collect()
}

#[tokio::test]
async fn a_stop_counts_whole_where_its_credit_ended() {
    let book = stopped_by_us(30_000).await;
    let store = &book.store;
    assert_eq!(avoided(store, 0, 90_000).await, [], "not before it is over");
    store.record(&sweep(30_020, Vec::new())).await.unwrap();
    assert_eq!(avoided(store, 0, 90_000).await, [(29_370, "2".to_owned())]);
    assert_eq!(avoided(store, 0, 29_999).await, []);
    assert_eq!(avoided(store, 0, 30_000).await.len(), 1);
    assert_eq!(avoided(store, 30_000, 90_000).await, [], "and never twice");
}

#[tokio::test]
async fn what_a_restart_costs_is_taken_from_it() {
    let book = stopped_by_us(30_000).await;
    let store = &book.store;
    store.record(&sweep(2_030, vec![(on("ci-a", 2_030, 2_000), Some((PowerState::Stopped, 1_970)))])).await.unwrap();
    assert_eq!(
        avoided(store, 0, 90_000).await,
        [(-300, "2".to_owned())],
        "a regret earns nothing and costs its restart"
    );
}
