//! The demo's history, replayed: by the policies that were in force it comes out again, by others it does not.

use std::path::{Path, PathBuf};

use lightsout::cli::demo::{DemoOptions, demo};
use serde_json::Value;

use crate::{Said, replay};

fn policies() -> String {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("config/demo").display().to_string()
}

/// A demo's journal, in a folder.
async fn history(seed: u64, agents: u8) -> tempfile::TempDir {
    drop(rustls::crypto::ring::default_provider().install_default());
    let dir = tempfile::tempdir().unwrap();
    let journal = Some(dir.path().join("journal"));
    let options = DemoOptions { days: 2, speed: None, seed, paced: false, listen: None, page: None, agents, journal };
    let (_, open) = demo(options, None).await.unwrap();
    drop(open);
    dir
}

fn tried(dir: &Path, more: &[&str]) -> Said {
    let policy = policies();
    let args: Vec<&str> = ["--policy", &policy, "--interval", "5m"].into_iter().chain(more.iter().copied()).collect();
    replay(dir, &args)
}

/// The policies that were in force do again what they did.
fn comes_out_again(told: &Value) {
    let checked = &told["checked"];
    assert!(checked["decisions"].as_u64().unwrap() > 100, "{checked:#}");
    assert_eq!(checked["of_others"], 0);
    assert_eq!(checked["reasons"].get("not explained"), None, "{checked:#}");
    let (decisions, same) = (checked["decisions"].as_u64().unwrap(), checked["same"].as_u64().unwrap());
    assert!(same * 100 >= decisions * 99, "{checked:#}");
    let total = &told["total"];
    for figure in ["stops", "regrets", "running_seconds", "cost", "avoided", "warnings"] {
        for end in ["least", "most"] {
            assert_eq!(
                total["happened"][figure], total["replayed"][end][figure],
                "{figure}, at {end}: {:#}",
                told["instances"]
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_in_force_comes_out_again_and_another_does_not() {
    let dir = history(1, 100).await;
    let of_store = tried(dir.path(), &["--store", "journal", "--json"]).json();
    comes_out_again(&of_store);
    assert!(of_store["total"]["happened"]["stops"].as_u64().unwrap() > 10, "{:#}", of_store["total"]);

    // beside settings that name no channel, as a fresh checkout has them: whom warnings reached stands in the record
    let settings = dir.path().join("none.toml");
    std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/lightsout.toml"), &settings).unwrap();
    comes_out_again(&tried(dir.path(), &["--store", "journal", "--json"]).json());
    std::fs::remove_file(settings).unwrap();

    // the same record as files
    let said = replay(dir.path(), &["--store", "journal", "--export", "out", "--json"]).json();
    assert!(dir.path().join(said["file"].as_str().unwrap()).is_file());
    assert_eq!(tried(dir.path(), &["--history", "out", "--json"]).json(), of_store);

    // patience costs money, and haste costs people
    let policy = policies();
    let args = [
        "--policy",
        &policy,
        "--history",
        "out",
        "--interval",
        "5m",
        "--sweep",
        "idle.after=15m,45m,3h",
        "--html",
        "search.html",
    ];
    let found = replay(dir.path(), &[&args[..], &["--json"]].concat()).json();
    let micros = |amount: &Value| amount.as_str().unwrap().replace('.', "").parse::<i64>().unwrap();
    let costs: Vec<i64> =
        (0..3).map(|place| micros(&found["tried"][place]["replayed"]["least"]["cost"][0]["amount"])).collect();
    assert!(costs.is_sorted(), "{costs:?}");
    assert_eq!(found["tried"][1]["replayed"], of_store["total"]["replayed"], "45m is what was in force");
    let stops = |place: usize| found["tried"][place]["replayed"]["most"]["stops"].as_u64().unwrap();
    assert!(stops(0) > stops(2), "{found:#}");

    let said = tried(dir.path(), &["--history", "out", "--html", "page.html", "--top", "3"]);
    assert!(said.text().contains("Whom it would have hurt") || said.text().contains("Nobody would have been hurt"));
    for page in ["page.html", "search.html"] {
        let page = std::fs::read_to_string(dir.path().join(page)).unwrap();
        assert!(page.contains("<svg role=\"img\"") && page.ends_with("</html>\n"), "{}", page.len());
        for outside in ["http://", "https://", "<script", "@import", "url("] {
            let found = page.replace("http://www.w3.org/2000/svg", "");
            assert!(!found.contains(outside), "{outside}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_half_the_machines_tell_nothing_the_answer_is_a_range() {
    let dir = history(3, 50).await;
    let told = tried(dir.path(), &["--store", "journal", "--json"]).json();
    let checked = &told["checked"];
    assert_eq!(checked["reasons"].get("not explained"), None, "{checked:#}");
    let untold: i64 =
        told["instances"].as_array().unwrap().iter().map(|one| one["untold_seconds"].as_i64().unwrap()).sum();
    assert!(untold > 0);
    let total = &told["total"];
    let number = |figures: &Value, figure: &str| figures[figure].as_i64().unwrap();
    for figure in ["stops", "regrets", "running_seconds"] {
        let happened = number(&total["happened"], figure);
        let (least, most) = (number(&total["replayed"]["least"], figure), number(&total["replayed"]["most"], figure));
        assert!(least <= happened && happened <= most, "{figure}: {least} {happened} {most}");
    }
}
