//! Faults as written: `list-computes,path=ws-a,count=2 => throttle:17`, or a TOML file with `[[fault]]` tables.

use std::str::FromStr;

use serde::Deserialize;
use serde_json::Value;

use super::super::world::OperationFate;
use super::effect::Effect;
use super::rule::{FaultOperation, FaultRule};

/// A fault that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FaultSyntax {
    /// No arrow.
    #[error("fault `{0}`: write OPERATION[,key=value…] => EFFECT[:ARGUMENT]")]
    Shape(String),
    /// An unknown operation.
    #[error(
        "fault: operation `{0}` is unknown; use any, token, list-workspaces, get-workspace, list-computes, get, start, stop, restart, create, delete, check-name, set-idle-timer, status, vm-sizes, usages, quotas, cost-query, list-jobs, metrics, inbox, retail-prices or other"
    )]
    Operation(String),
    /// An unknown key.
    #[error("fault: key `{0}` is unknown; use path, nth, count, percent, from or to")]
    Key(String),
    /// A value that is none.
    #[error("fault: `{value}` is no {wanted}")]
    Value {
        /// What was written.
        value: String,
        /// What was wanted.
        wanted: &'static str,
    },
    /// An unknown effect.
    #[error("fault: effect `{0}` is unknown; `lightsout sandbox --help` lists them")]
    Effect(String),
    /// A file that is not TOML of the right shape.
    #[error("fault file is not readable as TOML")]
    File(#[from] toml::de::Error),
}

/// One `[[fault]]` table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    on: String,
    effect: String,
    path: Option<String>,
    nth: Option<u64>,
    count: Option<u64>,
    percent: Option<u32>,
    from: Option<String>,
    to: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    fault: Vec<Written>,
}

impl FaultRule {
    /// Reads a file of `[[fault]]` tables.
    ///
    /// # Errors
    /// When it is not TOML, or one of its rules cannot be read.
    pub fn from_toml(text: &str) -> Result<Vec<Self>, FaultSyntax> {
        let document: Document = toml::from_str(text)?;
        document.fault.into_iter().map(Self::from_written).collect()
    }

    fn from_written(written: Written) -> Result<Self, FaultSyntax> {
        let mut rule = Self::new(operation(&written.on)?, effect(&written.effect)?);
        rule.path = written.path;
        rule.skip = written.nth.map_or(0, |nth| nth.saturating_sub(1));
        rule.count = written.count;
        rule.percent = written.percent;
        rule.from = written.from.map(|text| number(&text, "instant such as 2026-11-02T20:00:00Z")).transpose()?;
        rule.to = written.to.map(|text| number(&text, "instant such as 2026-11-02T20:00:00Z")).transpose()?;
        Ok(rule)
    }
}

impl FromStr for FaultRule {
    type Err = FaultSyntax;

    fn from_str(text: &str) -> Result<Self, FaultSyntax> {
        let (matcher, what) = text.split_once("=>").ok_or_else(|| FaultSyntax::Shape(text.to_owned()))?;
        let mut parts = matcher.trim().split(',').map(str::trim);
        let mut rule = Self::new(operation(parts.next().unwrap_or_default())?, effect(what.trim())?);
        for part in parts {
            let (key, value) = part.split_once('=').ok_or_else(|| FaultSyntax::Key(part.to_owned()))?;
            match key {
                "path" => rule.path = Some(value.to_owned()),
                "nth" => rule.skip = number::<u64>(value, "number")?.saturating_sub(1),
                "count" => rule.count = Some(number(value, "number")?),
                "percent" => rule.percent = Some(number(value, "number")?),
                "from" => rule.from = Some(number(value, "instant such as 2026-11-02T20:00:00Z")?),
                "to" => rule.to = Some(number(value, "instant such as 2026-11-02T20:00:00Z")?),
                other => return Err(FaultSyntax::Key(other.to_owned())),
            }
        }
        Ok(rule)
    }
}

fn operation(word: &str) -> Result<FaultOperation, FaultSyntax> {
    FaultOperation::ALL
        .into_iter()
        .find(|known| known.label() == word)
        .ok_or_else(|| FaultSyntax::Operation(word.to_owned()))
}

fn number<T: FromStr>(value: &str, wanted: &'static str) -> Result<T, FaultSyntax> {
    value.trim().parse().map_err(|_| FaultSyntax::Value { value: value.to_owned(), wanted })
}

