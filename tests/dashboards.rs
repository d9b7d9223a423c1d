//! Dashboards, rules and alerts name only metrics and labels that exist, and promtool understands all of it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "support/boards.rs"]
mod boards;
#[path = "support/build.rs"]
mod build;
#[path = "support/exposition.rs"]
mod exposition;
#[path = "support/tools.rs"]
mod tools;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Stdio;

use boards::{BOARDS, board, file, folder, queries};
use lightsout::metrics::{Format, Metrics, MetricsOptions, names};
use lightsout::ports::ApiUse;
use serde_json::Value;

/// Every word of a text that looks like a metric of ours or of the process. A recorded series is none: `level:metric:how`.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':');
    words
        .filter(|word| word.starts_with("lightsout_") || (word.starts_with("process_") && *word != "process_"))
        .map(str::to_owned)
        .collect()
}

/// The labels of a metric by its sample's name; none when it does not exist.
fn labels_of(metric: &str) -> Option<BTreeSet<&'static str>> {
    let family = names::ALL.iter().find(|family| {
        let rest = metric.strip_prefix(family.name);
        rest == Some("")
            || (family.kind == names::Kind::Histogram && matches!(rest, Some("_bucket" | "_sum" | "_count")))
    });
    let own = family.map(|family| family.labels.iter().copied().chain(["le", "job", "instance"]).collect());
    own.or_else(|| names::PROCESS.contains(&metric).then(|| BTreeSet::from(["job", "instance"])))
}

#[test]
fn every_metric_named_exists() {
    for name in BOARDS.into_iter().chain(["rules.yaml", "alerts.yaml", "alerts_test.yaml", "long_test.yaml"]) {
        let found = metrics_in(&file(name));
        assert!(found.len() > 8, "{name} names hardly any metric: {found:?}");
        for metric in found {
            assert!(labels_of(&metric).is_some(), "{name} names {metric}, which is not in src/metrics/names.rs");
        }
    }
    assert!(labels_of("lightsout_nothing").is_none() && labels_of("lightsout_instances_bucket").is_none());
}

#[test]
fn every_metric_is_shown_or_watched_somewhere() {
    let text: String = BOARDS.into_iter().chain(["rules.yaml", "alerts.yaml"]).map(file).collect();
    let shown = metrics_in(&text);
    // What has a place of its own and no need of a panel.
    let elsewhere = [
        "lightsout_tzdb_info",
        "lightsout_instance_on",
        "lightsout_instance_series_omitted",
        "lightsout_open_seconds",
        "lightsout_avoided_seconds_total",
        "lightsout_avoided_seconds_taken_back_total",
    ];
    for family in names::ALL {
        let is_shown = shown.iter().any(|metric| metric.starts_with(family.name));
        assert!(is_shown || elsewhere.contains(&family.name), "{} is measured and shown nowhere", family.name);
    }
}

#[test]
fn every_label_named_belongs_to_a_metric_of_its_expression() {
    for query in queries() {
        let expression = query.expr;
        let metrics = metrics_in(&expression);
        let known: BTreeSet<&str> = metrics.iter().filter_map(|metric| labels_of(metric)).flatten().collect();
        let lists = ["by (", "on (", "group_left ("];
        for group in lists.iter().flat_map(|list| expression.split(list).skip(1)) {
            for label in group.split(')').next().unwrap().split(',').filter(|label| !label.is_empty()) {
                assert!(known.contains(label.trim()), "{}: {expression}: {label}", query.place);
            }
        }
        for matchers in expression.split('{').skip(1) {
            for matcher in matchers.split('}').next().unwrap().split(',') {
                let label = matcher.split(['=', '!']).next().unwrap().trim();
                assert!(known.contains(label), "{}: {expression}: {label}", query.place);
            }
        }
    }
}

