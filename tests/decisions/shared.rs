//! A fleet that is divided among replicas is decided about as one: the same days are lived by one engine and by three that hand
//! shards to each other, break and come back, and end in the same stops, of each machine by one of them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use lightsout::engine::{Engine, Whose};
use lightsout::facts::{Shard, Share};
use lightsout::ports::{Control, HoldRequest};
use proptest::prelude::*;

use crate::cases::POLICIES;
use crate::cloud::heard::quiet;
use crate::stage::Stage;
use crate::world::FakeWorld;

const INSTANCES: u8 = 12;
const REPLICAS: usize = 3;

/// Something that happens. The first number says with which instance.
#[derive(Debug, Clone)]
enum Act {
    Start(u8),
    Off(u8),
    Quiet(u8, i64),
    Hold(u8, u32),
    /// A shard is handed from whoever has it to another replica.
    Move(u8, usize),
    /// A replica is gone; the others take up what it had, and another one comes with nothing.
    Gone(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let who = || 0..INSTANCES;
    prop_oneof![
        4 => who().prop_map(Act::Start),
        3 => who().prop_map(Act::Off),
        3 => (who(), 0_i64..200).prop_map(|(who, ago)| Act::Quiet(who, ago)),
        2 => (who(), 600_u32..20_000).prop_map(|(who, length)| Act::Hold(who, length)),
        6 => (who(), 0..REPLICAS).prop_map(|(who, to)| Act::Move(who, to)),
        2 => (0..REPLICAS).prop_map(Act::Gone),
    ]
}

fn name(who: u8) -> String {
    format!("ci-{who}")
}

/// Some days, lived by some engines.
struct Days {
    stage: Stage,
    engines: Vec<Arc<Engine<FakeWorld>>>,
}

impl Days {
    fn new(index: usize, replicas: usize) -> Self {
        let monday: Timestamp = "2026-03-23T05:00:00Z".parse().unwrap();
        let mut stage = Stage::at(monday);
        stage.quiet = 1;
        let caps = "limits = { unplanned_per_sweep = { count = 90, percent = 100 }, unplanned_per_hour = { count = 900, percent = 100 } }\nguard.canary = 100";
        let text = POLICIES.get(index).unwrap();
        let file = format!("name = \"p\"\nmode = \"enforce\"\nscope.workspaces = [\"*\"]\n{text}\n{caps}\n");
        stage.files.policies.insert("p".to_owned(), file);
        for who in 0..INSTANCES {
            // each in a workspace of its own
            let mut outside = stage.world.lock();
            outside.cloud.add(&format!("ws-{who}"), &name(who), monday).turn_off(monday);
        }
        let mut days = Self { stage, engines: Vec::new() };
        if replicas == 1 {
            days.engines.push(days.stage.engine());
            return days;
        }
        for _ in 0..replicas {
            let engine = days.replica();
            days.engines.push(engine);
        }
        for shard in Shard::all() {
            let to = usize::from(shard.number()) % replicas;
            days.take_up(to, &[shard].into());
        }
        days
    }

    fn replica(&mut self) -> Arc<Engine<FakeWorld>> {
        let engine = self.stage.another();
        engine.shares();
        self.stage.begin(&engine);
        engine.shared_among(NonZeroU32::new(3).unwrap());
        engine
    }

    fn take_up(&self, to: usize, shards: &BTreeSet<Shard>) {
        let engine = self.engines.get(to).unwrap();
        self.stage.runtime.block_on(engine.take_up(shards)).unwrap();
    }

    fn run(&mut self, minutes: i64) {
        for _ in 0..minutes.saturating_mul(2) {
            for engine in &self.engines {
                self.stage.runtime.block_on(engine.tick());
            }
            for engine in &self.engines {
                self.stage.runtime.block_on(engine.deliver()).unwrap();
            }
            self.stage.pass(SignedDuration::from_secs(30));
        }
    }

    fn shard_of(&self, who: u8) -> Shard {
        Shard::of(&self.stage.world.lock().cloud.workspace(&format!("ws-{who}")))
    }

    fn happen(&mut self, act: &Act) {
        let (world, now) = (self.stage.world.clone(), self.stage.now());
        match act {
            Act::Start(who) => world.lock().cloud.named(&name(*who)).start(now),
            Act::Off(who) => world.lock().cloud.named(&name(*who)).turn_off(now),
            Act::Quiet(who, ago) => {
                let since = now.checked_sub(SignedDuration::from_mins(*ago)).unwrap();
                world.lock().cloud.named(&name(*who)).heard = Some(quiet(since, 100, now));
            }
            Act::Hold(who, seconds) => {
                let request = HoldRequest {
                    instance: name(*who),
                    seconds: *seconds,
                    reason: "work".to_owned(),
                    by: "ana".to_owned(),
                    life: None,
                    link: None,
                    off: false,
                };
                // whoever has it takes it; people may be declined: too many holds
                for engine in &self.engines {
                    drop(self.stage.runtime.block_on(engine.hold(request.clone())));
                }
            }
            Act::Move(who, to) => {
                let shards: BTreeSet<Shard> = [self.shard_of(*who)].into();
                for engine in &self.engines {
                    self.stage.runtime.block_on(engine.hand_over(&shards)).unwrap();
                }
                self.take_up((*to).min(self.engines.len() - 1), &shards);
            }
            Act::Gone(_) if self.engines.len() == 1 => {}
            Act::Gone(which) => {
                let left = self.engines.get(*which).unwrap().share().shards().clone();
                let new = self.replica();
                *self.engines.get_mut(*which).unwrap() = new;
                // the lease of who is gone has to run out
                self.run(1);
                for shard in left {
                    let to = (*which + 1 + usize::from(shard.number()) % 2) % REPLICAS;
                    self.take_up(to, &[shard].into());
                }
            }
        }
    }

