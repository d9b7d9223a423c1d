//! Edges as a set: whatever the ticks, each fires once (S1, S2), and they agree with the wall clock minute by minute.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as its tests do")]

use std::collections::BTreeSet;

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use lightsout::schedule::{Edge, EdgeKey, EdgeKind, Holidays, Hours, HoursState, WeeklyWindow, load_zone, transitions};
use proptest::prelude::*;

const ZONES: [&str; 9] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "Pacific/Apia",
    "Africa/Cairo",
    "Asia/Beirut",
    "America/Sao_Paulo",
    "UTC",
];

fn hours(zone: &str, windows: &[&str]) -> Hours {
    let windows = windows.iter().map(|text| text.parse().unwrap()).collect();
    Hours::new(zone, windows, Holidays::new(), Holidays::new()).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn plus(at: Timestamp, minutes: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_mins(minutes)).unwrap()
}

// --- S1, S2: any ticks -------------------------------------------------------------------------------------------

fn any_window() -> impl Strategy<Value = String> {
    let days = prop::sample::select(vec!["Mon-Fri", "daily", "Sat-Mon", "Sun", "Mon,Wed,Fri", "Tue-Thu", "Sat,Sun"]);
    let time = (0_u8..24, prop::sample::select(vec![0_u8, 1, 15, 30, 45]));
    (days, time.clone(), time).prop_map(|(days, (h1, m1), (h2, m2))| {
        if (h1, m1) == (h2, m2) { days.to_owned() } else { format!("{days} {h1:02}:{m1:02}-{h2:02}:{m2:02}") }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// S1, S2: for any ticks the fired edges are the edges of the span, in turns, under keys of their own.
    #[test]
    fn fired_edges_are_the_edges(
        zone in prop::sample::select(ZONES.to_vec()),
        windows in prop::collection::vec(any_window(), 1..4),
        start_day in 0_i64..10_000,
        gaps in prop::collection::vec(prop_oneof![0_i64..3, 1_i64..120, 60_i64..3_000, 1_000_i64..9_000], 1..20),
    ) {
        let windows: Vec<&str> = windows.iter().map(String::as_str).collect();
        let hours = hours(zone, &windows);
        let start = plus(at("2007-01-01T00:00Z"), start_day * 1440 + 7);
        let (mut last, mut fired) = (start, Vec::<Edge>::new());
        for gap in gaps {
            let now = plus(last, gap);
            let tick = hours.edges_between(last, now);
            prop_assert_eq!(tick.skipped, 0);
            fired.extend(tick.edges);
            last = now;
        }
        let all: Vec<Edge> = hours.walk(start).take_while(|edge| edge.at <= last).collect();
        prop_assert_eq!(&fired, &all);
        let keys: BTreeSet<EdgeKey> = fired.iter().map(Edge::key).collect();
        prop_assert_eq!(keys.len(), fired.len(), "a key twice");
        for edge in &fired {
            prop_assert!(start < edge.at && edge.at <= last);
            prop_assert_eq!(hours.contains(edge.at), edge.kind == EdgeKind::On);
            prop_assert_eq!(hours.contains(edge.at.checked_sub(SignedDuration::from_nanos(1)).unwrap()), edge.kind == EdgeKind::Off);
            prop_assert_eq!(hours.previous_edge(edge.at), Some(edge.clone()));
            prop_assert_eq!(edge.key().to_string().parse::<EdgeKey>().unwrap(), edge.key());
        }
    }

    /// The state and its edges tell the same story at any instant.
    #[test]
    fn the_state_lies_between_its_edges(
        zone in prop::sample::select(ZONES.to_vec()),
        windows in prop::collection::vec(any_window(), 1..4),
        minute in 0_i64..14_000_000,
    ) {
        let windows: Vec<&str> = windows.iter().map(String::as_str).collect();
        let hours = hours(zone, &windows);
        let now = plus(at("2007-01-01T00:00Z"), minute);
        let (since, until, opened, closed) = match hours.state_at(now) {
            HoursState::On { since, until } => (since, until, EdgeKind::On, EdgeKind::Off),
            HoursState::Off { since, until } => (since, until, EdgeKind::Off, EdgeKind::On),
            other @ (HoursState::NoAction { .. } | HoursState::Unknown { .. }) => {
                return Err(TestCaseError::fail(format!("{other:?}")));
            }
        };
        prop_assert!(since.as_ref().is_none_or(|edge| edge.at <= now && edge.kind == opened), "{:?}", since);
        prop_assert!(until.as_ref().is_none_or(|edge| edge.at > now && edge.kind == closed), "{:?}", until);
        prop_assert_eq!(since.is_none(), until.is_none(), "hours that never change have no edge on either side");
    }
}

// --- minute by minute ----------------------------------------------------------------------------------------------

/// What the windows say of a wall clock, without instants: the plain reading that holds away from offset changes.
fn by_the_clock(windows: &[WeeklyWindow], clock: DateTime) -> bool {
    windows.iter().any(|window| {
        [clock.date(), clock.date().yesterday().unwrap()].into_iter().any(|date| {
            let (start, end) = window.written_on(date).unwrap();
            window.days().contains(date.weekday()) && start <= clock && clock < end
        })
    })
}

/// An instant of a written time from the offsets a day before and a day after alone (S3, S4).
fn by_offsets(zone: &TimeZone, written: DateTime, kind: EdgeKind) -> Timestamp {
    let near = TimeZone::UTC.to_timestamp(written).unwrap();
    let offsets = [plus(near, -26 * 60), plus(near, 26 * 60)].map(|side| zone.to_offset(side));
    let guesses = offsets.map(|offset| offset.to_timestamp(written).unwrap());
    let shown: Vec<Timestamp> = guesses.into_iter().filter(|guess| zone.to_datetime(*guess) == written).collect();
    match (shown.iter().min(), shown.iter().max(), kind) {
        (Some(first), _, EdgeKind::On) => *first,
        (_, Some(last), EdgeKind::Off) => *last,
        _ => guesses[0],
    }
}

/// Counts the minutes of two weeks around a change three ways: by edges, by `contains`, and by the written times.
fn two_weeks(zone: &str, windows: &[&str], change: &str) {
    let hours = hours(zone, windows);
    let change = at(change);
    let (first, last) = (plus(change, -7 * 1440), plus(change, 7 * 1440));
    let mut written = Vec::new();
    let mut date = hours.zone().to_datetime(plus(first, -3 * 1440)).date();
    while date < hours.zone().to_datetime(plus(last, 3 * 1440)).date() {
        for window in hours.windows().iter().filter(|window| window.days().contains(date.weekday())) {
            let (start, end) = window.written_on(date).unwrap();
            written.push((by_offsets(hours.zone(), start, EdgeKind::On), by_offsets(hours.zone(), end, EdgeKind::Off)));
        }
        date = date.tomorrow().unwrap();
    }
    let (mut counted, mut now) = (0, first);
    while now < last {
        let on = hours.contains(now);
        counted += i64::from(on);
        let expected = written.iter().any(|(start, end)| *start <= now && now < *end);
        assert_eq!(on, expected, "{zone} {windows:?} at {now}");
        if now < plus(change, -1500) || now > plus(change, 1500) {
            assert_eq!(on, by_the_clock(hours.windows(), hours.zone().to_datetime(now)), "{zone} {windows:?} at {now}");
        }
        now = plus(now, 1);
    }
    let (mut by_edges, mut open) = (0, hours.contains(first).then_some(first));
    for edge in hours.edges_between(first, last).edges {
        match (edge.kind, open) {
            (EdgeKind::On, None) => open = Some(edge.at),
            (EdgeKind::Off, Some(from)) => {
                by_edges += edge.at.duration_since(from).as_mins();
                open = None;
            }
            (kind, open) => panic!("{zone}: {kind} while {open:?}"),
        }
    }
    by_edges += open.map_or(0, |from| last.duration_since(from).as_mins());
    assert_eq!(by_edges, counted, "{zone} {windows:?} around {change}");
}

#[test]
fn minutes_of_both_berlin_weeks() {
    for change in ["2026-03-29T01:00Z", "2026-10-25T01:00Z"] {
        two_weeks("Europe/Berlin", &["Mon-Fri 08:00-20:00", "Sat 22:00-02:30", "Sun 02:15-09:00"], change);
    }
}

#[test]
fn minutes_of_both_new_york_weeks() {
    for change in ["2026-03-08T07:00Z", "2026-11-01T06:00Z"] {
        two_weeks("America/New_York", &["Sat 20:00-01:30", "Sun 02:30-03:10", "Mon-Fri 09:00-17:00"], change);
    }
}

#[test]
fn minutes_of_both_lord_howe_weeks() {
    for change in ["2026-04-04T15:00Z", "2026-10-03T15:30Z"] {
        two_weeks("Australia/Lord_Howe", &["daily 21:00-01:45", "Sun 02:10-11:00"], change);
    }
}

#[test]
fn minutes_of_both_troll_weeks() {
    for change in ["2026-03-29T01:00Z", "2026-10-25T01:00Z"] {
        two_weeks("Antarctica/Troll", &["Sat 20:00-02:00", "Sun 01:30-12:00"], change);
    }
}

#[test]
fn minutes_around_the_day_apia_skipped() {
    two_weeks("Pacific/Apia", &["Mon-Thu 08:00-20:00", "Fri 22:00-06:00"], "2011-12-30T10:00Z");
}

#[test]
fn minutes_where_midnight_is_skipped_or_repeated() {
    two_weeks("Africa/Cairo", &["Thu 18:00-24:00", "Fri 00:00-06:00"], "2026-04-23T22:00Z");
    two_weeks("Africa/Cairo", &["Thu 18:00-23:30"], "2026-10-29T21:00Z");
    two_weeks("Asia/Beirut", &["Sat 18:00-00:30", "Sun 00:15-06:00"], "2026-03-28T22:00Z");
    two_weeks("America/Sao_Paulo", &["Sat 12:00-00:10", "Sun 00:00-09:00"], "2018-11-04T03:00Z");
    two_weeks("America/Sao_Paulo", &["Sat 12:00-23:30"], "2018-02-18T02:00Z");
}

// --- S2: the zone data changes ---------------------------------------------------------------------------------------

/// S2: another release of the zone data moves instants and renames no edge.
#[test]
fn keys_outlive_a_change_of_zone_data() {
    let edges = |rules: &str| {
        let windows = vec!["Mon-Fri 08:00-20:00".parse().unwrap(), "Sun 01:30-02:30".parse().unwrap()];
        let zone = TimeZone::posix(rules).unwrap();
        let hours = Hours::in_zone(zone, windows, Holidays::new(), Holidays::new()).unwrap();
        hours.edges_between(at("2026-10-19T00:00Z"), at("2026-10-31T00:00Z")).edges
    };
    let (summer, none) = (edges("CET-1CEST,M3.5.0,M10.5.0/3"), edges("CET-1"));
    let keys = |edges: &[Edge]| edges.iter().map(Edge::key).collect::<Vec<_>>();
    assert_ne!(summer, none);
    assert_eq!(keys(&summer), keys(&none));
}

// --- S14, S15, S17 ---------------------------------------------------------------------------------------------------

/// S14: every date of 2024 to 2032, leap days among them, is on or off by its weekday, at noon and over its whole day.
#[test]
fn all_days_2024_to_2032() {
    let hours = hours("Europe/Berlin", &["Mon-Fri 08:00-20:00", "Sat"]);
    let mut date = jiff::civil::date(2024, 1, 1);
    let mut days = 0;
    while date.year() <= 2032 {
        let weekday = date.weekday().to_monday_one_offset();
        let at =
            |time: Time| hours.contains(date.to_datetime(time).to_zoned(hours.zone().clone()).unwrap().timestamp());
        assert_eq!(at(Time::constant(12, 0, 0, 0)), weekday <= 6, "noon of {date}");
        assert_eq!(at(Time::constant(6, 0, 0, 0)), weekday == 6, "six of {date}");
        assert_eq!(at(Time::constant(23, 59, 59, 0)), weekday == 6, "end of {date}");
        days += 1;
        date = date.tomorrow().unwrap();
    }
    assert_eq!(days, 3288);
}

/// S14: from 29 February the next edge is a day away, not a year or an error.
#[test]
fn leap_day_edges() {
    let hours = hours("UTC", &["daily 09:00-17:00"]);
    let walk: Vec<String> = hours.walk(at("2028-02-28T12:00Z")).take(4).map(|edge| edge.key().to_string()).collect();
    assert_eq!(walk, ["2028-02-28/0/off", "2028-02-29/0/on", "2028-02-29/0/off", "2028-03-01/0/on"]);
}

/// S15: a leap second is no edge's place, and two ticks at one instant fire nothing twice.
#[test]
fn leap_second_and_equal_ticks() {
    let hours = hours("UTC", &["Sat 08:00-24:00"]);
    let leap = at("2016-12-31T23:59:60Z");
    let midnight = at("2017-01-01T00:00:00Z");
    assert_eq!(
        hours.edges_between(at("2016-12-31T12:00Z"), leap).edges.len()
            + hours.edges_between(leap, midnight).edges.len(),
        1
    );
    assert_eq!(hours.edges_between(midnight, midnight).edges, []);
    assert_eq!(hours.edges_between(midnight, leap).edges, [], "a clock that went back fires nothing");
}

/// S17: an unknown zone is an error that names it, never UTC.
#[test]
fn unknown_zones_are_refused() {
    for name in
        ["", "Mars/Olympus", "Etc/Unknown", "CEST+2", "W. Europe Standard Time", "../etc/passwd", "Europe/Berlin\0"]
    {
        let error = load_zone(name).expect_err(name);
        assert!(error.to_string().contains(name), "{error}");
        assert!(Hours::new(name, vec!["Mon".parse().unwrap()], Holidays::new(), Holidays::new()).is_err(), "{name}");
    }
    assert_eq!(hours("europe/berlin", &["Mon"]).zone_name(), "Europe/Berlin");
    assert!(
        Hours::in_zone(TimeZone::unknown(), vec!["Mon".parse().unwrap()], Holidays::new(), Holidays::new()).is_err()
    );
}

// --- S22 -------------------------------------------------------------------------------------------------------------

/// S22: thirty years back cost a bounded number of dates, and end with the last edge.
#[test]
fn thirty_years_are_bounded() {
    let (from, now) = (at("1996-11-23T12:00Z"), at("2026-11-23T12:00Z"));
    for windows in
        [&["Mon-Fri 08:00-20:00"][..], &["Wed 12:00-13:00"], &["daily 08:00-12:00", "daily 13:00-17:00"], &["daily"]]
    {
        let hours = hours("Europe/Berlin", windows);
        let found = hours.edges_between(from, now);
        assert!(found.dates_worked <= 900, "{windows:?}: {}", found.dates_worked);
        assert!(found.edges.len() <= 64, "{windows:?}");
        assert_eq!(found.edges.last(), hours.previous_edge(now).as_ref(), "{windows:?}");
        let exact = u64::try_from(hours.walk(from).take_while(|edge| edge.at <= now).count()).unwrap();
        let told = found.skipped + u64::try_from(found.edges.len()).unwrap();
        assert!(told.abs_diff(exact) * 20 <= exact, "{windows:?}: told {told}, are {exact}");
    }
}

/// S22: where the whole span was looked at, what is left out is counted exactly.
#[test]
fn skipped_edges_are_counted() {
    let hours = hours("Europe/Berlin", &["daily 08:00-12:00", "daily 13:00-17:00"]);
    let found = hours.edges_between(at("2026-05-01T00:00Z"), at("2026-05-21T00:00Z"));
    assert_eq!((found.edges.len(), found.skipped), (64, 16), "four edges on each of twenty days");
    let found = hours.edges_between(at("2026-05-01T00:00Z"), at("2026-05-17T00:00Z"));
    assert_eq!((found.edges.len(), found.skipped), (64, 0));
}

/// The changes that `check` prints: those in (from, to], with their offsets.
#[test]
fn changes_of_the_clock_are_listed() {
    let list = |zone: &str, from: &str, to: &str| transitions(&load_zone(zone).unwrap(), at(from), at(to));
    let told: Vec<(String, i32, i32)> = list("Europe/Berlin", "2026-01-01T00:00Z", "2027-01-01T00:00Z")
        .iter()
        .map(|change| (change.at.to_string(), change.from_offset, change.to_offset))
        .collect();
    assert_eq!(
        told,
        [("2026-03-29T01:00:00Z".to_owned(), 3600, 7200), ("2026-10-25T01:00:00Z".to_owned(), 7200, 3600)]
    );
    assert_eq!(list("Europe/Berlin", "2026-03-29T01:00Z", "2026-10-25T00:59:59Z"), []);
    assert_eq!(list("UTC", "0001-01-01T00:00Z", "9999-01-01T00:00Z"), []);
}

/// S22: the ends of the library's calendar are ends, not panics.
#[test]
fn the_ends_of_the_calendar() {
    for windows in [&["daily 22:00-06:00"][..], &["Mon-Fri"], &["daily"]] {
        for zone in ["Pacific/Apia", "America/New_York", "UTC"] {
            let hours = hours(zone, windows);
            for now in [Timestamp::MIN, plus(Timestamp::MIN, 3000), plus(Timestamp::MAX, -3000), Timestamp::MAX] {
                assert!(matches!(hours.state_at(now), HoursState::On { .. } | HoursState::Off { .. }));
                assert!(hours.edges_between(Timestamp::MIN, now).edges.len() <= 64);
            }
            assert!(hours.edges_between(Timestamp::MIN, Timestamp::MAX).dates_worked <= 900);
        }
    }
}
