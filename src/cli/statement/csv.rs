//! A statement for a spreadsheet: one line for each group and currency, and no line that sums others.
//!
//! Columns, in this order. Times are whole seconds, amounts have six decimals and the currency of their line.
//!
//! | column | holds |
//! |---|---|
//! | `from`, `to`, `zone` | first and last day, and whose days |
//! | `by`, `key`, `group` | by what, the group's identity, its name |
//! | `status` | `final` from rows; `provisional` for what goes on and has no row yet |
//! | `currency` | of the amounts; empty where nothing has a price |
//! | `running_seconds_low`, `running_seconds`, `running_seconds_high` | metered time: at least, likely, at most |
//! | `cost_low`, `cost`, `cost_high` | its cost |
//! | `unpriced_seconds` | running time without a price, in no cost |
//! | `unknown_seconds`, `unknown_cost_max` | time of which nobody knows whether it ran; its cost at most |
//! | `stopped_seconds` | time off |
//! | `residual_running`, `residual_stopped`, `residual_unknown` | disk, address, load balancer meanwhile |
//! | `stops`, `credited_seconds`, `charged_seconds`, `avoided`, `regrets`, `regret_cost` | estimated avoided |
//! | `would_stops`, `would_credited_seconds`, `would_avoided` | the same for policies in observe mode |
//! | `ledger_seq`, `ledger_hash`, `price_set`, `zone_data`, `lightsout`, `rates` | what it rests on |
//!
//! Seconds and counts belong to a group and not to a currency: they stand on its first line, and are 0 on others, so
//! that a column may be summed. A text that a spreadsheet would take for a formula has a `'` before it.

use super::value::{Head, Statement};
use crate::ledger::{Account, Avoids, Costs, Figures, Group, Usage};
use crate::report::words;
use crate::units::{Cost, Currency};

const COLUMNS: [&str; 36] = [
    "from",
    "to",
    "zone",
    "by",
    "key",
    "group",
    "status",
    "currency",
    "running_seconds_low",
    "running_seconds",
    "running_seconds_high",
    "cost_low",
    "cost",
    "cost_high",
    "unpriced_seconds",
    "unknown_seconds",
    "unknown_cost_max",
    "stopped_seconds",
    "residual_running",
    "residual_stopped",
    "residual_unknown",
    "stops",
    "credited_seconds",
    "charged_seconds",
    "avoided",
    "regrets",
    "regret_cost",
    "would_stops",
    "would_credited_seconds",
    "would_avoided",
    "ledger_seq",
    "ledger_hash",
    "price_set",
    "zone_data",
    "lightsout",
    "rates",
];

/// The statement as CSV (RFC 4180).
#[must_use]
pub fn csv(statement: &Statement) -> String {
    let mut text = line(&COLUMNS.map(str::to_owned));
    for group in &statement.account.groups {
        let figures = &group.figures;
        lines(&mut text, statement, (group, "final"), &figures.usage);
        if !figures.open.is_empty() {
            lines(&mut text, statement, (group, "provisional"), &figures.open);
        }
    }
    text
}

fn lines(text: &mut String, statement: &Statement, (group, status): (&Group, &str), usage: &Usage) {
    let nothing = Avoids::default();
    let is_final = status == "final";
    let avoids = if is_final { (&group.figures.avoided, &group.figures.would_avoid) } else { (&nothing, &nothing) };
    let shown = Figures {
        usage: usage.clone(),
        open: Usage::default(),
        avoided: avoids.0.clone(),
        would_avoid: avoids.1.clone(),
    };
    let currencies: Vec<Option<Currency>> = shown.currencies().into_iter().map(Some).collect();
    let currencies = if currencies.is_empty() { vec![None] } else { currencies };
    for (place, currency) in currencies.into_iter().enumerate() {
        let mut cells = head_cells(&statement.head, group, status);
        cells.extend(figure_cells(&shown, currency, place == 0));
        cells.extend(proof_cells(&statement.head, &statement.account));
        text.push_str(&line(&cells));
    }
}

fn head_cells(head: &Head, group: &Group, status: &str) -> Vec<String> {
    vec![
        head.from.to_string(),
        head.to.to_string(),
        word(&head.zone),
        head.by.label().to_owned(),
        word(&group.name.key),
        word(&group.name.label),
        status.to_owned(),
    ]
}

fn figure_cells(figures: &Figures, currency: Option<Currency>, first: bool) -> Vec<String> {
    let (usage, avoided, would) = (&figures.usage, &figures.avoided, &figures.would_avoid);
    let count = |number: i64| if first { number.to_string() } else { "0".to_owned() };
    let amount = |costs: &Costs| currency.map_or_else(String::new, |currency| decimals(costs.get(currency)));
    vec![
        currency.map_or_else(String::new, |currency| currency.code().to_owned()),
        count(usage.running.low),
        count(usage.running.mid),
        count(usage.running.high),
        amount(&usage.cost.low),
        amount(&usage.cost.mid),
        amount(&usage.cost.high),
        count(usage.unpriced_seconds),
        count(usage.unknown_seconds),
        amount(&usage.unknown_cost_max),
        count(usage.stopped_seconds),
        amount(&usage.residual.running),
        amount(&usage.residual.stopped),
        amount(&usage.residual.unknown),
        count(avoided.stops),
        count(avoided.credited_seconds),
        count(avoided.charged_seconds),
        amount(&avoided.cost),
        count(avoided.regrets),
        amount(&avoided.regret_cost),
        count(would.stops),
        count(would.credited_seconds),
        amount(&would.cost),
    ]
}

fn proof_cells(head: &Head, account: &Account) -> Vec<String> {
    let rates = head.exchange.as_ref().map_or_else(String::new, |exchange| {
        let rate = |(of, rate): (&Currency, &rust_decimal::Decimal)| format!("{of}:{}", rate.normalize());
        exchange.rates.iter().map(rate).collect::<Vec<_>>().join(" ")
    });
    vec![
        head.ledger_seq.to_string(),
        head.ledger_hash.clone(),
        account.evidence.price_set.clone(),
        head.zone_data.unwrap_or_default().to_owned(),
        head.lightsout.to_owned(),
        rates,
    ]
}

/// Six decimals: what the ledger's rounding rule says.
fn decimals(cost: Cost) -> String {
    cost.rounded().text()
}

/// A text from outside: on one line, and never a formula (RULES section 5).
pub(super) fn word(text: &str) -> String {
    let clean = words::clean(text);
    if clean.starts_with(['=', '+', '-', '@']) { format!("'{clean}") } else { clean }
}

/// Cells as a line; a cell with a comma or a quote in it is quoted.
pub(super) fn line(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
    format!("{}\r\n", cells.join(","))
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_a_formula_and_none_breaks_a_line() {
        for (text, cell) in [
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@sum", "'@sum"),
            ("a-b", "a-b"),
            ("a\r\nb", "a\\u{d}\\u{a}b"),
        ] {
            assert_eq!(word(text), cell);
        }
        assert_eq!(line(&["a,b".to_owned(), "say \"x\"".to_owned(), String::new()]), "\"a,b\",\"say \"\"x\"\"\",\r\n");
    }
}
