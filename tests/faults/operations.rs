//! A stop that was taken, and what becomes of it (faults 16, 19 to 23, 33).

use crate::site::Site;

/// Azure's operations end, and the program looks until it says the word; how that sweep ended.
fn until_said(site: &Site, word: &str) -> i32 {
    site.estate.let_operations_end();
    let mut all = String::new();
    for _ in 0..4 {
        let said = site.place.run(&["sweep", "--json"]);
        if said.out.contains(word) {
            return said.code;
        }
        all.push_str(&format!("{}{}", said.out, said.err));
    }
    panic!("no sweep says `{word}`: {all}");
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
        site.sweep();
        assert_eq!(until_said(&site, "operation_failed"), 4, "{fate}: a stop failed");
        assert_eq!(site.stops(), (1, 1), "{fate}: it rests");
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
    site.sweep();
    assert_eq!(until_said(&site, "still_running"), 4, "the look counts, and it is told");
    let told = site.place.run(&["explain", crate::site::NAME]);
    assert!(!told.out.contains("it is off"), "{}{}", told.out, told.err);
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