fn source_is_chosen(place: &str, value: &Value) {
    assert_eq!(value["datasource"]["uid"], "${datasource}", "{place}");
    assert_eq!(value["datasource"]["type"], "prometheus", "{place}");
}

#[test]
fn every_board_is_whole() {
    let mut uids = BTreeSet::new();
    for name in BOARDS {
        let board = board(name);
        assert!(board["id"].is_null(), "{name}: an exported id belongs to one Grafana");
        assert!(board["schemaVersion"].as_u64().unwrap() >= 39, "{name}");
        assert!(uids.insert(board["uid"].as_str().unwrap().to_owned()), "{name}: uid twice");
        let (mut ids, mut titles) = (BTreeSet::new(), BTreeSet::new());
        let mut taken = BTreeSet::new();
        for panel in board["panels"].as_array().unwrap() {
            let place = format!("{name}: {}", panel["title"]);
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "id twice: {place}");
            assert!(titles.insert(panel["title"].to_string()), "title twice: {place}");
            let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
            assert!(w > 0 && h > 0 && x + w <= 24, "{place} is out of the grid");
            for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
                assert!(taken.insert(cell), "{place} lies on another panel");
            }
            if panel["type"] != "row" {
                panel_is_whole(&place, panel);
            }
        }
        assert!(taken.iter().any(|(x, _)| *x == 23), "{name} leaves a side of the page empty");
    }
}

fn panel_is_whole(place: &str, panel: &Value) {
    assert!(!panel["title"].as_str().unwrap().is_empty(), "{place}");
    let description = panel["description"].as_str().unwrap_or_default();
    assert!(description.len() > 30 && description.ends_with('.'), "{place} says too little of what it means");
    assert!(!panel["fieldConfig"]["defaults"]["unit"].as_str().unwrap().is_empty(), "{place} has no unit");
    source_is_chosen(place, panel);
    let mut ids = BTreeSet::new();
    for target in panel["targets"].as_array().unwrap() {
        source_is_chosen(place, target);
        assert!(ids.insert(target["refId"].as_str().unwrap()), "{place}: refId twice");
        assert_ne!(target["instant"], target["range"], "{place}");
    }
    assert!(!ids.is_empty(), "{place} asks nothing");
}

#[test]
fn every_variable_can_be_filled_and_is_used() {
    for name in BOARDS {
        let text = file(name);
        let board = board(name);
        let variables = board["templating"]["list"].as_array().unwrap();
        assert_eq!(variables[0]["type"], "datasource", "{name}: what is asked is chosen first");
        for variable in &variables[1..] {
            let (word, query) = (variable["name"].as_str().unwrap(), variable["query"]["query"].as_str().unwrap());
            source_is_chosen(name, variable);
            assert!(text.contains(&format!("\"${word}\"").replace('"', "\\\"")), "{name}: ${word} is used nowhere");
            let inner = query.strip_prefix("label_values(").unwrap().strip_suffix(')').unwrap();
            let (series, label) = inner.rsplit_once(", ").unwrap();
            let metric = metrics_in(series).pop_first().unwrap();
            assert!(labels_of(&metric).unwrap().contains(label), "{name}: {query}");
        }
    }
}

/// promtool with these words, or nothing where it is not installed and may be absent.
fn promtool(words: &[&str], input: &str) -> Option<(bool, String)> {
    let mut command = tools::tool("promtool")?;
    let spawned = command.args(words).current_dir(folder()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = spawned.stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    let said = [done.stdout, done.stderr].concat();
    Some((done.status.success(), String::from_utf8_lossy(&said).into_owned()))
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
        let (fine, said) =
            promtool(&["check", "metrics"], "# HELP Bad_ms x\n# TYPE Bad_ms counter\nBad_ms 1\n").unwrap();
        assert!(!fine, "the judge passes everything: {said}");
    }
}

