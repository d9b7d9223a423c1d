//! Azure's own timer and schedules do what Azure says they do, and no more.

use jiff::{SignedDuration, Timestamp};

use super::super::super::spec::demo;
use super::super::*;
use super::lived::at;

/// One machine of a person who never comes on weekends, on the Saturday before the clocks go back in Madrid.
fn weekend(change: impl FnOnce(&mut InstanceSpec)) -> (World, String) {
    let mut spec = demo(1, at("2026-10-24T06:00:00Z"));
    spec.warm_up = SignedDuration::ZERO;
    spec.workspaces.truncate(1);
    let workspace = &mut spec.workspaces[0];
    workspace.instances.truncate(1);
    let instance = &mut workspace.instances[0];
    instance.state = State::Running;
    instance.habits.as_mut().unwrap().weekends = 0;
    change(instance);
    let world = World::new(spec).unwrap();
    let id = world.truths().next().unwrap().id().to_owned();
    (world, id)
}

fn stops(world: &World, id: &str) -> Vec<(Timestamp, StopCause)> {
    world.truth(id).unwrap().stops().iter().map(|stop| (stop.at, stop.cause)).collect()
}

#[test]
fn the_idle_timer_kills_a_tmux_run() {
    let (mut world, id) = weekend(|instance| instance.idle_minutes = Some(60));
    assert!(world.use_until(&id, UseKind::Tmux, at("2026-10-24T20:00:00Z")));
    world.advance_to(at("2026-10-24T07:02:00Z"));
    assert_eq!(stops(&world, &id), [(at("2026-10-24T07:00:00Z"), StopCause::NativeIdle)]);
    assert!(world.truth(&id).unwrap().stops()[0].busy_unseen);
    assert_eq!(world.machine(&id).unwrap().last.trigger, Trigger::IdleShutdown);
}

#[test]
fn the_idle_timer_sees_a_job_and_a_person() {
    for kind in [UseKind::Job, UseKind::Present] {
        let (mut world, id) = weekend(|instance| instance.idle_minutes = Some(60));
        assert!(world.use_until(&id, kind, at("2026-10-24T09:00:00Z")));
        world.advance_to(at("2026-10-24T12:00:00Z"));
        let stopped = [(at("2026-10-24T10:00:00Z"), StopCause::NativeIdle)];
        assert_eq!(stops(&world, &id), stopped, "{kind:?}");
    }
}

#[test]
fn a_schedule_keeps_its_wall_clock_over_the_end_of_summer_time() {
    let daily = |action, hour| NativeSchedule {
        action,
        style: ScheduleStyle::Cron,
        hour,
        minute: 30,
        weekdays: vec![1, 2, 3, 4, 5, 6, 7],
        windows_zone: "Romance Standard Time".into(),
        zone: "Europe/Madrid".into(),
        enabled: true,
    };
    let (mut world, id) = weekend(|instance| {
        instance.schedules = vec![daily(NativeAction::Stop, 19), daily(NativeAction::Start, 8)];
    });
    world.advance_to(at("2026-10-25T20:00:00Z"));
    let by_schedule = StopCause::NativeSchedule;
    let expected = [(at("2026-10-24T17:30:00Z"), by_schedule), (at("2026-10-25T18:30:00Z"), by_schedule)];
    assert_eq!(stops(&world, &id), expected);
    let starts = world.truth(&id).unwrap().starts().to_vec();
    let start = StartRecord { at: at("2026-10-25T07:30:00Z"), cause: StartCause::NativeSchedule };
    assert_eq!(starts, [start]);
    assert_eq!(world.machine(&id).unwrap().last.trigger, Trigger::Schedule);
}

#[test]
fn a_disabled_schedule_never_fires() {
    let (mut world, id) = weekend(|instance| {
        instance.schedules = vec![NativeSchedule {
            action: NativeAction::Stop,
            style: ScheduleStyle::Recurrence,
            hour: 10,
            minute: 0,
            weekdays: vec![6, 7],
            windows_zone: "UTC".into(),
            zone: "UTC".into(),
            enabled: false,
        }];
    });
    world.advance_to(at("2026-10-25T23:00:00Z"));
    assert!(stops(&world, &id).is_empty());
}

#[test]
fn a_timer_that_is_set_counts_from_anew_and_custom_applications_and_identities_keep_it_from_working() {
    let (mut world, id) = weekend(|instance| instance.idle_minutes = Some(60));
    world.advance_to(at("2026-10-24T06:50:00Z"));
    world.set_idle(&id.to_uppercase(), 30).unwrap();
    assert_eq!(world.set_idle("/nowhere", 30), Err(Refusal::NotFound));
    world.advance_to(at("2026-10-24T07:30:00Z"));
    assert_eq!(stops(&world, &id), [(at("2026-10-24T07:20:00Z"), StopCause::NativeIdle)]);
    let blocks: [fn(&mut InstanceSpec); 2] =
        [|instance| instance.identity = true, |instance| instance.custom_services.push("shiny".into())];
    for block in blocks {
        let (mut world, id) = weekend(|instance| {
            instance.idle_minutes = Some(60);
            block(instance);
        });
        world.set_idle(&id, 15).unwrap();
        world.advance_to(at("2026-10-24T20:00:00Z"));
        assert!(stops(&world, &id).is_empty());
    }
}
