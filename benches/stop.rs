//! B7: from a deadline to the arrival of its stop at Azure, by the service's own loop in real time, beside what it cannot do
//! without: a look at the instance and a durable intent. B11: a durable intent, beside the disk's own promise. It takes two minutes.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints, and a broken one should stop")]

#[path = "../tests/support/build.rs"]
#[expect(dead_code, reason = "a part is used")]
mod build;
#[path = "support/measure.rs"]
#[expect(dead_code, reason = "a part is used")]
mod measure;
#[path = "support/pointed.rs"]
mod pointed;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use lightsout::cli::clock::SystemClock;
use lightsout::cli::outside::Outside;
use lightsout::engine::{AfterLook, Command, Engine};
use lightsout::ports::{Clock as _, Intent, Journal as _};
use lightsout::rules::Ground;
use lightsout::sandbox::{RunningClock, Sandbox, SandboxOptions, State, scale};
use lightsout::settings::Settings;
use lightsout::store::Store;
use measure::{By, Measured, Rounds};
use tokio::runtime::Runtime;

/// Instances, one in each workspace; their deadlines are spread over a minute.
const STOPS: usize = 60;
const TOKEN: &str = "bench-token";
/// B7: at most this much beyond the floor, and never more than that in all.
const BEYOND: Duration = Duration::from_millis(50);
const HARD: Duration = Duration::from_secs(2);

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    intents(&runtime);
    let promise = promises();
    let late = runtime.block_on(stops());
    let p99 = |rounds: &Rounds| rounds.spread().1;
    let floor = p99(&promise.0) + promise.1;
    let (figure, median) = (p99(&late), late.median());
    let verdict = |goal: Duration| if figure <= goal { "within" } else { "OVER" };
    println!(
        "B7 deadline to POST, slowest of {STOPS}: floor {floor:?}, figure {figure:?} (median {median:?}), {} the goal of floor and \
         {BEYOND:?}, {} the hard one of {HARD:?}",
        verdict(floor + BEYOND),
        verdict(HARD)
    );
}

/// Writes a page and waits until the disk has it, many times; and how long a look over loopback takes, which is next to nothing.
fn promises() -> (Rounds, Duration) {
    let mut file = tempfile::tempfile().unwrap();
    let mut once = || {
        file.write_all(&[1; 4_096]).unwrap();
        file.sync_data().unwrap();
    };
    let rounds = (0..100).map(|_| measure::once(&mut once).elapsed).collect();
    (Rounds::new(rounds), Duration::from_millis(1))
}

/// B11: median beside median.
fn intents(runtime: &Runtime) {
    let dir = tempfile::tempdir().unwrap();
    let store = runtime.block_on(Store::open(&dir.path().join("journal"))).unwrap();
    let mut file = std::fs::File::create(dir.path().join("page")).unwrap();
    let number = Cell::new(0_usize);
    let intend = || {
        number.set(number.get() + 1);
        let name = format!("ci-{:06}", number.get());
        let step = build::step(&build::facts("ws-a", &name), Ground::OffHours);
        let intent = Intent { id: format!("intent-{name}"), attempt: 1, step, at: build::now() };
        runtime.block_on(store.intend(&intent)).unwrap();
    };
    let promise = || {
        file.write_all(&[1; 4_096]).unwrap();
        file.sync_data().unwrap();
    };
    println!("{}", Measured::alternating(By::Elapsed, 101, promise, intend).line("B11 durable intent", 1, 200));
}

/// Hours that end at the next full minute but one.
fn policy(now: Timestamp) -> (String, Timestamp) {
    let minute = now.as_second() / 60 + 2;
    let end = Timestamp::from_second(minute * 60).unwrap();
    let clock = |minute: i64| format!("{:02}:{:02}", minute / 60 % 24, minute % 60);
    let text = format!(
        "name = \"bench\"\nmode = \"enforce\"\nscope.subscriptions = [\"*\"]\nhours = {{ zone = \"UTC\", allowed = [\"daily {}-{}\"], \
         spread = \"60s\" }}\nwarning = {{ lead = \"0s\", lead_unknown_owner = \"0s\" }}\n",
        clock(minute + 12 * 60),
        clock(minute)
    );
    (text, end)
}

/// How late each stop arrived after its deadline.
async fn stops() -> Rounds {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("token"), TOKEN).unwrap();
    let now = SystemClock.now();
    let mut world = scale(1, now, STOPS, 1);
    world.workspaces.iter_mut().flat_map(|workspace| &mut workspace.instances).for_each(|instance| {
        instance.state = State::Running;
        instance.created_on = now.checked_sub(SignedDuration::from_hours(5)).unwrap();
    });
    let mut options = SandboxOptions::new(world, Arc::new(RunningClock::wall()));
    options.static_token = Some(TOKEN.to_owned());
    let sandbox = Sandbox::start(options).await.unwrap();
    let (policy, end) = policy(now);
    let azure = pointed::azure(&sandbox.base_url(), None, dir.path());
    let engine = Arc::new(pointed::engine(azure, dir.path(), &Settings::default(), &policy).await);
    let (sender, receiver) = tokio::sync::mpsc::channel(8);
    let after: AfterLook<Outside<SystemClock>> = Arc::new(|_: &Engine<Outside<SystemClock>>| {});
    let running = tokio::spawn(engine.clone().run((sender.clone(), receiver), after));
    let mut deadlines: BTreeMap<String, Timestamp> = BTreeMap::new();
    while SystemClock.now() < end.checked_add(SignedDuration::from_secs(65)).unwrap() {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let view = engine.last_view();
        let instances = view.workspaces.values().flat_map(|place| &place.instances);
        deadlines.extend(instances.filter_map(|instance| {
            let due = instance.verdict.as_ref()?.due.as_ref()?;
            Some((instance.facts.id.name().to_owned(), due.stop_at))
        }));
    }
    sender.send(Command::End).await.unwrap();
    running.await.unwrap().unwrap();
    let sent: Vec<_> = sandbox
        .recorder()
        .recent()
        .into_iter()
        .filter(|one| one.method == "POST" && one.path.ends_with("/stop"))
        .collect();
    assert_eq!(sent.len(), STOPS, "each is stopped once");
    let late = sent.iter().map(|one| {
        let name = one.path.split('/').rev().nth(1).unwrap();
        let deadline = deadlines.get(name).copied().unwrap();
        Duration::try_from(one.at.duration_since(deadline)).unwrap_or_default()
    });
    let rounds = Rounds::new(late.collect());
    sandbox.shutdown().await;
    rounds
}
