//! Whole weeks of people, jobs, faults, crashes and reloads at random, with the real engine: the invariants hold all along,
//! and when the faults end every due stop comes (I12).
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use lightsout::facts::{Freeze, PowerState, Reading, Tags};
use lightsout::guard::Refusal;
use lightsout::ports::FaultKind;
use lightsout::rules::{Action, Ground};
use lightsout::units::{InstanceId, Span};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::cases::POLICIES;
use crate::cloud::heard::quiet;
use crate::cloud::{Compute, OnStop};
use crate::invariants::check_invariants;
use crate::stage::{INTERVAL, Look, Stage};

/// Unplanned stops of one sweep, as the policies here have it.
const PER_SWEEP: usize = 3;

/// Something that happens. The number says to whom.
#[derive(Debug, Clone)]
enum Event {
    Around(Around),
    Service(Service),
}

/// What happens to a compute.
#[derive(Debug, Clone)]
enum Around {
    Start(u8),
    Off(u8),
    Job(u8, bool),
    Quiet(u8, i64),
    Tag(u8, bool),
    Recreate(u8),
    Listed(u8, bool),
    OnStop(u8, OnStop),
}

/// What befalls the service itself, and what people ask of it.
#[derive(Debug, Clone)]
enum Service {
    Hold(u8, u32),
    Lift(u8),
    Workspace(u8, bool),
    Discovered(u8, bool),
    Channel(bool),
    Journal(bool),
    Freeze(bool),
    Clock(i64),
    Down(i64),
    Crash(&'static str),
    Reload(usize),
    Acknowledge,
    Sweep,
}

fn on_stop() -> impl Strategy<Value = OnStop> {
    prop_oneof![
        (10_i64..900).prop_map(|seconds| OnStop::Takes(SignedDuration::from_secs(seconds))),
        Just(OnStop::Ignored),
        Just(OnStop::OperationFails),
        any::<bool>().prop_map(OnStop::Lost),
        prop_oneof![
            Just(FaultKind::Throttled(None)),
            Just(FaultKind::Conflict),
            Just(FaultKind::DiskFull),
            Just(FaultKind::Unreachable),
            Just(FaultKind::Refused),
            Just(FaultKind::Gone)
        ]
        .prop_map(OnStop::Refused),
    ]
}

fn around() -> impl Strategy<Value = Around> {
    let who = || 0_u8..4;
    prop_oneof![
        4 => who().prop_map(Around::Start),
        1 => who().prop_map(Around::Off),
        2 => (who(), any::<bool>()).prop_map(|(who, on)| Around::Job(who, on)),
        4 => (who(), 0_i64..200).prop_map(|(who, ago)| Around::Quiet(who, ago)),
        1 => (who(), any::<bool>()).prop_map(|(who, on)| Around::Tag(who, on)),
        1 => who().prop_map(Around::Recreate),
        1 => (who(), any::<bool>()).prop_map(|(who, on)| Around::Listed(who, on)),
        3 => (who(), on_stop()).prop_map(|(who, what)| Around::OnStop(who, what)),
    ]
}

fn service() -> impl Strategy<Value = Service> {
    let points = prop_oneof![Just("intended"), Just("posted"), Just("sent")];
    let asked = prop_oneof![
        2 => (0_u8..4, 60_u32..20_000).prop_map(|(who, length)| Service::Hold(who, length)),
        1 => (0_u8..4).prop_map(Service::Lift),
        1 => (0..POLICIES.len()).prop_map(Service::Reload),
        1 => Just(Service::Acknowledge),
        1 => Just(Service::Sweep),
    ];
    let faults = prop_oneof![
        1 => (0_u8..2, any::<bool>()).prop_map(|(who, on)| Service::Workspace(who, on)),
        1 => (0_u8..2, any::<bool>()).prop_map(|(who, on)| Service::Discovered(who, on)),
        1 => any::<bool>().prop_map(Service::Channel),
        1 => any::<bool>().prop_map(Service::Journal),
        1 => any::<bool>().prop_map(Service::Freeze),
        1 => (-90_i64..90).prop_map(Service::Clock),
        1 => (1_i64..900).prop_map(Service::Down),
        2 => points.prop_map(Service::Crash),
    ];
    prop_oneof![asked, faults]
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![3 => around().prop_map(Event::Around), 2 => service().prop_map(Event::Service)]
}

/// A week in progress.
struct Week {
    stage: Stage,
    posts: usize,
    /// Since when an instance is to be stopped and is not, once the faults are over.
    waiting: BTreeMap<InstanceId, Timestamp>,
    strict: bool,
    /// What the last sweep did not do since more was due at once than the cap allows: then none of it is (G4).
    over_cap: BTreeSet<InstanceId>,
    /// The last word on each instance.
    grounds: BTreeMap<InstanceId, Ground>,
}

fn file(index: usize) -> String {
    let caps = "limits = { unplanned_per_sweep = { count = 3, percent = 100 }, unplanned_per_hour = { count = 4, percent = 100 } }\nguard.canary = 100";
    let text = POLICIES.get(index).unwrap();
    format!("name = \"p\"\nmode = \"enforce\"\nscope.workspaces = [\"*\"]\n{text}\n{caps}\n")
}

fn name(who: u8) -> String {
    format!("ci-{who}")
}

impl Week {
    fn new(index: usize) -> Self {
        let monday: Timestamp = "2026-03-23T05:00:00Z".parse().unwrap();
        let mut stage = Stage::at(monday);
        stage.files.policies.insert("p".to_owned(), file(index));
        let world = stage.world.clone();
        for who in 0..4 {
            world.lock().cloud.add(&format!("ws-{}", who % 2), &name(who), monday);
        }
        Self {
            stage,
            posts: 0,
            waiting: BTreeMap::new(),
            strict: false,
            over_cap: BTreeSet::new(),
            grounds: BTreeMap::new(),
        }
    }

