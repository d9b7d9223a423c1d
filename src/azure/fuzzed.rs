//! What the readers of Azure's answers promise of any bytes, for the fuzzer and for its kept texts; no part of the program.

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::fleet::read_page;
use super::origin::{Origin, with_api_version};
use super::stopping::read_status;
use super::translate::{Frame, Item};
use crate::facts::{InstanceFacts, PowerState, Tags, WorkspaceFacts};
use crate::ports::OperationState;
use crate::units::{Region, SubscriptionId, WorkspaceId};

const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000000";
const WS: &str = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/ml-rg-test/providers/Microsoft.MachineLearningServices/workspaces/mlworkspace-portal01";

fn workspace() -> Option<WorkspaceFacts> {
    Some(WorkspaceFacts { id: WorkspaceId::parse(WS).ok()?, region: Region::new("eastus"), tags: Tags::default() })
}

const NOW: Timestamp = Timestamp::constant(1_793_649_600, 0);

/// Of its own workspace, never surer than the text, and never from the future.
fn sound(facts: &InstanceFacts, text: &[u8]) {
    let says = |word: &[u8]| text.windows(word.len()).any(|part| part == word);
    assert!(workspace().is_some_and(|ours| ours.id == *facts.id.workspace()), "an instance of another workspace");
    assert!(facts.state != PowerState::Running || says(b"Running") || says(b"\\u"), "on, and nothing says so");
    assert!(
        facts.state != PowerState::JobRunning || says(b"JobRunning") || says(b"\\u"),
        "at work, and nothing says so"
    );
    assert!(facts.created.known().is_none_or(|created| created <= NOW), "made in the future");
    assert!(facts.started_at().is_none_or(|started| started <= NOW), "started in the future");
    assert!(!facts.state.is_on() || !facts.size.is_empty(), "on, and of no size");
}

/// A page of the list of computes.
pub fn list(text: &[u8]) {
    let Some(workspace) = workspace() else { return };
    if let Some((found, next)) = read_page(&workspace, NOW, text) {
        for facts in &found {
            sound(facts, text);
        }
        assert!(found.is_sorted_by(|a, b| a.id < b.id), "each once");
        assert!(next.is_none_or(|link| !link.is_empty()), "a link that is none");
    }
}

/// One compute.
pub fn get(text: &[u8]) {
    let Some(workspace) = workspace() else { return };
    let Ok(raw) = serde_json::from_slice::<&RawValue>(text) else { return };
    if let Item::Instance(facts) = Frame::new(&workspace, NOW).raw(raw) {
        sound(&facts, text);
    }
}

/// A `nextLink`, a `Location` or an `Azure-AsyncOperation`: accepted means our origin and below our subscription, also after
/// the version was put in its place, and for whoever parses it anew.
pub fn link(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    let subscription = SubscriptionId::new(SUBSCRIPTION);
    let Ok(ours) = Origin::new("https://management.azure.com") else { return };
    let Ok(pinned) = ours.pin(text, &subscription) else { return };
    let versioned = with_api_version(pinned.clone(), "2025-12-01");
    for url in [pinned.url(), versioned.url()] {
        let again = url::Url::parse(url.as_str());
        assert!(again.is_ok_and(|again| again == *url), "read again it leads elsewhere");
        assert_eq!(url.origin().ascii_serialization(), "https://management.azure.com");
        assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
        let path = url.path().to_ascii_lowercase();
        assert!(path.starts_with(&format!("/subscriptions/{SUBSCRIPTION}/")), "outside the subscription");
        assert!(!path.contains("/../") && !path.contains("%2e") && !path.contains("%2f"), "a path that climbs");
        assert!(ours.pin(url.as_str(), &subscription).is_ok(), "accepted once, and not again");
    }
    assert_eq!(versioned.url().query_pairs().filter(|(key, _)| key.eq_ignore_ascii_case("api-version")).count(), 1);
}

/// What Azure says of an operation: read, or refused.
pub fn operation(text: &[u8]) {
    if let Some(state) = read_status(text) {
        let ended = ["Succeeded", "Failed", "Canceled", "Cancelled"].map(str::to_ascii_lowercase);
        let lower = text.to_ascii_lowercase();
        let says = |word: &String| lower.windows(word.len()).any(|part| part == word.as_bytes());
        assert!(
            state == OperationState::InProgress || ended.iter().any(says) || lower.contains(&b'\\'),
            "ended, and nothing says so"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every text that the fuzzer kept, in each run of the tests.
    #[test]
    fn kept_texts_break_no_promise() {
        let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
        for (name, target) in
            [("arm_list", list as fn(&[u8])), ("arm_get", get), ("link", link), ("operation", operation)]
        {
            let texts: Vec<_> =
                std::fs::read_dir(corpus.join(name)).unwrap().map(|file| file.unwrap().path()).collect();
            assert!(texts.len() >= 5, "{name}: only {} kept texts", texts.len());
            for text in texts {
                target(&std::fs::read(text).unwrap());
            }
        }
    }
}
