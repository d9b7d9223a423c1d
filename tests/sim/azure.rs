//! Azure, the agents and the channel as the engine meets them, and what is true when a stop arrives.

use std::sync::Arc;

use jiff::SignedDuration;
use lightsout::facts::{
    Completeness, Freeze, InstanceFacts, Inventory, Reading, Source, SourceSet, Tags, Track, WorkspaceFacts,
};
use lightsout::guard::StopPermit;
use lightsout::ports::{
    ApiUse, AzureTime, Discovery, Fault, FaultKind, Heard, LastWord, Message, Notify, Observe, OperationHandle,
    OperationState, Question, StopInstances, Witness,
};
use lightsout::units::{InstanceId, When, WorkspaceId};

use jiff::Timestamp;

use super::{FakeWorld, Outside, label, life};
use crate::cloud::{Compute, OnStop};
use crate::story::Meanwhile;

impl Witness for FakeWorld {
    fn sources(&self) -> SourceSet {
        SourceSet::NONE.with(Source::Agent)
    }

    async fn ask(&self, questions: &[Question], _: Timestamp) -> Heard {
        let mut outside = self.lock();
        let (now, ahead) = (outside.now, outside.wall_ahead);
        let mut heard = Heard::default();
        for question in questions {
            let compute = outside.cloud.computes.get_mut(&question.instance);
            let track = compute.and_then(|compute| compute.hear(now)).map(|track| moved(track, ahead));
            heard.tracks.extend(track.map(|track| (question.instance.clone(), track)));
        }
        heard
    }
}

/// An agent counts by a clock that is right; the service takes its times as it takes those of a heartbeat, by its own.
fn moved(mut track: Track, ahead: SignedDuration) -> Track {
    let moved = |at: Timestamp| at.checked_add(ahead).unwrap_or(at);
    track.as_of = moved(track.as_of);
    track.last_busy = track.last_busy.known().map(moved).into();
    for stretch in &mut track.watched {
        (stretch.from, stretch.to) = (moved(stretch.from), moved(stretch.to));
    }
    track
}

impl Observe for FakeWorld {
    async fn discover(&self) -> Discovery {
        let mut outside = self.lock();
        outside.answered();
        let missed = !outside.cloud.unlisted.is_empty();
        outside.seen.hit_if(missed, "a workspace was left out of discovery");
        let cloud = &outside.cloud;
        let listed =
            cloud.workspaces.values().map(|(facts, _)| facts).filter(|facts| !cloud.unlisted.contains(&facts.id));
        Discovery { workspaces: listed.cloned().collect(), faults: Vec::new() }
    }

    async fn inventory(&self, workspace: &WorkspaceFacts) -> Result<Inventory, Fault> {
        let mut outside = self.lock();
        outside.reachable(&workspace.id)?;
        outside.answered();
        let wall = outside.wall();
        let Outside { cloud, seen, .. } = &mut *outside;
        let here = cloud.computes.values().filter(|compute| *compute.facts.id.workspace() == workspace.id);
        let mut instances = Vec::new();
        for compute in here {
            seen.hit_if(!compute.listed, "a list left a machine out");
            seen.hit_if(compute.lags && compute.older.is_some(), "a list was older than the machine");
            if compute.listed {
                instances.push(Arc::new(compute.listing(wall)));
            }
        }
        let completeness = Completeness::Whole;
        Ok(Inventory { workspace: workspace.id.clone(), taken_at: wall, completeness, instances, skipped: 0 })
    }

    async fn instance(&self, workspace: &WorkspaceFacts, id: &InstanceId) -> Result<InstanceFacts, Fault> {
        let mut outside = self.lock();
        if let Some(what) = outside.at_look.remove(id) {
            outside.seen.hit_if(what == Meanwhile::Restart, "it was started between the looks");
            outside.meanwhile(id, what);
            if what == Meanwhile::Slow {
                outside.seen.hit("the second look came too late");
                return Err(Fault::new(FaultKind::Unreachable, format!("look at {} again in time", id.name())));
            }
        }
        outside.reachable(&workspace.id)?;
        outside.answered();
        let wall = outside.wall();
        let found = outside.cloud.computes.get(id).map(|compute| compute.read(wall));
        found.ok_or_else(|| Fault::new(FaultKind::Gone, "read it"))
    }

