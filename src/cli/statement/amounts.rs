//! Seconds and costs as people read them. Rounded here and nowhere before (C2).

use crate::ledger::Costs;
use crate::units::Cost;

/// Hours with one decimal: `12.5 h`.
#[must_use]
pub fn hours(seconds: i64) -> String {
    let size = seconds.unsigned_abs();
    // tenths of an hour, half up
    let tenths = size.saturating_add(180).checked_div(360).unwrap_or(0);
    let sign = if seconds < 0 && tenths > 0 { "-" } else { "" };
    format!("{sign}{}.{} h", tenths.checked_div(10).unwrap_or(0), tenths.checked_rem(10).unwrap_or(0))
}

/// With two decimals and the currency: `12.50 USD`.
pub(super) fn one(cost: Cost) -> String {
    format!("{} {}", cost.text(2), cost.currency())
}

/// All of it, a currency after the other; `-` where no price was known.
#[must_use]
pub fn money(costs: &Costs) -> String {
    let parts: Vec<String> = costs.iter().map(one).collect();
    if parts.is_empty() { "-".to_owned() } else { parts.join(" + ") }
}

/// A share in millionths as a percentage with one decimal: `87.5 %`.
pub(super) fn percent(millionths: i64) -> String {
    let tenths = millionths.saturating_add(500).checked_div(1_000).unwrap_or(0);
    format!("{}.{} %", tenths.checked_div(10).unwrap_or(0), tenths.checked_rem(10).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Currency, Rate};

    #[test]
    fn seconds_are_hours_and_costs_have_two_decimals() {
        for (seconds, text) in
            [(0, "0.0 h"), (179, "0.0 h"), (180, "0.1 h"), (45_000, "12.5 h"), (-45_000, "-12.5 h"), (-1, "0.0 h")]
        {
            assert_eq!(hours(seconds), text);
        }
        let rate = Rate::parse("0.29", Currency::USD).unwrap();
        assert_eq!(one(rate.over(3_600)), "0.29 USD");
        assert_eq!(one(rate.over(-1)), "0.00 USD", "nobody owes minus nothing");
        assert_eq!(money(&Costs::default()), "-");
        let two: Costs =
            [rate.over(3_600), Rate::parse("1", "EUR".parse().unwrap()).unwrap().over(-7_200)].into_iter().collect();
        assert_eq!(money(&two), "-2.00 EUR + 0.29 USD");
        assert_eq!((percent(875_000).as_str(), percent(1_000_000).as_str()), ("87.5 %", "100.0 %"));
    }
}
