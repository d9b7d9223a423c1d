//! Every zone name and every offset change from 2000 to 2037, against S3, S4 and S5.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test's helpers may panic as its tests do")]

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan};
use lightsout::schedule::{Choice, Edge, EdgeKind, EdgeNote, Holidays, Hours, WeeklyWindow, ZoneChange, transitions};

/// Six hours beside a change: far enough that only one end of a window lies in it.
const BESIDE: i64 = 6;

fn hours(zone: &TimeZone, window: &str) -> Hours {
    let window: WeeklyWindow = window.parse().unwrap();
    Hours::in_zone(zone.clone(), vec![window], Holidays::new(), Holidays::new()).unwrap()
}

fn day(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Monday => "Mon",
        Weekday::Tuesday => "Tue",
        Weekday::Wednesday => "Wed",
        Weekday::Thursday => "Thu",
        Weekday::Friday => "Fri",
        Weekday::Saturday => "Sat",
        Weekday::Sunday => "Sun",
    }
}

fn window(on: DateTime, off: DateTime) -> String {
    format!("{} {}-{}", day(on.weekday()), on.strftime("%H:%M"), off.strftime("%H:%M"))
}

fn offset(seconds: i32) -> Offset {
    Offset::from_seconds(seconds).unwrap()
}

fn from(at: Timestamp, hours: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_hours(hours)).unwrap()
}

/// A wall-clock minute in the middle of what the change skips or repeats.
fn middle(change: &ZoneChange) -> DateTime {
    let before = offset(change.from_offset).to_datetime(change.at);
    let after = offset(change.to_offset).to_datetime(change.at);
    let half = SignedDuration::from_secs(i64::from(change.to_offset - change.from_offset).abs() / 2);
    let middle = before.min(after).checked_add(half).unwrap();
    middle.with().second(0).build().unwrap()
}

/// What the rules say of `written` at a change, from the two offsets alone.
fn expected(change: &ZoneChange, written: DateTime, kind: EdgeKind) -> (Timestamp, EdgeNote) {
    let by = |seconds: i32| offset(seconds).to_timestamp(written).unwrap();
    if change.to_offset > change.from_offset {
        let at = by(change.from_offset);
        return (at, EdgeNote::Gap { written, moved_to: offset(change.to_offset).to_datetime(at) });
    }
    match kind {
        EdgeKind::On => (by(change.from_offset), EdgeNote::Fold { chosen: Choice::Earlier }),
        EdgeKind::Off => (by(change.to_offset), EdgeNote::Fold { chosen: Choice::Later }),
    }
}

/// The edges around a change, the same however the span is split, in order and in turns.
fn edges_around(hours: &Hours, at: Timestamp, case: &str) -> Vec<Edge> {
    let (first, last) = (from(at, -72), from(at, 72));
    let whole = hours.edges_between(first, last);
    assert_eq!(whole.skipped, 0, "{case}");
    for pair in whole.edges.windows(2) {
        assert!(pair[0].at < pair[1].at && pair[0].kind != pair[1].kind, "order: {case}: {pair:?}");
    }
    let mut cuts = vec![first, at, last];
    cuts.extend(
        whole.edges.iter().flat_map(|edge| [edge.at, edge.at.checked_sub(SignedDuration::from_nanos(1)).unwrap()]),
    );
    cuts.sort();
    let parts: Vec<Edge> = cuts.windows(2).flat_map(|cut| hours.edges_between(cut[0], cut[1]).edges).collect();
    assert_eq!(parts, whole.edges, "split: {case}");
    whole.edges
}

/// One end of a window in the gap or fold: it is there exactly once, where the rules put it.
fn check_end(zone: &TimeZone, change: &ZoneChange, kind: EdgeKind, name: &str) {
    let written = middle(change);
    let far = match kind {
        EdgeKind::On => written.checked_add(BESIDE.hours()).unwrap(),
        EdgeKind::Off => written.checked_sub(BESIDE.hours()).unwrap(),
    };
    let (on, off) = if kind == EdgeKind::On { (written, far) } else { (far, written) };
    let text = window(on, off);
    let case = format!("{name} {text} at {}", change.at);
    let edges = edges_around(&hours(zone, &text), change.at, &case);
    let mine: Vec<&Edge> = edges.iter().filter(|edge| edge.kind == kind && edge.date == on.date()).collect();
    assert_eq!(mine.len(), 1, "exactly once: {case}: {edges:?}");
    let (at, note) = expected(change, written, kind);
    assert_eq!((mine[0].at, mine[0].civil, mine[0].note.as_ref()), (at, written, Some(&note)), "{case}");
}

