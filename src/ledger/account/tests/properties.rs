//! Sums of parts are wholes, whatever the parts: groups, days, halves of a period, and ledgers cut off anywhere.

use proptest::prelude::*;

use super::books::{Books, HOUR, Meter};
use crate::ledger::account::{Account, Day, Figures, Grouping, Period, Question};
use crate::ledger::{Basis, Bound, EntryKind, Governance, Interval, MeterState};

const END: i64 = 2_000_000;

#[derive(Debug, Clone)]
struct Step {
    meter: usize,
    length: i64,
    slack: (i64, i64),
    state: MeterState,
    basis: Basis,
    governance: Governance,
    kind: u8,
    of: prop::sample::Index,
}

fn step() -> impl Strategy<Value = Step> {
    let states = prop::sample::select(vec![MeterState::Running, MeterState::Stopped, MeterState::Unknown]);
    let bases = prop::sample::select(Basis::ALL.to_vec());
    let modes = prop::sample::select(vec![Governance::None, Governance::Observe, Governance::Enforce]);
    let slack = (0..4_000_i64, 0..4_000_i64);
    (0..6_usize, 1..300_000_i64, slack, states, bases, modes, 0..10_u8, any::<prop::sample::Index>()).prop_map(
        |(meter, length, slack, state, basis, governance, kind, of)| Step {
            meter,
            length,
            slack,
            state,
            basis,
            governance,
            kind,
            of,
        },
    )
}

/// Meters whose time is told without gaps; stops between; rows corrected at random.
fn books() -> impl Strategy<Value = Books> {
    prop::collection::vec(step(), 1..60).prop_map(|steps| {
        let mut books = Books::new().with_residual();
        let meters: Vec<Meter> = [
            ("ws-a", "ci-a", "0.36"),
            ("ws-a", "ci-b", ""),
            ("ws-b", "ci-a", "1.234567891 EUR"),
            ("ws-b", "ci-c", "7"),
            ("ws-c", "ci-d", "0.000000001"),
            ("ws-a", "ci-a", "0.5"),
        ]
        .map(|(workspace, name, price)| books.meter(workspace, name, price))
        .to_vec();
        let mut ends = [Bound::sharp(0); 6];
        for step in &steps {
            books.governance = step.governance;
            let meter = meters[step.meter];
            let from = ends[step.meter];
            let at = from.at + step.length;
            let to = Bound { at, low: (at - step.slack.0).max(from.at), high: at + step.slack.1 };
            match step.kind {
                0 => {
                    books.avoided(meter, (from.at, at), step.length, step.slack.0 / 10);
                }
                1 => {
                    books.claim((EntryKind::WouldAvoid, meter), (from.at, at), step.length, 0);
                }
                2 => {
                    books.avoided(meter, (from.at, from.at + step.slack.0), 0, 300);
                }
                3 => {
                    let usage: Vec<usize> = usage(&books);
                    if !usage.is_empty() {
                        books.correction(usage[step.of.index(usage.len())], step.state);
                    }
                }
                _ => {
                    let interval = Interval { from, to, state: step.state, basis: step.basis };
                    books.interval(meter, interval);
                    ends[step.meter] = to;
                }
            }
        }
        books
    })
}

fn usage(books: &Books) -> Vec<usize> {
    let plain = books.entries.iter().enumerate();
    plain.filter(|(_, entry)| entry.kind == EntryKind::Usage && entry.corrects.is_none()).map(|(n, _)| n).collect()
}

fn days(from: i64, to: i64, lengths: &[i64]) -> Vec<Day> {
    let mut days = Vec::new();
    let (mut at, mut n) = (from, 0);
    while at < to {
        let end = (at + lengths[n % lengths.len()]).min(to);
        days.push(Day { time: Period { from: at, to: end }, name: format!("day {n:06}").into() });
        (at, n) = (end, n + 1);
    }
    days
}

