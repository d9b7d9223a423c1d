//! Three replicas of the real program on one database: in the middle of a storm of stops one is killed, one hangs and one is cut
//! off from the database, and afterwards the database and the log of the simulated Azure are held against each other.
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
#[path = "support/way.rs"]
mod way;

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
use way::Way;

/// So many workspaces with so many machines each.
const WORKSPACES: usize = 12;
const EACH: usize = 3;
const MACHINES: usize = WORKSPACES * EACH;

fn replica(estate: &Estate, url: &str, name: &str) -> Place {
    let place = Place::new(&estate.sandbox.base_url(), estate.workspaces(), "");
    let settings = std::fs::read_to_string(place.path("lightsout.toml")).unwrap();
    let store = format!("[store]\ndir = \"store\"\nurl = \"{url}\"\nreplica = \"{name}\"\n");
    place.write("lightsout.toml", &settings.replace("[store]\ndir = \"store\"\n", &store));
    let policy = off_now("enforce", "0s", "").replace("lead = \"0s\"\n", "lead = \"0s\"\nproof = \"recorded\"\n");
    place.write("policies/night.toml", &policy);
    place
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

/// What the replicas run in.
struct Storm {
    postgres: Postgres,
    database: String,
    estate: Estate,
    /// Of each replica to the database.
    ways: [Way; 3],
    places: [Place; 3],
}

impl Storm {
    /// Frozen at first, so that nothing is stopped before each has its part.
    async fn gathers() -> Option<Self> {
        let postgres = Postgres::start()?;
        let database = postgres.database().await;
        let estate = Estate::start(WORKSPACES, EACH, |options| {
            options.latency = Duration::from_millis(400);
            options.recorded_max = 100_000;
        })
        .await;
        let ways = [Way::to(postgres.port()).await, Way::to(postgres.port()).await, Way::to(postgres.port()).await];
        let url = |way: &Way| format!("postgres://lightsout@127.0.0.1:{}/{database}", way.port());
        let [a, b, c] = &ways;
        let places = [(a, "a"), (b, "b"), (c, "c")].map(|(way, name)| replica(&estate, &url(way), name));
        assert_eq!(places[0].run(&["freeze"]).code, 0);
        Some(Self { postgres, database, estate, ways, places })
    }
}

/// So many shards a replica decides about, by its own word.
fn shards(service: &Service) -> u32 {
    let page = service.get("/metrics");
    let line = page.lines().find_map(|line| line.strip_prefix("lightsout_shards "));
    line.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
}

/// Until each has a part, and all of them together the whole.
fn divided(among: &[&Service]) {
    until("the fleet is divided", || {
        let parts: Vec<u32> = among.iter().map(|one| shards(one)).collect();
        (parts.iter().sum::<u32>() == 64 && parts.iter().all(|part| *part > 0)).then_some(())
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_is_killed_one_hangs_one_is_cut_off_and_each_machine_is_stopped_once() {
    let Some(storm) = Storm::gathers().await else { return };
    let Storm { estate, places, ways, .. } = &storm;
    // it is killed right after its first stop left: nobody wrote down that Azure took it
    let mut first = Service::start(&places[0], &[("LIGHTSOUT_TEST_CRASH_AT", "posted")]);
    divided(&[&first]);
    let mut second = Service::start(&places[1], &[]);
    let mut third = Service::start(&places[2], &[]);
    let all = [&first, &second, &third];
    divided(&all);
    until("each looks at its part", || {
        all.iter().all(|one| one.get("/readyz").starts_with("HTTP/1.1 200")).then_some(())
    });
    assert!(all.iter().all(|one| one.get("/acting").starts_with("HTTP/1.1 200")));
    // whichever is asked shows the whole fleet, and has a wish carried out by whoever it is for
    for place in places {
        until("it shows all machines", || {
            let shown: serde_json::Value = serde_json::from_str(&place.run(&["status", "--json"]).out).ok()?;
            let rooms = shown["workspaces"].as_object()?;
            let count: usize = rooms.values().filter_map(|room| Some(room["instances"].as_array()?.len())).sum();
            (rooms.len() == WORKSPACES && count == MACHINES).then_some(())
        });
    }
    for number in 0..WORKSPACES {
        let name = format!("ci-{number:05}-00000");
        let held = places[number % 3].run(&["hold", &name, "--for", "2h", "--reason", "work"]);
        assert_eq!(held.code, 0, "{}{}", held.out, held.err);
        let told = places[(number + 1) % 3].run(&["explain", &name]);
        assert!(told.code == 0 && told.out.contains("work"), "{}{}", told.out, told.err);
        let lifted = places[(number + 2) % 3].run(&["hold", "--lift", &name]);
        assert_eq!(lifted.code, 0, "{}{}", lifted.out, lifted.err);
    }
    assert_eq!(stops(estate).len(), 0);
    assert_eq!(places[1].run(&["freeze", "--lift"]).code, 0);
    assert_eq!(first.ended().signal(), Some(9), "{}", first.log());
    until("others act on theirs", || (stops(estate).len() > 1).then_some(()));
    signal(&second, "-STOP");
    divided(&[&third]);
    // what was stopped is off by now, and its person starts one of them again
    estate.let_operations_end();
    let again = until("one is off", || off(estate).pop());
    estate.sandbox.look(|world| world.operate(&again, OperationName::Start, OperationFate::Normal)).unwrap();
    // the hung one goes on where it was, and finds that others have what it had
    signal(&second, "-CONT");
    assert_eq!(second.ended().code(), Some(1), "{}", second.log());
    assert!(second.log().contains("another replica took over"), "{}", second.log());
    ways[2].cut();
    // the killed one was started again meanwhile, and takes over from the one that reaches Azure and not the database
    let mut last = Service::start(&places[0], &[]);
    divided(&[&last]);
    ways[2].mend();
    assert_eq!(third.ended().code(), Some(1), "{}", third.log());
    assert!(third.log().contains("another replica took over"), "{}", third.log());
    until("every machine is stopped", || (stops(estate).len() == MACHINES).then_some(()));
    // one that comes when all is done takes its part of that, and leaves it again
    let mut guest = Service::start(&places[1], &[]);
    divided(&[&last, &guest]);
    signal(&guest, "-TERM");
    assert_eq!(guest.ended().code(), Some(0), "{}", guest.log());
    divided(&[&last]);
    signal(&last, "-TERM");
    assert_eq!(last.ended().code(), Some(0), "{}", last.log());
    check(&storm).await;
    let whole = places[0].run(&["ledger", "verify", "--json"]);
    assert_eq!(whole.code, 0, "{}{}", whole.out, whole.err);
}

/// A command acts alone, one at a time, and its turn ends with it; one switch freezes every replica.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_acts_alone_and_gives_its_turn_back() {
    let Some(storm) = Storm::gathers().await else { return };
    let Storm { postgres, database, places, estate, .. } = &storm;
    // one right after the other: nobody waits for the end of a lease
    for place in places {
        let swept = place.run(&["sweep"]);
        assert_eq!(swept.code, 0, "{}{}", swept.out, swept.err);
    }
    assert_eq!(stops(estate).len(), 0, "the switch of all holds each of them");
    let switch = places[2].run(&["freeze", "--status"]);
    assert!(switch.code == 0 && switch.out.contains("frozen by hand"), "{}{}", switch.out, switch.err);
    let examined = places[1].run(&["doctor"]);
    assert!(examined.out.contains("everything is frozen: frozen by hand"), "{}", examined.out);
    let mut rows = postgres.other(database).await;
    let members: i64 = sqlx::query_scalar("SELECT count(*) FROM members").fetch_one(&mut rows).await.unwrap();
    assert_eq!(members, 0);
    let (_store, lease) = Store::replica(&postgres.server(database), "other").await.unwrap();
    lease.join(jiff::SignedDuration::ZERO).await.unwrap();
    let refused = places[0].run(&["sweep"]);
    assert!(refused.code != 0 && refused.err.contains("the replica other runs"), "{}{}", refused.out, refused.err);
    lease.leave().await.unwrap();
    // who only looks needs no turn, and knows of the switch all the same
    let looked = places[0].run(&["plan", "--json"]);
    assert!(looked.out.contains("frozen by hand"), "{}{}", looked.out, looked.err);
    assert_eq!(places[1].run(&["freeze", "--lift"]).code, 0);
    assert_eq!(places[0].run(&["sweep"]).code, 0);
    assert!(!stops(estate).is_empty());
}

/// The checker: what the database says against what the simulated Azure was asked.
async fn check(storm: &Storm) {
    let Storm { postgres, database, estate, .. } = storm;
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
    assert_eq!(metered, i64::try_from(MACHINES).unwrap());
    // L2: each change of hands is an epoch of its own, and who left has nothing any more
    let epochs = "SELECT count(*) FROM shards WHERE epoch >= 2 AND holder IS NULL";
    assert_eq!(sqlx::query_scalar::<_, i64>(epochs).fetch_one(&mut rows).await.unwrap(), 64);
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
