//! What charts show: amounts of each day, or of each month where there are many days, rounded once from exact sums.

use std::collections::BTreeMap;

use crate::cli::statement::Statement;
use crate::ledger::{Cell, Costs, Group, Grouping};
use crate::units::{Cost, Currency};

/// Groups that have a colour of their own; the others share one.
pub(in crate::cli) const OWN_MAX: usize = 5;
/// More days than two months have are shown by month.
const DAYS_MAX: usize = 62;
/// Bars of the most expensive.
const BURNERS_MAX: usize = 12;

/// Amounts of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Series {
    /// What.
    pub(in crate::cli) label: String,
    /// In millionths, one for each time.
    pub(in crate::cli) values: Vec<i64>,
}

/// Amounts over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Course {
    /// Of all amounts.
    pub(in crate::cli) currency: Currency,
    /// `day` or `month`.
    pub(in crate::cli) unit: &'static str,
    /// The times.
    pub(in crate::cli) times: Vec<String>,
    /// One above the other.
    pub(in crate::cli) series: Vec<Series>,
}

impl Course {
    /// Without times at which nothing happened.
    pub(in crate::cli) fn busy(&self) -> Self {
        let is_busy =
            |place: &usize| self.series.iter().any(|series| series.values.get(*place).is_some_and(|value| *value != 0));
        let kept: Vec<usize> = (0..self.times.len()).filter(is_busy).collect();
        let series = self.series.iter().map(|one| Series {
            label: one.label.clone(),
            values: kept.iter().filter_map(|place| one.values.get(*place).copied()).collect(),
        });
        let times = kept.iter().filter_map(|place| self.times.get(*place).cloned()).collect();
        Self { times, series: series.collect(), ..self.clone() }
    }

    /// True when nothing ever happened.
    pub(in crate::cli) fn is_empty(&self) -> bool {
        self.series.iter().all(|series| series.values.iter().all(|value| *value == 0))
    }
}

/// Days put together: where each day belongs.
struct Times {
    unit: &'static str,
    names: Vec<String>,
    of_day: Vec<usize>,
}

fn times(statement: &Statement) -> Times {
    let by_day = statement.days.len() <= DAYS_MAX;
    let mut names: Vec<String> = Vec::new();
    let mut of_day = Vec::with_capacity(statement.days.len());
    for day in &statement.days {
        let name = if by_day { &*day.name } else { day.name.get(..7).unwrap_or(&day.name) };
        if names.last().is_none_or(|last| last != name) {
            names.push(name.to_owned());
        }
        of_day.push(names.len().saturating_sub(1));
    }
    Times { unit: if by_day { "day" } else { "month" }, names, of_day }
}

impl Times {
    fn series(&self, label: String, groups: &[&Group], currency: Currency, of: fn(&Cell) -> &Costs) -> Series {
        let mut sums = vec![Cost::zero(currency); self.names.len()];
        for (day, cell) in groups.iter().flat_map(|group| &group.days) {
            let sum = self.of_day.get(*day).and_then(|time| sums.get_mut(*time));
            if let Some(sum) = sum {
                *sum = sum.plus(of(cell).get(currency)).unwrap_or(*sum);
            }
        }
        Series { label, values: sums.into_iter().map(|sum| sum.rounded().as_micros()).collect() }
    }
}

/// What running time cost, the most expensive groups by themselves.
pub(in crate::cli) fn costs(statement: &Statement, currency: Currency) -> Course {
    let times = times(statement);
    let mut series = Vec::new();
    let groups: Vec<&Group> = statement.account.groups.iter().collect();
    let cost_of = |group: &&Group| !group.figures.usage.cost.mid.get(currency).eq(&Cost::zero(currency));
    if statement.head.by == Grouping::Day {
        series.push(times.series("all".to_owned(), &groups, currency, of_cost));
    } else {
        let paid: Vec<&Group> = groups.into_iter().filter(cost_of).collect();
        let (own, others) = paid.split_at(paid.len().min(OWN_MAX));
        for group in own {
            series.push(times.series(group.name.label.to_string(), &[group], currency, of_cost));
        }
        if !others.is_empty() {
            series.push(times.series("all others".to_owned(), others, currency, of_cost));
        }
    }
    Course { currency, unit: times.unit, times: times.names, series }
}

fn of_cost(cell: &Cell) -> &Costs {
    &cell.cost
}

/// What was avoided by estimate, and what would have been.
pub(in crate::cli) fn avoided(statement: &Statement, currency: Currency) -> Course {
    let times = times(statement);
    let groups: Vec<&Group> = statement.account.groups.iter().collect();
    let series = vec![
        times.series("avoided (estimated)".to_owned(), &groups, currency, |cell| &cell.avoided),
        times.series("would have been avoided (observe mode)".to_owned(), &groups, currency, |cell| &cell.would_avoid),
    ];
    Course { currency, unit: times.unit, times: times.names, series }
}

/// The most expensive groups, and what each cost.
pub(in crate::cli) fn burners(statement: &Statement, currency: Currency) -> Vec<(String, i64)> {
    let amount = |group: &Group| group.figures.usage.cost.mid.get(currency).rounded().as_micros();
    let mut all: BTreeMap<(std::cmp::Reverse<i64>, usize), String> = BTreeMap::new();
    for (place, group) in statement.account.groups.iter().enumerate().filter(|(_, group)| amount(group) > 0) {
        // those that were put together are no burner
        if &*group.name.key != "*" {
            all.insert((std::cmp::Reverse(amount(group)), place), group.name.label.to_string());
        }
    }
    all.into_iter().take(BURNERS_MAX).map(|((amount, _), label)| (label, amount.0)).collect()
}
