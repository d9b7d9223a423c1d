//! The permit for an idle timer: given for what the policy wants on an instance that was just read, and for nothing else.

use std::sync::{Arc, LazyLock};

use jiff::SignedDuration;
use lightsout::facts::{
    Evidence, Freeze, History, Hold, InstanceFacts, NativeTimers, OpenIntent, PowerState, Reading, Source, StopKey,
    Track, Unknown, Use,
};
use lightsout::guard::{Refusal, TimerBy, TimerLook, timer_permit};
use lightsout::policy::Policy;
use lightsout::units::{Span, When};
use thin_vec::ThinVec;

use crate::policies::policy_of;
use crate::table::{facts, now};

fn policy(mode: &str, apply: &str) -> Arc<Policy> {
    let text = format!(
        "name = \"p\"\nmode = \"{mode}\"\nscope.workspaces = [\"*\"]\n[native]\nidle_shutdown = \"60m\"\napply = \"{apply}\"\n\
         [exempt]\nnames = [\"*-prod\"]\n[[override]]\nmatch.names = [\"off-*\"]\nnative = \"off\"\n"
    );
    policy_of(&text)
}

fn fresh(name: &str) -> InstanceFacts {
    InstanceFacts { observed_at: now(), ..facts(name) }
}

fn look<'a>(fresh: &'a InstanceFacts, policy: &'a Policy, by: TimerBy) -> TimerLook<'a> {
    static NEW: LazyLock<History> = LazyLock::new(History::default);
    TimerLook { fresh, policy, by, freeze: &Freeze::Off, history: &NEW, evidence: Evidence::NONE, now: now() }
}

fn refused(look: &TimerLook<'_>) -> Option<Refusal> {
    timer_permit(look).err().map(|(refusal, _)| refusal)
}

#[test]
fn g5_a_permit_says_what_the_policy_wants() {
    let policy = policy("enforce", "service");
    let facts = fresh("ci-a");
    let permit = timer_permit(&look(&facts, &policy, TimerBy::Service)).unwrap();
    assert_eq!((permit.instance(), permit.was(), permit.to()), (&facts.id, None, Span::minutes(60)));
}

#[test]
fn g1_the_service_sets_only_where_it_enforces_and_is_told_to_and_people_set_anywhere() {
    let facts = fresh("ci-a");
    for (mode, apply, service) in [
        ("observe", "service", Some(Refusal::ObserveMode)),
        ("enforce", "never", Some(Refusal::ObserveMode)),
        ("enforce", "service", None),
    ] {
        let policy = policy(mode, apply);
        assert_eq!(refused(&look(&facts, &policy, TimerBy::Service)), service, "{mode} {apply}");
        assert_eq!(refused(&look(&facts, &policy, TimerBy::Person)), None, "{mode} {apply}");
    }
}

