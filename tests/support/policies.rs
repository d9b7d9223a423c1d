//! Policies by their text.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use std::collections::BTreeMap;
use std::sync::Arc;

use lightsout::facts::Source;
use lightsout::policy::{Policy, SourceText, Sources, parse};

/// The policy of a whole text, with a channel and a source of activity at hand; it has to be sound.
pub(crate) fn policy_of(text: &str) -> Arc<Policy> {
    let policies = [SourceText { file: "p.toml".into(), text: text.to_owned() }];
    let parsed = parse(&Sources {
        defaults: None,
        policies: &policies,
        calendars: &BTreeMap::new(),
        channels: 1,
        sources: Source::ALL.into_iter().collect(),
    });
    assert!(!parsed.has_errors(), "{:?}", parsed.diagnostics);
    parsed.set.policies.first().unwrap().clone()
}
