//! Faces for machines: the exposition is well formed, bounded and served within limits; the control socket is closed to others.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "support/build.rs"]
mod build;
#[path = "support/exposition.rs"]
mod exposition;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lightsout::facts::Freeze;
use lightsout::metrics::{Format, Metrics, MetricsOptions, names};
use lightsout::ports::ApiUse;
use lightsout::units::{Region, SubscriptionId};

fn api_use() -> ApiUse {
    let subscription = SubscriptionId::new("sub-1");
    ApiUse {
        requests: BTreeMap::from([(("list_computes", "200".to_owned()), 7), (("stop", "unclear".to_owned()), 1)]),
        throttled: BTreeMap::from([(subscription.clone(), 2)]),
        tokens_left: BTreeMap::from([((subscription, Region::new("westeurope"), "read"), 249)]),
        foreign_origins: 0,
    }
}

fn options() -> MetricsOptions {
    MetricsOptions { instance_series: true, instance_series_max: 3, tzdb: "2026b".to_owned(), ..MetricsOptions::default() }
}

fn observed() -> Metrics {
    let metrics = Metrics::new(options()).unwrap();
    metrics.observe_sweep(&build::rich(), &api_use());
    metrics.answered("/metrics", 200);
    metrics
}

fn text(metrics: &Metrics, format: Format) -> String {
    String::from_utf8(metrics.pieces(format).concat()).unwrap()
}

fn value(page: &str, name: &str, wanted: &[(&str, &str)]) -> Option<String> {
    let families = exposition::read(page);
    let samples = families.values().flat_map(|family| &family.samples);
    let mut fitting = samples.filter(|(sample, labels, _)| {
        sample == name && wanted.iter().all(|(label, value)| labels.get(*label).is_some_and(|found| found == value))
    });
    fitting.next().map(|(_, _, value)| value.clone())
}

#[test]
fn the_classic_page_is_clean_and_names_only_what_names_rs_names() {
    let page = text(&observed(), Format::Classic);
    let families = exposition::read(&page);
    assert_eq!(exposition::lint(&families), Vec::<String>::new());
    let known: BTreeSet<&str> = names::ALL.iter().map(|family| family.name).chain(names::PROCESS).collect();
    for (name, family) in &families {
        assert!(known.contains(name.as_str()), "{name} is not in names.rs");
        if let Some(declared) = names::ALL.iter().find(|declared| declared.name == *name) {
            let labels: BTreeSet<&str> = declared.labels.iter().copied().collect();
            for (_, found, _) in &family.samples {
                assert_eq!(found.keys().map(String::as_str).filter(|l| *l != "le").collect::<BTreeSet<_>>(), labels, "{name}");
            }
            assert_eq!((family.help.as_str(), family.kind.as_str()), (declared.help, declared.kind.classic()), "{name}");
        }
    }
    for declared in names::ALL {
        let first = declared.name == names::HTTP_REFUSED.name || families.contains_key(declared.name);
        assert!(first, "{} is declared and never written", declared.name);
    }
}

