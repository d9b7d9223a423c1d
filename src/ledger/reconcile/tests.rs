//! Bill against ledger: every cause, the days that are due, and what always holds.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::ledger::Stretch;
use crate::ledger::{
    Basis, Bound, Entry, EntryKind, Interval, MeterState, Residual, Subject, SubjectId, Terms, TermsId,
};
use crate::units::{Cost, Currency, InstanceId, Percent, Rate, Region, When, WorkspaceId, parse_decimal};

const DAY: i64 = 86_400;
const FIRST: Date = date(2026, 11, 2);
const SPAN: DaySpan = DaySpan { first: FIRST, last: date(2026, 11, 6) };
const METER: &str = "D3 v2/DS3 v2";

fn tolerance() -> Tolerance {
    Tolerance { percent: Percent::new(2).unwrap(), seconds: 900 }
}

fn workspace(name: &str) -> WorkspaceId {
    WorkspaceId::new("s", "g", name).unwrap()
}

fn subject(name: &str) -> Subject {
    Subject {
        instance: InstanceId::new(workspace(name), "ci").unwrap(),
        created: When::NONE,
        size: "Standard_DS3_v2".into(),
        region: Region::new("westeurope"),
        owner: None,
        team: None,
    }
}

fn usd(text: &str) -> Rate {
    Rate::parse(text, Currency::USD).unwrap()
}

/// Seconds after the first day's midnight.
fn at(second: i64) -> i64 {
    midnight(FIRST) + second
}

fn entry(from: Bound, to: Bound, state: MeterState, basis: Basis) -> Entry {
    Entry {
        seq: 1,
        kind: EntryKind::Usage,
        subject: SubjectId(1),
        terms: TermsId(1),
        price: None,
        interval: Interval { from, to, state, basis },
        seen: (None, None),
        corrects: None,
        detail: None,
    }
}

fn sharp(from: i64, to: i64, state: MeterState) -> Entry {
    entry(Bound::sharp(at(from)), Bound::sharp(at(to)), state, Basis::Observed)
}

fn empty() -> MeterDays {
    let until = ["w", "gone"].map(|name| (workspace(name), at(9 * DAY)));
    MeterDays::new(SPAN, until.into())
}

/// An instance that was there all the time, off but for these rows.
fn metered(rows: &[Entry], rate: Option<Rate>) -> MeterDays {
    let mut all = empty();
    let mut from = -DAY;
    let terms = Terms::ungoverned("1", None, Residual::listed().ok());
    let mut add = |entry: &Entry, rate| all.add(entry, &subject("w"), &terms, rate);
    for row in rows {
        let begins = row.interval.from.at - at(0);
        add(&sharp(from, begins, MeterState::Stopped), None);
        add(row, rate);
        from = row.interval.to.at - at(0);
    }
    add(&sharp(from, 9 * DAY, MeterState::Stopped), None);
    all
}

fn line(day: Date, meter: &str, amount: &str, hours: Option<&str>) -> BillLine {
    BillLine {
        workspace: workspace("w"),
        day,
        meter: meter.into(),
        category: "".into(),
        amount: parse_decimal(amount).unwrap(),
        currency: Currency::USD,
        quantity: hours.map(|hours| parse_decimal(hours).unwrap()),
    }
}

fn bills(lines: Vec<BillLine>) -> Bills {
    let mut all = Bills { lines, ..Bills::default() };
    all.cover(workspace("w").subscription(), &SPAN);
    all
}

/// What is said of the compute of the first day.
fn first(metered: &MeterDays, lines: Vec<BillLine>) -> Reconciled {
    let compared = compare(metered, &bills(lines), tolerance());
    compared.rows.into_iter().find(|row| row.day == FIRST && row.part == Part::Compute).unwrap()
}

