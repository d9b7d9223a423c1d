//! Figures by hand: what a row counts for, where it is cut, and what a correction does to it.

mod books;
mod lines;
mod properties;
mod weeks;

use books::{Books, HOUR, euros, usd};

use super::*;
use crate::ledger::{Bound, EntryKind, MeterState};
use crate::units::Currency;

fn whole(books: &Books, by: Grouping, from: i64, to: i64) -> Account {
    books.account(&Question::whole(Period { from, to }, by))
}

#[test]
fn a_row_counts_for_what_of_it_lies_in_the_period() {
    let mut books = Books::new();
    let meter = books.meter("ws-a", "ci-a", "0.36");
    books.ran(meter, Bound::between(900, 1_100), Bound::between(5_000, 5_400));
    let account = whole(&books, Grouping::Workspace, 2_000, 4_000);
    let usage = &account.total.usage;
    assert_eq!((usage.running.low, usage.running.mid, usage.running.high), (2_000, 2_000, 2_000));
    assert_eq!(usage.cost.mid, usd("0.36", 2_000));
    let account = whole(&books, Grouping::Workspace, 0, 10_000);
    let usage = &account.total.usage;
    assert_eq!((usage.running.low, usage.running.mid, usage.running.high), (3_900, 4_200, 4_500));
    assert_eq!(usage.cost.low, usd("0.36", 3_900));
    assert_eq!(usage.cost.high, usd("0.36", 4_500));
    // only its uncertain end reaches into this one
    let account = whole(&books, Grouping::Workspace, 5_200, 10_000);
    let usage = &account.total.usage;
    assert_eq!((usage.running.low, usage.running.mid, usage.running.high), (0, 0, 200));
    assert_eq!(account.groups.len(), 1);
    assert!(whole(&books, Grouping::Workspace, 5_400, 10_000).groups.is_empty());
}

#[test]
fn what_is_not_known_is_counted_and_costs_nothing_but_at_most() {
    let mut books = Books::new();
    let priced = books.meter("ws-a", "ci-a", "1");
    let unpriced = books.meter("ws-a", "ci-b", "");
    books.row(priced, MeterState::Unknown, 0, 2 * HOUR);
    books.row(priced, MeterState::Running, 2 * HOUR, 3 * HOUR);
    books.row(unpriced, MeterState::Running, 0, HOUR);
    books.row(unpriced, MeterState::Unknown, HOUR, 2 * HOUR);
    books.row(unpriced, MeterState::Stopped, 2 * HOUR, 9 * HOUR);
    let total = whole(&books, Grouping::Team, 0, 10 * HOUR).total;
    let usage = &total.usage;
    assert_eq!((usage.running.mid, usage.unpriced_seconds, usage.stopped_seconds), (2 * HOUR, HOUR, 7 * HOUR));
    assert_eq!((usage.unknown_seconds, usage.unknown_unpriced_seconds), (3 * HOUR, HOUR));
    assert_eq!(usage.cost.mid, usd("1", HOUR));
    assert_eq!(usage.cost.high, usd("1", HOUR), "what nobody knows is on a line of its own");
    assert_eq!(usage.unknown_cost_max, usd("1", 2 * HOUR));
    assert_eq!(usage.residual.unrated_seconds, 12 * HOUR);
    let all = usage.running.mid + usage.stopped_seconds + usage.unknown_seconds;
    assert_eq!(all, 12 * HOUR, "the sum of the states is the lifetime (C16)");
}

#[test]
fn what_no_stop_stops_is_a_line_of_its_own_and_never_avoided() {
    let mut books = Books::new().with_residual();
    let meter = books.meter("ws-a", "ci-a", "1");
    books.row(meter, MeterState::Running, 0, HOUR);
    books.row(meter, MeterState::Stopped, HOUR, 11 * HOUR);
    books.row(meter, MeterState::Unknown, 11 * HOUR, 12 * HOUR);
    books.avoided(meter, (HOUR, 11 * HOUR), 10 * HOUR, 0);
    let total = whole(&books, Grouping::Team, 0, 12 * HOUR).total;
    let residual = &total.usage.residual;
    assert_eq!((&residual.running, &residual.unknown), (&usd("0.057", HOUR), &usd("0.057", HOUR)));
    assert_eq!(residual.stopped, usd("0.057", 10 * HOUR));
    assert_eq!(total.usage.cost.mid, usd("1", HOUR));
    assert_eq!(total.avoided.cost, usd("1", 10 * HOUR));
}

