//! People live their own lives, and every second of their machines is metered.

use jiff::SignedDuration;

use super::super::*;
use super::lived::{account, after, at, lived, monday};

#[test]
fn one_step_is_as_many() {
    let once = lived(7, [after(24 * 14)]);
    let often = lived(
        7,
        (0..24 * 14 * 4).map(|quarter| monday() + SignedDuration::from_mins(quarter * 15 + 7)).chain([after(24 * 14)]),
    );
    assert_eq!(account(&once), account(&often));
}

#[test]
fn seeds_differ() {
    assert_ne!(account(&lived(7, [after(100)])), account(&lived(8, [after(100)])));
}

#[test]
fn every_second_is_metered_once() {
    // C16: the seconds in all states are the lifetime, exactly.
    let mut world = lived(3, []);
    let end = monday() + SignedDuration::from_millis(1_209_600_123);
    for hour in 0..14 * 24 {
        world.advance_to(after(hour));
        if hour % 24 == 20 {
            let ids: Vec<String> = world.truths().map(|truth| truth.id().to_owned()).collect();
            for id in ids {
                drop(world.operate(&id, OperationName::Stop, OperationFate::Normal));
            }
        }
    }
    world.advance_to(end);
    world.read_meters();
    for truth in world.truths() {
        let meters = truth.meters();
        assert_eq!(meters.lifetime(), end.duration_since(monday()), "{}", truth.id());
        assert_eq!(meters.running() + meters.stopped(), meters.lifetime());
        assert!(meters.in_use <= meters.running());
        let history = truth.history();
        assert!(history.windows(2).all(|pair| pair[0].0 <= pair[1].0 && pair[0].1 != pair[1].1));
        let from_uses: SignedDuration = truth
            .uses()
            .iter()
            .filter(|used| used.kind == UseKind::Job)
            .map(|used| used.to.unwrap_or(end).duration_since(used.from))
            .sum();
        assert_eq!(meters.by_use.get(&UseKind::Job).copied().unwrap_or_default(), from_uses, "{}", truth.id());
    }
}

#[test]
fn two_weeks_hold_every_habit() {
    let world = lived(1, [after(24 * 14)]);
    let truths: Vec<_> = world.truths().collect();
    assert_eq!(truths.len(), 40);
    // Saturday 03:00 UTC until Sunday 20:00 UTC in one piece and unused: forgotten over the weekend.
    let (saturday, sunday) = (at("2026-11-07T08:00:00Z"), at("2026-11-08T20:00:00Z"));
    let forgotten = truths.iter().filter(|truth| {
        let stayed = truth.state_at(saturday) == Some(State::Running)
            && !truth.history().iter().any(|(at, _)| *at > saturday && *at < sunday);
        stayed && !UseKind::ALL.iter().any(|kind| truth.used_in(*kind, saturday, sunday))
    });
    assert!(forgotten.count() >= 5);
    let long = |kind| {
        truths
            .iter()
            .flat_map(|truth| truth.uses().to_vec())
            .filter(|used| {
                used.kind == kind
                    && used.to.is_some_and(|to| to.duration_since(used.from) > SignedDuration::from_hours(3))
            })
            .count()
    };
    assert!(long(UseKind::Job) >= 10, "{} night jobs", long(UseKind::Job));
    assert!(long(UseKind::Tmux) >= 5, "{} tmux runs", long(UseKind::Tmux));
    let causes: Vec<StopCause> = truths.iter().flat_map(|truth| truth.stops().iter().map(|stop| stop.cause)).collect();
    for cause in [StopCause::User, StopCause::NativeIdle, StopCause::NativeSchedule] {
        assert!(causes.contains(&cause), "{cause:?}");
    }
    assert!(truths.iter().any(|truth| { truth.history().iter().any(|(_, state)| *state == State::JobRunning) }));
    // The use of an hour that begins after nine in the evening of Madrid: back after dinner.
    let evening = |used: &UseInterval| {
        used.kind == UseKind::Present
            && used.from.to_zoned(jiff::tz::TimeZone::get("Europe/Madrid").unwrap()).hour() >= 21
    };
    assert!(truths.iter().take(14).any(|truth| truth.uses().iter().any(evening)));
}

#[test]
fn people_are_the_same_whoever_stops_their_machines() {
    let without = lived(5, [after(24 * 5)]);
    let mut with = lived(5, []);
    for day in 0..5 {
        with.advance_to(after(day * 24 + 19));
        let ids: Vec<String> = with.truths().map(|truth| truth.id().to_owned()).collect();
        for id in ids {
            drop(with.operate(&id, OperationName::Stop, OperationFate::Normal));
        }
    }
    with.advance_to(after(24 * 5));
    with.read_meters();
    let hours = |world: &World| world.truths().map(|truth| truth.meters().running().as_hours()).sum::<i64>();
    assert!(hours(&with) < hours(&without));
    // A person who comes in on Thursday does so in both worlds.
    let comes = |world: &World, id: &str| {
        world.truth(id).unwrap().uses().iter().filter(|used| used.kind == UseKind::Present).count()
    };
    for truth in without.truths() {
        assert!(comes(&with, truth.id()) >= comes(&without, truth.id()), "{}", truth.id());
    }
}

#[test]
fn who_is_stopped_at_work_starts_again_and_that_is_a_regret() {
    let mut world = lived(1, [at("2026-11-02T10:30:00Z")]);
    let busy: Vec<String> = world
        .truths()
        .filter(|truth| truth.in_use() && truth.state() == State::Running)
        .map(|truth| truth.id().to_owned())
        .collect();
    assert!(!busy.is_empty());
    for id in &busy {
        world.operate(id, OperationName::Stop, OperationFate::Normal).unwrap();
    }
    world.advance_to(at("2026-11-02T11:15:00Z"));
    for id in &busy {
        let stop = world.truth(id).unwrap().stops().iter().find(|stop| stop.cause == StopCause::Arm).cloned().unwrap();
        assert!(stop.busy_unseen && !stop.busy_job && stop.regret, "{stop:?}");
    }
}

#[test]
fn notices_make_busy_people_ask_for_a_hold() {
    let mut world = lived(1, []);
    let mut wishes = Vec::new();
    for day in 0..14 {
        let evening = monday() + SignedDuration::from_hours(day * 24) + SignedDuration::from_mins(18 * 60 + 45);
        world.advance_to(evening);
        let ids: Vec<String> = world.truths().map(|truth| truth.id().to_owned()).collect();
        for id in ids {
            // Hearing of it twice changes nothing.
            assert!(world.read_notice(&id, evening + SignedDuration::from_mins(15), None));
            assert!(world.read_notice(&id, evening + SignedDuration::from_mins(15), None));
        }
        world.advance_to(evening + SignedDuration::from_mins(15));
        wishes.extend(world.take_hold_wishes());
    }
    assert!(wishes.len() >= 5, "{} wishes", wishes.len());
    let mut asked: Vec<_> = wishes.iter().map(|wish| (&wish.instance_id, wish.at)).collect();
    asked.sort();
    asked.dedup();
    assert_eq!(asked.len(), wishes.len());
    assert!(wishes.iter().any(|wish| wish.reason.contains("tmux")));
    for wish in wishes {
        assert!(wish.until > wish.at && wish.hours >= 1 && wish.by.contains('@') || wish.by.starts_with("0b1ec700"));
    }
}
