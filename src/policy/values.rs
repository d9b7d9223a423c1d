//! How each kind of value is written in a policy file: reading it, refusing it with help, and its part of the schema.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::Spanned;
use toml::de::DeValue;

use super::matching::Pattern;
use crate::document::{Findings, LONGEST_TEXT, Located, Read, Trouble, join, nearest, parsed, wrong_type};
use crate::schedule::{DateRange, WeeklyWindow, load_zone};
use crate::units::{Currency, Money, Percent, Span};

/// The longest policy name: it is a metric label and part of journal keys.
const LONGEST_NAME: usize = 64;

impl JsonSchema for Percent {
    fn schema_name() -> Cow<'static, str> {
        "Percent".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 0, "maximum": 100, "description": "A share in percent." })
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
            text.parse::<Self>().map_err(|error| {
                Trouble::new(format!("\"{text}\" is not a weekly window: {}", error.problem()), error.help())
            })
        })
    }
}

impl Read for DateRange {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        parsed(
            value,
            key,
            ("a date or a range in quotes, such as \"2026-12-25\" or \"2026-12-24..2027-01-02\"", findings),
            |text| text.parse::<Self>().map_err(|error| Trouble::of_message(&error.to_string())),
        )
    }
}

impl Read for Pattern {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        parsed(value, key, ("a pattern in quotes, such as \"ml-*\"", findings), |text| {
            Self::new(text).map_err(|problem| match problem.split_once("; ") {
                Some((problem, help)) if text.trim().is_empty() => Trouble::new(problem, help),
                Some(_) | None => Trouble::new(
                    format!("\"{text}\" is not a pattern: {problem}"),
                    "write names with *, ?, [ab] or {a,b} in them",
                ),
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
                let problem = if known {
                    "this tag is named twice: tag names compare without case"
                } else {
                    "a tag needs a name"
                };
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
                return Err(Trouble::new(
                    "this text is empty or has a control character in it",
                    "write one line of text, or leave the key out",
                ));
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
                let help = format!(
                    "write 1 to {LONGEST_NAME} of the characters a-z, A-Z, 0-9, -, _ and ., such as \"research\""
                );
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
                meant.map_or_else(
                    || plain.clone(),
                    |meant| Trouble::new(plain.problem.clone(), format!("did you mean \"{meant}\"?")),
                )
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

/// An amount of money in millionths, in whatever currency.
#[derive(Debug, Clone, Copy)]
pub(super) struct Amount(pub(super) i64);

impl Read for Amount {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        let wanted = "an amount of money in quotes, such as \"2000\" or \"1999.50\"";
        parsed(value, key, (wanted, findings), |text| {
            let amount = Money::parse(text, Currency::USD).map(|money| Self(money.as_micros()));
            amount.map_err(|_| Trouble::new(format!("\"{text}\" is not an amount of money"), format!("write {wanted}")))
        })
    }
}

impl JsonSchema for Amount {
    fn schema_name() -> Cow<'static, str> {
        "Amount".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^ *[0-9]+(\\.[0-9]{1,6})? *$",
            "description": "An amount of money, as text: no number with a point is exact.",
            "examples": ["2000", "1999.50"],
        })
    }
}

/// A currency by its three letters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Code(pub(super) Currency);

impl Read for Code {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        parsed(value, key, ("a currency in quotes, such as \"USD\"", findings), |text| {
            let help = "write three letters such as \"USD\" or \"EUR\"";
            text.parse().map(Self).map_err(|_| Trouble::new(format!("\"{text}\" is not a currency"), help))
        })
    }
}

impl JsonSchema for Code {
    fn schema_name() -> Cow<'static, str> {
        "Currency".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^ *[A-Za-z]{3} *$", "description": "A currency by its three letters (ISO 4217).", "examples": ["USD"] })
    }
}

/// The highest level of which people may be told: ten times the allowance.
const HIGHEST_LEVEL: u32 = 1_000;

/// A share of an allowance in percent, which may be more than all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Level(pub(super) u32);

impl Read for Level {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        let number = u32::read(value, key, findings)?;
        if (1..=HIGHEST_LEVEL).contains(&number) {
            return Some(Self(number));
        }
        let at = findings.place(&value.span(), key);
        let help = format!("write whole numbers from 1 to {HIGHEST_LEVEL}, such as [50, 80, 100]");
        findings.error(&at, Trouble::new(format!("{number} % is no level of an allowance"), help));
        None
    }
}

impl JsonSchema for Level {
    fn schema_name() -> Cow<'static, str> {
        "Level".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "maximum": HIGHEST_LEVEL, "description": "A share of the allowance in percent; 100 is all of it." })
    }
}

/// Located elements of a list.
pub(super) type List<T> = Vec<Located<T>>;
