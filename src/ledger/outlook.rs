//! Where a month will end if it goes on as the last weeks went: by weekday, with its range, in whole numbers.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::units::Cost;

/// What will have been spent at the end of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outlook {
    /// If every day that is left costs as little as the cheapest of its weekday did.
    pub low: Cost,
    /// If it costs as its weekday did on average.
    pub mid: Cost,
    /// If it costs as much as the dearest of its weekday did.
    pub high: Cost,
}

/// Fewer days than a week leave a weekday without any.
const LEAST_DAYS: i64 = 7;

const DAY: i64 = 86_400;

/// What days of one weekday cost.
#[derive(Debug, Clone, Copy)]
struct Weekday {
    low: Cost,
    sum: Cost,
    high: Cost,
    days: i64,
}

impl Weekday {
    fn with(self, cost: Cost) -> Option<Self> {
        Some(Self {
            low: self.low.min(cost),
            sum: self.sum.plus(cost)?,
            high: self.high.max(cost),
            days: self.days.checked_add(1)?,
        })
    }
}

/// Adds the rest of the month to what is spent. `days` holds what whole days (UTC, counted from 1970-01-01) cost; one that
/// is `known` and not in it cost nothing. None when fewer than seven days are known, or it is beyond reckoning.
#[must_use]
pub fn outlook(
    spent: Cost,
    days: &BTreeMap<i64, Cost>,
    known: Range<i64>,
    (now, until): (i64, i64),
) -> Option<Outlook> {
    let mut outlook = Outlook { low: spent, mid: spent, high: spent };
    if now >= until {
        return Some(outlook);
    }
    if known.end.saturating_sub(known.start) < LEAST_DAYS {
        return None;
    }
    let weekdays = weekdays(spent, days, known)?;
    for day in now.div_euclid(DAY)..=until.saturating_sub(1).div_euclid(DAY) {
        let start = day.checked_mul(DAY)?;
        let seconds = until.min(start.checked_add(DAY)?).saturating_sub(now.max(start));
        let of = weekdays.get(&day.rem_euclid(7))?;
        // all three rounded down in the same way, so that they keep their order
        outlook.low = outlook.low.plus(of.low.part(seconds, DAY)?)?;
        outlook.mid = outlook.mid.plus(of.sum.part(seconds, of.days.checked_mul(DAY)?)?)?;
        outlook.high = outlook.high.plus(of.high.part(seconds, DAY)?)?;
    }
    Some(outlook)
}

/// What is known of each weekday; the first of them is that of 1970-01-01.
fn weekdays(spent: Cost, days: &BTreeMap<i64, Cost>, known: Range<i64>) -> Option<BTreeMap<i64, Weekday>> {
    let nothing = Cost::zero(spent.currency());
    let mut weekdays: BTreeMap<i64, Weekday> = BTreeMap::new();
    for day in known {
        let cost = days.get(&day).copied().unwrap_or(nothing);
        let first = Weekday { low: cost, sum: nothing, high: cost, days: 0 };
        let weekday = weekdays.entry(day.rem_euclid(7)).or_insert(first);
        *weekday = weekday.with(cost)?;
    }
    Some(weekdays)
}

#[cfg(test)]
mod tests;
