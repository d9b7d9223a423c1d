//! The dimensions of cost lines, and the filter over them.

use serde::Deserialize;
use serde_json::Value;

use super::lines::Line;

/// What lines can be grouped and filtered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dimension {
    ResourceId,
    ResourceType,
    ResourceGroupName,
    ServiceName,
    MeterCategory,
    Meter,
}

impl Dimension {
    const ALL: [Self; 6] = [
        Self::ResourceId,
        Self::ResourceType,
        Self::ResourceGroupName,
        Self::ServiceName,
        Self::MeterCategory,
        Self::Meter,
    ];

    /// The name in queries, and of the column.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::ResourceId => "ResourceId",
            Self::ResourceType => "ResourceType",
            Self::ResourceGroupName => "ResourceGroupName",
            Self::ServiceName => "ServiceName",
            Self::MeterCategory => "MeterCategory",
            Self::Meter => "Meter",
        }
    }

    pub(super) fn of(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(name));
        known.ok_or_else(|| format!("the dimension '{name}' is not known here"))
    }
}

/// A filter as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenFilter {
    and: Option<Vec<WrittenFilter>>,
    or: Option<Vec<WrittenFilter>>,
    dimensions: Option<Comparison>,
    tags: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Comparison {
    name: String,
    operator: String,
    values: Vec<String>,
}

/// Which lines are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Filter {
    In(Dimension, Vec<String>),
    All(Vec<Filter>),
    Any(Vec<Filter>),
}

impl Filter {
    pub(super) fn read(written: WrittenFilter) -> Result<Self, String> {
        let WrittenFilter { and, or, dimensions, tags } = written;
        if tags.is_some() {
            return Err("whether tags of instances reach cost lines is not known, so tags are not known here".into());
        }
        match (and, or, dimensions) {
            (Some(parts), None, None) => Ok(Self::All(several(parts)?)),
            (None, Some(parts), None) => Ok(Self::Any(several(parts)?)),
            (None, None, Some(comparison)) => compare(comparison),
            _ => Err("a filter has exactly one of and, or, dimensions".into()),
        }
    }

    /// Whether a line is wanted; values are compared without case.
    pub(super) fn takes(&self, line: &Line) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.takes(line)),
            Self::Any(parts) => parts.iter().any(|part| part.takes(line)),
            Self::In(dimension, values) => {
                let value = line.value(*dimension);
                values.iter().any(|wanted| wanted.eq_ignore_ascii_case(value))
            }
        }
    }
}

fn several(parts: Vec<WrittenFilter>) -> Result<Vec<Filter>, String> {
    if parts.len() < 2 {
        return Err("and and or join at least two filters".into());
    }
    parts.into_iter().map(Filter::read).collect()
}

fn compare(Comparison { name, operator, values }: Comparison) -> Result<Filter, String> {
    if operator != "In" {
        return Err(format!("the operator '{operator}' is not known; use In"));
    }
    if values.is_empty() {
        return Err(format!("the filter on {name} names no value"));
    }
    Ok(Filter::In(Dimension::of(&name)?, values))
}
