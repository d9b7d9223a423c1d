//! Azure's lists that contradict themselves, and clocks that do (faults 24, 25, 27 to 29, 31, 39).

use jiff::SignedDuration;
use lightsout::sandbox::wall_now;

use crate::site::{NAME, Site};

/// Spoils a member of the first machine in lists and in looks alike.
fn everywhere(site: &Site, effect: &str) {
    for on in ["list-computes", "get"] {
        site.fault(&format!("{on} => {effect}"));
    }
}

/// A start that ended well so long ago, as Azure writes it.
fn started(ago: SignedDuration) -> String {
    let at = wall_now() - ago;
    format!(r#"{{"operationName":"Start","operationTime":"{at}","operationStatus":"Succeeded"}}"#)
}

const OPERATION: &str = "/properties/properties/lastOperation";
const STATE: &str = "/properties/properties/state";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_24_a_look_that_contradicts_the_list_stops_nothing() {
    let newer = started(SignedDuration::from_mins(10));
    for effect in [format!("set:{OPERATION}={newer}"), format!("set:{STATE}=\"Restarting\""), format!("remove:{STATE}")]
    {
        let site = Site::seen(1, 1).await;
        site.fault(&format!("get => {effect}"));
        let said = site.sweep();
        assert_eq!(site.stops(), (0, 0), "{effect}: {}{}", said.out, said.err);
        // what a look said of a start or a restart is not forgotten because the next one does not repeat it (S9, fault 25)
        site.well();
        site.sweep();
        assert!(effect.starts_with("remove") || site.stops() == (0, 0), "{effect}");
    }
    let same = Site::seen(1, 1).await;
    same.sweep();
    assert_eq!(same.stops(), (1, 1), "where both say the same it is stopped");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_25_an_order_that_goes_back_is_no_news() {
    let site = Site::seen(1, 1).await;
    site.sweep();
    site.estate.let_operations_end();
    site.sweep();
    assert_eq!(site.stops(), (1, 1));
    // a replica that lags: on again, by an operation from before the stop
    let older = started(SignedDuration::from_hours(7 * 24));
    everywhere(&site, &format!("set:{STATE}=\"Running\""));
    everywhere(&site, &format!("set:{OPERATION}={older}"));
    for _ in 0..3 {
        let said = site.sweep();
        assert_eq!(site.stops(), (1, 1), "{}{}", said.out, said.err);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_27_absent_from_one_list_is_not_gone() {
    let site = Site::seen(1, 4).await;
    site.fault(&format!("list-computes,count=1 => missing:{NAME}"));
    site.looks();
    assert!(site.explained().contains(NAME), "still known");
    site.sweep();
    site.estate.let_operations_end();
    for _ in 0..4 {
        site.sweep();
    }
    assert_eq!(site.stops(), (1, 1), "{}", site.explained());
    let ledger = site.ledger_stands();
    assert!(ledger.contains("\"instances\": 4"), "one life of each: {ledger}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_28_another_life_of_a_name_inherits_no_hold() {
    let site = Site::seen(1, 1).await;
    let held = site.place.run(&["hold", NAME, "--for", "2h", "--reason", "a long run"]);
    assert_eq!(held.code, 0, "{}{}", held.out, held.err);
    site.sweep();
    assert_eq!(site.stops(), (0, 0), "held");
    assert!(site.explained().contains("held"), "{}", site.explained());
    assert!(site.estate.sandbox.look(|world| world.recreate(&site.id())));
    site.estate.let_operations_end();
    site.sweep();
    assert!(!site.explained().contains("\"held\""), "{}", site.explained());
    site.ledger_stands();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_29_words_that_are_not_known_are_never_acted_on() {
    let lately = wall_now() - SignedDuration::from_mins(30);
    for effects in [
        vec![format!("set:{STATE}=\"Hibernating\"")],
        vec!["set:/properties/computeType=\"QuantumInstance\"".to_owned()],
        // after the edge it may have been a start
        vec![
            format!("set:{OPERATION}/operationName=\"Levitate\""),
            format!("set:{OPERATION}/operationTime=\"{lately}\""),
        ],
        vec![format!("set:{OPERATION}/operationStatus=\"Perhaps\"")],
    ] {
        let site = Site::due(1, 1).await;
        for effect in &effects {
            everywhere(&site, effect);
        }
        let said = site.sweep();
        assert_eq!(site.stops(), (0, 0), "{effects:?}: {}{}", said.out, said.err);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_31_times_that_cannot_be_stop_nothing() {
    for time in ["2999-01-01T00:00:00Z", "0001-01-01T00:00:00", "2026-11-27T08:00:00", "yesterday"] {
        let site = Site::due(1, 1).await;
        everywhere(&site, &format!("set:{OPERATION}/operationTime=\"{time}\""));
        let said = site.sweep();
        assert_eq!(site.stops(), (0, 0), "{time}: {}{}", said.out, said.err);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_39_azures_clock_far_from_ours_holds_every_stop() {
    for skew in [400, -400] {
        let site = Site::due(1, 1).await;
        site.fault(&format!("any => date-skew:{skew}"));
        let said = site.sweep();
        assert_eq!(site.stops(), (0, 0), "{skew}: {}{}", said.out, said.err);
        site.well();
        site.sweep();
        assert_eq!(site.stops(), (1, 1), "{skew}: and it passes");
    }
}