fn sum(account: &Account) -> Figures {
    let mut sum = Figures::default();
    account.groups.iter().for_each(|group| sum.merge(&group.figures));
    sum
}

proptest! {
    #[test]
    fn every_grouping_comes_to_the_same_whole(books in books(), lengths in prop::collection::vec(1..200_000_i64, 1..5)) {
        let period = Period { from: 0, to: END };
        let whole = books.account(&Question::whole(period, Grouping::Workspace));
        for by in Grouping::ALL {
            let parts = books.account(&Question::daily(days(0, END, &lengths), by));
            prop_assert_eq!(&sum(&parts), &whole.total, "by {}", by.label());
            prop_assert_eq!(&parts.total, &whole.total);
            prop_assert_eq!(&parts.grounds, &whole.grounds);
            prop_assert_eq!(&parts.adjusted, &whole.adjusted);
            prop_assert_eq!(&parts.evidence, &whole.evidence);
        }
    }

    #[test]
    fn any_split_of_a_period_adds_up(books in books(), cuts in prop::collection::btree_set(1..END, 0..6)) {
        let whole = books.total(0, END);
        let edges: Vec<i64> = [0].into_iter().chain(cuts).chain([END]).collect();
        let mut sum = Figures::default();
        for edge in edges.windows(2) {
            sum.merge(&books.total(edge[0], edge[1]).total);
        }
        prop_assert_eq!(sum, whole.total);
    }

    #[test]
    fn days_add_up_to_their_group(books in books(), by in prop::sample::select(Grouping::ALL.to_vec())) {
        let account = books.account(&Question::daily(days(0, END, &[86_400]), by));
        for group in &account.groups {
            let mut all = crate::ledger::Cell::default();
            group.days.values().for_each(|cell| all.merge(cell));
            let figures = &group.figures;
            for currency in figures.currencies() {
                prop_assert_eq!(all.cost.get(currency), figures.usage.cost.mid.get(currency));
                prop_assert_eq!(all.avoided.get(currency), figures.avoided.cost.get(currency));
                prop_assert_eq!(all.would_avoid.get(currency), figures.would_avoid.cost.get(currency));
            }
        }
    }

    #[test]
    fn a_report_as_of_a_row_is_the_one_that_was_made_then(books in books(), at in any::<prop::sample::Index>()) {
        let rows = at.index(books.entries.len() + 1);
        let then = books.prefix(rows);
        let seq = i64::try_from(rows).unwrap();
        // what a reader of the longer ledger does: rows and corrections up to a row, references of all
        let mut now = books;
        now.entries.retain(|entry| entry.seq <= seq);
        let question = Question::whole(Period { from: HOUR, to: END - HOUR }, Grouping::Instance);
        prop_assert_eq!(now.account(&question), then.account(&question));
    }

    #[test]
    fn seconds_are_those_that_a_clerk_would_count(books in books(), from in 0..END, length in 0..END) {
        let period = Period { from, to: (from + length).min(END) };
        let total = books.total(period.from, period.to).total;
        let mut counted = [0_i64; 3];
        for (place, entry) in books.entries.iter().enumerate() {
            let replaced = books.entries[place + 1..].iter().any(|later| {
                later.corrects.is_some() && (later.corrects == Some(entry.seq) || later.corrects == entry.corrects)
            });
            if entry.kind != EntryKind::Usage || replaced {
                continue;
            }
            let inside = entry.interval.to.at.min(period.to) - entry.interval.from.at.max(period.from);
            let state = match entry.interval.state {
                MeterState::Running => 0,
                MeterState::Stopped => 1,
                MeterState::Unknown | MeterState::Gone => 2,
            };
            counted[state] += inside.max(0);
        }
        let usage = &total.usage;
        prop_assert_eq!([usage.running.mid, usage.stopped_seconds, usage.unknown_seconds], counted);
        prop_assert!(usage.running.low <= usage.running.mid && usage.running.mid <= usage.running.high);
    }
}
