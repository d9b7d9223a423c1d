//! Three replicas of the real program on one database: one is killed and one hangs in the middle of a storm of stops, and
//! afterwards the database and the log of the simulated Azure are held against each other.
#![cfg(debug_assertions)]
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

#[path = "support/allowed.rs"]
mod allowed;
#[path = "support/estate.rs"]
#[expect(dead_code, reason = "what single machines are asked about elsewhere")]
mod estate;
#[path = "support/postgres.rs"]
#[expect(dead_code, reason = "what the store's own tests ask of it")]
mod postgres;
#[path = "support/program.rs"]
mod program;
#[path = "support/service.rs"]
mod service;
#[path = "support/tools.rs"]
mod tools;

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;
use std::time::Duration;

use estate::Estate;
use lightsout::sandbox::{OperationFate, OperationName, State};
use lightsout::store::Store;
use postgres::Postgres;
use program::{Place, off_now};
use service::{Service, until};

/// So many machines in each of two workspaces.
const MACHINES: usize = 10;

fn replica(estate: &Estate, url: &str, name: &str) -> Place {
    let place = Place::new(&estate.sandbox.base_url(), estate.workspaces(), "");
    let settings = std::fs::read_to_string(place.path("lightsout.toml")).unwrap();
    let store = format!("[store]\ndir = \"store\"\nurl = \"{url}\"\nreplica = \"{name}\"\n");
    place.write("lightsout.toml", &settings.replace("[store]\ndir = \"store\"\n", &store));
    let policy = off_now("enforce", "0s", "").replace("lead = \"0s\"\n", "lead = \"0s\"\nproof = \"recorded\"\n");
    place.write("policies/night.toml", &policy);
    place
}

fn acts(service: &Service) -> bool {
    service.log().contains("this replica acts from now on")
}

fn signal(service: &Service, name: &str) {
    let sent = Command::new("kill").args([name, &service.child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// How many stops of each machine Azure took.
fn stops(estate: &Estate) -> BTreeMap<String, usize> {
    let mut stops = BTreeMap::new();
    for asked in estate.sandbox.recorder().recent() {
        if asked.method == "POST" && asked.path.ends_with("/stop") && (200..300).contains(&asked.status) {
            *stops.entry(asked.path.to_ascii_lowercase()).or_default() += 1;
        }
    }
    stops
}

/// The machines that are off in truth.
fn off(estate: &Estate) -> Vec<String> {
    estate.sandbox.look(|world| {
        let off = world.truths().filter(|truth| truth.state() == State::Stopped);
        off.map(|truth| truth.id().to_owned()).collect()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_is_killed_and_one_hangs_and_each_machine_is_stopped_once() {
    let Some(postgres) = Postgres::start() else { return };
    let database = postgres.database().await;
    let estate = Estate::start(2, MACHINES, |options| {
        options.latency = Duration::from_millis(400);
        options.recorded_max = 100_000;
    })
    .await;
    let places = ["a", "b", "c"].map(|name| replica(&estate, &postgres.url(&database), name));
    // frozen at first, so that the others can be asked while it acts
    assert_eq!(places[0].run(&["freeze"]).code, 0);
    // it is killed right after its first stop left: nobody wrote down that Azure took it
    let mut first = Service::start(&places[0], &[("LIGHTSOUT_TEST_CRASH_AT", "posted")]);
    until("the first acts", || acts(&first).then_some(()));
    let second = Service::start(&places[1], &[]);
    let third = Service::start(&places[2], &[]);
    until("the others show what it shows", || {
        let shows = |one: &Service| one.get("/readyz").starts_with("HTTP/1.1 200");
        (shows(&second) && shows(&third)).then_some(())
    });
    let said = places[1].run(&["hold", "ci-00000-00000", "--for", "2h", "--reason", "work"]);
    assert!(said.code != 0 && said.err.contains("stands by") && said.err.contains("replica a ("), "{}", said.err);
    assert_eq!(stops(&estate).len(), 0);
    assert_eq!(places[0].run(&["freeze", "--lift"]).code, 0);
    assert_eq!(first.ended().signal(), Some(9), "{}", first.log());
    let was_asked = stops(&estate).len();
    assert!(was_asked >= 1);
    let second_acts = until("another acts", || match (acts(&second), acts(&third)) {
        (false, false) => None,
        (acting, _) => Some(acting),
    });
    let (mut hung, mut last, place) =
        if second_acts { (second, third, &places[2]) } else { (third, second, &places[1]) };
    until("it goes on with the storm", || (stops(&estate).len() >= was_asked + 2).then_some(()));
    signal(&hung, "-STOP");
    let under_way = stops(&estate).len();
    assert!(under_way < 2 * MACHINES, "it hangs in the middle of the storm");
    until("the last acts", || acts(&last).then_some(()));
    // what was stopped is off by now, and its person starts one of them again
    estate.let_operations_end();
    let again = until("one is off", || off(&estate).pop());
    estate.sandbox.look(|world| world.operate(&again, OperationName::Start, OperationFate::Normal)).unwrap();
    // the hung one goes on where it was, and finds that it is not its turn any more
    signal(&hung, "-CONT");
    assert_eq!(hung.ended().code(), Some(1), "{}", hung.log());
    assert!(hung.log().contains("another replica took over"), "{}", hung.log());
    until("every machine is stopped", || (stops(&estate).len() == 2 * MACHINES).then_some(()));
    until("what was sent is written down", || last.get("/metrics").contains("lightsout_").then_some(()));
    signal(&last, "-TERM");
    assert_eq!(last.ended().code(), Some(0), "{}", last.log());
    check(&estate, &postgres, &database).await;
    let whole = place.run(&["ledger", "verify", "--json"]);
    assert_eq!(whole.code, 0, "{}{}", whole.out, whole.err);
}

/// The checker: what the database says against what the simulated Azure was asked.
async fn check(estate: &Estate, postgres: &Postgres, database: &str) {
    let stops = stops(estate);
    // I4: one stop each, also of the one that its person started again
    assert!(stops.values().all(|count| *count == 1), "{stops:?}");
    let mut rows = postgres.other(database).await;
    // I2: each is in the journal, once, and none is there that nobody sent
    let written: Vec<String> = sqlx::query_scalar(
        "SELECT instance FROM attempts WHERE result IS NULL OR result IN ('stopped', 'started_again') ORDER BY 1",
    )
    .fetch_all(&mut rows)
    .await
    .unwrap();
    let asked: Vec<String> = stops.keys().map(|path| path.trim_end_matches("/stop").to_owned()).collect();
    assert_eq!(written, asked);
    // each machine is metered all the time, once
    let metered: i64 = sqlx::query_scalar("SELECT count(*) FROM meters").fetch_one(&mut rows).await.unwrap();
    assert_eq!(metered, i64::try_from(2 * MACHINES).unwrap());
    // L2: each taking is an epoch of its own
    let epoch: i64 = sqlx::query_scalar("SELECT epoch FROM leases").fetch_one(&mut rows).await.unwrap();
    assert_eq!(epoch, 3);
    // I8: no row is lost or doubled, and both chains are whole
    let store = Store::connect(&postgres.server(database)).await.unwrap();
    assert_eq!(store.examine().await.unwrap(), Vec::<String>::new());
    let doubled: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT instance FROM transitions WHERE known_by = 'first_sighting' GROUP BY instance HAVING count(*) > 1) AS twice",
    )
    .fetch_one(&mut rows)
    .await
    .unwrap();
    assert_eq!(doubled, 0);
}
