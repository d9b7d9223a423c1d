//! A message in each form, beside golden files; and that nothing from outside gets a meaning in any of them.

use std::path::PathBuf;

use jiff::SignedDuration;
use lightsout::facts::{NoticeKey, StopKey};
use lightsout::notify::render::{Link, Sheet, alerts, blocks, card, event, html, text, when};
use lightsout::ports::{About, Message, MessageKind};
use lightsout::units::{InstanceId, PolicyId, When};
use serde_json::Value;

use super::{budget, hostile, instance, news, sent, warning};

/// Compares with `tests/channels/golden/NAME`; LIGHTSOUT_BLESS=1 writes it anew.
#[expect(clippy::disallowed_methods, reason = "a test's own switch, read nowhere else")]
fn golden(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/channels/golden").join(name);
    if std::env::var_os("LIGHTSOUT_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, wanted, "{} differs; look at the change, then bless it with LIGHTSOUT_BLESS=1", path.display());
}

fn pretty(value: &Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(value).unwrap())
}

fn links() -> Vec<Link> {
    let link = |label: &str, url: &str| Link { label: label.to_owned(), url: url.to_owned() };
    vec![
        link("Keep it on for 2 h", "https://lightsout.example.org/hold?a=1&b=2#\"><script>"),
        link("Never <b>shown</b>", "javascript:alert(1)"),
    ]
}

fn every_form(name: &str, message: &Message, links: &[Link]) {
    let sheet = Sheet::of(message);
    golden(&format!("{name}.txt"), &text(&sheet, links));
    golden(&format!("{name}.html"), &html(&sheet, links));
    golden(&format!("{name}.card.json"), &pretty(&card(&sheet, links)));
    golden(&format!("{name}.blocks.json"), &pretty(&blocks(&sheet, links)));
    golden(&format!("{name}.alerts.json"), &pretty(&alerts(message, &sheet, &[])));
}

#[test]
fn a_warning_in_every_form() {
    every_form("warning", &warning(), &links());
}

#[test]
fn trouble_in_every_form() {
    every_form("disk_full", &news(MessageKind::DiskFull, "its owner must free 1 to 2 GB of its disk"), &[]);
}

#[test]
fn news_of_a_budget_in_every_form() {
    every_form("budget", &budget(), &[]);
}

#[test]
fn a_proposal_in_every_form() {
    let words = "ci-ada has been off for 30d, since 2026-02-09T08:00:00Z at the latest; disk, address and load balancer go on \
                 costing 41.61 USD a month, 41.04 USD so far; it holds 4 vCPUs of the quota of standardDSv2Family; it is deleted, with \
                 everything on its disk, only if its owner or an operator says so on its page";
    every_form("proposal", &Message { words: words.to_owned(), kind: MessageKind::Proposal, ..warning() }, &links());
}

/// Three machines of one person, one of them with a hostile name.
fn several() -> Message {
    let at = |minutes: i64| {
        Some(NoticeKey {
            stop: StopKey("idle/office".into()),
            stop_at: sent().checked_add(SignedDuration::from_mins(minutes)).unwrap(),
        })
    };
    let named = |name: &str, minutes: i64| Message {
        about: About::Instance { instance: instance(name), created: When::NONE },
        notice: at(minutes),
        words: format!("{name} will be stopped at {}: idle since 2026-03-23T17:00:00Z", at(minutes).unwrap().stop_at),
        ..warning()
    };
    let also = vec![named("ci-bob", 45), named("<b>*ci*", 60)];
    Message { also, ..warning() }
}

#[test]
fn several_in_every_form() {
    every_form("several", &several(), &[]);
}

#[test]
fn twenty_five_with_the_longest_names_fit_every_form() {
    let long = Message {
        about: About::Instance { instance: instance(&"é".repeat(60)), created: When::NONE },
        words: "\"&<>*_".repeat(200),
        ..warning()
    };
    let all = Message { also: vec![long.clone(); 24], ..long };
    let sheet = Sheet::of(&all);
    assert_eq!(sheet.rows.iter().filter(|(label, _)| *label == "Instance").count(), 25);
    assert!(card(&sheet, &[]).to_string().len() < 28_000, "what Teams takes");
    let blocks = blocks(&sheet, &[]);
    assert!(blocks["blocks"].as_array().unwrap().len() <= 50, "what Slack takes");
}

