//! What people read on the terminal, as golden texts beside hand-built fleets.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/build.rs"]
mod build;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::tz::TimeZone;
use lightsout::cli::exit::Exit;
use lightsout::cli::render::{Look, Paint, Zones, explain, plan, status, sweep};
use lightsout::facts::{Freeze, InstanceFacts, NativeSchedule, NativeTimers, Oddity, Owner};
use lightsout::guard::Refusal;
use lightsout::policy::{Mode, Origin};
use lightsout::report::{Explanation, FleetView, Outcome, StopLine, TermLine};
use lightsout::rules::{Action, Finding, Ground, Rule, Verdict};
use lightsout::units::{PolicyId, Span};

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

fn look() -> Look {
    Look { paint: Paint::Plain, width: 130, zones: Zones(BTreeMap::from([(PolicyId::new("office"), berlin())])), now: build::now() }
}

/// Compares with `tests/render/NAME.txt`; LIGHTSOUT_BLESS=1 writes it anew.
#[expect(clippy::disallowed_methods, reason = "a test's own switch, read nowhere else")]
fn golden(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/render").join(format!("{name}.txt"));
    if std::env::var_os("LIGHTSOUT_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, wanted, "{} differs; look at the change, then bless it with LIGHTSOUT_BLESS=1", path.display());
}

fn told() -> Explanation {
    let native = NativeTimers {
        idle_shutdown: Some(Span::minutes(90)),
        schedules: vec![NativeSchedule { starts: false, enabled: false, when: "daily 19:00".to_owned(), zone: Some("W. Europe Standard Time".to_owned()) }],
    };
    let odd = Oddity { field: "lastOperation.operationTime".to_owned(), what: "in the future\u{7}".to_owned() };
    let facts = InstanceFacts { native, oddities: vec![odd], ..build::facts("ws-a", "ci-ada") };
    let finding = |rule, ground, words: &str, due| Finding { rule, ground, words: words.to_owned().into(), due_at: due };
    let verdict = Verdict {
        due: Some(build::due(Ground::OffHours, build::minutes(10))),
        changes_at: Some(build::minutes(10)),
        findings: vec![
            finding(Rule::Warning, Ground::Announced, "announced to ada@example.com, delivered 5m ago", None),
            finding(Rule::Hours, Ground::OffHours, "outside Mon-Fri 08:00-20:00 since Tue 20:00", Some(build::minutes(10))),
            finding(Rule::Idle, Ground::IdleUnknown, "no source is configured", None),
        ],
        ..build::verdict(&facts, Action::Keep, Ground::Announced)
    };
    let written = |line| Origin::Written { file: Arc::from("policies/office.toml"), line };
    let term = |key: &str, value: Option<&str>, origin| TermLine { key: key.to_owned(), value: value.map(str::to_owned), origin };
    Explanation {
        facts: Arc::new(facts),
        verdict: Arc::new(verdict),
        zone: Some("Europe/Berlin".to_owned()),
        mode: Some(Mode::Observe),
        terms: vec![
            term("hours.allowed", Some("Mon-Fri 08:00-20:00"), written(9)),
            term("hours.spread", Some("1m"), Origin::BuiltIn),
            term("idle.after", Some("1h30m"), written(14)),
            term("warning.lead", Some("15m"), Origin::BuiltIn),
        ],
        hold: None,
        refusals: vec![Refusal::ObserveMode, Refusal::Canary],
        recorded: false,
    }
}

#[test]
fn plan_groups_what_is_kept_and_orders_what_stops() {
    golden("plan", &plan(&build::rich(), &look()));
}

#[test]
fn plan_of_nothing_says_so() {
    golden("plan_empty", &plan(&build::fleet(vec![build::room("ws-a", Vec::new())]), &look()));
}

#[test]
fn explain_tells_the_whole_decision() {
    golden("explain", &explain(&told(), &berlin(), &look()));
}

#[test]
fn explanations_survive_the_journey_over_the_socket() {
    let json = serde_json::to_string(&told()).unwrap();
    assert_eq!(serde_json::from_str::<Explanation>(&json).unwrap(), told());
}

fn troubled() -> FleetView {
    let mut view = build::rich();
    view.freeze = Freeze::On("incident 4711".to_owned());
    view.reload = Err("policies/office.toml:3:1: hourz: unknown key".to_owned());
    view.sight.clock_trouble = Some("stepped forward by 6m".to_owned());
    for policy in &mut view.policies {
        policy.canary_until = Some(build::minutes(300));
    }
    view
}

#[test]
fn status_puts_first_what_needs_a_person() {
    golden("status", &status(&troubled(), &look()));
}

#[test]
fn status_of_a_well_fleet_is_short() {
    golden("status_well", &status(&build::fleet(vec![build::room("ws-a", vec![build::shown(build::facts("ws-a", "ci-1"), None)])]), &look()));
}

#[test]
fn sweep_names_each_stop_and_each_refusal() {
    let mut view = build::rich();
    let failing = StopLine {
        step: build::step(&build::facts("ws-b", "ci-full"), Ground::Idle),
        outcome: Outcome::Failed { label: "disk_full", words: "Azure refused: no space left; its owner must free 1 to 2 GB".to_owned() },
        at: build::now(),
    };
    Arc::make_mut(&mut view.last).stops.push(failing);
    golden("sweep", &sweep(&view, &look()));
    assert_eq!(Exit::of_sweep(&view), Exit::StopFailed);
}

#[test]
fn exit_codes_say_what_happened() {
    assert_eq!(Exit::of_sweep(&build::rich()).code(), 3, "a workspace could not be read");
    assert_eq!(Exit::of_sweep(&build::fleet(Vec::new())).code(), 0);
}

#[test]
fn no_text_from_azure_reaches_the_terminal_raw() {
    let evil = "\u{1b}[2J\u{202e}x\r\n";
    let mut facts = build::facts("ws-a", "ci-1");
    facts.owner = Owner { user_name: Some(Arc::from(evil)), ..Owner::default() };
    facts.size = Arc::from(evil);
    facts.oddities = vec![Oddity { field: evil.to_owned(), what: evil.to_owned() }];
    let mut verdict = build::verdict(&facts, Action::Stop, Ground::OffHours);
    verdict.due = Some(build::due(Ground::OffHours, build::minutes(-5)));
    verdict.findings = vec![Finding { rule: Rule::Hours, ground: Ground::OffHours, words: evil.to_owned().into(), due_at: None }];
    let told = Explanation { facts: Arc::new(facts.clone()), verdict: Arc::new(verdict.clone()), ..told() };
    let mut shown = build::shown(facts.clone(), Some(verdict));
    shown.hold = Some(lightsout::facts::Hold { by: evil.to_owned(), reason: evil.to_owned(), ..build::hold(&facts, build::minutes(5)) });
    let mut room = build::room("ws-a", vec![shown]);
    room.fault = Some(evil.to_owned());
    let view = FleetView { freeze: Freeze::On(evil.to_owned()), reload: Err(evil.to_owned()), ..build::fleet(vec![room]) };
    for text in [plan(&view, &look()), status(&view, &look()), sweep(&view, &look()), explain(&told, &berlin(), &look())] {
        assert!(text.contains("\\u{1b}"), "{text}");
        assert!(!text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{text:?}");
    }
}

#[test]
fn colour_changes_nothing_but_colour() {
    let coloured = Look { paint: Paint::Colour, ..look() };
    for (plain, painted) in [(plan(&build::rich(), &look()), plan(&build::rich(), &coloured)), (status(&troubled(), &look()), status(&troubled(), &coloured))] {
        assert_ne!(plain, painted);
        assert_eq!(anstream::adapter::strip_str(&painted).to_string(), plain);
    }
}

#[test]
fn narrow_terminals_are_kept_to() {
    let narrow = Look { width: 60, ..look() };
    for line in plan(&build::rich(), &narrow).lines().filter(|line| line.starts_with(' ') && !line.starts_with("  backing_off")) {
        assert!(line.chars().count() <= 61, "{line}");
    }
}