#[test]
fn the_last_correction_stands_for_the_row() {
    let mut books = Books::new();
    let meter = books.meter("ws-a", "ci-a", "1");
    let first = books.row(meter, MeterState::Running, 0, HOUR);
    books.row(meter, MeterState::Running, HOUR, 2 * HOUR);
    books.correction(first, MeterState::Stopped);
    books.correction(first, MeterState::Unknown);
    let of = |rows: usize| {
        let total = whole(&books.prefix(rows), Grouping::Team, 0, 3 * HOUR).total.usage;
        (total.running.mid, total.stopped_seconds, total.unknown_seconds)
    };
    assert_eq!(of(2), (2 * HOUR, 0, 0));
    assert_eq!(of(3), (HOUR, HOUR, 0));
    assert_eq!(of(4), (HOUR, 0, HOUR));
}

#[test]
fn credit_falls_where_it_was_earned_and_charges_where_it_ended() {
    let mut books = Books::new();
    let meter = books.meter("ws-a", "ci-a", "2");
    books.avoided(meter, (1_000, 9_000), 8_000, 300);
    let at = |from, to| whole(&books, Grouping::Ground, from, to).total.avoided;
    let first = at(0, 5_000);
    assert_eq!((first.stops, first.credited_seconds, first.charged_seconds), (0, 4_000, 0));
    let second = at(5_000, 10_000);
    assert_eq!((second.stops, second.credited_seconds, second.charged_seconds), (1, 4_000, 300));
    assert_eq!(second.cost, usd("2", 3_700));
    // the instant at which it ends belongs to the period that begins there
    assert_eq!((at(5_000, 9_000).charged_seconds, at(9_000, 9_001).charged_seconds), (0, 300));
}

#[test]
fn a_regret_earns_nothing_and_is_charged() {
    let mut books = Books::new();
    let meter = books.meter("ws-a", "ci-a", "2");
    books.avoided(meter, (1_000, 2_000), 0, 300);
    let account = whole(&books, Grouping::Ground, 0, 10_000);
    let avoided = &account.total.avoided;
    assert_eq!((avoided.stops, avoided.regrets, avoided.credited_seconds), (1, 1, 0));
    assert_eq!(avoided.cost, usd("2", -300));
    assert_eq!(avoided.regret_cost, usd("2", 300));
    assert_eq!(account.grounds["off_hours"].avoided, *avoided);
    assert_eq!(&*account.groups[0].name.label, "off_hours");
}

#[test]
fn what_would_have_been_avoided_is_apart() {
    let mut books = Books::new();
    let meter = books.meter("ws-a", "ci-a", "2");
    books.claim((EntryKind::WouldAvoid, meter), (0, HOUR), HOUR, 0);
    let account = whole(&books, Grouping::Policy, 0, HOUR + 1);
    assert_eq!(account.total.avoided, Avoids::default());
    assert_eq!(account.total.would_avoid.cost, usd("2", HOUR));
    assert_eq!(account.grounds["off_hours"].would_avoid.stops, 1);
    assert!(matches!(account.adjusted, Adjusted::NotAvailable { instances: 0, weeks: 0, weeks_needed: 4 }));
}

#[test]
fn what_goes_on_is_in_no_sum() {
    let mut books = Books::new();
    let meter = books.meter("ws-a", "ci-a", "2");
    let row = books.row(meter, MeterState::Running, 0, HOUR);
    let entry = books.entries[row].clone();
    let question = Question::whole(Period { from: 0, to: 9 * HOUR }, Grouping::Instance);
    let standing = Standing::default();
    let mut tally = Tally::new(&books.references, &standing, &question);
    tally.add_open(&entry).unwrap();
    let account = tally.account(books.nothing_weighed(), None);
    assert_eq!(account.total.usage, Usage::default());
    assert_eq!(account.total.open.cost.mid, usd("2", HOUR));
}

#[test]
fn groups_are_told_apart_and_share_nothing() {
    let mut books = Books::new();
    let one = books.meter("ws-a", "ci-a", "1");
    let same_name_elsewhere = books.meter_in("rg-b", "ws-a", "ci-a", "1");
    let other = books.meter("ws-b", "ci-b", "3");
    books.row(one, MeterState::Running, 0, HOUR);
    books.row(same_name_elsewhere, MeterState::Running, 0, HOUR);
    books.row(other, MeterState::Running, 0, HOUR);
    let labels = |by| -> Vec<String> {
        let account = whole(&books, by, 0, HOUR).ranked(by);
        account.groups.iter().map(|group| group.name.label.to_string()).collect()
    };
    let long = "/subscriptions/s/resourcegroups/rg-a/providers/microsoft.machinelearningservices/workspaces/ws-a";
    let workspaces = labels(Grouping::Workspace);
    assert_eq!((workspaces.len(), workspaces[0].as_str(), workspaces[1].as_str()), (3, "ws-b", long));
    assert_eq!(labels(Grouping::Instance)[0], "ws-b/ci-b");
    assert_eq!(labels(Grouping::Team), ["ws-b-team", "ws-a-team"]);
    assert_eq!(labels(Grouping::Owner), ["nobody known"]);
    assert_eq!(labels(Grouping::Size), ["standard_ds3_v2"]);
    assert_eq!(labels(Grouping::Policy), ["office"]);
    assert_eq!(labels(Grouping::Ground), ["metered time"]);
}

