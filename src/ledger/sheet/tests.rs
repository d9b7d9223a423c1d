//! Which line of a sheet holds, what a discount makes of a list price, and the laws of both.

use proptest::prelude::*;

use super::*;
use crate::units::Currency;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-06-15T12:00:00Z")
}

fn rate(text: &str, currency: &str) -> Rate {
    Rate::parse(text, currency.parse().unwrap()).unwrap()
}

fn line(size: &str, region: &str, terms: SheetTerms) -> SheetLine {
    SheetLine {
        size: size.into(),
        region: (region != "*").then(|| Region::new(region)),
        terms,
        from: When::NONE,
        until: When::NONE,
        place: "prices.toml:3".into(),
    }
}

fn fixed(size: &str, region: &str, hourly: &str) -> SheetLine {
    line(size, region, SheetTerms::Hourly(rate(hourly, "EUR")))
}

fn off(size: &str, region: &str, millionths: u32) -> SheetLine {
    line(size, region, SheetTerms::Off(millionths))
}

fn key() -> PriceKey {
    PriceKey::new("Standard_NC24ads_A100_v4", &Region::new("westeurope"))
}

fn listed() -> Quote {
    Quote {
        key: key(),
        source: PriceSource::Retail,
        rate: rate("3.673", "USD"),
        fetched_at: now(),
        effective: When::at(at("2023-09-01T00:00:00Z")),
        meter: "Virtual Machines".into(),
        etag: "".into(),
    }
}

fn quoted(lines: &[SheetLine]) -> Option<String> {
    Sheet::new(lines.to_vec(), "d").quote(&key(), Some(&listed()), now()).map(|quote| quote.rate.to_string())
}

#[test]
fn the_line_that_says_most_holds() {
    // From the least to the most specific: each holds over all before it.
    let ladder = [
        (off("*", "*", 10_000), "3.63627 USD/h"),
        (off("*", "westeurope", 20_000), "3.59954 USD/h"),
        (off("Standard_NC*", "*", 100_000), "3.3057 USD/h"),
        (off("Standard_NC*", "westeurope", 125_000), "3.213875 USD/h"),
        (off("Standard_NC*_v4", "*", 150_000), "3.12205 USD/h"),
        (fixed("STANDARD_NC24ADS_A100_V4", "*", "2.95"), "2.95 EUR/h"),
        (fixed("Standard_NC24ads_A100_v4", "westeurope", "2.9"), "2.9 EUR/h"),
    ];
    let mut lines = Vec::new();
    for (line, expected) in ladder {
        lines.push(line);
        assert_eq!(quoted(&lines).as_deref(), Some(expected));
        let backwards: Vec<SheetLine> = lines.iter().rev().cloned().collect();
        assert_eq!(quoted(&backwards).as_deref(), Some(expected), "whatever the order");
    }
}

#[test]
fn what_no_line_covers_has_no_price() {
    for other in [
        fixed("Standard_NC24ads_A100_v5", "*", "1"),
        fixed("Standard_NC*", "*", "1"),
        fixed("Standard_NC24ads_A100_v4", "northeurope", "1"),
        off("Standard_ND*", "*", 1),
        off("Standard_NC*", "northeurope", 1),
    ] {
        assert_eq!(quoted(std::slice::from_ref(&other)), None, "{other:?}");
    }
    assert_eq!(quoted(&[]), None);
}

#[test]
fn a_line_holds_from_its_first_instant_to_before_its_last() {
    let until = When::at(at("2027-01-01T00:00:00Z"));
    let one =
        SheetLine { from: When::at(at("2026-01-01T00:00:00Z")), until, ..fixed("Standard_NC24ads_A100_v4", "*", "1") };
    let sheet = Sheet::new(vec![one], "d");
    for (then, holds) in [
        ("2025-12-31T23:59:59Z", false),
        ("2026-01-01T00:00:00Z", true),
        ("2026-12-31T23:59:59Z", true),
        ("2027-01-01T00:00:00Z", false),
    ] {
        assert_eq!(sheet.quote(&key(), None, at(then)).is_some(), holds, "{then}");
    }
}

