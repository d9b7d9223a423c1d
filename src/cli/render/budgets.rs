//! Budgets in `lightsout status`: what is spent of each allowance, where the month is heading, and what was told.

use super::Look;
use crate::report::{BudgetView, FleetView, words};

/// So many are listed; of more the ones that are used up most.
const LISTED: usize = 20;

/// Every allowance, the one that is used up most first.
pub(super) fn budgets(text: &mut String, view: &FleetView, look: &Look) {
    if view.budgets.is_empty() {
        return;
    }
    let mut all: Vec<&BudgetView> = view.budgets.iter().collect();
    all.sort_by(|a, b| b.share.cmp(&a.share).then_with(|| (&a.policy, &a.scope).cmp(&(&b.policy, &b.scope))));
    let rows: Vec<Vec<String>> = all.iter().take(LISTED).map(|budget| row(budget, look)).collect();
    text.push_str(&format!("\n{}\n", look.paint.strong("Budgets")));
    let header = ["policy", "for", "month", "spent", "of", "%", "by its end", "told at", "at the limit", "not counted"];
    text.push_str(&look.table(&header, &rows));
    let more = all.len().saturating_sub(LISTED);
    if more > 0 {
        text.push_str(&format!("  and {more} more, with less of theirs spent\n"));
    }
}

fn row(budget: &BudgetView, look: &Look) -> Vec<String> {
    let ahead = budget.forecast.map_or_else(
        || "unknown".to_owned(),
        |ahead| format!("{} ({} to {})", amount(ahead.mid), amount(ahead.low), amount(ahead.high)),
    );
    let levels: Vec<String> = budget.levels.iter().map(ToString::to_string).collect();
    let used_up = budget.used_up_at.known().map(|at| format!(", used up {}", words::from_now(at, look.now)));
    let mut left_out: Vec<String> = budget.not_counted.iter().map(ToString::to_string).collect();
    if budget.unpriced > 0 {
        let length = words::length(jiff::SignedDuration::from_secs(budget.unpriced));
        left_out.push(format!("{length} without a price"));
    }
    vec![
        budget.policy.to_string(),
        format!("{} {}", budget.per.label(), budget.scope),
        budget.month.to_string(),
        amount(budget.spent),
        budget.limit.to_string(),
        budget.share.to_string(),
        ahead,
        if levels.is_empty() { "-".to_owned() } else { levels.join(" ") },
        format!("{}{}", budget.at_limit.label(), used_up.unwrap_or_default()),
        if left_out.is_empty() { "-".to_owned() } else { left_out.join(", ") },
    ]
}

/// Two decimals; the currency stands beside the limit.
fn amount(money: crate::units::Money) -> String {
    money.cost().text(2)
}
