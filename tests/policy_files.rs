//! Policy files, good and bad: what each means, or every message about it, beside the file.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use lightsout::facts::{Source, SourceSet};
use lightsout::policy::{
    DefaultsSource, Diagnostic, Limits, Origin, Parsed, Policy, Severity, SourceText, Sources, Terms, calendar_paths,
    parse,
};

/// The files of a folder with this ending, by name.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|found| found == ending));
    files.sort();
    files
}

/// The name of a file as the messages show it.
fn shown(path: &Path) -> String {
    path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display().to_string()
}

/// The parts of a file: its own text, and behind lines `#--- NAME` those of others: `defaults` and further policies.
fn parts(path: &Path) -> (Vec<SourceText>, Option<DefaultsSource>) {
    let text = fs::read_to_string(path).unwrap();
    let folder = path.parent().unwrap();
    let mut policies = Vec::new();
    let mut defaults = None;
    let mut rest = text.as_str();
    let mut name = shown(path);
    loop {
        let (part, next) = rest.split_once("#--- ").unwrap_or((rest, ""));
        match name.as_str() {
            "defaults" => defaults = Some(DefaultsSource { file: "lightsout.toml".into(), text: part.to_owned() }),
            _ => policies.push(SourceText { file: name.as_str().into(), text: part.to_owned() }),
        }
        let Some((other, part)) = next.split_once('\n') else { break };
        name = if other == "defaults" { other.to_owned() } else { shown(&folder.join(other)) };
        rest = part;
    }
    (policies, defaults)
}

/// Parses the parts of a file, with no channel and one source of activity unless its name says otherwise.
fn parsed(path: &Path) -> Parsed {
    let (policies, defaults) = parts(path);
    let mut calendars = BTreeMap::new();
    let sources = policies
        .iter()
        .map(|source| (&source.file, &source.text))
        .chain(defaults.iter().map(|source| (&source.file, &source.text)));
    for wanted in sources.flat_map(|(file, text)| calendar_paths(file, text)) {
        let read = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&wanted))
            .map_err(|_| "no such file".to_owned());
        calendars.insert(wanted, read);
    }
    let stem = path.file_stem().unwrap().to_str().unwrap();
    parse(&Sources {
        defaults: defaults.as_ref(),
        policies: &policies,
        calendars: &calendars,
        channels: usize::from(!stem.contains("no-channel")),
        sources: if stem.contains("no-activity") { SourceSet::NONE } else { Source::ALL.into_iter().collect() },
    })
}

fn told(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().fold(String::new(), |mut text, one| {
        writeln!(text, "{}: {one}", one.severity.word()).unwrap();
        text
    })
}

/// Compares with the file beside it, or writes that anew where `LIGHTSOUT_BLESS` is set.
fn beside(path: &Path, ending: &str, found: &str) -> Option<String> {
    let expected = path.with_extension(ending);
    if option_env_set("LIGHTSOUT_BLESS") {
        fs::write(&expected, found).unwrap();
    }
    let wanted = fs::read_to_string(&expected).unwrap_or_default();
    (wanted != found).then(|| format!("{}\n--- expected\n{wanted}--- found\n{found}", shown(&expected)))
}

#[expect(clippy::disallowed_methods, reason = "a test has no settings to ask")]
fn option_env_set(name: &str) -> bool {
    std::env::var_os(name).is_some()
}

