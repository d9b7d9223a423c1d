//! How each kind of value is written in a policy file: reading it, refusing it with help, and its part of the schema.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::Spanned;
use toml::de::DeValue;

use super::matching::Pattern;
use super::model::{Mode, WarningProof, WhenUndelivered};
use super::place::{Findings, Located, Trouble};
use super::reader::{Read, join, nearest, wrong_type};
use crate::schedule::{DateRange, WeeklyWindow, load_zone};
use crate::units::{AmountError, Percent, Span};

/// The longest text that any value may have, in characters: nothing here is prose.
const LONGEST_TEXT: usize = 300;

/// The longest policy name: it is a metric label and part of journal keys.
const LONGEST_NAME: usize = 64;

/// The text of a value, or a report of what it is instead.
fn text<'v>(value: &'v Spanned<DeValue<'_>>, key: &str, wanted: &str, findings: &mut Findings<'_>) -> Option<&'v str> {
    let text = value.get_ref().as_str();
    if text.is_none() {
        wrong_type(value, key, wanted, findings);
    }
    text
}

/// Reads a text by a parser that says what it does not like.
fn parsed<T>(
    value: &Spanned<DeValue<'_>>,
    key: &str,
    (wanted, findings): (&str, &mut Findings<'_>),
    parse: impl FnOnce(&str) -> Result<T, Trouble>,
) -> Option<T> {
    let text = text(value, key, wanted, findings)?;
    let longest = || Trouble::new(format!("this text has more than {LONGEST_TEXT} characters"), "write a shorter one");
    let read = if text.chars().count() > LONGEST_TEXT { Err(longest()) } else { parse(text) };
    match read {
        Ok(read) => Some(read),
        Err(trouble) => {
            let at = findings.place(&value.span(), key);
            findings.error(&at, trouble);
            None
        }
    }
}

/// The whole number of a value.
fn whole(value: &Spanned<DeValue<'_>>, key: &str, wanted: &str, findings: &mut Findings<'_>) -> Option<i64> {
    let Some(number) = value.get_ref().as_integer() else {
        wrong_type(value, key, wanted, findings);
        return None;
    };
    let read = i64::from_str_radix(number.as_str(), number.radix()).ok();
    if read.is_none() {
        let at = findings.place(&value.span(), key);
        findings.error(&at, Trouble::new("this number is far too large", format!("write {wanted}")));
    }
    read
}

impl Read for bool {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        let read = value.get_ref().as_bool();
        if read.is_none() {
            wrong_type(value, key, "true or false", findings);
        }
        read
    }
}

impl Read for u32 {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        let wanted = "a whole number from 0, such as 20";
        let number = whole(value, key, wanted, findings)?;
        let read = Self::try_from(number).ok();
        if read.is_none() {
            let at = findings.place(&value.span(), key);
            findings.error(&at, Trouble::new(format!("{number} is out of range"), format!("write {wanted}")));
        }
        read
    }
}

impl Read for Percent {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        let wanted = "a share in percent as a whole number from 0 to 100, such as 10";
        let number = whole(value, key, wanted, findings)?;
        let read = Self::new(number).ok();
        if read.is_none() {
            let at = findings.place(&value.span(), key);
            findings.error(&at, Trouble::new(format!("{number} is not a share"), format!("write {wanted}")));
        }
        read
    }
}

impl JsonSchema for Percent {
    fn schema_name() -> Cow<'static, str> {
        "Percent".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 0, "maximum": 100, "description": "A share in percent." })
    }
}

impl Read for Span {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        let wanted = "a length of time in quotes, such as \"90m\", \"1h30m\" or \"2d\"";
        parsed(value, key, (wanted, findings), |text| {
            text.parse().map_err(|error| match error {
                AmountError::TooLong(_) => Trouble::new(format!("\"{text}\" is longer than ten years"), "write a shorter one"),
                AmountError::Span(_) | AmountError::Percent(_) => {
                    Trouble::new(format!("\"{text}\" is not a length of time"), "write numbers with s, m, h, d or w, such as \"90m\", \"1h30m\" or \"2d\"")
                }
            })
        })
    }
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^ *([0-9]{1,9}w *)?([0-9]{1,9}d *)?([0-9]{1,9}h *)?([0-9]{1,9}m *)?([0-9]{1,9}s *)?$",
            "minLength": 2,
            "description": "An elapsed time: numbers with s, m, h, d or w, the larger units first. A day is 24 hours.",
            "examples": ["90m", "1h30m", "2d"],
        })
    }
}

impl Read for WeeklyWindow {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        parsed(value, key, ("a weekly window in quotes, such as \"Mon-Fri 08:00-20:00\"", findings), |text| {
            text.parse::<Self>().map_err(|error| Trouble::new(format!("\"{text}\" is not a weekly window: {}", error.problem()), error.help()))
        })
    }
}

impl Read for DateRange {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        parsed(value, key, ("a date or a range in quotes, such as \"2026-12-25\" or \"2026-12-24..2027-01-02\"", findings), |text| {
            text.parse::<Self>().map_err(|error| Trouble::of_message(&error.to_string()))
        })
    }
}

impl Read for Pattern {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        parsed(value, key, ("a pattern in quotes, such as \"ml-*\"", findings), |text| {
            Self::new(text).map_err(|problem| match problem.split_once("; ") {
                Some((problem, help)) if text.trim().is_empty() => Trouble::new(problem, help),
                Some(_) | None => Trouble::new(format!("\"{text}\" is not a pattern: {problem}"), "write names with *, ?, [ab] or {a,b} in them"),
            })
        })
    }
}

