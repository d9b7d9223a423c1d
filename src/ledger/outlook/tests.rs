//! The outlook: by hand, and its order for any past.

use proptest::prelude::*;

use super::*;
use crate::units::{Currency, Money};

fn usd(cents: i64) -> Cost {
    Money::micros(cents * 10_000, Currency::USD).cost()
}

/// A Thursday, as is every day whose number seven divides.
const TODAY: i64 = 20_006;

fn texts(outlook: Outlook) -> (String, String, String) {
    (outlook.low.text(2), outlook.mid.text(2), outlook.high.text(2))
}

#[test]
fn the_rest_of_a_month_is_reckoned_by_weekday() {
    // four weeks in which each weekday cost 1, 2, 3 and 4 dollars, but Sundays nothing
    let mut days = BTreeMap::new();
    for day in TODAY - 28..TODAY {
        let week = (day - (TODAY - 28)) / 7 + 1;
        if day % 7 != 3 {
            days.insert(day, usd(week * 100));
        }
    }
    let (now, until) = (TODAY * DAY + DAY / 2, (TODAY + 7) * DAY);
    // half of today, and six whole days, one of them a Sunday
    let found = outlook(usd(5_000), &days, TODAY - 28..TODAY, (now, until)).unwrap();
    assert_eq!(texts(found), ("55.50".to_owned(), "63.75".to_owned(), "72.00".to_owned()));
}

#[test]
fn a_week_has_to_be_known_and_the_end_of_the_month_is_what_was_spent() {
    let days = BTreeMap::from([(TODAY - 1, usd(100))]);
    let now = TODAY * DAY;
    assert_eq!(outlook(usd(1), &days, TODAY - 6..TODAY, (now, now + 1)), None);
    assert!(outlook(usd(1), &days, TODAY - 7..TODAY, (now, now + 1)).is_some());
    let end = outlook(usd(1), &days, TODAY - 6..TODAY, (now, now)).unwrap();
    assert_eq!(texts(end), ("0.01".to_owned(), "0.01".to_owned(), "0.01".to_owned()));
}

proptest! {
    #[test]
    fn low_mid_and_high_keep_their_order(
        costs in prop::collection::vec(0_i64..1_000_000, 7..28),
        spent in 0_i64..10_000_000,
        (gone, left) in (0_i64..DAY, 0_i64..31 * DAY),
    ) {
        let first = TODAY - i64::try_from(costs.len()).unwrap();
        let days: BTreeMap<i64, Cost> = (first..).zip(costs.iter().map(|cents| usd(*cents))).collect();
        let now = TODAY * DAY + gone;
        let found = outlook(usd(spent), &days, first..TODAY, (now, now + left)).unwrap();
        prop_assert!(usd(spent) <= found.low && found.low <= found.mid && found.mid <= found.high);
        if left == 0 {
            prop_assert_eq!(found.low, found.high);
        }
        let dearest = costs.iter().max().unwrap();
        let most = usd(spent).plus(usd(*dearest).part(left, DAY).unwrap()).unwrap().plus(usd(1)).unwrap();
        prop_assert!(found.high <= most);
    }
}
