//! What is asked of a server, and what it does when it is ended, changed by others, or held up.

use lightsout::ports::{AuditLine, Journal as _};
use lightsout::store::{LedgerReader, Store, StoreError};
use lightsout::units::PolicyId;

use crate::journal_samples::{at, born, intent, running};
use crate::postgres::Postgres;
use crate::{Database, fresh};

fn line(n: i64) -> AuditLine {
    AuditLine {
        at: at(n),
        who: "ann".to_owned(),
        what: "hold".to_owned(),
        target: "ci-a".to_owned(),
        why: format!("because {n}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_cannot_keep_the_journal_is_refused_by_name() {
    let Some(postgres) = Postgres::start() else { return };
    let name = postgres.database().await;
    let refused = |error: StoreError| error.to_string();
    // L11
    for weak in ["off", "local"] {
        postgres.ask(&name, &format!("ALTER DATABASE {name} SET synchronous_commit = {weak}")).await.unwrap();
        let said = refused(Store::connect(&postgres.server(&name)).await.unwrap_err());
        assert!(said.contains("synchronous_commit must be on"), "{said}");
    }
    postgres.ask(&name, &format!("ALTER DATABASE {name} RESET synchronous_commit")).await.unwrap();
    let said = refused(LedgerReader::connect(&postgres.server(&name)).await.unwrap_err());
    assert!(said.contains("written by an older lightsout"), "{said}");
    Store::connect(&postgres.server(&name)).await.unwrap().close().await;
    postgres.ask(&name, "INSERT INTO lightsout_schema (version, digest) VALUES (999, '')").await.unwrap();
    let newer = [
        refused(Store::connect(&postgres.server(&name)).await.unwrap_err()),
        refused(LedgerReader::connect(&postgres.server(&name)).await.unwrap_err()),
    ];
    assert!(newer.iter().all(|said| said.contains("written by a newer lightsout (schema 999)")), "{newer:?}");
    assert!(newer.iter().all(|said| said.contains(&format!("/{name}"))), "{newer:?}");
    let said = refused(Store::connect(&postgres.server("nowhere")).await.unwrap_err());
    assert!(said.contains("its server has no such database"), "{said}");
    postgres.ask("postgres", "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0").await.unwrap();
    let said = refused(Store::connect(&postgres.server("latin")).await.unwrap_err());
    assert!(said.contains("must be in UTF8"), "{said}");
}

/// A turn that was waited for in vain leaves its connection as it was: nothing fails after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_waits_for_a_turn_in_vain_leaves_no_broken_connection() {
    let Some(postgres) = Postgres::start() else { return };
    let name = postgres.database().await;
    let store = Store::connect(&postgres.server(&name)).await.unwrap();
    let noted = |n: i64| {
        let store = &store;
        async move { store.revision(&PolicyId::new("office"), &format!("r{n}"), at(n)).await }
    };
    let held = "BEGIN; SELECT 1 FROM pen WHERE one = 1 FOR UPDATE; SELECT pg_sleep(12); COMMIT";
    let (held, in_vain) = tokio::join!(postgres.ask(&name, held), async {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        futures_util::future::join_all((0..8).map(noted)).await
    });
    held.unwrap();
    // whoever comes to the head of the queue late may still have its turn
    assert!(
        in_vain.iter().filter(|noted| noted.is_err()).count() >= 4,
        "they waited for their turn in vain: {in_vain:?}"
    );
    for n in 10..30 {
        noted(n).await.unwrap();
        store.ledger().head().await.unwrap();
    }
    let all = futures_util::future::join_all((30..46).map(noted)).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_that_start_at_once_make_one_schema() {
    let Some(postgres) = Postgres::start() else { return };
    let database = fresh(&postgres).await;
    let started: Vec<_> = (0..4)
        .map(|_| {
            let server = database.server.clone();
            tokio::spawn(async move { Store::connect(&server).await.map(drop) })
        })
        .collect();
    for one in started {
        one.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn replicas_that_write_at_once_make_one_chain() {
    let Some(postgres) = Postgres::start() else { return };
    let database = fresh(&postgres).await;
    drop(Store::connect(&database.server).await.unwrap());
    let writers: Vec<_> = (0..3_i64)
        .map(|replica| {
            let server = database.server.clone();
            tokio::spawn(async move {
                let store = Store::connect(&server).await.unwrap();
                for n in 0..20 {
                    store.audit(&line(100 * replica + n)).await.unwrap();
                    store.record(&running(&format!("ci-{replica}"), born(), at(n))).await.unwrap();
                }
            })
        })
        .collect();
    for one in writers {
        one.await.unwrap();
    }
    let store = Store::connect(&database.server).await.unwrap();
    assert_eq!(store.verify_audit().await.unwrap().lines, 60);
    assert!(store.examine().await.unwrap().is_empty());
    // and of one instance there is one stop under way, whoever intends it (L6)
    let ids = ["a", "b", "c", "d"];
    let racing: Vec<_> = ids
        .into_iter()
        .map(|id| {
            let server = database.server.clone();
            tokio::spawn(async move {
                let store = Store::connect(&server).await.unwrap();
                store.intend(&intent(id, "ci-0", born(), id, at(50))).await.is_ok()
            })
        })
        .collect();
    let mut won = 0;
    for one in racing {
        won += u32::from(one.await.unwrap());
    }
    assert_eq!(won, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_stands_against_other_programs() {
    let Some(postgres) = Postgres::start() else { return };
    let name = postgres.database().await;
    let store = Store::connect(&postgres.server(&name)).await.unwrap();
    crate::ledger::written(&store).await;
    store.audit(&line(1)).await.unwrap();
    let refused = [
        ("UPDATE ledger SET to_at = to_at + 1", "the ledger is append-only"),
        ("DELETE FROM ledger", "the ledger is append-only"),
        ("UPDATE attempts SET words = 'x'", "a settled stop stands"),
        ("DELETE FROM attempts", "stops are append-only"),
        ("UPDATE audit SET who = 'x'", "the audit log is append-only"),
        ("DELETE FROM transitions", "transitions are append-only"),
        ("UPDATE bills SET amount = '1'", "bills are append-only"),
        ("TRUNCATE ledger CASCADE", "the ledger is append-only"),
        ("TRUNCATE audit", "the audit log is append-only"),
    ];
    for (sql, words) in refused {
        let said = postgres.ask(&name, sql).await.unwrap_err().to_string();
        assert!(said.contains(words), "{sql}: {said}");
    }
    // who takes the rules away is found out
    let spoilt = "ALTER TABLE ledger DISABLE TRIGGER ALL; UPDATE ledger SET to_at = to_at + 1, to_high = to_high + 1 WHERE seq = 3";
    postgres.ask(&name, spoilt).await.unwrap();
    let said = store.verify_ledger().await.unwrap_err().to_string();
    assert!(said.contains("row 3 of the ledger does not fit its hash"), "{said}");
    postgres.ask(&name, "ALTER TABLE audit DISABLE TRIGGER ALL; UPDATE audit SET who = 'eve'").await.unwrap();
    let said = store.verify_audit().await.unwrap_err().to_string();
    assert!(said.contains("its words do not fit its hash"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_killed_is_found_again_with_all_that_was_confirmed() {
    // fault 41
    let Some(postgres) = Postgres::start() else { return };
    let database: Database = fresh(&postgres).await;
    let store = Store::connect(&database.server).await.unwrap();
    store.record(&running("ci-a", born(), at(0))).await.unwrap();
    store.intend(&intent("i1", "ci-a", born(), "k1", at(2))).await.unwrap();
    for n in 1..=5 {
        store.audit(&line(n)).await.unwrap();
    }
    postgres.kill();
    let said = store.audit(&line(6)).await.unwrap_err();
    assert_eq!(said.kind, lightsout::ports::FaultKind::Storage);
    postgres.up();
    store.audit(&line(7)).await.unwrap();
    assert_eq!(store.verify_audit().await.unwrap().lines, 6);
    let found = store.recall(at(10)).await.unwrap();
    assert_eq!((found.instances.len(), found.open.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_hangs_with_the_pen_in_its_hand_loses_it() {
    let Some(postgres) = Postgres::start() else { return };
    let name = postgres.database().await;
    let store = Store::connect(&postgres.server(&name)).await.unwrap();
    let mut hung = postgres.other(&name).await;
    // as the store begins a write
    sqlx::raw_sql("BEGIN; SET LOCAL idle_in_transaction_session_timeout = '6s'; SELECT 1 FROM pen FOR UPDATE")
        .execute(&mut hung)
        .await
        .unwrap();
    store.audit(&line(1)).await.unwrap();
    assert!(sqlx::raw_sql("COMMIT").execute(&mut hung).await.is_err(), "its session was ended");
}
