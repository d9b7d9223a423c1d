//! Lines added up to the rows of an answer.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::super::answer::number;
use super::definition::{Definition, Granularity, Measure};
use super::lines::{Line, PLACES};

/// What lines have in common in one row: the day or month they are counted under, and their groups.
type Key = (Option<Date>, Vec<String>);

/// The columns of an answer: sums, time, groups, currency.
pub(super) fn columns(definition: &Definition) -> Vec<Value> {
    let sums = definition.measures.iter().map(|measure| (measure.name(), "Number"));
    let time = match definition.granularity {
        Granularity::Daily => Some(("UsageDate", "Number")),
        Granularity::Monthly => Some(("BillingMonth", "Datetime")),
        Granularity::Whole => None,
    };
    let groups = definition.groups.iter().map(|dimension| (dimension.name(), "String"));
    let all = sums.chain(time).chain(groups).chain([("Currency", "String")]);
    all.map(|(name, kind)| json!({ "name": name, "type": kind })).collect()
}

/// The rows of an answer, by time and groups.
pub(super) fn rows(definition: &Definition, lines: &[Line]) -> Vec<Value> {
    let mut sums: BTreeMap<Key, (i128, i128)> = BTreeMap::new();
    for line in lines.iter().filter(|line| definition.filter.as_ref().is_none_or(|filter| filter.takes(line))) {
        let time = match definition.granularity {
            Granularity::Daily => Some(line.date),
            Granularity::Monthly => Some(line.date.first_of_month()),
            Granularity::Whole => None,
        };
        let groups = definition.groups.iter().map(|dimension| line.value(*dimension).to_owned()).collect();
        let sum = sums.entry((time, groups)).or_default();
        *sum = (sum.0.saturating_add(line.cost), sum.1.saturating_add(line.quantity));
    }
    sums.into_iter().map(|(key, sum)| row(definition, key, sum)).collect()
}

fn row(definition: &Definition, (time, groups): Key, (cost, quantity): (i128, i128)) -> Value {
    let sums = definition.measures.iter().map(|measure| match measure {
        Measure::Cost(_) => number(cost, PLACES),
        Measure::Quantity => number(quantity, PLACES),
    });
    let time = time.map(|date| match definition.granularity {
        Granularity::Daily => json!(day_number(date)),
        Granularity::Monthly | Granularity::Whole => json!(date.strftime("%Y-%m-%dT00:00:00").to_string()),
    });
    let groups = groups.into_iter().map(Value::String);
    sums.chain(time).chain(groups).chain([json!("USD")]).collect()
}

/// `20261103`.
fn day_number(date: Date) -> i64 {
    let (year, month, day) = (i64::from(date.year()), i64::from(date.month()), i64::from(date.day()));
    year.saturating_mul(10_000).saturating_add(month.saturating_mul(100)).saturating_add(day)
}