#[test]
fn each_cause_has_its_case() {
    let ran = [sharp(0, 10 * 3_600, MeterState::Running)];
    let known = metered(&ran, Some(usd("0.3")));
    let unpriced = metered(&ran, None);
    let off = metered(&[], None);
    let gap = metered(
        &[entry(Bound::sharp(at(0)), Bound::sharp(at(7_200)), MeterState::Unknown, Basis::Gap)],
        Some(usd("0.3")),
    );
    let rebuilt = metered(
        &[entry(Bound::sharp(at(0)), Bound::sharp(at(7_200)), MeterState::Running, Basis::Rebuilt)],
        Some(usd("0.3")),
    );
    let bounds = Bound { at: at(10 * 3_600), low: at(9 * 3_600), high: at(11 * 3_600) };
    let loose = metered(&[entry(Bound::sharp(at(0)), bounds, MeterState::Running, Basis::Observed)], Some(usd("0.3")));
    let euros = || BillLine { currency: "EUR".parse().unwrap(), ..line(FIRST, METER, "3", None) };
    let bill = |amount: &str| vec![line(FIRST, METER, amount, None)];
    let hours = |amount: &str, hours: &str| vec![line(FIRST, METER, amount, Some(hours))];
    let cases: [(&str, &MeterDays, Vec<BillLine>, Cause); 17] = [
        ("to the last digit", &known, bill("3"), Cause::Agrees),
        ("a quarter of an hour", &known, bill("3.075"), Cause::Agrees),
        ("a little more", &known, bill("3.0750001"), Cause::Unexplained),
        ("several meters", &known, [bill("1"), bill("2")].concat(), Cause::Agrees),
        ("both are nothing", &off, Vec::new(), Cause::Agrees),
        ("within what was seen", &loose, bill("2.71"), Cause::Agrees),
        ("beyond it", &loose, bill("2.5"), Cause::Unexplained),
        ("the same hours, dearer", &known, hours("4", "10"), Cause::Price),
        ("the same hours, free", &known, hours("0", "10.2"), Cause::Price),
        ("other hours, dearer", &known, hours("4", "13.3"), Cause::Unexplained),
        ("no price", &unpriced, bill("3"), Cause::Unpriced),
        ("some of a gap", &gap, bill("0.4"), Cause::UnknownTime),
        ("more than the gap", &gap, bill("0.7"), Cause::Unexplained),
        ("made out, and only half true", &rebuilt, bill("0.3"), Cause::UnknownTime),
        ("not on the bill", &known, Vec::new(), Cause::NotBilled),
        ("not in the ledger", &off, bill("3"), Cause::NotMetered),
        ("another currency", &known, vec![euros()], Cause::Currency),
    ];
    for (case, metered, lines, cause) in cases {
        assert_eq!(first(metered, lines).cause, cause, "{case}");
    }
    let row = first(&known, vec![euros()]);
    assert_eq!((row.billed.currency().code(), row.metered, row.difference()), ("EUR", usd("0.3").over(36_000), None));
}

#[test]
fn parts_are_lines_of_their_own() {
    let metered = metered(&[], None);
    let day = |meter: &str, amount: &str| line(FIRST, meter, amount, None);
    let lines = vec![
        day("P10 LRS Disk", "0.648"),
        day("Standard IPv4 Static Public IP", "0.12"),
        day("Standard Included LB Rules and Outbound Rules", "0.33"),
        day("Standard Data Processed", "0.02"),
        BillLine { workspace: workspace("elsewhere"), ..day(METER, "99") },
    ];
    let rows = compare(&metered, &bills(lines), tolerance()).rows;
    let told: Vec<_> = rows.iter().filter(|row| row.day == FIRST).map(|row| (row.part, row.cause)).collect();
    assert_eq!(
        told,
        [
            (Part::Compute, Cause::Agrees),
            (Part::Disk, Cause::Agrees),
            (Part::PublicIp, Cause::Agrees),
            (Part::LoadBalancer, Cause::Unexplained),
            (Part::Other, Cause::NotMetered),
        ]
    );
    assert!(rows.iter().all(|row| row.workspace == workspace("w")));
}

#[test]
fn meters_say_which_part_they_pay_for() {
    for (meter, category, part) in [
        (METER, "", Part::Compute),
        ("NC24ads A100 v4", "", Part::Compute),
        ("E4 v3/E4s v3", "Virtual Machines", Part::Compute),
        ("NC6s v3 Low Priority", "Virtual Machines", Part::Other),
        ("D2s v3 Spot", "", Part::Other),
        ("P10 LRS Disk", "Storage", Part::Disk),
        ("S10 LRS Disk Operations", "Storage", Part::Other),
        ("Standard IPv4 Static Public IP", "", Part::PublicIp),
        ("Standard Overage LB Rules and Outbound Rules", "", Part::LoadBalancer),
        ("Standard Data Processed", "Load Balancer", Part::Other),
        ("A1 Something", "Cognitive Services", Part::Other),
        ("Basic Registry Unit", "", Part::Other),
        ("", "", Part::Other),
    ] {
        assert_eq!(Part::of_meter(meter, category), part, "{meter} ({category})");
    }
    for part in Part::ALL {
        assert_eq!(Part::from_label(part.label()), Some(part));
    }
    for cause in Cause::ALL {
        assert_eq!(Cause::from_label(cause.label()), Some(cause));
    }
}

