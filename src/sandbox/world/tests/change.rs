//! Instances come and go: made, prepared, overwritten, deleted, and what is held and paid meanwhile.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::super::super::spec::scale;
use super::super::*;
use super::lived::{after, at, lived, monday};

const ALWAYS: (Timestamp, Timestamp) = (Timestamp::MIN, Timestamp::MAX);

fn creation(world: &World, name: &str) -> Creation {
    Creation {
        workspace: world.workspaces[0].id.clone(),
        name: name.to_owned(),
        caller: "0b1ec700-0000-4000-8000-000000000001".into(),
        assigned_to: None,
        vm_size: "Standard_DS3_v2".into(),
        tags: Vec::new(),
        idle_minutes: None,
        identity: false,
        custom_services: Vec::new(),
        schedules: Vec::new(),
        scripts: Scripts::default(),
        asked: Asked::default(),
    }
}

fn script(text: ScriptText) -> Scripts {
    Scripts { creation: Some(Script { text, timeout: SignedDuration::from_mins(15) }), startup: None }
}

/// A world of ten idle machines, and the id under which `ci-new` will be.
fn small() -> (World, String) {
    let world = World::new(scale(1, monday(), 2, 5)).unwrap();
    let id = format!("{}/computes/ci-new", world.workspaces[0].id);
    (world, id)
}

fn states(world: &World, id: &str) -> Vec<State> {
    world.truth(id).unwrap().history().iter().map(|(_, state)| *state).collect()
}

fn end_of(world: &World, operation: &str) -> OperationEnd {
    world.operation(operation).unwrap().end
}

#[test]
fn an_instance_is_made_step_by_step_and_metered_from_the_first() {
    let (mut world, id) = small();
    world.advance_to(after(1));
    let begun = world.create(creation(&world, "ci-new"), OperationFate::Normal).unwrap();
    assert!(!begun.overwrote);
    assert_eq!(world.truth(&id).unwrap().state(), State::Creating);
    assert_eq!(end_of(&world, &begun.operation), OperationEnd::InProgress);
    assert_eq!(world.operate(&id, OperationName::Stop, OperationFate::Normal), Err(Refusal::Conflict));
    world.advance_to(after(2));
    world.read_meters();
    assert_eq!(states(&world, &id), [State::Creating, State::SettingUp, State::Running]);
    assert_eq!(end_of(&world, &begun.operation), OperationEnd::Succeeded);
    let truth = world.truth(&id).unwrap();
    assert_eq!(truth.allocated_in(ALWAYS), SignedDuration::from_hours(1));
    assert_eq!(truth.meters().running(), SignedDuration::from_hours(1));
    let last = world.machine(&id).unwrap().last;
    assert_eq!((last.name, last.status, last.time), (OperationName::Create, OperationStatus::Succeeded, after(1)));
}

#[test]
fn setup_scripts_end_as_they_say() {
    let sleeps = |seconds: u32| ScriptText::Inline(format!("#!/bin/bash\nsleep {seconds}\nexit 0"));
    for (text, ends, code) in [
        (ScriptText::Inline("echo done".into()), State::Running, None),
        (ScriptText::Inline("set -e\n  exit 1\n".into()), State::UserSetupFailed, Some("SetupScriptFailed")),
        (sleeps(600), State::Running, None),
        (sleeps(901), State::UserSetupFailed, Some("SetupScriptTimedOut")),
        (ScriptText::Unreadable, State::SetupFailed, Some("SetupScriptUnreadable")),
        (ScriptText::Share("Users/ana/setup.sh".into()), State::Running, None),
        (ScriptText::Share("Users/ana/fails.sh".into()), State::UserSetupFailed, Some("SetupScriptFailed")),
        (ScriptText::Share("Users/fails/missing.sh".into()), State::SetupFailed, Some("SetupScriptUnreadable")),
    ] {
        let (mut world, id) = small();
        let wanted = Creation { scripts: script(text.clone()), ..creation(&world, "ci-new") };
        let begun = world.create(wanted, OperationFate::Normal).unwrap();
        world.advance_to(after(1));
        assert_eq!(world.truth(&id).unwrap().state(), ends, "{text:?}");
        let ran = states(&world, &id).contains(&State::UserSettingUp);
        assert_eq!(ran, ends != State::SetupFailed, "{text:?}");
        let failed = match end_of(&world, &begun.operation) {
            OperationEnd::Failed(code, _) => Some(code),
            OperationEnd::Succeeded => None,
            other @ (OperationEnd::InProgress | OperationEnd::Canceled) => panic!("{other:?}"),
        };
        assert_eq!(failed.as_deref(), code, "{text:?}");
        assert_eq!(world.machine(&id).unwrap().failure.as_ref().map(|failure| failure.0), code);
        // a machine whose setup failed is allocated, and can be stopped and deleted
        assert!(world.operate(&id, OperationName::Stop, OperationFate::Normal).is_ok());
    }
}