/// The whole days around a change start when their date first shows and end when it never shows again (S5).
fn check_days(zone: &TimeZone, change: &ZoneChange, name: &str) {
    let middle = middle(change).date();
    for date in [middle.yesterday().unwrap(), middle, middle.tomorrow().unwrap()] {
        let hours = hours(zone, day(date.weekday()));
        let case = format!("{name} whole {date} at {}", change.at);
        let edges = edges_around(&hours, change.at, &case);
        let mine: Vec<&Edge> = edges.iter().filter(|edge| edge.date == date).collect();
        if mine.is_empty() {
            assert!(!date_shows(zone, date), "a date that exists was lost: {case}");
            continue;
        }
        let [on, off] = mine.as_slice() else { panic!("{case}: {mine:?}") };
        let shown = |at: Timestamp| zone.to_datetime(at).date();
        assert_eq!((shown(on.at), on.kind), (date, EdgeKind::On), "{case}");
        assert!(shown(just_before(on.at)) < date, "starts late: {case}");
        assert_eq!((shown(just_before(off.at)), off.kind), (date, EdgeKind::Off), "{case}");
        for minutes in (0..180).step_by(20) {
            let later = off.at.checked_add(SignedDuration::from_mins(minutes)).unwrap();
            assert!(shown(later) > date, "ends early: {case}: {later}");
        }
    }
}

fn just_before(at: Timestamp) -> Timestamp {
    at.checked_sub(SignedDuration::from_nanos(1)).unwrap()
}

fn date_shows(zone: &TimeZone, date: Date) -> bool {
    let noon = date.at(12, 0, 0, 0).to_zoned(zone.clone()).unwrap().timestamp();
    (-36..36).any(|hours| zone.to_datetime(from(noon, hours)).date() == date)
}

#[test]
fn every_zone_and_change_keeps_s3_s4_s5() {
    let (from, to): (Timestamp, Timestamp) =
        ("2000-01-01T00:00Z".parse().unwrap(), "2038-01-01T00:00Z".parse().unwrap());
    let (mut zones, mut gaps, mut folds) = (0, 0, 0);
    for name in jiff::tz::db().available() {
        let zone = TimeZone::get(name.as_str()).unwrap();
        zones += 1;
        for change in transitions(&zone, from, to) {
            check_end(&zone, &change, EdgeKind::On, name.as_str());
            check_end(&zone, &change, EdgeKind::Off, name.as_str());
            check_days(&zone, &change, name.as_str());
            if change.to_offset > change.from_offset { gaps += 1 } else { folds += 1 }
        }
    }
    assert!(zones > 400 && gaps > 5_000 && folds > 5_000, "{zones} zones, {gaps} gaps, {folds} folds");
}

/// The days whose shape a program is most likely to assume away (S5).
#[test]
fn named_odd_days() {
    let zone = |name: &str| TimeZone::get(name).unwrap();
    let first = |name: &str, text: &str, from: &str| hours(&zone(name), text).next_edge(from.parse().unwrap()).unwrap();
    // Beirut, 2024-03-31: 00:00 does not exist.
    let beirut = first("Asia/Beirut", "Sun", "2024-03-30T12:00Z");
    assert_eq!(
        (beirut.at.to_string().as_str(), beirut.civil.to_string().as_str()),
        ("2024-03-30T22:00:00Z", "2024-03-31T00:00:00")
    );
    assert!(matches!(beirut.note, Some(EdgeNote::Gap { .. })), "{beirut:?}");
    // Apia, 2011-12-30 never was: whole Fridays have nothing there, and Thursday is followed by Saturday.
    let apia = hours(&zone("Pacific/Apia"), "Fri");
    let span = ("2011-12-27T00:00Z".parse().unwrap(), "2012-01-04T00:00Z".parse().unwrap());
    assert_eq!(apia.edges_between(span.0, span.1).edges, []);
    let apia = hours(&zone("Pacific/Apia"), "Thu,Sat");
    assert_eq!(apia.edges_between(span.0, span.1).edges.len(), 2, "Thursday and Saturday touch");
    // Lord Howe goes back by half an hour: 01:45 happens twice, hours end at the second.
    let howe = first("Australia/Lord_Howe", "Sat 09:00-01:45", "2026-04-04T05:00Z");
    assert_eq!((howe.at.to_string().as_str(), howe.kind), ("2026-04-04T15:15:00Z", EdgeKind::Off));
    // St. John's went back at 00:01: Saturday's last hour came again after a minute of Sunday.
    let john = first("America/St_Johns", "Sat", "2009-10-31T12:00Z");
    assert_eq!((john.at.to_string().as_str(), john.kind), ("2009-11-01T03:30:00Z", EdgeKind::Off));
}