    /// The service runs for so many minutes.
    fn run(&mut self, minutes: i64) {
        for _ in 0..minutes.saturating_mul(2) {
            self.look(false);
            // a full disk keeps messages from being read
            self.stage.deliver().ok();
            self.stage.pass(SignedDuration::from_secs(30));
        }
    }

    fn look(&mut self, all: bool) {
        let look = if all { self.stage.sweep() } else { self.stage.tick() };
        let Look::Swept(report) = look else { return };
        let now = self.stage.now();
        let posted: Vec<InstanceId> =
            self.stage.world.lock().posts.iter().skip(self.posts).map(|post| post.step.instance.clone()).collect();
        self.posts += posted.len();
        let over = report.refused.iter().filter(|(_, refusal)| *refusal == Refusal::OverCap);
        self.over_cap = over.map(|(step, _)| step.instance.clone()).collect();
        for verdict in &report.verdicts {
            self.grounds.insert(verdict.instance.clone(), verdict.ground);
            let due = verdict.action == Action::Stop && !posted.contains(&verdict.instance);
            if !(self.strict && due) || self.over_cap.contains(&verdict.instance) {
                self.waiting.remove(&verdict.instance);
                continue;
            }
            let since = *self.waiting.entry(verdict.instance.clone()).or_insert(now);
            let most = INTERVAL.duration().checked_mul(2).unwrap();
            assert!(
                now.duration_since(since) <= most,
                "I12: {} is due since {since} and not stopped at {now}: {:?}",
                verdict.instance.name(),
                report.refused
            );
        }
    }

    fn happen(&mut self, event: &Around) {
        let world = self.stage.world.clone();
        let now = self.stage.now();
        match event {
            Around::Start(who) => world.lock().cloud.named(&name(*who)).start(now),
            Around::Off(who) => world.lock().cloud.named(&name(*who)).turn_off(now),
            Around::Job(who, on) => world.lock().cloud.named(&name(*who)).job(*on),
            Around::Quiet(who, ago) => {
                let since = now.checked_sub(SignedDuration::from_mins(*ago)).unwrap();
                world.lock().cloud.named(&name(*who)).heard = Some(quiet(since, 100, now));
            }
            Around::Tag(who, on) => tag(&self.stage, *who, *on),
            Around::Recreate(who) => {
                let mut outside = world.lock();
                let id = outside.cloud.id(&name(*who));
                let mut fresh = Compute::started(id.clone(), now);
                fresh.facts.created = now.into();
                outside.cloud.computes.insert(id, fresh);
            }
            Around::Listed(who, on) => world.lock().cloud.named(&name(*who)).listed = *on,
            Around::OnStop(who, what) => world.lock().cloud.named(&name(*who)).on_stop = what.clone(),
        }
    }

