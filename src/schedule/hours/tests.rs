//! Holidays, dates without action, unreadable calendars and joined windows.

use super::*;
use crate::schedule::{EdgeKind, EdgeNote};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn list(days: &[(&str, &str)]) -> Holidays {
    let mut list = Holidays::new();
    for (dates, name) in days {
        list.add(dates.parse().unwrap(), name, "policy");
    }
    list
}

fn hours(windows: &[&str], holidays: &[(&str, &str)], no_action: &[(&str, &str)]) -> Hours {
    let windows = windows.iter().map(|text| text.parse().unwrap()).collect();
    Hours::new("Europe/Berlin", windows, list(holidays), list(no_action)).unwrap()
}

/// Each edge as `key utc-time note`, over a span of UTC dates.
fn edges(hours: &Hours, from: &str, to: &str) -> Vec<String> {
    let found = hours.edges_between(at(&format!("{from}T00:00Z")), at(&format!("{to}T00:00Z")));
    let told = |edge: &Edge| {
        let note = edge.note.as_ref().map(|note| format!(" {note}")).unwrap_or_default();
        format!("{} {}{note}", edge.key(), edge.at.strftime("%m-%dT%H:%M"))
    };
    found.edges.iter().map(told).collect()
}

#[test]
fn a_holiday_takes_the_windows_that_start_on_it() {
    let hours = hours(&["Mon-Fri 08:00-20:00"], &[("2026-12-24..2026-12-27", "Christmas")], &[]);
    assert_eq!(
        edges(&hours, "2026-12-23", "2026-12-29"),
        [
            "2026-12-23/0/on 12-23T07:00",
            "2026-12-23/0/off 12-23T19:00 stays off for a holiday: Christmas",
            "2026-12-28/0/on 12-28T07:00",
            "2026-12-28/0/off 12-28T19:00",
        ]
    );
    assert!(matches!(hours.state_at(at("2026-12-24T12:00Z")), HoursState::Off { .. }));
}

/// The part after midnight belongs to the date on which the window starts.
#[test]
fn a_holiday_leaves_the_tail_of_the_night_before() {
    let hours = hours(&["daily 22:00-06:00"], &[("2026-12-25", "Christmas")], &[]);
    assert!(hours.contains(at("2026-12-25T03:00Z")), "the night that began on the 24th");
    assert!(!hours.contains(at("2026-12-25T22:00Z")), "no night begins on the 25th");
    assert!(!hours.contains(at("2026-12-26T03:00Z")), "nor goes on into the 26th");
    assert!(hours.contains(at("2026-12-26T22:00Z")));
}

#[test]
fn a_holiday_parts_whole_days() {
    let hours = hours(&["Mon-Fri"], &[("2026-05-13", "Wednesday off")], &[]);
    assert_eq!(
        edges(&hours, "2026-05-10", "2026-05-17"),
        [
            "2026-05-11/0/on 05-10T22:00",
            "2026-05-12/0/off 05-12T22:00 stays off for a holiday: Wednesday off",
            "2026-05-14/0/on 05-13T22:00",
            "2026-05-15/0/off 05-15T22:00",
        ]
    );
}

/// Overlapping and touching windows have no edge inside, and the last to end names the end.
#[test]
fn joined_windows_have_no_inner_edges() {
    for (windows, expected) in [
        (&["Mon 08:00-12:00", "Mon 12:00-20:00"][..], ["2026-05-11/0/on 05-11T06:00", "2026-05-11/1/off 05-11T18:00"]),
        (&["Mon 10:00-12:00", "Mon 08:00-20:00"], ["2026-05-11/1/on 05-11T06:00", "2026-05-11/1/off 05-11T18:00"]),
        (&["Mon 20:00-24:00", "Tue 00:00-04:00"], ["2026-05-11/0/on 05-11T18:00", "2026-05-12/1/off 05-12T02:00"]),
        (&["Mon 08:00-20:00", "Mon 08:00-20:00"], ["2026-05-11/0/on 05-11T06:00", "2026-05-11/0/off 05-11T18:00"]),
        (&["Mon-Tue"], ["2026-05-11/0/on 05-10T22:00", "2026-05-12/0/off 05-12T22:00"]),
    ] {
        assert_eq!(edges(&hours(windows, &[], &[]), "2026-05-10", "2026-05-14"), expected, "{windows:?}");
    }
    let always = hours(&["daily 06:00-20:00", "daily 20:00-06:00"], &[], &[]);
    assert_eq!(always.state_at(at("2026-05-10T12:00Z")), HoursState::On { since: None, until: None });
}

/// S3, S4 as a person reads them in `check`.
#[test]
fn changes_of_the_clock_are_told() {
    let both = hours(&["Sun 02:30-12:00", "Sat 12:00-02:30"], &[], &[]);
    assert_eq!(
        edges(&both, "2026-03-28", "2026-03-30"),
        ["2026-03-28/1/on 03-28T11:00", "2026-03-29/0/off 03-29T10:00"],
        "both move to 03:30 and go on touching"
    );
    let sunday = hours(&["Sun 02:30-12:00"], &[], &[]);
    assert_eq!(
        edges(&sunday, "2026-03-29", "2026-03-30"),
        [
            "2026-03-29/0/on 03-29T01:30 the clocks skip 02:30 on 2026-03-29, moved to 03:30",
            "2026-03-29/0/off 03-29T10:00"
        ]
    );
    assert_eq!(
        edges(&sunday, "2026-10-25", "2026-10-26"),
        [
            "2026-10-25/0/on 10-25T00:30 the clock shows this time twice, the earlier is meant",
            "2026-10-25/0/off 10-25T11:00"
        ]
    );
}