#[test]
fn several_of_each_kind_are_counted() {
    let headline = |kind: MessageKind| {
        let one = Message { notice: None, ..news(kind, "x") };
        Sheet::of(&Message { also: vec![one.clone()], ..one }).headline
    };
    assert_eq!(Sheet::of(&several()).headline, "3 instances will be stopped, the first at 19:30 UTC (Mon 23 Mar)");
    let same = Message { also: vec![warning()], ..warning() };
    assert_eq!(Sheet::of(&same).headline, "2 instances will be stopped at 19:30 UTC (Mon 23 Mar)");
    for (kind, line) in [
        (MessageKind::Warning, "2 instances will be stopped soon"),
        (MessageKind::Stopped, "2 instances were stopped"),
        (MessageKind::StopFailed, "2 instances could not be stopped"),
        (MessageKind::DiskFull, "2 instances cannot be stopped: their disks are full"),
        (MessageKind::DiskFilling, "the disks of 2 instances fill up"),
        (MessageKind::Overdue, "2 instances should be off, and are still on"),
        (MessageKind::Proposal, "2 instances are proposed for deletion"),
        (MessageKind::Deleted, "2 instances were deleted"),
        (MessageKind::DeleteFailed, "2 instances could not be deleted"),
    ] {
        assert_eq!(headline(kind), line);
    }
}

#[test]
fn hostile_names_in_every_form() {
    every_form("hostile", &hostile(), &links());
}

#[test]
fn each_kind_has_a_line_of_its_own() {
    let headline = |message: &Message| Sheet::of(message).headline;
    assert_eq!(headline(&warning()), "ci-ada will be stopped at 19:30 UTC (Mon 23 Mar)");
    assert_eq!(headline(&Message { notice: None, ..warning() }), "ci-ada will be stopped soon");
    assert_eq!(headline(&budget()), "80 % of the budget of research for 2026-03 are reached");
    for (kind, line) in [
        (MessageKind::Stopped, "ci-ada was stopped"),
        (MessageKind::StopFailed, "ci-ada could not be stopped"),
        (MessageKind::DiskFull, "ci-ada cannot be stopped: its disk is full"),
        (MessageKind::DiskFilling, "the disk of ci-ada fills up"),
        (MessageKind::Overdue, "ci-ada should be off, and is still on"),
        (MessageKind::Proposal, "ci-ada is proposed for deletion"),
        (MessageKind::Deleted, "ci-ada was deleted"),
        (MessageKind::DeleteFailed, "ci-ada could not be deleted"),
    ] {
        assert_eq!(headline(&news(kind, "x")), line);
    }
    assert_eq!(when("2026-03-01T08:05:00Z".parse().unwrap()), "08:05 UTC (Sun 1 Mar)");
}

#[test]
fn words_say_hours_as_people_do_and_nothing_twice() {
    let words = |message: &Message| Sheet::of(message).words;
    assert_eq!(words(&warning()), "Outside Mon-Fri 08:00-20:00");
    let stopped = "ci-ada was stopped; start it again whenever you need it";
    assert_eq!(words(&news(MessageKind::Stopped, stopped)), "Start it again whenever you need it");
    let full = "ci-ada is due since 2026-03-23T18:00:00Z, and not 2026-03-23 (nor 2026-13-23T18:00:00Z): 5Z";
    let expected = "ci-ada is due since 18:00 UTC (Mon 23 Mar), and not 2026-03-23 (nor 2026-13-23T18:00:00Z): 5Z";
    assert_eq!(words(&news(MessageKind::DiskFull, full)), expected);
    assert_eq!(words(&news(MessageKind::Stopped, "")), "");
}

/// Every element that a browser would make of a text, by its opening tag.
fn tags(html: &str) -> Vec<String> {
    html.split('<').skip(1).map(|rest| rest.split(['>', ' ']).next().unwrap().to_owned()).collect()
}

#[test]
fn html_has_no_element_and_no_attribute_but_ours() {
    let (plain, odd) = (html(&Sheet::of(&warning()), &links()), html(&Sheet::of(&hostile()), &links()));
    assert_eq!(tags(&plain), tags(&odd), "hostile text makes no element");
    for html in [&plain, &odd] {
        for never in ["<script", "<img", "<svg", "javascript:", "src=", "<link", "@import", "url(", "http://"] {
            assert!(!html.contains(never) || html.contains("&lt;img src=") && never == "src=", "{never}");
        }
        // the one address is that of the button, and it ends where it should
        assert_eq!(html.matches("href=").count() - html.matches("&lt;a href=").count(), 1);
        assert!(html.contains("href=\"https://lightsout.example.org/hold?a=1&amp;b=2#&quot;&gt;&lt;script&gt;\""));
    }
    assert!(!odd.contains('\u{202e}') && odd.contains("\\u{202e}evil"), "the writing is not turned round");
    // Outside of <style>, quotes in what is shown cannot end an attribute.
    assert!(odd.contains("&quot;&gt;&lt;svg onload=alert(2)&gt;") && odd.contains("&#39;single&#39;"));
}

