//! The message as an Adaptive Card in the envelope that a Teams workflow takes.
//!
//! A `TextBlock` and the values of a `FactSet` read Markdown, so what comes from outside never stands in one: it stands in
//! the `TextRun`s of `RichTextBlock`s, which know no markup. Only the fallback text, which some places show instead of
//! the card, has to be escaped.

use serde_json::{Value, json};

use super::parts::FOOTER;
use super::sheet::{Link, Sheet, Tone};

/// Teams shows no more buttons in a row than this.
const ACTIONS_MAX: usize = 6;

/// The body of the POST to a Teams workflow.
#[must_use]
pub fn card(sheet: &Sheet, links: &[Link]) -> Value {
    let mut body = vec![
        line(
            json!({ "type": "TextRun", "text": sheet.headline, "size": "Large", "weight": "Bolder", "color": colour(sheet.tone) }),
        ),
        line(json!({ "type": "TextRun", "text": sheet.words })),
    ];
    body.extend(sheet.rows.iter().enumerate().map(|(index, (label, value))| row(label, value, index == 0)));
    body.push(line(json!({ "type": "TextRun", "text": FOOTER, "size": "Small", "isSubtle": true })));
    let mut content = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": escape(&format!("{}. {}", sheet.headline, sheet.words)),
        "msteams": { "width": "Full" },
        "body": body,
    });
    let links = Link::few(links, ACTIONS_MAX);
    let actions: Vec<Value> = Link::usable(&links)
        .map(|(label, url)| json!({ "type": "Action.OpenUrl", "title": label, "url": url }))
        .collect();
    if let (false, Some(content)) = (actions.is_empty(), content.as_object_mut()) {
        content.insert("actions".to_owned(), actions.into());
    }
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": content,
        }],
    })
}

const fn colour(tone: Tone) -> &'static str {
    match tone {
        Tone::News => "Good",
        Tone::Soon => "Warning",
        Tone::Trouble => "Attention",
    }
}

fn line(run: Value) -> Value {
    json!({ "type": "RichTextBlock", "inlines": [run] })
}

fn row(label: &str, value: &str, is_first: bool) -> Value {
    let cell = |width: &str, run: Value| json!({ "type": "Column", "width": width, "items": [line(run)] });
    json!({
        "type": "ColumnSet",
        "separator": is_first,
        "spacing": if is_first { "Medium" } else { "Small" },
        "columns": [
            cell("96px", json!({ "type": "TextRun", "text": label, "isSubtle": true })),
            cell("stretch", json!({ "type": "TextRun", "text": value })),
        ],
    })
}

/// Text without a meaning in the Markdown of cards, nor as the tags that Teams reads in text.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '~' | '[' | ']' | '(' | ')' | '#' | '!' | '|' => safe.extend(['\\', c]),
            other => safe.push(other),
        }
    }
    safe
}