#[test]
fn a_startup_script_runs_at_every_start() {
    let (mut world, id) = small();
    let text = ScriptText::Inline("sleep 60".into());
    let startup = Some(Script { text, timeout: SignedDuration::from_mins(15) });
    let wanted = Creation { scripts: Scripts { creation: None, startup }, ..creation(&world, "ci-new") };
    world.create(wanted, OperationFate::Normal).unwrap();
    for (hour, verb) in [(1, OperationName::Stop), (2, OperationName::Start), (3, OperationName::Restart)] {
        world.advance_to(after(hour));
        world.operate(&id, verb, OperationFate::Normal).unwrap();
    }
    world.advance_to(after(4));
    let ran = states(&world, &id).into_iter().filter(|state| *state == State::UserSettingUp).count();
    assert_eq!((ran, world.truth(&id).unwrap().state()), (3, State::Running));
}

#[test]
fn a_put_on_one_that_is_there_loses_it_and_is_counted() {
    let (mut world, id) = small();
    world.create(creation(&world, "ci-new"), OperationFate::Normal).unwrap();
    let again = world.create(creation(&world, "CI-New"), OperationFate::Normal);
    assert_eq!(again, Err(CreateRefusal::Conflict));
    world.advance_to(after(1));
    let begun = world.create(creation(&world, "CI-New"), OperationFate::Normal).unwrap();
    assert!(begun.overwrote);
    assert_eq!(world.overwrites(), 1);
    world.advance_to(after(2));
    world.read_meters();
    let lives: Vec<_> = world.truths().filter(|truth| truth.id().eq_ignore_ascii_case(&id)).collect();
    assert_eq!(lives.len(), 2);
    assert_eq!((lives[0].state(), lives[1].state()), (State::Deleted, State::Running));
    for life in lives {
        assert_eq!(life.allocated_in(ALWAYS), SignedDuration::from_hours(1));
    }
    assert_eq!(world.machine(&id).unwrap().spec.created_on, after(1));
}

#[test]
fn names_are_free_again_when_the_deletion_has_ended() {
    let (mut world, id) = small();
    let other = world.workspaces[1].id.clone();
    let elsewhere = |world: &World| Creation { workspace: other.clone(), ..creation(world, "ci-NEW") };
    world.create(creation(&world, "ci-new"), OperationFate::Normal).unwrap();
    world.advance_to(after(1));
    assert_eq!(world.create(elsewhere(&world), OperationFate::Normal), Err(CreateRefusal::Taken));
    let operation = world.begin_delete(&id, OperationFate::Normal).unwrap();
    assert_eq!(world.begin_delete(&id, OperationFate::Normal), Err(Refusal::Conflict));
    assert_eq!(world.truth(&id).unwrap().state(), State::Deleting);
    assert_eq!(world.create(elsewhere(&world), OperationFate::Normal), Err(CreateRefusal::Taken));
    world.advance_to(after(2));
    assert_eq!(end_of(&world, &operation), OperationEnd::Succeeded);
    assert!(world.truth(&id).is_none());
    assert_eq!(world.begin_delete(&id, OperationFate::Normal), Err(Refusal::NotFound));
    assert!(world.create(elsewhere(&world), OperationFate::Normal).is_ok());
    let bad = world.create(creation(&world, "ci-1"), OperationFate::Normal);
    assert!(matches!(bad, Err(CreateRefusal::Name(_))), "{bad:?}");
}