impl JsonSchema for Pattern {
    fn schema_name() -> Cow<'static, str> {
        "Pattern".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "\\S",
            "maxLength": LONGEST_TEXT,
            "description": "A name or a pattern, compared without case: * any text, ? one character, [ab] one of them, {a,b} either.",
            "examples": ["ml-*", "*"],
        })
    }
}

/// Tags: the name of each with a pattern of its value.
#[derive(Debug, Clone, Default)]
pub(super) struct TagPatterns(pub(super) BTreeMap<String, Pattern>);

impl Read for TagPatterns {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        let Some(table) = value.get_ref().as_table() else {
            wrong_type(value, key, "tags with a pattern of their value, such as { env = \"dev\" }", findings);
            return None;
        };
        let mut read = BTreeMap::new();
        let mut whole = true;
        for (tag, pattern) in table.iter() {
            let name: &str = tag.get_ref();
            let place = findings.place(&tag.span(), key);
            let known: bool = read.keys().any(|known: &String| known.eq_ignore_ascii_case(name));
            if name.trim().is_empty() || known {
                let problem = if known { "this tag is named twice: tag names compare without case" } else { "a tag needs a name" };
                findings.error(&place, Trouble::new(problem, "name each tag once, such as { env = \"dev\" }"));
                whole = false;
            }
            match Pattern::read(pattern, &join(key, name), findings) {
                Some(pattern) => drop(read.insert(name.to_owned(), pattern)),
                None => whole = false,
            }
        }
        whole.then_some(Self(read))
    }
}

impl JsonSchema for TagPatterns {
    fn schema_name() -> Cow<'static, str> {
        "Tags".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let pattern = generator.subschema_for::<Pattern>();
        json_schema!({
            "type": "object",
            "additionalProperties": pattern,
            "propertyNames": { "pattern": "\\S" },
            "description": "Tags by name, each with a pattern of its value; all of them must match.",
            "examples": [{ "env": "dev" }],
        })
    }
}

/// A text that must not be empty and stays on one line.
#[derive(Debug, Clone)]
pub(super) struct Text(pub(super) String);

impl Read for Text {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        parsed(value, key, ("a text in quotes", findings), |text| {
            if text.trim().is_empty() || text.chars().any(char::is_control) {
                return Err(Trouble::new("this text is empty or has a control character in it", "write one line of text, or leave the key out"));
            }
            Ok(Self(text.trim().to_owned()))
        })
    }
}

impl JsonSchema for Text {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "\\S", "maxLength": LONGEST_TEXT })
    }
}

/// The name of a policy or an override.
#[derive(Debug, Clone)]
pub(super) struct Name(pub(super) String);

impl Read for Name {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        parsed(value, key, ("a name in quotes, such as \"research\"", findings), |text| {
            let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
            if text.is_empty() || text.len() > LONGEST_NAME || !plain {
                let help = format!("write 1 to {LONGEST_NAME} of the characters a-z, A-Z, 0-9, -, _ and ., such as \"research\"");
                return Err(Trouble::new(format!("\"{text}\" cannot be a name"), help));
            }
            Ok(Self(text.to_owned()))
        })
    }
}

impl JsonSchema for Name {
    fn schema_name() -> Cow<'static, str> {
        "Name".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$", "examples": ["research"] })
    }
}

/// A time zone of the IANA database, by its name.
#[derive(Debug, Clone)]
pub(super) struct Zone(pub(super) TimeZone);

impl Read for Zone {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        parsed(value, key, ("the name of a time zone in quotes, such as \"Europe/Berlin\"", findings), |text| {
            load_zone(text.trim()).map(Self).map_err(|error| {
                let known: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
                let meant = nearest(text.trim(), known.iter().map(String::as_str));
                let plain = Trouble::of_message(&error.to_string());
                meant.map_or_else(|| plain.clone(), |meant| Trouble::new(plain.problem.clone(), format!("did you mean \"{meant}\"?")))
            })
        })
    }
}

impl JsonSchema for Zone {
    fn schema_name() -> Cow<'static, str> {
        "Zone".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "\\S", "description": "A time zone by its IANA name.", "examples": ["Europe/Madrid", "UTC"] })
    }
}

macro_rules! words {
    ($kind:ident, $doc:literal, $wanted:literal, { $($word:literal => $value:expr,)* }) => {
        impl Read for $kind {
            fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
                parsed(value, key, ($wanted, findings), |text| match text {
                    $($word => Ok($value),)*
                    other => {
                        let meant = nearest(other, [$($word),*].into_iter());
                        let help = meant.map_or_else(|| format!("write {}", $wanted), |meant| format!("did you mean \"{meant}\"?"));
                        Err(Trouble::new(format!("\"{other}\" is not known here"), help))
                    }
                })
            }
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

words!(Mode, "Whether stops are carried out, or only recorded as what would have been done.", "\"observe\" or \"enforce\"", {
    "observe" => Mode::Observe,
    "enforce" => Mode::Enforce,
});
words!(WarningProof, "What counts as warned: a channel confirmed it, or it stands in the journal.", "\"delivered\" or \"recorded\"", {
    "delivered" => WarningProof::Delivered,
    "recorded" => WarningProof::Recorded,
});
words!(WhenUndelivered, "What happens once max_postpone has passed without a delivered warning.", "\"keep\" or \"stop\"", {
    "keep" => WhenUndelivered::Keep,
    "stop" => WhenUndelivered::Stop,
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
            DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Array(_) => {
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

/// Located elements of a list.
pub(super) type List<T> = Vec<Located<T>>;
