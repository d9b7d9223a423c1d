//! Properties of what reads hostile text: it never panics, and never finds an instance on that was not said to be.

use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::value::RawValue;

use super::translate::{Frame, Item};
use super::words::clean;
use crate::facts::{PowerState, Tags, WorkspaceFacts};
use crate::units::{Region, WorkspaceId};

const ITEM: &str = include_str!("../../tests/fixtures/arm/get.observed.2021-10-01.json");
const WS: &str = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/ml-rg-test/providers/Microsoft.MachineLearningServices/workspaces/mlworkspace-portal01";

fn workspace() -> WorkspaceFacts {
    WorkspaceFacts { id: WorkspaceId::parse(WS).unwrap(), region: Region::new("eastus"), tags: Tags::default() }
}

fn now() -> Timestamp {
    "2026-11-02T20:00:00Z".parse().unwrap()
}

/// Values that fields have been seen to hold, and others that they should not.
fn odd() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("null"),
        Just("17"),
        Just("-1e400"),
        Just("\"\""),
        Just("\"NaN\""),
        Just("{}"),
        Just("[]"),
        Just("true"),
        Just("\"Running\""),
        Just("\"Stopped\""),
        Just("9223372036854775808"),
        Just("\"0001-01-01T00:00:00Z\""),
        Just("{\"a\":1}"),
        Just("\"\\u0000\"")
    ]
}

/// The strings of the body, one of which is replaced.
fn pieces() -> Vec<&'static str> {
    ITEM.split('"').collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_body_never_panics_and_is_never_more_on(at in 0_usize..400, value in odd(), cut in 0_usize..4000) {
        let parts = pieces();
        let at = (at * 2 + 1) % (parts.len() - 1);
        let text: String = parts.iter().enumerate().map(|(i, part)| match i {
            _ if i == at => value.to_owned(),
            _ if i % 2 == 1 => format!("\"{part}\""),
            _ => (*part).to_owned(),
        }).collect();
        let (workspace, mut cut_text) = (workspace(), text.clone());
        cut_text.truncate((0..=cut.min(text.len())).rev().find(|n| text.is_char_boundary(*n)).unwrap_or(0));
        for candidate in [text, cut_text] {
            let Ok(raw) = serde_json::from_str::<&RawValue>(&candidate) else { continue };
            if let Item::Instance(facts) = Frame::new(&workspace, now()).raw(raw) {
                prop_assert!(facts.state != PowerState::JobRunning);
                prop_assert!(facts.created.known().is_none_or(|created| created <= now()));
                prop_assert!(facts.started_at().is_none_or(|started| started <= now()));
                prop_assert!(!facts.state.is_on() || !facts.size.is_empty());
                prop_assert!(facts.state != PowerState::Running || candidate.contains("\"state\": \"Running\""));
            }
        }
    }

    #[test]
    fn what_is_shown_is_short_and_on_one_line(text in "\\PC{0,80}|(.|\n|\u{1b}|\u{202e}){0,900}") {
        let shown = clean(&text);
        prop_assert!(!shown.chars().any(char::is_control));
        prop_assert!(shown.chars().count() <= 410);
    }

    #[test]
    fn a_signature_is_never_shown(before in "[ -~]{0,30}", secret in "[A-Za-z0-9%_-]{12,40}", key in "sig|code|s|access_token|client_secret") {
        let masked = clean(&format!("{before} https://h/x?a=b&{key}={secret}&z=1"));
        prop_assert!(!masked.contains(&secret), "{}", masked);
    }
}

#[test]
fn the_unchanged_body_is_an_instance() {
    let workspace = workspace();
    let raw: &RawValue = serde_json::from_str(ITEM).unwrap();
    let Item::Instance(facts) = Frame::new(&workspace, now()).raw(raw) else { panic!("it should be one") };
    assert_eq!((Arc::strong_count(&facts), facts.id.name()), (1, "ci-one"));
}
