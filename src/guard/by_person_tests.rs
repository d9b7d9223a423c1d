//! Who may have what done with an instance by hand, state by state, and what stands before it.

use std::sync::Arc;

use super::*;
use crate::facts::{Owner, Reading};
use crate::units::{InstanceId, Region, When, WorkspaceId};

fn now() -> Timestamp {
    Timestamp::from_second(1_750_000_000).unwrap()
}

fn facts(state: PowerState) -> InstanceFacts {
    InstanceFacts {
        id: InstanceId::new(WorkspaceId::new("s", "g", "w").unwrap(), "ci-a").unwrap(),
        created: When::NONE,
        state,
        size: Arc::from("S"),
        region: Region::new("r"),
        owner: Arc::new(Owner::default()),
        tags: Reading::Known { value: Default::default(), as_of: now().into() },
        last_operation: Reading::Unknown(crate::facts::Unknown::Missing),
        native: Arc::default(),
        observed_at: now(),
        oddities: Default::default(),
    }
}

fn wish<'a>(verb: Verb, fresh: &'a InstanceFacts, freeze: &'a Freeze) -> PersonWish<'a> {
    let insists = Insistence::default();
    PersonWish { verb, fresh, meant: When::NONE, in_use: None, hold: None, insists, freeze, now: now() }
}

#[test]
fn each_state_allows_what_makes_sense_in_it() {
    let word = || Arc::from("X");
    let states = [
        (PowerState::Running, [false, true, true]),
        (PowerState::JobRunning, [false, true, true]),
        (PowerState::Stopped, [true, false, true]),
        (PowerState::Changing(word()), [false, false, false]),
        (PowerState::Broken(word()), [false, false, true]),
        (PowerState::Unrecognised(word()), [false, false, false]),
    ];
    for (state, allowed) in states {
        let fresh = facts(state);
        let may = |verb| by_person(&wish(verb, &fresh, &Freeze::Off)).is_ok();
        assert_eq!([Verb::Start, Verb::Restart, Verb::Delete].map(may), allowed, "{}", fresh.state);
        assert!(!may(Verb::Create), "what is there is never made anew");
    }
}

#[test]
fn a_freeze_a_hold_and_use_stand_before_what_takes_away() {
    let (on, off) = (facts(PowerState::Running), facts(PowerState::Stopped));
    let frozen = Freeze::On("incident".to_owned());
    let refusal = |wish: &PersonWish<'_>| person_may(wish).err().map(|(refusal, _)| refusal);
    for verb in [Verb::Restart, Verb::Delete] {
        assert_eq!(refusal(&wish(verb, &on, &frozen)), Some(Refusal::Frozen), "G12");
        let mut busy = wish(verb, &on, &Freeze::Off);
        busy.in_use = Some("tmux".to_owned());
        assert!(person_may(&busy).unwrap_err().1.contains("tmux"));
        busy.insists.even_if_held = true;
        assert!(person_may(&busy).is_err(), "one insistence is not the other");
        busy.insists.even_if_in_use = true;
        assert!(person_may(&busy).is_ok());
    }
    assert!(person_may(&wish(Verb::Start, &off, &frozen)).is_ok(), "nothing is turned off by turning on");
}

#[test]
fn the_look_is_fresh_and_at_the_one_that_is_meant() {
    let mut fresh = facts(PowerState::Stopped);
    let off = Freeze::Off;
    for (seconds, may) in [(0, true), (10, true), (11, false), (-1, false)] {
        fresh.observed_at = now().checked_sub(jiff::SignedDuration::from_secs(seconds)).unwrap();
        assert_eq!(person_may(&wish(Verb::Start, &fresh, &off)).is_ok(), may, "G10: {seconds} s");
    }
    let mut other = facts(PowerState::Stopped);
    other.created = When::at(now());
    let mut meant = wish(Verb::Delete, &other, &off);
    meant.meant = When::at(now().checked_sub(jiff::SignedDuration::from_hours(1)).unwrap());
    assert!(person_may(&meant).unwrap_err().1.contains("another instance"));
}

#[test]
fn one_is_made_only_where_a_fresh_look_found_none() {
    let id = facts(PowerState::Running).id;
    let new = || NewInstance::plain(id.clone(), Region::new("r"), "S");
    let made = to_create(new(), Sought::Absent, now(), now()).unwrap();
    assert_eq!((made.verb(), made.new_instance()), (Verb::Create, Some(&new())));
    let there = facts(PowerState::Stopped);
    let later = now().checked_add(jiff::SignedDuration::from_secs(11)).unwrap();
    for (sought, at, refusal) in [
        (Sought::Present(&there), now(), Refusal::NoLongerDue),
        (Sought::Unknown("403"), now(), Refusal::NoSecondLook),
        (Sought::Absent, later, Refusal::NoSecondLook),
    ] {
        assert_eq!(to_create(new(), sought, now(), at).unwrap_err().0, refusal, "{sought:?}");
    }
}
