//! The start rule at one instant, and over any pattern of looks: each edge at most once, and never outside its hour.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::facts::{Hold, LastOperation, Owner, Reading, SourceSet, Starts, Tags, Trigger, Unknown};
use crate::policy::{SourceText, Sources, parse};
use crate::units::{InstanceId, Region, WorkspaceId};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn policy_with(hours: &str, start: &str) -> Arc<Policy> {
    let text = format!(
        "name = \"Office\"\nmode = \"enforce\"\nscope.workspaces = [\"*\"]\nhours = {{ zone = \"Europe/Madrid\", spread = \"0s\", {hours} }}\nstart = {{ {start} }}\n"
    );
    let sources = Sources {
        defaults: None,
        policies: &[SourceText { file: "p.toml".into(), text }],
        calendars: &BTreeMap::new(),
        channels: 1,
        sources: SourceSet::NONE.with(crate::facts::Source::Agent),
    };
    let parsed = parse(&sources);
    parsed.set.policies.first().cloned().unwrap_or_else(|| panic!("{:?}", parsed.diagnostics))
}

fn policy() -> Arc<Policy> {
    policy_with("allowed = [\"Mon-Fri 08:00-20:00\"]", "all = true, spread = \"0s\"")
}

fn operated(facts: &mut InstanceFacts, operation: Operation, at: Timestamp, status: OperationStatus) {
    let value = LastOperation { operation, at, status, trigger: Trigger::User };
    facts.last_operation = Reading::Known { value: Arc::new(value), as_of: at.into() };
}

/// One that was turned off on Friday evening.
fn off(name: &str) -> InstanceFacts {
    let stopped = at("2026-03-20T19:00:00Z");
    let mut facts = InstanceFacts {
        id: InstanceId::new(WorkspaceId::new("s", "g", "w").unwrap(), name).unwrap(),
        created: When::at(at("2026-01-05T09:00:00Z")),
        state: PowerState::Stopped,
        size: Arc::from("S"),
        region: Region::new("r"),
        owner: Arc::new(Owner { user_name: Some("ana@example.com".into()), ..Owner::default() }),
        tags: Reading::Known { value: Tags::default(), as_of: stopped.into() },
        last_operation: Reading::Unknown(Unknown::Missing),
        native: Arc::default(),
        observed_at: stopped,
        oddities: Default::default(),
    };
    operated(&mut facts, Operation::Stop, stopped, OperationStatus::Succeeded);
    facts
}

fn past(facts: &InstanceFacts, key: &str, asked_at: Timestamp, result: Option<OperationResult>) -> Arc<Starts> {
    let ended = result.map(|result| (asked_at, result));
    let one = PastStart { key: key.into(), created: facts.created, asked_at, ended };
    Arc::new(Starts(BTreeMap::from([(facts.id.clone(), vec![one])])))
}

fn found(policy: &Policy, facts: &InstanceFacts, history: &History, now: &str) -> StartFinding {
    start(&Moment::new(policy, at(now)), facts, history, None).unwrap()
}

/// Monday's edge: 08:00 in Madrid is 07:00 UTC.
const KEY: &str = "start/office/2026-03-23/0/on";

#[test]
fn due_from_the_edge_on_and_for_an_hour() {
    let (policy, facts, history) = (policy(), off("ci-a"), History::default());
    let ground = |now: &str| found(&policy, &facts, &history, now).ground;
    assert_eq!(ground("2026-03-23T06:59:59Z"), StartGround::Coming);
    assert_eq!(ground("2026-03-23T07:00:00Z"), StartGround::Due);
    assert_eq!(ground("2026-03-23T08:00:00Z"), StartGround::Due, "the hour is whole");
    assert_eq!(ground("2026-03-23T08:00:01Z"), StartGround::Missed);
    let due = found(&policy, &facts, &history, "2026-03-23T07:10:00Z");
    assert_eq!(
        (&*due.key, due.edge_at, due.until),
        (KEY, at("2026-03-23T07:00:00Z").into(), at("2026-03-23T19:00:00Z").into())
    );
    let coming = found(&policy, &facts, &history, "2026-03-21T12:00:00Z");
    assert_eq!(coming.start_at, at("2026-03-23T07:00:00Z").into());
}

#[test]
fn nothing_is_said_of_what_is_on_or_not_meant() {
    let history = History::default();
    let mut on = off("ci-a");
    on.state = PowerState::Running;
    let now = at("2026-03-23T07:10:00Z");
    assert_eq!(start(&Moment::new(&policy(), now), &on, &history, None), None);
    let named = policy_with("allowed = [\"Mon-Fri 08:00-20:00\"]", "names = [\"ci-b*\"]");
    assert_eq!(start(&Moment::new(&named, now), &off("ci-a"), &history, None), None);
    assert!(start(&Moment::new(&named, now), &off("ci-b1"), &history, None).is_some());
}

