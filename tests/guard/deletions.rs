//! The permit to delete what stays off: each single thing that is not as it has to be refuses it, at its very border.

use std::sync::Arc;

use jiff::SignedDuration;
use lightsout::facts::{
    Confirmation, Freeze, History, Hold, InstanceFacts, LastOperation, OpenIntent, Operation, OperationStatus,
    PowerState, Proposal, Reading, StopKey, Tags, Trigger, Unknown, Verb,
};
use lightsout::guard::{Bounds, DeleteLook, DeletedLately, FleetSight, Refusal, delete_permit};
use lightsout::policy::Policy;
use lightsout::units::{Span, When};
use thin_vec::thin_vec;

use crate::policies::policy_of;
use crate::table::{ago, bounds, facts, now, sight};

const DAY: i64 = 86_400;

fn policy(mode: &str, more: &str) -> Arc<Policy> {
    let text = format!(
        "name = \"tidy\"\nmode = \"{mode}\"\nscope.workspaces = [\"*\"]\n[stopped]\ndelete_after = \"30d\"\nper_day = 2\n{more}\n"
    );
    policy_of(&text)
}

fn last(operation: Operation, seconds: i64, status: OperationStatus) -> Reading<Arc<LastOperation>> {
    let value = LastOperation { operation, at: ago(seconds), status, trigger: Trigger::User };
    Reading::Known { value: Arc::new(value), as_of: now().into() }
}

/// Everything as it has to be; each part is there to be changed.
struct Case {
    proposal: Proposal,
    fresh: InstanceFacts,
    history: History,
    policy: Arc<Policy>,
    freeze: Freeze,
    sight: FleetSight,
    bounds: Bounds,
    is_under_way: bool,
    lately: DeletedLately,
}

impl Case {
    fn sound() -> Self {
        let policy = policy("enforce", "");
        let created = When::at(ago(100 * DAY));
        let fresh = InstanceFacts {
            created,
            state: PowerState::Stopped,
            last_operation: last(Operation::Stop, 40 * DAY, OperationStatus::Succeeded),
            ..facts("ci-a")
        };
        let confirmed = Confirmation { by: "ana".to_owned(), at: ago(3_600), why: String::new(), not_before: now() };
        let proposal = Proposal {
            id: "p".to_owned(),
            instance: fresh.id.clone(),
            created,
            owner: fresh.owner.name().map(str::to_owned),
            policy: policy.id.clone(),
            revision: policy.revision.clone(),
            off_since: ago(40 * DAY),
            automatic: false,
            ladder: vec![Span::hours(14 * 24)],
            made_at: ago(DAY),
            due_at: now(),
            steps: Vec::new(),
            confirmed: Some(confirmed),
            failed: None,
            end: None,
        };
        let history = History { off_since: When::at(ago(40 * DAY)), ..History::default() };
        let (sight, bounds, lately) = (sight(1), bounds(), DeletedLately { fleet: 1, policy: 1, fleet_most: 3 });
        Self { proposal, fresh, history, policy, freeze: Freeze::Off, sight, bounds, is_under_way: false, lately }
    }

    fn refused(&self) -> Option<Refusal> {
        let look = DeleteLook {
            proposal: &self.proposal,
            fresh: &self.fresh,
            history: &self.history,
            policy: &self.policy,
            freeze: &self.freeze,
            sight: (&self.sight, &self.bounds),
            is_under_way: self.is_under_way,
            lately: self.lately,
            now: now(),
        };
        match delete_permit(&look) {
            Ok(permit) => {
                let given = (permit.verb(), permit.instance(), permit.created(), permit.looked_at());
                assert_eq!(given, (Verb::Delete, &self.fresh.id, self.fresh.created, now()));
                None
            }
            Err((refusal, _)) => Some(refusal),
        }
    }
}

/// What is refused when one thing is otherwise.
fn but(change: impl FnOnce(&mut Case)) -> Option<Refusal> {
    let mut case = Case::sound();
    change(&mut case);
    case.refused()
}

#[test]
fn g5_where_all_is_as_it_has_to_be_the_permit_is_for_this_one() {
    assert_eq!(Case::sound().refused(), None);
}

