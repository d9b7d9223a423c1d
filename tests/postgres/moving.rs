//! A journal that is moved to a server and back is the same journal.

use lightsout::ports::Journal as _;
use lightsout::store::{LedgerReader, Restore, Store, copy_journal, copy_server, move_to_folder, move_to_server};

use crate::fresh;
use crate::journal_samples::{at, born, decision, hold, intent, running};
use crate::ledger::{told, written};
use crate::postgres::Postgres;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_moved_is_the_same_there_and_back() {
    let Some(postgres) = Postgres::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("journal");
    let store = Store::open(&home).await.unwrap();
    written(&store).await;
    store.record(&running("ci-a", born(), at(0))).await.unwrap();
    store
        .record(&lightsout::ports::SweepRecord {
            decisions: vec![decision("ci-a", at(1), "because")],
            ..Default::default()
        })
        .await
        .unwrap();
    store.hold(&hold("h1", "ci-a", born(), at(1), at(90_000))).await.unwrap();
    store.intend(&intent("i1", "ci-a", born(), "k1", at(2))).await.unwrap();
    let recalled = store.recall(at(5)).await.unwrap();
    let before = told(&store).await;
    store.close().await;
    let copy = dir.path().join("copy.db");
    copy_journal(&home, &copy).await.unwrap();
    let database = fresh(&postgres).await;
    let head = move_to_server(&copy, &database.server, "move").await.unwrap();
    let there = Store::connect(&database.server).await.unwrap();
    assert_eq!(told(&there).await, before);
    assert_eq!(there.recall(at(5)).await.unwrap().instances, recalled.instances);
    assert_eq!(there.recall(at(5)).await.unwrap().open, recalled.open);
    // a second time there is something in the way
    let said = move_to_server(&copy, &database.server, "move").await.unwrap_err().to_string();
    assert!(said.contains("has a journal already"), "{said}");
    // it goes on being numbered and chained there
    there.record(&running("ci-b", born(), at(6))).await.unwrap();
    there.revision(&lightsout::units::PolicyId::new("p"), "r2", at(7)).await.unwrap();
    assert!(there.examine().await.unwrap().is_empty());
    let after = told(&there).await;
    let back = dir.path().join("back.db");
    let copied = copy_server(&database.server, &back).await.unwrap();
    assert!(copied.head.seq >= head.seq && copied.bytes > 0);
    assert!(copy_server(&database.server, &back).await.unwrap_err().to_string().contains("is there already"));
    assert_eq!(LedgerReader::open(&back).await.unwrap().head().await.unwrap(), copied.head);
    let again = dir.path().join("again");
    Restore::prepare(&back, &again).await.unwrap().put().await.unwrap();
    let here = Store::open(&again).await.unwrap();
    assert_eq!(told(&here).await, after);
    // the same as a move, over a journal that is there: it is kept, and nothing else is left behind
    here.close().await;
    let (moved, aside) = move_to_folder(&database.server, &home, "move").await.unwrap();
    assert_eq!(moved, copied.head);
    assert!(aside.unwrap().ends_with("lightsout.db.before-restore-1"));
    let mut names: Vec<_> = std::fs::read_dir(&home).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.retain(|name| !name.to_string_lossy().starts_with("lightsout."));
    assert_eq!(names, Vec::<std::ffi::OsString>::new());
    let here = Store::open(&home).await.unwrap();
    assert_eq!(told(&here).await, after);
    let said = move_to_folder(&database.server, &home, "move").await.unwrap_err().to_string();
    assert!(said.contains("is in use by"), "{said}");
    here.record(&running("ci-c", born(), at(8))).await.unwrap();
    assert!(here.examine().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_moved_beneath_a_replica_that_acts() {
    let Some(postgres) = Postgres::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    Store::open(dir.path()).await.unwrap().close().await;
    let database = fresh(&postgres).await;
    let (_store, lease) = Store::replica(&database.server, "acting").await.unwrap();
    lease.join(jiff::SignedDuration::ZERO).await.unwrap();
    let folder = dir.path();
    let said = [
        move_to_server(folder, &database.server, "move").await.unwrap_err().to_string(),
        move_to_folder(&database.server, folder, "move").await.unwrap_err().to_string(),
    ];
    assert!(said.iter().all(|said| said.contains("the replica acting runs on")), "{said:?}");
    lease.leave().await.unwrap();
    let held = Store::open(folder).await.unwrap();
    let said = move_to_server(folder, &database.server, "move").await.unwrap_err().to_string();
    assert!(said.contains("is in use by"), "{said}");
    held.close().await;
    move_to_server(folder, &database.server, "move").await.unwrap();
}
