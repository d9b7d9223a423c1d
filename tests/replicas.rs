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

/// So many machines in each of two workspaces.
const MACHINES: usize = 16;

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
    /// Frozen at first, so that who stands by can be asked while another acts.
    async fn gathers() -> Option<Self> {
        let postgres = Postgres::start()?;
        let database = postgres.database().await;
        let estate = Estate::start(2, MACHINES, |options| {
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

    /// How many stops were sent, once there are more than so many; and it is not over.
    fn goes_on(&self, before: usize) -> usize {
        let sent = until("it goes on with the storm", || Some(stops(&self.estate).len()).filter(|sent| *sent > before));
        assert!(sent < 2 * MACHINES, "in the middle of the storm");
        sent
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_is_killed_one_hangs_one_is_cut_off_and_each_machine_is_stopped_once() {
    let Some(storm) = Storm::gathers().await else { return };
    let Storm { estate, places, ways, .. } = &storm;
    // it is killed right after its first stop left: nobody wrote down that Azure took it
    let mut first = Service::start(&places[0], &[("LIGHTSOUT_TEST_CRASH_AT", "posted")]);
    until("the first acts", || acts(&first).then_some(()));
    let second = Service::start(&places[1], &[]);
    let third = Service::start(&places[2], &[]);
    until("the others show what it shows", || {
        let shows = |one: &Service| one.get("/readyz").starts_with("HTTP/1.1 200");
        (shows(&second) && shows(&third)).then_some(())
    });
    // what stands before them sends people to whoever acts
    let asked = [&first, &second, &third].map(|one| one.get("/acting"));
    assert!(asked[0].starts_with("HTTP/1.1 200"), "{}", asked[0]);
    for one in &asked[1..] {
        assert!(one.starts_with("HTTP/1.1 503") && one.contains("the replica a ("), "{one}");
    }
    let said = places[1].run(&["hold", "ci-00000-00000", "--for", "2h", "--reason", "work"]);
    assert!(said.code != 0 && said.err.contains("stands by") && said.err.contains("replica a ("), "{}", said.err);
    assert_eq!(stops(estate).len(), 0);
    assert_eq!(places[0].run(&["freeze", "--lift"]).code, 0);
    assert_eq!(first.ended().signal(), Some(9), "{}", first.log());
    let was_asked = stops(estate).len();
    assert!(was_asked >= 1);
    let second_acts = until("another acts", || match (acts(&second), acts(&third)) {
        (false, false) => None,
        (acting, _) => Some(acting),
    });
    let (mut hung, mut lone, way) = if second_acts { (second, third, &ways[2]) } else { (third, second, &ways[1]) };
    let under_way = storm.goes_on(was_asked);
    signal(&hung, "-STOP");
    until("the next acts", || acts(&lone).then_some(()));
    // what was stopped is off by now, and its person starts one of them again
    estate.let_operations_end();
    let again = until("one is off", || off(estate).pop());
    estate.sandbox.look(|world| world.operate(&again, OperationName::Start, OperationFate::Normal)).unwrap();
    // the hung one goes on where it was, and finds that it is not its turn any more
    signal(&hung, "-CONT");
    assert_eq!(hung.ended().code(), Some(1), "{}", hung.log());
    assert!(hung.log().contains("another replica took over"), "{}", hung.log());
    storm.goes_on(under_way);
    way.cut();
    // the killed one was started again meanwhile, and takes over from the one that reaches Azure and not the database
    let mut last = Service::start(&places[0], &[]);
    until("the last acts", || acts(&last).then_some(()));
    way.mend();
    assert_eq!(lone.ended().code(), Some(1), "{}", lone.log());
    assert!(lone.log().contains("another replica took over"), "{}", lone.log());
    until("every machine is stopped", || (stops(estate).len() == 2 * MACHINES).then_some(()));
    until("what was sent is written down", || last.get("/metrics").contains("lightsout_").then_some(()));
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
    assert!(refused.code != 0 && refused.err.contains("the replica other acts"), "{}{}", refused.out, refused.err);
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
    assert_eq!(metered, i64::try_from(2 * MACHINES).unwrap());
    // L2: each change of hands is an epoch of its own
    let epoch: i64 = sqlx::query_scalar("SELECT max(epoch) FROM shards").fetch_one(&mut rows).await.unwrap();
    assert_eq!(epoch, 4);
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
