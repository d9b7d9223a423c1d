//! Events as they happen to the world, and what people ask of the service.
#![expect(clippy::unwrap_used, reason = "a simulation that cannot go on has failed")]

use std::sync::{Arc, Weak};

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use lightsout::engine::Engine;
use lightsout::facts::{Freeze, Owner, PowerState, Reading, Source, Stretch, Tags, Track, Unknown, Use};
use lightsout::ports::{Control, HoldRequest, StopRequest};
use lightsout::units::{InstanceId, PolicyId, When};
use thin_vec::ThinVec;

use crate::cloud::Compute;
use crate::cloud::heard::later;
use crate::policies::VARIANTS;
use crate::run::Sim;
use crate::story::{Event, Who, name, usual};
use crate::world::{FakeWorld, Outside, label, life, workspace};

impl Sim {
    /// It happens.
    pub(crate) fn happen(&mut self, event: &Event) {
        let homes = u8::try_from(self.written.len()).unwrap();
        match event {
            Event::Create(who, home, owned) => create(&mut self.world.lock(), *who, *home % homes, *owned),
            Event::Hold(who, minutes, by_link) => self.hold(*who, *minutes, *by_link),
            Event::Lift(who) => self.ask(*who, |engine, id| {
                async move { drop(engine.lift(id.to_string(), "ana".to_owned()).await) }.boxed()
            }),
            Event::StopNow(who) => self.ask(*who, |engine, id| {
                let (reason, by) = ("done".to_owned(), "ana".to_owned());
                let request = StopRequest { instance: id.to_string(), reason, by, even_if_in_use: false, life: None };
                async move { drop(engine.stop_now(request).await) }.boxed()
            }),
            Event::Acknowledge(which) => {
                let policy = PolicyId::new(&format!("p{which}"));
                self.engine_asked(|engine| {
                    async move { drop(engine.acknowledge(policy, "ana".to_owned()).await) }.boxed()
                });
            }
            Event::Policy(which, variant) => self.rewrite(*which % homes, *variant),
            Event::Down(minutes) => {
                self.end_process(SignedDuration::from_mins(i64::from(*minutes)));
                self.world.lock().say("trouble kind=down on=false");
            }
            Event::Stall(minutes) => {
                self.world.lock().say("trouble kind=stall on=false");
                self.pass(SignedDuration::from_mins(i64::from(*minutes)));
                let mut outside = self.world.lock();
                outside.seen.hit("the machine of the service was suspended");
                outside.say("trouble kind=stall on=false");
            }
            Event::Twin => self.twin(),
            Event::Mend => {
                self.away_until = self.now();
                mend(&mut self.world.lock());
            }
            other => match other.who() {
                Some(who) => self.of_machine(who, other),
                None => befall(&mut self.world.lock(), other),
            },
        }
    }

    fn of_machine(&self, who: Who, event: &Event) {
        let homes = u8::try_from(self.written.len()).unwrap();
        let mut outside = self.world.lock();
        let Some(id) = outside.id(who, homes) else { return };
        machine(&mut outside, &id, event);
    }