/// The effective values of a policy, each with its origin.
fn meaning(policy: &Policy) -> String {
    let mut text = String::new();
    writeln!(text, "policy {} ({:?})", policy.id, policy.mode).unwrap();
    writeln!(text, "  canary {} for {}", policy.canary, policy.canary_for).unwrap();
    policy.seen_within.iter().for_each(|within| writeln!(text, "  seen within {within}").unwrap());
    limits(&mut text, &policy.limits);
    if let Some(rule) = &policy.start {
        let names: Vec<&str> = rule.whom.names.iter().map(lightsout::policy::Pattern::text).collect();
        let tags: Vec<String> = rule.whom.tags.iter().map(|(tag, value)| format!("{tag}={}", value.text())).collect();
        let whom = format!("{names:?} {tags:?}");
        let caps = format!("{} a sweep, {} an hour", rule.per_sweep, rule.per_hour);
        writeln!(text, "  start all {} {whom} spread {} catch up {} {caps}", rule.all, rule.spread, rule.catch_up)
            .unwrap();
        writeln!(text, "    unused after {} by {:?}", rule.unused_after, rule.needs.iter().collect::<Vec<_>>())
            .unwrap();
    }
    terms(&mut text, &policy.terms);
    for over in &policy.overrides {
        writeln!(text, "override {}", over.name).unwrap();
        terms(&mut text, &over.terms);
    }
    text
}

fn limits(text: &mut String, limits: &Limits) {
    let caps =
        [limits.unplanned_per_sweep, limits.unplanned_per_hour, limits.planned_per_sweep, limits.planned_per_hour];
    let caps = caps.map(|cap| {
        let count = cap.count.map(|count| count.to_string());
        let percent = cap.percent.map(|percent| percent.to_string());
        [count, percent].into_iter().flatten().collect::<Vec<_>>().join(" and ")
    });
    writeln!(
        text,
        "  limits unplanned {} a sweep, {} an hour; planned {} a sweep, {} an hour",
        caps[0], caps[1], caps[2], caps[3]
    )
    .unwrap();
}

fn terms(text: &mut String, terms: &Terms) {
    let optional =
        |span: Option<lightsout::units::Span>| span.map_or_else(|| "none".to_owned(), |span| span.to_string());
    if let Some(rule) = &terms.hours {
        let windows: Vec<String> = rule.hours.windows().iter().map(ToString::to_string).collect();
        let days: Vec<String> = rule.hours.holidays().iter().map(|day| day.dates.to_string()).collect();
        let quiet: Vec<String> = rule.hours.no_action().iter().map(|day| day.dates.to_string()).collect();
        writeln!(text, "  hours {} {windows:?} holidays {days:?} no action {quiet:?}", rule.hours.zone_name()).unwrap();
        let (respect, catch_up) = (optional(rule.respect_start_for), optional(rule.catch_up));
        writeln!(
            text,
            "    respect {respect} catch up {catch_up} spread {} known {}",
            rule.spread,
            rule.hours.is_known()
        )
        .unwrap();
    }
    if let Some(rule) = &terms.idle {
        writeln!(text, "  idle {} coverage {} fresh {}", rule.after, rule.coverage, rule.fresh_within).unwrap();
    }
    if let Some(rule) = &terms.uptime {
        writeln!(text, "  uptime {}", rule.max).unwrap();
    }
    if let Some(rule) = &terms.native {
        writeln!(text, "  native idle timer {} apply {:?}", rule.idle_shutdown, rule.apply).unwrap();
    }
    if let Some(rule) = &terms.budget {
        writeln!(text, "  budget {}", rule.in_words()).unwrap();
    }
    let warning = &terms.warning;
    writeln!(text, "  busy cap {}", optional(terms.busy_cap)).unwrap();
    writeln!(
        text,
        "  warning {} unknown owner {} {:?} postpone {} {:?} notify {:?}",
        warning.lead,
        warning.lead_unknown_owner,
        warning.proof,
        warning.max_postpone,
        warning.undelivered,
        warning.notify
    )
    .unwrap();
    writeln!(
        text,
        "  guard {} {} {} {} {}",
        terms.min_uptime, terms.between_stops, terms.stops_per_day, terms.opt_out_tag, terms.include_unknown_owner
    )
    .unwrap();
    writeln!(text, "  hold {} {} a week", terms.hold.max, terms.hold.per_week).unwrap();
    let patterns =
        |patterns: &[lightsout::policy::Pattern]| patterns.iter().map(|one| one.text().to_owned()).collect::<Vec<_>>();
    let tags: Vec<String> = terms.exempt.tags.iter().map(|(tag, value)| format!("{tag}={}", value.text())).collect();
    let exempt = &terms.exempt;
    writeln!(
        text,
        "  exempt {:?} {:?} {:?} {tags:?}",
        patterns(&exempt.names),
        patterns(&exempt.owners),
        patterns(&exempt.sizes)
    )
    .unwrap();
    for (key, origin) in terms.origins.iter().filter(|(_, origin)| **origin != Origin::BuiltIn) {
        writeln!(text, "    {key} <- {origin}").unwrap();
    }
}

