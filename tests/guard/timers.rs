//! The permit for an idle timer: given for what the policy wants on an instance that was just read, and for nothing else.

use std::sync::Arc;

use jiff::SignedDuration;
use lightsout::facts::{Freeze, InstanceFacts, NativeTimers, PowerState, Reading, Unknown};
use lightsout::guard::{Refusal, TimerBy, TimerLook, timer_permit};
use lightsout::policy::Policy;
use lightsout::units::Span;

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
    TimerLook { fresh, policy, by, freeze: &Freeze::Off, is_stopping: false, now: now() }
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
    assert_eq!(refused(&TimerLook { is_stopping: true, ..look(&facts, &policy, by) }), Some(Refusal::UnderWay));
    let old = InstanceFacts { observed_at: now() - SignedDuration::from_secs(11), ..facts.clone() };
    assert_eq!(refused(&look(&old, &policy, by)), Some(Refusal::NoSecondLook), "G10");
    let exempt = fresh("ci-prod");
    assert_eq!(refused(&look(&exempt, &policy, by)), Some(Refusal::NoLongerDue), "G13");
    let unread = InstanceFacts { tags: Reading::Unknown(Unknown::Missing), ..facts.clone() };
    assert_eq!(refused(&look(&unread, &policy, by)), Some(Refusal::NoLongerDue), "G13");
    for state in ["Starting", "Deleting"] {
        let changing = InstanceFacts { state: PowerState::Changing(state.into()), ..facts.clone() };
        assert_eq!(refused(&look(&changing, &policy, by)), Some(Refusal::NoLongerDue), "G14: {state}");
    }
    let off = fresh("off-a");
    assert_eq!(refused(&look(&off, &policy, by)), Some(Refusal::PolicyChanged), "the policy wants none on it");
    let native = NativeTimers { idle_shutdown: Some(Span::hours(1)), ..NativeTimers::default() };
    let done = InstanceFacts { native: Arc::new(native), ..facts };
    assert_eq!(refused(&look(&done, &policy, by)), Some(Refusal::NoLongerDue), "it is so already");
}