    fn azure_time(&self) -> Option<AzureTime> {
        self.lock().azure_time
    }
    fn api_use(&self) -> ApiUse {
        ApiUse::default()
    }
}

impl StopInstances for FakeWorld {
    async fn stop(
        &self,
        workspace: &WorkspaceFacts,
        permit: StopPermit,
        last_word: LastWord<'_>,
    ) -> Result<Option<OperationHandle>, Fault> {
        let id = permit.step().instance.clone();
        let then = self.lock().at_wire.remove(&id);
        if let Some(what) = then {
            self.lock().seen.hit_if(what == Meanwhile::Freeze, "it was frozen while the stop waited to be sent");
            self.lock().meanwhile(&id, what);
            if what == Meanwhile::Hold {
                self.hold_now(&id).await;
            }
        }
        last_word().map_err(|(refusal, words)| {
            Fault::new(FaultKind::Withheld(refusal), format!("stop {}", id.name())).because(words)
        })?;
        self.lock().post(&workspace.id, &permit)
    }

    async fn operation(&self, _: &WorkspaceFacts, handle: &OperationHandle) -> Result<OperationState, Fault> {
        let outside = self.lock();
        let found = outside.cloud.computes.values().find(|compute| compute.facts.id.to_string() == handle.url);
        found.map(Compute::operation).ok_or_else(|| Fault::new(FaultKind::Gone, "ask after an operation"))
    }
}

impl Outside {
    fn reachable(&mut self, workspace: &WorkspaceId) -> Result<(), Fault> {
        let fault = self.cloud.workspaces.get(workspace).and_then(|(_, fault)| *fault);
        let Some(kind) = fault else { return Ok(()) };
        self.seen.hit_if(matches!(kind, FaultKind::Throttled(_)), "a workspace was throttled");
        self.seen.hit_if(kind == FaultKind::Unreachable, "a workspace could not be reached");
        Err(Fault::new(kind, format!("read workspace {}", workspace.name())))
    }

    /// What happens between two steps of the engine's own, beside a hold.
    fn meanwhile(&mut self, id: &InstanceId, what: Meanwhile) {
        match what {
            Meanwhile::Restart => self.started(id, true),
            Meanwhile::Hold => {}
            Meanwhile::Freeze => {
                self.freeze = Some(Freeze::On("incident".to_owned()));
                self.say("freeze on=true");
            }
            Meanwhile::Recreate => self.recreated(id),
            Meanwhile::Tag => self.tagged(id, true),
            Meanwhile::Slow => self.pass(SignedDuration::from_secs(11)),
        }
    }

    /// A person starts it: one that is on only if it is restarted.
    pub(crate) fn started(&mut self, id: &InstanceId, again: bool) {
        let now = self.now;
        let Some(compute) = self.cloud.computes.get_mut(id) else { return };
        if compute.facts.state.is_on() && !again {
            return;
        }
        let was_changing = !compute.facts.state.is_on() && compute.facts.state.label() == "changing";
        if was_changing {
            return; // Azure answers 409
        }
        compute.start(now);
        self.odd.remove(id);
        self.unsaid.remove(id);
        self.say(&format!("start i={}", label(id)));
    }

    /// It is deleted and made anew.
    pub(crate) fn recreated(&mut self, id: &InstanceId) {
        let (now, wall) = (self.now, self.wall());
        let Some(old) = self.cloud.computes.get(id) else { return };
        let (owner, open) = (old.facts.owner.clone(), old.facts.state.label() == "changing");
        self.seen.hit_if(open, "a machine was deleted while its stop was under way");
        let mut fresh = Compute::started(id.clone(), now);
        (fresh.facts.created, fresh.facts.owner) = (When::at(now), owner);
        let owned = !fresh.facts.owner.is_unknown();
        self.cloud.computes.insert(id.clone(), fresh);
        self.odd.remove(id);
        self.unsaid.remove(id);
        self.seen.hit("a machine was made anew under its name");
        let life = life(When::at(now));
        self.say(&format!("create i={} life={life} owned={owned} wall={}", label(id), wall.as_millisecond()));
    }

