//! Instances, stops, holds and messages for tests of a journal.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use lightsout::facts::{
    Created, History, Hold, InstanceFacts, LastOperation, NoticeKey, Operation, OperationStatus, Owner, PowerState,
    Reading, StopKey, Tags, Trigger, Unknown,
};
use lightsout::plan::{Expected, Notice, Step};
use lightsout::ports::{Decision, Fault, FaultKind, Intent, Lane, Message, Sighting, SweepRecord};
use lightsout::rules::{Action, Finding, Ground, Rule, Under, Verdict};
use lightsout::units::{Currency, InstanceId, Money, PolicyId, Region, When};

/// Every message, whatever its channel.
pub(crate) const EVERY: Lane<'static> = Lane::Beside(&[]);

pub(crate) const T0: i64 = 1_800_000_000;

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::new(T0 + seconds, 123_456_789).unwrap()
}

pub(crate) fn hours(n: i64) -> SignedDuration {
    SignedDuration::from_hours(n)
}

pub(crate) fn id(name: &str) -> InstanceId {
    let text = format!(
        "/subscriptions/S-1/resourceGroups/Rg/providers/Microsoft.MachineLearningServices/workspaces/Ws/computes/{name}"
    );
    InstanceId::parse(&text).unwrap()
}

pub(crate) fn upper(id: &InstanceId) -> InstanceId {
    InstanceId::parse(&id.to_string().to_ascii_uppercase()).unwrap()
}

pub(crate) fn born() -> Created {
    Created::at("2026-01-02T03:04:05.6789012Z".parse().unwrap())
}

pub(crate) fn facts(name: &str, created: Created, state: PowerState, seen: Timestamp) -> InstanceFacts {
    InstanceFacts {
        id: id(name),
        created,
        state,
        size: Arc::from("STANDARD_NC6"),
        region: Region::new("westeurope"),
        owner: Arc::new(Owner { user_name: Some("a@example.org".into()), ..Owner::default() }),
        tags: Reading::Known {
            value: Tags(vec![(Arc::from("Team"), Arc::from("x'; DROP TABLE instances; --"))]),
            as_of: seen.into(),
        },
        last_operation: Reading::Unknown(Unknown::Missing),
        native: Arc::default(),
        observed_at: seen,
        oddities: Default::default(),
    }
}

pub(crate) fn operated(mut facts: InstanceFacts, operation: Operation, when: Timestamp) -> InstanceFacts {
    let value = LastOperation { operation, at: when, status: OperationStatus::Succeeded, trigger: Trigger::User };
    facts.last_operation = Reading::Known { value: Arc::new(value), as_of: facts.observed_at.into() };
    facts
}

pub(crate) fn sighting(facts: InstanceFacts, before: Option<PowerState>) -> Sighting {
    let seen = facts.observed_at;
    let history = History {
        first_seen: When::at(seen),
        on_since: When::at(seen),
        last_seen_off: When::NONE,
        last_busy: When::at(seen),
        timer_changed: When::at(seen),
        ..History::default()
    };
    Sighting { facts: Arc::new(facts), before, not_before: When::NONE, not_after: seen, history }
}

/// A decision to keep it, with these words.
pub(crate) fn decision(name: &str, when: Timestamp, words: &str) -> Decision {
    let facts = facts(name, born(), PowerState::Running, when);
    let finding =
        Finding { rule: Rule::Hours, ground: Ground::InHours, words: words.to_owned().into(), due_at: when.into() };
    let verdict = Verdict {
        instance: facts.id.clone(),
        created: facts.created,
        under: Arc::new(Under {
            policy: PolicyId::new("p"),
            revision: "r".into(),
            override_name: None,
            zone: None,
            zone_data: None,
        }),
        at: when,
        action: Action::Keep,
        ground: Ground::InHours,
        due: None,
        notice: None,
        changes_at: When::NONE,
        findings: Arc::new([finding]),
    };
    Decision { facts: Arc::new(facts), evidence: None, verdict: Arc::new(verdict) }
}

/// A sweep that saw these, and nothing else.
pub(crate) fn sweep_of(sightings: Vec<Sighting>, when: Timestamp) -> SweepRecord {
    let seen = sightings.iter().map(|s| (s.facts.id.workspace().clone(), when)).take(1).collect();
    SweepRecord { at: Some(when), seen, sightings, ..SweepRecord::default() }
}

pub(crate) fn running(name: &str, created: Created, when: Timestamp) -> SweepRecord {
    sweep_of(vec![sighting(facts(name, created, PowerState::Running, when), None)], when)
}

pub(crate) fn intent(intent_id: &str, name: &str, created: Created, key: &str, when: Timestamp) -> Intent {
    let facts = facts(name, created, PowerState::Running, when);
    let step = Step {
        instance: facts.id.clone(),
        created,
        policy: PolicyId::new("Nightly"),
        revision: Arc::from("r1"),
        ground: Ground::OffHours,
        key: StopKey(key.into()),
        due_at: when,
        stop_at: when,
        expected: Expected::of(&facts),
        observed_at: when,
        size: facts.size,
        counterfactual: None,
    };
    Intent { id: intent_id.to_owned(), step, at: when, attempt: 1 }
}

pub(crate) fn hold(hold_id: &str, name: &str, created: Created, made: Timestamp, until: Timestamp) -> Hold {
    Hold {
        id: hold_id.to_owned(),
        instance: id(name),
        created,
        until,
        by: "ann".to_owned(),
        reason: "training".to_owned(),
        made_at: made,
        price: Some(Money::micros(6_120_000, Currency::USD)),
        payer: "ann".into(),
        link: None,
        off: false,
    }
}

pub(crate) fn warning(name: &str, created: Created, key: &str, stop_at: Timestamp, when: Timestamp) -> Message {
    let notice = Notice {
        instance: id(name),
        created,
        key: NoticeKey { stop: StopKey(key.into()), stop_at },
        policy: PolicyId::new("Nightly"),
        ground: "off_hours".to_owned(),
        owner: Some("a@example.org".to_owned()),
        notify: vec!["team".to_owned()],
        words: "it will be stopped".to_owned(),
    };
    Message::warning(&notice, when)
}

pub(crate) fn kind<T: std::fmt::Debug>(answer: Result<T, Fault>) -> FaultKind {
    answer.unwrap_err().kind
}
