//! The rows of one real answer, every trap of it alone, and the laws of choosing.

use proptest::prelude::*;

use super::super::row::Rows;
use super::*;
use crate::units::Region;

const B16: &str = include_str!("../../../../tests/fixtures/retail/b16als_v2.australiacentral.json");
const OTHERS: &str = include_str!("../../../../tests/fixtures/retail/other_meters.json");

/// What is changed in the right row, and how.
type Trap = (&'static str, fn(&mut Row));

fn rows() -> Vec<Row> {
    Rows::read(B16.as_bytes()).unwrap().rows
}

fn key() -> PriceKey {
    PriceKey::new("STANDARD_B16ALS_V2", &Region::new("Australia Central"))
}

fn now() -> Timestamp {
    "2026-11-02T10:00:00Z".parse().unwrap()
}

fn chosen(rows: &[Row]) -> Result<String, NoPrice> {
    select(rows, &key(), now()).map(|quote| quote.rate.to_string())
}

/// The one row that is the price.
fn right() -> Row {
    let all = rows();
    let mut right = all.into_iter().filter(|row| select(std::slice::from_ref(row), &key(), now()).is_ok());
    let one = right.next().unwrap();
    assert_eq!(right.next(), None, "one row, and no other, is the price by itself");
    one
}

/// The right row, changed.
fn but(change: impl FnOnce(&mut Row)) -> Row {
    let mut row = right();
    change(&mut row);
    row
}

#[test]
fn of_thirteen_rows_one_is_the_price() {
    assert_eq!(rows().len(), 13);
    let quote = select(&rows(), &key(), now()).unwrap();
    assert_eq!((quote.rate.to_string().as_str(), quote.source), ("0.673 USD/h", PriceSource::Retail));
    assert_eq!(quote.effective, When::at("2023-09-01T00:00:00Z".parse().unwrap()));
    assert_eq!(&*quote.meter, "Virtual Machines Basv2 Series, B16als v2, meter 25385797-d48b-5b47-9e0c-6ee37b6b9a8d");
}

#[test]
fn without_its_row_a_size_has_no_price_rather_than_another() {
    let others: Vec<Row> = rows().into_iter().filter(|row| *row != right()).collect();
    assert_eq!(others.len(), 12);
    assert_eq!(chosen(&others), Err(NoPrice::NotListed));
    for row in others {
        assert_eq!(chosen(&[row]), Err(NoPrice::NotListed));
    }
    assert_eq!(chosen(&[]), Err(NoPrice::NotListed));
    let meters = Rows::read(OTHERS.as_bytes()).unwrap().rows;
    for row in meters {
        let key = PriceKey::new(&row.size, &Region::new(&row.region));
        assert_eq!(select(&[row], &key, now()), Err(NoPrice::NotListed));
    }
}

#[test]
fn every_trap_alone_is_not_listed() {
    let traps: [Trap; 20] = [
        ("a reservation", |row| row.kind = "Reservation".into()),
        ("dev/test", |row| row.kind = "DevTestConsumption".into()),
        ("no type", |row| row.kind.clear()),
        ("Windows", |row| row.product.push_str(" Windows")),
        ("Windows, newer", |row| row.product = "Virtual Machines Dadsv6 Srs Win".into()),
        ("cloud services", |row| row.product = "Basv2 Series Cloud Services".into()),
        ("no product", |row| row.product.clear()),
        ("spot by its sku", |row| row.sku.push_str(" Spot")),
        ("spot by its meter", |row| row.meter.push_str(" Spot")),
        ("low priority", |row| row.meter.push_str(" Low Priority")),
        ("no meter", |row| row.meter.clear()),
        ("another service", |row| row.service = "Virtual Machines Licenses".into()),
        ("a month", |row| row.unit = "1/Month".into()),
        ("a hundred hours", |row| row.unit = "100 Hours".into()),
        ("a tier", |row| row.tier = "100.0".into()),
        ("no size", |row| row.size.clear()),
        ("a longer size", |row| row.size.push_str("_promo")),
        ("elsewhere", |row| row.region = "australiaeast".into()),
        ("not yet", |row| row.from = "2026-12-01T00:00:00Z".into()),
        ("no more", |row| row.until = Some("2026-11-02T10:00:00Z".into())),
    ];
    for (name, change) in traps {
        assert_eq!(chosen(&[but(change)]), Err(NoPrice::NotListed), "{name}");
        assert_eq!(chosen(&[but(change), right()]), Ok("0.673 USD/h".into()), "{name}, beside the price");
    }
    for odd in ["", "soon"] {
        assert_eq!(chosen(&[but(|row| row.from = odd.into())]), Err(NoPrice::NotListed), "from {odd:?}");
        assert_eq!(chosen(&[but(|row| row.until = Some(odd.into()))]), Err(NoPrice::NotListed), "until {odd:?}");
    }
}

#[test]
fn two_prices_are_none_and_the_same_twice_is_one() {
    let dearer = but(|row| row.price = "0.7".into());
    let said = chosen(&[right(), dearer]).unwrap_err();
    assert_eq!(said, NoPrice::Ambiguous("0.673 USD/h, 0.7 USD/h".into()));
    let euro = but(|row| row.currency = "EUR".into());
    assert!(matches!(chosen(&[right(), euro]), Err(NoPrice::Ambiguous(_))), "a currency is part of a price");
    let absurd = but(|row| row.price = "0".into());
    assert!(matches!(chosen(&[right(), absurd]), Err(NoPrice::Ambiguous(_))));
    // isPrimaryMeterRegion does not tell rows apart, and 0.673 is 0.6730.
    let again = but(|row| row.price = "6.730e-1".into());
    assert_eq!(chosen(&[right(), again, right()]), Ok("0.673 USD/h".into()));
    let many: Vec<Row> = (1..=9).map(|n| but(|row| row.price = n.to_string())).collect();
    assert!(matches!(chosen(&many), Err(NoPrice::Ambiguous(said)) if said.ends_with("4 USD/h, and 5 more")));
}

#[test]
fn fault_45_a_price_that_cannot_be_is_absurd() {
    for (price, says) in [
        ("0", "it costs 0 USD/h"),
        ("0.0", "it costs 0 USD/h"),
        ("1e-12", "it costs 0 USD/h"),
        ("-0.673", "its price reads `-0.673`"),
        ("1000000", "its price reads `1000000`"),
        ("\"0.673\"", "its price reads `\"0.673\"`"),
        ("null", "its price reads `null`"),
        ("NaN", "its price reads `NaN`"),
        ("1e400", "its price reads `1e400`"),
        ("", "its price reads ``"),
        ("{\"a\":1}", "its price reads `{\"a\":1}`"),
    ] {
        let said = chosen(&[but(|row| row.price = price.into())]);
        assert_eq!(said, Err(NoPrice::Absurd(says.into())), "{price}");
    }
    let said = chosen(&[but(|row| row.currency = "dollars".into())]);
    assert_eq!(said, Err(NoPrice::Absurd("its currency is `dollars`".into())));
}

#[test]
fn one_meter_for_two_sizes_is_the_price_of_each() {
    let of = |size: &str| but(|row| (row.size, row.meter) = (size.into(), "D3 v2/DS3 v2".into()));
    let rows = [of("Standard_D3_v2"), of("Standard_DS3_v2")];
    let price = |size: &str| select(&rows, &PriceKey::new(size, key().region()), now()).unwrap();
    assert_eq!(price("STANDARD_DS3_V2").rate, price("standard_d3_v2").rate);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the order, and whichever rows are missing: the price with the right row, none without it.
    #[test]
    fn the_order_of_rows_does_not_matter(rows in Just(rows()).prop_shuffle(), kept in 0_usize..=13) {
        let rows = &rows[..kept];
        let expected = if rows.contains(&right()) { Ok("0.673 USD/h".to_owned()) } else { Err(NoPrice::NotListed) };
        prop_assert_eq!(chosen(rows), expected);
    }

    /// Of several rows that say the same the same one stands for them, whatever the order.
    #[test]
    fn the_same_row_stands_for_equals(
        rows in Just((1..=5).map(|n| but(|row| {
            row.from = format!("2024-0{n}-01T00:00:00Z");
            row.meter_id = n.to_string();
        })).collect::<Vec<_>>()).prop_shuffle()
    ) {
        let quote = select(&rows, &key(), now()).unwrap();
        prop_assert!(quote.meter.ends_with("meter 5"), "{}", quote.meter);
        prop_assert_eq!(quote.effective, When::at("2024-05-01T00:00:00Z".parse().unwrap()));
    }
}
