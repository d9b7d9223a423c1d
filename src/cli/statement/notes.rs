//! What the figures mean, in few words: the same under every form.

use serde::Serialize;

use super::amounts::{hours, money, percent};
use super::value::Statement;
use crate::ledger::{Adjusted, Avoids, Costs};

/// One of the three figures, which are never mixed (C8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Headline {
    /// Its name.
    pub name: &'static str,
    /// The amount, or why there is none.
    pub amount: String,
    /// What it means.
    pub meaning: String,
}

/// The three figures, in their order.
#[must_use]
pub fn headlines(statement: &Statement) -> [Headline; 3] {
    let account = &statement.account;
    let avoided = &account.total.avoided;
    let estimated = Headline {
        name: "estimated avoided",
        amount: amount(avoided, statement.is_listed()),
        meaning: format!("price of the time that stops kept off, up to a stated end: {}", stops(avoided)),
    };
    let confirmed = Headline {
        name: "billed-confirmed",
        amount: match &account.confirmed {
            Some(costs) => money(costs),
            None if statement.head.fixed => "not as of a row: bills are no rows".to_owned(),
            None => "needs reconciliation".to_owned(),
        },
        meaning: "of that estimate, what fell on days whose bill agrees with the ledger; days are compared once they are billed in full".to_owned(),
    };
    [estimated, adjusted(&account.adjusted), confirmed]
}

/// Credit less charges; `≤` where list prices say no more than that (C11).
pub(super) fn amount(avoids: &Avoids, listed: bool) -> String {
    match (avoids.cost.is_empty(), avoids.stops) {
        (true, 0) => "none".to_owned(),
        (true, _) => format!("{} without a known price", hours(avoids.unpriced_seconds)),
        (false, _) if listed => format!("≤ {}", money(&avoids.cost)),
        (false, _) => money(&avoids.cost),
    }
}

/// How it came about.
pub(super) fn stops(avoids: &Avoids) -> String {
    let count = |n: i64, one: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") };
    let mut text = format!(
        "{}, {} credited, {} charged for restarts, {}",
        count(avoids.stops, "stop"),
        hours(avoids.credited_seconds),
        hours(avoids.charged_seconds),
        count(avoids.regrets, "regret")
    );
    if !avoids.regret_cost.is_empty() {
        text.push_str(&format!(" ({})", money(&avoids.regret_cost)));
    }
    text
}

fn adjusted(adjusted: &Adjusted) -> Headline {
    let name = "baseline-adjusted";
    match adjusted {
        Adjusted::NotAvailable { weeks, weeks_needed, .. } => Headline {
            name,
            amount: "not available".to_owned(),
            meaning: format!("needs {weeks_needed} weeks of observe mode, has {weeks}"),
        },
        Adjusted::Available(figure) => Headline {
            name,
            amount: money(&figure.cost),
            meaning: format!(
                "the same hours, weighed by how often each instance ran in that hour of the week while its policy only observed: \
                 on average {} of them; 95 % interval {} to {}; n = {} of {} instances, {} weeks; estimated, these: {}",
                percent(figure.mean_millionths),
                money(&figure.low),
                money(&figure.high),
                figure.instances,
                figure.instances.saturating_add(figure.instances_without),
                weeks(figure.weeks_least, figure.weeks_most),
                money(&figure.estimated)
            ),
        },
    }
}

fn weeks(least: i64, most: i64) -> String {
    if least == most { least.to_string() } else { format!("{least} to {most}") }
}

/// What a reader has to know.
#[must_use]
pub fn notes(statement: &Statement) -> Vec<String> {
    let total = &statement.account.total;
    let usage = &total.usage;
    let mut notes = vec![
        "Costs are estimates from what was seen and from prices. They are no bill.".to_owned(),
        "Ranges come from the time between two looks: an instance may have started or stopped anywhere in it."
            .to_owned(),
    ];
    if statement.is_listed() {
        notes.push(
            "List prices are an upper bound where reservations or savings plans apply: what was avoided there is at most this (≤)."
                .to_owned(),
        );
    }
    let residual = &usage.residual;
    if [&residual.running, &residual.stopped, &residual.unknown].iter().any(|costs| !costs.is_empty()) {
        notes.push(
            "Disk, address and load balancer are paid until an instance is deleted, running or stopped; no stop avoids them, and none is counted as avoided."
                .to_owned(),
        );
    }
    if residual.unrated_seconds > 0 {
        notes.push(format!(
            "No rates for disk, address and load balancer were set for {}.",
            hours(residual.unrated_seconds)
        ));
    }
    if usage.unpriced_seconds > 0 {
        notes.push(format!(
            "{} ran without a known price; they are in no cost. `lightsout status` names what has no price.",
            hours(usage.unpriced_seconds)
        ));
    }
    if usage.unknown_seconds > 0 {
        notes.push(format!(
            "Of {} nobody knows whether it ran: at most {} more{}.",
            hours(usage.unknown_seconds),
            money(&usage.unknown_cost_max),
            unpriced_too(usage.unknown_unpriced_seconds, &usage.unknown_cost_max)
        ));
    }
    if total.avoided.unpriced_seconds != 0 {
        notes.push(format!("{} were avoided without a known price.", hours(total.avoided.unpriced_seconds)));
    }
    if statement.is_provisional() {
        notes.push(
            "What is still going on is provisional: it counts up to when it was last seen, and is in no sum."
                .to_owned(),
        );
    }
    if let Some(exchange) = &statement.head.exchange {
        let rate = |(of, rate): (&crate::units::Currency, &rust_decimal::Decimal)| {
            format!("1 {of} = {} {}", rate.normalize(), exchange.into)
        };
        let rates: Vec<String> = exchange.rates.iter().map(rate).collect();
        notes.push(format!("Converted at rates that were given for this report: {}.", rates.join(", ")));
    }
    notes
}

fn unpriced_too(seconds: i64, priced: &Costs) -> String {
    if seconds > 0 && !priced.is_empty() {
        format!(", and {} of it without a known price", hours(seconds))
    } else {
        String::new()
    }
}
