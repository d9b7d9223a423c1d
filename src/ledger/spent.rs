//! What ran for whom, and what that comes to in one currency: the side of the ledger that a budget looks at.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::units::{Cost, Currency, Money, Rate, WorkspaceId};

/// Running time of like machines on one day. The compute meter only: what stopping can stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spent {
    /// Where.
    pub workspace: WorkspaceId,
    /// For which team.
    pub team: Option<Arc<str>>,
    /// For which owner, in lower case.
    pub owner: Option<Arc<str>>,
    /// The day (UTC), counted from 1970-01-01.
    pub day: i64,
    /// What an hour costs; none when nobody knows.
    pub rate: Option<Rate>,
    /// Seconds.
    pub seconds: i64,
}

/// A sum in one currency, and what could not be added to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpentTotal {
    /// Everything in its currency.
    pub counted: Cost,
    /// Everything in other currencies: named, never mixed in.
    pub others: BTreeMap<Currency, Cost>,
    /// Seconds without a price: they add nothing, so that the sum is what was spent at least.
    pub unpriced: i64,
}

impl SpentTotal {
    /// Nothing yet.
    #[must_use]
    pub const fn new(currency: Currency) -> Self {
        Self { counted: Cost::zero(currency), others: BTreeMap::new(), unpriced: 0 }
    }

    /// Adds what ran.
    pub fn add(&mut self, spent: &Spent) {
        let Some(rate) = spent.rate else {
            self.unpriced = self.unpriced.saturating_add(spent.seconds);
            return;
        };
        let cost = rate.over(spent.seconds);
        let sum = if cost.currency() == self.counted.currency() {
            &mut self.counted
        } else {
            self.others.entry(cost.currency()).or_insert(Cost::zero(cost.currency()))
        };
        *sum = sum.plus(cost).unwrap_or(*sum);
    }
}

/// How much of an allowance is spent, in whole percent, rounded down: a level is reached when it is. None in another
/// currency, or of an allowance of nothing.
#[must_use]
pub fn percent_of(spent: Cost, allowance: Money) -> Option<i64> {
    let whole = allowance.cost().exact();
    if whole <= 0 || spent.currency() != allowance.currency() {
        return None;
    }
    let percent = spent.exact().checked_mul(100)?.checked_div_euclid(whole)?;
    Some(i64::try_from(percent).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spent(rate: Option<(&str, &str)>, seconds: i64) -> Spent {
        let workspace = WorkspaceId::new("s", "g", "w").unwrap();
        let rate = rate.map(|(rate, currency)| Rate::parse(rate, currency.parse().unwrap()).unwrap());
        Spent { workspace, team: None, owner: None, day: 0, rate, seconds }
    }

    #[test]
    fn currencies_never_mix_and_what_has_no_price_adds_nothing() {
        let mut tally = SpentTotal::new(Currency::USD);
        tally.add(&spent(Some(("2", "USD")), 1_800));
        tally.add(&spent(Some(("7", "EUR")), 3_600));
        tally.add(&spent(None, 60));
        assert_eq!((tally.counted.text(2).as_str(), tally.unpriced), ("1.00", 60));
        let others: Vec<String> =
            tally.others.iter().map(|(currency, cost)| format!("{} {currency}", cost.text(2))).collect();
        assert_eq!(others, ["7.00 EUR"]);
    }

    #[test]
    fn a_level_is_reached_to_the_last_digit() {
        let limit = Money::parse("2000", Currency::USD).unwrap();
        let percent = |amount: &str| percent_of(Money::parse(amount, Currency::USD).unwrap().cost(), limit);
        for (amount, wanted) in
            [("0", 0), ("999.999999", 49), ("1000", 50), ("1999.999999", 99), ("2000", 100), ("2500", 125)]
        {
            assert_eq!(percent(amount), Some(wanted), "{amount}");
        }
        let nanos = Rate::new(1_999_999_999_999, Currency::USD).unwrap().over(3_600);
        assert_eq!(percent_of(nanos, limit), Some(99), "a billionth less is less");
        assert_eq!(percent_of(nanos, Money::micros(0, Currency::USD)), None);
        assert_eq!(percent_of(Cost::zero("EUR".parse().unwrap()), limit), None);
    }
}
