//! Budgets as series: bounded, and without the name of a person.

use std::collections::BTreeMap;

use super::escape;
use super::names;
use super::page::{Draft, Value};
use crate::policy::Per;
use crate::report::{BudgetView, FleetView};
use crate::units::Currency;

/// So many allowances have series of their own; the rest of each policy is added up as `other`.
const SCOPES_MAX: usize = 200;

/// Policy, scope, currency.
type Key = (String, String, Currency);

/// Millionths of the currency's unit.
#[derive(Debug, Clone, Copy)]
struct Figures {
    limit: i64,
    spent: i64,
    /// Low, mid, high; none where it is not known of all.
    forecast: Option<[i64; 3]>,
}

impl Figures {
    fn of(view: &BudgetView) -> Self {
        let ahead = view.forecast.map(|ahead| [ahead.low, ahead.mid, ahead.high].map(|amount| amount.as_micros()));
        Self { limit: view.limit.as_micros(), spent: view.spent.as_micros(), forecast: ahead }
    }

    fn plus(self, other: Self) -> Self {
        let forecast = self.forecast.zip(other.forecast).map(|([a, b, c], [low, mid, high])| {
            [a.saturating_add(low), b.saturating_add(mid), c.saturating_add(high)]
        });
        Self { limit: self.limit.saturating_add(other.limit), spent: self.spent.saturating_add(other.spent), forecast }
    }
}

/// Allowance, spending and outlook of every scope; those of owners together, since no series names a person.
pub(super) fn write(draft: &mut Draft, view: &FleetView) {
    let sums = sums(&view.budgets);
    let labelled = |draft: &mut Draft, family, value: fn(&Figures) -> i64| {
        draft.family(family);
        for ((policy, scope, currency), figures) in &sums {
            draft.sample(&[policy, scope, currency.code()], Value::Micro(value(figures)));
        }
    };
    labelled(draft, &names::BUDGET_LIMIT, |figures| figures.limit);
    labelled(draft, &names::BUDGET_SPENT, |figures| figures.spent);
    draft.family(&names::BUDGET_FORECAST);
    for ((policy, scope, currency), figures) in &sums {
        for (bound, amount) in ["low", "mid", "high"].into_iter().zip(figures.forecast.into_iter().flatten()) {
            draft.sample(&[policy, scope, currency.code(), bound], Value::Micro(amount));
        }
    }
}

fn sums(views: &[BudgetView]) -> BTreeMap<Key, Figures> {
    let mut sums: BTreeMap<Key, Figures> = BTreeMap::new();
    for view in views {
        let scope = match view.per {
            Per::Owner => "owners".to_owned(),
            Per::Workspace | Per::Team => escape::word(&view.scope),
        };
        let mut key = (view.policy.as_str().to_owned(), scope, view.limit.currency());
        if !sums.contains_key(&key) && sums.len() >= SCOPES_MAX {
            "other".clone_into(&mut key.1);
        }
        let figures = Figures::of(view);
        sums.entry(key).and_modify(|sum| *sum = sum.plus(figures)).or_insert(figures);
    }
    sums
}