#[test]
fn only_days_that_were_watched_as_a_whole_are_due() {
    let mut days = empty();
    let terms = Terms::ungoverned("1", None, None);
    days.add(&sharp(3_600, 9 * DAY, MeterState::Stopped), &subject("w"), &terms, None);
    let whole: Vec<_> = days.whole().map(|(_, day)| day).collect();
    assert_eq!(whole, [date(2026, 11, 3), date(2026, 11, 4), date(2026, 11, 5), date(2026, 11, 6)]);
    let mut short = MeterDays::new(SPAN, [(workspace("w"), at(DAY + 5))].into());
    short.add(&sharp(-5, DAY + 5, MeterState::Stopped), &subject("w"), &terms, None);
    assert_eq!(short.whole().map(|(_, day)| day).collect::<Vec<_>>(), [FIRST]);
    let mut one = Bills::default();
    one.cover(workspace("w").subscription(), &DaySpan { first: FIRST, last: FIRST });
    let compared = compare(&metered(&[], None), &one, tolerance());
    assert_eq!((compared.uncovered, compared.rows.iter().filter(|row| row.part == Part::Compute).count()), (4, 1));
    let summary = Summary::of(&compared);
    assert_eq!((summary.due, summary.compared, summary.coverage()), (5, 1, Some(200_000)));
}

#[test]
fn days_are_due_when_they_are_old_enough() {
    let due = |now: &str| {
        let now: Timestamp = now.parse().unwrap();
        DaySpan::due(now, SignedDuration::from_hours(72), SignedDuration::from_hours(5 * 24))
            .map(|span| (span.first.to_string(), span.last.to_string()))
    };
    let span = |first: &str, last: &str| Some((first.to_owned(), last.to_owned()));
    assert_eq!(due("2026-11-09T00:00:00Z"), span("2026-11-04", "2026-11-05"));
    assert_eq!(due("2026-11-08T23:59:59Z"), span("2026-11-03", "2026-11-04"));
    let short = SignedDuration::from_hours(24);
    assert_eq!(DaySpan::due(Timestamp::UNIX_EPOCH, SignedDuration::from_hours(72), short), None);
}

#[test]
fn the_error_is_a_share_of_what_was_billed() {
    let known = metered(&[sharp(0, 10 * 3_600, MeterState::Running)], Some(usd("0.3")));
    let summary = Summary::of(&compare(&known, &bills(vec![line(FIRST, METER, "4", None)]), tolerance()));
    assert_eq!(summary.error(), Some(250_000));
    assert_eq!((summary.causes[&Cause::Agrees], summary.causes[&Cause::Unexplained]), (4, 1));
    let nothing = Summary::of(&compare(&metered(&[], None), &bills(Vec::new()), tolerance()));
    assert_eq!((nothing.error(), nothing.coverage()), (None, Some(1_000_000)));
}

#[test]
fn only_days_that_agree_are_confirmed() {
    let known = metered(&[sharp(0, 3_600, MeterState::Running)], Some(usd("0.3")));
    // The second day differs, and the bill ends with the third.
    let mut told = Bills { lines: vec![line(FIRST, METER, "0.3", None)], ..Bills::default() };
    told.lines.push(line(date(2026, 11, 3), METER, "7", None));
    told.cover(workspace("w").subscription(), &DaySpan { first: FIRST, last: date(2026, 11, 4) });
    let rows = compare(&known, &told, tolerance()).rows;
    let stretch = |from: i64, credited: i64, charged: i64| Stretch {
        workspace: workspace("w"),
        life: 0,
        rate: usd("0.3"),
        from: at(from),
        to: at(from + credited),
        charged,
        charged_at: at(from + credited),
    };
    let agreed: BTreeSet<(WorkspaceId, Date)> = rows
        .iter()
        .filter(|row| row.part == Part::Compute && row.cause == Cause::Agrees)
        .map(|row| (row.workspace.clone(), row.day))
        .collect();
    let sum = |one: Stretch| confirmed(&[one], &agreed).get(Currency::USD);
    assert_eq!(sum(stretch(3_600, 7_200, 300)), usd("0.3").over(6_900));
    assert_eq!(sum(stretch(DAY - 100, 200, 0)), usd("0.3").over(100), "half of it lies on a day that differs");
    assert_eq!(sum(stretch(2 * DAY, DAY, 0)), usd("0.3").over(DAY));
    assert_eq!(sum(stretch(3 * DAY, DAY, 0)), Cost::zero(Currency::USD), "no bill told of it");
    assert_eq!(sum(stretch(3_600, 0, 300)), usd("0.3").over(-300), "a regret");
    let next_day = Stretch { charged_at: at(DAY + 600), ..stretch(DAY - 600, 0, 300) };
    assert_eq!(sum(next_day), Cost::zero(Currency::USD), "charged on the day of the restart, which differs");
    assert_eq!(sum(Stretch { workspace: workspace("x"), ..stretch(0, 50, 0) }), Cost::zero(Currency::USD));
}

