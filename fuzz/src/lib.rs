//! What each reader of text from outside promises of any bytes; a broken promise is a panic.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lightsout::facts::SourceSet;
use lightsout::heartbeat::{Heartbeat, MESSAGE_MAX};
use lightsout::links::{link_keys, read};
use lightsout::policy::{Mode, SourceText, Sources, parse};
use lightsout::schedule::{WeeklyWindow, parse_ics};
use lightsout::seal::{Keys, seal};

/// A reader, by the name of its folder of kept texts.
pub const TARGETS: &[(&str, fn(&[u8]))] = &[
    ("arm_list", lightsout::azure::fuzzed::list),
    ("arm_get", lightsout::azure::fuzzed::get),
    ("link", lightsout::azure::fuzzed::link),
    ("operation", lightsout::azure::fuzzed::operation),
    ("policy", policy),
    ("window", window),
    ("signed_link", signed_link),
    ("heartbeat", heartbeat),
    ("webhook_url", lightsout::notify::fuzzed::url),
    ("calendar", calendar),
];

/// The moment at which everything is read.
fn now() -> Timestamp {
    Timestamp::constant(1_793_649_600, 0)
}

/// The key that the kept links are signed with.
static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    link_keys("a key of thirty-two letters or so".to_owned().into(), []).expect("a key that is long enough")
});

/// A policy file: no policy enforces that does not say so, a file with an error gives no policy, and twice read is the same.
fn policy(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    let policies = [SourceText { file: "fuzzed.toml".into(), text: text.to_owned() }];
    let calendars = BTreeMap::new();
    let read = || {
        parse(&Sources { defaults: None, policies: &policies, calendars: &calendars, channels: 1, sources: SourceSet::default() })
    };
    let (once, twice) = (read(), read());
    assert_eq!(once.set.digest, twice.set.digest, "read twice it means two things");
    assert_eq!(once.diagnostics, twice.diagnostics);
    assert_eq!(once.set.policies.len() + once.set.broken.len(), 1, "one file is one policy or one broken file");
    assert!(!once.has_errors() || once.set.policies.is_empty(), "a file with an error governs");
    for policy in &once.set.policies {
        assert!(policy.mode != Mode::Enforce || text.contains("enforce"), "it enforces, and nothing says so");
    }
}

/// A weekly window: what is written is read back as the same.
fn window(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    if let Ok(window) = text.parse::<WeeklyWindow>() {
        let written = window.to_string();
        assert_eq!(written.parse::<WeeklyWindow>().ok(), Some(window), "{text} is written as {written}");
    }
}

/// A signed link: it is believed when its every letter is as we would sign it, and never otherwise.
fn signed_link(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    if let Ok(claim) = read(&KEYS, text, now()) {
        assert_eq!(seal(&KEYS, &claim).as_deref(), Some(text.trim()), "another text is believed as the same link");
    }
}

/// A heartbeat: bounded, and what was read is written and read again as the same.
fn heartbeat(text: &[u8]) {
    if let Ok(beat) = Heartbeat::read(text, now()) {
        assert!(text.len() <= MESSAGE_MAX, "longer than a heartbeat may be");
        let written = serde_json::to_vec(&beat).expect("what was read can be written");
        assert_eq!(Heartbeat::read(&written, now()).ok(), Some(beat), "written again it is another");
    }
}

/// A calendar: every range is one of dates in order, and no name breaks a line.
fn calendar(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    if let Ok(dates) = parse_ics(text, &TimeZone::UTC) {
        for (range, name) in dates {
            assert_eq!(range.to_string().parse().ok(), Some(range));
            assert!(!name.chars().any(char::is_control), "a name with a control character");
        }
    }
}
