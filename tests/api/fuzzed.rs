//! Schemathesis asks the API whatever its document lets one ask, and more: no answer is a fault of the service, and none is
//! other than the document says.

use std::path::Path;
use std::process::Command;

use lightsout::access::Scope;
use lightsout::ports::{Control as _, HoldRequest};

use crate::contract::document;
use crate::house::{House, OFFICE};
use crate::tools::tool;

/// Names that stand for something, so that requests get further than "there is no such instance".
fn named(house: &House, hold: &str) -> String {
    let id = house.instance("ci-00000-00000").facts.id.clone();
    let place = id.workspace();
    format!(
        "[parameters]\n\"path.subscription\" = {:?}\n\"path.group\" = {:?}\n\"path.workspace\" = {:?}\n\
         \"path.name\" = {:?}\n\"path.id\" = {hold:?}\n\
         [[operations]]\ninclude-operation-id = \"acknowledgePolicy\"\nparameters = {{ \"path.name\" = \"office\" }}\n",
        place.subscription().as_str(),
        place.resource_group(),
        place.name(),
        id.name()
    )
}

async fn hold(house: &House) -> String {
    let request = HoldRequest {
        instance: "ci-00000-00000".to_owned(),
        seconds: 3_600,
        reason: "x".to_owned(),
        by: "x".to_owned(),
        life: None,
        link: None,
        off: false,
    };
    house.engine.hold(request).await.unwrap().id
}

fn run(house: &House, dir: &Path, (config, more): (&str, &[&str])) -> Option<(bool, String)> {
    let mut command: Command = tool("schemathesis")?;
    std::fs::write(dir.join("schemathesis.toml"), config).unwrap();
    let token = house.token(&format!("fuzz-{}", config.len()), &Scope::ALL, &[]);
    command.current_dir(dir).env("NO_COLOR", "1").env("NO_PROXY", "*");
    command.arg("--config-file").arg(dir.join("schemathesis.toml")).arg("run").arg(document());
    command.args([
        "--url",
        &format!("http://{}", house.address),
        "--header",
        &format!("Authorization: Bearer {token}"),
    ]);
    // the stream of events has no end, and is tried elsewhere
    command.args(["--exclude-operation-id", "streamEvents", "--checks", "all", "--seed", "20261123"]);
    command.args(["--workers", "1", "--request-timeout", "20", "--continue-on-failure", "--no-shrink"]);
    command.args(more);
    let done = command.output().unwrap();
    let text = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    Some((done.status.success(), text))
}

async fn judged(more: &[&str], are_named: bool) {
    let house = House::new(1, 3, &format!("{OFFICE}[hold]\nper_week = 100000\n")).await;
    let dir = tempfile::tempdir().unwrap();
    let config = if are_named { named(&house, &hold(&house).await) } else { String::new() };
    let ran = tokio::task::block_in_place(|| run(&house, dir.path(), (&config, more)));
    let Some((fine, text)) = ran else { return };
    assert!(fine, "{text}");
    // all but the stream of events, and enough of each
    let operations = lightsout::web::documented().len() - 1;
    assert!(text.contains(&format!("Tested: {operations}\n")), "{text}");
    let counts = text.lines().find_map(|line| line.trim().strip_suffix(" passed")?.split_once(" generated, "));
    let (generated, passed) = counts.unwrap_or_else(|| panic!("no count in {text}"));
    assert_eq!(generated, passed);
    assert!(passed.parse::<usize>().unwrap() > 20 * operations, "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_no_breach_of_the_document_by_any_names() {
    judged(&["--max-examples", "20"], false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_no_breach_of_the_document_by_names_that_there_are() {
    judged(&["--max-examples", "20", "--phases", "examples,coverage,fuzzing"], true).await;
}
