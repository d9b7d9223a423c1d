//! How the page looks with a day's worth behind it: on a desk and on a telephone, light and dark, and to axe.

use lightsout::cli::demo::{DemoOptions, demo};
use serde_json::{Value, json};

use super::robot::Robot;
use super::stage::client;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_fits_its_window_and_axe_finds_nothing_serious_light_and_dark() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let options = DemoOptions {
        days: 1,
        speed: None,
        seed: 7,
        paced: false,
        listen: None,
        page: None,
        agents: 60,
        journal: None,
    };
    let mut said = Vec::new();
    let (_, _open) = demo(options, Some(&mut said)).await.unwrap();
    let said = String::from_utf8(said).unwrap();
    let base = said.split("the page is at ").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap();
    let base = base.trim_end_matches('/');
    let told: Value = client().get(format!("{base}/api/v1/instances")).send().await.unwrap().json().await.unwrap();
    let all = told["instances"].as_array().unwrap();
    let of = |state: &str| {
        let found = all.iter().find(|one| one["state"] == state).unwrap_or_else(|| panic!("nothing is {state}"));
        found["page"].clone()
    };
    let paths = json!({
        "fleet": "/", "on": of("running"), "off": of("stopped"), "savings": "/savings",
        "week": "/week", "operations": "/operations", "hold": "/hold#none",
        "problem": "/instance/a/b/c/d",
    });
    let Some(mut robot) = Robot::start("looks", base, &json!({ "paths": paths })) else { return };
    let seen = robot.at("seen");
    assert_eq!(seen["faults"], json!([]), "{seen:#}");
    assert_eq!(seen["pages"], json!(16), "{seen:#}");
    robot.go_on(&Value::Null);
    robot.ends();
}
