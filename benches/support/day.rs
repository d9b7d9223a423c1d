//! A large fleet in virtual time: the real engine, its way to Azure and its journal, and a sandbox that holds it to ARM's token
//! buckets. People start machines in the morning and leave them on; at seven in the evening everything is to go off.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use lightsout::azure::{Azure, AzureOptions, Cloud, IdentityOptions, PriceOptions, Watch};
use lightsout::cli::clock::VirtualClock;
use lightsout::cli::outside::Outside;
use lightsout::cli::wire_up::engine_options;
use lightsout::cli::witnesses::Witnesses;
use lightsout::engine::Engine;
use lightsout::facts::SourceSet;
use lightsout::ledger::PriceSource;
use lightsout::notify::Channels;
use lightsout::policy::{PolicySet, SourceText, Sources, parse};
use lightsout::ports::{Clock as _, Control as _};
use lightsout::report::{Outcome, SweepReport};
use lightsout::sandbox::{Habits, Sandbox, SandboxOptions, State, WorldSpec, scale};
use lightsout::settings::Settings;
use lightsout::store::{FileFreeze, Store};
use lightsout::units::{Span, SubscriptionId};

/// Each has buckets of its own.
pub(crate) const SUBSCRIPTIONS: [&str; 4] = [
    "5a4d0000-0000-4000-8000-000000000f01",
    "5a4d0000-0000-4000-8000-000000000f02",
    "5a4d0000-0000-4000-8000-000000000f03",
    "5a4d0000-0000-4000-8000-000000000f04",
];
/// How often a workspace is read.
pub(crate) const INTERVAL: Span = Span::minutes(5);
const TOKEN: &str = "fleet-token";
/// Writes that a bucket holds, and gets back in ten seconds.
const BURST: usize = 200;
const PER_SECOND: usize = 10;

const POLICY: &str = r#"
name = "fleet"
mode = "enforce"

[scope]
subscriptions = ["5a4d0000-*"]

[hours]
zone = "UTC"
allowed = ["Mon-Fri 07:00-19:00"]
spread = "0s"

[warning]
lead = "15m"
proof = "recorded"
"#;

/// What is run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fleet {
    pub(crate) workspaces: usize,
    pub(crate) instances: usize,
    /// In every so-many-th workspace of a subscription machines are used.
    pub(crate) every: usize,
    /// There so many of ten instances have a person, and in every second of them one more.
    pub(crate) used_of_ten: usize,
    /// Hours of the day at which it begins and ends.
    pub(crate) from: i8,
    pub(crate) until: i8,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Day {
    pub(crate) lists: u64,
    pub(crate) calls: u64,
    pub(crate) throttled: u64,
    pub(crate) sweeps: usize,
    /// Every stop that was sent: subscription, instance, when, and what an hour of it costs, in billionths.
    pub(crate) stops: Vec<(String, String, Timestamp, i64)>,
    /// How old the reading was on whose strength the oldest stop was decided, and how old at most what was known of a workspace
    /// at its deadline; in seconds.
    pub(crate) decided_on: i64,
    pub(crate) at_deadline: i64,
    /// The longest p99 between readings.
    pub(crate) p99: i64,
    pub(crate) bound_broken: usize,
    /// From the beginning until every workspace was read once, in milliseconds.
    pub(crate) first_sweep: i64,
}

impl Day {
    /// What was stopped, whenever.
    pub(crate) fn stopped(&self) -> BTreeSet<&str> {
        self.stops.iter().map(|(_, instance, ..)| instance.as_str()).collect()
    }

    /// When the last stop left, and when it could have at the soonest: in milliseconds from the deadline.
    pub(crate) fn storm(&self, deadline: Timestamp) -> (i64, i64) {
        let last = self.stops.iter().map(|(_, _, at, _)| at.duration_since(deadline).as_millis()).max().unwrap_or(0);
        let most = SUBSCRIPTIONS.iter().map(|lane| self.stops.iter().filter(|stop| stop.0 == *lane).count()).max();
        let beyond = most.unwrap_or(0).saturating_sub(BURST);
        (i64::try_from(last).unwrap(), i64::try_from(beyond * 1_000 / PER_SECOND).unwrap())
    }

