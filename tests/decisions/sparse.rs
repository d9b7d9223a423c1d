//! Reading quiet workspaces more rarely changes no decision: the same days are lived twice, and end in the same stops, at the
//! same times, with fewer readings.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use lightsout::units::{InstanceId, Span};
use proptest::prelude::*;

use crate::cases::POLICIES;
use crate::cloud::heard::quiet;
use crate::stage::{INTERVAL, Stage};

/// Something that people do. The number says with which instance.
#[derive(Debug, Clone)]
enum Act {
    Start(u8),
    Off(u8),
    Job(u8, bool),
    Quiet(u8, i64),
    Hold(u8, u32),
    Reload(usize),
}

const INSTANCES: u8 = 6;

fn act() -> impl Strategy<Value = Act> {
    let who = || 0..INSTANCES;
    prop_oneof![
        4 => who().prop_map(Act::Start),
        4 => who().prop_map(Act::Off),
        1 => (who(), any::<bool>()).prop_map(|(who, on)| Act::Job(who, on)),
        3 => (who(), 0_i64..200).prop_map(|(who, ago)| Act::Quiet(who, ago)),
        1 => (who(), 600_u32..20_000).prop_map(|(who, length)| Act::Hold(who, length)),
        1 => (0..POLICIES.len()).prop_map(Act::Reload),
    ]
}

fn file(index: usize, extra: &str) -> String {
    let caps = "limits = { unplanned_per_sweep = { count = 9, percent = 100 }, unplanned_per_hour = { count = 90, percent = 100 } }\nguard.canary = 100";
    let text = POLICIES.get(index).unwrap();
    format!("name = \"p\"\nmode = \"enforce\"\nscope.workspaces = [\"*\"]\n{text}\n{caps}\n{extra}\n")
}

fn name(who: u8) -> String {
    format!("ci-{who}")
}

/// Some days.
struct Days {
    stage: Stage,
    extra: &'static str,
    /// Readings of each workspace: when.
    readings: BTreeMap<String, Vec<Timestamp>>,
}

impl Days {
    fn new(quiet: u32, index: usize, extra: &'static str) -> Self {
        let monday: Timestamp = "2026-03-23T05:00:00Z".parse().unwrap();
        let mut stage = Stage::at(monday);
        stage.quiet = quiet;
        stage.files.policies.insert("p".to_owned(), file(index, extra));
        for who in 0..INSTANCES {
            let mut outside = stage.world.lock();
            let compute = outside.cloud.add(&format!("ws-{}", who % 3), &name(who), monday);
            compute.turn_off(monday);
        }
        Self { stage, extra, readings: BTreeMap::new() }
    }

    fn run(&mut self, minutes: i64) {
        for _ in 0..minutes.saturating_mul(2) {
            self.stage.tick();
            let view = self.stage.engine().last_view();
            for (id, place) in &view.workspaces {
                let read = self.readings.entry(id.name().to_owned()).or_default();
                read.extend(place.read_at.filter(|at| read.last() != Some(at)));
            }
            self.stage.deliver().unwrap();
            self.stage.pass(SignedDuration::from_secs(30));
        }
    }

    fn happen(&mut self, act: &Act) {
        let (world, now) = (self.stage.world.clone(), self.stage.now());
        match act {
            Act::Start(who) => world.lock().cloud.named(&name(*who)).start(now),
            Act::Off(who) => world.lock().cloud.named(&name(*who)).turn_off(now),
            Act::Job(who, on) => {
                let mut outside = world.lock();
                let compute = outside.cloud.named(&name(*who));
                if compute.facts.state.is_on() {
                    compute.job(*on);
                }
            }
            Act::Quiet(who, ago) => {
                let since = now.checked_sub(SignedDuration::from_mins(*ago)).unwrap();
                world.lock().cloud.named(&name(*who)).heard = Some(quiet(since, 100, now));
            }
            // people may be declined: too many holds
            Act::Hold(who, length) => drop(self.stage.hold(&name(*who), Span::seconds(*length))),
            Act::Reload(index) => {
                self.stage.files.policies.insert("p".to_owned(), file(*index, self.extra));
                let engine = self.stage.engine();
                self.stage.files.reload(&engine).unwrap();
            }
        }
    }

    /// Every stop that was sent: of what, for which reason, when.
    fn stops(&self) -> Vec<(InstanceId, String, Timestamp)> {
        let outside = self.stage.world.lock();
        let sent = outside.posts.iter().map(|post| (post.step.instance.clone(), post.step.key.0.to_string(), post.at));
        sent.collect()
    }

