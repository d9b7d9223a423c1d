//! The page of a month: what it cost, and the three figures of what stopping avoided, which are never added up.

use jiff::civil::Date;
use serde::Serialize;

use super::common::Common;
use super::shown::{Clocks, When, amounts, avoided, hours, known, level, size};
use crate::ledger::Grouping;
use crate::report::words::clean;
use crate::report::{FleetView, Savings, SavingsHeadline};

/// By what rows can be grouped on the page, with the words for it.
pub(in crate::web) const GROUPINGS: [(Grouping, &str); 6] = [
    (Grouping::Team, "team"),
    (Grouping::Owner, "owner"),
    (Grouping::Workspace, "workspace"),
    (Grouping::Policy, "policy"),
    (Grouping::Size, "size"),
    (Grouping::Instance, "instance"),
];

/// Rows of the table at most; the report of the command line has all.
const ROWS_MAX: usize = 200;

#[derive(Debug, Serialize)]
struct MonthCell {
    label: String,
    previous: Option<String>,
    next: Option<String>,
    partial: bool,
}

#[derive(Debug, Serialize)]
struct ByChoice {
    value: &'static str,
    label: &'static str,
    href: String,
    on: bool,
}

#[derive(Debug, Serialize)]
struct By {
    value: &'static str,
    choices: Vec<ByChoice>,
}

#[derive(Debug, Serialize)]
struct Totals {
    cost: Option<String>,
    residual: Option<String>,
    avoided: Option<String>,
    adjusted: Option<String>,
    confirmed: Option<String>,
    would_avoid: Option<String>,
    unpriced_hours: Option<String>,
}

#[derive(Debug, Serialize)]
struct Meanings {
    avoided: String,
    adjusted: String,
    confirmed: String,
}

#[derive(Debug, Serialize)]
struct Line {
    label: String,
    cost: Option<String>,
    residual: Option<String>,
    avoided: Option<String>,
    would_avoid: Option<String>,
    hours_on: String,
    share: i128,
}

#[derive(Debug, Serialize)]
struct Day {
    day: String,
    cost: Option<String>,
    avoided: Option<String>,
    cost_level: i128,
    avoided_level: i128,
}

#[derive(Debug, Serialize)]
struct GroundLine {
    label: String,
    stops: i64,
    avoided: Option<String>,
}

/// The end of the ledger, and whether it was found whole.
#[derive(Debug, Serialize)]
pub(in crate::web) struct LedgerCell {
    seq: i64,
    hash: String,
    checked: Option<When>,
    whole: Option<bool>,
}

impl LedgerCell {
    /// Of a view.
    #[must_use]
    pub(in crate::web) fn of(view: &FleetView, clocks: &Clocks) -> Self {
        let followed = view.money.followed.as_ref();
        Self {
            seq: view.money.head.0,
            hash: view.money.head.1.clone(),
            checked: followed.map(|followed| clocks.when(followed.at)),
            whole: followed.map(|followed| followed.found.is_ok()),
        }
    }
}

#[derive(Debug, Serialize)]
struct Download {
    label: &'static str,
    href: String,
}

/// The whole page.
#[derive(Debug, Serialize)]
pub(in crate::web) struct SavingsPage {
    /// What every page has.
    #[serde(flatten)]
    pub(in crate::web) common: Common,
    month: MonthCell,
    by: By,
    totals: Totals,
    meanings: Meanings,
    rows: Vec<Line>,
    days: Vec<Day>,
    grounds: Vec<GroundLine>,
    notes: Vec<String>,
    ledger: LedgerCell,
    downloads: Vec<Download>,
}

fn address(first: Date, by: &str) -> String {
    format!("/savings?month={}&by={by}", first.strftime("%Y-%m"))
}

/// Makes the page of the month that begins on that day.
#[must_use]
pub(in crate::web) fn savings_page(
    common: Common,
    (first, today): (Date, Date),
    savings: &Savings,
    view: &FleetView,
    clocks: &Clocks,
) -> SavingsPage {
    let by = savings.by.label();
    let before = first.yesterday().map(Date::first_of_month);
    let after = first.last_of_month().tomorrow().ok().filter(|next| *next <= today);
    let choice = |(grouping, label): (Grouping, &'static str)| ByChoice {
        value: grouping.label(),
        label,
        href: address(first, grouping.label()),
        on: grouping == savings.by,
    };
    let api = |month: &str| format!("/api/v1/savings?month={month}&by={by}");
    SavingsPage {
        common,
        month: MonthCell {
            label: first.strftime("%B %Y").to_string(),
            previous: before.ok().map(|before| address(before, by)),
            next: after.map(|after| address(after, by)),
            partial: today <= first.last_of_month(),
        },
        by: By { value: by, choices: GROUPINGS.into_iter().map(choice).collect() },
        totals: totals(savings, view),
        meanings: Meanings {
            avoided: meaning(savings.headlines.first()),
            adjusted: meaning(savings.headlines.get(1)),
            confirmed: meaning(savings.headlines.get(2)),
        },
        rows: lines(savings, view),
        days: days(savings, view),
        grounds: savings
            .grounds
            .iter()
            .map(|one| GroundLine {
                label: one.ground.replace('_', " "),
                stops: one.stops,
                avoided: avoided(Some(&one.avoided), savings.listed, view),
            })
            .collect(),
        notes: savings.notes.clone(),
        ledger: LedgerCell::of(view, clocks),
        downloads: vec![Download { label: "JSON", href: api(&first.strftime("%Y-%m").to_string()) }],
    }
}

fn meaning(headline: Option<&SavingsHeadline>) -> String {
    headline.map(|headline| headline.meaning.clone()).unwrap_or_default()
}

fn totals(savings: &Savings, view: &FleetView) -> Totals {
    let total = &savings.total;
    let named = |place: usize| savings.headlines.get(place).map(|headline| headline.amount.clone());
    Totals {
        cost: known(total.known_cost(), view),
        residual: known(total.known_residual(), view),
        avoided: named(0),
        adjusted: named(1),
        confirmed: named(2),
        would_avoid: amounts(&total.would_avoid),
        unpriced_hours: (total.unpriced_seconds > 0).then(|| hours(total.unpriced_seconds)),
    }
}

fn lines(savings: &Savings, view: &FleetView) -> Vec<Line> {
    let whole = savings.rows.iter().map(|row| size(&row.figures.cost)).sum();
    let line = |row: &crate::report::SavingsRow| Line {
        label: clean(&row.label),
        cost: known(row.figures.known_cost(), view),
        residual: known(row.figures.known_residual(), view),
        avoided: avoided(row.figures.known_avoided(), savings.listed, view),
        would_avoid: amounts(&row.figures.would_avoid),
        hours_on: hours(row.figures.running_seconds),
        share: level(size(&row.figures.cost), whole, 1_000),
    };
    savings.rows.iter().take(ROWS_MAX).map(line).collect()
}

fn days(savings: &Savings, view: &FleetView) -> Vec<Day> {
    let most = savings.days.iter().flat_map(|day| [size(&day.cost), size(&day.avoided)]).max().unwrap_or(0);
    let day = |day: &crate::report::SavingsDay| Day {
        day: day.day.clone(),
        cost: known(Some(&day.cost), view),
        avoided: avoided(Some(&day.avoided), savings.listed, view),
        cost_level: level(size(&day.cost), most, 1_000),
        avoided_level: level(size(&day.avoided), most, 1_000),
    };
    savings.days.iter().map(day).collect()
}
