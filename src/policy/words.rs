//! Values that are one of a few words: modes, choices, and the `off` of a rule.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::Spanned;
use toml::de::DeValue;

use super::budget::{AtLimit, Per};
use super::model::{ApplyTimer, Mode, WarningProof, WhenUndelivered};
use super::stopped::Deletion;
use crate::document::{Findings, Read, Word, wrong_type};
use crate::facts::Source;

/// An enum that is written as one of these words, and its part of the schema.
macro_rules! words {
    ($kind:ident, $doc:literal, { $($word:literal => $value:expr,)* }) => {
        impl Word for $kind {
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, $value)),*];
        }
        impl JsonSchema for $kind {
            fn schema_name() -> Cow<'static, str> {
                stringify!($kind).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "enum": [$($word),*], "description": $doc })
            }
        }
    };
}

words!(Mode, "Whether stops are carried out, or only recorded as what would have been done.", {
    "observe" => Mode::Observe,
    "enforce" => Mode::Enforce,
});
words!(WarningProof, "What counts as warned: a channel confirmed it, or it stands in the journal.", {
    "delivered" => WarningProof::Delivered,
    "recorded" => WarningProof::Recorded,
});
words!(WhenUndelivered, "What happens once max_postpone has passed without a delivered warning.", {
    "keep" => WhenUndelivered::Keep,
    "stop" => WhenUndelivered::Stop,
});

words!(ApplyTimer, "Who sets Azure's idle timer where it is not as wanted: a person, or the service too.", {
    "never" => ApplyTimer::Never,
    "service" => ApplyTimer::Service,
});

words!(Deletion, "Who has to say yes before an instance is deleted that stayed off: a person, or nobody for an allow-list.", {
    "propose" => Deletion::Propose,
    "automatic" => Deletion::Automatic,
});

words!(Per, "What each allowance is for.", {
    "workspace" => Per::Workspace,
    "team" => Per::Team,
    "owner" => Per::Owner,
});
words!(AtLimit, "What happens when a month's allowance is used up.", {
    "warn" => AtLimit::Warn,
    "stop" => AtLimit::Stop,
});

words!(Source, "A source that can say that nobody uses an instance.", {
    "agent" => Source::Agent,
    "promql" => Source::Promql,
    "monitor" => Source::Monitor,
    "azure_timer" => Source::AzureTimer,
});

/// A rule's table, or the word that switches the rule off.
#[derive(Debug, Clone)]
pub(super) enum Switch<T> {
    /// The rule, as far as it is written here.
    On(T),
    /// The rule does not apply, whatever a lower layer says.
    Off,
}

impl<T: Read> Read for Switch<T> {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(word) if word == "off" => Some(Self::Off),
            DeValue::Table(_) => T::read(value, key, findings).map(Self::On),
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_) => {
                wrong_type(value, key, &format!("a table, such as [{key}], or \"off\""), findings);
                None
            }
        }
    }
}

impl<T: JsonSchema> JsonSchema for Switch<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("{}OrOff", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [table, { "const": "off", "description": "Switches the rule off." }] })
    }
}
