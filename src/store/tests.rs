//! Tests of the journal that reach inside it: broken disks and rows, and the rules that the schema itself keeps.

use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use super::{AuditHead, Store, StoreError};
use crate::facts::{InstanceFacts, NoticeKey, PowerState, Reading, StopKey, StopResult, Unknown};
use crate::ports::{About, AuditLine, Decision, Fault, FaultKind, Journal, Lane, Message, MessageKind, SweepRecord};
use crate::rules::{Action, Finding, Ground, Rule, Under, Verdict};
use crate::units::{InstanceId, PolicyId, Region, When};

const ID: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/ci-a";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn line(n: i64) -> AuditLine {
    AuditLine {
        at: at(n),
        who: "ann".to_owned(),
        what: "hold".to_owned(),
        target: "ci-a".to_owned(),
        why: format!("because {n}"),
    }
}

fn decision(n: i64) -> Decision {
    let instance = InstanceId::parse(ID).unwrap();
    let finding = Finding {
        rule: Rule::State,
        ground: Ground::Off,
        words: format!("{n} {}", "x".repeat(2000)).into(),
        due_at: When::NONE,
    };
    let verdict = Verdict {
        instance: instance.clone(),
        created: When::NONE,
        under: Arc::new(Under {
            policy: PolicyId::new("p"),
            revision: "r".into(),
            override_name: None,
            zone: None,
            zone_data: None,
        }),
        at: at(n),
        action: Action::Keep,
        ground: Ground::Off,
        due: None,
        notice: None,
        changes_at: When::NONE,
        findings: Arc::new([finding]),
    };
    let facts = InstanceFacts {
        id: instance,
        created: When::NONE,
        state: PowerState::Stopped,
        size: "STANDARD_DS3_V2".into(),
        region: Region::new("westeurope"),
        owner: Arc::default(),
        tags: Reading::Unknown(Unknown::Missing),
        last_operation: Reading::Unknown(Unknown::Missing),
        native: Arc::default(),
        observed_at: at(n),
        oddities: thin_vec::ThinVec::new(),
    };
    Decision { facts: Arc::new(facts), evidence: None, verdict: Arc::new(verdict) }
}

fn decisions(numbers: impl IntoIterator<Item = i64>) -> SweepRecord {
    SweepRecord { at: Some(at(0)), decisions: numbers.into_iter().map(decision).collect(), ..SweepRecord::default() }
}

async fn other_program(dir: &Path) -> SqliteConnection {
    SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(dir.join("lightsout.db"))).await.unwrap()
}

async fn run(store: &Store, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(sql).execute(store.writer()).await.map(|_| ())
}

fn storage(answer: Result<(), Fault>) -> String {
    let fault = answer.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Storage);
    fault.words()
}

#[tokio::test]
async fn every_way_the_disk_fails_is_named() {
    // fault 40
    let root = tempfile::tempdir().unwrap();
    let store = Store::open_waiting(root.path(), Duration::from_millis(20)).await.unwrap();
    run(&store, "PRAGMA max_page_count = 1").await.unwrap();
    assert!(storage(store.record(&decisions(0..200)).await).contains("does not fit on the disk"));
    run(&store, "PRAGMA max_page_count = 1000000; PRAGMA query_only = ON").await.unwrap();
    assert!(storage(store.audit(&line(1)).await).contains("is read-only"));
    run(&store, "PRAGMA query_only = OFF").await.unwrap();
    let mut other = other_program(root.path()).await;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    assert!(storage(store.audit(&line(1)).await).contains("is locked by another program"));
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    // what failed left nothing behind, and the journal goes on
    store.audit(&line(1)).await.unwrap();
    assert_eq!(store.verify_audit().await.unwrap().lines, 1);
    assert!(store.decision(&InstanceId::parse(ID).unwrap(), at(999)).await.unwrap().is_none());
}

#[tokio::test]
async fn what_sqlite_rolled_back_by_itself_does_not_end_all_writing() {
    // fault 40: as a full disk does in the middle of a transaction
    let root = tempfile::tempdir().unwrap();
    let store = Store::open(root.path()).await.unwrap();
    let mut lost = store.write().await.unwrap();
    super::sql::query("ROLLBACK").execute(&mut *lost).await.unwrap();
    drop(lost);
    store.audit(&line(1)).await.unwrap();
    store.record(&decisions(0..3)).await.unwrap();
    assert_eq!(store.verify_audit().await.unwrap().lines, 1);
}

