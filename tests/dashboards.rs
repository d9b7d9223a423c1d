//! Dashboards and alerts name only metrics and labels that exist, and promtool understands all of it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "support/build.rs"]
mod build;
#[path = "support/exposition.rs"]
mod exposition;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lightsout::metrics::{Format, Metrics, MetricsOptions, names};
use lightsout::ports::ApiUse;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("dashboards")
}

fn file(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap()
}

fn expressions() -> Vec<String> {
    let board: serde_json::Value = serde_json::from_str(&file("fleet.json")).unwrap();
    let targets = board["panels"].as_array().unwrap().iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    targets.map(|target| target["expr"].as_str().unwrap().replace("$subscription", ".*").replace("$workspace", ".*")).collect()
}

/// Every word of a text that looks like a metric of ours or of the process.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("lightsout_") || (word.starts_with("process_") && *word != "process_")).map(str::to_owned).collect()
}

/// The labels of a metric by its sample's name; none when it does not exist.
fn labels_of(metric: &str) -> Option<BTreeSet<&'static str>> {
    let family = names::ALL.iter().find(|family| {
        let rest = metric.strip_prefix(family.name);
        rest == Some("") || (family.kind == names::Kind::Histogram && matches!(rest, Some("_bucket" | "_sum" | "_count")))
    });
    let own = family.map(|family| family.labels.iter().copied().chain(["le", "job", "instance"]).collect());
    own.or_else(|| names::PROCESS.contains(&metric).then(|| BTreeSet::from(["job", "instance"])))
}

#[test]
fn every_metric_named_exists() {
    for name in ["fleet.json", "alerts.yaml", "alerts_test.yaml"] {
        let found = metrics_in(&file(name));
        assert!(found.len() > 8, "{name} names hardly any metric: {found:?}");
        for metric in found {
            assert!(labels_of(&metric).is_some(), "{name} names {metric}, which is not in src/metrics/names.rs");
        }
    }
    assert!(labels_of("lightsout_nothing").is_none() && labels_of("lightsout_instances_bucket").is_none());
}

#[test]
fn every_label_named_belongs_to_a_metric_of_its_expression() {
    for expression in expressions() {
        let metrics = metrics_in(&expression);
        let known: BTreeSet<&str> = metrics.iter().filter_map(|metric| labels_of(metric)).flatten().collect();
        for group in expression.split("by (").skip(1) {
            for label in group.split(')').next().unwrap().split(',') {
                assert!(known.contains(label.trim()), "{expression}: {label}");
            }
        }
        for matchers in expression.split('{').skip(1) {
            for matcher in matchers.split('}').next().unwrap().split(',') {
                let label = matcher.split(['=', '!']).next().unwrap().trim();
                assert!(known.contains(label), "{expression}: {label}");
            }
        }
    }
}

#[test]
fn the_board_is_whole() {
    let board: serde_json::Value = serde_json::from_str(&file("fleet.json")).unwrap();
    let mut ids = BTreeSet::new();
    for panel in board["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "id twice: {}", panel["title"]);
        let place = &panel["gridPos"];
        assert!(place["x"].as_u64().unwrap() + place["w"].as_u64().unwrap() <= 24, "{}", panel["title"]);
        assert!(panel["type"] == "row" || !panel["targets"].as_array().unwrap().is_empty(), "{}", panel["title"]);
    }
    assert!(board["id"].is_null(), "an exported id belongs to one Grafana");
}

/// promtool with these words, or nothing where it is not installed and LIGHTSOUT_REQUIRE_TOOLS does not ask for it.
#[expect(clippy::disallowed_methods, clippy::print_stderr, reason = "a test's own switch, and its word to the reader")]
fn promtool(words: &[&str], input: &str) -> Option<(bool, String)> {
    let spawned = Command::new("promtool").args(words).current_dir(folder()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let Ok(mut child) = spawned else {
        assert!(std::env::var_os("LIGHTSOUT_REQUIRE_TOOLS").is_none_or(|value| value != "1"), "promtool is not installed and LIGHTSOUT_REQUIRE_TOOLS=1");
        eprintln!("promtool is not installed: {words:?} was not checked");
        return None;
    };
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    Some((done.status.success(), format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr))))
}

fn page() -> String {
    let metrics = Metrics::new(MetricsOptions { instance_series: true, ..MetricsOptions::default() }).unwrap();
    let requests = BTreeMap::from([(("stop", "202".to_owned()), 1)]);
    metrics.observe_sweep(&build::rich(), &ApiUse { requests, ..ApiUse::default() });
    metrics.answered("/metrics", 200);
    String::from_utf8(metrics.pieces(Format::Classic).concat()).unwrap()
}

#[test]
fn promtool_finds_nothing_to_mend_in_the_page() {
    let page = page();
    assert!(exposition::lint(&exposition::read(&page)).is_empty());
    if let Some((fine, said)) = promtool(&["check", "metrics"], &page) {
        assert!(fine && said.trim().is_empty(), "{said}");
        let (fine, said) = promtool(&["check", "metrics"], "# HELP Bad_ms x\n# TYPE Bad_ms counter\nBad_ms 1\n").unwrap();
        assert!(!fine, "the judge passes everything: {said}");
    }
}

#[test]
fn promtool_agrees_with_the_alerts() {
    for words in [["check", "rules", "alerts.yaml"], ["test", "rules", "alerts_test.yaml"]] {
        if let Some((fine, said)) = promtool(&words, "") {
            assert!(fine, "{said}");
        }
    }
}

#[test]
fn every_alert_is_tested_by_name() {
    let (alerts, tests) = (file("alerts.yaml"), file("alerts_test.yaml"));
    let names: Vec<&str> = alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(names.len() >= 10);
    for name in names {
        assert!(tests.contains(&format!("alertname: {name}")), "{name} has no test");
    }
}

#[test]
fn every_expression_of_the_board_parses() {
    let mut rules = "groups:\n- name: board\n  rules:\n".to_owned();
    let expressions = expressions();
    assert!(expressions.len() > 25);
    for (place, expression) in expressions.iter().enumerate() {
        writeln!(rules, "  - record: board:expression:{place}\n    expr: {}", serde_json::to_string(expression).unwrap()).unwrap();
    }
    let scratch = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
    std::fs::write(scratch.path(), rules).unwrap();
    if let Some((fine, said)) = promtool(&["check", "rules", scratch.path().to_str().unwrap()], "") {
        assert!(fine, "{said}");
    }
}
