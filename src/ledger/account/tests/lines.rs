//! Charges: a day, an instance and a meter each, and corrections as differences.

use super::books::{Books, HOUR, usd};
use crate::ledger::account::{Charge, ChargeMeter, Charges, Costs, Day, Grouping, Period, Question};
use crate::ledger::{Bound, MeterState};

const DAY: i64 = 24 * HOUR;

fn days(count: i64) -> Question {
    let one = |n: i64| Day { time: Period { from: n * DAY, to: (n + 1) * DAY }, name: format!("day {n}").into() };
    Question::daily((0..count).map(one).collect(), Grouping::Instance)
}

fn charges(books: &Books, days: &Question) -> Vec<Charge> {
    let standing = books.standing();
    let mut charges = Charges::new(&books.references, &standing, days);
    books.entries.iter().for_each(|entry| charges.add(entry).unwrap());
    charges.finish().unwrap()
}

fn cost(charges: &[Charge]) -> Costs {
    charges.iter().filter_map(|charge| Some(charge.rate?.over(charge.seconds.mid))).collect()
}

#[test]
fn a_row_is_a_charge_a_day_and_a_meter() {
    let mut books = Books::new().with_residual();
    let meter = books.meter("ws-a", "ci-a", "1");
    books.ran(meter, Bound::between(DAY - HOUR - 30, DAY - HOUR + 30), Bound::sharp(DAY + HOUR));
    books.row(meter, MeterState::Stopped, DAY + HOUR, 2 * DAY);
    let found = charges(&books, &days(3));
    let spelt: Vec<(usize, ChargeMeter, i64)> =
        found.iter().map(|charge| (charge.day, charge.meter, charge.seconds.mid)).collect();
    let compute = ChargeMeter::Compute;
    let rest = |day, seconds| {
        [ChargeMeter::Disk, ChargeMeter::PublicIp, ChargeMeter::LoadBalancer].map(|meter| (day, meter, seconds))
    };
    let wanted = [&[(0, compute, HOUR)][..], &rest(0, HOUR), &[(1, compute, HOUR)], &rest(1, DAY)].concat();
    assert_eq!(spelt, wanted);
    assert_eq!((found[0].seconds.low, found[0].seconds.high), (HOUR - 30, HOUR + 30));
    assert!(found.iter().all(|charge| !charge.correction));
}

#[test]
fn a_correction_is_the_difference_and_what_was_exported_stays() {
    let mut books = Books::new();
    let meter = books.meter("ws-a", "ci-a", "1");
    let row = books.row(meter, MeterState::Running, 0, 2 * HOUR);
    let before = charges(&books, &days(1));
    books.correction(row, MeterState::Stopped);
    let after = charges(&books, &days(1));
    assert_eq!(after[0], before[0]);
    assert_eq!((after[1].correction, after[1].seconds.mid), (true, -2 * HOUR));
    assert_eq!(cost(&after), usd("1", 0));
    books.correction(row, MeterState::Running);
    let again = charges(&books, &days(1));
    assert_eq!((again.len(), cost(&again)), (1, usd("1", 2 * HOUR)), "two that cancel out are none");
}

#[test]
fn what_has_no_price_is_a_charge_without_one() {
    let mut books = Books::new();
    let meter = books.meter("ws-a", "ci-a", "");
    books.row(meter, MeterState::Running, 0, HOUR);
    books.row(meter, MeterState::Unknown, HOUR, 2 * HOUR);
    let found = charges(&books, &days(1));
    assert_eq!((found.len(), found[0].rate, found[0].seconds.mid), (1, None, HOUR));
}