#[test]
fn the_rest_becomes_one_group_and_nothing_is_lost() {
    let mut books = Books::new();
    for (n, price) in ["5", "1", "4", "2", "3"].into_iter().enumerate() {
        let meter = books.meter("ws-a", &format!("ci-{n}"), price);
        books.row(meter, MeterState::Running, 0, HOUR);
    }
    let account = whole(&books, Grouping::Instance, 0, HOUR).ranked(Grouping::Instance).top(2);
    let labels: Vec<&str> = account.groups.iter().map(|group| &*group.name.label).collect();
    assert_eq!(labels, ["ws-a/ci-0", "ws-a/ci-2", "3 others"]);
    assert_eq!(account.groups[2].figures.usage.cost.mid, usd("6", HOUR));
    assert_eq!(account.total.usage.cost.mid, usd("15", HOUR));
    let all = whole(&books, Grouping::Instance, 0, HOUR).top(5);
    assert_eq!(all.groups.len(), 5, "five are not more than five");
}

#[test]
fn currencies_stay_apart_until_somebody_states_a_rate() {
    let mut books = Books::new();
    let dollars = books.meter("ws-a", "ci-a", "1");
    let euro = books.meter("ws-a", "ci-b", "2 EUR");
    books.row(dollars, MeterState::Running, 0, HOUR);
    books.row(euro, MeterState::Running, 0, HOUR);
    let mut account = whole(&books, Grouping::Team, 0, HOUR);
    account.confirmed = Some(usd("1", HOUR));
    let mut both = usd("1", HOUR);
    both.merge(&euros("2", HOUR));
    assert_eq!(account.total.usage.cost.mid, both);
    let into = "EUR".parse().unwrap();
    let exchange = Exchange { into, rates: [(Currency::USD, "0.5".parse().unwrap())].into() };
    let converted = account.clone().converted(&exchange);
    assert_eq!(converted.total.usage.cost.mid, euros("2.5", HOUR));
    assert_eq!(converted.groups[0].figures.usage.cost.high, euros("2.5", HOUR));
    assert_eq!(converted.confirmed, Some(euros("0.5", HOUR)));
    let none = Exchange { into: "GBP".parse().unwrap(), rates: [(into, "0.8".parse().unwrap())].into() };
    let currencies: Vec<String> = account.converted(&none).currencies().iter().map(ToString::to_string).collect();
    assert_eq!(currencies, ["GBP", "USD"], "what has no rate keeps its own line");
}

#[test]
fn evidence_is_of_the_rows_that_counted() {
    let mut books = Books::new();
    let early = books.meter("ws-a", "ci-a", "1");
    let late = books.meter("ws-a", "ci-b", "2");
    books.row(early, MeterState::Running, 0, HOUR);
    books.row(late, MeterState::Running, 5 * HOUR, 6 * HOUR);
    let evidence = whole(&books, Grouping::Team, 0, 2 * HOUR).evidence;
    let rates: Vec<&str> = evidence.prices.iter().map(|price| price.hourly.as_str()).collect();
    assert_eq!(rates, ["1"]);
    assert_eq!(evidence.tzdb.iter().map(|release| &**release).collect::<Vec<_>>(), ["2026a"]);
    let both = whole(&books, Grouping::Team, 0, 9 * HOUR).evidence;
    assert_eq!(both.prices.len(), 2);
    assert_ne!(both.price_set, evidence.price_set);
}

#[test]
fn a_row_that_names_nothing_is_an_error_and_not_a_zero() {
    let mut books = Books::new();
    let meter = books.meter("ws-a", "ci-a", "1");
    let row = books.row(meter, MeterState::Running, 0, HOUR);
    books.references.prices.clear();
    let question = Question::whole(Period { from: 0, to: HOUR }, Grouping::Team);
    let standing = Standing::default();
    let mut tally = Tally::new(&books.references, &standing, &question);
    let error = tally.add(&books.entries[row]).unwrap_err().to_string();
    assert_eq!(error, "row 1 of the ledger refers to price 1, which is not there");
    let mut books = Books::new();
    let meter = books.meter("ws-a", "ci-a", "1");
    let row = books.avoided(meter, (0, HOUR), HOUR, 0);
    books.entries[row].detail = Some("{}".into());
    let mut tally = Tally::new(&books.references, &standing, &question);
    assert!(tally.add(&books.entries[row]).unwrap_err().to_string().contains("particulars of row 1"));
}
