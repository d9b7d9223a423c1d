//! Meters from looks: the cases by hand, and what holds for any sequence.

use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::facts::{OperationStatus, Trigger};

fn op(operation: Operation, at: i64) -> LastOperation {
    LastOperation {
        operation,
        at: Timestamp::from_second(at).unwrap(),
        status: OperationStatus::Succeeded,
        trigger: Trigger::User,
    }
}

fn on(since: i64) -> Open {
    Open { since: Bound::sharp(since), state: MeterState::Running, basis: Basis::Observed }
}

fn off(since: i64) -> Open {
    Open { since: Bound::sharp(since), state: MeterState::Stopped, basis: Basis::Observed }
}

fn look<'a>(before: i64, at: i64, state: &'a PowerState, operation: Option<&'a LastOperation>) -> Look<'a> {
    Look { at, before: Some(before), state, operation, is_news: true }
}

fn spell(turned: &Turned) -> String {
    let end = |bound: Bound| {
        if bound.low == bound.high {
            bound.at.to_string()
        } else {
            format!("{}~{}~{}", bound.low, bound.at, bound.high)
        }
    };
    let closed = turned
        .closed
        .iter()
        .map(|i| format!("{} {} [{}, {})", i.state.label(), i.basis.label(), end(i.from), end(i.to)));
    let open = format!("{} {} from {}", turned.open.state.label(), turned.open.basis.label(), end(turned.open.since));
    closed.chain([open]).collect::<Vec<_>>().join("; ")
}

#[test]
fn a_stop_lies_between_its_request_and_the_look_that_saw_it() {
    let stop = op(Operation::Stop, 1_010);
    let seen = look(1_000, 1_060, &PowerState::Stopped, Some(&stop));
    assert_eq!(
        spell(&turn(on(0), &seen)),
        "running observed [0, 1010~1035~1060); stopped observed from 1010~1035~1060"
    );
    // still seen going down at 1,100
    let seen = look(1_100, 1_160, &PowerState::Stopped, Some(&stop));
    assert_eq!(
        spell(&turn(on(0), &seen)),
        "running observed [0, 1100~1130~1160); stopped observed from 1100~1130~1160"
    );
    // Azure does not say
    let seen = look(1_000, 1_060, &PowerState::Stopped, None);
    assert_eq!(
        spell(&turn(on(0), &seen)),
        "running observed [0, 1000~1030~1060); stopped observed from 1000~1030~1060"
    );
}

#[test]
fn a_start_is_billed_since_azure_took_it() {
    let start = op(Operation::Start, 1_010);
    let seen = look(1_000, 1_060, &PowerState::Running, Some(&start));
    assert_eq!(spell(&turn(off(0), &seen)), "stopped observed [0, 1010); running observed from 1010");
    // taken before a look that still saw it off
    let start = op(Operation::Start, 990);
    let seen = look(1_000, 1_060, &PowerState::Running, Some(&start));
    assert_eq!(spell(&turn(off(0), &seen)), "stopped observed [0, 990); running observed from 990");
    // an operation of long ago says nothing of this change
    let start = op(Operation::Start, 10);
    let seen = look(5_000, 5_060, &PowerState::Running, Some(&start));
    assert_eq!(
        spell(&turn(off(0), &seen)),
        "stopped observed [0, 5000~5030~5060); running observed from 5000~5030~5060"
    );
}

#[test]
fn what_happened_in_a_gap_is_rebuilt_where_azure_tells() {
    let day = 86_400;
    let stop = op(Operation::Stop, 40_000);
    let seen = look(1_000, day, &PowerState::Stopped, Some(&stop));
    assert_eq!(
        spell(&turn(on(0), &seen)),
        "running observed [0, 1000); running rebuilt [1000, 40000~40120~40240); stopped observed from 40000~40120~40240"
    );
    let start = op(Operation::Start, 40_000);
    let seen = look(1_000, day, &PowerState::Running, Some(&start));
    assert_eq!(
        spell(&turn(off(0), &seen)),
        "stopped observed [0, 1000); stopped rebuilt [1000, 40000); running observed from 40000"
    );
    // on before, on after, started meanwhile: how long it was off in between nobody knows
    assert_eq!(
        spell(&turn(on(0), &seen)),
        "running observed [0, 1000); unknown gap [1000, 40000); running observed from 40000"
    );
    let seen = look(1_000, day, &PowerState::Running, None);
    assert_eq!(
        spell(&turn(on(0), &seen)),
        "running observed [0, 1000); unknown gap [1000, 86400); running observed from 86400"
    );
    assert_eq!(
        spell(&turn(off(0), &seen)),
        "stopped observed [0, 1000); unknown gap [1000, 86400); running observed from 86400"
    );
}