#[test]
fn cores_are_held_until_the_deletion_has_ended() {
    let (mut world, id) = small();
    let place = (super::super::super::spec::SCALE_SUBSCRIPTION, "westeurope");
    let cores = |world: &World| world.held(place).map(|held| held.cores()).sum::<u32>();
    let before = cores(&world);
    let family = |world: &World| {
        let kin = world.held(place).filter(|held| held.size.is_some_and(|size| size.family == "standardDSv2Family"));
        kin.map(|held| held.cores()).sum::<u32>()
    };
    let limit = family(&world) + 7;
    let families = [("STANDARDDSV2FAMILY".to_owned(), limit)].into();
    world.set_limits(Limits { families, ..Limits::usual() });
    world.create(creation(&world, "ci-new"), OperationFate::Normal).unwrap();
    assert_eq!(cores(&world), before + 4);
    let second = |world: &mut World| world.create(creation(world, "ci-second"), OperationFate::Normal);
    let beyond = Beyond::Family { family: "standardDSv2Family".into(), used: limit - 3, limit };
    assert_eq!(second(&mut world), Err(CreateRefusal::Quota(beyond.clone())));
    world.advance_to(after(1));
    // one that overwrites another takes its place
    assert!(world.create(creation(&world, "ci-new"), OperationFate::Normal).is_ok());
    world.advance_to(after(2));
    world.operate(&id, OperationName::Stop, OperationFate::Normal).unwrap();
    world.advance_to(after(3));
    assert_eq!(second(&mut world), Err(CreateRefusal::Quota(beyond.clone())), "a stopped instance holds its cores");
    world.begin_delete(&id, OperationFate::Normal).unwrap();
    assert_eq!(second(&mut world), Err(CreateRefusal::Quota(beyond)));
    world.advance_to(after(4));
    assert!(second(&mut world).is_ok());
    world.set_limits(Limits { cores: before + 4, ..Limits::usual() });
    let third = world.create(creation(&world, "ci-third"), OperationFate::Normal);
    assert_eq!(third, Err(CreateRefusal::Quota(Beyond::Region { used: before + 4, limit: before + 4 })));
    world.set_limits(Limits { computes: 11, ..Limits::usual() });
    let third = world.create(creation(&world, "ci-third"), OperationFate::Normal);
    assert_eq!(third, Err(CreateRefusal::Quota(Beyond::Computes { limit: 11 })));
}

#[test]
fn a_deleted_instance_is_paid_until_it_is_gone() {
    for (state, compute) in [(State::Running, true), (State::Stopped, false)] {
        let (mut world, _) = small();
        let id = world.truths().find(|truth| truth.state() == state).unwrap().id().to_owned();
        world.advance_to(after(1));
        let operation = world.begin_delete(&id, OperationFate::Normal).unwrap();
        let until = world.operations[&operation].ended.unwrap();
        assert!(until > after(1));
        world.advance_to(after(5));
        world.read_meters();
        let truth = world.truths().find(|truth| truth.id() == id).unwrap();
        let lived = until.duration_since(monday());
        assert_eq!(truth.existed_in(ALWAYS), lived, "{state:?}");
        let allocated = if compute { lived } else { SignedDuration::ZERO };
        assert_eq!(truth.allocated_in(ALWAYS), allocated, "{state:?}");
        assert_eq!(truth.meters().running(), allocated, "{state:?}");
        assert_eq!(truth.residual_cost(), world.prices().residual().disk.over(lived) + rest(&world, lived));
    }
}

fn rest(world: &World, lived: SignedDuration) -> Cost {
    let rates = world.prices().residual();
    rates.address.over(lived) + rates.balancer.over(lived)
}

#[test]
fn one_without_a_public_address_pays_for_none() {
    let (mut world, id) = small();
    let properties = json!({ "enableNodePublicIp": false }).as_object().unwrap().clone();
    let asked = Asked { properties, ..Asked::default() };
    world.create(Creation { asked, ..creation(&world, "ci-new") }, OperationFate::Normal).unwrap();
    world.advance_to(after(10));
    let bill = world.truth(&id).unwrap().bill_in(ALWAYS);
    assert_eq!(bill.address, Cost::ZERO);
    assert!(bill.disk > Cost::ZERO && bill.balancer > Cost::ZERO && bill.compute > Cost::ZERO);
}

#[test]
fn creations_and_deletions_end_as_their_fate_says() {
    for (fate, made, left, ends) in [
        (OperationFate::Fails, Some(State::CreateFailed), Some(State::Running), "Failed"),
        (OperationFate::Canceled, Some(State::CreateFailed), Some(State::Running), "Canceled"),
        (OperationFate::Lies, Some(State::CreateFailed), Some(State::Running), "Succeeded"),
        (OperationFate::NeverEnds, Some(State::Creating), Some(State::Deleting), "InProgress"),
        (OperationFate::Normal, Some(State::Running), None, "Succeeded"),
    ] {
        let (mut world, id) = small();
        let old = world.truths().find(|truth| truth.state() == State::Running).unwrap().id().to_owned();
        let begun = world.create(creation(&world, "ci-new"), fate).unwrap();
        let deleted = world.begin_delete(&old, fate).unwrap();
        world.advance_to(after(9));
        assert_eq!(world.truth(&id).map(|truth| truth.state()), made, "{fate:?}");
        assert_eq!(world.truth(&old).map(|truth| truth.state()), left, "{fate:?}");
        for operation in [&begun.operation, &deleted] {
            assert!(format!("{:?}", end_of(&world, operation)).starts_with(ends), "{fate:?}");
        }
    }
}