#[test]
fn g12_a_freeze_refuses_and_so_does_one_that_cannot_be_read() {
    assert_eq!(but(|case| case.freeze = Freeze::On("incident".to_owned())), Some(Refusal::Frozen));
    assert_eq!(but(|case| case.freeze = Freeze::Unreadable("no disk".to_owned())), Some(Refusal::Frozen));
}

#[test]
fn g6_a_sick_view_and_an_unsteady_clock_refuse() {
    assert_eq!(but(|case| case.sight.workspaces_failed = 9), Some(Refusal::SickView));
    assert_eq!(but(|case| case.sight.last_full_sweep = Some(ago(121))), Some(Refusal::SickView));
    assert_eq!(but(|case| case.sight.clock_trouble = Some("stepped".to_owned())), Some(Refusal::ClockUnsteady));
}

#[test]
fn g10_the_look_is_ten_seconds_old_at_most_and_none_of_the_future() {
    assert_eq!(but(|case| case.fresh.observed_at = ago(10)), None);
    for seconds in [11, -1] {
        assert_eq!(but(|case| case.fresh.observed_at = ago(seconds)), Some(Refusal::NoSecondLook), "{seconds}");
    }
}

#[test]
fn g13_whoever_says_no_is_heard() {
    let held = |until: i64, off: bool| Hold {
        off,
        id: "h".to_owned(),
        instance: facts("ci-a").id,
        created: When::NONE,
        until: ago(-until),
        by: "ana".to_owned(),
        reason: "thesis".to_owned(),
        made_at: ago(60),
        price: None,
        payer: "ana".into(),
        link: None,
    };
    let hold = |until: i64| held(until, false);
    assert_eq!(but(|case| case.history.holds = thin_vec![held(1, true)]), Some(Refusal::NoLongerDue), "to stay off");
    assert_eq!(but(|case| case.history.holds = thin_vec![hold(1)]), Some(Refusal::NoLongerDue));
    assert_eq!(but(|case| case.history.holds = thin_vec![hold(0)]), None, "it ended at this second");
    let tags = |value: &str| Reading::Known {
        value: Tags(vec![(Arc::from("lightsout-keep"), Arc::from(value))]),
        as_of: now().into(),
    };
    for value in ["true", "", "perhaps"] {
        assert_eq!(but(|case| case.fresh.tags = tags(value)), Some(Refusal::NoLongerDue), "{value}");
    }
    assert_eq!(but(|case| case.fresh.tags = tags("false")), None);
    assert_eq!(but(|case| case.fresh.tags = Reading::Unknown(Unknown::Missing)), Some(Refusal::NoLongerDue));
    assert_eq!(but(|case| case.proposal.confirmed = None), Some(Refusal::NoLongerDue), "nobody said yes");
    let early = |case: &mut Case| case.proposal.confirmed.iter_mut().for_each(|said| said.not_before = ago(-1));
    assert_eq!(but(early), Some(Refusal::NoLongerDue), "a second before the grace ends");
}

#[test]
fn g10_another_life_another_state_and_anything_done_since_refuse() {
    assert_eq!(but(|case| case.fresh.created = When::at(ago(DAY))), Some(Refusal::NoLongerDue));
    assert_eq!(
        but(|case| case.fresh.created = When::NONE),
        Some(Refusal::NoLongerDue),
        "nobody knows that it is this one"
    );
    assert_eq!(but(|case| case.fresh.id = facts("ci-b").id), Some(Refusal::NoLongerDue));
    for state in [
        PowerState::Running,
        PowerState::JobRunning,
        PowerState::Changing("Starting".into()),
        PowerState::Changing("Deleting".into()),
        PowerState::Broken("Unusable".into()),
        PowerState::Unrecognised("Dreaming".into()),
    ] {
        assert_eq!(but(|case| case.fresh.state = state.clone()), Some(Refusal::NoLongerDue), "{state:?}");
    }
    let stop = |seconds, status| last(Operation::Stop, seconds, status);
    assert_eq!(
        but(|case| case.fresh.last_operation = stop(DAY, OperationStatus::Succeeded)),
        Some(Refusal::NoLongerDue)
    );
    for operation in [Operation::Start, Operation::Restart, Operation::Resize, Operation::Other("Dream".into())] {
        let since = last(operation.clone(), DAY, OperationStatus::Succeeded);
        assert_eq!(but(|case| case.fresh.last_operation = since), Some(Refusal::NoLongerDue), "{operation:?}");
    }
    let unknown = but(|case| case.fresh.last_operation = Reading::Unknown(Unknown::Missing));
    assert_eq!(unknown, Some(Refusal::NoLongerDue), "G14");
    let going_on = but(|case| case.fresh.last_operation = stop(40 * DAY, OperationStatus::InProgress));
    assert_eq!(going_on, Some(Refusal::UnderWay));
    assert_eq!(but(|case| case.is_under_way = true), Some(Refusal::UnderWay));
    let open = OpenIntent { id: "1".to_owned(), key: StopKey("k".into()), intended_at: now(), sent_at: None };
    assert_eq!(but(|case| case.history.open = Some(Box::new(open))), Some(Refusal::UnderWay));
}

