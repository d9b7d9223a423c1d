//! What every book of operations must do: written before they are sent, one open an instance, one done a reason.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use std::sync::Arc;

use jiff::Timestamp;
use lightsout::facts::{OperationResult, Verb};
use lightsout::ports::{FaultKind, Journal as _, OperationBook, OperationIntent, OperationRow};

use super::super::Bench;
use crate::journal_samples::{at, born, id, intent};

fn wish(number: &str, verb: Verb, name: &str, key: &str, when: i64) -> OperationIntent {
    OperationIntent {
        id: number.to_owned(),
        verb,
        instance: id(name),
        created: born(),
        key: Arc::from(key),
        who: "ann".to_owned(),
        why: "it is needed".to_owned(),
        at: at(when),
    }
}

async fn refused(book: &impl OperationBook, wish: &OperationIntent) -> bool {
    matches!(book.begin_operation(wish).await, Err(fault) if fault.kind == FaultKind::Conflict)
}

/// One is open an instance at a time; what was done for a reason is not done again for it, what failed may be.
pub(crate) async fn one_open_operation_an_instance_and_one_done_a_reason<B: Bench>(bench: &B)
where
    B::Journal: OperationBook,
{
    let book = bench.open().await;
    let first = wish("op-1", Verb::Start, "ci-a", "start/p/2026-03-23", 3600);
    book.begin_operation(&first).await.unwrap();
    assert!(refused(&book, &wish("op-2", Verb::Delete, "ci-a", "x", 3660)).await, "one is open");
    assert!(refused(&book, &wish("op-2", Verb::Start, "CI-A", "x", 3660)).await, "however it is spelt");
    book.begin_operation(&wish("op-3", Verb::Start, "ci-b", "start/p/2026-03-23", 3660)).await.unwrap();
    let failed = OperationResult::Failed("conflict".to_owned());
    book.end_operation("op-1", &failed, at(3720)).await.unwrap();
    let again = wish("op-4", Verb::Start, "ci-a", "start/p/2026-03-23", 4200);
    book.begin_operation(&again).await.unwrap();
    book.operation_sent("op-4", at(4260)).await.unwrap();
    book.end_operation("op-4", &OperationResult::Done, at(4500)).await.unwrap();
    assert!(refused(&book, &wish("op-5", Verb::Start, "ci-a", "start/p/2026-03-23", 4800)).await, "it was done");
    book.begin_operation(&wish("op-6", Verb::Start, "ci-a", "start/p/2026-03-24", 4800)).await.unwrap();
}

/// What was intended and how it ended outlast the process as they were written; a second end that differs is refused.
pub(crate) async fn operations_come_back_as_they_were_written<B: Bench>(bench: &B)
where
    B::Journal: OperationBook,
{
    let book = bench.open().await;
    let (old, open) =
        (wish("op-1", Verb::Delete, "ci-a", "k-1", 3600), wish("op-2", Verb::Create, "ci-b", "k-2", 3660));
    book.begin_operation(&old).await.unwrap();
    book.end_operation("op-1", &OperationResult::Dropped("frozen".to_owned()), at(0)).await.unwrap();
    book.begin_operation(&open).await.unwrap();
    book.operation_sent("op-2", at(3720)).await.unwrap();
    book.operation_sent("op-2", at(4140)).await.unwrap();
    drop(book);
    let book = bench.open().await;
    let ended = Some((at(3600), OperationResult::Dropped("frozen".to_owned())));
    let expected = [
        OperationRow { intent: old, sent_at: None, ended },
        OperationRow { intent: open, sent_at: Some(at(3720)), ended: None },
    ];
    assert_eq!(book.operations(Timestamp::MIN).await.unwrap(), expected, "S12: none ends before it began");
    assert_eq!(book.operations(at(7200)).await.unwrap(), expected[1..], "what is open is always told");
    book.end_operation("op-1", &OperationResult::Dropped("frozen".to_owned()), at(7200)).await.unwrap();
    let other = book.end_operation("op-1", &OperationResult::Done, at(7200)).await.unwrap_err();
    assert_eq!(other.kind, FaultKind::Conflict);
    assert!(book.end_operation("op-9", &OperationResult::Done, at(7200)).await.is_err());
    assert!(book.operation_sent("op-1", at(7200)).await.is_err(), "it ended");
}

/// While a stop is under way nothing else is begun, and no stop beside what was begun just now; an operation that is never
/// settled keeps no stop from being sent.
pub(crate) async fn stops_go_before_operations<B: Bench>(bench: &B)
where
    B::Journal: OperationBook,
{
    let book = bench.open().await;
    let stop = intent("stop-1", "ci-a", born(), "k", at(0));
    book.intend(&stop).await.unwrap();
    assert!(refused(&book, &wish("op-1", Verb::Restart, "ci-a", "x", 3660)).await);
    book.begin_operation(&wish("op-2", Verb::Start, "ci-b", "x", 3660)).await.unwrap();
    let beside = book.intend(&intent("stop-2", "ci-b", born(), "k", at(3660 + 899))).await.unwrap_err();
    assert_eq!(beside.kind, FaultKind::Conflict, "it is being started");
    book.intend(&intent("stop-2", "ci-b", born(), "k", at(3660 + 900))).await.unwrap();
}
