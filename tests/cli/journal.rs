//! The journal copied, and a copy put back: by the real program, on what a sweep wrote.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;
use sqlx::{ConnectOptions as _, Connection as _};

use crate::estate::Estate;
use crate::program::{Place, Said, off_now};

/// A journal that two sweeps wrote, and the Azure that they saw.
async fn swept() -> (Estate, Place) {
    let estate = Estate::start(1, 2, |_| {}).await;
    let place = Place::new(&estate.sandbox.base_url(), estate.workspaces(), "");
    place.write("policies/night.toml", &off_now("observe", "0s", ""));
    for _ in 0..2 {
        fine(&place, &["sweep"]);
    }
    (estate, place)
}

/// The same with rows in its ledger: machines were seen running, stopped, and seen stopped.
async fn metered() -> (Estate, Place) {
    let (estate, place) = swept().await;
    let policy = off_now("enforce", "0s", "").replace("lead = \"0s\"\n", "lead = \"0s\"\nproof = \"recorded\"\n");
    place.write("policies/night.toml", &policy);
    place.run(&["ack", "night"]);
    for _ in 0..10 {
        place.run(&["sweep"]);
        estate.let_operations_end();
        if !head(&place).starts_with("0 ") {
            return (estate, place);
        }
    }
    panic!("ten sweeps metered nothing: {}", place.run(&["plan"]).out);
}

fn fine(place: &Place, arguments: &[&str]) -> Said {
    let said = place.run(arguments);
    assert_eq!(said.code, 0, "{arguments:?}: {}{}", said.out, said.err);
    said
}

fn head(place: &Place) -> String {
    fine(place, &["ledger", "head"]).out
}

fn names(place: &Place) -> Vec<String> {
    let entries = std::fs::read_dir(place.path("store")).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_whole_private_and_replaces_nothing() {
    let (_estate, place) = metered().await;
    let copied = fine(&place, &["journal", "backup", "copy.db", "--json"]);
    let told: Value = serde_json::from_str(&copied.out).unwrap();
    let file = place.path("copy.db");
    assert_eq!(std::fs::metadata(&file).unwrap().len(), told["bytes"].as_u64().unwrap());
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "it holds people's names");
    assert_eq!(format!("{} {}\n", told["rows"], told["hash"].as_str().unwrap()), head(&place));
    let verified = fine(&place, &["ledger", "verify", "--store", "copy.db"]);
    assert!(verified.out.contains("the ledger is whole"), "{}", verified.out);
    assert!(!place.path("copy.db-wal").exists() && !place.path("copy.db.part").exists());

    let again = place.run(&["journal", "backup", "copy.db"]);
    assert!(again.code == 1 && again.err.contains("no copy replaces a file"), "{}{}", again.out, again.err);
    let nothing = place.run(&["journal", "backup", "other.db", "--store", "policies"]);
    assert!(nothing.code == 1 && nothing.err.contains("there is no journal"), "{}", nothing.err);
    assert!(!place.path("other.db").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g12_a_restore_freezes_and_keeps_the_journal_that_was_there() {
    let (_estate, place) = swept().await;
    let before = head(&place);
    fine(&place, &["journal", "backup", "copy.db"]);
    // After the copy: what a restore loses.
    fine(&place, &["hold", "ci-00000-00000", "--for", "2h", "--reason", "thesis"]);
    let restored = fine(&place, &["journal", "restore", "copy.db"]);
    assert!(
        restored.out.contains("lightsout freeze --lift") && restored.out.contains("before-restore-1"),
        "{}",
        restored.out
    );
    assert_eq!(head(&place), before);
    assert!(fine(&place, &["freeze", "--status"]).out.contains("the journal was restored from copy.db"));
    let held = fine(&place, &["hold", "--list"]).out;
    assert!(!held.contains("thesis"), "a hold that the copy cannot know: {held}");

    // The one that was there is whole, with what was only in its side file.
    let aside = "store/lightsout.db.before-restore-1";
    fine(&place, &["journal", "restore", aside]);
    assert!(fine(&place, &["hold", "--list"]).out.contains("thesis"), "{:?}", names(&place));
    fine(&place, &["sweep"]);
    assert!(!names(&place).iter().any(|name| name.ends_with(".new") || name.ends_with(".part")), "{:?}", names(&place));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_whole_is_not_put_back_and_changes_nothing() {
    let (_estate, place) = metered().await;
    let before = head(&place);
    fine(&place, &["journal", "backup", "copy.db"]);
    let whole = std::fs::read(place.path("copy.db")).unwrap();
    let spoilt = |name: &str, bytes: &[u8]| {
        std::fs::write(place.path(name), bytes).unwrap();
        let said = place.run(&["journal", "restore", name]);
        assert_eq!(said.code, 1, "{name}: {}", said.out);
        said.err
    };
    // Every page after the first: each table's and index's root among them.
    let pages: Vec<u8> = whole.iter().enumerate().map(|(at, byte)| if at < 8_192 { *byte } else { 0x5a }).collect();
    spoilt("pages.db", &pages);
    spoilt("half.db", &whole[..whole.len() / 2]);
    spoilt("text.db", b"this is not a database, whatever its name says");
    // A row that was changed, in a database that is whole as such.
    std::fs::write(place.path("changed.db"), &whole).unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(place.path("changed.db"));
    let mut changed = options.connect().await.unwrap();
    sqlx::raw_sql("DROP TRIGGER ledger_stands").execute(&mut changed).await.unwrap();
    let made =
        sqlx::raw_sql("UPDATE ledger SET hash = zeroblob(32) WHERE seq = 1").execute(&mut changed).await.unwrap();
    assert_eq!(made.rows_affected(), 1);
    changed.close().await.unwrap();
    let said = spoilt("changed.db", &std::fs::read(place.path("changed.db")).unwrap());
    assert!(said.contains("is damaged") && said.contains("nothing was put in the journal's place"), "{said}");
    assert_eq!(head(&place), before);
    assert!(
        fine(&place, &["freeze", "--status"]).out.contains("not frozen"),
        "nothing was restored, and nothing is frozen"
    );
    assert!(!names(&place).iter().any(|name| name.contains("before-restore")), "{:?}", names(&place));
}

/// Where to is read from the settings alone; without a server there, nothing is touched.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_names_what_the_settings_lack() {
    let (_estate, place) = swept().await;
    let before = names(&place);
    let said = place.run(&["store", "migrate", "--from", "sqlite", "--to", "postgres"]);
    assert!(said.code == 1 && said.err.contains("[store] url"), "{}", said.err);
    let said = place.run(&["journal", "migrate", "--from", "sqlite"]);
    assert!(said.code == 2 && said.err.contains("--to"), "{}", said.err);
    assert_eq!(names(&place), before);
}
