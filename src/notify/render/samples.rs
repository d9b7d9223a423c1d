//! A sheet of every kind, to try templates on: with everything in it, and with as little as there can be.

use super::sheet::{Link, Sheet, tone};
use crate::ports::MessageKind;

/// What a name may hold at worst.
const ODD: &str = "ci-<example> & \"sons\" {{ 'x' }}";

/// Sheets, each with its links.
pub(super) fn samples() -> Vec<(Sheet, Vec<Link>)> {
    MessageKind::ALL.into_iter().flat_map(|kind| [full(kind), bare(kind)]).collect()
}

fn full(kind: MessageKind) -> (Sheet, Vec<Link>) {
    let rows = ["Instance", "Workspace", "Stops at", "Rule", "Policy", "Owner"];
    let sheet = Sheet {
        headline: format!("{ODD} will be stopped at 19:30 UTC (Mon 23 Mar)"),
        words: format!("Outside Mon-Fri 08:00-20:00: {ODD}"),
        rows: rows.map(|label| (label, ODD.to_owned())).into(),
        tone: tone(kind),
        kind,
    };
    let link = |label: &str, url: &str| Link { label: label.to_owned(), url: url.to_owned() };
    let links = vec![
        link("Keep it on", "https://lightsout.example.org/hold?a=1&b=2"),
        link("See why", "https://lightsout.example.org/"),
    ];
    (sheet, links)
}

fn bare(kind: MessageKind) -> (Sheet, Vec<Link>) {
    let headline = "a week".to_owned();
    (Sheet { headline, words: String::new(), rows: Vec::new(), tone: tone(kind), kind }, Vec::new())
}
