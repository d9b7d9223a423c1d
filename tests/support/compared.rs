//! A ledger that was compared with a bill, and agreed with it but for two days.

use std::collections::BTreeMap;

use lightsout::ledger::{BillSource, Cause, Part};
use lightsout::report::{Difference, FaultLine, PartView, Reconciliation, ReconciliationView, Share};
use lightsout::units::{Currency, Money};

use crate::build;

fn usd(micros: i64) -> Money {
    Money::micros(micros, Currency::USD)
}

pub(crate) fn told() -> Reconciliation {
    let difference = Difference {
        workspace: build::workspace("ws-a"),
        day: "2026-11-20".parse().unwrap(),
        part: Part::Compute,
        billed: usd(3_000_000),
        metered: usd(2_500_000),
        difference: Some(usd(500_000)),
        cause: Cause::Price,
    };
    let currency = Difference {
        metered: Money::micros(1_000_000, "EUR".parse().unwrap()),
        difference: None,
        cause: Cause::Currency,
        ..difference.clone()
    };
    let view = ReconciliationView {
        checked_at: build::minutes(-180),
        source: BillSource::CostManagement,
        first: "2026-10-21".parse().unwrap(),
        last: "2026-11-21".parse().unwrap(),
        bill_at: Some(build::minutes(-240)),
        days: 40,
        compared: 39,
        coverage: Some(Share(975_000)),
        error: Some(Share(12_345)),
        causes: BTreeMap::from([(Cause::Agrees, 38), (Cause::Price, 1), (Cause::Currency, 1)]),
        parts: vec![PartView {
            part: Part::Compute,
            days: 39,
            billed: usd(40_502_000),
            metered: usd(40_002_000),
            off: usd(500_000),
            error: Some(Share(12_345)),
        }],
        worst: vec![difference.clone()],
        faults: vec![FaultLine {
            workspace: None,
            label: "bills",
            words: "cost_management: could not\n read".to_owned(),
        }],
    };
    Reconciliation { view, differences: vec![difference, currency] }
}
