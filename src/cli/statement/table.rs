//! A statement for a person at a terminal.

use super::amounts::{hours, money};
use super::notes::{headlines, notes, stops};
use super::value::Statement;
use crate::cli::render::Look;
use crate::ledger::{Account, Costs, Figures, Grouping, Usage};
use crate::report::words;

/// The statement as text.
#[must_use]
pub fn table(statement: &Statement, look: &Look) -> String {
    let head = &statement.head;
    let title = format!(
        "Compute instances, {} to {} ({}), by {}",
        head.from,
        head.to,
        words::clean(&head.zone),
        head.by.label()
    );
    let mut text = format!("{}\n\n", look.paint.strong(&title));
    groups(&mut text, statement, look);
    figures(&mut text, statement, look);
    grounds(&mut text, &statement.account, look);
    provisional(&mut text, statement, look);
    foot(&mut text, statement, look);
    text
}

/// A column: its head, and its cell for some figures. Columns in which nothing stands are left out.
struct Column {
    head: &'static str,
    cell: fn(&Figures) -> String,
    shown: fn(&Figures) -> bool,
}

const COLUMNS: [Column; 9] = [
    Column { head: "running", cell: |figures| hours(figures.usage.running.mid), shown: |_| true },
    Column { head: "cost", cell: |figures| money(&figures.usage.cost.mid), shown: |_| true },
    Column { head: "at least .. at most", cell: |figures| range(&figures.usage), shown: |_| true },
    Column {
        head: "no price",
        cell: |figures| hours(figures.usage.unpriced_seconds),
        shown: |total| total.usage.unpriced_seconds > 0,
    },
    Column {
        head: "unknown",
        cell: |figures| hours(figures.usage.unknown_seconds),
        shown: |total| total.usage.unknown_seconds > 0,
    },
    Column { head: "stopped", cell: |figures| hours(figures.usage.stopped_seconds), shown: |_| true },
    Column {
        head: "disk, ip, lb while off",
        cell: |figures| money(&figures.usage.residual.stopped),
        shown: |total| !total.usage.residual.stopped.is_empty(),
    },
    Column {
        head: "and while on",
        cell: |figures| money(&residual_on(&figures.usage)),
        shown: |total| !residual_on(&total.usage).is_empty(),
    },
    Column {
        head: "avoided (est.)",
        cell: |figures| money(&figures.avoided.cost),
        shown: |total| total.avoided.stops > 0 || total.avoided.credited_seconds > 0,
    },
];

fn residual_on(usage: &Usage) -> Costs {
    let mut costs = usage.residual.running.clone();
    costs.merge(&usage.residual.unknown);
    costs
}

fn range(usage: &Usage) -> String {
    let (low, high) = (&usage.cost.low, &usage.cost.high);
    let of = |currency| format!("{} .. {}", low.get(currency).text(2), high.get(currency).text(2));
    let parts: Vec<String> = high.currencies().map(of).collect();
    if parts.is_empty() { "-".to_owned() } else { parts.join(" + ") }
}

fn groups(text: &mut String, statement: &Statement, look: &Look) {
    let account = &statement.account;
    if account.groups.is_empty() {
        text.push_str("The ledger has nothing for these days.\n");
        return;
    }
    let columns: Vec<&Column> = COLUMNS.iter().filter(|column| (column.shown)(&account.total)).collect();
    let header: Vec<&str> =
        std::iter::once(statement.head.by.label()).chain(columns.iter().map(|column| column.head)).collect();
    let row = |name: &str, figures: &Figures| -> Vec<String> {
        std::iter::once(name.to_owned()).chain(columns.iter().map(|column| (column.cell)(figures))).collect()
    };
    let mut rows: Vec<Vec<String>> =
        account.groups.iter().map(|group| row(&group.name.label, &group.figures)).collect();
    rows.push(row("total", &account.total));
    text.push_str(&look.figures(&header, &rows));
}

fn figures(text: &mut String, statement: &Statement, look: &Look) {
    let numbers = ["(i)", "(ii)", "(iii)"];
    text.push_str(&format!("\n{}\n", look.paint.strong("Avoided: three figures that are never added to each other")));
    for (number, line) in numbers.into_iter().zip(headlines(statement)) {
        text.push_str(&format!(
            "  {number:<5} {}: {}\n        {}\n",
            line.name,
            look.paint.good(&line.amount),
            line.meaning
        ));
    }
    let would = &statement.account.total.would_avoid;
    if would.stops > 0 || would.credited_seconds > 0 {
        text.push_str(&format!(
            "  Policies in observe mode would have avoided {}: {}\n",
            super::notes::amount(would, statement.is_listed()),
            stops(would)
        ));
    }
}

fn grounds(text: &mut String, account: &Account, look: &Look) {
    if account.grounds.is_empty() {
        return;
    }
    let rows: Vec<Vec<String>> = account
        .grounds
        .iter()
        .map(|(ground, of)| {
            vec![
                ground.to_string(),
                of.avoided.stops.to_string(),
                money(&of.avoided.cost),
                of.avoided.regrets.to_string(),
                of.would_avoid.stops.to_string(),
                money(&of.would_avoid.cost),
            ]
        })
        .collect();
    text.push_str(&format!("\n{}\n", look.paint.strong("By ground of the stop")));
    let header = ["ground", "stops", "avoided (est.)", "regrets", "would stop", "would avoid"];
    text.push_str(&look.figures(&header, &rows));
}

fn provisional(text: &mut String, statement: &Statement, look: &Look) {
    if !statement.is_provisional() {
        return;
    }
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
    let mut rows: Vec<Vec<String>> = open.map(|group| row(&group.name.label, &group.figures.open)).collect();
    rows.push(row("total", &account.total.open));
    text.push_str(&format!("\n{}\n", look.paint.soon("Provisional: still going on, in no sum above")));
    text.push_str(&look.figures(&[statement.head.by.label(), "running", "cost", "unknown", "stopped"], &rows));
}

fn foot(text: &mut String, statement: &Statement, look: &Look) {
    text.push('\n');
    for note in notes(statement) {
        text.push_str(&format!("{}\n", look.paint.faint(&note)));
    }
    if statement.head.by == Grouping::Ground {
        text.push_str(&format!("{}\n", look.paint.faint("Metered time has no ground and is one group.")));
    }
    text.push_str(&format!("{}\n", look.paint.faint(&origin(statement))));
}

/// What it rests on, on one line.
pub(super) fn origin(statement: &Statement) -> String {
    let (head, evidence) = (&statement.head, &statement.account.evidence);
    let list = |words: Vec<String>| if words.is_empty() { "none".to_owned() } else { words.join(", ") };
    let mut parts = vec![
        format!("Ledger row {}, hash {}", head.ledger_seq, head.ledger_hash),
        format!("lightsout {}", head.lightsout),
        format!("{}, set {}", prices(evidence.prices.len()), evidence.price_set.get(..16).unwrap_or_default()),
        format!("zone data of the policies {}", list(evidence.tzdb.iter().map(ToString::to_string).collect())),
    ];
    if let Some(release) = head.zone_data {
        parts.push(format!("zone data of the days {release}"));
    }
    format!("{}.", parts.join("; "))
}

fn prices(count: usize) -> String {
    if count == 1 { "1 price".to_owned() } else { format!("{count} prices") }
}
