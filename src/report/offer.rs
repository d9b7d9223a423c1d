//! What a person may ask for when they hold an instance: each length with its price, and what is left of the policy's caps.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::policy::HoldTerms;
use crate::units::{Cost, Currency, InstanceId, Money, Rate, Span};

/// Lengths that people choose from, in hours; the longest that the policy allows comes last.
const HOURS: [u32; 5] = [1, 2, 4, 8, 12];

/// One length.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldChoice {
    /// How long, in seconds.
    pub seconds: u32,
    /// Until when, if it is made now.
    pub until: Timestamp,
    /// What it costs at most; none where nobody knows the price.
    pub price: Option<Money>,
}

/// What may be asked for now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldOffer {
    /// Of which instance.
    pub instance: InstanceId,
    /// Whose it is.
    pub owner: Option<String>,
    /// When it is due to stop; none when it is not.
    pub stops_at: Option<Timestamp>,
    /// The ground of that stop.
    pub ground: Option<String>,
    /// Until when it is held already.
    pub held_until: Option<Timestamp>,
    /// What can be had; empty when nothing can.
    pub choices: Vec<HoldChoice>,
    /// How many holds there may be in seven days.
    pub per_week: u32,
    /// How many there were.
    pub made_this_week: u32,
    /// What may still be spent this month; none where the policy sets no limit, or nobody knows the price.
    pub left: Option<Money>,
    /// Why nothing can be had, in words.
    pub refused: Option<String>,
}

/// What was made of holds so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HoldSpent {
    /// Holds of the instance in seven days.
    pub made: u32,
    /// What holds at the same cost cost in this month.
    pub this_month: Vec<Money>,
    /// The currency of the instance's price; none where nobody knows it.
    pub currency: Option<Currency>,
}

impl HoldSpent {
    /// What the month leaves; none where there is no limit or no price. What was spent in another currency is not counted.
    #[must_use]
    pub fn left(&self, terms: &HoldTerms) -> Option<Money> {
        let (monthly, currency) = (terms.monthly?, self.currency?);
        let spent = self.this_month.iter().filter(|one| one.currency() == currency);
        let left = spent.fold(monthly, |left, one| left.saturating_sub(one.as_micros()));
        Some(Money::micros(left.max(0), currency))
    }
}

/// Why no hold can be had at all.
#[must_use]
pub fn refused(terms: &HoldTerms, spent: &HoldSpent) -> Option<String> {
    if spent.made >= terms.per_week {
        return Some(format!("it was held {} times in seven days, the policy allows {}", spent.made, terms.per_week));
    }
    let left = spent.left(terms)?;
    (left.as_micros() == 0).then(|| "what the policy lets holds cost in a month is used up".to_owned())
}

/// Why a hold of that price cannot be had. One whose price nobody knows can: a person is not stopped for want of a price.
#[must_use]
pub fn too_dear(terms: &HoldTerms, spent: &HoldSpent, price: Option<Money>) -> Option<String> {
    let (left, price) = (spent.left(terms)?, price?);
    (price.as_micros() > left.as_micros())
        .then(|| format!("it would cost {price}, and of what the policy lets holds cost in a month {left} are left"))
}

/// How many seconds a hold of so many from now on adds to what is held already: what it is paid for.
#[must_use]
pub fn added(seconds: u32, now: Timestamp, held_until: Option<Timestamp>) -> i64 {
    let held = held_until.map_or(0, |until| until.duration_since(now).as_secs().max(0));
    i64::from(seconds).saturating_sub(held).max(0)
}

