//! Events as they happen to the world, and what people ask of the service.
#![expect(clippy::unwrap_used, reason = "a simulation that cannot go on has failed")]
#![expect(clippy::wildcard_enum_match_arm, reason = "what is not named there is somebody else's part of one long list")]

use std::sync::{Arc, Weak};

use futures_util::FutureExt;
use jiff::SignedDuration;
use lightsout::engine::Engine;
use lightsout::ports::{Control, HoldRequest, StopRequest};
use lightsout::rules::Ground;
use lightsout::units::{InstanceId, PolicyId};

use crate::befall::{befall, create, machine, mend};
use crate::crash::apart;
use crate::policies::VARIANTS;
use crate::run::Sim;
use crate::story::{Event, Who};
use crate::world::{FakeWorld, Outside};

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
        let verdicts = apart(|| self.beside(world).decides_anew());
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
            let awaits = |one: &lightsout::rules::Verdict| {
                one.findings.iter().any(|found| found.words.to_string().contains(AWAITED))
            };
            let is_known = |other: &Arc<lightsout::rules::Verdict>| {
                awaits(other) || other.ground == Ground::Busy && outside.unlisted.contains(&verdict.instance)
            };
            // discovery leaves its workspace out: the first process has it from the discovery before, the second from none
            let is_lost = other.is_none() && outside.cloud.unlisted.contains(verdict.instance.workspace());
            if rests_on_an_old_hold(&outside, verdict) || awaits(verdict) || other.is_some_and(is_known) || is_lost {
                continue;
            }
            if other.is_none_or(|other| told(other) != told(verdict) && !dated_apart(other, verdict)) {
                same = false;
                let other = other.map(|other| told(other));
                let what = format!("it decides {:?}, and a process begun anew {other:?}", told(verdict));
                outside.log.checker.say(at, "I9", verdict.instance.name(), what);
            }
        }
        outside.seen.hit_if(same && !report.verdicts.is_empty(), "a second process decided the same");
    }
}

/// A clock that is wrong by less than two minutes is believed, and dates use by so much apart from what is heard of it later. Then
/// both stop for the same idleness, by keys that differ in its instant alone.
fn dated_apart(one: &lightsout::rules::Verdict, other: &lightsout::rules::Verdict) -> bool {
    let (Some(first), Some(second)) = (&one.due, &other.due) else { return false };
    let kind = |key: &lightsout::facts::StopKey| key.0.rsplit_once('/').map(|(kind, _)| kind.to_owned());
    let apart = first.stop_at.duration_since(second.stop_at).abs();
    one.action == other.action
        && one.ground == other.ground
        && first.key.0.starts_with("idle/")
        && kind(&first.key) == kind(&second.key)
        && apart <= SignedDuration::from_secs(121)
}

/// Two more are known, and not compared. What was in use when its agent fell silent, was gone from lists when the process was
/// restarted, and is back since, counts as in use only from the next restart on.
///
/// A process that has just begun waits for agents: what it keeps on for that is not compared.
const AWAITED: &str = "to report, since the service has just started";

/// A restart forgets holds that ended more than a day ago: what is still due since before such a hold is then due since
/// earlier, and by another reason. That is known, and not compared.
fn rests_on_an_old_hold(outside: &Outside, verdict: &lightsout::rules::Verdict) -> bool {
    let day_ago = outside.wall().checked_sub(SignedDuration::from_hours(23)).unwrap();
    let due = verdict.due.as_ref().map(|due| due.due_at);
    outside.holds.iter().any(|(hold, lifted)| {
        let end = lifted.map_or(hold.until, |at| at.min(hold.until));
        hold.instance == verdict.instance && end < day_ago && due.is_none_or(|due| due <= end)
    })
}

fn hold_request(id: &InstanceId, seconds: u32, link: Option<Box<str>>) -> HoldRequest {
    let (reason, by) = ("training".to_owned(), "ana".to_owned());
    HoldRequest { instance: id.to_string(), seconds, reason, by, life: None, link, off: false }
}