#[test]
fn whoever_acted_since_the_edge_is_respected_and_what_is_not_known_stays_off() {
    let (policy, history, now) = (policy(), History::default(), "2026-03-23T07:30:00Z");
    let with = |operation: Operation, when: &str, status: OperationStatus| {
        let mut facts = off("ci-a");
        operated(&mut facts, operation, at(when), status);
        found(&policy, &facts, &history, now).ground
    };
    let failed = || OperationStatus::Failed("StartFailed".into());
    assert_eq!(with(Operation::Stop, "2026-03-23T06:59:59Z", OperationStatus::Succeeded), StartGround::Due);
    assert_eq!(with(Operation::Stop, "2026-03-23T07:00:00Z", OperationStatus::Succeeded), StartGround::Spent);
    assert_eq!(
        with(Operation::Other("Defrost".into()), "2026-03-23T07:20:00Z", OperationStatus::Succeeded),
        StartGround::Spent
    );
    assert_eq!(with(Operation::Start, "2026-03-23T07:20:00Z", failed()), StartGround::Due, "it turned nothing on");
    assert_eq!(with(Operation::Stop, "2026-03-23T06:50:00Z", OperationStatus::InProgress), StartGround::Unsettled);
    assert_eq!(
        with(Operation::Stop, "2026-03-23T06:50:00Z", OperationStatus::Other("?".into())),
        StartGround::Unsettled
    );
    let mut unknown = off("ci-a");
    unknown.last_operation = Reading::Unknown(Unknown::Missing);
    assert_eq!(found(&policy, &unknown, &history, now).ground, StartGround::Unsettled);
    unknown.created = When::NONE;
    assert_eq!(found(&policy, &unknown, &history, now).ground, StartGround::Unsettled);
}

#[test]
fn what_was_tried_before_decides_whether_it_is_tried_again() {
    let (policy, facts, history) = (policy(), off("ci-a"), History::default());
    let asked = at("2026-03-23T07:00:00Z");
    let with = |key: &str, result: Option<OperationResult>, now: &str| {
        let moment = Moment::new(&policy, at(now)).started(Some(past(&facts, key, asked, result)));
        start(&moment, &facts, &history, None).unwrap().ground
    };
    let failed = || Some(OperationResult::Failed("refused".to_owned()));
    assert_eq!(with(KEY, None, "2026-03-23T07:10:00Z"), StartGround::UnderWay);
    assert_eq!(with(KEY, Some(OperationResult::Done), "2026-03-23T07:10:00Z"), StartGround::Spent);
    assert_eq!(with(KEY, failed(), "2026-03-23T07:01:59Z"), StartGround::BackingOff);
    assert_eq!(with(KEY, failed(), "2026-03-23T07:02:00Z"), StartGround::Due);
    let withheld = Some(OperationResult::Dropped("frozen".to_owned()));
    assert_eq!(with(KEY, withheld, "2026-03-23T07:00:10Z"), StartGround::Due, "it never left");
    let earlier = "start/office/2026-03-20/0/on";
    assert_eq!(with(earlier, Some(OperationResult::Done), "2026-03-23T07:10:00Z"), StartGround::Due, "of another edge");
}

#[test]
fn a_hold_to_stay_off_holds_off_and_one_to_stay_on_starts_nothing() {
    let (policy, facts) = (policy(), off("ci-a"));
    let hold = |until: &str, off: bool| Hold {
        id: "h".to_owned(),
        instance: facts.id.clone(),
        created: facts.created,
        until: at(until),
        by: "ana".to_owned(),
        reason: "on leave".to_owned(),
        made_at: at("2026-03-20T09:00:00Z"),
        price: None,
        payer: Box::default(),
        link: None,
        off,
    };
    let with = |hold: Hold, now: &str| {
        let history = History { holds: thin_vec::thin_vec![hold], ..History::default() };
        let found = found(&policy, &facts, &history, now);
        (found.ground, found.start_at)
    };
    let (monday, tuesday) = (at("2026-03-23T07:00:00Z"), at("2026-03-24T07:00:00Z"));
    assert_eq!(
        with(hold("2026-03-23T07:30:00Z", true), "2026-03-23T07:10:00Z"),
        (StartGround::HeldOff, at("2026-03-23T07:30:00Z").into())
    );
    assert_eq!(
        with(hold("2026-03-23T12:00:00Z", true), "2026-03-23T07:10:00Z"),
        (StartGround::HeldOff, tuesday.into())
    );
    assert_eq!(
        with(hold("2026-03-23T12:00:00Z", true), "2026-03-22T07:10:00Z"),
        (StartGround::HeldOff, tuesday.into())
    );
    assert_eq!(with(hold("2026-03-23T12:00:00Z", false), "2026-03-22T07:10:00Z"), (StartGround::Coming, monday.into()));
}