#[tokio::test]
async fn a_corrupt_page_is_named_and_a_file_that_is_no_database_refused() {
    let root = tempfile::tempdir().unwrap();
    let store = Store::open(root.path()).await.unwrap();
    store.record(&decisions(0..500)).await.unwrap();
    assert!(store.examine().await.unwrap().is_empty());
    store.close().await;
    let path = root.path().join("lightsout.db");
    let length = std::fs::metadata(&path).unwrap().len();
    let mut file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(length / 2)).unwrap();
    file.write_all(&vec![0x5a; usize::try_from(length / 2).unwrap()]).unwrap();
    // statistics may lie in what was spoilt: then it is named when it is opened, and not first when it is written
    let said = match Store::open(root.path()).await {
        Ok(store) => {
            let said = storage(store.record(&decisions(0..500)).await);
            store.close().await;
            said
        }
        Err(error) => storage(Err(error.fault("open the journal"))),
    };
    assert!(said.contains("is damaged"), "fault 40: {said}");
    std::fs::write(&path, "this is no database, and long enough to be read as one: ".repeat(40)).unwrap();
    let refused = Store::open(root.path()).await.unwrap_err();
    assert!(refused.to_string().contains("is not an SQLite database"), "{refused}");
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let root = tempfile::tempdir().unwrap();
    let store = Store::open(root.path()).await.unwrap();
    run(&store, "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (999, 'later', 1, x'00', 0)").await.unwrap();
    store.close().await;
    let refused = Store::open(root.path()).await.unwrap_err();
    assert!(matches!(refused, StoreError::Newer { found: 999, .. }), "{refused}");
    assert!(refused.to_string().contains("written by a newer lightsout (schema 999)"));
}

#[tokio::test]
async fn another_program_writing_is_noticed_at_the_start() {
    let root = tempfile::tempdir().unwrap();
    Store::open(root.path()).await.unwrap().close().await;
    let mut other = other_program(root.path()).await;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let refused = Store::open_waiting(root.path(), Duration::from_millis(20)).await.unwrap_err();
    assert!(refused.to_string().contains("is locked by another program"), "L1: {refused}");
}

#[tokio::test]
async fn sqlite_is_held_to_the_promised_rules() {
    let root = tempfile::tempdir().unwrap();
    let store = Store::open(root.path()).await.unwrap();
    for pool in [store.writer(), store.rows()] {
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(pool).await.unwrap();
        let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(pool).await.unwrap();
        let keys: i64 = sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(pool).await.unwrap();
        assert_eq!((mode.as_str(), synchronous, keys), ("wal", 2, 1), "L1");
    }
    let loose: Vec<String> =
        sqlx::query_scalar("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite%' AND name NOT LIKE '_sqlx%'")
            .fetch_all(store.rows())
            .await
            .unwrap();
    assert!(loose.is_empty(), "not STRICT: {loose:?}");
    assert!(sqlx::raw_sql("DELETE FROM messages").execute(store.rows()).await.is_err(), "readers cannot write");
}

async fn with_rows(dir: &Path) -> Store {
    let store = Store::open(dir).await.unwrap();
    for n in 1..=3 {
        store.audit(&line(n)).await.unwrap();
    }
    store.record(&decisions([0])).await.unwrap();
    run(
        &store,
        "INSERT INTO transitions (instance, created, to_state, not_after, known_by) VALUES ('i', '', 's', 't', 'sighting');
         INSERT INTO intents (instance, created, key) VALUES ('i', '', 'k');
         INSERT INTO attempts (id, intent, instance, name, attempt, policy, revision, ground, step, intended_at)
           VALUES ('a', 1, 'i', 'i', 1, 'p', 'r', 'g', '{}', '2027-01-01T00:00:00.000000000Z')",
    )
    .await
    .unwrap();
    store
}