/// Reads an effect: its word, and its argument behind the first colon.
fn effect(text: &str) -> Result<Effect, FaultSyntax> {
    let (word, argument) =
        text.split_once(':').map_or((text, None), |(word, argument)| (word.trim_end(), Some(argument)));
    if let Some(plain) = plain_effect(word) {
        return Ok(plain);
    }
    if let Some(sized) = sized_effect(word, argument) {
        return sized;
    }
    let given = || {
        argument
            .map(str::to_owned)
            .ok_or_else(|| FaultSyntax::Value { value: text.to_owned(), wanted: "effect with an argument" })
    };
    Ok(match word {
        "throttle" => Effect::Throttle(argument.map(str::to_owned)),
        "status" => {
            let (code, retry) = split(&given()?);
            Effect::Status(number(&code, "status code")?, retry)
        }
        "error" => {
            let (code, name) = split(&given()?);
            Effect::Error(number(&code, "status code")?, name.unwrap_or_else(|| "BadRequest".into()))
        }
        "redirect" => Effect::Redirect(given()?),
        "delay" => Effect::Delay(number(&given()?, "number of milliseconds")?),
        "date-skew" => Effect::DateSkew(number(&given()?, "number of seconds")?),
        "token-life" => Effect::TokenLife(number(&given()?, "number of seconds")?),
        "location" => Effect::Location(given()?),
        "async-operation" => Effect::AsyncOperation(given()?),
        "next-link" => Effect::NextLink(given()?),
        "next-link-api-version" => Effect::NextLinkApiVersion(given()?),
        "missing" => Effect::Missing(given()?),
        "recreated" => Effect::Recreated(given()?),
        "remove" => Effect::Remove(given()?),
        "set" => {
            let written = given()?;
            let (pointer, json) =
                written.split_once('=').ok_or(FaultSyntax::Value { value: written.clone(), wanted: "POINTER=JSON" })?;
            let value: Value = serde_json::from_str(json)
                .map_err(|_| FaultSyntax::Value { value: json.to_owned(), wanted: "JSON value" })?;
            Effect::Set(pointer.to_owned(), value)
        }
        other => return Err(FaultSyntax::Effect(other.to_owned())),
    })
}

fn plain_effect(word: &str) -> Option<Effect> {
    Some(match word {
        "unauthorized" => Effect::Unauthorized,
        "claims-challenge" => Effect::ClaimsChallenge,
        "forbidden" => Effect::Forbidden,
        "not-found" => Effect::NotFound,
        "conflict" => Effect::Conflict,
        "disk-full" => Effect::DiskFull,
        "html" => Effect::Html,
        "text" => Effect::Text,
        "empty" => Effect::Empty,
        "bom" => Effect::Bom,
        "wrong-charset" => Effect::WrongCharset,
        "hang" => Effect::Hang,
        "reset" => Effect::Reset,
        "reset-after" => Effect::ResetAfter,
        "truncate" => Effect::Truncate,
        "cut" => Effect::Cut,
        "close" => Effect::Close,
        "duplicate-headers" => Effect::DuplicateHeaders,
        "token-wrong" => Effect::TokenWrong,
        "operation-fails" => Effect::Fate(OperationFate::Fails),
        "operation-canceled" => Effect::Fate(OperationFate::Canceled),
        "operation-never-ends" => Effect::Fate(OperationFate::NeverEnds),
        "operation-lies" => Effect::Fate(OperationFate::Lies),
        "no-lro-headers" => Effect::NoLroHeaders,
        "next-link-self" => Effect::NextLinkSelf,
        "next-link-endless" => Effect::NextLinkEndless,
        "next-link-relative" => Effect::NextLinkRelative,
        "stale" => Effect::Stale,
        "duplicate" => Effect::Duplicate,
        "duplicate-case" => Effect::DuplicateCase,
        _ => return None,
    })
}

/// Effects with a number that may be left out.
fn sized_effect(word: &str, argument: Option<&str>) -> Option<Result<Effect, FaultSyntax>> {
    let default = match word {
        "gzip-bomb" => 64,
        "nested" | "huge" => 100_000,
        "drip" | "drip-header" => 1_000,
        "big-header" => 1_048_576,
        _ => return None,
    };
    let size = argument.map_or(Ok(default), |text| number::<u64>(text, "number"));
    Some(size.map(|size| {
        let items = usize::try_from(size).unwrap_or(usize::MAX);
        match word {
            "gzip-bomb" => Effect::GzipBomb(items),
            "nested" => Effect::Nested(items),
            "huge" => Effect::Huge(items),
            "big-header" => Effect::BigHeader(items),
            "drip" => Effect::Drip(size),
            _ => Effect::DripHeader(size),
        }
    }))
}

fn split(text: &str) -> (String, Option<String>) {
    text.split_once(',')
        .map_or_else(|| (text.to_owned(), None), |(first, rest)| (first.to_owned(), Some(rest.to_owned())))
}