    /// What running on cost until the stops left, in hundredths of what it would have cost at the same instants with the
    /// dearest first in each subscription.
    pub(crate) fn order(&self, deadline: Timestamp) -> i128 {
        let (mut paid, mut least) = (0_i128, 0_i128);
        for lane in SUBSCRIPTIONS {
            let its: Vec<_> = self.stops.iter().filter(|stop| stop.0 == lane).collect();
            let mut waits: Vec<i128> =
                its.iter().map(|(_, _, at, _)| at.duration_since(deadline).as_millis()).collect();
            let mut rates: Vec<i128> = its.iter().map(|stop| i128::from(stop.3)).collect();
            paid += waits.iter().zip(&rates).map(|(wait, rate)| wait * rate).sum::<i128>();
            waits.sort_unstable();
            rates.sort_unstable_by(|a, b| b.cmp(a));
            least += waits.iter().zip(&rates).map(|(wait, rate)| wait * rate).sum::<i128>();
        }
        if least == 0 { 100 } else { paid * 100 / least }
    }
}

/// A Monday.
pub(crate) fn at(hour: i8) -> Timestamp {
    let monday: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
    monday.checked_add(SignedDuration::from_hours(i64::from(hour))).unwrap()
}

fn world(fleet: Fleet) -> WorldSpec {
    let start = at(fleet.from);
    let mut spec = scale(1, start, fleet.workspaces, fleet.instances);
    for (number, workspace) in spec.workspaces.iter_mut().enumerate() {
        SUBSCRIPTIONS[number % SUBSCRIPTIONS.len()].clone_into(&mut workspace.subscription);
        let is_used = (number / SUBSCRIPTIONS.len()).is_multiple_of(fleet.every);
        // one more by turns
        let used = fleet.instances * (fleet.used_of_ten + number / SUBSCRIPTIONS.len() / fleet.every % 2) / 10;
        for (position, instance) in workspace.instances.iter_mut().enumerate() {
            instance.state = State::Stopped;
            if is_used && position < used {
                // in the evening people have gone home, and their machines run
                let is_evening = fleet.from > 12;
                instance.habits = (!is_evening).then(|| habits(number + position));
                instance.state = if is_evening { State::Running } else { State::Stopped };
            }
        }
    }
    spec
}

/// Comes between half past eight and half past nine, and leaves the machine on.
fn habits(number: usize) -> Habits {
    Habits {
        zone: "UTC".to_owned(),
        arrives: 510 + i64::try_from(number % 61).unwrap(),
        stays: 480,
        forgets: 100,
        night_jobs: 0,
        tmux_runs: 0,
        evenings: 0,
        weekends: 0,
        late_days: 0,
        holidays: 0,
        asks_hold: 0,
    }
}

fn policies() -> PolicySet {
    let sources = [SourceText { file: "fleet.toml".into(), text: POLICY.to_owned() }];
    let (defaults, channels, sources_of) = (None, 1, SourceSet::NONE);
    let parsed =
        parse(&Sources { defaults, policies: &sources, calendars: &BTreeMap::new(), channels, sources: sources_of });
    assert!(!parsed.set.policies.is_empty(), "{:?}", parsed.diagnostics);
    parsed.set
}

fn azure_options(sandbox: &Sandbox, dir: &std::path::Path) -> AzureOptions {
    let arm_endpoint = sandbox.base_url();
    let cloud = Cloud::Custom { arm_endpoint, token_scope: String::new(), authority_host: String::new() };
    std::fs::write(dir.join("token"), TOKEN).unwrap();
    let mut options = AzureOptions::new(cloud, IdentityOptions::TokenFile { path: dir.join("token") });
    options.watch = Watch { subscriptions: SUBSCRIPTIONS.map(SubscriptionId::new).to_vec(), ..Watch::default() };
    options.prices = PriceOptions {
        sources: vec![PriceSource::VmSizes, PriceSource::Retail],
        retail_endpoint: sandbox.base_url(),
        ..PriceOptions::default()
    };
    options
}

