//! The SQLite journal: the conformance of every journal, and what is SQLite's own.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

#[path = "support/journal_conformance.rs"]
mod journal_conformance;
#[path = "support/journal_random.rs"]
mod journal_random;
#[path = "support/journal_rules.rs"]
mod journal_rules;
#[path = "support/journal_samples.rs"]
mod journal_samples;
#[path = "support/memory_journal.rs"]
#[expect(dead_code, reason = "what only the scenarios ask of it")]
mod memory_journal;

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use journal_conformance::{Bench, same};
use journal_samples::{at, born, facts, id, intent, operated, running, sighting, sweep_of};
use lightsout::facts::{Operation, PowerState, StopResult};
use lightsout::ports::{AuditLine, Journal, Sighting, SweepRecord};
use lightsout::store::Store;
use proptest::prelude::*;
use sqlx::Connection;

struct Sqlite {
    root: tempfile::TempDir,
}

impl Sqlite {
    fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap() }
    }

    fn dir(&self) -> PathBuf {
        self.root.path().join("journal")
    }
}

impl Bench for Sqlite {
    type Journal = Store;

    async fn open(&self) -> Store {
        Store::open(&self.dir()).await.unwrap()
    }
}

journal_rules!(a_test_each, Sqlite::new());

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_life_of_a_journal_is_as_the_model_says(steps in journal_random::happenings()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(journal_random::live(&Sqlite::new(), &steps));
    }
}

type TransitionRow = (i64, String, Option<String>, String, Option<String>, String, String);

