//! The JSON Schema of the policy file, by which editors complete and check it.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use serde_json::Value;

use super::written::Document;

/// The schema as it is committed: JSON with a line feed at its end.
#[must_use]
pub fn policy_schema() -> String {
    let settings = SchemaSettings::draft07();
    let mut schema = settings.into_generator().into_root_schema_for::<Document>();
    RecursiveTransform(without_null).transform(&mut schema);
    let mut schema = schema.to_value();
    for (place, key, value) in BEYOND_TYPES {
        if let Some(object) = schema.pointer_mut(place).and_then(Value::as_object_mut) {
            object.insert((*key).to_owned(), Value::from(*value));
        }
    }
    if let Some(root) = schema.as_object_mut() {
        root.insert("additionalProperties".to_owned(), Value::from(false));
    }
    let text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    format!("{text}\n")
}

/// What the types do not say: nothing must never mean everything (G2), and hours need a window.
const BEYOND_TYPES: &[(&str, &str, u32)] = &[
    ("/properties/scope", "minProperties", 1),
    ("/properties/scope/properties/subscriptions", "minItems", 1),
    ("/properties/scope/properties/resource_groups", "minItems", 1),
    ("/properties/scope/properties/workspaces", "minItems", 1),
    ("/definitions/Hours/properties/allowed", "minItems", 1),
    ("/definitions/Override/properties/match", "minProperties", 1),
];

/// TOML has no null, so a key that may be left out is not one that may be null.
fn without_null(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|one| one != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            object.insert("type".to_owned(), one);
        }
    }
    let Some(Value::Array(choices)) = object.get_mut("anyOf") else { return };
    choices.retain(|choice| choice.get("type").and_then(Value::as_str) != Some("null"));
    let only = match choices.as_slice() {
        [only] => only.clone(),
        _ => return,
    };
    object.remove("anyOf");
    if let Value::Object(only) = only {
        for (key, value) in only {
            if key == "$ref" {
                object.insert("allOf".to_owned(), serde_json::json!([{ "$ref": value }]));
            } else {
                object.entry(key).or_insert(value);
            }
        }
    }
}