    /// Every deadline that people were told.
    fn told(&self) -> Vec<(String, Option<Timestamp>)> {
        let outside = self.stage.world.lock();
        let notices = outside.messages.iter().filter_map(|(_, message)| {
            let notice = message.notice.as_ref()?;
            Some((notice.stop.0.to_string(), Some(notice.stop_at)))
        });
        notices.collect()
    }

    fn count(&self) -> usize {
        self.readings.values().map(Vec::len).sum()
    }
}

fn lived(quiet: u32, index: usize, extra: &'static str, acts: &[(i64, Act)]) -> Days {
    let mut days = Days::new(quiet, index, extra);
    for (minutes, act) in acts {
        days.run(*minutes);
        days.happen(act);
    }
    days.run(10 * 60);
    days
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, failure_persistence: None, max_shrink_iters: 24, ..ProptestConfig::default() })]

    /// What ends within the intervals that are left out is seen by neither, or by one: people here stay for longer.
    #[test]
    fn decisions_are_those_of_reading_in_every_interval(
        index in 0..POLICIES.len(),
        rarely in 2_u32..=5,
        acts in prop::collection::vec((6_i64..150, act()), 20..40),
    ) {
        let (often, rare) = (lived(1, index, "", &acts), lived(rarely, index, "", &acts));
        prop_assert_eq!(often.stops(), rare.stops());
        prop_assert_eq!(often.told(), rare.told());
        prop_assert!(rare.count() <= often.count(), "{} of {}", rare.count(), often.count());
        // readings are skipped and never moved
        for (workspace, read) in &rare.readings {
            let all = often.readings.get(workspace).unwrap();
            prop_assert!(read.iter().all(|at| all.contains(at)), "{workspace}");
        }
    }
}

#[test]
fn a_night_is_read_a_third_as_often_and_a_start_is_seen_within_the_bound() {
    let night = |quiet, extra| {
        let mut days = Days::new(quiet, 0, extra);
        days.run(60 * 12); // until five in the afternoon, in which hours end at seven
        days
    };
    let (often, rare) = (night(1, ""), night(3, ""));
    let share = rare.count() * 100 / often.count();
    assert!((34..50).contains(&share), "{share} % of {}", often.count());
    // a policy that wants to know more is read more often
    let known = night(3, "guard.seen_within = \"2m\"");
    assert_eq!(known.count(), often.count());

    let mut rare = rare;
    rare.stage.pass(SignedDuration::from_secs(60));
    rare.run(90);
    let started = rare.stage.now();
    rare.happen(&Act::Start(0));
    let bound = INTERVAL.duration().checked_mul(4).unwrap();
    rare.run(4);
    let view = rare.stage.engine().last_view();
    let mut on = view.workspaces.values().flat_map(|place| &place.instances).filter(|one| one.facts.state.is_on());
    let seen = on.next().unwrap().facts.observed_at;
    assert!(seen.duration_since(started) <= bound, "{seen}");
}

#[test]
fn how_old_what_is_known_becomes_is_told_with_its_cause() {
    use lightsout::report::Staleness;
    let mut days = Days::new(3, 2, ""); // idle alone: no edge is ever near
    days.run(30);
    let view = days.stage.engine().last_view();
    let found = view.staleness.policies.first().unwrap();
    assert_eq!((view.staleness.p99, view.staleness.cause), (180, Staleness::Quiet));
    assert_eq!((found.policy.as_str(), found.worst, found.bound), ("p", 180, 240));

    // what runs is read in every interval
    days.happen(&Act::Start(0));
    days.run(10);
    let view = days.stage.engine().last_view();
    let of = |name: &str| days.readings.get(name).unwrap();
    let apart = |read: &[Timestamp]| {
        let mut latest = read.iter().rev();
        latest.next().unwrap().duration_since(*latest.next().unwrap()).as_secs()
    };
    assert_eq!([apart(of("ws-0")), apart(of("ws-1"))], [60, 180]);
    assert_eq!(view.staleness.cause, Staleness::Quiet);
    assert!(!view.last.faults.iter().any(|fault| fault.label == "stale"), "{:?}", view.last.faults);

    // a workspace that cannot be read is told of as that
    let broken = days.stage.world.lock().cloud.workspace("ws-1");
    days.stage.world.lock().cloud.workspaces.get_mut(&broken).unwrap().1 =
        Some(lightsout::ports::FaultKind::Unreachable);
    days.run(10);
    let view = days.stage.engine().last_view();
    assert_eq!(view.staleness.cause, Staleness::Failed);
    assert!(view.staleness.policies.first().unwrap().worst > 240, "{:?}", view.staleness);
}