    /// Of what a stop was sent, by which rule, with when. Since when something is idle is seen a minute later by who takes it up.
    fn stops(&self) -> BTreeMap<(String, String), Vec<Timestamp>> {
        let outside = self.stage.world.lock();
        let mut stops: BTreeMap<_, Vec<Timestamp>> = BTreeMap::new();
        for post in &outside.posts {
            let key = (post.step.instance.name().to_owned(), post.step.key.rule().to_owned());
            stops.entry(key).or_default().push(post.at);
        }
        stops
    }

    /// Every shard is with one of them, and with no other.
    fn is_whole(&self) -> bool {
        let shares: Vec<Share> = self.engines.iter().map(|engine| engine.share()).collect();
        Shard::all().all(|shard| shares.iter().filter(|share| share.shards().contains(&shard)).count() == 1)
    }
}

fn lived(index: usize, replicas: usize, acts: &[(i64, Act)]) -> Days {
    let mut days = Days::new(index, replicas);
    for (minutes, act) in acts {
        days.run(*minutes);
        days.happen(act);
        assert!(days.is_whole());
    }
    days.run(10 * 60);
    days
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, failure_persistence: None, max_shrink_iters: 12, ..ProptestConfig::default() })]

    /// What is taken up is read twice before anything is done about it: a stop may come some minutes later for that, and never
    /// sooner than it would have come.
    #[test]
    fn replicas_stop_what_one_would_and_each_once(
        index in 0..POLICIES.len(),
        acts in prop::collection::vec((6_i64..150, act()), 15..25),
    ) {
        let (one, three) = (lived(index, 1, &acts), lived(index, REPLICAS, &acts));
        let (alone, shared) = (one.stops(), three.stops());
        prop_assert_eq!(alone.keys().collect::<Vec<_>>(), shared.keys().collect::<Vec<_>>());
        for (key, at) in &alone {
            let theirs = shared.get(key).unwrap();
            prop_assert_eq!(at.len(), theirs.len(), "{:?} {:?} {:?}", key, at, theirs);
            for (ours, theirs) in at.iter().zip(theirs) {
                let later = theirs.duration_since(*ours);
                prop_assert!(!later.is_negative() && later <= SignedDuration::from_mins(5), "{:?}: {ours} {theirs}", key);
            }
        }
    }
}

#[test]
fn each_replica_shows_the_whole_fleet_and_knows_whom_to_ask() {
    let mut days = Days::new(0, REPLICAS);
    let twice = ["ws-0", "ws-1", "ws-2", "ws-3"];
    for room in twice {
        let now = days.stage.now();
        days.stage.world.lock().cloud.add(room, "ci-twice", now).turn_off(now);
    }
    days.run(12);
    let holder_of = |days: &Days, shard: Shard| {
        let has = |engine: &Arc<Engine<FakeWorld>>| engine.share().shards().contains(&shard);
        days.engines.iter().position(has).map(|number| format!("r{number}"))
    };
    let holders: BTreeMap<Shard, String> =
        Shard::all().filter_map(|shard| Some((shard, holder_of(&days, shard)?))).collect();
    for (me, engine) in days.engines.iter().enumerate() {
        // before it has read what the others show it says so
        assert!(engine.fleet_view().part.shards < 64);
        let others = days.engines.iter().enumerate().filter(|(number, _)| *number != me);
        let views = others.map(|(number, other)| (format!("r{number}"), (*other.last_view()).clone())).collect();
        engine.hear_elsewhere(holders.clone(), views);
        let whole = engine.fleet_view();
        assert_eq!((whole.part.shards, whole.part.leads, whole.workspaces.len()), (64, true, usize::from(INSTANCES)));
        let several = engine.whose(&Whose::Instance("ci-twice")).unwrap_err().to_string();
        assert!(
            several.contains("several instances are called") && several.contains("/computes/ci-twice"),
            "{several}"
        );
        let refused = days.stage.runtime.block_on(engine.offer("ci-twice".to_owned())).unwrap_err().to_string();
        assert!(refused.contains("several instances are called"), "{refused}");
        for room in twice {
            let id = days.stage.world.lock().cloud.workspace(room);
            let its = holders.get(&Shard::of(&id)).cloned().filter(|holder| *holder != format!("r{me}"));
            let full = format!("{id}/computes/ci-twice");
            for wanted in [format!("{room}/ci-twice"), full] {
                assert_eq!(engine.whose(&Whose::Instance(&wanted)).unwrap(), its, "{wanted}");
            }
        }
        assert_eq!(engine.whose(&Whose::Instance("ci-none")).unwrap(), None, "here it is said that there is none");
    }
}
