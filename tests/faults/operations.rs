//! A stop that was taken, and what becomes of it (faults 16, 19 to 23, 33).

use crate::process::sweeps;
use crate::service::{Service, until};
use crate::site::Site;

/// A service that asked Azure for the stop, whose operation has ended since: only who sent it knows which operation it is.
fn asked(site: &Site) -> Service {
    let service = Service::start(&site.place, &[]);
    until("the stop", || (site.stops() == (1, 1)).then_some(()));
    site.estate.let_operations_end();
    service
}

/// Settles what is under way: Azure's operations end, and the program looks twice.
fn settles(site: &Site) {
    site.estate.let_operations_end();
    site.sweep();
    site.sweep();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_16_what_is_gone_is_not_stopped_and_its_time_ends_where_it_was_seen() {
    let site = Site::seen(1, 2).await;
    site.fault("get => not-found");
    site.sweep();
    assert_eq!(site.all_stops(), 0, "in the list and not there: nothing is sent");
    site.well();
    let whole = Site::seen(1, 2).await;
    whole.sweep();
    assert_eq!(whole.stops(), (1, 1));
    whole.estate.sandbox.look(|world| world.delete(&whole.id()));
    settles(&whole);
    assert_eq!(whole.stops(), (1, 1), "gone while it stopped");
    let told = whole.place.run(&["explain", crate::site::NAME]);
    assert!(told.code == 1 && told.err.contains("no instance is called"), "closed, and gone: {}{}", told.out, told.err);
    whole.ledger_stands();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_19_an_operation_without_a_name_is_followed_by_looking() {
    let site = Site::seen(1, 1).await;
    site.fault("stop => no-lro-headers");
    site.sweep();
    settles(&site);
    assert_eq!(site.stops(), (1, 1));
    let told = site.place.run(&["explain", crate::site::NAME]);
    assert!(told.out.contains("it is off"), "{}{}", told.out, told.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_20_an_operation_that_failed_is_counted_rests_and_is_told() {
    for fate in ["operation-fails", "operation-canceled"] {
        let site = Site::seen(1, 1).await;
        site.fault(&format!("stop => {fate}"));
        let service = asked(&site);
        until("the failure", || service.log().contains("result=\"operation_failed\"").then_some(()));
        assert_eq!(site.stops(), (1, 1), "{fate}: it rests: {}", service.log());
        assert!(site.explained().contains("backing_off"), "{fate}: {}", site.explained());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_21_an_operation_that_never_ends_is_looked_at_and_never_sent_again() {
    let site = Site::seen(1, 1).await;
    site.fault("stop => operation-never-ends");
    site.sweep();
    for _ in 0..5 {
        site.sweep();
    }
    site.estate.let_operations_end();
    site.sweep();
    assert_eq!(site.stops(), (1, 1), "{:?}", site.asked_of_it());
    assert!(site.explained().contains("stop_under_way"), "{}", site.explained());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_22_the_instance_counts_and_not_what_its_operation_says() {
    let site = Site::seen(1, 1).await;
    site.fault("stop => operation-lies");
    let service = asked(&site);
    let status = || site.estate.sandbox.recorder().count("status");
    until("a question after the operation", || (status() >= 2).then_some(()));
    sweeps(&service, 2);
    let page = service.get("/metrics");
    assert!(!page.contains("lightsout_stops_verified_total{result=\"stopped\"} 1"), "{}", service.log());
    let told = site.place.run(&["explain", crate::site::NAME]);
    assert!(told.code == 0 && !told.out.contains("it is off"), "{}{}", told.out, told.err);
    assert_eq!(site.stops(), (1, 1), "and no second one at once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_23_who_starts_again_after_a_stop_is_left_alone() {
    let site = Site::seen(1, 1).await;
    site.sweep();
    settles(&site);
    let started = site.estate.sandbox.look(|world| world.start_as_person(&site.id()));
    assert_eq!(started, Ok(()));
    settles(&site);
    site.sweep();
    assert_eq!(site.stops(), (1, 1), "S9: {}", site.explained());
    assert!(
        site.explained().contains("started_by_someone") || site.explained().contains("keep"),
        "{}",
        site.explained()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_33_an_answer_that_was_lost_is_settled_by_looking() {
    let site = Site::seen(1, 1).await;
    site.fault("stop => reset-after");
    site.sweep();
    assert_eq!(site.stops().0, 1, "the reset is not answered by another POST");
    settles(&site);
    assert_eq!(site.stops().0, 1);
    let told = site.place.run(&["explain", crate::site::NAME]);
    assert!(told.out.contains("it is off"), "{}{}", told.out, told.err);
    let before = Site::seen(1, 1).await;
    before.fault("stop => reset");
    for _ in 0..3 {
        before.sweep();
    }
    assert_eq!(before.stops().0, 1, "whether it was taken is not known: it is looked at, and not sent again");
}
