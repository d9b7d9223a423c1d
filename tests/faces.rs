//! Faces for machines: the exposition is well formed, bounded and served within limits; the control socket is closed to others.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/build.rs"]
mod build;
#[path = "support/compared.rs"]
mod compared;
#[path = "support/exposition.rs"]
mod exposition;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lightsout::facts::Freeze;
use lightsout::ledger::{EntryKind, PriceSource};
use lightsout::metrics::{Format, Metrics, MetricsOptions, names};
use lightsout::ports::ApiUse;
use lightsout::report::Followed;
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
    MetricsOptions {
        instance_series: true,
        instance_series_max: 3,
        tzdb: "2026b".to_owned(),
        ..MetricsOptions::default()
    }
}

fn observed() -> Metrics {
    let metrics = Metrics::new(options()).unwrap();
    let mut view = build::rich();
    view.money.reconciliation = Some(Arc::new(compared::told().view));
    metrics.observe_sweep(&view, &api_use());
    metrics.answered("/metrics", 200);
    metrics.heartbeat("taken");
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
                assert_eq!(
                    found.keys().map(String::as_str).filter(|l| *l != "le").collect::<BTreeSet<_>>(),
                    labels,
                    "{name}"
                );
            }
            assert_eq!(
                (family.help.as_str(), family.kind.as_str()),
                (declared.help, declared.kind.classic()),
                "{name}"
            );
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
    let fleet =
        |page: &str| page.lines().filter(|line| line.starts_with("lightsout_")).map(str::to_owned).collect::<Vec<_>>();
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

