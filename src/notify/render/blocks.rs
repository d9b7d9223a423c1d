//! The message as blocks for a Slack incoming webhook, with the text that notifications show.
//!
//! What comes from outside stands in `plain_text`, which knows no markup and no mentions; the three characters that Slack
//! gives a meaning everywhere are escaped there too.

use serde_json::{Value, json};

use super::parts::FOOTER;
use super::sheet::{Link, Sheet, Tone};

/// A header block takes 150 characters.
const HEADER_MAX: usize = 150;
/// A section's text takes 3000, a field's 2000.
const TEXT_MAX: usize = 2_000;
/// A section takes ten fields: a label and a value each.
const ROWS_MAX: usize = 5;
/// A button's label takes 75 characters.
const BUTTON_MAX: usize = 75;
/// Slack cuts what is longer than 4000.
const FALLBACK_MAX: usize = 4_000;
/// Slack refuses a longer address, and the whole message with it.
const URL_MAX: usize = 3_000;

/// Slack takes no more buttons in one block than this.
const BUTTONS_MAX: usize = 25;

/// The body of the POST to Slack.
#[must_use]
pub fn blocks(sheet: &Sheet, links: &[Link]) -> Value {
    let headline = format!("{} {}", sign(sheet.tone), sheet.headline);
    let mut blocks = vec![
        json!({ "type": "header", "text": plain(&headline, HEADER_MAX) }),
        json!({ "type": "section", "text": plain(&sheet.words, TEXT_MAX) }),
    ];
    for rows in sheet.rows.chunks(ROWS_MAX) {
        let fields: Vec<Value> = rows.iter().flat_map(|(label, value)| [bold(label), plain(value, TEXT_MAX)]).collect();
        blocks.push(json!({ "type": "section", "fields": fields }));
    }
    let links = Link::few(links, BUTTONS_MAX);
    let buttons: Vec<Value> = Link::usable(&links)
        .filter(|(_, url)| url.len() <= URL_MAX)
        .map(|(label, url)| json!({ "type": "button", "text": plain(&label, BUTTON_MAX), "url": url }))
        .collect();
    if !buttons.is_empty() {
        blocks.push(json!({ "type": "actions", "elements": buttons }));
    }
    blocks.push(json!({ "type": "context", "elements": [plain(FOOTER, TEXT_MAX)] }));
    json!({
        "text": escape(&format!("{headline}. {}", sheet.words), FALLBACK_MAX),
        "blocks": blocks,
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

const fn sign(tone: Tone) -> &'static str {
    match tone {
        Tone::News => "🟢",
        Tone::Soon => "🟠",
        Tone::Trouble => "🔴",
    }
}

fn plain(text: &str, most: usize) -> Value {
    json!({ "type": "plain_text", "text": escape(text, most), "emoji": false })
}

/// Only for labels of ours.
fn bold(label: &str) -> Value {
    json!({ "type": "mrkdwn", "text": format!("*{label}*"), "verbatim": true })
}

/// The three characters by which Slack marks mentions and links, escaped; cut before it is longer than Slack takes, since
/// Slack refuses the whole message for one text that is.
fn escape(text: &str, most: usize) -> String {
    let (mut safe, mut length) = (String::with_capacity(text.len()), 0_usize);
    for c in text.chars() {
        let piece = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            _ => "",
        };
        length = length.saturating_add(piece.len().max(1));
        if length >= most {
            safe.push('…');
            break;
        }
        if piece.is_empty() { safe.push(c) } else { safe.push_str(piece) }
    }
    safe
}