#[test]
fn the_same_last_operation_proves_that_nothing_happened() {
    let start = op(Operation::Start, 10);
    let seen = Look { is_news: false, ..look(1_000, 86_400, &PowerState::Running, Some(&start)) };
    assert_eq!(
        spell(&turn(on(10), &seen)),
        "running observed [10, 1000); running rebuilt [1000, 86400); running observed from 86400"
    );
    let seen = Look { is_news: false, ..look(1_000, 1_060, &PowerState::Running, Some(&start)) };
    assert_eq!(spell(&turn(on(10), &seen)), "running observed from 10");
}

#[test]
fn a_restart_keeps_the_meter_running() {
    let restart = op(Operation::Restart, 1_010);
    let seen = look(1_000, 1_060, &PowerState::Running, Some(&restart));
    assert_eq!(spell(&turn(on(0), &seen)), "running observed from 0");
}

#[test]
fn what_azure_does_not_say_plainly_is_unknown_or_assumed() {
    let odd = PowerState::Unrecognised(Arc::from("Hibernated"));
    let turned = turn(on(0), &look(1_000, 1_060, &odd, None));
    assert_eq!(spell(&turned), "running observed [0, 1000~1030~1060); unknown gap from 1000~1030~1060");
    let seen = look(1_060, 1_120, &PowerState::Running, None);
    assert_eq!(spell(&turn(turned.open, &seen)), "unknown gap [1000~1030~1060, 1120); running observed from 1120");
    let broken = PowerState::Broken(Arc::from("Unusable"));
    let turned = turn(on(0), &look(1_000, 1_060, &broken, None));
    assert_eq!(spell(&turned), "running observed [0, 1000~1030~1060); running assumed from 1000~1030~1060");
    let assumed = turned.open.until(Bound::sharp(4_630));
    assert_eq!(assumed.billed(), Seconds { low: 0, mid: 3_600, high: 3_630 });
}

#[test]
fn billed_seconds_have_their_bounds() {
    let interval = Interval {
        from: Bound::between(100, 160),
        to: Bound::between(1_000, 1_060),
        state: MeterState::Running,
        basis: Basis::Observed,
    };
    assert_eq!(interval.billed(), Seconds { low: 840, mid: 900, high: 960 });
    let unknown = Interval { state: MeterState::Unknown, basis: Basis::Gap, ..interval };
    assert_eq!(unknown.billed(), Seconds { low: 0, mid: 0, high: 960 });
    assert_eq!(Interval { state: MeterState::Stopped, ..interval }.billed(), Seconds::default());
}

#[test]
fn an_instance_that_was_gone_was_unknown_meanwhile() {
    let gone = Open { since: Bound::sharp(500), state: MeterState::Gone, basis: Basis::Observed };
    let seen = Look { before: None, ..look(0, 1_000, &PowerState::Running, None) };
    assert_eq!(spell(&turn(gone, &seen)), "unknown gap [500, 1000); running observed from 1000");
}

#[test]
fn a_new_instance_is_billed_since_it_was_made() {
    let made = op(Operation::Create, 990);
    let seen = Look { before: None, ..look(0, 1_000, &PowerState::Running, Some(&made)) };
    assert_eq!(first(&seen, Some(940)).since, Bound::sharp(990));
    assert_eq!(first(&seen, None).since, Bound::sharp(1_000), "before the first look of all nothing is claimed");
    assert_eq!(first(&seen, Some(995)).since, Bound::sharp(1_000), "it was there and nobody listed it");
}

fn states() -> impl Strategy<Value = PowerState> {
    prop_oneof![
        Just(PowerState::Running),
        Just(PowerState::JobRunning),
        Just(PowerState::Stopped),
        Just(PowerState::Changing(Arc::from("Stopping"))),
        Just(PowerState::Changing(Arc::from("Deleting"))),
        Just(PowerState::Broken(Arc::from("Unusable"))),
        Just(PowerState::Unrecognised(Arc::from("?"))),
    ]
}

fn operations() -> impl Strategy<Value = Option<Operation>> {
    prop_oneof![
        Just(None),
        Just(Some(Operation::Start)),
        Just(Some(Operation::Stop)),
        Just(Some(Operation::Restart)),
        Just(Some(Operation::Create)),
        Just(Some(Operation::Other(Arc::from("?")))),
    ]
}

/// What truly happens: asked at these instants, a stop first, then a start, and so on; each stop takes so long.
struct Life {
    asked: Vec<i64>,
    stop_takes: i64,
}

impl Life {
    fn state(&self, at: i64) -> PowerState {
        let done = self.asked.iter().filter(|asked| **asked <= at).count();
        match (done % 2, self.asked.get(done.wrapping_sub(1))) {
            (1, Some(stop)) if at < stop + self.stop_takes => PowerState::Changing(Arc::from("Stopping")),
            (1, _) => PowerState::Stopped,
            _ => PowerState::Running,
        }
    }

