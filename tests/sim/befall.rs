//! What happens to one machine, what is wrong with it, and what befalls the service itself.
#![expect(clippy::unwrap_used, reason = "a simulation that cannot go on has failed")]
#![expect(clippy::wildcard_enum_match_arm, reason = "what is not named there is somebody else's part of one long list")]

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use lightsout::facts::{Freeze, Owner, PowerState, Reading, Source, Stretch, Tags, Track, Unknown, Use};
use lightsout::units::{InstanceId, When};
use thin_vec::ThinVec;

use crate::cloud::Compute;
use crate::cloud::heard::later;
use crate::story::{Event, Who, name, usual};
use crate::world::{Outside, label, life, workspace};

/// It is made, and on.
pub(crate) fn create(outside: &mut Outside, who: Who, home: u8, owned: bool) {
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
pub(crate) fn machine(outside: &mut Outside, id: &InstanceId, event: &Event) {
    let now = outside.now;
    let own = label(id);
    let Outside { cloud, .. } = outside;
    let Some(compute) = cloud.computes.get_mut(id) else { return };
    match event {
        Event::Start(_) => outside.started(id, false),
        Event::Recreate(_) => outside.recreated(id),
        Event::Tag(_, on) => outside.tagged(id, *on),
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
            says(compute, *what, now);
            let word = match what {
                None => "nothing",
                Some(Use::Busy) => "busy",
                Some(Use::Unknown) => "unknown",
                Some(Use::Quiet | Use::Connected) => "quiet",
            };
            if !compute.silent {
                outside.unlisted.remove(id);
            }
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
            outside.seen.hit_if(!known, "tags that nobody could read");
            if *known {
                // none of them is left, and with them goes an owner's wish
                outside.say(&format!("tag i={} out=false", label(id)));
            }
            ("tags", !known)
        }
        Event::Listed(_, on) => {
            compute.listed = *on;
            outside.unlisted.insert(id.clone());
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
fn says(compute: &mut Compute, what: Option<Use>, now: Timestamp) {
    if !compute.silent {
        compute.heard = compute.heard.take().map(|heard| later(&heard, now));
    }
    let Some(what) = what else {
        compute.silent = true;
        return;
    };
    let before = compute.heard.take();
    let fresh = Track {
        source: Source::Agent,
        now: what,
        as_of: now,
        words: "somebody".into(),
        last_busy: When::NONE,
        watched: ThinVec::from([Stretch { from: now, to: now }]),
        job: None,
        doubt: None,
    };
    let mut track = before.unwrap_or(fresh);
    if compute.silent {
        track.watched.push(Stretch { from: now, to: now });
    }
    if what == Use::Busy {
        track.last_busy = track.last_busy.max(now.into());
    }
    (track.now, track.as_of, compute.silent) = (what, track.as_of.max(now), false);
    compute.heard = Some(track);
}

/// What befalls the service itself.
pub(crate) fn befall(outside: &mut Outside, event: &Event) {
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
                let here = outside.cloud.computes.keys().filter(|one| *one.workspace() == id).cloned();
                outside.unlisted.extend(here);
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
pub(crate) fn mend(outside: &mut Outside) {
    let frozen = outside.freeze.take().is_some();
    (outside.channel_down, outside.disk_down) = (false, false);
    outside.crashing.clear();
    outside.wall_ahead = SignedDuration::ZERO;
    outside.cloud.unlisted.clear();
    outside.at_look.clear();
    outside.at_wire.clear();
    outside.cloud.workspaces.values_mut().for_each(|(_, fault)| *fault = None);
    let mut cleared = Vec::new();
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
            cleared.push(label(id));
        }
    }
    cleared.iter().for_each(|own| outside.say(&format!("tag i={own} out=false")));
    if frozen {
        outside.say("freeze on=false");
    }
    outside.say("clock ahead=0");
    outside.say("mend");
}
