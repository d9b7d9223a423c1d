//! The columns of figures that people read, on a terminal and on a page: what stands in none of the rows is left out.

use super::amounts::{hours, money};
use crate::ledger::{Costs, Figures, Usage};

/// A column: its head, its cell for some figures, and whether the total has anything to show in it.
pub(super) struct Column {
    pub(super) head: &'static str,
    pub(super) cell: fn(&Figures) -> String,
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
        cell: |figures| money(&while_on(&figures.usage)),
        shown: |total| !while_on(&total.usage).is_empty(),
    },
    Column {
        head: "avoided (est.)",
        cell: |figures| money(&figures.avoided.cost),
        shown: |total| total.avoided.stops > 0 || total.avoided.credited_seconds > 0,
    },
];

/// Those that have something to show.
pub(super) fn columns(total: &Figures) -> Vec<&'static Column> {
    COLUMNS.iter().filter(|column| (column.shown)(total)).collect()
}

fn while_on(usage: &Usage) -> Costs {
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