#[test]
fn a_resource_of_a_bill_is_a_workspace_or_below_one() {
    let id = "/subscriptions/s/resourcegroups/g/providers/microsoft.machinelearningservices/workspaces/w";
    assert_eq!(workspace_of(id), Some(workspace("W")));
    assert_eq!(workspace_of(&format!("{id}/computes/ci")), Some(workspace("w")));
    for other in
        ["", "/subscriptions/s", "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/disks/d", &id[1..]]
    {
        assert_eq!(workspace_of(other), None, "{other}");
    }
}

/// Rows that follow each other, with bounds around each change.
fn rows() -> impl Strategy<Value = Vec<Entry>> {
    let state = prop_oneof![
        Just((MeterState::Running, Basis::Observed)),
        Just((MeterState::Running, Basis::Rebuilt)),
        Just((MeterState::Unknown, Basis::Gap)),
        Just((MeterState::Stopped, Basis::Observed)),
    ];
    let parts = prop::collection::vec((1_i64..100_000, 0_i64..400, 0_i64..400, state), 1..12);
    parts.prop_map(|parts| {
        let mut from = Bound::sharp(at(-500));
        let mut rows = Vec::new();
        for (length, before, after, (state, basis)) in parts {
            let end = from.at + length;
            let to = Bound { at: end, low: (end - before).max(from.at), high: end + after };
            rows.push(entry(from, to, state, basis));
            from = to;
        }
        rows
    })
}

proptest! {
    #[test]
    fn days_add_up_to_the_rows_and_bounds_hold(rows in rows()) {
        let mut days = empty();
        let terms = Terms::ungoverned("1", None, Residual::listed().ok());
        rows.iter().for_each(|row| days.add(row, &subject("w"), &terms, Some(usd("0.3"))));
        let window = SPAN.seconds();
        let inside = |row: &Entry| {
            (row.interval.to.at.min(window.1) - row.interval.from.at.max(window.0)).max(0)
        };
        let of = |state: MeterState| rows.iter().filter(|row| row.interval.state == state).map(inside).sum::<i64>();
        let all = |part: Part| SPAN.iter().filter_map(|day| days.get(&workspace("w"), day, part)).collect::<Vec<_>>();
        let compute = all(Part::Compute);
        prop_assert_eq!(compute.iter().map(|day| day.seconds.mid).sum::<i64>(), of(MeterState::Running));
        prop_assert_eq!(compute.iter().map(|day| day.unknown).sum::<i64>(), of(MeterState::Unknown));
        prop_assert_eq!(all(Part::Disk).iter().map(|day| day.seconds.mid).sum::<i64>(), rows.iter().map(inside).sum::<i64>());
        for cost in compute.iter().flat_map(|day| day.costs.values()) {
            prop_assert!(cost.least <= cost.low && cost.low <= cost.mid && cost.mid <= cost.high && cost.high <= cost.most);
        }
    }

    #[test]
    fn a_bill_of_what_was_metered_agrees_and_a_wider_tolerance_never_disagrees(
        rows in rows(), parts in 0_i64..300, percent in 0_i64..100, seconds in 0_i64..5_000,
    ) {
        let mut days = empty();
        let terms = Terms::ungoverned("1", None, None);
        days.add(&sharp(-DAY, -500, MeterState::Stopped), &subject("w"), &terms, None);
        rows.iter().for_each(|row| days.add(row, &subject("w"), &terms, Some(usd("0.36"))));
        let strict = Tolerance { percent: Percent::new(0).unwrap(), seconds: 0 };
        let wide = Tolerance { percent: Percent::new(percent).unwrap(), seconds };
        let told = |share: i64| {
            let of = |day: Date| {
                let mid = days.get(&workspace("w"), day, Part::Compute).map_or(0, |metered| metered.seconds.mid);
                // 0.36 an hour is a ten-thousandth a second
                line(day, METER, &format!("{}e-6", mid * share), None)
            };
            bills(SPAN.iter().map(of).collect())
        };
        for row in compare(&days, &told(100), strict).rows.iter().filter(|row| row.part == Part::Compute) {
            prop_assert_eq!(row.cause, Cause::Agrees);
        }
        let (narrow, wider) = (compare(&days, &told(parts), strict), compare(&days, &told(parts), wide));
        prop_assert_eq!(narrow.rows.len(), wider.rows.len());
        for (narrow, wider) in narrow.rows.iter().zip(&wider.rows) {
            prop_assert!(narrow.cause != Cause::Agrees || wider.cause == Cause::Agrees);
            prop_assert_eq!(narrow.difference(), wider.difference());
        }
        let summary = Summary::of(&narrow);
        prop_assert!(summary.compared <= summary.due);
        prop_assert_eq!(summary.causes.values().sum::<usize>(), summary.due);
    }
}