#[test]
fn every_bad_file_has_its_exact_messages() {
    let bad = files("tests/policy_files/bad", "toml");
    assert!(bad.len() >= 60, "only {} bad files", bad.len());
    let mut wrong = Vec::new();
    for path in &bad {
        let parsed = parsed(path);
        assert!(!parsed.diagnostics.is_empty(), "{} is not bad", shown(path));
        wrong.extend(beside(path, "expected", &told(&parsed.diagnostics)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_good_file_means_what_is_written_beside_it() {
    let good = files("tests/policy_files/good", "toml");
    assert!(good.len() >= 6, "only {} good files", good.len());
    let mut wrong = Vec::new();
    for path in &good {
        let parsed = parsed(path);
        assert_eq!(told(&parsed.diagnostics), "", "{}", shown(path));
        assert!(!parsed.set.policies.is_empty());
        let found: String = parsed.set.policies.iter().map(|policy| meaning(policy)).collect();
        wrong.extend(beside(path, "expected", &found));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_committed_schema_is_the_generated_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/policy.schema.json");
    assert_eq!(beside(&path, "json", &lightsout::policy::policy_schema()), None, "run again with LIGHTSOUT_BLESS=1");
}

#[test]
fn the_examples_are_sound() {
    let mut count = 0;
    for path in files("config/policies", "toml").into_iter().chain(files("config/demo", "toml")) {
        let parsed = parsed(&path);
        assert_eq!(told(&parsed.diagnostics), "", "{}", shown(&path));
        count += parsed.set.policies.len();
    }
    assert_eq!(count, 5);
    for path in files("config/policies", "toml") {
        let (policies, _) = parts(&path);
        let calendars = BTreeMap::new();
        let without = parse(&Sources {
            defaults: None,
            policies: &policies,
            calendars: &calendars,
            channels: 0,
            sources: SourceSet::NONE,
        });
        let warnings = without.diagnostics.iter().filter(|one| one.severity == Severity::Warning);
        assert!(warnings.clone().all(|one| one.problem.contains("can never fire")), "{}", told(&without.diagnostics));
        assert_eq!(warnings.count() > 0, shown(&path).contains("gpu-fleet"));
        assert_eq!(without.set.policies.len(), 1);
    }
}

#[test]
fn the_schema_takes_every_good_file_and_example() {
    let validator = validator();
    for path in files("tests/policy_files/good", "toml")
        .into_iter()
        .chain(files("config/policies", "toml"))
        .chain(files("config/demo", "toml"))
    {
        for source in parts(&path).0 {
            let errors: Vec<String> =
                validator.iter_errors(&as_json(&source.text)).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{}: {errors:?}", source.file);
        }
    }
}

#[test]
fn the_schema_refuses_what_has_the_wrong_shape() {
    let validator = validator();
    let mut refused = 0;
    for path in files("tests/policy_files/bad", "toml") {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let shape = ["unknown-", "type-", "scope-empty", "missing-", "percent-", "word-"]
            .iter()
            .any(|start| stem.starts_with(start));
        let text = &parts(&path).0[0].text;
        if shape && toml::from_str::<toml::Table>(text).is_ok() {
            assert!(!validator.is_valid(&as_json(text)), "{}", shown(&path));
            refused += 1;
        }
    }
    assert!(refused >= 20, "only {refused} files of the wrong shape");
}

fn validator() -> jsonschema::Validator {
    let schema: serde_json::Value = serde_json::from_str(&lightsout::policy::policy_schema()).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    jsonschema::validator_for(&schema).unwrap()
}

fn as_json(text: &str) -> serde_json::Value {
    serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap()
}
