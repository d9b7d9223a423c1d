//! A query as it is sent, and as it is understood.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::filter::{Dimension, Filter, WrittenFilter};
use super::period::Period;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    #[serde(rename = "type")]
    kind: String,
    timeframe: String,
    time_period: Option<TimePeriod>,
    dataset: Dataset,
}

#[derive(Debug, Deserialize)]
struct TimePeriod {
    from: String,
    to: String,
}

#[derive(Debug, Deserialize)]
struct Dataset {
    granularity: Option<String>,
    #[serde(default)]
    aggregation: BTreeMap<String, Aggregation>,
    #[serde(default)]
    grouping: Vec<Grouping>,
    filter: Option<WrittenFilter>,
}

#[derive(Debug, Deserialize)]
struct Aggregation {
    name: String,
    function: String,
}

#[derive(Debug, Deserialize)]
struct Grouping {
    #[serde(rename = "type")]
    kind: String,
    name: String,
}

/// What each row stands for in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Granularity {
    Daily,
    Monthly,
    /// The whole period.
    Whole,
}

/// What is added up, under the name of its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    Cost(&'static str),
    Quantity,
}

impl Measure {
    /// All cost columns are in dollars and say the same here: there is no tax and no other currency.
    const COSTS: [&str; 4] = ["Cost", "CostUSD", "PreTaxCost", "PreTaxCostUSD"];

    fn of(aggregation: &Aggregation) -> Result<Self, String> {
        let Aggregation { name, function } = aggregation;
        if function != "Sum" {
            return Err(format!("the function '{function}' is not known; use Sum"));
        }
        let cost = Self::COSTS.into_iter().find(|known| known.eq_ignore_ascii_case(name)).map(Self::Cost);
        let known = cost.or_else(|| name.eq_ignore_ascii_case("UsageQuantity").then_some(Self::Quantity));
        known.ok_or_else(|| format!("the column '{name}' cannot be added up here"))
    }

    /// The name of its column.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Cost(name) => name,
            Self::Quantity => "UsageQuantity",
        }
    }
}

/// A query that can be answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Definition {
    pub(super) period: Period,
    pub(super) granularity: Granularity,
    pub(super) measures: Vec<Measure>,
    pub(super) groups: Vec<Dimension>,
    pub(super) filter: Option<Filter>,
}

impl Definition {
    /// Reads a query.
    ///
    /// # Errors
    /// In words for the caller when it cannot be read or asks for what Azure or this sandbox does not give.
    pub(super) fn read(body: &[u8], now: Timestamp) -> Result<Self, String> {
        let written: Written = serde_json::from_slice(body).map_err(|cause| cause.to_string())?;
        let Written { kind, timeframe, time_period, dataset } = written;
        if !["ActualCost", "AmortizedCost", "Usage"].contains(&kind.as_str()) {
            return Err(format!("the type '{kind}' is not known; use ActualCost, AmortizedCost or Usage"));
        }
        let custom = time_period.as_ref().map(|period| (period.from.as_str(), period.to.as_str()));
        Ok(Self {
            period: Period::of(&timeframe, custom, now)?,
            granularity: granularity(dataset.granularity.as_deref())?,
            measures: measures(&dataset.aggregation)?,
            groups: groups(&dataset.grouping)?,
            filter: dataset.filter.map(Filter::read).transpose()?,
        })
    }
}

fn granularity(written: Option<&str>) -> Result<Granularity, String> {
    match written {
        Some("Daily") => Ok(Granularity::Daily),
        Some("Monthly") => Ok(Granularity::Monthly),
        Some("None") | None => Ok(Granularity::Whole),
        Some(other) => Err(format!("the granularity '{other}' is not known; use Daily, Monthly or None")),
    }
}

fn measures(written: &BTreeMap<String, Aggregation>) -> Result<Vec<Measure>, String> {
    if !(1..=2).contains(&written.len()) {
        return Err(format!("{} aggregations; a query has one or two", written.len()));
    }
    written.values().map(Measure::of).collect()
}

