//! `lightsout reconcile`: what the comparison comes to, and every difference.

use super::Look;
use crate::ledger::Part;
use crate::report::{Difference, PartView, Reconciliation, ReconciliationView, words};

/// The comparison as text.
#[must_use]
pub fn reconciliation(told: &Reconciliation, look: &Look) -> String {
    let view = &told.view;
    let mut text = String::new();
    for fault in &view.faults {
        text.push_str(&format!("{} {}\n", look.paint.bad("!"), words::clean(&fault.words)));
    }
    text.push_str(&look.paint.strong(&format!("Ledger and bill, {} to {} (UTC)\n", view.first, view.last)));
    text.push_str(&format!("  {}\n", line(view, look)));
    let bill =
        view.bill_at.map_or_else(|| "no bill was had yet".to_owned(), |at| format!("bill of {}", look.when(at, None)));
    text.push_str(&format!("  {bill}\n"));
    let causes: Vec<String> = view.causes.iter().map(|(cause, days)| format!("{days} {}", cause.label())).collect();
    if !causes.is_empty() {
        text.push_str(&format!("  compute by workspace and day: {}\n", causes.join(", ")));
    }
    let rows: Vec<Vec<String>> = view.parts.iter().map(part).collect();
    if !rows.is_empty() {
        text.push('\n');
        text.push_str(&look.table(&["part", "days", "billed", "metered", "off", "error"], &rows));
    }
    let rows: Vec<Vec<String>> = told.differences.iter().map(difference).collect();
    if rows.is_empty() {
        text.push_str(if view.compared > 0 { "\neverything that could be compared agrees\n" } else { "" });
    } else {
        text.push_str(&format!("\n{}\n", look.paint.strong("Differences")));
        text.push_str(&look.table(&["workspace", "day", "part", "billed", "metered", "difference", "cause"], &rows));
    }
    text
}

/// The comparison in one line.
pub(super) fn line(view: &ReconciliationView, look: &Look) -> String {
    let error = view.error.map_or_else(String::new, |error| format!(", compute off by {error}"));
    let checked = words::from_now(view.checked_at, look.now);
    format!("{} of {} workspace-days compared{error}, checked {checked}", view.compared, view.days)
}

fn part(view: &PartView) -> Vec<String> {
    let error = match view.part {
        // the ledger does not meter it: there is nothing to be off
        Part::Other => "-".to_owned(),
        Part::Compute | Part::Disk | Part::PublicIp | Part::LoadBalancer => {
            view.error.map_or_else(|| "-".to_owned(), |error| error.to_string())
        }
    };
    vec![
        view.part.label().to_owned(),
        view.days.to_string(),
        view.billed.to_string(),
        view.metered.to_string(),
        view.off.to_string(),
        error,
    ]
}

fn difference(row: &Difference) -> Vec<String> {
    vec![
        row.workspace.name().to_owned(),
        row.day.to_string(),
        row.part.label().to_owned(),
        row.billed.to_string(),
        row.metered.to_string(),
        row.difference.map_or_else(|| "-".to_owned(), |difference| difference.to_string()),
        row.cause.label().to_owned(),
    ]
}
