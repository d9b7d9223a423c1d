//! What people do on the page reaches Azure, or is kept from it: holds, stops, the freeze; and what Azure does shows.

use lightsout::sandbox::State;
use serde_json::{Value, json};

use super::robot::Robot;
use super::service::until;
use super::stage::{Stage, at_once};

const FIRST: &str = "ci-00000-00000";
const SECOND: &str = "ci-00000-00001";

fn words<'a>(told: &'a Value, part: &str) -> &'a str {
    told[part].as_str().unwrap_or_else(|| panic!("no {part} in {told}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g13_a_hold_given_on_the_page_keeps_a_machine_on_past_its_deadline_until_it_is_lifted() {
    let stage = Stage::open(3, |_| {}, "").await;
    let names = json!({ "held": FIRST, "other": SECOND });
    let Some(mut robot) = Robot::start("hold_on_page", &stage.base, &names) else { return };
    let told = robot.at("held");
    assert!(words(&told, "cost").contains(" costs ") && words(&told, "cost").contains(" USD"), "{told}");
    assert!(words(&told, "next").contains("held, ends"), "{told}");
    let holds = stage.holds().await;
    assert_eq!((holds.len(), &holds[0]["reason"]), (1, &json!("thesis & <b>data</b>")));

    stage.place.write("policies/night.toml", &at_once());
    robot.go_on(&Value::Null);
    robot.at("acknowledged");
    until("the stop of what is not held", || (stage.estate.stops_of(SECOND) == (1, 1)).then_some(()));
    stage.sweep();
    assert_eq!(stage.estate.stops_of(FIRST), (0, 0), "G13: a hold wins");
    robot.go_on(&Value::Null);
    robot.at("lifted");
    until("the stop of what is held no more", || (stage.estate.stops_of(FIRST) == (1, 1)).then_some(()));
    stage.estate.let_operations_end();
    robot.go_on(&Value::Null);
    robot.ends();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g12_a_freeze_from_the_page_stands_on_every_page_and_stops_nothing_until_it_is_lifted() {
    let stage = Stage::open(2, |_| {}, "").await;
    let Some(mut robot) = Robot::start("freeze", &stage.base, &Value::Null) else { return };
    robot.at("frozen");
    stage.place.write("policies/night.toml", &at_once());
    until("the new policy", || {
        let status: Value = serde_json::from_str(&stage.place.run(&["status", "--json"]).out).ok()?;
        status["policies"][0]["canary_until"].is_string().then_some(())
    });
    let acknowledged = stage.place.run(&["ack", "night"]);
    assert_eq!(acknowledged.code, 0, "{}", acknowledged.err);
    stage.sweep();
    stage.sweep();
    for name in [FIRST, SECOND] {
        assert_eq!(stage.estate.stops_of(name), (0, 0), "{name} while frozen");
    }
    robot.go_on(&Value::Null);
    robot.at("lifted");
    for name in [FIRST, SECOND] {
        until("the stops that were due", || (stage.estate.stops_of(name) == (1, 1)).then_some(()));
    }
    robot.go_on(&Value::Null);
    robot.ends();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_and_a_start_from_the_page_are_asked_of_azure_once_and_a_stop_refused_for_what_is_in_use() {
    let job = |options: &mut lightsout::sandbox::SandboxOptions| {
        options.world.workspaces[0].instances[1].state = State::JobRunning;
    };
    let mut stage = Stage::open(2, job, "").await;
    stage.estate.starts = true;
    let names = json!({ "idle": FIRST, "busy": SECOND });
    let Some(mut robot) = Robot::start("stop", &stage.base, &names) else { return };
    robot.at("cancelled");
    assert_eq!(stage.estate.stops_of(FIRST), (0, 0));
    robot.go_on(&Value::Null);
    robot.at("stopped");
    assert_eq!(stage.estate.stops_of(FIRST), (1, 1));
    stage.estate.let_operations_end();
    robot.go_on(&Value::Null);
    robot.at("started");
    assert_eq!(stage.estate.posts_of(FIRST, "start"), (1, 1));
    robot.go_on(&Value::Null);
    let refused = robot.at("refused");
    let refused = refused.as_str().unwrap();
    assert!(refused.starts_with("ci-00000-00001 was not stopped: it is in use: a job is running"), "{refused}");
    stage.sweep();
    assert_eq!((stage.estate.stops_of(FIRST), stage.estate.stops_of(SECOND)), ((1, 1), (0, 0)), "once, and never");
    robot.go_on(&Value::Null);
    robot.ends();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changes_in_azure_shows_on_the_open_page_and_without_javascript_the_fleet_is_read_and_sorted() {
    let off = |options: &mut lightsout::sandbox::SandboxOptions| {
        options.world.workspaces[0].instances[1].state = State::Stopped;
    };
    let stage = Stage::open(3, off, "").await;
    let Some(mut robot) = Robot::start("live", &stage.base, &json!({ "changes": SECOND })) else { return };
    robot.at("open");
    let id = format!("{}/computes/{SECOND}", stage.estate.workspaces()[0]);
    stage.estate.sandbox.look(|world| world.start_as_person(&id)).unwrap();
    stage.estate.let_operations_end();
    robot.go_on(&Value::Null);
    robot.ends();
}
