//! Every face of the comparison with Azure's bill: text, status, metrics, JSON.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/build.rs"]
#[expect(dead_code, reason = "the builders of other suites, of which this one needs a few")]
mod build;
#[path = "support/compared.rs"]
mod compared;

use std::sync::Arc;

use compared::told;
use lightsout::cli::render::{Look, Paint, Zones, reconciliation, status};
use lightsout::metrics::{Metrics, MetricsOptions};
use lightsout::ports::ApiUse;
use lightsout::report::{FleetView, Reconciliation};

fn look() -> Look {
    Look { paint: Paint::Plain, width: 130, zones: Zones::default(), now: build::now() }
}

fn fleet() -> FleetView {
    let mut view = build::fleet(vec![build::room("ws-a", Vec::new())]);
    view.money.reconciliation = Some(Arc::new(told().view));
    view
}

#[test]
fn every_difference_is_shown_with_its_cause() {
    let text = reconciliation(&told(), &look());
    for line in [
        "Ledger and bill, 2026-10-21 to 2026-11-21 (UTC)",
        "39 of 40 workspace-days compared, compute off by 1.23 %, checked 3h ago",
        "compute by workspace and day: 38 agrees, 1 price, 1 currency",
        "compute  39    40.50 USD  40.00 USD  0.50 USD  1.23 %",
        "ws-a       2026-11-20  compute  3.00 USD  2.50 USD  0.50 USD    price",
        "ws-a       2026-11-20  compute  3.00 USD  1.00 EUR  -           currency",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    assert!(text.starts_with("! cost_management: could not"), "{text}");
    let mut fine = told();
    fine.differences.clear();
    assert!(reconciliation(&fine, &look()).ends_with("everything that could be compared agrees\n"));
}

#[test]
fn status_has_one_line_of_it_and_none_without() {
    let text = status(&fleet(), &look());
    assert!(
        text.contains("\n  bill: 39 of 40 workspace-days compared, compute off by 1.23 %, checked 3h ago\n"),
        "{text}"
    );
    assert!(!status(&build::fleet(Vec::new()), &look()).contains("bill"));
}

#[test]
fn metrics_say_how_far_and_how_much() {
    let page = |view: &FleetView| {
        let metrics = Metrics::new(MetricsOptions::default()).unwrap();
        metrics.observe_sweep(view, &ApiUse::default());
        String::from_utf8(metrics.render().to_vec()).unwrap()
    };
    let text = page(&fleet());
    for line in [
        "lightsout_reconciliation_error_ratio 0.012345",
        "lightsout_reconciliation_coverage_ratio 0.975000",
        "lightsout_reconciliation_due 40",
        "lightsout_bill_age_seconds 14400",
        "lightsout_bill_faults 1",
        "lightsout_reconciled{cause=\"agrees\"} 38",
        "lightsout_reconciled{cause=\"unexplained\"} 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
    }
    assert!(!page(&build::fleet(Vec::new())).contains("lightsout_reconcil"), "no bill is not a bill of nothing");
}

#[test]
fn json_is_read_back_as_it_was_written() {
    let json = serde_json::to_string(&told()).unwrap();
    assert_eq!(serde_json::from_str::<Reconciliation>(&json).unwrap(), told());
    assert!(json.contains("\"error\":\"0.012345\"") && json.contains("\"billed\":{\"amount\":\"3.000000\""), "{json}");
    let view: FleetView = serde_json::from_str(&serde_json::to_string(&fleet()).unwrap()).unwrap();
    assert_eq!(view.money.reconciliation.as_deref(), Some(&told().view));
}