    fn engine_asked<'a>(
        &mut self,
        ask: impl FnOnce(Arc<Engine<FakeWorld>>) -> futures_util::future::BoxFuture<'a, ()>,
    ) {
        let Some(engine) = self.engine.clone() else { return };
        self.or_ends(|sim| sim.wait(ask(engine)));
    }

    fn ask<'a>(
        &mut self,
        who: Who,
        ask: impl FnOnce(Arc<Engine<FakeWorld>>, InstanceId) -> futures_util::future::BoxFuture<'a, ()>,
    ) {
        let homes = u8::try_from(self.written.len()).unwrap();
        let Some(id) = self.world.lock().id(who, homes) else { return };
        self.engine_asked(|engine| ask(engine, id));
    }

    fn hold(&mut self, who: Who, minutes: u16, by_link: bool) {
        let link = by_link.then(|| format!("link-{who}-{}", self.now().as_second()).into_boxed_str());
        self.ask(who, |engine, id| {
            let request = hold_request(&id, u32::from(minutes) * 60, link);
            async move { drop(engine.hold(request).await) }.boxed()
        });
    }

    /// What somebody asks for in the midst of a stop.
    pub(crate) fn wishes(&self, engine: &Arc<Engine<FakeWorld>>) {
        let engine: Weak<Engine<FakeWorld>> = Arc::downgrade(engine);
        self.world.lock().wish = Some(Arc::new(move |id: InstanceId| {
            let engine = engine.upgrade();
            async move {
                let Some(engine) = engine else { return false };
                engine.hold(hold_request(&id, 3600, None)).await.is_ok()
            }
            .boxed()
        }));
    }

    fn rewrite(&mut self, which: u8, variant: u8) {
        let variant = usize::from(variant) % VARIANTS.len();
        let (Some(slot), Some(written)) = (self.written.get_mut(usize::from(which)), VARIANTS.get(variant)) else {
            return;
        };
        *slot = *written;
        self.world.lock().seen.hit("a policy was written anew");
        if let Some(engine) = self.engine.clone() {
            self.or_ends(|sim| sim.load(&engine));
        }
    }

    /// A second process recalls the same journal and looks at the same Azure: its verdicts are those of the first (I9).
    fn twin(&mut self) {
        let Some(first) = self.process() else { return };
        let Some(world) = self.world.twin() else { return };
        if world.lock().disk_down {
            return;
        }
        let world = Arc::new(world);
        let verdicts = self.beside(world).decides_anew();
        let Some(report) = self.or_ends(|sim| sim.wait(first.sweep_all())) else { return };
        let mut outside = self.world.lock();
        let at = outside.now.as_millisecond();
        let told = |verdict: &lightsout::rules::Verdict| {
            let due = verdict.due.as_ref().map(|due| (due.key.clone(), due.stop_at));
            (verdict.action, verdict.ground, due)
        };
        let mut same = true;
        for verdict in &report.verdicts {
            let other = verdicts.iter().find(|one| one.instance == verdict.instance);
            if other.is_none_or(|other| told(other) != told(verdict)) {
                same = false;
                let other = other.map(|other| told(other));
                let what = format!("it decides {:?}, and a process begun anew {other:?}", told(verdict));
                outside.log.checker.say(at, "I9", verdict.instance.name(), what);
            }
        }
        outside.seen.hit_if(same && !report.verdicts.is_empty(), "a second process decided the same");
    }
}

fn hold_request(id: &InstanceId, seconds: u32, link: Option<Box<str>>) -> HoldRequest {
    let (reason, by) = ("training".to_owned(), "ana".to_owned());
    HoldRequest { instance: id.to_string(), seconds, reason, by, life: None, link, off: false }
}

fn create(outside: &mut Outside, who: Who, home: u8, owned: bool) {
    let (now, wall) = (outside.now, outside.wall());
    let id = InstanceId::new(workspace(home), &name(who)).unwrap();
    if outside.cloud.computes.contains_key(&id) {
        return;
    }
    let mut compute = Compute::started(id.clone(), now);
    compute.facts.created = When::at(now);
    compute.facts.tags = Reading::Known { value: Tags::default(), as_of: wall.into() };
    compute.facts.owner = Arc::default();
    if owned {
        let owner = Owner { user_name: Some(format!("{}@example.com", name(who)).into()), ..Owner::default() };
        compute.facts.owner = Arc::new(owner);
    }
    outside.cloud.computes.insert(id.clone(), compute);
    outside.say(&format!("create i={} life={} owned={owned}", label(&id), life(When::at(now))));
}

