//! What a template of a letter can print.

use serde::Serialize;

use super::sheet::{Link, Sheet, Tone};

/// Who writes, and why one gets it.
pub(super) const FOOTER: &str = "Lightsout stops compute instances that nobody uses, by policy. Times are in UTC. This message was sent by a program; \
     answers to it are not read.";

/// Everything there is, each text safe to show on one line.
#[derive(Debug, Serialize)]
pub(super) struct Parts<'a> {
    /// `warning`, `stopped`, …
    kind: &'static str,
    /// `news`, `soon` or `trouble`.
    tone: &'static str,
    /// A colour for it that is read well on white.
    colour: &'static str,
    /// The tone in words: no colour says it alone.
    tone_words: &'static str,
    headline: &'a str,
    words: &'a str,
    rows: Vec<Row<'a>>,
    links: Vec<Button<'a>>,
    footer: &'static str,
}

#[derive(Debug, Serialize)]
struct Row<'a> {
    label: &'a str,
    /// The label with blanks behind it, as long as the longest.
    padded: String,
    value: &'a str,
}

#[derive(Debug, Serialize)]
struct Button<'a> {
    label: String,
    url: &'a str,
}

impl<'a> Parts<'a> {
    /// Of a sheet, with the links that lead to a web page.
    pub(super) fn of(sheet: &'a Sheet, links: &'a [Link]) -> Self {
        let width = sheet.rows.iter().map(|(label, _)| label.len()).max().unwrap_or_default();
        let row = |(label, value): &'a (&'static str, String)| Row { label, padded: format!("{label:width$}"), value };
        let (tone, colour, tone_words) = accent(sheet.tone);
        Self {
            kind: sheet.kind.label(),
            tone,
            colour,
            tone_words,
            headline: &sheet.headline,
            words: &sheet.words,
            rows: sheet.rows.iter().map(row).collect(),
            links: Link::usable(links).map(|(label, url)| Button { label, url }).collect(),
            footer: FOOTER,
        }
    }
}

const fn accent(tone: Tone) -> (&'static str, &'static str, &'static str) {
    match tone {
        Tone::News => ("news", "#18724a", "For your information"),
        Tone::Soon => ("soon", "#955600", "Coming up"),
        Tone::Trouble => ("trouble", "#b8302a", "Needs someone"),
    }
}
