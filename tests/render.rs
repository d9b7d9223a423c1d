//! What people read on the terminal, as golden texts beside hand-built fleets.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/build.rs"]
mod build;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::tz::TimeZone;
use lightsout::cli::exit::Exit;
use lightsout::cli::render::{Look, Paint, Zones, explain, lost, plan, status, sweep};
use lightsout::facts::{
    EndedStop, Freeze, History, InstanceFacts, NativeSchedule, NativeTimers, NoticeKey, NoticeState, Oddity, Owner,
    PastNotice, PowerState, Proposal, SourceSet, StopKey, StopResult,
};
use lightsout::guard::Refusal;
use lightsout::ledger::{PriceBook, PriceSource, Priced};
use lightsout::policy::{Mode, Origin, SourceText, Sources, parse};
use lightsout::report::{Explanation, FleetView, Outcome, StopLine, TermLine, proposal_named, term_lines};
use lightsout::rules::{Action, Finding, Ground, Rule, Verdict};
use lightsout::units::{PolicyId, Span, When};
use thin_vec::thin_vec;

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

fn look() -> Look {
    Look { paint: Paint::Plain, width: 130, zones: Zones::of_view(&build::fleet(Vec::new())), now: build::now() }
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

fn known() -> InstanceFacts {
    let native = NativeTimers {
        idle_shutdown: Some(Span::minutes(90)),
        schedules: vec![NativeSchedule {
            starts: false,
            enabled: false,
            when: "daily 19:00".to_owned(),
            zone: Some("W. Europe Standard Time".to_owned()),
            failed: false,
        }],
        ..NativeTimers::default()
    };
    let odd = Oddity { field: "lastOperation.operationTime".to_owned(), what: "in the future\u{7}".to_owned() };
    InstanceFacts { native: Arc::new(native), oddities: thin_vec![odd], ..build::facts("ws-a", "ci-ada") }
}

fn decided(facts: &InstanceFacts) -> Verdict {
    let finding = |rule, ground, words: &str, due: Option<jiff::Timestamp>| Finding {
        rule,
        ground,
        words: words.to_owned().into(),
        due_at: due.into(),
    };
    Verdict {
        due: Some(Box::new(build::due(Ground::OffHours, build::minutes(10)))),
        changes_at: When::at(build::minutes(10)),
        findings: Arc::new([
            finding(Rule::Warning, Ground::Announced, "announced to ada@example.com, delivered 5m ago", None),
            finding(
                Rule::Hours,
                Ground::OffHours,
                "outside Mon-Fri 08:00-20:00 since Tue 20:00",
                Some(build::minutes(10)),
            ),
            finding(Rule::Idle, Ground::IdleUnknown, "no source is configured", None),
        ]),
        ..build::verdict(facts, Action::Keep, Ground::Announced)
    }
}

fn remembered() -> History {
    let notice = PastNotice {
        key: NoticeKey { stop: StopKey("hours/office/2026-11-24".into()), stop_at: build::minutes(10) },
        recorded_at: build::minutes(-5),
        state: NoticeState::Delivered { at: build::minutes(-5) },
    };
    let ended = EndedStop {
        key: StopKey("hours/office/2026-11-23".into()),
        asked_at: build::minutes(-1_440),
        ended_at: build::minutes(-1_437),
        result: StopResult::StartedAgain,
    };
    History {
        on_since: When::at(build::minutes(-598)),
        last_seen_off: When::at(build::minutes(-603)),
        notices: thin_vec![notice],
        stops: thin_vec![ended],
        ..History::default()
    }
}

fn told() -> Explanation {
    let written = |line| Origin::Written { file: Arc::from("policies/office.toml"), line };
    let term = |key: &str, value: &str, origin| TermLine { key: key.to_owned(), value: Some(value.to_owned()), origin };
    let facts = known();
    Explanation {
        evidence: None,
        verdict: Arc::new(decided(&facts)),
        hold: Some(build::hold(&facts, build::minutes(5))),
        facts: Arc::new(facts),
        history: Some(remembered()),
        zone: Some("Europe/Berlin".to_owned()),
        mode: Some(Mode::Observe),
        terms: vec![
            term("hours.allowed", "Mon-Fri 08:00-20:00", written(9)),
            term("hours.spread", "1m", Origin::BuiltIn),
            term("idle.after", "1h30m", written(14)),
            term("warning.lead", "15m", Origin::BuiltIn),
        ],
        native: Vec::new(),
        start: None,
        refusals: vec![Refusal::ObserveMode, Refusal::Canary],
        deletion: None,
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

#[test]
fn an_old_record_without_its_policy_is_explained_as_far_as_it_goes() {
    let old = Explanation { history: None, zone: None, mode: None, terms: Vec::new(), recorded: true, ..told() };
    let text = explain(&old, &TimeZone::UTC, &look());
    assert!(text.contains("as recorded") && text.contains("announced to ada@example.com"), "{text}");
    assert!(!text.contains("guard") && !text.contains("Remembered") && !text.contains("policies/"), "{text}");
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
fn what_burns_most_is_listed_first_and_nothing_is_hidden_by_the_cut() {
    let price = |id, size: &str, rate: &str| build::price(id, size, rate, PriceSource::Retail);
    let (dear, cheap) = (price(1, "DEAR", "12.5"), price(2, "CHEAP", "0.0575"));
    let book = [&dear, &cheap].map(|price| {
        let known = Priced { price: Some(price.clone()), doubt: None, asked_at: build::now() };
        (price.quote.key.clone(), known)
    });
    let of = |n: usize| {
        let size = if n == 11 {
            "DEAR"
        } else if n.is_multiple_of(4) {
            "NEW"
        } else {
            "CHEAP"
        };
        let facts = InstanceFacts { size: Arc::from(size), ..build::facts("ws-a", &format!("ci-{n:02}")) };
        build::shown(facts, None)
    };
    let mut view = build::fleet(vec![build::room("ws-a", (0..16).map(of).collect())]);
    view.money.prices = Arc::new(PriceBook::new(book.into()));
    let text = status(&view, &look());
    let section: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("Burning")).take(13).collect();
    assert_eq!(section[0], "Burning now: 13.13 USD an hour, and 4 at an unknown price");
    assert!(section[2].contains("ws-a/ci-11") && section[2].contains("12.5 USD"), "{text}");
    assert!(section[3].contains("ws-a/ci-01") && section[3].contains("0.0575 USD"), "{text}");
    assert_eq!(section[12], "  and 6 more: 0.12 USD an hour, and 4 at an unknown price");
}

#[test]
fn status_of_a_well_fleet_is_short() {
    golden(
        "status_well",
        &status(
            &build::fleet(vec![build::room("ws-a", vec![build::shown(build::facts("ws-a", "ci-1"), None)])]),
            &look(),
        ),
    );
}

#[test]
fn sweep_names_each_stop_and_each_refusal() {
    let mut view = build::rich();
    let failing = StopLine {
        step: build::step(&build::facts("ws-b", "ci-full"), Ground::Idle),
        outcome: Outcome::Failed {
            label: "disk_full",
            words: "Azure refused: no space left; its owner must free 1 to 2 GB".to_owned(),
        },
        at: build::now(),
    };
    Arc::make_mut(&mut view.last).stops.push(failing);
    golden("sweep", &sweep(&view, &look()));
    assert_eq!(Exit::of_sweep(&view), Exit::StopFailed);
    assert!(!sweep(&view, &look()).contains("FROZEN"));
    view.freeze = Freeze::On("an incident".to_owned());
    assert!(sweep(&view, &look()).contains("\n\nFROZEN: an incident; nothing is stopped until"), "G12");
}

#[test]
fn exit_codes_say_what_happened() {
    let mut view = build::rich();
    assert_eq!(Exit::of_sweep(&view).code(), 4, "a stop of an earlier sweep came to nothing");
    Arc::make_mut(&mut view.last).settled.clear();
    let refused = std::mem::take(&mut Arc::make_mut(&mut view.last).refused);
    assert_eq!(Exit::of_sweep(&view).code(), 3, "a workspace could not be read");
    let mut well = build::fleet(Vec::new());
    let step = refused.first().unwrap().0.clone();
    for refusal in Refusal::ALL {
        use Refusal::{
            BackingOff, ClockUnsteady, DiskFull, LeaseUnsure, NoSecondLook, NotRecorded, OverCap, SickView, Stale,
            TooManyFailures,
        };
        let last = Arc::make_mut(&mut well.last);
        last.refused = vec![(step.clone(), refusal)];
        let first_half = matches!(refusal, BackingOff | ClockUnsteady | DiskFull | LeaseUnsure | NoSecondLook);
        let trouble = first_half || matches!(refusal, NotRecorded | OverCap | SickView | Stale | TooManyFailures);
        let code = if trouble { 4 } else { 0 };
        assert_eq!(Exit::of_sweep(&well).code(), code, "due, on, and {refusal:?}");
    }
    assert_eq!(Exit::of_sweep(&build::fleet(Vec::new())).code(), 0);
}

#[test]
fn no_text_from_azure_reaches_the_terminal_raw() {
    let evil = "\u{1b}[2J\u{202e}x\r\n";
    let mut facts = build::facts("ws-a", "ci-1");
    facts.owner = Arc::new(Owner { user_name: Some(evil.into()), ..Owner::default() });
    facts.size = Arc::from(evil);
    facts.oddities = thin_vec![Oddity { field: evil.to_owned(), what: evil.to_owned() }];
    let mut verdict = build::verdict(&facts, Action::Stop, Ground::OffHours);
    verdict.due = Some(Box::new(build::due(Ground::OffHours, build::minutes(-5))));
    verdict.findings = Arc::new([Finding {
        rule: Rule::Hours,
        ground: Ground::OffHours,
        words: evil.to_owned().into(),
        due_at: When::NONE,
    }]);
    let told = Explanation { facts: Arc::new(facts.clone()), verdict: Arc::new(verdict.clone()), ..told() };
    let mut shown = build::shown(facts.clone(), Some(verdict));
    shown.holds.push(lightsout::facts::Hold {
        by: evil.to_owned(),
        reason: evil.to_owned(),
        ..build::hold(&facts, build::minutes(5))
    });
    let mut room = build::room("ws-a", vec![shown]);
    room.fault = Some(evil.to_owned());
    let view =
        FleetView { freeze: Freeze::On(evil.to_owned()), reload: Err(evil.to_owned()), ..build::fleet(vec![room]) };
    for text in
        [plan(&view, &look()), status(&view, &look()), sweep(&view, &look()), explain(&told, &berlin(), &look())]
    {
        assert!(text.contains("\\u{1b}"), "{text}");
        assert!(!text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{text:?}");
    }
}

#[test]
fn colour_changes_nothing_but_colour() {
    let coloured = Look { paint: Paint::Colour, ..look() };
    for (plain, painted) in [
        (plan(&build::rich(), &look()), plan(&build::rich(), &coloured)),
        (status(&troubled(), &look()), status(&troubled(), &coloured)),
    ] {
        assert_ne!(plain, painted);
        assert_eq!(anstream::adapter::strip_str(&painted).to_string(), plain);
    }
}

#[test]
fn narrow_terminals_are_kept_to() {
    let narrow = Look { width: 60, ..look() };
    for line in
        plan(&build::rich(), &narrow).lines().filter(|line| line.starts_with(' ') && !line.starts_with("  backing_off"))
    {
        assert!(line.chars().count() <= 61, "{line}");
    }
}

/// Every value of a policy that is written or built in is told to the rule that reads it.
#[test]
fn each_line_of_a_policy_is_told_with_its_value() {
    let text = concat!(
        "name = \"office\"\nmode = \"enforce\"\n[scope]\nworkspaces = [\"ws-a\"]\n",
        "[hours]\nzone = \"Europe/Berlin\"\nallowed = [\"Mon-Fri 08:00-20:00\"]\n[idle]\nafter = \"90m\"\n[uptime]\nmax = \"20h\"\n",
        "[budget]\nmonthly = \"2000\"\n",
    );
    let source = SourceText { file: Arc::from("policies/office.toml"), text: text.to_owned() };
    let calendars = BTreeMap::new();
    let sources =
        Sources { defaults: None, policies: &[source], calendars: &calendars, channels: 1, sources: SourceSet::NONE };
    let parsed = parse(&sources);
    let policy = parsed.set.get(&PolicyId::new("office")).unwrap();
    let terms = term_lines(&policy.terms);
    for (key, wanted) in [
        ("hours.zone", "Europe/Berlin"),
        ("hours.allowed", "Mon-Fri 08:00-20:00"),
        ("idle.after", "1h30m"),
        ("uptime.max", "20h"),
        ("budget.monthly", "2000.00 USD"),
        ("budget.zone", "Europe/Berlin"),
        ("budget.warn_at", "50, 80, 100"),
        ("budget.at_limit", "warn"),
        ("warning.lead", "15m"),
        ("warning.undelivered", "keep"),
        ("guard.stops_per_day", "3"),
        ("busy.cap", "as long as it is in use"),
        ("hold.max", "12h"),
    ] {
        let found = terms.iter().find(|line| line.key == key).and_then(|line| line.value.as_deref());
        assert_eq!(found, Some(wanted), "{key} of {terms:?}");
    }
    let shown = explain(&Explanation { terms, ..told() }, &berlin(), &look());
    for line in ["hours.zone = Europe/Berlin  [policies/office.toml:6]", "idle.after = 1h30m  [policies/office.toml:9]"]
    {
        assert!(shown.contains(line), "{line} is not in {shown}");
    }
}

#[test]
fn a_yes_is_shown_what_is_lost_and_names_one_proposal() {
    let off = |room: &str, name: &str| {
        let facts = InstanceFacts { state: PowerState::Stopped, ..build::facts(room, name) };
        build::shown(facts, None)
    };
    let (a, twin, kept) = (off("ws-a", "ci-old"), off("ws-b", "ci-old"), off("ws-b", "ci-other"));
    let proposal = Proposal {
        id: "01proposal".to_owned(),
        instance: a.facts.id.clone(),
        created: a.facts.created,
        owner: Some("ada@example.com".to_owned()),
        policy: PolicyId::new("office"),
        revision: Arc::from("r1a2b3c4"),
        off_since: build::minutes(-60 * 24 * 40),
        automatic: false,
        ladder: vec![Span::hours(14 * 24)],
        made_at: build::minutes(-60),
        due_at: build::minutes(60 * 24 * 14),
        steps: Vec::new(),
        confirmed: None,
        failed: None,
        end: None,
    };
    let rooms = vec![build::room("ws-a", vec![a]), build::room("ws-b", vec![twin, kept])];
    let view = FleetView { proposals: Arc::new(vec![proposal.clone()]), ..build::fleet(rooms) };
    let named = |asked: &str| proposal_named(&view, asked).map(|found| found.id.clone());
    assert_eq!(named("WS-A/ci-old"), Ok("01proposal".to_owned()));
    assert_eq!(named(&proposal.instance.to_string()), Ok("01proposal".to_owned()));
    assert_eq!(named("ci-old"), Err("ci-old is more than one instance; write WORKSPACE/NAME".to_owned()));
    assert_eq!(named("ci-other"), Err("ci-other is not proposed for deletion".to_owned()));
    assert_eq!(named("ci-none"), Err("no instance is called ci-none".to_owned()));
    let told = lost(&proposal, None, &look());
    for words in ["ci-old of ada@example.com, off since", "proposal 01proposal: ws-a/ci-old", "everything on its disk"]
    {
        assert!(told.contains(words), "{words} in {told}");
    }
}