/// What happens to one machine.
fn machine(outside: &mut Outside, id: &InstanceId, event: &Event) {
    let (now, wall) = (outside.now, outside.wall());
    let own = label(id);
    let Outside { cloud, .. } = outside;
    let Some(compute) = cloud.computes.get_mut(id) else { return };
    match event {
        Event::Start(_) => return outside.started(id, false),
        Event::Recreate(_) => return outside.recreated(id),
        Event::Tag(_, on) => return outside.tagged(id, *on),
        Event::Off(_) => {
            if !compute.facts.state.is_on() {
                return;
            }
            compute.turn_off(now);
            outside.odd.remove(id);
            outside.unsaid.remove(id);
            outside.say(&format!("off i={own}"));
        }
        Event::Job(_, on) => {
            if !compute.facts.state.is_on() || *on == (compute.facts.state == PowerState::JobRunning) {
                return;
            }
            compute.job(*on);
            outside.say(&format!("job i={own} on={on}"));
        }
        Event::Says(_, what) => {
            if !compute.facts.state.is_on() {
                return;
            }
            says(compute, *what, wall);
            let word = match what {
                None => "nothing",
                Some(Use::Busy) => "busy",
                Some(Use::Unknown) => "unknown",
                Some(Use::Quiet | Use::Connected) => "quiet",
            };
            outside.say(&format!("says i={own} what={word}"));
        }
        Event::Delete(_) => {
            let under_way = matches!(compute.facts.state, PowerState::Changing(_));
            cloud.computes.remove(id);
            outside.seen.hit_if(under_way, "a machine was deleted while its stop was under way");
            outside.say(&format!("delete i={own}"));
        }
        other => spoil(outside, id, other),
    }
}

/// What is wrong with one machine.
fn spoil(outside: &mut Outside, id: &InstanceId, event: &Event) {
    let wall = outside.wall();
    let Outside { cloud, odd, unsaid, .. } = outside;
    let Some(compute) = cloud.computes.get_mut(id) else { return };
    let (kind, on) = match event {
        Event::Tags(_, known) => {
            let readable = Reading::Known { value: Tags::default(), as_of: wall.into() };
            compute.facts.tags = if *known { readable } else { Reading::Unknown(Unknown::Missing) };
            ("tags", !known)
        }
        Event::Listed(_, on) => {
            compute.listed = *on;
            ("hidden", !on)
        }
        Event::Lags(_, on) => {
            compute.older = Some(compute.facts.clone());
            compute.lags = *on;
            ("lags", *on)
        }
        Event::Odd(_, true) => {
            if compute.facts.state.is_on() {
                odd.insert(id.clone(), compute.facts.state.clone());
                compute.facts.state = PowerState::Unrecognised("Weird".into());
            }
            ("odd", true)
        }
        Event::Odd(_, false) => {
            let weird = matches!(compute.facts.state, PowerState::Unrecognised(_));
            odd.remove(id).filter(|_| weird).into_iter().for_each(|state| compute.facts.state = state);
            ("odd", false)
        }
        Event::NoOperation(_, true) => {
            unsaid.entry(id.clone()).or_insert_with(|| compute.facts.last_operation.clone());
            compute.facts.last_operation = Reading::Unknown(Unknown::Missing);
            outside.seen.hit("nobody said what was last done");
            ("operation", true)
        }
        Event::NoOperation(_, false) => {
            let unknown = matches!(compute.facts.last_operation, Reading::Unknown(_));
            let told = unsaid.remove(id).filter(|_| unknown);
            told.into_iter().for_each(|operation| compute.facts.last_operation = operation);
            ("operation", false)
        }
        Event::OnStop(_, on_stop) => {
            compute.on_stop = on_stop.clone();
            ("answer", *on_stop != usual())
        }
        Event::AtLook(_, what) => {
            outside.at_look.insert(id.clone(), *what);
            ("meanwhile", true)
        }
        Event::AtWire(_, what) => {
            outside.at_wire.insert(id.clone(), *what);
            ("meanwhile", true)
        }
        _done_elsewhere => return,
    };
    outside.say(&format!("trouble i={} kind={kind} on={on}", label(id)));
}