#[test]
fn the_open_metrics_page_has_the_same_samples_and_an_end() {
    let metrics = observed();
    let (classic, open) = (text(&metrics, Format::Classic), text(&metrics, Format::OpenMetrics));
    assert!(open.ends_with("# EOF\n"));
    let fleet = |page: &str| page.lines().filter(|line| line.starts_with("lightsout_")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(fleet(&classic), fleet(&open));
    for (name, family) in exposition::read(&open) {
        assert!(!name.ends_with("_total") && !name.ends_with("_info"), "{name} as a family");
        let suffix = match family.kind.as_str() {
            "counter" => "_total",
            "info" => "_info",
            _ => continue,
        };
        assert!(family.samples.iter().all(|(sample, ..)| *sample == format!("{name}{suffix}")), "{name}");
    }
}

#[test]
fn the_page_says_what_the_view_says() {
    let page = text(&observed(), Format::Classic);
    let says = |name: &str, labels: &[(&str, &str)]| value(&page, name, labels);
    assert_eq!(says("lightsout_instances", &[("workspace", "ws-a"), ("state", "running")]).as_deref(), Some("3"));
    assert_eq!(says("lightsout_instances", &[("state", "unrecognised"), ("size", "STANDARD_NC6S_V3")]).as_deref(), Some("1"));
    assert_eq!(says("lightsout_unrecognised_states", &[("word", "Hibernating")]).as_deref(), Some("1"));
    assert_eq!(says("lightsout_overdue_instances", &[("workspace", "ws-b")]).as_deref(), Some("1"));
    assert_eq!(says("lightsout_overdue_age_seconds", &[("workspace", "ws-b")]).as_deref(), Some("5400"));
    assert_eq!(says("lightsout_workspaces", &[("fault", "forbidden")]).as_deref(), Some("1"));
    assert_eq!(says("lightsout_workspace_readable", &[("workspace", "ws-c")]).as_deref(), Some("0"));
    assert_eq!(says("lightsout_workspace_read_timestamp_seconds", &[("workspace", "ws-c")]), None, "never read is no 1970");
    assert_eq!(says("lightsout_ungoverned_workspaces", &[]).as_deref(), Some("1"));
    assert_eq!(says("lightsout_last_sweep_duration_seconds", &[]).as_deref(), Some("1.500"));
    assert_eq!(says("lightsout_sweep_duration_seconds_count", &[]).as_deref(), Some("1"));
    assert_eq!(says("lightsout_stops_planned_total", &[("ground", "off_hours")]).as_deref(), Some("2"));
    assert_eq!(says("lightsout_stops_refused_total", &[("reason", "backing_off")]).as_deref(), Some("1"));
    assert_eq!(says("lightsout_stops_attempted_total", &[("ground", "off_hours")]).as_deref(), Some("1"));
    assert_eq!(says("lightsout_stops_verified_total", &[("result", "stopped")]).as_deref(), Some("1"));
    assert_eq!(says("lightsout_edges_missed_total", &[("reason", "down")]).as_deref(), Some("1"), "S7");
    assert_eq!(says("lightsout_warnings", &[("state", "announced")]).as_deref(), Some("1"));
    assert_eq!(says("lightsout_holds", &[("workspace", "ws-a")]).as_deref(), Some("1"));
    assert_eq!(says("lightsout_arm_tokens", &[("kind", "read")]).as_deref(), Some("249"));
    assert_eq!(says("lightsout_tzdb_info", &[("version", "2026b")]).as_deref(), Some("1"), "S16");
    assert_eq!(says("lightsout_frozen", &[]).as_deref(), Some("0"));
}

#[test]
fn per_instance_series_are_optional_and_capped() {
    let page = text(&observed(), Format::Classic);
    assert_eq!(exposition::read(&page)["lightsout_instance_on"].samples.len(), 3);
    assert_eq!(value(&page, "lightsout_instance_series_omitted", &[]).as_deref(), Some("4"));
    let without = Metrics::new(MetricsOptions::default()).unwrap();
    without.observe_sweep(&build::rich(), &api_use());
    assert!(!text(&without, Format::Classic).contains("lightsout_instance_"));
}

#[test]
fn nothing_stale_remains_and_nothing_is_counted_twice() {
    let metrics = observed();
    metrics.observe_sweep(&build::rich(), &api_use());
    let page = text(&metrics, Format::Classic);
    assert_eq!(value(&page, "lightsout_sweeps_total", &[]).as_deref(), Some("1"), "the same sweep, published again");
    let mut next = build::fleet(vec![build::room("ws-z", Vec::new())]);
    next.freeze = Freeze::On("incident".to_owned());
    next.reload = Err("policies/a.toml:3: unknown key".to_owned());
    Arc::make_mut(&mut next.last).ended_at = Some(build::minutes(5));
    metrics.observe_sweep(&next, &api_use());
    let page = text(&metrics, Format::Classic);
    assert!(!page.contains("ws-a"), "{page}");
    assert_eq!(value(&page, "lightsout_sweeps_total", &[]).as_deref(), Some("2"));
    assert_eq!(value(&page, "lightsout_stops_planned_total", &[]).as_deref(), Some("2"), "counters stay");
    assert_eq!(value(&page, "lightsout_frozen", &[]).as_deref(), Some("1"));
    assert_eq!(value(&page, "lightsout_policy_reload_success", &[]).as_deref(), Some("0"), "S10");
    assert!(value(&page, "lightsout_policy_reload_timestamp_seconds", &[]).is_some(), "the last good load stays known");
}

#[test]
fn running_seconds_add_up_between_sightings_and_gaps_stay_gaps() {
    let metrics = Metrics::new(MetricsOptions::default()).unwrap();
    let seen = |metrics: &Metrics, at: i64| {
        let mut facts = build::facts("ws-a", "ci-1");
        facts.observed_at = build::minutes(at);
        metrics.observe_sweep(&build::fleet(vec![build::room("ws-a", vec![build::shown(facts, None)])]), &ApiUse::default());
        value(&text(metrics, Format::Classic), "lightsout_running_seconds_total", &[("workspace", "ws-a")]).unwrap()
    };
    assert_eq!(seen(&metrics, 0), "0");
    assert_eq!(seen(&metrics, 5), "300");
    assert_eq!(seen(&metrics, 5), "300", "published again");
    assert_eq!(seen(&metrics, 3), "300", "a clock that steps back takes nothing away (S12)");
    assert_eq!(seen(&metrics, 10), "600");
    assert_eq!(seen(&metrics, 10 + 61), "600", "more than an hour unseen");
}

#[test]
fn words_from_outside_become_labels_only_up_to_a_cap() {
    let metrics = Metrics::new(MetricsOptions::default()).unwrap();
    let shown = |n: usize| {
        let mut facts = build::facts("ws-a", &format!("ci-{n}"));
        facts.state = lightsout::facts::PowerState::Unrecognised(Arc::from(format!("Word{n}")));
        build::shown(facts, None)
    };
    metrics.observe_sweep(&build::fleet(vec![build::room("ws-a", (0..100).map(shown).collect())]), &ApiUse::default());
    let page = text(&metrics, Format::Classic);
    assert_eq!(exposition::read(&page)["lightsout_unrecognised_states"].samples.len(), 21, "twenty words and the rest");
    assert_eq!(value(&page, "lightsout_unrecognised_states", &[("word", "other")]).as_deref(), Some("80"));
}

#[test]
fn before_the_first_sweep_there_is_a_page() {
    let page = text(&Metrics::new(options()).unwrap(), Format::Classic);
    assert_eq!(exposition::lint(&exposition::read(&page)), Vec::<String>::new());
    assert_eq!(value(&page, "lightsout_sweeps_total", &[]).as_deref(), Some("0"));
    assert_eq!(value(&page, "lightsout_last_sweep_timestamp_seconds", &[]), None);
}
