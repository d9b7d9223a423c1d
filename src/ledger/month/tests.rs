//! Months at their edges: summer time, new year, midnights that do not exist or come twice.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn month(at: &str, of: &str) -> (String, String, String) {
    let month = Month::at(at.parse().unwrap(), &zone(of)).unwrap();
    (month.label(), month.from.to_string(), month.until.to_string())
}

#[test]
fn a_month_begins_and_ends_by_the_clocks_of_its_zone() {
    let table = [
        // one hour is missing in March
        ("2026-03-29T12:00:00Z", "Europe/Madrid", "2026-03", "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z"),
        // and October has one more
        ("2026-10-31T22:59:59Z", "Europe/Madrid", "2026-10", "2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z"),
        ("2026-10-31T23:00:00Z", "Europe/Madrid", "2026-11", "2026-10-31T23:00:00Z", "2026-11-30T23:00:00Z"),
        ("2026-12-31T18:29:59Z", "Asia/Kolkata", "2026-12", "2026-11-30T18:30:00Z", "2026-12-31T18:30:00Z"),
        ("2026-12-31T18:30:00Z", "Asia/Kolkata", "2027-01", "2026-12-31T18:30:00Z", "2027-01-31T18:30:00Z"),
        ("2027-01-01T04:59:59Z", "America/New_York", "2026-12", "2026-12-01T05:00:00Z", "2027-01-01T05:00:00Z"),
        ("2028-02-29T23:59:59Z", "UTC", "2028-02", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"),
    ];
    for (at, of, label, from, until) in table {
        assert_eq!(month(at, of), (label.to_owned(), from.to_owned(), until.to_owned()), "{at} in {of}");
    }
}

#[test]
fn a_date_that_comes_back_after_midnight_does_not_bring_the_month_back() {
    // At 00:01 on 1 November 2009 the clocks of Newfoundland went back to 23:01 on 31 October.
    let (label, from, _) = month("2009-11-01T02:30:00Z", "America/St_Johns");
    assert_eq!((label.as_str(), from.as_str()), ("2009-11", "2009-11-01T02:30:00Z"));
    let again: Timestamp = "2009-11-01T03:00:00Z".parse().unwrap();
    assert_eq!(again.to_zoned(zone("America/St_Johns")).date().day(), 31, "the clocks show October");
    assert_eq!(Month::at(again, &zone("America/St_Johns")).unwrap().label(), "2009-11");
}

proptest! {
    #[test]
    fn months_tile_the_time(second in 0_i64..4_000_000_000, index in 0_usize..7) {
        let names =
            ["Europe/Madrid", "America/St_Johns", "Pacific/Apia", "Africa/Cairo", "Asia/Kolkata", "America/Havana", "UTC"];
        let zone = zone(names[index]);
        let now = Timestamp::from_second(second).unwrap();
        let month = Month::at(now, &zone).unwrap();
        prop_assert!(month.from <= now && now < month.until);
        prop_assert_eq!(Month::at(month.from, &zone), Some(month));
        let last = month.until.checked_sub(SignedDuration::from_nanos(1)).unwrap();
        prop_assert_eq!(Month::at(last, &zone), Some(month));
        prop_assert_eq!(Month::at(month.until, &zone).unwrap().from, month.until);
    }
}
