//! The link of a proposal, from a real letter: a scanner changes nothing by it, a person keeps the instance, once, and nothing on
//! its page deletes.

use lightsout::notify::SmtpTls;
use lightsout::sandbox::State;
use serde_json::{Value, json};

use super::estate::Estate;
use super::letters::{by_mail, parts};
use super::postmaster::Postmaster;
use super::robot::Robot;
use super::stage::Stage;

const NAME: &str = "ci-00000-00000";
const TIDY: &str =
    "name = \"tidy\"\nmode = \"enforce\"\n[scope]\nworkspaces = [\"*\"]\n[stopped]\ndelete_after = \"7d\"\n";

/// How its proposal stands, as the API tells it.
async fn standing(stage: &Stage) -> String {
    let told: Value = stage.get("/api/v1/stopped").await.json().await.unwrap();
    told["instances"][0]["deletion"]["state"].as_str().unwrap_or_else(|| panic!("{told}")).to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_link_of_a_proposal_keeps_once_and_deletes_nothing() {
    let Some(mut server) = Postmaster::start(SmtpTls::Plain, false, &[]) else { return };
    // off since it was made, twelve days ago
    let off = |options: &mut lightsout::sandbox::SandboxOptions| {
        options.world.workspaces[0].instances[0].state = State::Stopped;
    };
    let stage = Stage::of(Estate::start(1, 1, off).await, TIDY, &by_mail(&server));
    let letter = server.letter();
    assert_eq!(letter["to"], json!(["user0@contoso.example"]));
    let text = parts(&letter)["text/plain"].as_str().unwrap().to_owned();
    let link = text.split_whitespace().find(|word| word.starts_with(&format!("{}/keep#", stage.base)));
    let link = link.unwrap_or_else(|| panic!("no link in {text}"));
    assert_eq!(standing(&stage).await, "proposed");
    let Some(mut robot) = Robot::start("keep", &stage.base, &json!({ "link": link })) else { return };
    robot.at("scanned");
    assert_eq!(standing(&stage).await, "proposed", "opening it changes nothing");
    robot.go_on(&Value::Null);

    let told = robot.at("pressed");
    let says = |part: &str, words: &str| assert!(told[part].as_str().unwrap().contains(words), "{part}: {told}");
    says("instance", NAME);
    says("workspace", "ws-00000");
    says("owner", "user0@contoso.example");
    says("cost", " a month");
    says("kept", "is kept");
    assert_eq!(told["buttons"], json!(["Keep it"]), "no link deletes anything");
    assert_eq!(standing(&stage).await, "kept");
    robot.go_on(&Value::Null);

    let again = robot.at("opened again");
    assert!(again["used"].as_str().unwrap().contains("has ended"), "{again}");
    assert!(again["broken"].as_str().unwrap().contains("not valid"), "{again}");
    robot.go_on(&Value::Null);
    robot.ends();
    assert_eq!(standing(&stage).await, "kept");
}
