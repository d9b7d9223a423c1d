//! The document of the API: committed, equal to what is served and printed, valid by a judge that is not ours, and the same
//! as the table of routes.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use lightsout::cli::clock::VirtualClock;
use lightsout::cli::records::Recorded;
use lightsout::web::door::Route;
use lightsout::web::{documented, openapi, people_routes};
use serde_json::Value;

use crate::house::{House, HouseEngine, OFFICE};
use crate::tools::tool;

/// Where the document is kept.
pub(crate) fn document() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("config/openapi.json")
}

/// Every route that people are served.
pub(crate) fn table() -> Vec<Route> {
    people_routes::<HouseEngine, Recorded<VirtualClock>>().table()
}

fn is_of_api(route: &Route) -> bool {
    route.path.starts_with("/api/v1/")
}

#[expect(clippy::disallowed_methods, reason = "a test has no settings to ask")]
fn is_blessing() -> bool {
    std::env::var_os("LIGHTSOUT_BLESS").is_some()
}

#[test]
fn the_committed_document_is_the_one_of_this_version() {
    let printed = Command::new(env!("CARGO_BIN_EXE_lightsout")).arg("openapi").output().unwrap();
    assert!(printed.status.success() && printed.stderr.is_empty(), "{printed:?}");
    let text = String::from_utf8(printed.stdout).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), openapi());
    if is_blessing() {
        std::fs::write(document(), &text).unwrap();
    }
    let kept = std::fs::read_to_string(document()).unwrap_or_default();
    assert!(
        kept == text,
        "config/openapi.json is of another version; LIGHTSOUT_BLESS=1 renews it, and read the difference"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_document_is_served_as_it_is_committed() {
    let house = House::new(1, 1, OFFICE).await;
    let token = house.token("reader", &[lightsout::access::Scope::Read], &[]);
    let served = house.get("/api/v1/openapi.json", &token).await;
    assert_eq!((served.status, served.json()), (200, openapi()));
}

#[test]
fn a_judge_of_openapi_finds_nothing() {
    let Some(mut judge) = tool("openapi-spec-validator") else { return };
    let judged = judge.args(["--schema", "3.1"]).arg(document()).output().unwrap();
    assert!(judged.status.success(), "{judged:?}");
    // it can find something: a document without its title is none
    let mut spoilt = openapi();
    spoilt["info"].as_object_mut().unwrap().remove("title");
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("spoilt.json"), spoilt.to_string()).unwrap();
    let judged = tool("openapi-spec-validator").unwrap().arg(dir.path().join("spoilt.json")).output().unwrap();
    assert!(!judged.status.success(), "{judged:?}");
}

#[test]
fn the_document_says_what_the_table_of_routes_says() {
    let mut served = BTreeSet::new();
    for route in table().iter().filter(|route| is_of_api(route)) {
        let new = served.insert((route.method.as_str().to_lowercase(), route.path, route.rule));
        assert!(new, "{route:?} stands there twice");
    }
    let told = documented();
    let written: BTreeSet<_> = told.iter().map(|(method, path, rule)| ((*method).to_owned(), *path, *rule)).collect();
    assert_eq!(written.len(), told.len(), "an operation stands there twice");
    assert_eq!(written, served);
    let document = openapi();
    for (method, path, rule) in told {
        assert_eq!(document["paths"][path][method]["x-rule"], rule.label(), "{method} {path}");
    }
}

#[test]
fn whatever_changes_something_is_no_get() {
    for route in table() {
        let reads = route.method == "GET";
        let acts = matches!(route.rule.label(), "own" | "stop" | "administer");
        assert!(!(reads && acts), "{route:?} would be done by whoever fetches a link");
    }
}