    /// Its owner opts out, or in again.
    pub(crate) fn tagged(&mut self, id: &InstanceId, on: bool) {
        let wall = self.wall();
        let Some(compute) = self.cloud.computes.get_mut(id) else { return };
        let tags = if on { vec![("lightsout-keep".into(), "true".into())] } else { Vec::new() };
        compute.facts.tags = Reading::Known { value: Tags(tags), as_of: wall.into() };
        self.seen.hit_if(on, "a tag opted out");
        self.say(&format!("tag i={} out={on}", label(id)));
    }

    /// A stop arrives: what is true at this moment stands beside it in the row.
    fn post(&mut self, workspace: &WorkspaceId, permit: &StopPermit) -> Result<Option<OperationHandle>, Fault> {
        let (step, wall) = (permit.step(), self.wall());
        let id = step.instance.clone();
        let held = self.is_held(&id, step.created);
        let there = self.cloud.computes.get(&id).is_some_and(|compute| compute.facts.created == step.created);
        let on = self.cloud.computes.get(&id).is_some_and(|compute| compute.facts.state.is_on());
        let now = self.now;
        let answer = match self.cloud.computes.get_mut(&id).filter(|_| there) {
            Some(compute) => Some((compute.on_stop.clone(), compute.stop(now))),
            None => None,
        };
        let took = answer.as_ref().is_some_and(|(_, (_, took))| *took);
        let throttled = matches!(&answer, Some((OnStop::Refused(FaultKind::Throttled(_)), _)));
        self.say(&format!(
            "wire verb=stop i={} ws={} life={} there={there} on={on} held={held} key={} policy={} rev={} ground={} due={} \
             stop={} looked={} wall={} sweep={} running={} took={took} throttled={throttled}",
            label(&id),
            workspace.name(),
            life(step.created),
            step.key.0.replace(' ', "_"),
            step.policy,
            step.revision,
            step.ground.label(),
            step.due_at.as_millisecond(),
            step.stop_at.as_millisecond(),
            permit.looked_at().as_millisecond(),
            wall.as_millisecond(),
            self.sweep,
            self.running,
        ));
        let Some((on_stop, (result, _))) = answer else {
            return Err(Fault::new(FaultKind::Gone, format!("stop {}", id.name())));
        };
        self.count(&on_stop, step.ground.label());
        let handle = OperationHandle { url: id.to_string(), by_location: false };
        result.map(|()| Some(handle)).map_err(|kind| Fault::new(kind, format!("stop {}", id.name())))
    }

    fn count(&mut self, on_stop: &OnStop, ground: &str) {
        let by = match ground {
            "off_hours" => "a stop by hours",
            "idle" => "a stop of an idle machine",
            "uptime" => "a stop for its uptime",
            _asked => "a stop that a person asked for",
        };
        self.seen.hit(by);
        let how = match on_stop {
            OnStop::Takes(length) if length.as_hours() > 1 => "a stop was taken and never ended",
            OnStop::Takes(_) => "Azure took a stop",
            OnStop::Ignored => "a stop was called done and the machine stayed on",
            OnStop::OperationFails => "an operation failed",
            OnStop::Lost(true) => "Azure took a stop and its answer was lost",
            OnStop::Lost(false) => "a stop was lost on its way",
            OnStop::Refused(FaultKind::Throttled(_)) => "a stop was throttled",
            OnStop::Refused(FaultKind::Conflict) => "a stop met another operation",
            OnStop::Refused(FaultKind::DiskFull) => "a stop met a full disk",
            OnStop::Refused(FaultKind::Unreachable) => "Azure failed at a stop",
            OnStop::Refused(_) => "a stop was refused",
        };
        self.seen.hit(how);
    }
}

impl Notify for FakeWorld {
    fn channels(&self) -> Vec<&str> {
        vec!["mail"]
    }

    async fn deliver(&self, message: &Message) -> Result<(), Fault> {
        let mut outside = self.lock();
        if outside.channel_down {
            outside.seen.hit("a warning could not be delivered");
            return Err(Fault::new(FaultKind::Undelivered, "deliver a message"));
        }
        let ids: Vec<String> = std::iter::once(message).chain(&message.also).map(|one| one.id.clone()).collect();
        for id in ids {
            outside.say(&format!("arrived id={}", id.replace(' ', "_")));
        }
        Ok(())
    }
}
