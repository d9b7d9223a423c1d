//! The baseline: weeks in observe mode, and what they make of an estimate.

use super::books::{Books, HOUR, usd};
use crate::ledger::{Adjusted, BaselineFigure, Governance, MeterState};

const WEEK: i64 = 168 * HOUR;

/// So many weeks in observe mode of an instance that runs in the first half of every week, then an enforced one with a
/// stop over hours of both halves, half an hour of it in the second.
fn observed(weeks: i64) -> Books {
    let mut books = Books::new();
    books.governance = Governance::Observe;
    let meter = books.meter("ws-a", "ci-a", "1");
    for week in 0..weeks {
        books.row(meter, MeterState::Running, week * WEEK, week * WEEK + 84 * HOUR);
        books.row(meter, MeterState::Stopped, week * WEEK + 84 * HOUR, (week + 1) * WEEK);
    }
    books.governance = Governance::Enforce;
    let begin = weeks * WEEK + 82 * HOUR;
    books.avoided(meter, (begin, begin + 2 * HOUR + HOUR / 2), 2 * HOUR + HOUR / 2, 0);
    books
}

fn figure(books: &Books) -> BaselineFigure {
    match books.total(0, 100 * WEEK).adjusted {
        Adjusted::Available(figure) => *figure,
        Adjusted::NotAvailable { .. } => panic!("there is no figure"),
    }
}

#[test]
fn an_hour_counts_as_often_as_it_used_to_run() {
    let figure = figure(&observed(8));
    assert_eq!((figure.instances, figure.instances_without, figure.weeks_least, figure.weeks_most), (1, 0, 8, 8));
    assert_eq!(figure.cost, usd("1", 2 * HOUR));
    assert_eq!(figure.estimated, usd("1", 2 * HOUR + HOUR / 2));
    assert_eq!(figure.mean_millionths, 800_000);
    // Wilson at 8 of 8 and 0 of 8: from 0.6756 of two hours to two hours and 0.3244 of the half
    let micros = |costs: &crate::ledger::Costs| costs.iter().next().unwrap().rounded().as_micros();
    assert_eq!((micros(&figure.low) / 1_000, micros(&figure.high) / 1_000), (1_351, 2_162));
}

#[test]
fn three_weeks_and_all_but_a_second_of_the_fourth_are_not_enough() {
    let mut books = observed(3);
    books.governance = Governance::Observe;
    let meter = books.meter("ws-a", "ci-a", "1");
    books.row(meter, MeterState::Stopped, 50 * WEEK, 51 * WEEK - 1);
    let Adjusted::NotAvailable { instances, weeks, weeks_needed } = books.total(0, 100 * WEEK).adjusted else {
        panic!("it was observed for less than four weeks")
    };
    assert_eq!((instances, weeks, weeks_needed), (1, 3, 4));
    books.row(meter, MeterState::Stopped, 51 * WEEK - 1, 51 * WEEK);
    assert_eq!(figure(&books).weeks_least, 4, "another subject of the same life counts for it");
}

#[test]
fn only_what_was_observed_counts_and_gaps_say_nothing() {
    let mut books = observed(4);
    let meter = books.meter("ws-a", "ci-a", "1");
    let before = figure(&books);
    // enforced time of the same life, and observed time of which nobody knows
    books.row(meter, MeterState::Running, 60 * WEEK, 64 * WEEK);
    books.governance = Governance::Observe;
    books.row(meter, MeterState::Unknown, 64 * WEEK, 70 * WEEK);
    let wrong = books.row(meter, MeterState::Running, 70 * WEEK, 74 * WEEK);
    books.correction(wrong, MeterState::Unknown);
    assert_eq!(figure(&books), before);
}

#[test]
fn instances_without_a_baseline_are_left_out_and_counted() {
    let mut books = observed(4);
    let other = books.meter("ws-a", "ci-new", "1");
    books.avoided(other, (10 * WEEK, 10 * WEEK + HOUR), HOUR, 0);
    let figure = figure(&books);
    assert_eq!((figure.instances, figure.instances_without), (1, 1));
    assert_eq!(figure.estimated, usd("1", 2 * HOUR + HOUR / 2));
    assert_eq!(books.total(0, 100 * WEEK).total.avoided.cost, usd("1", 3 * HOUR + HOUR / 2));
}

#[test]
fn a_restart_was_paid_for_whatever_would_have_run() {
    let mut books = observed(4);
    let meter = books.meter("ws-a", "ci-a", "1");
    // an hour that never ran
    books.avoided(meter, (9 * WEEK + 100 * HOUR, 9 * WEEK + 101 * HOUR), HOUR, 300);
    assert_eq!(figure(&books).cost, usd("1", 2 * HOUR - 300));
}
