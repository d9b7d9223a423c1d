//! B6: what one decision costs with everything that explains it, beside the writing of a record of 48 bytes.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints, and a broken one should stop")]

#[path = "../tests/support/build.rs"]
#[expect(dead_code, reason = "a part is used")]
mod build;
#[path = "support/measure.rs"]
#[expect(dead_code, reason = "a part is used")]
mod measure;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use lightsout::cli::wire_up::engine_options;
use lightsout::facts::{Evidence, Freeze, History, InstanceFacts, PowerState, SourceSet};
use lightsout::guard::{FleetSight, Review, Surroundings, review};
use lightsout::plan::draft;
use lightsout::policy::{Policy, SourceText, Sources, parse};
use lightsout::rules::{Moment, Verdict, evaluate};
use lightsout::settings::Settings;
use lightsout::units::{InstanceId, When};
use measure::{By, Measured};
use thin_vec::ThinVec;

/// Instances decided about in one round.
const COUNT: usize = 10_000;
/// 3.7 ns for the record, 100 ns for the decision.
const GOAL: u128 = 2_700;

/// Weekdays in Madrid, a ceiling, a warning, an override and an exemption: what a real policy has.
const POLICY: &str = r#"
name = "office"
mode = "enforce"

[scope]
workspaces = ["ws-*"]

[hours]
zone = "Europe/Madrid"
allowed = ["Mon-Fri 08:00-19:00"]

[uptime]
max = "72h"

[warning]
lead = "15m"

[exempt]
names = ["keep-*"]

[[override]]
name = "large"
match = { sizes = ["STANDARD_ND*"] }
uptime = { max = "24h" }
"#;

fn policy() -> Policy {
    let texts = [SourceText { file: "office.toml".into(), text: POLICY.to_owned() }];
    let (defaults, channels, sources) = (None, 1, SourceSet::NONE);
    let parsed = parse(&Sources { defaults, policies: &texts, calendars: &BTreeMap::new(), channels, sources });
    let found = parsed.set.policies.first().unwrap_or_else(|| panic!("{:?}", parsed.diagnostics));
    Policy::clone(found)
}

/// Instances with what is remembered of them, in this state.
fn people(state: impl Fn(usize) -> PowerState) -> Vec<(Arc<InstanceFacts>, History)> {
    let one = |n: usize| {
        let mut facts = build::facts(&format!("ws-{:03}", n / 100), &format!("instance-{n:06}"));
        facts.state = state(n);
        let seen = When::at(build::minutes(-700));
        let history = match facts.state {
            PowerState::Stopped => History { first_seen: seen, last_seen_off: seen, ..History::default() },
            PowerState::Running
            | PowerState::JobRunning
            | PowerState::Changing(_)
            | PowerState::Broken(_)
            | PowerState::Unrecognised(_) => {
                History { first_seen: seen, on_since: When::at(build::minutes(-600)), ..History::default() }
            }
        };
        (Arc::new(facts), history)
    };
    (0..COUNT).map(one).collect()
}

/// As many of each as the sandbox's estate has: most are off, some run, few are busy.
fn mixed(n: usize) -> PowerState {
    match n % 20 {
        0 => PowerState::JobRunning,
        1..=8 => PowerState::Running,
        _ => PowerState::Stopped,
    }
}

fn main() {
    let policy = policy();
    let earlier = build::now().checked_sub(SignedDuration::from_hours(4)).unwrap();
    let kinds = [
        ("B6 mixed, in hours", people(mixed), earlier),
        ("B6 mixed, off hours", people(mixed), build::now()),
        ("B6 all off", people(|_| PowerState::Stopped), earlier),
        ("B6 all on, in hours", people(|_| PowerState::Running), earlier),
        ("B6 all on, off hours", people(|_| PowerState::Running), build::now()),
    ];
    for (name, fleet, now) in &kinds {
        let mut records = Vec::with_capacity(COUNT * 48);
        let mut verdicts = Vec::with_capacity(COUNT);
        let measured = Measured::alternating(
            By::Thread,
            21,
            || write_records(&mut records),
            || decide(&policy, fleet, *now, &mut verdicts),
        );
        println!("{}", measured.line(name, u32::try_from(COUNT).unwrap(), GOAL));
    }
    whole(&policy, &kinds[1].1);
}

/// Forty-eight bytes for each, as a ledger's row is.
fn write_records(records: &mut Vec<u8>) {
    records.clear();
    for n in 0..COUNT {
        let mut record = [0_u8; 48];
        record[..8].copy_from_slice(&black_box(n).to_le_bytes());
        records.extend_from_slice(&record);
    }
    black_box(records);
}

/// A sweep holds its verdicts until the next one: making one sets the one before free.
fn decide(policy: &Policy, fleet: &[(Arc<InstanceFacts>, History)], now: Timestamp, verdicts: &mut Vec<Verdict>) {
    verdicts.clear();
    let moment = Moment::new(policy, now);
    verdicts
        .extend(fleet.iter().map(|(facts, history)| evaluate(&moment, facts, Evidence::NONE, history, &Freeze::Off)));
    black_box(verdicts);
}

/// Everything from facts to what may be stopped, beside the deciding alone.
fn whole(policy: &Policy, fleet: &[(Arc<InstanceFacts>, History)]) {
    let now = build::now();
    let by_id: BTreeMap<_, _> = fleet.iter().map(|(facts, history)| (facts.id.clone(), history)).collect();
    let policies = BTreeMap::from([(policy.id.clone(), Arc::new(policy.clone()))]);
    let bounds = engine_options(&Settings::default()).bounds;
    let sight =
        FleetSight { workspaces: COUNT / 100, instances: COUNT, last_full_sweep: Some(now), ..FleetSight::default() };
    let histories = |id: &InstanceId| by_id.get(id).map(|history| (*history, 4));
    let mut verdicts = Vec::with_capacity(COUNT);
    let measured = Measured::alternating(
        By::Thread,
        21,
        || decide(policy, fleet, now, &mut verdicts),
        || {
            let moment = Moment::new(policy, now);
            let one = |(facts, history): &(Arc<InstanceFacts>, History)| {
                (facts.clone(), evaluate(&moment, facts, Evidence::NONE, history, &Freeze::Off), ThinVec::new())
            };
            let decided: Vec<_> = fleet.iter().map(one).collect();
            let plan = draft(&decided, now);
            let around = Surroundings {
                policies: &policies,
                bounds: &bounds,
                sight: &sight,
                histories: &histories,
                disks: &|_| None,
                freeze: &Freeze::Off,
                now,
            };
            let Review { approved, refused, .. } = review(plan, &around);
            black_box((approved, refused));
        },
    );
    println!("{}", measured.line("decide, draft and review, beside deciding", u32::try_from(COUNT).unwrap(), 200));
}
