//! A statement for a person at a terminal.

use super::amounts::{hours, money};
use super::columns::columns;
use super::notes::{headlines, notes, stops};
use super::value::Statement;
use crate::cli::render::Look;
use crate::ledger::{Account, Figures, Grouping, Usage};
use crate::report::words;

/// The statement as text.
#[must_use]
pub fn table(statement: &Statement, look: &Look) -> String {
    let head = &statement.head;
    let zone = words::clean(&head.zone);
    let title = format!("Compute instances, {} ({zone}), by {}", head.period(), head.by.label());
    let mut text = format!("{}\n\n", look.paint.strong(&title));
    groups(&mut text, statement, look);
    figures(&mut text, statement, look);
    grounds(&mut text, &statement.account, look);
    provisional(&mut text, statement, look);
    foot(&mut text, statement, look);
    text
}

fn groups(text: &mut String, statement: &Statement, look: &Look) {
    let account = &statement.account;
    if account.groups.is_empty() {
        text.push_str("The ledger has nothing for these days.\n");
        return;
    }
    let columns = columns(&account.total);
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
