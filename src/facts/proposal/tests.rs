//! The ladder of a proposal as tables of hours: what is told when, and from when on it may be carried out.

use super::*;
use crate::units::When;

const ID: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/ci-a";
const DAYS: [i64; 3] = [14, 7, 1];

fn at(hours: i64) -> Timestamp {
    Timestamp::from_second(1_770_000_000 + hours * 3_600).unwrap()
}

fn days(count: i64) -> Span {
    Span::hours(u32::try_from(count * 24).unwrap())
}

fn proposal(automatic: bool) -> Proposal {
    Proposal {
        id: "p".to_owned(),
        instance: InstanceId::parse(ID).unwrap(),
        created: When::NONE,
        owner: None,
        policy: PolicyId::new("tidy"),
        revision: Arc::from("r"),
        off_since: at(-720),
        automatic,
        ladder: DAYS.map(days).to_vec(),
        made_at: at(0),
        due_at: at(14 * 24),
        steps: Vec::new(),
        confirmed: None,
        failed: None,
        end: None,
    }
}

fn then(proposal: &mut Proposal, hours: i64, what: ProposalStep) {
    proposal.apply(&ProposalEvent { proposal: "p".to_owned(), at: at(hours), who: "ana".to_owned(), what });
}

/// Tells the step that is due, and has it delivered so much later.
fn tell(proposal: &mut Proposal, hours: i64, after: i64) {
    let lead = proposal.untold(at(hours)).unwrap();
    let day = proposal.day(at(hours));
    then(proposal, hours, ProposalStep::Told { lead, day });
    then(proposal, hours + after, ProposalStep::Delivered { lead });
}

#[test]
fn each_step_is_told_once_and_in_its_time() {
    let mut one = proposal(true);
    assert_eq!(one.untold(at(0)), Some(days(14)));
    tell(&mut one, 0, 0);
    assert_eq!(one.untold(at(7 * 24 - 1)), None);
    assert_eq!(one.untold(at(7 * 24)), Some(days(7)));
    tell(&mut one, 7 * 24, 0);
    tell(&mut one, 13 * 24, 0);
    assert_eq!(one.untold(at(14 * 24)), None);
    assert_eq!((one.ready_at(), one.announced_until()), (Some(at(14 * 24)), Some(at(14 * 24))));
}

#[test]
fn a_step_that_comes_late_moves_the_day_and_every_step_after_it() {
    let mut one = proposal(true);
    tell(&mut one, 0, 100);
    assert_eq!(one.day(at(100)), at(100 + 14 * 24));
    assert_eq!(one.untold(at(7 * 24)), None, "the next is as long before the day as it says");
    tell(&mut one, 100 + 7 * 24, 0);
    tell(&mut one, 100 + 13 * 24, 5);
    assert_eq!(one.ready_at(), Some(at(105 + 14 * 24)), "a whole day after the last was delivered");
}

#[test]
fn nothing_is_ready_before_every_step_was_delivered() {
    let mut one = proposal(true);
    for hours in [0, 1_000, 100_000] {
        assert_eq!((one.ready_at(), one.day(at(hours)) > at(hours)), (None, true));
    }
    let (lead, day) = (days(14), at(14 * 24));
    then(&mut one, 0, ProposalStep::Told { lead, day });
    assert_eq!(one.untold(at(14 * 24 - 1)), None, "its message is tried until the day that it names");
    assert_eq!(one.untold(at(14 * 24)), Some(lead), "and is then written anew, with a day that is to come");
    assert_eq!(one.day(at(14 * 24)), at(28 * 24));
}

#[test]
fn without_the_allow_list_only_a_yes_counts() {
    let mut one = proposal(false);
    tell(&mut one, 0, 0);
    tell(&mut one, 7 * 24, 0);
    tell(&mut one, 13 * 24, 0);
    assert_eq!((one.ready_at(), one.announced_until()), (None, None));
    then(&mut one, 400, ProposalStep::Confirmed { why: "old".to_owned(), not_before: at(401) });
    assert_eq!(one.ready_at(), Some(at(401)));
    then(&mut one, 400, ProposalStep::Withdrawn { why: String::new() });
    assert_eq!(one.ready_at(), None);
    then(&mut one, 402, ProposalStep::Confirmed { why: "old".to_owned(), not_before: at(403) });
    then(&mut one, 404, ProposalStep::Failed { operation: "o".to_owned(), words: "a lock".to_owned() });
    assert_eq!(one.ready_at(), None, "a yes is used up by a try");
}

#[test]
fn whatever_ends_it_takes_every_yes_with_it() {
    let ends = [
        ProposalStep::Kept { until: None, why: String::new(), link: None },
        ProposalStep::Void { ground: VoidGround::Held, words: String::new() },
        ProposalStep::Deleted { operation: "o".to_owned() },
    ];
    for end in ends {
        let mut one = proposal(true);
        DAYS.iter().for_each(|left| tell(&mut one, (14 - left) * 24, 0));
        then(&mut one, 300, ProposalStep::Confirmed { why: String::new(), not_before: at(301) });
        assert!(end.ends());
        then(&mut one, 302, end);
        assert_eq!((one.ready_at(), one.is_open()), (None, false), "{:?}", one.end);
    }
}