/// Series of the rich fleet: name, some of its labels, value. S7, S16, G14 and B12 are read off these.
const SAID: &str = "\
lightsout_instances{workspace=ws-a,state=running} 3
lightsout_instances{state=unrecognised,size=STANDARD_NC6S_V3} 1
lightsout_unrecognised_states{word=Hibernating} 1
lightsout_skipped_computes{workspace=ws-a} 1
lightsout_verdicts{action=stop,ground=off_hours} 2
lightsout_overdue_instances{workspace=ws-b} 1
lightsout_overdue_age_seconds{workspace=ws-b} 5400
lightsout_workspaces{fault=forbidden} 1
lightsout_workspaces{fault=none} 2
lightsout_workspace_readable{workspace=ws-c} 0
lightsout_ungoverned_workspaces{} 1
lightsout_last_sweep_duration_seconds{} 1.500
lightsout_sweep_duration_seconds_count{} 1
lightsout_stops_planned_total{ground=off_hours} 2
lightsout_stops_refused_total{reason=backing_off} 1
lightsout_stops_attempted_total{ground=off_hours} 1
lightsout_stops_verified_total{result=stopped} 1
lightsout_stops_failed_total{reason=still_running} 1
lightsout_stops_failed_total{reason=other} 1
lightsout_stops_failed_total{reason=disk_full} 0
lightsout_stops_refused_total{reason=over_cap} 0
lightsout_faults_total{fault=stuck} 0
lightsout_plan_steps{reason=sent} 1
lightsout_edges_missed_total{reason=not_running} 1
lightsout_warnings{state=announced} 1
lightsout_warnings_recorded_total{ground=off_hours} 1
lightsout_holds{workspace=ws-a} 1
lightsout_arm_requests_total{operation=stop,code=unclear} 1
lightsout_arm_throttled_total{subscription=sub-1} 2
lightsout_arm_throttled_total{subscription=11111111-2222-3333-4444-555555555555} 0
lightsout_arm_tokens{kind=read} 249
lightsout_policy_info{policy=office,mode=enforce} 1
lightsout_policy_reload_success{} 1
lightsout_tzdb_info{version=2026b} 1
lightsout_frozen{} 0
lightsout_clock_trouble{} 0
lightsout_store_ok{} 1
lightsout_cost_rate{workspace=ws-a,currency=USD} 9.180000000
lightsout_cost_rate{workspace=ws-b,currency=USD} 3.060000000
lightsout_cost_rate{workspace=ws-c,currency=USD} 0
lightsout_unpriced_instances{workspace=ws-b} 1
lightsout_residual_cost_rate{workspace=ws-a,currency=USD} 0.057000000
lightsout_residual_cost_rate{workspace=ws-b,currency=USD} 0
lightsout_quota_held_vcpus{region=westeurope,family=standardNCSv3Family} 6
lightsout_cost_total{workspace=ws-a,team=vision,currency=USD} 8.860000
lightsout_cost_taken_back_total{workspace=ws-a,team=vision} 0.048333
lightsout_open_cost{workspace=ws-a,team=vision} 1.530000
lightsout_avoided_cost_total{workspace=ws-a,team=vision} 30.600000
lightsout_avoided_cost_taken_back_total{workspace=ws-a,team=vision} 0.255000
lightsout_avoided_cost_total{workspace=ws-b,team=} 0
lightsout_would_avoid_cost_total{workspace=ws-b,team=,currency=USD} 6.120000
lightsout_would_avoid_cost_taken_back_total{workspace=ws-b} 0
lightsout_metered_seconds_total{workspace=ws-a,team=vision,price=5} 7200
lightsout_metered_seconds_taken_back_total{workspace=ws-a,price=5} 60
lightsout_metered_seconds_total{workspace=ws-b,team=,price=} 600
lightsout_open_seconds{workspace=ws-b,price=} 100
lightsout_avoided_seconds_total{workspace=ws-a,price=7} 36000
lightsout_avoided_seconds_taken_back_total{workspace=ws-a,price=7} 300
lightsout_price_info{price=5,size=STANDARD_NC6S_V3,region=westeurope,source=retail} 1
lightsout_price_info{price=7,size=STANDARD_NC6S_V3,region=westeurope,source=sheet} 1
lightsout_hourly_price{price=5,currency=USD} 2.900000000
lightsout_prices{source=sheet} 1
lightsout_prices{source=retail} 0
lightsout_price_age_seconds{source=sheet} 86400
lightsout_unknown_prices{why=not_listed} 1
lightsout_unknown_prices{why=absurd} 0
lightsout_doubted_prices{why=not_listed} 0
lightsout_price_source_faults{} 1
lightsout_ledger_rows{} 42
lightsout_ledger_whole{} 1
lightsout_budget_limit{policy=office,scope=ws-a,currency=USD} 2000
lightsout_budget_spent{policy=office,scope=ws-a,currency=USD} 1700.125000
lightsout_budget_spent{policy=office,scope=owners,currency=USD} 3400
lightsout_budget_forecast{policy=office,scope=ws-a,bound=mid} 2250.500000
lightsout_budget_forecast{policy=office,scope=owners,bound=high} 5200
";

#[test]
fn the_page_says_what_the_view_says() {
    let page = text(&observed(), Format::Classic);
    for line in SAID.lines() {
        let (series, wanted) = line.rsplit_once(' ').unwrap();
        let (name, labels) = series.trim_end_matches('}').split_once('{').unwrap();
        let labels: Vec<(&str, &str)> = labels.split(',').filter_map(|label| label.split_once('=')).collect();
        assert_eq!(value(&page, name, &labels).as_deref(), Some(wanted), "{line}");
    }
    let never_read = value(&page, "lightsout_workspace_read_timestamp_seconds", &[("workspace", "ws-c")]);
    assert_eq!(never_read, None, "what was never read is not of 1970");
}

