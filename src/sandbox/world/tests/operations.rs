//! Start, stop and restart end as Azure ends them.

use super::super::super::spec::{demo, scale};
use super::super::*;
use super::lived::{after, at, lived, monday};

#[test]
fn a_stop_takes_minutes_and_is_told_in_last_operation() {
    let mut world = lived(1, [at("2026-11-02T10:30:00Z")]);
    let id = world.truths().find(|truth| truth.state() == State::Running).unwrap().id().to_owned();
    let operation = world.operate(&id.to_uppercase(), OperationName::Stop, OperationFate::Normal).unwrap();
    assert_eq!(world.truth(&id).unwrap().state(), State::Stopping);
    assert_eq!(world.operation(&operation).unwrap().end, OperationEnd::InProgress);
    assert_eq!(world.operate(&id, OperationName::Stop, OperationFate::Normal), Err(Refusal::Conflict));
    world.advance_to(at("2026-11-02T10:30:59Z"));
    assert_eq!(world.truth(&id).unwrap().state(), State::Stopping);
    let view = world.operation(&operation).unwrap();
    world.advance_to(at("2026-11-02T10:33:00Z"));
    assert!(world.truth(&id).unwrap().history().iter().any(|(_, state)| *state == State::Stopped));
    assert_eq!(world.operation(&operation).unwrap().end, OperationEnd::Succeeded);
    assert_eq!(view.started, at("2026-11-02T10:30:00Z"));
}

#[test]
fn operations_end_as_their_fate_says() {
    for (fate, state, ends) in [
        (OperationFate::Fails, State::Running, "Failed"),
        (OperationFate::Canceled, State::Running, "Canceled"),
        (OperationFate::Lies, State::Running, "Succeeded"),
        (OperationFate::NeverEnds, State::Stopping, "InProgress"),
        (OperationFate::Normal, State::Stopped, "Succeeded"),
    ] {
        let mut world = World::new(scale(1, monday(), 1, 20)).unwrap();
        let id = world.truths().find(|truth| truth.state() == State::Running).unwrap().id().to_owned();
        let operation = world.operate(&id, OperationName::Stop, fate).unwrap();
        world.advance_to(after(9));
        assert_eq!(world.truth(&id).unwrap().state(), state, "{fate:?}");
        assert!(format!("{:?}", world.operation(&operation).unwrap().end).starts_with(ends), "{fate:?}");
    }
}

#[test]
fn a_start_of_a_running_machine_is_accepted_and_fails() {
    let mut world = World::new(scale(1, monday(), 1, 20)).unwrap();
    let id = world.truths().find(|truth| truth.state() == State::Running).unwrap().id().to_owned();
    let operation = world.operate(&id, OperationName::Start, OperationFate::Normal).unwrap();
    let OperationEnd::Failed(code, _) = world.operation(&operation).unwrap().end else { panic!("accepted and failed") };
    assert_eq!(code, "StartComputeInstanceOnlyAllowedInStoppedState");
    assert_eq!(world.operate("/nowhere", OperationName::Stop, OperationFate::Normal), Err(Refusal::NotFound));
}

#[test]
fn a_full_disk_refuses_until_its_owner_has_made_room() {
    let mut world = lived(1, [at("2026-11-03T18:30:00Z")]);
    let id = world.truths().find(|truth| truth.name() == "ci-javier").unwrap().id().to_owned();
    assert_eq!(world.truth(&id).unwrap().state(), State::Running);
    assert_eq!(world.operate(&id, OperationName::Stop, OperationFate::Normal), Err(Refusal::DiskFull));
    world.advance_to(at("2026-11-03T18:51:59Z"));
    assert_eq!(world.operate(&id, OperationName::Stop, OperationFate::Normal), Err(Refusal::DiskFull));
    world.advance_to(at("2026-11-03T18:52:00Z"));
    assert!(world.operate(&id, OperationName::Stop, OperationFate::Normal).is_ok());
}

#[test]
fn a_recreated_machine_is_another() {
    let mut world = World::new(scale(1, monday(), 1, 2)).unwrap();
    let id = world.truths().next().unwrap().id().to_owned();
    world.advance_to(after(3));
    assert!(world.recreate(&id));
    assert_eq!(world.machine(&id).unwrap().spec.created_on, after(3));
}

#[test]
fn a_deleted_machine_is_gone_and_its_seconds_stay() {
    let mut world = World::new(scale(1, monday(), 1, 2)).unwrap();
    let id = world.truths().next().unwrap().id().to_owned();
    world.advance_to(after(3));
    assert!(world.delete(&id) && !world.delete(&id));
    world.advance_to(after(5));
    world.read_meters();
    assert!(world.truth(&id).is_none());
    let stop = world.operate(&id, OperationName::Stop, OperationFate::Normal);
    assert_eq!(stop, Err(Refusal::NotFound));
    let meters = world.truths().next().unwrap().meters().clone();
    assert_eq!(meters.running().as_hours(), 3);
    assert_eq!(meters.lifetime().as_hours(), 5);
}

#[test]
fn a_person_can_be_made_to_start_and_to_use_a_machine() {
    let mut world = lived(1, [at("2026-11-08T02:00:00Z")]);
    let id = world.truths().find(|truth| truth.state() == State::Stopped).unwrap().id().to_owned();
    assert_eq!(world.start_as_person(&id), Ok(()));
    assert_eq!(world.start_as_person(&id), Err(Refusal::Conflict));
    world.advance_to(at("2026-11-08T02:05:00Z"));
    assert!(world.use_until(&id, UseKind::Job, at("2026-11-08T04:00:00Z")));
    assert_eq!(world.truth(&id).unwrap().state(), State::JobRunning);
    world.advance_to(at("2026-11-08T04:00:00Z"));
    assert_eq!(world.truth(&id).unwrap().state(), State::Running);
    let (from, to) = (at("2026-11-08T02:00:00Z"), at("2026-11-08T03:00:00Z"));
    assert!(world.truth(&id).unwrap().job_ran_in(from, to));
    assert!(world.fill_disk(&id));
    let stop = world.operate(&id, OperationName::Stop, OperationFate::Normal);
    assert_eq!(stop, Err(Refusal::DiskFull));
}

#[test]
fn a_bad_zone_and_a_name_given_twice_are_refused() {
    let mut spec = demo(1, monday());
    spec.workspaces[0].instances[0].habits.as_mut().unwrap().zone = "Europe/Atlantis".into();
    assert!(World::new(spec).unwrap_err().to_string().contains("Europe/Atlantis"));
    let mut spec = demo(1, monday());
    let twin = spec.workspaces[0].instances[0].clone();
    spec.workspaces[0].instances.push(twin);
    assert!(World::new(spec).unwrap_err().to_string().contains("given twice"));
}