    /// What befalls the service itself, and what people ask of it.
    fn befall(&mut self, event: &Service) {
        let world = self.stage.world.clone();
        match event {
            // people may be declined: too many holds, nothing held, a disk that is full
            Service::Hold(who, length) => drop(self.stage.hold(&name(*who), Span::seconds(*length))),
            Service::Lift(who) => drop(self.stage.lift(&name(*who))),
            Service::Acknowledge => drop(self.stage.acknowledge("p")),
            Service::Workspace(who, up) => {
                let mut outside = world.lock();
                let id = outside.cloud.workspace(&format!("ws-{who}"));
                outside.cloud.workspaces.get_mut(&id).unwrap().1 = (!up).then_some(FaultKind::Unreachable);
            }
            Service::Discovered(who, found) => {
                let mut outside = world.lock();
                let id = outside.cloud.workspace(&format!("ws-{who}"));
                outside.cloud.unlisted.retain(|other| *other != id);
                outside.cloud.unlisted.extend((!found).then_some(id));
            }
            Service::Channel(up) => world.lock().channel.is_down = !up,
            Service::Journal(up) => world.lock().journal_down = !up,
            Service::Freeze(on) => {
                world.lock().freeze = on.then(|| Freeze::On("incident".to_owned()));
            }
            Service::Clock(minutes) => {
                // every second step puts it right again
                let ahead = world.lock().wall_ahead;
                world.step_clock(if ahead.is_zero() { SignedDuration::from_mins(*minutes) } else { -ahead });
            }
            Service::Down(minutes) => {
                world.lock().journal_down = false; // a process that cannot read its journal does not start
                self.stage.end();
                self.stage.pass(SignedDuration::from_mins(*minutes));
            }
            Service::Crash(point) => {
                world.lock().journal_down = false;
                self.stage.crash_at(point);
            }
            Service::Reload(index) => {
                self.stage.files.policies.insert("p".to_owned(), file(*index));
                let engine = self.stage.engine();
                self.stage.files.reload(&engine).ok();
            }
            Service::Sweep => self.look(true),
        }
    }

    /// Every fault ends; jobs too.
    fn mend(&mut self) {
        let world = self.stage.world.clone();
        let mut outside = world.lock();
        (outside.channel.is_down, outside.journal_down, outside.freeze) = (false, false, None);
        let away = outside.wall_ahead;
        outside.cloud.unlisted.clear();
        outside.cloud.workspaces.values_mut().for_each(|(_, fault)| *fault = None);
        for compute in outside.cloud.computes.values_mut() {
            compute.job(false);
            compute.listed = true;
            compute.on_stop = OnStop::Takes(SignedDuration::from_secs(60));
        }
        drop(outside);
        world.step_clock(-away);
        (0..4).for_each(|who| tag(&self.stage, who, false));
    }
}

fn sound(week: &Week) {
    let breaches = check_invariants(&week.stage.world);
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

fn tag(stage: &Stage, who: u8, on: bool) {
    let now = stage.now();
    let tags = if on { vec![("lightsout-keep".into(), "true".into())] } else { Vec::new() };
    stage.world.lock().cloud.named(&name(who)).facts.tags = Reading::Known { value: Tags(tags), as_of: now.into() };
}

/// Weeks in all, and how many threads share them.
const WEEKS: u32 = 16;
const THREADS: u32 = 4;

#[test]
fn every_week_keeps_the_invariants_and_ends_with_the_lights_out() {
    let config = ProptestConfig {
        cases: WEEKS / THREADS,
        failure_persistence: None,
        max_shrink_iters: 4,
        ..ProptestConfig::default()
    };
    let mut seeds = TestRunner::new(config.clone());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            let mut runner = TestRunner::new_with_rng(config.clone(), seeds.new_rng());
            scope.spawn(move || {
                let weeks = (0..POLICIES.len(), prop::collection::vec((1_i64..90, event()), 20..60));
                runner.run(&weeks, |(index, events)| lived(index, &events)).unwrap_or_else(|error| panic!("{error}"));
            });
        }
    });
}

fn lived(index: usize, events: &[(i64, Event)]) -> Result<(), TestCaseError> {
    let mut week = Week::new(index);
    for (minutes, event) in events {
        week.run(*minutes);
        match event {
            Event::Around(event) => week.happen(event),
            Event::Service(event) => week.befall(event),
        }
    }
    sound(&week);
    week.mend();
    // the failures of an hour, rests of half an hour, and stops under way
    week.run(150);
    week.strict = true;
    week.run(36 * 60);
    sound(&week);
    // a start in the off window is respected until the next edge, which over a weekend is far
    let rightly = [
        Ground::Off,
        Ground::EdgeSpent,
        Ground::StartUnknown,
        Ground::InHours,
        Ground::NoActionDay,
        Ground::IdleUnknown,
        Ground::NotDue,
    ];
    // more at once than the cap allows: none of them, and an alarm, until a person looks
    prop_assert!(
        week.over_cap.is_empty() || week.over_cap.len() > PER_SWEEP,
        "G4: so many are within the cap: {:?}",
        week.over_cap
    );
    let excused = |instance: &InstanceId| week.over_cap.contains(instance);
    let stuck: Vec<_> = week.grounds.iter().filter(|(id, ground)| !rightly.contains(ground) && !excused(id)).collect();
    prop_assert!(stuck.is_empty(), "I12: after a day and a half: {stuck:?}");
    let outside = week.stage.world.lock();
    let on = outside.cloud.computes.values().any(|compute| compute.facts.state != PowerState::Stopped);
    let on = on && week.over_cap.is_empty();
    let uptime = week.stage.files.policies.values().all(|text| text.contains("uptime"));
    prop_assert!(!(uptime && on), "I12: a ceiling is for all, and one is on after a day and a half");
    Ok(())
}