#[test]
fn days_off_and_calendars_that_cannot_be_read_start_nothing() {
    let (facts, history) = (off("ci-a"), History::default());
    let days = policy_with(
        "allowed = [\"Mon-Fri 08:00-20:00\"], holidays = [\"2026-03-23\"], no_action = [\"2026-03-24\"]",
        "all = true",
    );
    let with = |policy: &Policy, now: &str| found(policy, &facts, &history, now).ground;
    assert_eq!(with(&days, "2026-03-23T07:30:00Z"), StartGround::Coming);
    assert_eq!(with(&days, "2026-03-24T07:30:00Z"), StartGround::NoActionDay);
    let mut unreadable = (*policy()).clone();
    let mut holidays = crate::schedule::Holidays::new();
    holidays.add_unreadable("es.ics", "no such file");
    let mut terms = (*unreadable.terms).clone();
    let rule = terms.hours.clone().unwrap();
    let hours = crate::schedule::Hours::in_zone(
        rule.hours.zone().clone(),
        rule.hours.windows().to_vec(),
        holidays,
        crate::schedule::Holidays::new(),
    );
    terms.hours = Some(crate::policy::HoursRule { hours: Arc::new(hours.unwrap()), ..rule });
    unreadable.terms = Arc::new(terms);
    assert_eq!(with(&unreadable, "2026-03-23T07:30:00Z"), StartGround::HoursUnknown);
}

#[test]
fn labels_are_one_word_each() {
    let labels: std::collections::BTreeSet<_> = StartGround::ALL.iter().map(|ground| ground.label()).collect();
    assert_eq!(labels.len(), StartGround::ALL.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// For any ticks each on-edge is started at most once, and never outside [edge, edge + catch_up]; whoever turns it off
    /// afterwards is never undone (S1, S2, S19).
    #[test]
    fn each_edge_starts_at_most_once_and_within_its_time(
        gaps in prop::collection::vec(prop_oneof![0_i64..3, 1_i64..40, 20_i64..900, 600_i64..4_000], 1..60),
        begin in 0_i64..30_000,
        spread in 0_u32..50,
        catch_up in 51_u32..180,
        turned_off in prop::collection::vec(any::<bool>(), 60),
        fails in prop::collection::vec(any::<bool>(), 60),
    ) {
        let policy = policy_with(
            "allowed = [\"Mon-Fri 08:00-20:00\", \"Sun 02:30-05:00\"], holidays = [\"2026-03-25\"], no_action = [\"2026-04-01\"]",
            &format!("all = true, spread = \"{spread}m\", catch_up = \"{catch_up}m\""),
        );
        let mut facts = off("ci-a");
        let mut starts: Vec<PastStart> = Vec::new();
        let mut now = after(at("2026-03-20T19:30:00Z"), SignedDuration::from_mins(begin));
        operated(&mut facts, Operation::Stop, now, OperationStatus::Succeeded);
        let hours = policy.hours().unwrap().clone();
        for (gap, (turned_off, fails)) in gaps.into_iter().zip(turned_off.into_iter().zip(fails)) {
            now = after(now, SignedDuration::from_mins(gap));
            if facts.state == PowerState::Running && turned_off {
                facts.state = PowerState::Stopped;
                operated(&mut facts, Operation::Stop, now, OperationStatus::Succeeded);
            }
            let known = Arc::new(Starts(BTreeMap::from([(facts.id.clone(), starts.clone())])));
            let moment = Moment::new(&policy, now).started(Some(known));
            let Some(found) = start(&moment, &facts, &History::default(), None) else { continue };
            if let Some(at) = found.start_at.known().filter(|_| found.ground == StartGround::Coming) {
                prop_assert!(at > now, "{found:?}");
            }
            if found.ground != StartGround::Due {
                continue;
            }
            let edge = found.edge_at.known().unwrap();
            prop_assert!(edge <= now && now <= after(edge, Span::minutes(catch_up).duration()), "{found:?}");
            let real = hours.previous_edge(now).unwrap();
            prop_assert_eq!((real.at, real.kind), (edge, crate::schedule::EdgeKind::On));
            prop_assert!(hours.contains(now), "S21: within hours");
            let done = |one: &PastStart| matches!(one.ended, Some((_, OperationResult::Done)));
            prop_assert!(!starts.iter().any(|one| one.key == found.key && done(one)), "S2: twice for {}", found.key);
            let stopped = facts.last_operation.known().unwrap();
            prop_assert!(stopped.at < edge || stopped.operation == Operation::Start, "somebody acted since");
            let result = if fails { OperationResult::Failed("refused".to_owned()) } else { OperationResult::Done };
            starts.push(PastStart { key: found.key.clone(), created: facts.created, asked_at: now, ended: Some((now, result)) });
            if !fails {
                facts.state = PowerState::Running;
                operated(&mut facts, Operation::Start, now, OperationStatus::Succeeded);
            }
        }
    }
}