#[test]
fn g1_g11_only_the_policy_that_proposed_it_and_only_where_it_enforces() {
    assert_eq!(but(|case| case.policy = policy("enforce", "grace = \"2h\"")), Some(Refusal::NoLongerDue), "G11");
    let observes = |case: &mut Case| {
        case.policy = policy("observe", "");
        case.proposal.revision = case.policy.revision.clone();
    };
    assert_eq!(but(observes), Some(Refusal::ObserveMode), "G1");
}

#[test]
fn g4_no_more_in_a_day_than_the_policy_says_and_in_the_fleet_than_the_largest_of_any() {
    for (fleet, policy, fleet_most, refused) in [
        (0, 0, 2, None),
        (1, 1, 2, None),
        (2, 0, 2, Some(Refusal::Paced)),
        (2, 2, 2, Some(Refusal::Paced)),
        (2, 2, 5, Some(Refusal::Paced)),
        (4, 1, 5, None),
        (5, 1, 5, Some(Refusal::Paced)),
    ] {
        let lately = DeletedLately { fleet, policy, fleet_most };
        assert_eq!(but(|case| case.lately = lately), refused, "{fleet} {policy} {fleet_most}");
    }
    let none = |case: &mut Case| {
        let text = "name = \"tidy\"\nmode = \"enforce\"\nscope.workspaces = [\"*\"]\n[stopped]\ndelete_after = \"30d\"\nper_day = 0\n";
        case.policy = policy_of(text);
        case.proposal.revision = case.policy.revision.clone();
        case.lately = DeletedLately { fleet_most: 5, ..DeletedLately::default() };
    };
    assert_eq!(but(none), Some(Refusal::Paced), "0 is none");
}

#[test]
fn the_ladder_alone_is_enough_only_for_what_the_allow_list_names() {
    let told = |automatic: bool, hours: i64| {
        but(|case| {
            case.proposal.confirmed = None;
            case.proposal.automatic = automatic;
            case.policy = policy("enforce", "delete = \"automatic\"\nautomatic = { names = [\"ci-*\"] }");
            case.proposal.revision = case.policy.revision.clone();
            let lead = Span::hours(14 * 24);
            let delivered_at = now().checked_sub(SignedDuration::from_hours(hours)).ok();
            let step = lightsout::facts::ToldStep { lead, told_at: ago(20 * DAY), day: now(), times: 1, delivered_at };
            case.proposal.steps = vec![step];
        })
    };
    assert_eq!(told(true, 14 * 24), None);
    assert_eq!(told(true, 14 * 24 - 1), Some(Refusal::NoLongerDue), "an hour short");
    assert_eq!(told(false, 14 * 24), Some(Refusal::NoLongerDue), "a person says yes to all others");
}

#[test]
fn what_changed_hands_or_is_named_no_more_is_not_what_was_told() {
    let owner = |name: Option<&str>| {
        let name = name.map(str::to_owned);
        but(move |case| case.proposal.owner = name)
    };
    let sound = Case::sound().fresh.owner.name().map(str::to_uppercase);
    assert_eq!(owner(sound.as_deref()), None, "no name has case");
    assert_eq!(owner(Some("bob@example.com")), Some(Refusal::NoLongerDue));
    assert_eq!(owner(None), Some(Refusal::NoLongerDue));
    assert_eq!(but(|case| case.proposal.automatic = true), Some(Refusal::NoLongerDue), "no allow-list names it");
}
