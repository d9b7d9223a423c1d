//! What policies mean: which governs, when a revision is new, what the hours will do, and that no text breaks the reader.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use lightsout::facts::Source;
use lightsout::policy::{
    DefaultsSource, Governing, Mode, Parsed, Policy, SourceText, Sources, calendar_paths, forecast, parse,
    policy_schema,
};
use lightsout::schedule::HoursState;
use lightsout::units::{PolicyId, WorkspaceId};
use proptest::prelude::*;

const FULL: &str = include_str!("policy_files/good/full.toml");
const HOLIDAYS: &str = include_str!("policy_files/good/holidays.ics");

fn source(file: &str, text: &str) -> SourceText {
    SourceText { file: file.into(), text: text.to_owned() }
}

fn calendar(text: Result<&str, &str>) -> BTreeMap<String, Result<String, String>> {
    let text = text.map(str::to_owned).map_err(str::to_owned);
    BTreeMap::from([("policies/holidays.ics".to_owned(), text)])
}

fn parsed_with(texts: &[&str], defaults: Option<&str>, calendars: &BTreeMap<String, Result<String, String>>) -> Parsed {
    let policies: Vec<SourceText> =
        texts.iter().enumerate().map(|(index, text)| source(&format!("policies/{index}.toml"), text)).collect();
    let defaults = defaults.map(|text| DefaultsSource { file: "lightsout.toml".into(), text: text.to_owned() });
    parse(&Sources {
        defaults: defaults.as_ref(),
        policies: &policies,
        calendars,
        channels: 1,
        sources: Source::ALL.into_iter().collect(),
    })
}

fn parsed(texts: &[&str]) -> Parsed {
    parsed_with(texts, None, &calendar(Ok(HOLIDAYS)))
}

fn only(parsed: &Parsed) -> Arc<Policy> {
    assert_eq!(parsed.set.policies.len(), 1, "{:?}", parsed.diagnostics);
    parsed.set.policies.first().cloned().unwrap()
}