/// Its agent says so, from now on.
fn says(compute: &mut Compute, what: Option<Use>, wall: Timestamp) {
    if !compute.silent {
        compute.heard = compute.heard.take().map(|heard| later(&heard, wall));
    }
    let Some(what) = what else {
        compute.silent = true;
        return;
    };
    let before = compute.heard.take();
    let fresh = Track {
        source: Source::Agent,
        now: what,
        as_of: wall,
        words: "somebody".into(),
        last_busy: When::NONE,
        watched: ThinVec::from([Stretch { from: wall, to: wall }]),
        job: None,
        doubt: None,
    };
    let mut track = before.unwrap_or(fresh);
    if compute.silent {
        track.watched.push(Stretch { from: wall, to: wall });
    }
    if what == Use::Busy {
        track.last_busy = track.last_busy.max(wall.into());
    }
    (track.now, track.as_of, compute.silent) = (what, track.as_of.max(wall), false);
    compute.heard = Some(track);
}

/// What befalls the service itself.
fn befall(outside: &mut Outside, event: &Event) {
    match event {
        Event::Workspace(home, fault) => {
            let id = workspace(*home);
            outside.cloud.workspaces.get_mut(&id).into_iter().for_each(|(_, known)| *known = *fault);
            outside.say(&format!("trouble kind=ws-{home} on={}", fault.is_some()));
        }
        Event::Lost(home, lost) => {
            let id = workspace(*home);
            outside.cloud.unlisted.remove(&id);
            if *lost {
                outside.cloud.unlisted.insert(id);
            }
            outside.say(&format!("trouble kind=lost-{home} on={lost}"));
        }
        Event::Freeze(how) => {
            outside.freeze = how.map(|readable| {
                if readable { Freeze::On("incident".to_owned()) } else { Freeze::Unreadable("no such disk".to_owned()) }
            });
            outside.seen.hit_if(*how == Some(false), "a freeze nobody could read");
            outside.say(&format!("freeze on={}", how.is_some()));
        }
        Event::Channel(up) => {
            outside.channel_down = !up;
            outside.say(&format!("trouble kind=channel on={}", !up));
        }
        Event::Disk(up) => {
            outside.disk_down = !up;
            outside.say(&format!("trouble kind=disk on={}", !up));
        }
        Event::Clock(by) => {
            let by = if *by == 0 { -outside.wall_ahead } else { SignedDuration::from_secs(i64::from(*by)) };
            outside.wall_ahead = outside.wall_ahead.checked_add(by).unwrap();
            outside.seen.hit_if(by > SignedDuration::ZERO, "the clock went forward");
            outside.seen.hit_if(by < SignedDuration::ZERO, "the clock went back");
            let ahead = outside.wall_ahead.as_millis();
            outside.say(&format!("clock ahead={ahead}"));
            outside.say(&format!("trouble kind=clock on={}", ahead != 0));
        }
        Event::Crash(crash) => {
            outside.crashing.set(*crash);
            outside.say("trouble kind=crash on=false");
        }
        _of_one => {}
    }
}

/// Every fault ends.
fn mend(outside: &mut Outside) {
    let frozen = outside.freeze.take().is_some();
    (outside.channel_down, outside.disk_down) = (false, false);
    outside.crashing.clear();
    outside.wall_ahead = SignedDuration::ZERO;
    outside.cloud.unlisted.clear();
    outside.at_look.clear();
    outside.at_wire.clear();
    outside.cloud.workspaces.values_mut().for_each(|(_, fault)| *fault = None);
    let Outside { cloud, odd, unsaid, now, .. } = &mut *outside;
    for (id, compute) in &mut cloud.computes {
        (compute.listed, compute.lags) = (true, false);
        compute.on_stop = usual();
        if let Some(state) = odd.remove(id)
            && matches!(compute.facts.state, PowerState::Unrecognised(_))
        {
            compute.facts.state = state;
        }
        if let Some(operation) = unsaid.remove(id)
            && matches!(compute.facts.last_operation, Reading::Unknown(_))
        {
            compute.facts.last_operation = operation;
        }
        if matches!(compute.facts.tags, Reading::Unknown(_)) {
            compute.facts.tags = Reading::Known { value: Tags::default(), as_of: (*now).into() };
        }
    }
    if frozen {
        outside.say("freeze on=false");
    }
    outside.say("clock ahead=0");
    outside.say("mend");
}
