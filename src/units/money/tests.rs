//! Money to the last digit.

use proptest::prelude::*;

use super::*;

fn usd(text: &str) -> Rate {
    Rate::parse(text, Currency::USD).unwrap()
}

#[test]
fn currencies_are_three_letters() {
    assert_eq!("eur".parse::<Currency>().unwrap().code(), "EUR");
    for wrong in ["", "EU", "EURO", "E1R", "€"] {
        assert_eq!(wrong.parse::<Currency>(), Err(MoneyError::Currency(wrong.to_owned())));
    }
    assert_eq!(serde_json::to_string(&Currency::USD).unwrap(), "\"USD\"");
}

#[test]
fn rates_are_read_to_the_ninth_decimal() {
    for (text, nanos) in [
        ("0.673", 673_000_000),
        ("3.06", 3_060_000_000),
        ("1e-05", 10_000),
        ("0.0000000015", 2),
        ("0.0000000025", 2),
        ("0", 0),
        (" 12 ", 12_000_000_000),
    ] {
        assert_eq!(usd(text).nanos(), nanos, "{text}");
    }
    for wrong in ["", "-0.1", "1000000", "NaN", "inf", "0,5", "1.2.3"] {
        assert!(Rate::parse(wrong, Currency::USD).is_err(), "{wrong}");
    }
    assert_eq!(usd("0.2930").to_string(), "0.293 USD/h");
    assert_eq!(usd("3").text(), "3");
}

#[test]
fn an_hour_costs_the_rate() {
    assert_eq!(usd("0.673").over(3_600).rounded().text(), "0.673000");
    assert_eq!(usd("0.673").over(1).rounded().text(), "0.000187");
    assert_eq!(usd("3.06").over(30 * 24 * 3_600).rounded().to_string(), "2203.20 USD");
}

#[test]
fn rounding_is_half_to_even_and_once() {
    // half a millionth an hour, over one, two, three … hours
    let half = Rate::new(500, Currency::USD).unwrap();
    let micros: Vec<i64> = (0..6).map(|hours| half.over(hours * 3_600).rounded().as_micros()).collect();
    assert_eq!(micros, [0, 0, 1, 2, 2, 2]);
    // 0.0049995 is 0.005000 at six decimals and 0.00 at two: rounding twice would give 0.01 for 0.0149995
    let cost = Rate::new(14_999_500, Currency::USD).unwrap().over(3_600);
    assert_eq!((cost.rounded().text().as_str(), cost.text(2).as_str()), ("0.015000", "0.01"));
    assert_eq!(usd("0.5").over(-3_600).text(0), "0");
    assert_eq!(usd("1.5").over(-3_600).text(0), "-2");
}

#[test]
fn a_discount_is_taken_off() {
    assert_eq!(usd("0.673").less(125_000).text(), "0.588875");
    assert_eq!(usd("0.673").less(0), usd("0.673"));
    assert_eq!(usd("0.673").less(1_000_000).nanos(), 0);
}

#[test]
fn currencies_never_mix() {
    let eur = Rate::parse("1", "EUR".parse().unwrap()).unwrap().over(3_600);
    assert_eq!(usd("1").over(3_600).plus(eur), None);
    let factor = parse_decimal("0.9").unwrap();
    let converted = usd("2").over(3_600).converted(factor, eur.currency()).unwrap();
    assert_eq!(converted.plus(eur).unwrap().rounded().to_string(), "2.80 EUR");
}

#[test]
fn amounts_are_text_in_json() {
    let money = Money::parse("-1234.5", Currency::USD).unwrap();
    let json = serde_json::to_string(&money).unwrap();
    assert_eq!(json, r#"{"amount":"-1234.500000","currency":"USD"}"#);
    assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
    assert!(Money::parse("0.0000001", Currency::USD).is_err(), "more digits than there are");
}

proptest! {
    #[test]
    fn any_split_of_a_time_adds_up(nanos in 0_i64..100_000_000_000, cuts in proptest::collection::vec(0_i64..10_000_000, 1..20)) {
        let rate = Rate::new(nanos, Currency::USD).unwrap();
        let whole: i64 = cuts.iter().sum();
        let parts = cuts.iter().map(|part| rate.over(*part)).fold(Cost::zero(Currency::USD), |a, b| a.plus(b).unwrap());
        prop_assert_eq!(parts, rate.over(whole));
    }

    #[test]
    fn what_is_shown_is_within_half_a_step(nanos in 0_i64..100_000_000_000, seconds in -10_000_000_i64..10_000_000) {
        let cost = Rate::new(nanos, Currency::USD).unwrap().over(seconds);
        let back = cost.rounded().cost();
        prop_assert!((back.exact() - cost.exact()).abs() * 2 <= EXACT_IN_MICRO);
    }
}

#[test]
fn an_amount_of_a_bill_is_a_cost_to_its_last_decimal() {
    let of = |text: &str| Cost::of_amount(parse_decimal(text).unwrap(), Currency::USD).unwrap();
    let hour = Rate::parse("0.293", Currency::USD).unwrap().over(3_600);
    assert_eq!(of("0.293"), hour);
    assert_eq!(of("0.0000000001").exact(), 360, "ten decimals are exact");
    assert_eq!(of("-1.5"), Cost::of_exact(-5_400_000_000_000, Currency::USD));
    assert_eq!(of("2.1E-7"), Cost::of_exact(756_000, Currency::USD));
    assert_eq!(Cost::of_amount(rust_decimal::Decimal::MAX, Currency::USD), None);
}