fn plain(name: &str, scope: &str) -> String {
    format!("name = \"{name}\"\nscope = {{ {scope} }}\nuptime = {{ max = \"72h\" }}\n")
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn the_closer_scope_governs_and_a_tie_is_a_conflict() {
    let texts = [
        plain("all", "subscriptions = [\"*\"]"),
        plain("group", "resource_groups = [\"rg-a\"]"),
        plain("pattern", "workspaces = [\"ml-*\"]"),
        plain("exact", "workspaces = [\"ml-a\"]"),
        plain("other", "workspaces = [\"*-b\"]"),
        plain("tagged", "workspaces = [\"ml-*\"], tags = { env = \"prod\" }"),
    ];
    let parsed = parsed(&texts.each_ref().map(String::as_str));
    assert!(!parsed.has_errors());
    let governing = |name: &str, tags: &[(&str, &str)]| {
        let id = WorkspaceId::new("sub", "rg-a", name).unwrap();
        match parsed.set.governing(&id, tags) {
            Governing::One(policy) => policy.id.to_string(),
            Governing::None => "none".to_owned(),
            Governing::Broken(one) => format!("broken {}", one.file),
            Governing::Conflict(ids) => ids.iter().map(PolicyId::as_str).collect::<Vec<_>>().join(" or "),
        }
    };
    assert_eq!(governing("ML-A", &[]), "exact");
    assert_eq!(governing("ml-c", &[]), "pattern");
    assert_eq!(governing("ml-c", &[("ENV", "Prod")]), "tagged");
    assert_eq!(governing("x", &[]), "group");
    assert_eq!(governing("ml-b", &[]), "pattern or other");
    assert!(parsed.set.get(&PolicyId::new("EXACT")).is_some());
    assert_eq!(
        lightsout::policy::PolicySet::default().governing(&WorkspaceId::new("s", "g", "w").unwrap(), &[]),
        Governing::None
    );
}

#[test]
fn g1_a_policy_that_does_not_say_only_observes() {
    assert_eq!(only(&parsed(&[&plain("p", "workspaces = [\"a\"]")])).mode, Mode::Observe);
}

#[test]
fn s17_one_bad_policy_is_left_out_and_the_others_stay() {
    let bad = "name = \"bad\"\nscope = { workspaces = [\"b\"] }\n[hours]\nzone = \"Mars/Olympus\"\nallowed = [\"daily 08:00-20:00\"]\n";
    let parsed = parsed(&[bad, "nothing like TOML", &plain("good", "workspaces = [\"a\"]")]);
    assert_eq!(only(&parsed).id, PolicyId::new("good"));
    let broken: Vec<&str> = parsed.set.broken.iter().map(|one| &*one.file).collect();
    assert_eq!(broken, ["policies/0.toml", "policies/1.toml"]);
    assert_eq!(parsed.diagnostics.len(), 2);
}

#[test]
fn s21_a_calendar_that_cannot_be_read_leaves_the_policy_with_unknown_hours() {
    for calendars in [calendar(Err("permission denied")), calendar(Ok("BEGIN:VCALENDAR\n")), BTreeMap::new()] {
        let parsed = parsed_with(&[FULL], None, &calendars);
        assert!(parsed.has_errors() && parsed.set.broken.is_empty());
        let hours = only(&parsed).hours().cloned().unwrap();
        assert!(matches!(hours.state_at(at("2026-11-24T23:00:00Z")), HoursState::Unknown { .. }));
    }
}

#[test]
fn a_name_used_twice_leaves_both_out() {
    let parsed = parsed(&[
        &plain("p", "workspaces = [\"a\"]"),
        &plain("P", "workspaces = [\"b\"]"),
        &plain("q", "workspaces = [\"c\"]"),
    ]);
    assert_eq!(only(&parsed).id, PolicyId::new("q"));
}

#[test]
fn an_error_in_the_defaults_leaves_every_policy_out() {
    let parsed = parsed_with(
        &[&plain("p", "workspaces = [\"a\"]")],
        Some("[defaults.exempt]\nnames = [\"\"]\n"),
        &BTreeMap::new(),
    );
    assert!(parsed.set.policies.is_empty());
    assert_eq!(parsed.set.broken.len(), 1);
}

#[test]
fn the_fleets_limits_are_those_of_the_defaults() {
    let parsed = parsed_with(&[], Some("[defaults.limits]\nunplanned_per_hour = { count = 7 }\n"), &BTreeMap::new());
    assert_eq!(parsed.limits.unplanned_per_hour.count, Some(7));
    assert_eq!(parsed.limits.unplanned_per_hour.percent.map(i64::from), Some(10));
    assert_eq!(parsed.limits.unplanned_per_sweep.count, Some(20));
}

#[test]
fn calendars_are_found_wherever_hours_are_written() {
    let text = "[hours]\ncalendars = [\"a.ics\", \"/etc/b.ics\"]\n[defaults.hours]\ncalendars = [\"d.ics\"]\n[[override]]\nhours = { calendars = [\"../c.ics\", \"a.ics\"] }\n";
    assert_eq!(
        calendar_paths("policies/x.toml", text),
        ["/etc/b.ics", "policies/../c.ics", "policies/a.ics", "policies/d.ics"]
    );
    assert_eq!(calendar_paths("x.toml", text), ["../c.ics", "/etc/b.ics", "a.ics", "d.ics"]);
    assert!(calendar_paths("x.toml", "=").is_empty());
}

#[test]
fn a_revision_is_new_only_with_a_new_meaning() {
    let before = only(&parsed(&[FULL])).revision.clone();
    assert_eq!(before.len(), 12);
    let same = [
        ("mode = \"enforce\"", "# a comment\nmode = 'enforce'"),
        ("subscriptions", "  subscriptions"),
        ("max = \"72h\"", "max = \"3d\""),
        ("count = 5, percent = 20", "percent = 20, count = 5"),
        ("\"europe/madrid\"", "\"Europe/Madrid\""),
        ("\"2026-12-25\", \"2026-12-24..2027-01-02\"", "\"2026-12-24..2027-01-02\", \"2026-12-25\""),
        ("names = [], owners = [], tags = {}", "names = []"),
        // it decides nothing
        ("seen_within = \"5m\"", "seen_within = \"6m\""),
    ];
    for (from, to) in same {
        assert!(FULL.contains(from), "{from}");
        assert_eq!(only(&parsed(&[&FULL.replacen(from, to, 1)])).revision, before, "{to}");
    }
    let other = [
        ("enforce", "observe"),
        ("rg-*", "rg-?"),
        ("env = \"dev\"", "env = \"test\""),
        ("europe/madrid", "Europe/Paris"),
        ("08:00-20:00", "08:00-20:01"),
        ("\"2026-12-25\", ", ""),
        ("\"2026-12-31\"", "\"2026-12-30\""),
        ("\"4h\"", "\"5h\""),
        ("spread = \"30s\"", "spread = \"31s\""),
        ("\"90m\"", "\"91m\""),
        ("coverage = 80", "coverage = 81"),
        ("cap = \"12h\"", "cap = \"13h\""),
        ("\"recorded\"", "\"delivered\""),
        ("undelivered = \"stop\"", "undelivered = \"keep\""),
        ("platform@", "other@"),
        ("stops_per_day = 2", "stops_per_day = 1"),
        ("keep-on", "keep-off"),
        ("include_unknown_owner = true", "include_unknown_owner = false"),
        ("canary = 20", "canary = 21"),
        ("canary_for = \"12h\"", "canary_for = \"13h\""),
        ("count = 100", "count = 101"),
        ("per_week = 3", "per_week = 2"),
        ("\"prod-*\"]\n", "\"prod*\", \"prod-*\"]\n"),
        ("Standard_N*", "Standard_NC*"),
        ("after = \"20m\"", "after = \"21m\""),
        ("uptime = \"off\"", ""),
        ("calendars = [\"holidays.ics\"]", ""),
    ];
    for (from, to) in other {
        assert!(FULL.contains(from), "{from}");
        assert_ne!(only(&parsed(&[&FULL.replacen(from, to, 1)])).revision, before, "{to}");
    }
    let moved = parsed_with(&[FULL], None, &calendar(Ok(&HOLIDAYS.replace("20261012", "20261013"))));
    assert_ne!(only(&moved).revision, before);
    assert_ne!(moved.set.digest, parsed(&[FULL]).set.digest);
    let renamed = parsed_with(&[FULL], None, &calendar(Ok(&HOLIDAYS.replace("Fiesta", "Feast"))));
    assert_eq!(only(&renamed).revision, before);
    assert_eq!(parsed(&[]).set.digest, lightsout::policy::PolicySet::new(Vec::new(), Vec::new()).digest);
}

#[test]
fn a_forecast_names_every_edge_and_the_clock_change_among_them() {
    let text = "name = \"p\"\nscope = { workspaces = [\"a\"] }\n[hours]\nzone = \"Europe/Madrid\"\nallowed = [\"Fri 08:00-20:00\", \"Sun 02:30-12:00\"]\nholidays = [\"2027-03-26\"]\n\
                [[override]]\nname = \"gpu\"\nmatch = { sizes = [\"N*\"] }\nhours = { allowed = [\"Fri 10:00-12:00\"], holidays = [] }\n\
                [[override]]\nname = \"free\"\nmatch = { names = [\"free\"] }\nhours = \"off\"\n\
                [[override]]\nname = \"same\"\nmatch = { names = [\"same\"] }\nuptime = { max = \"9h\" }\n";
    let seen = forecast(&only(&parsed(&[text])), at("2027-03-22T00:00:00Z"), 7);
    let json = serde_json::to_value(&seen).unwrap();
    assert_eq!(json["name"], "p");
    assert_eq!(json["zone"], "Europe/Madrid");
    assert_eq!(json["mode"], "observe");
    assert_eq!(json["until"], "2027-03-28T23:00:00Z", "seven days of Madrid have 167 hours here");
    assert_eq!(
        json["edges"],
        serde_json::json!([
            { "at": "2027-03-28T01:30:00Z", "local": "2027-03-28T03:30:00+02:00", "kind": "on", "note": "the clocks skip 02:30 on 2027-03-28, moved to 03:30" },
            { "at": "2027-03-28T10:00:00Z", "local": "2027-03-28T12:00:00+02:00", "kind": "off", "note": null },
        ])
    );
    assert_eq!(
        json["changes"],
        serde_json::json!([{ "at": "2027-03-28T01:00:00Z", "local": "2027-03-28T03:00:00+02:00", "from_offset": 3600, "to_offset": 7200 }])
    );
    let overrides: Vec<(&str, usize)> = seen.overrides.iter().map(|over| (&*over.name, over.edges.len())).collect();
    assert_eq!(overrides, [("gpu", 2), ("free", 0), ("same", 0)], "the same hours are not listed twice");
    let words = seen.in_words();
    let wanted = [
        "policy p (revision",
        "  warns 15m ahead; leaves alone what names no owner",
        "  never stops what has the tag lightsout-keep",
        "  lets people hold theirs for 12h at most, 5 times in seven days",
        "  hours in Europe/Madrid",
        "    Sun 2027-03-28 03:00 CEST  clocks go forward from UTC+01 to UTC+02  = 2027-03-28T01:00:00Z",
        "    Sun 2027-03-28 03:30 CEST  on   = 2027-03-28T01:30:00Z  (the clocks skip 02:30 on 2027-03-28, moved to 03:30)",
        "    Sun 2027-03-28 12:00 CEST  off  = 2027-03-28T10:00:00Z",
        "  override gpu: size N*",
        "    hours in Europe/Madrid",
        "      Fri 2027-03-26 10:00 CET  on   = 2027-03-26T09:00:00Z",
        "      Fri 2027-03-26 12:00 CET  off  = 2027-03-26T11:00:00Z",
        "      Sun 2027-03-28 03:00 CEST  clocks go forward from UTC+01 to UTC+02  = 2027-03-28T01:00:00Z",
        "  override free: name free",
        "    has no hours",
        "  override same: name same",
        "    stops what has been running for 9h",
    ];
    assert_eq!(words.len(), wanted.len(), "{words:#?}");
    for (found, wanted) in words.iter().zip(wanted) {
        assert!(found.starts_with(wanted), "{found}\n{wanted}");
    }
}

#[test]
fn a_forecast_includes_an_edge_at_its_first_instant_and_none_at_its_last() {
    let text = "name = \"p\"\nscope = { workspaces = [\"a\"] }\nhours = { zone = \"UTC\", allowed = [\"daily 08:00-20:00\"] }\n";
    let policy = only(&parsed(&[text]));
    let edges: Vec<String> =
        forecast(&policy, at("2026-11-23T08:00:00Z"), 1).edges.iter().map(|edge| edge.at.to_string()).collect();
    assert_eq!(edges, ["2026-11-23T08:00:00Z", "2026-11-23T20:00:00Z"]);
    assert!(forecast(&policy, at("2026-11-23T08:00:00Z"), 0).edges.is_empty());
    assert!(forecast(&policy, Timestamp::MAX, 9).edges.is_empty());
    assert_eq!(forecast(&policy, Timestamp::MIN, 1).edges.len(), 2);
    assert!(forecast(&policy, at("2026-11-23T08:00:00Z"), u32::MAX).edges.len() > 7000);
}

/// The schema and the reader know the same keys, table by table.
#[test]
fn the_schema_lists_the_keys_that_the_reader_knows() {
    let schema: serde_json::Value = serde_json::from_str(&policy_schema()).unwrap();
    let tables = [
        ("", "", "", ""),
        ("[scope]", "scope", "/properties/scope", ""),
        ("[hours]", "hours", "/definitions/Hours", ""),
        ("[idle]", "idle", "/definitions/Idle", ""),
        ("[uptime]", "uptime", "/definitions/Uptime", ""),
        ("[busy]", "busy", "/definitions/Busy", ""),
        ("[warning]", "warning", "/definitions/Warning", ""),
        ("[guard]", "guard", "/definitions/Guard", ""),
        ("[limits]", "limits", "/definitions/Limits", ""),
        ("[limits.planned_per_hour]", "limits.planned_per_hour", "/definitions/Cap", ""),
        ("[hold]", "hold", "/definitions/Hold", ""),
        ("[exempt]", "exempt", "/definitions/Instances", ""),
        ("[override]", "override[0]", "/definitions/Override", "[[override]]"),
        ("[override.guard]", "override[0].guard", "/definitions/OverrideGuard", "[[override]]"),
    ];
    for (header, path, place, before) in tables {
        let header = if before == "[[override]]" && header == "[override]" { "" } else { header };
        let parsed = parsed(&[&format!("{before}\n{header}\nqqqqqqqqqqqqqqqqqqqqqqqq = 1\n")]);
        let key = format!("{path}.qqqqqqqqqqqqqqqqqqqqqqqq");
        let found = parsed.diagnostics.iter().find(|one| one.key == key.trim_start_matches('.')).unwrap();
        let known: BTreeSet<&str> = found.help.strip_prefix("known here are ").unwrap().split(", ").collect();
        let listed: BTreeSet<&str> = schema
            .pointer(&format!("{place}/properties"))
            .unwrap()
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(known, listed, "{path}");
        let closed = schema.pointer(&format!("{place}/additionalProperties")).unwrap();
        assert_eq!(closed, false, "{path}");
    }
}

#[test]
fn a_diagnostic_is_one_line_and_one_object() {
    let found = parsed(&["name = \"a\\u001b[31m\\nb\"\nscope = { workspaces = [\"a\"] }\nuptime = { max = \"1d\" }\n"])
        .diagnostics;
    let help = "write 1 to 64 of the characters a-z, A-Z, 0-9, -, _ and ., such as \"research\"";
    let problem = "\"a\\u{1b}[31m\\nb\" cannot be a name";
    assert_eq!(found[0].to_string(), format!("policies/0.toml:1:8: name: {problem}, {help}"));
    let wanted = serde_json::json!({ "file": "policies/0.toml", "line": 1, "column": 8, "key": "name", "severity": "error", "problem": problem, "help": help });
    assert_eq!(serde_json::to_value(&found).unwrap(), serde_json::json!([wanted]));
}

#[test]
fn hours_that_an_override_leaves_alone_are_shared_with_the_policy() {
    let policy = only(&parsed(&[&FULL.replace("hours = \"off\"", "idle = { after = \"9h\" }")]));
    let hours =
        |index: usize| policy.overrides[index].terms.hours.as_ref().map(|rule| Arc::clone(&rule.hours)).unwrap();
    assert!(Arc::ptr_eq(&hours(1), policy.hours().unwrap()));
    assert!(!Arc::ptr_eq(&hours(0), policy.hours().unwrap()));
}

/// Every diagnostic points into its file.
fn points_into(parsed: &Parsed, text: &str) {
    let lines: Vec<usize> = text.split('\n').map(|line| line.chars().count()).collect();
    for one in &parsed.diagnostics {
        let line = lines.get(usize::try_from(one.line).unwrap() - 1);
        let length = line.unwrap_or_else(|| panic!("{one} is past the end"));
        assert!(one.column >= 1 && usize::try_from(one.column).unwrap() <= length + 1, "{one} is past its line");
        assert!(!one.problem.is_empty() && !one.to_string().contains('\n'), "{one:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Texts put in and cut out anywhere: no panic, every finding in its place, and a policy only without an error.
    #[test]
    fn no_change_of_a_file_breaks_the_reader(edits in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..40, "[\\x00-\\x7fñ日\u{feff}]{0,12}|off|\\[\\[override\\]\\]|\\{ \\}|\\[\\]|\"\"|0|-1"), 1..6)) {
        let mut letters: Vec<char> = FULL.chars().collect();
        for (place, cut, put) in edits {
            let from = place.index(letters.len() + 1);
            let to = (from + cut).min(letters.len());
            letters.splice(from..to, put.chars());
        }
        let text: String = letters.into_iter().collect();
        let seen = parsed(&[&text]);
        points_into(&seen, &text);
        prop_assert_eq!(seen.set.broken.len() + seen.set.policies.len(), 1);
        prop_assert!(seen.has_errors() || seen.set.broken.is_empty());
        for policy in &seen.set.policies {
            prop_assert!(!policy.scope.is_empty(), "G2");
            prop_assert!(policy.overrides.iter().all(|over| !over.matches.is_empty()), "G2");
        }
        prop_assert_eq!(&parsed(&[&text]).diagnostics, &seen.diagnostics);
        let defaults = parsed_with(&[], Some(&text), &BTreeMap::new());
        points_into(&defaults, &text);
        prop_assert!(calendar_paths("a/b.toml", &text).len() < 50);
    }

    /// A line taken away or written twice: what is left is read whole or refused, never half.
    #[test]
    fn no_missing_or_doubled_line_breaks_the_reader(lines in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 1..4)) {
        let mut text: Vec<&str> = FULL.lines().collect();
        for (place, doubled) in lines {
            let index = place.index(text.len());
            if doubled { text.insert(index, text[index]); } else { text.remove(index); }
        }
        let text = text.join("\n");
        let seen = parsed(&[&text]);
        points_into(&seen, &text);
        prop_assert_eq!(seen.set.broken.len() + seen.set.policies.len(), 1);
    }
}
