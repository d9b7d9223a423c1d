//! The parts of the page that are tables: groups, days, grounds, what goes on, prices.

use super::html::Table;
use super::series::Course;
use crate::cli::statement::Statement;
use crate::cli::statement::amounts::{hours, money};
use crate::cli::statement::columns::columns;
use crate::ledger::{Figures, Usage};
use crate::units::{Currency, Money};

fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Every group with its figures.
pub(super) fn groups(statement: &Statement) -> Table {
    let account = &statement.account;
    let columns = columns(&account.total);
    let heads = columns.iter().map(|column| column.head.to_owned());
    let row = |name: &str, figures: &Figures| {
        std::iter::once(name.to_owned()).chain(columns.iter().map(|column| (column.cell)(figures))).collect()
    };
    Table {
        caption: format!("All figures by {}", statement.head.by.label()),
        header: std::iter::once(statement.head.by.label().to_owned()).chain(heads).collect(),
        rows: account.groups.iter().map(|group| row(&group.name.label, &group.figures)).collect(),
        sum: Some(row("total", &account.total)),
    }
}

/// The amounts of a course, time by time; times without any are left out.
pub(in crate::cli) fn course(course: &Course, caption: &str) -> Table {
    let course = course.busy();
    let amount = |micros: i64| Money::micros(micros, course.currency).cost().text(2);
    let mut header = vec![course.unit.to_owned()];
    header.extend(course.series.iter().map(|series| format!("{}, {}", series.label, course.currency)));
    let row = |(place, time): (usize, &String)| {
        let cells = course.series.iter().map(|series| amount(series.values.get(place).copied().unwrap_or(0)));
        std::iter::once(time.clone()).chain(cells).collect()
    };
    let sums = course
        .series
        .iter()
        .map(|series| amount(series.values.iter().fold(0_i64, |sum, value| sum.saturating_add(*value))));
    Table {
        caption: caption.to_owned(),
        header,
        rows: course.times.iter().enumerate().map(row).collect(),
        sum: Some(std::iter::once("total".to_owned()).chain(sums).collect()),
    }
}

/// The bars of a ranking.
pub(super) fn ranking(bars: &[(String, i64)], currency: Currency, (by, caption): (&str, &str)) -> Table {
    let row = |(name, amount): &(String, i64)| vec![name.clone(), Money::micros(*amount, currency).to_string()];
    let rows = bars.iter().map(row).collect();
    Table { caption: caption.to_owned(), header: texts(&[by, "cost"]), rows, sum: None }
}

/// What each ground avoided; none when nothing was.
pub(super) fn grounds(statement: &Statement) -> Option<Table> {
    let grounds = &statement.account.grounds;
    let header = ["ground", "stops", "credited", "charged", "avoided (est.)", "regrets", "would stop", "would avoid"];
    let rows = grounds.iter().map(|(ground, of)| {
        let (did, would) = (&of.avoided, &of.would_avoid);
        vec![
            ground.to_string(),
            did.stops.to_string(),
            hours(did.credited_seconds),
            hours(did.charged_seconds),
            money(&did.cost),
            did.regrets.to_string(),
            would.stops.to_string(),
            money(&would.cost),
        ]
    });
    let caption = "Why instances were stopped, and what it avoided".to_owned();
    (!grounds.is_empty()).then(|| Table { caption, header: texts(&header), rows: rows.collect(), sum: None })
}

/// What goes on; none when nothing does, or only rows count.
pub(super) fn provisional(statement: &Statement) -> Option<Table> {
    let row = |name: &str, open: &Usage| {
        vec![
            name.to_owned(),
            hours(open.running.mid),
            money(&open.cost.mid),
            hours(open.unknown_seconds),
            hours(open.stopped_seconds),
        ]
    };
    let account = &statement.account;
    let open = account.groups.iter().filter(|group| !group.figures.open.is_empty());
    let rows = open.map(|group| row(&group.name.label, &group.figures.open)).collect();
    statement.is_provisional().then(|| Table {
        caption: "Provisional: still going on, up to when it was last seen, and in no sum of this report".to_owned(),
        header: texts(&[statement.head.by.label(), "running", "cost", "unknown", "stopped"]),
        rows,
        sum: Some(row("total", &account.total.open)),
    })
}

/// The prices that were counted at; none when there were none.
pub(super) fn prices(statement: &Statement) -> Option<Table> {
    let prices = &statement.account.evidence.prices;
    let row = |price: &crate::ledger::PriceLine| {
        vec![
            format!("{} in {}", price.size, price.region),
            format!("{} {}/h", price.hourly, price.currency),
            price.source.label().to_owned(),
            price.fetched_at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
            price.effective.known().map_or_else(|| "-".to_owned(), |at| at.strftime("%Y-%m-%d").to_string()),
            price.meter.to_string(),
        ]
    };
    (!prices.is_empty()).then(|| Table {
        caption: "Prices that the figures rest on".to_owned(),
        header: texts(&["size and region", "price", "source", "fetched", "in force since", "meter or line"]),
        rows: prices.iter().map(row).collect(),
        sum: None,
    })
}
