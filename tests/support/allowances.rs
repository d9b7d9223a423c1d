//! Budgets as faces show them.

use std::sync::Arc;

use lightsout::policy::{AtLimit, Per};
use lightsout::report::{BudgetView, Foreseen};
use lightsout::units::{Currency, Money, PolicyId, When};

use super::{at, minutes};

/// An allowance of 2000 USD in November of which so much is spent.
fn budget(per: Per, scope: &str, spent: &str) -> BudgetView {
    let usd = |amount: &str| Money::parse(amount, Currency::USD).unwrap();
    BudgetView {
        policy: PolicyId::new("office"),
        scope: Arc::from(scope),
        per,
        month: Arc::from("2026-11"),
        until: at("2026-11-30T23:00:00Z"),
        limit: usd("2000"),
        spent: usd(spent),
        share: usd(spent).as_micros() / 20_000_000,
        forecast: Some(Foreseen { low: usd("2100"), mid: usd("2250.5"), high: usd("2600") }),
        levels: vec![50, 80],
        used_up_at: When::NONE,
        at_limit: AtLimit::Warn,
        unpriced: 0,
        not_counted: Vec::new(),
    }
}

/// A workspace that has most of its allowance left, one that has used it up, and two owners.
pub(super) fn budgets() -> Vec<BudgetView> {
    let used_up = BudgetView {
        levels: vec![50, 80, 100],
        used_up_at: minutes(-90).into(),
        at_limit: AtLimit::Stop,
        unpriced: 7_200,
        not_counted: vec![Money::parse("12.5", "EUR".parse().unwrap()).unwrap()],
        forecast: None,
        ..budget(Per::Workspace, "ws-b", "2001.25")
    };
    let owners = ["ada@example.com", "bob@example.com"].map(|owner| budget(Per::Owner, owner, "1700"));
    [vec![budget(Per::Workspace, "ws-a", "1700.125"), used_up], owners.to_vec()].concat()
}