#[test]
fn a_restart_is_only_for_one_that_is_up() {
    let (mut world, _) = small();
    let id = world.truths().find(|truth| truth.state() == State::Stopped).unwrap().id().to_owned();
    let operation = world.operate(&id, OperationName::Restart, OperationFate::Normal).unwrap();
    let OperationEnd::Failed(code, _) = end_of(&world, &operation) else { panic!("accepted and failed") };
    assert_eq!(code, "RestartComputeInstanceOnlyAllowedInRunningState");
    assert_eq!(world.truth(&id).unwrap().state(), State::Stopped);
    let up = world.truths().find(|truth| truth.state() == State::Running).unwrap().id().to_owned();
    world.operate(&up, OperationName::Restart, OperationFate::Normal).unwrap();
    world.advance_to(after(1));
    assert_eq!(states(&world, &up), [State::Running, State::Restarting, State::Running]);
}

#[test]
fn people_go_on_living_when_machines_go() {
    let mut world = lived(1, [at("2026-11-02T10:30:00Z")]);
    let ids: Vec<String> = world.truths().map(|truth| truth.id().to_owned()).collect();
    let mut busy = false;
    for id in ids.iter().step_by(2) {
        let used = world.truth(id).unwrap().in_use();
        if world.begin_delete(id, OperationFate::Normal).is_ok() && used {
            let truth = world.truth(id).unwrap();
            let stop = truth.stops().last().unwrap();
            busy |= stop.cause == StopCause::Arm && (stop.busy_job || stop.busy_unseen);
        }
    }
    assert!(busy, "a deletion under somebody's hands is told like a stop");
    for hour in 1..=24 * 7 {
        world.advance_to(at("2026-11-02T10:30:00Z") + SignedDuration::from_hours(hour));
    }
    world.read_meters();
    let (gone, left): (Vec<_>, Vec<_>) = world.truths().partition(|truth| truth.state() == State::Deleted);
    assert!(gone.len() >= 15 && left.len() >= 15, "{} {}", gone.len(), left.len());
    for truth in gone.iter().chain(&left) {
        assert_eq!(truth.allocated_in(ALWAYS), truth.meters().running(), "{}", truth.id());
        assert_eq!(truth.in_use_in(ALWAYS), truth.meters().in_use, "{}", truth.id());
    }
    assert!(gone.iter().all(|truth| !truth.in_use() && world.truth(truth.id()).is_none()));
    assert!(left.iter().any(|truth| truth.meters().in_use > SignedDuration::from_hours(10)));
}

#[test]
fn schedules_of_a_new_instance_fire() {
    let (mut world, id) = small();
    let schedule = NativeSchedule {
        action: NativeAction::Stop,
        style: ScheduleStyle::Cron,
        hour: 19,
        minute: 0,
        weekdays: vec![1],
        windows_zone: "UTC".into(),
        zone: "UTC".into(),
        enabled: true,
    };
    let wanted = Creation { schedules: vec![schedule], idle_minutes: Some(60), ..creation(&world, "ci-new") };
    world.create(wanted, OperationFate::Normal).unwrap();
    world.advance_to(after(24));
    let causes: Vec<StopCause> = world.truth(&id).unwrap().stops().iter().map(|stop| stop.cause).collect();
    assert_eq!(causes, [StopCause::NativeIdle], "its idle timer runs from the moment it is up");
    world.advance_to(at("2026-11-09T18:30:00Z"));
    world.operate(&id, OperationName::Start, OperationFate::Normal).unwrap();
    world.advance_to(at("2026-11-09T19:10:00Z"));
    assert_eq!(world.truth(&id).unwrap().stops().last().unwrap().cause, StopCause::NativeSchedule);
}

#[test]
fn a_new_instance_can_be_worked_on() {
    let (mut world, id) = small();
    world.create(creation(&world, "ci-new"), OperationFate::Normal).unwrap();
    world.advance_to(after(1));
    assert!(world.use_until(&id, UseKind::Job, after(3)));
    assert_eq!(world.truth(&id).unwrap().state(), State::JobRunning);
    world.operate(&id, OperationName::Restart, OperationFate::Normal).unwrap();
    world.advance_to(after(2));
    assert_eq!(world.truth(&id).unwrap().state(), State::JobRunning, "the job goes on where the restart cut it");
    world.begin_delete(&id, OperationFate::Normal).unwrap();
    world.advance_to(after(4));
    let truth = world.truths().find(|truth| truth.id() == id).unwrap();
    assert!(truth.stops().last().unwrap().busy_job && !truth.in_use());
    assert!(truth.uses().iter().all(|used| used.to.is_some()));
}