async fn transitions(bench: &Sqlite) -> Vec<TransitionRow> {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(bench.dir().join("lightsout.db")).read_only(true);
    let mut connection = sqlx::sqlite::SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query_as(
        "SELECT seq, created, from_state, to_state, not_before, not_after, known_by FROM transitions ORDER BY seq",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap()
}

fn between(mut sighting: Sighting, not_before: i64) -> Sighting {
    sighting.not_before = at(not_before).into();
    sighting
}

#[tokio::test]
async fn every_change_is_a_row_with_its_bounds() {
    // L8, C1, C4, I8
    let bench = Sqlite::new();
    let store = bench.open().await;
    let seen = |state: PowerState, seconds| facts("ci-a", born(), state, at(seconds));
    let (on, off) = (PowerState::Running, PowerState::Stopped);
    store
        .record(&sweep_of(vec![sighting(operated(seen(on.clone(), 0), Operation::Start, at(-60)), None)], at(0)))
        .await
        .unwrap();
    // only a tag changed: no row
    store
        .record(&sweep_of(
            vec![between(sighting(operated(seen(on.clone(), 300), Operation::Start, at(-60)), Some(on.clone())), 0)],
            at(300),
        ))
        .await
        .unwrap();
    store
        .record(&sweep_of(vec![between(sighting(seen(off.clone(), 600), Some(on.clone())), 300)], at(600)))
        .await
        .unwrap();
    // started and stopped between two looks: only the operation tells
    store
        .record(&sweep_of(
            vec![between(sighting(operated(seen(off.clone(), 900), Operation::Stop, at(800)), Some(off.clone())), 600)],
            at(900),
        ))
        .await
        .unwrap();
    let again = sighting(facts("ci-a", at(1000).into(), PowerState::Changing(Arc::from("Creating")), at(1200)), None);
    store.record(&sweep_of(vec![again], at(1200))).await.unwrap();
    store
        .record(&SweepRecord { at: Some(at(1800)), gone: vec![(id("ci-a"), at(1200))], ..SweepRecord::default() })
        .await
        .unwrap();
    store
        .record(&SweepRecord { at: Some(at(2100)), gone: vec![(id("ci-a"), at(1200))], ..SweepRecord::default() })
        .await
        .unwrap();
    store.close().await;
    let stamp = |seconds| format!("{:.9}", at(seconds));
    let (first, second) = (format!("{:.9}", born().known().unwrap()), stamp(1000));
    let row = |seq, created: &str, from: Option<&str>, to: &str, bounds: (Option<i64>, i64), known: &str| {
        (
            seq,
            created.to_owned(),
            from.map(str::to_owned),
            to.to_owned(),
            bounds.0.map(stamp),
            stamp(bounds.1),
            known.to_owned(),
        )
    };
    let expected = [
        row(1, &first, None, "\"running\"", (None, 0), "first_sighting"),
        row(2, &first, Some("\"running\""), "\"stopped\"", (Some(300), 600), "sighting"),
        row(3, &first, Some("\"stopped\""), "\"stopped\"", (Some(600), 900), "operation"),
        row(4, &first, Some("\"stopped\""), "\"gone\"", (Some(900), 1200), "replacement"),
        row(5, &second, None, "{\"changing\":\"Creating\"}", (None, 1200), "first_sighting"),
        row(6, &second, Some("{\"changing\":\"Creating\"}"), "\"gone\"", (Some(1200), 1800), "absence"),
    ];
    assert_eq!(transitions(&bench).await, expected);
}

#[tokio::test]
async fn a_second_process_is_refused_and_one_that_was_killed_is_not() {
    let bench = Sqlite::new();
    let mut child = Child::start(&bench);
    child.lines(1);
    let refused = Store::open(&bench.dir()).await.unwrap_err().to_string();
    assert!(refused.contains(&format!("in use by process {}", child.id())), "L1: {refused}");
    child.kill();
    bench.open().await.close().await;
}

/// The writes of the child, in order; each one is on disk when it says so.
async fn write(store: &Store, n: u32) {
    let seconds = i64::from(n / 5);
    let (name, key) = (format!("ci-{}", n / 5 % 3), format!("k{}", n / 5));
    let done = match n % 5 {
        0 => store.record(&running(&name, born(), at(seconds))).await,
        1 => store.intend(&intent(&key, &name, born(), &key, at(seconds))).await,
        2 => store.sent(&key, at(seconds)).await,
        3 => store.settle(&key, &StopResult::Stopped, at(seconds)).await,
        _ => {
            store
                .audit(&AuditLine {
                    at: at(seconds),
                    who: "lightsout".to_owned(),
                    what: "stop".to_owned(),
                    target: name,
                    why: key,
                })
                .await
        }
    };
    done.unwrap();
}

/// This test's own program, started again in a directory that tells it to write until it is killed.
struct Child {
    process: std::process::Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

const MARK: &str = "write-until-killed";

impl Child {
    fn start(bench: &Sqlite) -> Self {
        std::fs::write(bench.root.path().join(MARK), "").unwrap();
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["the_child_writes_until_it_is_killed", "--exact", "--nocapture", "--test-threads=1"])
            .current_dir(bench.root.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines }
    }

    fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits for so many writes to be reported.
    fn lines(&mut self, count: u32) {
        let mut left = count;
        while left > 0 {
            left -= u32::from(self.lines.next().unwrap().unwrap().ends_with("written"));
        }
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Does nothing but in the directory that the test below prepares; a bound keeps it from outliving its parent for long.
#[tokio::test]
async fn the_child_writes_until_it_is_killed() {
    let here = std::env::current_dir().unwrap();
    if !here.join(MARK).exists() {
        return;
    }
    let store = Store::open(&here.join("journal")).await.unwrap();
    for n in 0..100_000 {
        write(&store, n).await;
        println!("{n} written");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_leaves_exactly_a_prefix_of_what_was_written() {
    // L5, L8, I2, I9: what was confirmed is there, and nothing is there by half
    for count in [1, 2, 3, 4, 5, 8, 13, 40] {
        let bench = Sqlite::new();
        let mut child = Child::start(&bench);
        child.lines(count);
        child.kill();
        let survivor = bench.open().await;
        assert!(survivor.examine().await.unwrap().is_empty());
        let found = survivor.recall(at(1000)).await.unwrap();
        let lines = survivor.verify_audit().await.unwrap().lines;
        let reference = Sqlite::new();
        let replay = reference.open().await;
        let mut n = 0;
        loop {
            let is_prefix = n >= count
                && replay.verify_audit().await.unwrap().lines == lines
                && alike(&replay.recall(at(1000)).await.unwrap(), &found);
            if is_prefix {
                break;
            }
            assert!(n < count + 1000, "after {count} confirmed writes the journal is at no point of their order");
            write(&replay, n).await;
            n += 1;
        }
        same(&replay.recall(at(1000)).await.unwrap(), &found);
    }
}

fn alike(a: &lightsout::ports::Recall, b: &lightsout::ports::Recall) -> bool {
    a.instances == b.instances && a.open == b.open
}