#[test]
fn an_auditor_is_told_where_a_price_is_from() {
    let from = When::at(at("2026-01-01T00:00:00Z"));
    let sheet = Sheet::new(vec![SheetLine { from, ..off("Standard_NC*", "*", 125_000) }], "digest");
    let quote = sheet.quote(&key(), Some(&listed()), now()).unwrap();
    assert_eq!((quote.source, &*quote.etag, quote.effective), (PriceSource::Sheet, "digest", from));
    assert_eq!(&*quote.meter, "12.5 % off the list price of retail, 3.673 USD/h (prices.toml:3)");
    let later = Quote { effective: When::at(at("2026-03-01T00:00:00Z")), ..listed() };
    assert_eq!(sheet.quote(&key(), Some(&later), now()).unwrap().effective, later.effective, "the list changed since");
    let fixed = Sheet::new(vec![fixed("Standard_NC24ads_A100_v4", "*", "1")], "digest");
    assert_eq!(&*fixed.quote(&key(), None, now()).unwrap().meter, "prices.toml:3");
}

#[test]
fn a_discount_off_nothing_is_nothing() {
    let sheet = Sheet::new(vec![off("Standard_NC*", "*", 1)], "d");
    assert_eq!(sheet.quote(&key(), None, now()), None);
    assert!(sheet.needs_list(&key(), now()));
    let fixed = Sheet::new(vec![fixed("Standard_NC24ads_A100_v4", "*", "1"), off("*", "*", 1)], "d");
    assert!(!fixed.needs_list(&key(), now()) && !Sheet::default().needs_list(&key(), now()));
}

#[test]
fn lines_clash_at_a_common_time_only() {
    let span = |from: Option<&str>, until: Option<&str>| SheetLine {
        from: from.map(at).into(),
        until: until.map(at).into(),
        ..fixed("Standard_A", "*", "1")
    };
    let (jan, jul) = (Some("2026-01-01T00:00:00Z"), Some("2026-07-01T00:00:00Z"));
    for (a, b, clash) in [
        (span(None, None), span(None, None), true),
        (span(jan, None), span(jul, None), true),
        (span(jan, jul), span(jul, None), false),
        (span(None, jan), span(jul, None), false),
        (span(None, jul), span(jan, None), true),
        (span(jan, jul), span(None, None), true),
    ] {
        assert_eq!((a.clashes(&b), b.clashes(&a)), (clash, clash), "{a:?} {b:?}");
    }
    let one = fixed("Standard_A", "*", "1");
    assert!(one.clashes(&fixed("STANDARD_A", "*", "2")));
    assert!(!one.clashes(&fixed("Standard_A", "westeurope", "1")), "the more specific holds");
    assert!(!one.clashes(&off("Standard_A", "*", 1)), "the price holds");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever lines there are and in whatever order: one and the same holds, it covers what is asked, and a discount
    /// never makes anything dearer, nor free.
    #[test]
    fn the_order_of_lines_does_not_matter(
        picks in proptest::collection::vec((0_usize..4, 0_usize..3, 0_u32..2, 1_u32..1_000_000), 0..8),
        seed in any::<prop::sample::Index>(),
    ) {
        let names = ["Standard_NC24ads_A100_v4", "Standard_NC*", "Standard_*", "*"];
        let places = ["*", "westeurope", "northeurope"];
        let mut lines: Vec<SheetLine> = Vec::new();
        for (name, place, kind, number) in picks {
            let (name, place) = (names[name], places[place]);
            let line = if kind == 0 { off(name, place, number) } else { fixed(names[0], place, &number.to_string()) };
            if !lines.iter().any(|other| other.clashes(&line)) {
                lines.push(line);
            }
        }
        let before = quoted(&lines);
        if !lines.is_empty() {
            let by = seed.index(lines.len());
            lines.rotate_left(by);
        }
        prop_assert_eq!(&quoted(&lines), &before);
        lines.reverse();
        prop_assert_eq!(&quoted(&lines), &before);
        let sheet = Sheet::new(lines, "d");
        if let Some(quote) = sheet.quote(&key(), Some(&listed()), now()) {
            if sheet.needs_list(&key(), now()) {
                prop_assert!(quote.rate <= listed().rate && quote.rate.nanos() > 0);
                prop_assert_eq!(quote.rate.currency(), Currency::USD);
            }
            prop_assert_eq!(quote.key, key());
        }
    }
}
