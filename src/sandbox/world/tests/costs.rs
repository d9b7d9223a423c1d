//! What machines truly cost, worked out by hand and against the meters.

use jiff::{SignedDuration, Timestamp};

use super::super::super::spec::{list_prices, scale};
use super::super::*;
use super::lived::{after, at, lived, monday};

const ALWAYS: (Timestamp, Timestamp) = (Timestamp::MIN, Timestamp::MAX);

/// A fortnight of the demo in which everything is stopped each evening, ending in the middle of a day.
fn fortnight(seed: u64) -> (World, Timestamp) {
    let mut world = lived(seed, []);
    for day in 0..14 {
        world.advance_to(after(day * 24 + 20));
        let ids: Vec<String> = world.truths().map(|truth| truth.id().to_owned()).collect();
        for (place, id) in ids.iter().enumerate() {
            drop(world.operate(id, OperationName::Stop, OperationFate::Normal));
            if (place, day) == (4, 9) {
                assert!(world.delete(id));
            }
        }
    }
    let end = monday() + SignedDuration::from_millis(1_209_600_123);
    world.advance_to(end);
    world.read_meters();
    (world, end)
}

#[test]
fn history_and_uses_are_whole_and_agree_with_the_meters() {
    let (world, end) = fortnight(3);
    for truth in world.truths() {
        let meters = truth.meters();
        assert_eq!(truth.allocated_in(ALWAYS), meters.running(), "{}", truth.id());
        assert_eq!(truth.in_use_in(ALWAYS), meters.in_use, "{}", truth.id());
        let gone = meters.by_state.get(&State::Deleted).copied().unwrap_or_default();
        assert_eq!(truth.existed_in(ALWAYS), end.duration_since(monday()) - gone, "{}", truth.id());
        assert!(truth.used_cost() <= truth.compute_cost());
    }
    assert!(world.truths().any(|truth| truth.state() == State::Deleted));
    assert!(world.truths().any(|truth| truth.used_cost() > Cost::ZERO && truth.used_cost() < truth.compute_cost()));
}

#[test]
fn days_add_up_to_the_whole_to_the_last_unit() {
    let (world, _) = fortnight(5);
    for truth in world.truths() {
        let days = (0..15).map(|day| (after(day * 24), after((day + 1) * 24)));
        let bills: Vec<Bill> = days.clone().map(|day| truth.bill_in(day)).collect();
        assert_eq!(bills.iter().map(|bill| bill.compute).sum::<Cost>(), truth.compute_cost(), "{}", truth.id());
        assert_eq!(bills.iter().map(Bill::residual).sum::<Cost>(), truth.residual_cost(), "{}", truth.id());
        assert_eq!(bills.iter().map(Bill::total).sum::<Cost>(), truth.bill_in(ALWAYS).total());
        assert_eq!(days.map(|day| truth.used_cost_in(day)).sum::<Cost>(), truth.used_cost(), "{}", truth.id());
    }
}

#[test]
fn a_change_of_price_splits_an_hour_exactly() {
    let start = at("2026-03-22T12:00:00Z");
    let mut world = World::new(scale(1, start, 1, 20)).unwrap();
    let up = |truth: &Truth<'_>| truth.vm_size() == "Standard_E8s_v3" && truth.state() == State::Running;
    let id = world.truths().find(up).unwrap().id().to_owned();
    world.advance_to(at("2026-03-23T06:00:00.000000001Z"));
    let truth = world.truth(&id).unwrap();
    // Twelve hours at 1.2 × 0.504, six hours and a nanosecond at 1.2 × 0.532.
    let hour = 3_600_000_000_000_i128;
    assert_eq!(truth.compute_cost().units(), 604_800_000 * 12 * hour + 638_400_000 * (6 * hour + 1));
    assert_eq!(truth.compute_cost().micros(), 11_088_000);
    assert_eq!(truth.residual_cost().units(), 57_000_000 * (18 * hour + 1));
    assert_eq!(truth.used_cost(), Cost::ZERO);
    assert_eq!(truth.hourly_price_at(start).map(Rate::as_billionths), Some(604_800_000));
    assert_eq!(truth.hourly_price_at(world.now()).map(Rate::as_billionths), Some(638_400_000));
}

#[test]
fn a_stopped_machine_costs_its_parts_and_a_deleted_one_nothing() {
    let mut world = World::new(scale(1, monday(), 1, 20)).unwrap();
    let id = world.truths().find(|truth| truth.state() == State::Stopped).unwrap().id().to_owned();
    world.advance_to(after(100));
    assert!(world.delete(&id));
    world.advance_to(after(200));
    let truth = world.truths().find(|truth| truth.id() == id).unwrap();
    assert_eq!(truth.compute_cost(), Cost::ZERO);
    let bill = truth.bill_in((after(50), after(150)));
    assert_eq!((bill.disk.micros(), bill.address.micros(), bill.balancer.micros()), (1_350_000, 250_000, 1_250_000));
    assert_eq!(truth.residual_cost().micros(), 5_700_000);
}

#[test]
fn uses_that_overlap_are_paid_for_once() {
    let mut world = lived(1, [at("2026-11-08T02:00:00Z")]);
    let id = world.truths().find(|truth| truth.state() == State::Stopped).unwrap().id().to_owned();
    let before = world.truth(&id).unwrap().in_use_in(ALWAYS);
    assert_eq!(world.start_as_person(&id), Ok(()));
    world.advance_to(at("2026-11-08T02:05:00Z"));
    assert!(world.use_until(&id, UseKind::Job, at("2026-11-08T04:05:00Z")));
    assert!(world.use_until(&id, UseKind::Tmux, at("2026-11-08T05:05:00Z")));
    world.advance_to(at("2026-11-08T04:35:00Z"));
    // The run under tmux goes on: it counts up to the present.
    assert_eq!(world.truth(&id).unwrap().in_use_in(ALWAYS) - before, SignedDuration::from_mins(150));
}

#[test]
fn an_unlisted_size_is_billed_and_one_without_a_price_is_free() {
    let mut spec = scale(1, monday(), 1, 20);
    spec.prices = list_prices().unlisted("Standard_DS3_v2");
    let mut unknown = scale(1, monday(), 1, 20);
    unknown.prices = PriceList::default();
    let cost = |spec| {
        let mut world = World::new(spec).unwrap();
        world.advance_to(after(1));
        world.truths().map(|truth| truth.compute_cost()).sum::<Cost>()
    };
    assert_eq!(cost(spec), cost(scale(1, monday(), 1, 20)));
    assert_eq!(cost(unknown), Cost::ZERO);
}