/// A window whose whole time is skipped moves as one; one that a gap turns inside out is nothing.
#[test]
fn windows_inside_a_gap() {
    let inside = hours(&["Sun 02:10-02:40"], &[], &[]);
    let found = inside.edges_between(at("2026-03-28T00:00Z"), at("2026-03-30T00:00Z")).edges;
    let times: Vec<String> = found.iter().map(|edge| edge.at.to_string()).collect();
    assert_eq!(times, ["2026-03-29T01:10:00Z", "2026-03-29T01:40:00Z"]);
    assert_eq!(edges(&hours(&["Sun 02:30-03:10"], &[], &[]), "2026-03-28", "2026-03-30"), Vec::<String>::new());
}

#[test]
fn on_no_action_dates_nothing_is_done() {
    let hours =
        hours(&["Mon-Fri 08:00-20:00"], &[], &[("2026-12-30..2027-01-01", "Year end"), ("2027-01-02", "Stocktaking")]);
    let state = hours.state_at(at("2026-12-30T21:00Z"));
    assert_eq!(state, HoursState::NoAction { name: "Year end".into(), until: Some(at("2027-01-02T23:00Z")) });
    assert!(matches!(hours.state_at(at("2026-12-29T22:59:59Z")), HoursState::Off { .. }));
    assert!(matches!(hours.state_at(at("2026-12-29T23:00Z")), HoursState::NoAction { .. }), "by the date in the zone");
    // Its edges stay, with a note, and are looked at again when action resumes.
    let HoursState::Off { since: Some(since), .. } = hours.state_at(at("2027-01-02T23:00Z")) else { panic!("not off") };
    assert_eq!((since.key().to_string().as_str(), since.kind), ("2027-01-01/0/off", EdgeKind::Off));
    assert_eq!(since.note, Some(EdgeNote::NoAction { name: "Year end".into() }));
}

/// S21: a calendar that cannot be read makes everything unknown, in either list, and lets no edge out.
#[test]
fn an_unreadable_calendar_is_unknown() {
    let mut broken = list(&[("2026-12-25", "Christmas")]);
    broken.add_unreadable("holidays.ics", "line 3: not of the form NAME:value");
    for (holidays, no_action) in [(broken.clone(), Holidays::new()), (Holidays::new(), broken)] {
        let hours =
            Hours::new("Europe/Berlin", vec!["Mon-Fri 08:00-20:00".parse().unwrap()], holidays, no_action).unwrap();
        for now in ["2026-11-23T12:00Z", "2026-11-23T22:00Z", "2026-12-25T12:00Z"] {
            let HoursState::Unknown { unreadable } = hours.state_at(at(now)) else { panic!("{now} is known") };
            assert_eq!(unreadable.first().map(|one| one.source.as_str()), Some("holidays.ics"));
            assert_eq!((hours.next_edge(at(now)), hours.previous_edge(at(now))), (None, None));
        }
        let edges = hours.edges_between(at("2026-11-01T00:00Z"), at("2026-11-30T00:00Z"));
        assert_eq!((edges.edges.len(), edges.unreadable.len()), (0, 1));
        assert!(hours.walk(at("2026-11-01T00:00Z")).next().is_some(), "what is known can still be shown");
    }
}

#[test]
fn holidays_that_lie_in_each_other() {
    let list = list(&[
        ("2026-01-01..2026-12-31", "The year"),
        ("2026-05-01", "May"),
        ("2026-05-01..2026-05-03", "Long May"),
        ("2028-02-29", "Leap"),
    ]);
    let named = |date: &str| list.on(date.parse().unwrap()).map(|day| day.name.to_string());
    assert_eq!(named("2026-05-01").as_deref(), Some("Long May"));
    assert_eq!(named("2026-05-04").as_deref(), Some("The year"));
    assert_eq!(named("2026-12-31").as_deref(), Some("The year"));
    assert_eq!(named("2027-01-01"), None);
    assert_eq!(named("2025-12-31"), None);
    assert_eq!(named("2028-02-29").as_deref(), Some("Leap"));
}

#[test]
fn hours_that_cannot_be() {
    let none = Hours::new("UTC", Vec::new(), Holidays::new(), Holidays::new());
    assert_eq!(none, Err(HoursError::NoWindows));
    let many = vec!["Mon".parse().unwrap(); 257];
    assert_eq!(
        Hours::new("UTC", many, Holidays::new(), Holidays::new()),
        Err(HoursError::TooManyWindows { count: 257 })
    );
}

/// Hours whose every date is a holiday stay off and are searched a bounded way.
#[test]
fn holidays_for_years() {
    let hours = hours(&["daily 08:00-20:00"], &[("2000-01-01..2099-12-31", "The century")], &[]);
    assert_eq!(hours.state_at(at("2026-05-10T12:00Z")), HoursState::Off { since: None, until: None });
    assert!(hours.edges_between(at("2020-01-01T00:00Z"), at("2026-01-01T00:00Z")).dates_worked < 900);
}
