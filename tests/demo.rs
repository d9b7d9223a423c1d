//! The demo's figures: nothing in use by a job is stopped, nothing due is missed, and a seed says it all.
#![expect(clippy::unwrap_used, reason = "helpers of tests: what cannot be had fails the test")]

#[path = "support/allowed.rs"]
mod allowed;

use std::collections::BTreeMap;

use allowed::strays;
use lightsout::cli::demo::{DemoOptions, demo};
use serde_json::Value;

const KEYS: [&str; 35] = [
    "seed",
    "instances",
    "agents_percent",
    "days",
    "stops",
    "verified",
    "warned",
    "delivered",
    "late",
    "surprised",
    "held",
    "held_by_link",
    "refused",
    "busy_stopped",
    "busy_unseen",
    "regrets",
    "missed",
    "running_hours",
    "running_hours_without",
    "cost",
    "cost_without",
    "avoided",
    "residual",
    "ledger_rows",
    "ledger_cost",
    "ledger_avoided",
    "ledger_residual",
    "ledger_error_ratio",
    "bill_days",
    "billed_days",
    "bill_error_ratio",
    "captured_ratio",
    "arm_calls",
    "sweeps",
    "wall_seconds",
];

async fn figures(seed: u64, agents: u8) -> Value {
    drop(rustls::crypto::ring::default_provider().install_default());
    let (figures, open) = demo(
        DemoOptions { days: 3, speed: None, seed, paced: false, listen: None, page: None, agents, journal: None },
        None,
    )
    .await
    .unwrap();
    let mut requests = open.requests();
    // a question a subscription, a day and a month, and it reads (G3)
    assert_eq!(requests.remove(&("POST".to_owned(), "cost-query")), Some(12), "{requests:?}");
    assert!(requests.contains_key(&("POST".to_owned(), "stop")), "{requests:?}");
    assert_eq!(strays(&requests), Vec::<String>::new(), "I1");
    serde_json::to_value(figures).unwrap()
}

async fn told(seed: u64, agents: u8) -> Value {
    let mut figures = figures(seed, agents).await;
    let object = figures.as_object_mut().unwrap();
    // other fleets are looked at by the command, and not by this one run
    assert_eq!(object.remove("fleets"), Some(Value::Array(Vec::new())));
    assert!(agents < 100 || object["busy_unseen"] == 0, "an agent sees every use: {object:?}");
    assert!(KEYS.iter().all(|key| object.get(*key).is_some_and(Value::is_number)), "{object:?}");
    assert_eq!(object.len(), KEYS.len(), "{object:?}");
    assert_eq!((&object["busy_stopped"], &object["missed"]), (&0.into(), &0.into()), "{object:?}");
    assert_eq!(
        (&object["late"], &object["surprised"]),
        (&0.into(), &0.into()),
        "a stop must never surprise: {object:?}"
    );
    assert_eq!(object["delivered"], object["warned"], "{object:?}");
    let (held, by_link) = (object["held"].as_u64().unwrap(), object["held_by_link"].as_u64().unwrap());
    assert!(by_link > 0 && by_link <= held, "links of warnings are followed over HTTP: {object:?}");
    assert!(object["stops"].as_u64() > Some(0) && object["warned"].as_u64() > Some(0), "{object:?}");
    let number = |key: &str| object[key].as_f64().unwrap();
    // the ledger against the true meters; a sweep every five minutes, and a stop takes one
    assert!(number("ledger_error_ratio") < 0.01, "{object:?}");
    assert!(number("captured_ratio") > 0.0 && number("captured_ratio") <= 1.0, "{object:?}");
    assert!(number("ledger_avoided") > 0.0 && number("ledger_avoided") <= number("avoided"), "{object:?}");
    object.remove("wall_seconds");
    figures
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_days_of_one_seed_are_always_the_same() {
    assert_eq!(told(1, 50).await, told(1, 50).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_days_of_other_seeds_keep_the_promises_too() {
    let (second, third) = (told(2, 100).await, told(3, 0).await);
    assert_ne!(second, third);
}

#[test]
fn i1_whatever_else_arrives_is_told() {
    let counted = |method: &str, kind| strays(&BTreeMap::from([((method.to_owned(), kind), 1)]));
    for (method, kind) in
        [("GET", "list-computes"), ("GET", "other"), ("POST", "stop"), ("POST", "token"), ("POST", "inbox")]
    {
        assert!(counted(method, kind).is_empty(), "{method} {kind}");
    }
    for (method, kind) in [
        ("POST", "start"),
        ("POST", "restart"),
        ("POST", "get"),
        ("POST", "other"),
        ("PUT", "get"),
        ("DELETE", "get"),
        ("PUT", "create"),
        ("DELETE", "delete"),
        ("POST", "check-name"),
        ("PATCH", "stop"),
    ] {
        assert_eq!(counted(method, kind), [format!("1 of {method} {kind}")], "I1");
    }
}
