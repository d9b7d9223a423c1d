//! The judgement as a table: what is wanted, what is set, who saw use, and what is said of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use thin_vec::{ThinVec, thin_vec};

use super::*;
use crate::facts::{NativeSchedule, Owner, Reading, Stretch, Tags, Track, Unknown, Use};
use crate::policy::{Policy, SourceText, Sources, parse};
use crate::units::{InstanceId, Region, When, WorkspaceId};

const WANTED: Span = Span::minutes(60);

fn at(minute: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH.checked_add(SignedDuration::from_mins(minute)).unwrap()
}

fn policy(tables: &str) -> Arc<Policy> {
    let text = format!("name = \"p\"\nscope = {{ workspaces = [\"*\"] }}\n{tables}");
    let sources = SourceSet::NONE.with(Source::Agent);
    let file = SourceText { file: "p.toml".into(), text };
    let calendars = BTreeMap::new();
    let parsed = parse(&Sources { defaults: None, policies: &[file], calendars: &calendars, channels: 1, sources });
    assert!(!parsed.has_errors(), "{:?}", parsed.diagnostics);
    Arc::clone(&parsed.set.policies[0])
}

fn wants() -> Arc<Policy> {
    policy("[native]\nidle_shutdown = \"60m\"\n[exempt]\nnames = [\"*-prod\"]")
}

fn facts(name: &str, timers: NativeTimers) -> InstanceFacts {
    InstanceFacts {
        id: InstanceId::new(WorkspaceId::new("s", "g", "w").unwrap(), name).unwrap(),
        created: at(0).into(),
        state: PowerState::Running,
        size: "STANDARD_DS3_V2".into(),
        region: Region::new("westeurope"),
        owner: Arc::new(Owner { user_name: Some("ana@example.com".into()), ..Owner::default() }),
        tags: Reading::Known { value: Tags::default(), as_of: When::NONE },
        last_operation: Reading::Unknown(Unknown::Missing),
        native: Arc::new(timers),
        observed_at: at(0),
        oddities: ThinVec::new(),
    }
}

fn timer(after: Span) -> NativeTimers {
    NativeTimers { idle_shutdown: Some(after), ..NativeTimers::default() }
}

fn said(policy: &Policy, facts: &InstanceFacts) -> Vec<&'static str> {
    let found = native(&Moment::new(policy, at(1)), facts, Evidence::NONE, &History::default());
    found.into_iter().map(NativeFinding::label).collect()
}

#[test]
fn what_is_wanted_against_what_is_set() {
    let (wants, silent) = (wants(), policy("[uptime]\nmax = \"5d\""));
    let custom = NativeTimers { custom_applications: vec!["shiny".into()], ..timer(WANTED) };
    let identity = NativeTimers { identity: Some(true), ..timer(WANTED) };
    let without = NativeTimers { identity: Some(true), custom_applications: vec!["x".into()], ..Default::default() };
    let cases: [(NativeTimers, &[&str], &[&str]); 6] = [
        (NativeTimers::default(), &["missing"], &[]),
        (timer(Span::hours(3)), &["different"], &[]),
        (timer(WANTED), &[], &[]),
        (custom, &["custom_applications"], &["custom_applications"]),
        (identity, &["identity_unverified"], &["identity_unverified"]),
        (without, &["missing", "custom_applications", "identity_unverified"], &[]),
    ];
    for (timers, wanted, unwanted) in cases {
        let facts = facts("ci-a", timers);
        assert_eq!(said(&wants, &facts), wanted, "{:?}", facts.native);
        assert_eq!(said(&silent, &facts), unwanted, "{:?}", facts.native);
    }
}

#[test]
fn what_is_exempt_or_on_its_way_out_is_nobodys_to_change() {
    let policy = wants();
    let exempt = facts("ci-prod", NativeTimers::default());
    assert!(said(&policy, &exempt).is_empty());
    assert!(wanted_timer(&Moment::new(&policy, at(1)), &exempt).is_err());
    let mut unread = facts("ci-a", NativeTimers::default());
    unread.tags = Reading::Unknown(Unknown::Missing);
    assert!(said(&policy, &unread).is_empty(), "unreadable tags count as opting out (G13)");
    let mut going = facts("ci-a", NativeTimers::default());
    going.state = PowerState::Changing("Deleting".into());
    assert!(said(&policy, &going).is_empty());
}

#[test]
fn what_is_left_to_azures_timer_has_one_that_can_be_read() {
    let left = policy("[idle]\nafter = \"60m\"\nneeds = [\"azure_timer\"]\n[exempt]\nnames = [\"*-prod\"]");
    let of = |name: &str, timers: NativeTimers| said(&left, &facts(name, timers));
    assert_eq!(of("ci-a", NativeTimers::default()), ["unset"]);
    assert_eq!(of("ci-a", timer(Span::ZERO)), ["unset"]);
    assert_eq!(of("ci-a", timer(WANTED)), [""; 0]);
    assert_eq!(of("ci-prod", NativeTimers::default()), [""; 0], "what is exempt is nobody's to stop");
    let odd = || NativeTimers { unreadable: Some("soon".into()), ..NativeTimers::default() };
    assert_eq!(of("ci-a", odd()), ["unreadable"]);
    let found = native(&Moment::new(&wants(), at(1)), &facts("ci-a", odd()), Evidence::NONE, &History::default());
    assert_eq!(found, [NativeFinding::Unreadable], "what may be set is not set over");
    assert!(found[0].wanted().is_none() && found[0].words(&odd()).contains("`soon`"));
}