/// Every value of a key, anywhere below.
fn values<'a>(value: &'a Value, key: &str, into: &mut Vec<&'a Value>) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                if name == key {
                    into.push(inner);
                }
                values(inner, key, into);
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| values(inner, key, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn a_card_shows_outside_text_only_where_markdown_has_no_meaning() {
    let card = card(&Sheet::of(&hostile()), &links());
    let mut kinds = Vec::new();
    values(&card, "type", &mut kinds);
    let known = ["message", "AdaptiveCard", "RichTextBlock", "TextRun", "ColumnSet", "Column", "Action.OpenUrl"];
    assert!(kinds.iter().all(|kind| known.contains(&kind.as_str().unwrap())), "TextBlock and FactSet read Markdown");
    let content = &card["attachments"][0]["content"];
    let fallback = content["fallbackText"].as_str().unwrap();
    assert!(fallback.contains("\\[click\\]\\(https://evil.example\\)") && !fallback.contains('<'), "{fallback}");
    assert_eq!(content["actions"].as_array().unwrap().len(), 1, "javascript: is no link");
    assert_eq!(content["version"], "1.4");
    assert!(serde_json::to_vec(&card).unwrap().len() < 28 * 1024);
}

#[test]
fn blocks_show_outside_text_only_as_plain_text() {
    let blocks = blocks(&Sheet::of(&hostile()), &links());
    let mut texts = Vec::new();
    values(&blocks, "text", &mut texts);
    for text in texts.iter().filter_map(|text| text.as_str()) {
        assert!(!text.contains(['<', '>']), "{text}");
        assert!(!text.contains("&l") || text.contains("&lt;"), "{text}");
    }
    let marked: Vec<&str> = blocks["blocks"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|block| block["fields"].as_array().into_iter().flatten())
        .filter(|field| field["type"] == "mrkdwn")
        .filter_map(|field| field["text"].as_str())
        .collect();
    assert_eq!(marked, ["*Instance*", "*Workspace*", "*Stops at*", "*Rule*", "*Policy*", "*Owner*"]);
}

#[test]
fn no_text_is_longer_than_its_channel_takes() {
    for letter in ["é", "<", "&", "*", "\u{202e}"] {
        let long = letter.repeat(40_000);
        let message = Message {
            words: long.clone(),
            owner: Some(long.clone()),
            policy: PolicyId::new(&long),
            about: About::Budget { scope: long, month: "2026-03".to_owned(), level: 80 },
            ..budget()
        };
        let sheet = Sheet::of(&message);
        assert!(serde_json::to_vec(&card(&sheet, &[])).unwrap().len() < 28 * 1024, "{letter}");
        let blocks = blocks(&sheet, &[]);
        let length = |text: &Value| text.as_str().unwrap().chars().count();
        assert!(length(&blocks["text"]) <= 4000);
        assert!(length(&blocks["blocks"][0]["text"]["text"]) <= 150);
        assert!(length(&blocks["blocks"][1]["text"]["text"]) <= 3000);
        assert!(length(&blocks["blocks"][2]["fields"][1]["text"]) <= 2000);
        assert!(sheet.headline.chars().count() < 260);
    }
}

#[test]
fn an_event_carries_the_message_under_its_own_id() {
    let (data, message) = (serde_json::json!({ "version": 1 }), warning());
    let event = event(&message, data.clone());
    let expected = serde_json::json!({
        "specversion": "1.0", "id": message.id, "source": "/lightsout", "type": "dev.lightsout.warning",
        "subject": super::instance("ci-ada").to_string(), "time": "2026-03-23T19:00:00Z",
        "datacontenttype": "application/json", "data": data,
    });
    assert_eq!(event, expected);
    assert_eq!(lightsout::notify::render::event(&budget(), data)["subject"], "research/2026-03");
}

#[test]
fn alerts_of_two_workspaces_of_one_name_are_two() {
    let of = |group: &str| {
        let id = super::instance("ci-ada").to_string().replace("rg-ml", group);
        let instance = InstanceId::parse(&id).unwrap();
        let about = About::Instance { instance, created: When::NONE };
        let message = Message { about, ..warning() };
        alerts(&message, &Sheet::of(&message), &[])[0]["labels"].clone()
    };
    assert_ne!(of("rg-a"), of("rg-b"));
}
