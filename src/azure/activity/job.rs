//! A job as a list shows it: on which computes it waits or runs, if it does.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::azure::wire::{Text, said};
use crate::azure::words::clean;
use crate::units::{InstanceId, WorkspaceId};

/// The words of jobs that want no compute any more. Every other one counts as use, one that this version does not know too.
const ENDED: [&str; 3] = ["Completed", "Failed", "Canceled"];
/// Computes of one job, the steps of a pipeline included.
const COMPUTES_MAX: usize = 200;
/// Letters of a name.
const NAME_MAX: usize = 255;

#[derive(Deserialize)]
struct Job<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    properties: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Stub<'a> {
    #[serde(borrow)]
    status: Option<Text<'a>>,
}

/// What one item says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// It has ended.
    Ended,
    /// It waits for computes, or runs on them.
    Wanted(Wanted),
    /// It cannot be understood, and may be a job of anyone.
    Odd,
}

/// A job that has not ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Its computes.
    pub(super) instances: Vec<InstanceId>,
    /// By which it can be asked about; none where that would be no plain segment of a path.
    pub(super) name: Option<String>,
    /// What to say of it.
    pub(super) words: String,
}

/// Reads one item of a workspace's list.
pub(super) fn read(raw: &RawValue, workspace: &WorkspaceId) -> Item {
    let Ok(job) = serde_json::from_str::<Job<'_>>(raw.get()) else { return Item::Odd };
    let Some(properties) = job.properties else { return Item::Odd };
    let Ok(stub) = serde_json::from_str::<Stub<'_>>(properties.get()) else { return Item::Odd };
    let status = said(&stub.status).unwrap_or("in a state that is not said");
    if ENDED.iter().any(|word| word.eq_ignore_ascii_case(status)) {
        return Item::Ended;
    }
    let Ok(value) = serde_json::from_str::<Value>(properties.get()) else { return Item::Odd };
    let mut computes = Vec::new();
    gather(&value, &mut computes);
    let instances = computes.iter().filter_map(|text| instance(text, workspace)).collect();
    let name = said(&job.name);
    let words = format!("job {} is {}", clean(name.unwrap_or("without a name")), clean(status));
    Item::Wanted(Wanted { instances, name: name.filter(|name| is_plain(name)).map(str::to_owned), words })
}

fn is_plain(name: &str) -> bool {
    let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    (1..=NAME_MAX).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(known)
}

/// Every compute that a job names: its own, and those of a pipeline's steps.
fn gather<'v>(value: &'v Value, into: &mut Vec<&'v str>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value.as_str() {
                    Some(text) if is_compute(key) && into.len() < COMPUTES_MAX => into.push(text),
                    Some(_) | None => gather(value, into),
                }
            }
        }
        Value::Array(all) => all.iter().for_each(|value| gather(value, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_compute(key: &str) -> bool {
    ["computeId", "defaultCompute", "default_compute"].iter().any(|known| key.eq_ignore_ascii_case(known))
}

/// An ARM id, or a bare name of the same workspace.
fn instance(text: &str, workspace: &WorkspaceId) -> Option<InstanceId> {
    if text.starts_with('/') { InstanceId::parse(text) } else { InstanceId::new(workspace.clone(), text) }.ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WS: &str = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws";

    fn item(text: &str) -> Item {
        let raw: &RawValue = serde_json::from_str(text).unwrap();
        read(raw, &WorkspaceId::parse(WS).unwrap())
    }

    fn job(status: &str, compute: &str) -> String {
        format!(
            r#"{{"name":"blue_moon","properties":{{"jobType":"Command","status":{status},"computeId":{compute}}}}}"#
        )
    }

    fn wanted(text: &str) -> (Vec<String>, String) {
        match item(text) {
            Item::Wanted(wanted) => (wanted.instances.iter().map(ToString::to_string).collect(), wanted.words),
            Item::Ended | Item::Odd => panic!("{text} should be a job that wants a compute"),
        }
    }

    #[test]
    fn whatever_has_not_ended_wants_its_compute() {
        let id = format!("\"{}/computes/CI-a\"", WS.to_ascii_uppercase());
        let expected = InstanceId::parse(&format!("{WS}/computes/ci-a")).unwrap();
        for status in [
            "NotStarted",
            "Starting",
            "Provisioning",
            "Preparing",
            "Queued",
            "Running",
            "Finalizing",
            "CancelRequested",
            "NotResponding",
            "Paused",
            "Unknown",
            "Daydreaming",
            "",
        ] {
            let Item::Wanted(wanted) = item(&job(&format!("\"{status}\""), &id)) else { panic!("{status}") };
            assert_eq!(wanted.instances, std::slice::from_ref(&expected), "{status}");
            assert_eq!(wanted.name.as_deref(), Some("blue_moon"));
            assert!(wanted.words.starts_with("job blue_moon is ") && wanted.words.contains(status), "{wanted:?}");
        }
        assert_eq!(wanted(&job("null", &id)).1, "job blue_moon is in a state that is not said");
        for status in ["Completed", "failed", "Canceled"] {
            assert_eq!(item(&job(&format!("\"{status}\""), &id)), Item::Ended, "{status}");
        }
    }

    #[test]
    fn computes_are_found_by_name_and_in_the_steps_of_a_pipeline() {
        assert_eq!(wanted(&job("\"Queued\"", "\"ci-b\"")).0.len(), 1);
        assert_eq!(wanted(&job("\"Queued\"", "null")).0, Vec::<String>::new());
        let steps = format!(
            r#"{{"name":"p","properties":{{"status":"Running","settings":{{"default_compute":"{WS}/computes/ci-a"}},"jobs":{{"train":{{"computeId":"{WS}/computes/ci-c"}}}}}}}}"#
        );
        assert_eq!(wanted(&steps).0.len(), 2);
    }

    #[test]
    fn a_name_that_is_no_plain_segment_of_a_path_is_not_asked_for() {
        for name in ["..", ".", "", "a/b", "a?b", "a%2fb", "a b", &"n".repeat(256)] {
            let text = job("\"Queued\"", "\"ci-b\"").replace("blue_moon", name);
            let Item::Wanted(wanted) = item(&text) else { panic!("{name}") };
            assert_eq!(wanted.name, None, "{name}");
        }
    }

    #[test]
    fn what_is_no_job_may_be_a_job_of_anyone() {
        for odd in ["null", "1", "[]", "{}", r#"{"properties":1}"#, r#"{"properties":{"status":{}}}"#] {
            assert_eq!(item(odd), Item::Odd, "{odd}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn a_broken_job_never_panics_and_never_ends_by_that(at in 0_usize..200, letter in "[ -~]") {
            let whole = job("\"Queued\"", &format!("\"{WS}/computes/ci-a\""));
            let mut broken = whole.clone();
            let at = at % whole.len();
            broken.replace_range(at..=at, &letter);
            if let Ok(raw) = serde_json::from_str::<&RawValue>(&broken) {
                prop_assert!(read(raw, &WorkspaceId::parse(WS).unwrap()) != Item::Ended);
            }
        }
    }
}