#[test]
fn what_forbids_it() {
    let policy = policy("enforce", "service");
    let by = TimerBy::Person;
    let frozen = Freeze::On("incident".to_owned());
    let facts = fresh("ci-a");
    assert_eq!(refused(&TimerLook { freeze: &frozen, ..look(&facts, &policy, by) }), Some(Refusal::Frozen), "G12");
    let open = OpenIntent { id: "1".to_owned(), key: StopKey("k".into()), intended_at: now(), sent_at: None };
    let stopping = History { open: Some(Box::new(open)), ..History::default() };
    assert_eq!(refused(&TimerLook { history: &stopping, ..look(&facts, &policy, by) }), Some(Refusal::UnderWay));
    let old = InstanceFacts { observed_at: now() - SignedDuration::from_secs(11), ..facts.clone() };
    assert_eq!(refused(&look(&old, &policy, by)), Some(Refusal::NoSecondLook), "G10");
    let exempt = fresh("ci-prod");
    assert_eq!(refused(&look(&exempt, &policy, by)), Some(Refusal::NoLongerDue), "G13");
    let unread = InstanceFacts { tags: Reading::Unknown(Unknown::Missing), ..facts.clone() };
    assert_eq!(refused(&look(&unread, &policy, by)), Some(Refusal::NoLongerDue), "G13");
    let ahead = InstanceFacts { observed_at: now() + SignedDuration::from_secs(1), ..facts.clone() };
    assert_eq!(refused(&look(&ahead, &policy, by)), Some(Refusal::NoSecondLook), "G10: a look from the future");
    for state in [
        PowerState::Changing("Starting".into()),
        PowerState::Changing("Deleting".into()),
        PowerState::Broken("Unusable".into()),
        PowerState::Unrecognised("Dreaming".into()),
    ] {
        let changing = InstanceFacts { state: state.clone(), ..facts.clone() };
        assert_eq!(refused(&look(&changing, &policy, by)), Some(Refusal::NoLongerDue), "G14: {state:?}");
    }
    let timers = NativeTimers { unreadable: Some("soon".into()), ..NativeTimers::default() };
    let unreadable = InstanceFacts { native: Arc::new(timers), ..facts.clone() };
    assert_eq!(refused(&look(&unreadable, &policy, by)), Some(Refusal::NoLongerDue), "G14: nobody knows what is set");
    let off = fresh("off-a");
    assert_eq!(refused(&look(&off, &policy, by)), Some(Refusal::PolicyChanged), "the policy wants none on it");
    let native = NativeTimers { idle_shutdown: Some(Span::hours(1)), ..NativeTimers::default() };
    let done = InstanceFacts { native: Arc::new(native), ..facts };
    assert_eq!(refused(&look(&done, &policy, by)), Some(Refusal::NoLongerDue), "it is so already");
}

#[test]
fn g13_who_is_held_or_in_use_gets_no_timer_that_may_stop_it() {
    let policy = policy("enforce", "service");
    let with = |timer: Option<Span>| {
        let timers = NativeTimers { idle_shutdown: timer, ..NativeTimers::default() };
        InstanceFacts { native: Arc::new(timers), ..fresh("ci-a") }
    };
    let facts = fresh("ci-a");
    let hold = Hold {
        id: "1".to_owned(),
        instance: facts.id.clone(),
        created: facts.created,
        until: now() + SignedDuration::from_hours(1),
        by: "ana".to_owned(),
        reason: "thesis".to_owned(),
        made_at: now(),
        price: None,
        payer: Box::default(),
        link: None,
        off: false,
    };
    let held = History { holds: [hold].into_iter().collect(), ..History::default() };
    let said = |kind: Use, minutes: i64| {
        let until = now() - SignedDuration::from_mins(minutes);
        let (source, watched) = (Source::Agent, ThinVec::new());
        let (words, last_busy) = ("so".into(), When::NONE);
        let track = Track { source, now: kind, as_of: until, words, last_busy, watched, job: None, doubt: None };
        Evidence { tracks: [track].into_iter().collect(), disk: None }
    };
    let (busy, lost, quiet) = (said(Use::Busy, 1), said(Use::Busy, 90), said(Use::Quiet, 1));
    for by in [TimerBy::Service, TimerBy::Person] {
        // 30 minutes become an hour: that takes nothing from anybody
        for (timer, refusal) in [
            (None, Some(Refusal::NoLongerDue)),
            (Some(Span::hours(3)), Some(Refusal::NoLongerDue)),
            (Some(Span::minutes(30)), None),
        ] {
            let facts = with(timer);
            let plain = look(&facts, &policy, by);
            assert_eq!(refused(&TimerLook { history: &held, ..plain }), refusal, "held, {timer:?}");
            assert_eq!(refused(&TimerLook { evidence: &busy, ..plain }), refusal, "busy, {timer:?}");
            assert_eq!(refused(&TimerLook { evidence: &lost, ..plain }), refusal, "lost from sight, {timer:?}");
            assert_eq!(refused(&TimerLook { evidence: &quiet, ..plain }), None, "quiet, {timer:?}");
            let job = InstanceFacts { state: PowerState::JobRunning, ..facts.clone() };
            assert_eq!(refused(&look(&job, &policy, by)), refusal, "a job, {timer:?}");
        }
    }
}
