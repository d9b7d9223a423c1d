//! The message as plain text, for mail programs that show no HTML and for people who prefer it so.

use super::sheet::{Link, Sheet};

/// Who writes, and why one gets it.
pub(super) const FOOTER: &str = "Lightsout stops compute instances that nobody uses, by policy. Times are in UTC. This message was sent by a program; \
     answers to it are not read.";

/// The message as plain text, its lines ended by `\n`.
#[must_use]
pub fn text(sheet: &Sheet, links: &[Link]) -> String {
    let mut text = format!("{}\n\n{}\n\n", sheet.headline, sheet.words);
    let width = sheet.rows.iter().map(|(label, _)| label.len()).max().unwrap_or_default();
    for (label, value) in &sheet.rows {
        text.push_str(&format!("{label:width$}  {value}\n"));
    }
    for (label, url) in Link::usable(links) {
        text.push_str(&format!("\n{label}:\n{url}\n"));
    }
    text.push_str(&format!("\n-- \n{FOOTER}\n"));
    text
}
