//! ARM's JSON exactly as it is sent: every field optional, strings borrowed from the answer, what we do not read skipped.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A string, borrowed when it holds no escapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrow;
        impl<'de> Visitor<'de> for Borrow {
            type Value = Cow<'de, str>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(text))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(text.to_owned()))
            }
            fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
                Ok(Cow::Owned(text))
            }
        }
        deserializer.deserialize_str(Borrow).map(Text)
    }
}

/// The text of an optional field; an empty one counts as absent.
pub(super) fn said<'t>(field: &'t Option<Text<'_>>) -> Option<&'t str> {
    field.as_ref().map(|text| &*text.0).filter(|text| !text.is_empty())
}

/// One page of any list.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub(super) struct Page<'a, T> {
    pub(super) value: Vec<T>,
    #[serde(rename = "nextLink", borrow, default)]
    pub(super) next_link: Option<Text<'a>>,
}

/// A compute of any type.
#[derive(Debug, Deserialize)]
pub(super) struct Compute<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) location: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) tags: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) identity: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) properties: Option<Properties<'a>>,
}

/// What every type of compute has.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Properties<'a> {
    #[serde(borrow)]
    pub(super) compute_type: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) compute_location: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) created_on: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) properties: Option<Instance<'a>>,
}

/// What an instance has.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Instance<'a> {
    #[serde(borrow)]
    pub(super) vm_size: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) state: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) last_operation: Option<LastOperation<'a>>,
    #[serde(borrow)]
    pub(super) created_by: Option<CreatedBy<'a>>,
    #[serde(borrow)]
    pub(super) personal_compute_instance_settings: Option<Personal<'a>>,
    #[serde(borrow)]
    pub(super) schedules: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) idle_time_before_shutdown: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) custom_services: Option<&'a RawValue>,
}

/// A managed identity, as far as it is looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ManagedIdentity {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
}

/// A custom application, as far as it is looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CustomService {
    pub(super) name: Option<String>,
}

/// What was last asked of an instance.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LastOperation<'a> {
    #[serde(borrow)]
    pub(super) operation_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) operation_time: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) operation_status: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) operation_trigger: Option<Text<'a>>,
}

/// Who created it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreatedBy<'a> {
    #[serde(borrow)]
    pub(super) user_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) user_id: Option<Text<'a>>,
}

/// Whom it was created for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Personal<'a> {
    #[serde(borrow)]
    pub(super) assigned_user: Option<AssignedUser<'a>>,
}

/// A person by id.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AssignedUser<'a> {
    #[serde(borrow)]
    pub(super) object_id: Option<Text<'a>>,
}

/// The least that is needed to know whether a compute that cannot be read is an instance at all.
#[derive(Debug, Deserialize)]
pub(super) struct Stub<'a> {
    #[serde(borrow)]
    pub(super) properties: Option<StubProperties<'a>>,
}

/// See [`Stub`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StubProperties<'a> {
    #[serde(borrow)]
    pub(super) compute_type: Option<Text<'a>>,
}

/// The name of an item that cannot be read otherwise.
#[derive(Debug, Deserialize)]
pub(super) struct Named<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
}

/// A workspace.
#[derive(Debug, Deserialize)]
pub(super) struct Workspace<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) location: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) tags: Option<&'a RawValue>,
}

/// Native schedules.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Schedules {
    pub(super) compute_start_stop: Option<Vec<StartStop>>,
}

/// One native schedule; rare enough to own its strings.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct StartStop {
    pub(super) status: Option<String>,
    pub(super) provisioning_status: Option<String>,
    pub(super) action: Option<String>,
    pub(super) recurrence: Option<Recurrence>,
    pub(super) cron: Option<Cron>,
}

/// Every so often.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Recurrence {
    pub(super) frequency: Option<String>,
    pub(super) interval: Option<i64>,
    pub(super) time_zone: Option<String>,
    pub(super) schedule: Option<Times>,
}

/// At these times.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Times {
    pub(super) hours: Option<Vec<i64>>,
    pub(super) minutes: Option<Vec<i64>>,
    pub(super) month_days: Option<Vec<i64>>,
    pub(super) week_days: Option<Vec<String>>,
}

/// By a five-field expression.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Cron {
    pub(super) expression: Option<String>,
    pub(super) time_zone: Option<String>,
}

/// Tags in the order in which they came.
#[derive(Debug)]
pub(super) struct TagPairs<'a>(pub(super) Vec<(Text<'a>, Text<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for TagPairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Vec<(Text<'de>, Text<'de>)>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("tags as an object of strings")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(pairs)
            }
        }
        deserializer.deserialize_map(Pairs).map(TagPairs)
    }
}

/// The body of an operation's status document.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OperationStatus {
    pub(super) status: Option<String>,
    pub(super) error: Option<OperationError>,
}

/// Why an operation failed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OperationError {
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
}

/// One set of permissions that an assignment gives.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Permission {
    pub(super) actions: Option<Vec<String>>,
    pub(super) not_actions: Option<Vec<String>>,
}