#[test]
fn promtool_agrees_with_rules_alerts_and_settings() {
    let checks: [&[&str]; 3] = [
        &["check", "rules", "rules.yaml", "alerts.yaml"],
        &["test", "rules", "alerts_test.yaml", "long_test.yaml"],
        &["check", "config", "provisioning/prometheus.yml"],
    ];
    for words in checks {
        if let Some((fine, said)) = promtool(words, "") {
            assert!(fine, "{said}");
        }
    }
}

/// Cases of alerts and rules.
fn cases() -> String {
    ["alerts_test.yaml", "long_test.yaml"].map(file).concat()
}

/// Names of alerts by whether a case has them ring.
fn tested(rings: bool) -> BTreeSet<String> {
    let text = cases();
    let cases = text.split("eval_time: ").skip(1);
    let is_case = |case: &&str| case.contains("exp_alerts: []") != rings;
    let name = |case: &str| {
        let (_, rest) = case.split_once("alertname: ")?;
        Some(rest.split([',', '\n']).next()?.trim().to_owned())
    };
    cases.filter(is_case).filter_map(name).collect()
}

#[test]
fn every_alert_is_seen_to_ring_and_to_be_silent() {
    let alerts = file("alerts.yaml");
    let names: BTreeSet<String> =
        alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).map(str::to_owned).collect();
    assert!(names.len() >= 20);
    for (rings, what) in [(true, "ring"), (false, "be silent")] {
        let missing: Vec<&String> = names.iter().filter(|name| !tested(rings).contains(*name)).collect();
        assert!(missing.is_empty(), "never seen to {what}: {missing:?}");
    }
    for line in alerts.lines().filter(|line| line.trim_start().starts_with("- alert: ")) {
        let rest = &alerts[alerts.find(line).unwrap()..];
        let this = rest.split("- alert: ").nth(1).unwrap();
        let told = ["severity:", "summary:", "action:"].iter().all(|word| this.contains(word));
        assert!(told, "{line} does not say what it is about and what to do");
    }
}

#[test]
fn every_recorded_series_is_tested() {
    let (rules, tests) = (file("rules.yaml"), cases());
    let records: Vec<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- record: ")).collect();
    assert!(records.len() >= 6);
    for record in records {
        let asked = tests.lines().any(|line| line.trim().starts_with("- expr: ") && line.contains(record));
        assert!(asked, "{record} has no test");
    }
}

#[test]
fn every_expression_of_the_boards_parses() {
    let mut rules = "groups:\n- name: board\n  rules:\n".to_owned();
    let queries = queries();
    assert!(queries.len() > 100);
    for (place, query) in queries.iter().enumerate() {
        let expression = serde_json::to_string(&query.expr).unwrap();
        writeln!(rules, "  - record: board:expression:{place}\n    expr: {expression}").unwrap();
    }
    let scratch = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
    std::fs::write(scratch.path(), rules).unwrap();
    if let Some((fine, said)) = promtool(&["check", "rules", scratch.path().to_str().unwrap()], "") {
        assert!(fine, "{said}");
    }
}

/// What is provisioned is what there is, and it is looked for where it listens.
#[test]
fn provisioning_fits_the_rest() {
    let prometheus = file("provisioning/prometheus.yml");
    let settings = std::fs::read_to_string(folder().join("../config/lightsout.toml")).unwrap();
    let listen = settings.lines().find_map(|line| line.trim_start_matches("# ").strip_prefix("listen = ")).unwrap();
    assert!(prometheus.contains(listen), "the service listens at {listen} unless told otherwise");
    let (boards, source) = (
        file("provisioning/grafana/dashboards/lightsout.yaml"),
        file("provisioning/grafana/datasources/lightsout.yaml"),
    );
    for name in BOARDS {
        assert!(boards.contains(name), "{name} is provisioned nowhere");
    }
    let interval = prometheus.lines().find_map(|line| line.trim().strip_prefix("scrape_interval: ")).unwrap();
    assert!(source.contains(&format!("timeInterval: {interval}")), "rates would be reckoned over too little");
}
