//! Charges with their days and billing periods.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::cli::statement::StatementError;
use crate::ledger::{Charge, Day, Period};
use crate::units::Currency;

/// Everything that a FOCUS export is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Focus {
    /// The days.
    pub days: Vec<Day>,
    /// The charges.
    pub charges: Vec<Charge>,
    /// The currency of what has no price: FOCUS lets no row be without one.
    pub currency: Currency,
    /// The last row of the ledger that was read.
    pub ledger_seq: i64,
    /// Its hash.
    pub ledger_hash: String,
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) charge: &'a Charge,
    /// The day.
    pub(super) day: Period,
    /// The calendar month that the day is in.
    pub(super) month: Period,
    pub(super) focus: &'a Focus,
}

/// The one currency of every charge that has a price; none where there are several, or no price.
pub(in crate::cli::statement) fn only_currency(charges: &[Charge]) -> Option<Currency> {
    let mut all = charges.iter().filter_map(|charge| charge.rate).map(|rate| rate.currency());
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

impl Focus {
    /// Its rows.
    ///
    /// # Errors
    /// When a day lies beyond the calendar.
    pub(super) fn rows(&self) -> Result<Vec<Row<'_>>, StatementError> {
        let mut months = Vec::with_capacity(self.days.len());
        for day in &self.days {
            months.push(month_of(day.time.from)?);
        }
        let row = |charge| {
            let charge: &Charge = charge;
            let (day, month) = (self.days.get(charge.day)?.time, *months.get(charge.day)?);
            Some(Row { charge, day, month, focus: self })
        };
        Ok(self.charges.iter().filter_map(row).collect())
    }
}

fn month_of(second: i64) -> Result<Period, StatementError> {
    let date = Timestamp::from_second(second)?.to_zoned(TimeZone::UTC).date();
    let next = date.last_of_month().tomorrow()?;
    let begins = |date: jiff::civil::Date| date.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp().as_second());
    Ok(Period { from: begins(date.first_of_month())?, to: begins(next)? })
}

/// Seconds in hours, half to even at the ninth decimal.
pub(super) fn in_hours(seconds: i64) -> Decimal {
    let hours = Decimal::from(seconds).checked_div(Decimal::from(3_600)).unwrap_or_default();
    hours.round_dp_with_strategy(9, RoundingStrategy::MidpointNearestEven)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_billing_period_is_a_month_and_hours_have_nine_decimals() {
        let february = month_of(1_803_000_000).unwrap();
        assert_eq!((february.from, february.to - february.from), (1_801_440_000, 28 * 86_400));
        let hours = |seconds| in_hours(seconds).normalize().to_string();
        assert_eq!([hours(3_600), hours(5_400), hours(1), hours(-1)], ["1", "1.5", "0.000277778", "-0.000277778"]);
    }
}