#[tokio::test]
async fn what_is_written_cannot_be_changed() {
    // C1, I8
    let root = tempfile::tempdir().unwrap();
    let store = with_rows(root.path()).await;
    let forbidden = [
        "UPDATE transitions SET to_state = 'x'",
        "DELETE FROM transitions",
        "UPDATE audit SET who = 'x'",
        "DELETE FROM audit",
        "UPDATE decisions SET verdict = 'x'",
        "UPDATE attempts SET step = 'x'",
        "DELETE FROM attempts",
        "DELETE FROM intents",
    ];
    for sql in forbidden {
        assert!(run(&store, sql).await.is_err(), "{sql}");
    }
    store.settle("a", &StopResult::Gone, at(0)).await.unwrap();
    for sql in ["UPDATE attempts SET result = 'stopped'", "UPDATE attempts SET ended_at = NULL, result = NULL"] {
        assert!(run(&store, sql).await.is_err(), "{sql}");
    }
}

#[tokio::test]
async fn the_schema_itself_keeps_one_stop_an_instance_and_a_reason() {
    // L6, I4: even if the code forgot to ask
    let root = tempfile::tempdir().unwrap();
    let store = with_rows(root.path()).await;
    let second = "INSERT INTO attempts (id, intent, instance, name, attempt, policy, revision, ground, step, intended_at) VALUES ('b', 1, 'i', 'i', 2, 'p', 'r', 'g', '{}', '2027')";
    assert!(run(&store, second).await.is_err(), "one is open");
    store.settle("a", &StopResult::Stopped, at(0)).await.unwrap();
    assert!(run(&store, second).await.is_err(), "the reason is spent");
    assert!(run(&store, "INSERT INTO intents (instance, created, key) VALUES ('i', '', 'k')").await.is_err());
}