    fn last(&self, at: i64) -> Option<LastOperation> {
        let done = self.asked.iter().filter(|asked| **asked <= at).count();
        let operation = if done % 2 == 1 { Operation::Stop } else { Operation::Start };
        done.checked_sub(1).map(|place| op(operation, self.asked[place]))
    }

    fn billed(&self, from: i64, to: i64) -> i64 {
        let mut runs = vec![(i64::MIN, self.asked.first().map_or(i64::MAX, |stop| stop + self.stop_takes))];
        for pair in self.asked[1.min(self.asked.len())..].chunks(2) {
            runs.push((pair[0], pair.get(1).map_or(i64::MAX, |stop| stop + self.stop_takes)));
        }
        runs.iter().map(|(start, end)| ((*end).min(to) - (*start).max(from)).max(0)).sum()
    }
}

/// What the meter says of a life that is looked at at these instants: billed seconds up to the last look.
fn metered(life: &Life, looks: &[i64]) -> Seconds {
    let (mut open, mut before) = (None::<Open>, None::<(i64, Option<LastOperation>)>);
    let mut sum = Seconds::default();
    let mut add = |interval: &Interval| {
        let billed = interval.billed();
        sum = Seconds { low: sum.low + billed.low, mid: sum.mid + billed.mid, high: sum.high + billed.high };
    };
    for at in looks {
        let (state, last) = (life.state(*at), life.last(*at));
        let is_news = before.as_ref().is_none_or(|(_, known)| *known != last);
        let look = Look {
            at: *at,
            before: before.as_ref().map(|(at, _)| *at),
            state: &state,
            operation: last.as_ref(),
            is_news,
        };
        open = Some(match open {
            None => first(&look, None),
            Some(open) => {
                let turned = turn(open, &look);
                turned.closed.iter().for_each(&mut add);
                turned.open
            }
        });
        before = Some((*at, last));
    }
    add(&open.unwrap().until(Bound::sharp(*looks.last().unwrap())));
    sum
}

proptest! {
    /// However rarely and irregularly it is looked at, the truth lies within the bounds; and two who look at different
    /// times differ by no more than their bounds (C4).
    #[test]
    fn the_truth_lies_within_the_bounds_whenever_one_looks(
        pauses in proptest::collection::vec(3_700_i64..40_000, 0..8),
        stop_takes in 20_i64..200,
        one in proptest::collection::vec(10_i64..9_000, 1..40),
        other in proptest::collection::vec(10_i64..9_000, 1..40),
    ) {
        let summed = |start: i64, parts: &[i64]| {
            parts.iter().scan(start, |at, part| { *at += part; Some(*at) }).collect::<Vec<i64>>()
        };
        let life = Life { asked: summed(1_000_000, &pauses), stop_takes };
        let end = 1_000_000 + 300_000;
        let looks = |parts: &[i64]| {
            let mut looks = vec![1_000_000];
            looks.extend(summed(1_000_000, parts));
            looks.push(end);
            looks
        };
        let truth = life.billed(1_000_000, end);
        let (one, other) = (metered(&life, &looks(&one)), metered(&life, &looks(&other)));
        for said in [one, other] {
            prop_assert!(said.low <= truth && truth <= said.high, "{said:?} and the truth is {truth}");
        }
        prop_assert!(one.low <= other.high && other.low <= one.high);
    }

    /// Conservation (C16): whatever is seen, in whatever order clocks tell it, intervals follow each other without hole
    /// or overlap from the first look to the open end, and bounds hold their ends.
    #[test]
    fn no_second_is_lost_or_doubled(
        looks in proptest::collection::vec((1_i64..100_000, -50_i64..400, states(), operations(), -5_000_i64..5_000), 1..30),
    ) {
        let start = 1_000_000;
        let mut open = on(start);
        let (mut now, mut end) = (start, start);
        for (passed, back, state, operation, ago) in looks {
            let before = now;
            now = now.saturating_add(if back < 0 { back } else { passed });
            let operation = operation.map(|operation| op(operation, now.saturating_sub(ago)));
            let turned = turn(open, &look(before, now, &state, operation.as_ref()));
            for interval in &turned.closed {
                prop_assert_eq!(interval.from.at, end);
                prop_assert!(interval.length() > 0);
                prop_assert!(interval.from.low <= interval.from.at && interval.from.at <= interval.from.high);
                prop_assert!(interval.to.low <= interval.to.at && interval.to.at <= interval.to.high);
                let billed = interval.billed();
                prop_assert!(billed.low <= billed.mid && billed.mid <= billed.high);
                end = interval.to.at;
            }
            prop_assert_eq!(turned.open.since.at, end);
            prop_assert_eq!(turned.open.state, MeterState::of(&state));
            open = turned.open;
        }
    }
}
