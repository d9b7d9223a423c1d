//! Figures as people read them: known, or between two bounds.

use crate::ledger::Costs;
use crate::replay::Spread;

/// A figure that is known, or its bounds.
pub(super) fn between(least: String, most: String) -> String {
    if least == most { least } else { format!("{least} to {most}") }
}

/// Bounds of costs.
pub(super) fn money(spread: &Spread<&Costs>) -> String {
    let text = |costs: &Costs| {
        let parts: Vec<String> = costs.iter().map(|cost| cost.text(2)).collect();
        if parts.is_empty() { "-".to_owned() } else { parts.join(" + ") }
    };
    let codes: Vec<String> = spread.most.currencies().map(|currency| currency.to_string()).collect();
    match codes.as_slice() {
        [code] => format!("{} {code}", between(text(spread.least), text(spread.most))),
        _ => between(crate::cli::statement::money(spread.least), crate::cli::statement::money(spread.most)),
    }
}

/// What a replay costs less than what happened, at least and at most; less than nothing is more.
pub(super) fn saved(compared: &crate::replay::Compared) -> Spread<Costs> {
    let minus = |costs: &Costs| {
        let happened = &compared.happened.cost;
        let mut currencies: Vec<_> = happened.currencies().chain(costs.currencies()).collect();
        currencies.sort_unstable();
        currencies.dedup();
        let less = |currency| happened.get(currency).minus(costs.get(currency));
        currencies.into_iter().filter_map(less).collect()
    };
    Spread { least: minus(&compared.replayed.most.cost), most: minus(&compared.replayed.least.cost) }
}
