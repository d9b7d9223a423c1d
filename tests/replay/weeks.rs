//! Weeks of people at random under the real engine, written by a real store: asked again, the rules decide as they did.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use lightsout::cli::wire_up::engine_options;
use lightsout::facts::{Freeze, Source};
use lightsout::ledger::ClaimRules;
use lightsout::past::{Past, read, write};
use lightsout::policy::{DefaultsSource, PolicySet, SourceText, Sources, parse};
use lightsout::replay::{Asked, check, replay};
use lightsout::settings::Settings;
use lightsout::store::Store;
use lightsout::units::Span;
use proptest::prelude::*;

use crate::cloud::heard::{account, quiet};
use crate::stage::{Look, Stage};

const POLICIES: [&str; 4] = [
    "hours = { zone = \"Europe/Madrid\", allowed = [\"Mon-Fri 08:00-20:00\"] }",
    "idle.after = \"90m\"",
    "uptime.max = \"20h\"\nbusy.cap = \"1h\"",
    "hours = { zone = \"America/New_York\", allowed = [\"Mon-Fri 07:00-19:00\"] }\nidle.after = \"2h\"\nuptime.max = \"30h\"",
];

fn text(index: usize) -> String {
    let caps = "limits = { unplanned_per_sweep = { count = 4, percent = 100 }, unplanned_per_hour = { count = 20, percent = 100 } }";
    format!("name = \"p\"\nmode = \"enforce\"\nscope.workspaces = [\"*\"]\n{}\n{caps}\n", POLICIES.get(index).unwrap())
}

fn policies(index: usize) -> PolicySet {
    let files = [SourceText { file: "p.toml".into(), text: text(index) }];
    let defaults = DefaultsSource { file: "lightsout.toml".into(), text: String::new() };
    let sources = Source::ALL.into_iter().collect();
    parse(&Sources { defaults: Some(&defaults), policies: &files, calendars: &BTreeMap::new(), channels: 1, sources })
        .set
}