#[tokio::test]
async fn a_changed_audit_log_is_found_out() {
    let tampering = [
        ("UPDATE audit SET who = 'eve' WHERE seq = 2", 2),
        ("UPDATE audit SET why = why || ' ' WHERE seq = 3", 3),
        ("UPDATE audit SET hash = 'beef' WHERE seq = 1", 1),
        ("DELETE FROM audit WHERE seq = 2", 2),
        ("DELETE FROM audit WHERE seq = 1", 1),
        ("UPDATE audit SET who = 'annh', what = 'old' WHERE seq = 1", 1),
        (
            "INSERT INTO audit (seq, at, who, what, target, why, before, hash) SELECT 4, at, who, what, target, why, hash, 'cafe' FROM audit WHERE seq = 3",
            4,
        ),
    ];
    for (sql, broken) in tampering {
        let root = tempfile::tempdir().unwrap();
        let store = with_rows(root.path()).await;
        let AuditHead { lines, hash } = store.verify_audit().await.unwrap();
        assert_eq!((lines, hash.len()), (3, 64));
        run(&store, "DROP TRIGGER audit_stands; DROP TRIGGER audit_stays").await.unwrap();
        run(&store, sql).await.unwrap();
        let found = store.verify_audit().await.unwrap_err();
        assert!(matches!(found, StoreError::Tampered { seq, .. } if seq == broken), "{sql}: {found}");
        assert_eq!(store.examine().await.unwrap(), [found.to_string()]);
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_named() {
    let root = tempfile::tempdir().unwrap();
    let store = Store::open(root.path()).await.unwrap();
    run(&store, "INSERT INTO instances (instance, created, workspace, present, seen_at, state, facts, history) VALUES ('ci-x', '', 'w', 1, 't', 's', '{', '{}')").await.unwrap();
    let words = storage(store.recall(at(0)).await.map(|_| ()));
    assert!(words.contains("the journal's table instances holds something unreadable at ci-x"), "{words}");
}

#[tokio::test]
async fn pruning_keeps_what_is_in_force() {
    let root = tempfile::tempdir().unwrap();
    let store = Store::open(root.path()).await.unwrap();
    let message = |id: &str| Message {
        id: id.to_owned(),
        kind: MessageKind::Stopped,
        about: About::Instance { instance: InstanceId::parse(ID).unwrap(), created: When::NONE },
        notice: None,
        policy: PolicyId::new("p"),
        ground: "idle".to_owned(),
        owner: None,
        notify: Vec::new(),
        words: String::new(),
        at: at(0),
        attempts: 0,
        channel: None,
        address: None,
        not_before: None,
        also: Vec::new(),
    };
    let mut messages = ["delivered", "given up", "old news", "coming"].map(message).to_vec();
    let key = NoticeKey { stop: StopKey("k".into()), stop_at: at(0) + SignedDuration::from_hours(24 * 400) };
    messages.iter_mut().filter(|one| one.id == "coming").for_each(|one| one.notice = Some(key.clone()));
    store.record(&SweepRecord { messages, ..decisions([0, 1, 1, 2]) }).await.unwrap();
    store.delivered("delivered", at(1)).await.unwrap();
    store.undelivered("given up", "410", None).await.unwrap();
    let days = |n: i64| at(0) + SignedDuration::from_hours(24 * n);
    let gone = |pruned: super::Pruned| (pruned.decisions, pruned.messages);
    assert_eq!(gone(store.prune(days(39)).await.unwrap()), (0, 0));
    assert_eq!(gone(store.prune(days(41)).await.unwrap()), (3, 0));
    assert_eq!(
        store.decision(&InstanceId::parse(ID).unwrap(), days(41)).await.unwrap(),
        Some(decision(2).row().unwrap()),
        "the one in force stays"
    );
    assert_eq!(gone(store.prune(days(91)).await.unwrap()), (0, 3), "what nobody delivered is no news any more either");
    let left: Vec<String> =
        store.outbox(Lane::Beside(&[]), days(91), 9).await.unwrap().into_iter().map(|one| one.id).collect();
    assert_eq!(left, ["coming"], "what still announces something is kept");
}

#[tokio::test]
async fn a_second_opener_is_refused_with_the_pid_and_a_bad_directory_named() {
    let root = tempfile::tempdir().unwrap();
    let dir: PathBuf = root.path().join("a/b");
    let store = Store::open(&dir).await.unwrap();
    let refused = Store::open(&dir).await.unwrap_err();
    assert!(matches!(refused, StoreError::InUse { .. }), "L1");
    let words = refused.to_string();
    assert!(
        words.contains(&format!("in use by process {}", std::process::id())) && words.contains("stop the other one"),
        "{words}"
    );
    drop(store);
    Store::open(&dir).await.unwrap().close().await;
    std::fs::write(root.path().join("file"), "").unwrap();
    for bad in ["file", "file/below"] {
        let refused = Store::open(&root.path().join(bad)).await.unwrap_err();
        assert!(matches!(refused, StoreError::Directory { .. }), "{refused}");
    }
    std::fs::remove_file(dir.join("lightsout.lock")).unwrap();
    std::fs::create_dir(dir.join("lightsout.lock")).unwrap();
    assert!(Store::open(&dir).await.unwrap_err().to_string().contains("its lock file cannot be opened"));
}

#[cfg(unix)]
#[tokio::test]
async fn everything_is_for_its_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("journal");
    let store = Store::open(&dir).await.unwrap();
    store.audit(&line(1)).await.unwrap();
    assert_eq!(std::fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
    for entry in std::fs::read_dir(&dir).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", entry.file_name());
    }
}

#[tokio::test]
async fn a_hold_to_stay_off_is_remembered_as_one() {
    let root = tempfile::tempdir().unwrap();
    let store = Store::open(root.path()).await.unwrap();
    let on = crate::facts::Hold {
        id: "h1".to_owned(),
        instance: InstanceId::parse(ID).unwrap(),
        created: When::NONE,
        until: at(9_000),
        by: "ann".to_owned(),
        reason: "on leave".to_owned(),
        made_at: at(10),
        price: None,
        payer: Box::default(),
        link: None,
        off: false,
    };
    let off = crate::facts::Hold { id: "h2".to_owned(), off: true, ..on.clone() };
    store.hold(&on).await.unwrap();
    store.hold(&off).await.unwrap();
    store.close().await;
    let store = Store::open(root.path()).await.unwrap();
    let kinds = |holds: Vec<crate::facts::Hold>| holds.into_iter().map(|hold| (hold.id, hold.off)).collect::<Vec<_>>();
    let expected = [("h1".to_owned(), false), ("h2".to_owned(), true)];
    assert_eq!(kinds(store.recall(at(20)).await.unwrap().holds), expected);
    let made = store.made_holds(at(0)).await.unwrap();
    assert_eq!(kinds(made.into_iter().map(|one| one.hold).collect()), expected);
}