#[test]
fn budgets_are_capped_and_name_no_person() {
    let page = text(&observed(), Format::Classic);
    assert!(!page.contains("bob@example.com"), "an owner is no label");
    let unknown = value(&page, "lightsout_budget_forecast", &[("scope", "ws-b")]);
    assert_eq!(unknown, None, "what nobody can foresee is not nothing");
    let mut view = build::rich();
    let one = view.budgets.first().unwrap().clone();
    let many = (0..500).map(|n| lightsout::report::BudgetView { scope: format!("ws-{n:03}").into(), ..one.clone() });
    view.budgets = Arc::new(many.collect());
    let metrics = Metrics::new(options()).unwrap();
    metrics.observe_sweep(&view, &api_use());
    let page = text(&metrics, Format::Classic);
    assert_eq!(exposition::read(&page)["lightsout_budget_limit"].samples.len(), 201);
    let rest = value(&page, "lightsout_budget_limit", &[("scope", "other")]);
    assert_eq!(rest.as_deref(), Some("600000"), "300 of them together");
}

#[test]
fn a_ledger_that_was_changed_is_told_and_one_not_followed_yet_says_nothing() {
    let mut view = build::rich();
    view.money.followed = None;
    let metrics = Metrics::new(options()).unwrap();
    metrics.observe_sweep(&view, &api_use());
    assert_eq!(value(&text(&metrics, Format::Classic), "lightsout_ledger_whole", &[]), None);
    let broken = Followed { at: build::now(), found: Err("row 7 does not fit".to_owned()) };
    view.money.followed = Some(Arc::new(broken));
    Arc::make_mut(&mut view.last).ended_at = Some(build::minutes(5));
    metrics.observe_sweep(&view, &api_use());
    assert_eq!(value(&text(&metrics, Format::Classic), "lightsout_ledger_whole", &[]).as_deref(), Some("0"));
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
    let planned = value(&page, "lightsout_stops_planned_total", &[("ground", "off_hours")]);
    assert_eq!(planned.as_deref(), Some("2"), "counters stay");
    assert_eq!(value(&page, "lightsout_frozen", &[]).as_deref(), Some("1"));
    assert_eq!(value(&page, "lightsout_policy_reload_success", &[]).as_deref(), Some("0"), "S10");
    assert!(value(&page, "lightsout_policy_reload_timestamp_seconds", &[]).is_some(), "the last good load stays known");
}

/// What the ledger counts does not begin anew with the process, and nothing a team is called can multiply series.
#[test]
fn money_survives_a_restart_and_teams_are_capped() {
    let money = |page: &str| {
        let of_money =
            |line: &&str| line.contains("_cost") || line.contains("_seconds_total{") && line.contains("price=");
        page.lines().filter(of_money).map(str::to_owned).collect::<Vec<_>>()
    };
    let (before, after) = (text(&observed(), Format::Classic), text(&observed(), Format::Classic));
    assert!(money(&before).len() > 30, "{before}");
    assert_eq!(money(&before), money(&after));
    let metrics = observed();
    let mut view = build::rich();
    let (usage, price) = (EntryKind::Usage, build::price(7, "Standard_NC6s_v3", "3.6", PriceSource::Sheet));
    let of = |n: usize| build::sum(("ws-a", Some(&format!("team\n{n}"))), usage, Some(&price), (1_000, 0, 0));
    view.money.sums = Arc::new((0..500).map(of).collect());
    metrics.observe_sweep(&view, &api_use());
    let page = text(&metrics, Format::Classic);
    let families = exposition::read(&page);
    assert_eq!(
        families["lightsout_cost_total"].samples.len(),
        200,
        "199 teams beside the one met before, and the rest"
    );
    let rest = value(&page, "lightsout_cost_total", &[("team", "other")]);
    assert_eq!(rest.as_deref(), Some("301"), "and no second is lost");
}

#[test]
fn running_seconds_add_up_between_sightings_and_gaps_stay_gaps() {
    let metrics = Metrics::new(MetricsOptions::default()).unwrap();
    let seen = |metrics: &Metrics, at: i64| {
        let mut facts = build::facts("ws-a", "ci-1");
        facts.observed_at = build::minutes(at);
        metrics.observe_sweep(
            &build::fleet(vec![build::room("ws-a", vec![build::shown(facts, None)])]),
            &ApiUse::default(),
        );
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
