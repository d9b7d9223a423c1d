//! From the table of a budget to the rule, and what is wrong with it on the way.

use super::budget::{AtLimit, BudgetRule, Per};
use super::checks::missing;
use super::compile::Layered;
use super::document::{Budget, Tables};
use super::layers::on;
use crate::document::{Findings, Located, Trouble};
use crate::units::{Currency, Money};

/// Where nobody says otherwise people are told at these shares.
const LEVELS: [u32; 3] = [50, 80, 100];

/// What is wrong with single values of one layer.
pub(super) fn ranges(written: &Tables, findings: &mut Findings<'_>) {
    let Some(budget) = on(&written.budget) else { return };
    if let Some(monthly) = budget.monthly.as_ref().filter(|monthly| monthly.value.0 <= 0) {
        let help = "write an amount such as \"2000\", or budget = \"off\" for no such rule";
        findings.error(&monthly.at, Trouble::new("a budget of nothing is used up before the month begins", help));
    }
    let levels = budget.warn_at.as_ref().map(|levels| levels.value.as_slice()).unwrap_or_default();
    let falls = levels.iter().zip(levels.iter().skip(1)).find(|(before, after)| after.value <= before.value);
    if let Some((before, after)) = falls {
        let problem = format!("{} comes after {}", after.value.0, before.value.0);
        findings.error(&after.at, Trouble::new(problem, "write the levels rising, each once, such as [50, 80, 100]"));
    }
}

/// The rule of effective tables; what it lacks is reported.
pub(super) fn budget(layered: Layered<'_>, findings: &mut Findings<'_>) -> Option<BudgetRule> {
    let table = on(&layered.effective.budget)?;
    let Some(monthly) = &table.monthly else {
        if let Some(own) = on(&layered.written.budget).and(layered.written.budget.as_ref()) {
            let help = "write monthly = \"2000\", or leave the table out";
            missing(&own.at, "", ("this does not say how much may be spent", help), findings);
        }
        return None;
    };
    let of_hours = on(&layered.effective.hours).and_then(|hours| hours.zone.as_ref());
    let Some(zone) = table.zone.as_ref().or(of_hours) else {
        let help = "write zone = \"Europe/Berlin\" or another IANA name, here or under [hours]; there is no default";
        missing(&monthly.at, "zone", ("the months of this budget have no time zone", help), findings);
        return None;
    };
    let currency = table.currency.as_ref().map_or(Currency::USD, |code| code.value.0);
    Some(BudgetRule {
        monthly: Money::micros(monthly.value.0, currency),
        per: word(&table.per, Per::Workspace),
        zone: zone.value.0.clone(),
        warn_at: levels(table),
        at_limit: word(&table.at_limit, AtLimit::Warn),
    })
}

fn word<T: Copy>(written: &Option<Located<T>>, default: T) -> T {
    written.as_ref().map_or(default, |located| located.value)
}

fn levels(table: &Budget) -> Vec<u32> {
    let written = table.warn_at.as_ref().map(|levels| levels.value.iter().map(|level| level.value.0).collect());
    written.unwrap_or_else(|| LEVELS.to_vec())
}
