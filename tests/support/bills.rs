//! A comparison of ledger and bill as faces show it.
#![expect(clippy::unwrap_used, reason = "test support: fixed texts that parse")]

use std::collections::BTreeMap;

use lightsout::ledger::{BillSource, Cause};
use lightsout::report::{FaultLine, ReconciliationView, Share};

/// Forty days, one of them without a bill and two that do not agree, on the morning of the views of `build`.
pub(crate) fn compared() -> ReconciliationView {
    let faults = FaultLine { workspace: None, label: "bills", words: "cost_management: 429".to_owned() };
    ReconciliationView {
        checked_at: "2026-11-24T16:00:00Z".parse().unwrap(),
        source: BillSource::CostManagement,
        first: "2026-10-21".parse().unwrap(),
        last: "2026-11-21".parse().unwrap(),
        bill_at: Some("2026-11-24T15:00:00Z".parse().unwrap()),
        days: 40,
        compared: 39,
        coverage: Some(Share(975_000)),
        error: Some(Share(12_345)),
        causes: BTreeMap::from([(Cause::Agrees, 37), (Cause::Price, 2)]),
        parts: Vec::new(),
        worst: Vec::new(),
        faults: vec![faults],
    }
}