/// What people do, and what befalls the service.
#[derive(Debug, Clone)]
enum Event {
    Start(u8),
    Off(u8),
    Job(u8, bool),
    Busy(u8),
    Quiet(u8, i64),
    Silent(u8, bool),
    Hold(u8, u32),
    Lift(u8),
    Freeze(bool),
    Channel(bool),
    Down(i64),
    Crash(&'static str),
}

fn event() -> impl Strategy<Value = Event> {
    let who = || 0_u8..4;
    let points = prop_oneof![Just("intended"), Just("posted"), Just("sent")];
    prop_oneof![
        4 => who().prop_map(Event::Start),
        1 => who().prop_map(Event::Off),
        2 => (who(), any::<bool>()).prop_map(|(who, on)| Event::Job(who, on)),
        3 => who().prop_map(Event::Busy),
        4 => (who(), 0_i64..100).prop_map(|(who, ago)| Event::Quiet(who, ago)),
        1 => (who(), any::<bool>()).prop_map(|(who, on)| Event::Silent(who, on)),
        2 => (who(), 600_u32..20_000).prop_map(|(who, length)| Event::Hold(who, length)),
        1 => who().prop_map(Event::Lift),
        1 => any::<bool>().prop_map(Event::Freeze),
        1 => any::<bool>().prop_map(Event::Channel),
        1 => (1_i64..600).prop_map(Event::Down),
        1 => points.prop_map(Event::Crash),
    ]
}

fn name(who: u8) -> String {
    format!("ci-{who}")
}

fn happen(stage: &mut Stage, event: &Event) {
    let (world, now) = (stage.world.clone(), stage.now());
    match event {
        Event::Start(who) => world.lock().cloud.named(&name(*who)).start(now),
        Event::Off(who) => world.lock().cloud.named(&name(*who)).turn_off(now),
        Event::Job(who, on) => world.lock().cloud.named(&name(*who)).job(*on),
        Event::Busy(who) => {
            let track = account(Source::Agent, lightsout::facts::Use::Busy, now, now);
            world.lock().cloud.named(&name(*who)).heard = Some(track);
        }
        Event::Quiet(who, ago) => {
            let since = now.checked_sub(SignedDuration::from_mins(*ago)).unwrap();
            world.lock().cloud.named(&name(*who)).heard = Some(quiet(since, 100, now));
        }
        Event::Silent(who, on) => world.lock().cloud.named(&name(*who)).silent = *on,
        // people may be declined
        Event::Hold(who, length) => drop(stage.hold(&name(*who), Span::seconds(*length))),
        Event::Lift(who) => drop(stage.lift(&name(*who))),
        Event::Freeze(on) => world.lock().freeze = on.then(|| Freeze::On("incident".to_owned())),
        Event::Channel(up) => world.lock().channel.is_down = !up,
        Event::Down(minutes) => {
            stage.end();
            stage.pass(SignedDuration::from_mins(*minutes));
        }
        Event::Crash(point) => stage.crash_at(point),
    }
}

fn run(stage: &mut Stage, minutes: i64) {
    for _ in 0..minutes.saturating_mul(2) {
        let _look: Look = stage.tick();
        stage.deliver().ok();
        stage.pass(SignedDuration::from_secs(30));
    }
}

/// The record of a week, out of a real store.
fn week(index: usize, events: &[(i64, Event)]) -> Past {
    let monday: Timestamp = "2026-03-23T05:00:00Z".parse().unwrap();
    let mut stage = Stage::at(monday);
    stage.files.policies.insert("p".to_owned(), text(index));
    stage.world.lock().tape = Some(Vec::new());
    for who in 0..4 {
        stage.world.lock().cloud.add(&format!("ws-{}", who % 2), &name(who), monday);
    }
    for (minutes, event) in events {
        run(&mut stage, *minutes);
        happen(&mut stage, event);
    }
    run(&mut stage, 300);
    let tape = stage.world.lock().tape.take().unwrap();
    let dir = tempfile::tempdir().unwrap();
    stage.runtime.block_on(async {
        let store = Store::open(dir.path()).await.unwrap();
        for again in tape {
            again(&store).await.unwrap();
        }
        let past = store.ledger().past().await.unwrap().unwrap();
        store.close().await;
        past
    })
}

fn asked<'a>(past: &Past, policies: &'a PolicySet, bounds: &'a lightsout::guard::Bounds) -> Asked<'a> {
    Asked {
        policies,
        from: past.from,
        to: past.to,
        interval: crate::stage::INTERVAL,
        bounds,
        rules: ClaimRules::default(),
        horizon: Span::hours(12),
        quiet: None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, max_shrink_iters: 4, ..ProptestConfig::default() })]

    /// Every decision of the policy that was in force comes out again; what does not has a reason that is known.
    #[test]
    fn decisions_come_out_again(index in 0..POLICIES.len(), events in prop::collection::vec((1_i64..90, event()), 10..24)) {
        let past = week(index, &events);
        let (policies, settings) = (policies(index), Settings::default());
        let bounds = engine_options(&settings).bounds;
        let checked = check(&past, &asked(&past, &policies, &bounds));
        prop_assert!(checked.decisions > 0 && checked.of_others == 0, "{checked:?}");
        prop_assert_eq!(checked.same + checked.reasons.values().sum::<usize>(), checked.decisions);
        prop_assert!(!checked.reasons.contains_key("not explained"), "{:#?}", checked.differences);
    }

    /// An export is read back as it was, and least is never more than most.
    #[test]
    fn what_is_exported_is_read_back(index in 0..POLICIES.len(), other in 0..POLICIES.len(), events in prop::collection::vec((1_i64..90, event()), 5..12)) {
        let past = week(index, &events);
        let again = read("history.jsonl", &write(&past).unwrap()).unwrap();
        prop_assert_eq!(&again, &past);
        prop_assert_eq!(&Past::joined(vec![again.clone(), past.clone()]).unwrap(), &past, "twice the same is once the same");
        let (policies, settings) = (policies(other), Settings::default());
        let bounds = engine_options(&settings).bounds;
        let one = replay(&past, &asked(&past, &policies, &bounds), Default::default());
        prop_assert_eq!(&one, &replay(&again, &asked(&again, &policies, &bounds), Default::default()));
        let spread = &one.total.replayed;
        prop_assert!(spread.least.stops <= spread.most.stops && spread.least.regrets <= spread.most.regrets);
        prop_assert!(spread.least.running_seconds <= spread.most.running_seconds);
        prop_assert!(one.instances.iter().all(|one| one.untold_seconds <= one.on_seconds));
    }
}