/// Lives through the hours with quiet workspaces read in every so-many-th interval.
pub(crate) async fn lived(fleet: Fleet, quiet: u32) -> Day {
    let (start, end) = (at(fleet.from), at(fleet.until));
    // time stands still while a disk is waited for: memory will do
    let memory = std::path::Path::new("/dev/shm");
    let dir = if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() };
    let clock = VirtualClock::new(start);
    let mut options = SandboxOptions::new(world(fleet), Arc::new(clock.clone()));
    options.static_token = Some(TOKEN.to_owned());
    let sandbox = Sandbox::start(options).await.unwrap();
    let outside = Outside {
        azure: Azure::new(azure_options(&sandbox, dir.path()), Arc::new(clock.clone())).unwrap(),
        bills: None,
        witnesses: Witnesses::default(),
        store: Store::open(&dir.path().join("journal")).await.unwrap(),
        channels: Channels::default(),
        freeze: FileFreeze::new(dir.path().join("FREEZE"), None),
        clock: Arc::new(clock.clone()),
    };
    let mut settings = Settings::default();
    (settings.sweep.interval, settings.sweep.quiet) = (INTERVAL, quiet);
    let engine = Engine::new(Arc::new(outside), engine_options(&settings));
    engine.recall().await.unwrap();
    engine.adopt(policies()).await.unwrap();
    let mut day = Day::default();
    while clock.now() < end {
        let now = clock.now();
        if let Some(report) = engine.tick().await {
            if day.sweeps == 0 {
                day.first_sweep = i64::try_from(clock.now().duration_since(now).as_millis()).unwrap();
                engine.refresh_prices().await.unwrap();
            }
            day.note(&report, &engine.last_view(), &sandbox);
        }
        // the service looks every second; nothing but the next minute's deadlines can change what is due by time alone
        let soonest = clock.now().checked_add(SignedDuration::from_secs(1)).unwrap();
        let latest = clock.now().checked_add(SignedDuration::from_secs(10)).unwrap();
        clock.advance_to(engine.next_due().min(latest).max(soonest).min(end));
    }
    day.calls = sandbox.recorder().arm_calls();
    day.lists = sandbox.recorder().count("list-computes");
    day.throttled = engine.api_use().throttled.values().sum();
    sandbox.shutdown().await;
    day
}

impl Day {
    fn note(&mut self, report: &SweepReport, view: &lightsout::report::FleetView, sandbox: &Sandbox) {
        self.sweeps += 1;
        self.p99 = self.p99.max(view.staleness.p99);
        let broken = |policy: &&lightsout::report::PolicyStaleness| policy.worst > policy.bound;
        self.bound_broken += view.staleness.policies.iter().filter(broken).count();
        let start = at(0);
        for line in &report.stops {
            assert_eq!(line.outcome, Outcome::Accepted, "{}", line.step.instance);
            let instance = &line.step.instance;
            let rate = sandbox.look(|world| {
                let size = world.truth(&instance.to_string()).map(|truth| truth.vm_size().to_owned()).unwrap();
                world.prices().in_force(&size, "westeurope", start).map(|(_, rate)| rate.as_billionths())
            });
            let stop_at = line.step.stop_at;
            self.decided_on = self.decided_on.max(line.at.duration_since(line.step.observed_at).as_secs());
            self.at_deadline = self.at_deadline.max(stop_at.duration_since(line.step.observed_at).as_secs().abs());
            self.stops.push((
                instance.workspace().subscription().as_str().to_owned(),
                instance.to_string(),
                line.at,
                rate.unwrap_or(0),
            ));
        }
    }
}