/// The lengths that can be had, the shortest first, each with its price; those that end before it is free anyway are not.
#[must_use]
pub fn choices(
    terms: &HoldTerms,
    spent: &HoldSpent,
    rate: Option<Rate>,
    (now, held_until): (Timestamp, Option<Timestamp>),
) -> Vec<HoldChoice> {
    if refused(terms, spent).is_some() {
        return Vec::new();
    }
    let max = terms.max.as_secs();
    let usual = HOURS.into_iter().map(|hours| Span::hours(hours).as_secs()).filter(|length| *length < max);
    let priced = |seconds: u32| HoldChoice {
        seconds,
        until: now.checked_add(Span::seconds(seconds).duration()).unwrap_or(now),
        price: rate.map(|rate| rate.over(added(seconds, now, held_until))).map(Cost::rounded),
    };
    let longer = |seconds: &u32| added(*seconds, now, held_until) > 0;
    let all = usual.chain(std::iter::once(max)).filter(longer).map(priced);
    all.filter(|choice| too_dear(terms, spent, choice.price).is_none()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(monthly: Option<&str>) -> HoldTerms {
        let monthly = monthly.map(|text| Money::parse(text, Currency::USD).unwrap().as_micros());
        HoldTerms { max: Span::hours(6), per_week: 2, monthly }
    }

    fn spent(made: u32, this_month: &[&str]) -> HoldSpent {
        let this_month = this_month.iter().map(|text| Money::parse(text, Currency::USD).unwrap()).collect();
        HoldSpent { made, this_month, currency: Some(Currency::USD) }
    }

    fn rate() -> Option<Rate> {
        Some(Rate::parse("3.06", Currency::USD).unwrap())
    }

    fn offered(terms: &HoldTerms, spent: &HoldSpent, rate: Option<Rate>) -> Vec<(u32, String)> {
        let price = |choice: &HoldChoice| choice.price.map_or_else(|| "?".to_owned(), |price| price.to_string());
        let all = choices(terms, spent, rate, (Timestamp::UNIX_EPOCH, None));
        all.iter().map(|choice| (choice.seconds / 3_600, price(choice))).collect()
    }

    #[test]
    fn every_length_has_its_price_up_to_the_longest() {
        let prices = [(1, "3.06 USD"), (2, "6.12 USD"), (4, "12.24 USD"), (6, "18.36 USD")];
        assert_eq!(offered(&terms(None), &spent(0, &[]), rate()), prices.map(|(h, price)| (h, price.to_owned())));
    }

    #[test]
    fn what_the_month_does_not_leave_is_not_offered() {
        let (terms, spent) = (terms(Some("40")), spent(0, &["20", "13.5"]));
        assert_eq!(spent.left(&terms).unwrap().to_string(), "6.50 USD");
        assert_eq!(offered(&terms, &spent, rate()), [(1, "3.06 USD".to_owned()), (2, "6.12 USD".to_owned())]);
        let dear = too_dear(&terms, &spent, Some(Money::parse("6.51", Currency::USD).unwrap())).unwrap();
        assert!(dear.contains("6.51 USD") && dear.contains("6.50 USD"), "{dear}");
        assert_eq!(
            too_dear(&terms, &spent, Some(Money::parse("6.50", Currency::USD).unwrap())),
            None,
            "exactly what is left"
        );
    }

    #[test]
    fn what_is_held_already_is_not_paid_twice() {
        let held_until = Timestamp::from_second(2 * 3_600).ok();
        let all = choices(&terms(None), &spent(0, &[]), rate(), (Timestamp::UNIX_EPOCH, held_until));
        let shown: Vec<_> = all.iter().map(|one| (one.seconds / 3_600, one.price.unwrap().to_string())).collect();
        assert_eq!(
            shown,
            [(4, "6.12 USD".to_owned()), (6, "12.24 USD".to_owned())],
            "what ends before it adds nothing"
        );
    }

    #[test]
    fn an_unknown_price_stops_nobody() {
        let spent = HoldSpent { currency: None, ..spent(0, &["40"]) };
        assert_eq!(spent.left(&terms(Some("40"))), None);
        assert_eq!(offered(&terms(Some("40")), &spent, None).len(), 4);
    }

    #[test]
    fn caps_refuse_in_words() {
        assert!(refused(&terms(None), &spent(2, &[])).unwrap().contains("2 times in seven days"));
        assert!(refused(&terms(Some("40")), &spent(0, &["41"])).unwrap().contains("used up"));
        assert_eq!(refused(&terms(Some("40")), &spent(1, &["39.99"])), None);
        assert!(choices(&terms(None), &spent(2, &[]), rate(), (Timestamp::UNIX_EPOCH, None)).is_empty());
    }

    #[test]
    fn another_currency_is_not_counted() {
        let mut spent = spent(0, &["39"]);
        spent.this_month.push(Money::parse("500", "EUR".parse().unwrap()).unwrap());
        assert_eq!(spent.left(&terms(Some("40"))).unwrap().to_string(), "1.00 USD");
    }
}