fn groups(written: &[Grouping]) -> Result<Vec<Dimension>, String> {
    if written.len() > 2 {
        return Err(format!("{} groupings; a query has at most two", written.len()));
    }
    let group = |Grouping { kind, name }: &Grouping| match kind.as_str() {
        "Dimension" => Dimension::of(name),
        other => Err(format!("groups of the type '{other}' are not known here; use Dimension")),
    };
    written.iter().map(group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(dataset: &str) -> Result<Definition, String> {
        let body = format!(r#"{{"type":"ActualCost","timeframe":"MonthToDate","dataset":{dataset}}}"#);
        Definition::read(body.as_bytes(), Timestamp::UNIX_EPOCH)
    }

    const SUM: &str = r#""aggregation":{"totalCost":{"name":"Cost","function":"Sum"}}"#;

    #[test]
    fn a_query_is_understood() {
        let definition = read(&format!(
            r#"{{"granularity":"Daily",{SUM},"grouping":[{{"type":"Dimension","name":"resourceid"}}],
                "filter":{{"and":[{{"dimensions":{{"name":"Meter","operator":"In","values":["a"]}}}},
                {{"or":[{{"dimensions":{{"name":"ResourceType","operator":"In","values":["b"]}}}},
                {{"dimensions":{{"name":"ServiceName","operator":"In","values":["c","d"]}}}}]}}]}}}}"#
        ))
        .unwrap();
        assert_eq!(definition.measures, [Measure::Cost("Cost")]);
        assert_eq!((definition.granularity, definition.groups), (Granularity::Daily, vec![Dimension::ResourceId]));
        let Some(Filter::All(parts)) = definition.filter else { panic!("and") };
        assert_eq!(parts[0], Filter::In(Dimension::Meter, vec!["a".into()]));
        assert!(matches!(&parts[1], Filter::Any(parts) if parts.len() == 2));
    }

    #[test]
    fn what_cannot_be_answered_is_said() {
        let group = r#"{"type":"Dimension","name":"Meter"}"#;
        let test = r#"{"dimensions":{"name":"Meter","operator":"In","values":["a"]}}"#;
        for (dataset, says) in [
            ("{}".to_owned(), "0 aggregations"),
            (format!(r#"{{{SUM},"granularity":"Hourly"}}"#), "granularity 'Hourly'"),
            (format!(r#"{{{SUM},"grouping":[{group},{group},{group}]}}"#), "3 groupings"),
            (format!(r#"{{{SUM},"grouping":[{{"type":"TagKey","name":"team"}}]}}"#), "'TagKey'"),
            (format!(r#"{{{SUM},"grouping":[{{"type":"Dimension","name":"Colour"}}]}}"#), "'Colour'"),
            (format!(r#"{{{SUM},"filter":{{}}}}"#), "exactly one"),
            (format!(r#"{{{SUM},"filter":{{"and":[{test}]}}}}"#), "at least two"),
            (format!(r#"{{{SUM},"filter":{{"not":{test}}}}}"#), "unknown field `not`"),
            (format!(r#"{{{SUM},"filter":{{"tags":{{}}}}}}"#), "tags"),
            (format!(r#"{{{SUM},"filter":{}}}"#, test.replace("In", "Is")), "operator 'Is'"),
            (format!(r#"{{{SUM},"filter":{}}}"#, test.replace(r#""a""#, "")), "no value"),
            (format!("{{{}}}", SUM.replace("Sum", "Max")), "function 'Max'"),
            (format!("{{{}}}", SUM.replace(r#""Cost""#, r#""Colour""#)), "column 'Colour'"),
        ] {
            let error = read(&dataset).unwrap_err();
            assert!(error.contains(says), "{dataset}: {error}");
        }
        assert!(Definition::read(b"[]", Timestamp::UNIX_EPOCH).is_err());
    }
}