#[test]
fn schedules_that_do_nothing_are_told() {
    let schedule =
        |enabled, failed| NativeSchedule { starts: false, enabled, when: "daily".into(), zone: None, failed };
    let of = |schedules| facts("ci-a", NativeTimers { schedules, ..NativeTimers::default() });
    let silent = policy("[uptime]\nmax = \"5d\"");
    assert!(said(&silent, &of(vec![schedule(true, false)])).is_empty());
    assert_eq!(
        said(&silent, &of(vec![schedule(false, false), schedule(true, true)])),
        ["schedule_off", "schedule_failed"]
    );
}

fn watched(now: Use, until: i64) -> Evidence {
    let watched = thin_vec![Stretch { from: at(0), to: at(until) }];
    let track = Track {
        source: Source::Agent,
        now,
        as_of: at(until),
        words: "so".into(),
        last_busy: When::NONE,
        watched,
        job: None,
        doubt: None,
    };
    Evidence { tracks: thin_vec![track], disk: None }
}

fn barks(policy: &Policy, facts: &InstanceFacts, evidence: &Evidence, history: &History, now: i64) -> bool {
    let found = native(&Moment::new(policy, at(now)), facts, evidence, history);
    found.iter().any(|finding| matches!(finding, NativeFinding::Ineffective { .. }))
}

#[test]
fn the_watchdog_barks_after_twice_the_timer_and_only_at_what_is_known_to_be_idle() {
    let history = History { on_since: at(0).into(), last_seen_off: at(0).into(), ..History::default() };
    let set = facts("ci-a", timer(WANTED));
    for policy in [wants(), policy("[idle]\nafter = \"4h\"\nneeds = [\"azure_timer\"]")] {
        assert!(!barks(&policy, &set, &watched(Use::Quiet, 119), &history, 119), "not yet");
        assert!(barks(&policy, &set, &watched(Use::Quiet, 120), &history, 120));
        assert!(!barks(&policy, &set, Evidence::NONE, &history, 10_000), "nobody watches: not known to be idle");
        assert!(!barks(&policy, &set, &watched(Use::Busy, 120), &history, 120));
        assert!(!barks(&policy, &set, &watched(Use::Unknown, 120), &history, 120));
        assert!(!barks(&policy, &set, &watched(Use::Quiet, 120), &history, 150), "its word is stale");
        let changed = History { timer_changed: at(60).into(), ..history.clone() };
        assert!(!barks(&policy, &set, &watched(Use::Quiet, 130), &changed, 130), "Azure counts from the change");
        assert!(barks(&policy, &set, &watched(Use::Quiet, 180), &changed, 180));
        for state in [PowerState::Stopped, PowerState::JobRunning, PowerState::Changing("Stopping".into())] {
            let other = InstanceFacts { state, ..set.clone() };
            assert!(!barks(&policy, &other, &watched(Use::Quiet, 500), &history, 500));
        }
    }
}

#[test]
fn the_watchdog_waits_for_what_is_use_to_azure_and_for_what_nobody_knows() {
    let history = History { on_since: at(0).into(), last_seen_off: at(0).into(), ..History::default() };
    let set = facts("ci-a", timer(WANTED));
    let watch =
        |minutes: i64, history: &History| barks(&wants(), &set, &watched(Use::Quiet, minutes), history, minutes);
    let seen = History { first_seen: at(100).into(), ..history.clone() };
    assert!(!watch(219, &seen), "nobody knows what the timer was before it was first seen");
    assert!(watch(220, &seen));
    let linked = |minutes: i64| barks(&wants(), &set, &watched(Use::Connected, minutes), &history, minutes);
    assert!(!linked(299), "to Azure a connection of VS Code is use for three hours");
    assert!(linked(300));
    let monitor = policy("[idle]\nafter = \"4h\"\nneeds = [\"monitor\"]");
    let jobs = |minutes: i64| {
        let mut evidence = watched(Use::Quiet, minutes);
        evidence.tracks[0].source = Source::Monitor;
        evidence
    };
    assert!(!barks(&monitor, &set, &jobs(500), &history, 500), "Azure Monitor sees jobs alone");
    let unset = facts("ci-a", NativeTimers::default());
    assert!(!barks(&wants(), &unset, &watched(Use::Quiet, 500), &history, 500), "no timer, nothing to watch");
}

#[test]
fn every_finding_has_its_words_and_its_label() {
    let found = [
        NativeFinding::Missing { wanted: WANTED },
        NativeFinding::Different { is: Span::hours(2), wanted: WANTED },
        NativeFinding::Unset,
        NativeFinding::Unreadable,
        NativeFinding::CustomApplications,
        NativeFinding::IdentityUnverified,
        NativeFinding::ScheduleOff,
        NativeFinding::ScheduleFailed,
        NativeFinding::Ineffective { timer: WANTED, since: at(0), connected: false },
    ];
    assert_eq!(found.map(NativeFinding::label), NativeFinding::LABELS);
    let timers = NativeTimers { identity: Some(true), custom_applications: vec!["x".into()], ..timer(WANTED) };
    assert!(found.iter().all(|one| !one.words(&timers).is_empty()));
    assert!(found[1].words(&timers).contains("counts from anew"), "lowering resets Azure's clock");
    assert!(found[8].words(&timers).contains("custom applications"));
    assert!(found[8].words(&timer(WANTED)).contains("left open"));
    let connected = NativeFinding::Ineffective { timer: WANTED, since: at(0), connected: true };
    assert!(connected.words(&timers).contains("ask before you stop it"));
}
