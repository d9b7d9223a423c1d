//! What is read: tags, pages, a large fleet, and answers to what cannot be meant.

use std::collections::BTreeSet;

use lightsout::access::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::contract::table;
use crate::house::{Answer, House, OFFICE, sent};

async fn tagged(house: &House, path: &str, token: &str, known: &str) -> Answer {
    sent(house.ask(Method::GET, path).bearer_auth(token).header("if-none-match", known)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_known_already_is_not_sent_again() {
    let house = House::new(1, 3, OFFICE).await;
    let token = house.token("all", &Scope::ALL, &[]);
    let one = house.path("ci-00000-00000");
    let mut tried = 0;
    for route in table().into_iter().filter(|route| route.method == "GET" && route.path.starts_with("/api/")) {
        if route.path == "/api/v1/events" {
            continue;
        }
        let path = route.path.replace("/api/v1/instances/{subscription}/{group}/{workspace}/{name}", &one);
        // the list of audit lines grows by what is asked here and refused, which is nothing
        let first = house.get(&path, &token).await;
        let tag = first.tag.clone().unwrap_or_else(|| panic!("{path}: {first:?}"));
        assert_eq!((first.status, first.kind.as_str()), (200, "application/json"), "{path}");
        for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
            let again = tagged(&house, &path, &token, &known).await;
            assert_eq!((again.status, again.text.as_str()), (304, ""), "{path} with {known}");
            assert_eq!(again.tag.as_deref(), Some(tag.as_str()), "{path} with {known}");
        }
        for other in ["\"x\"", "", "W/", tag.trim_matches('"')] {
            assert_eq!(tagged(&house, &path, &token, other).await.status, 200, "{path} with {other}");
        }
        tried += 1;
    }
    assert!(tried >= 11, "{tried}");
    let before = house.get(&one, &token).await.tag.unwrap();
    let made =
        sent(house.post(&format!("{one}/holds"), &json!({ "seconds": 60, "reason": "x" })).bearer_auth(&token)).await;
    assert_eq!((made.status, made.tag.as_deref()), (201, None));
    assert_ne!(house.get(&one, &token).await.tag.unwrap(), before, "what has changed has another tag");
}

fn names(page: &Value) -> Vec<String> {
    let rows = page["instances"].as_array().unwrap();
    rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_hold_every_instance_once() {
    let house = House::new(2, 6, OFFICE).await;
    let token = house.token("all", &[Scope::Read], &[]);
    for sort in ["next", "name", "state", "owner", "cost", "active", "size"] {
        for desc in ["", "&desc=true"] {
            let mut seen = Vec::new();
            for page in 1..=3 {
                let path = format!("/api/v1/instances?sort={sort}{desc}&per_page=5&page={page}");
                let told = house.get(&path, &token).await.json();
                assert_eq!((&told["page"], &told["pages"], &told["all"]), (&json!(page), &json!(3), &json!(12)));
                seen.extend(names(&told));
            }
            let once: BTreeSet<_> = seen.iter().collect();
            assert_eq!((seen.len(), once.len()), (12, 12), "{sort}{desc}: {seen:?}");
        }
    }
    let beyond = house.get("/api/v1/instances?per_page=5&page=1000000", &token).await.json();
    assert_eq!((&beyond["page"], names(&beyond).len()), (&json!(3), 2), "beyond the last is the last");
    let none = house.get("/api/v1/instances?q=nothing-of-that-name", &token).await.json();
    assert_eq!((&none["page"], &none["pages"], &none["matching"]), (&json!(1), &json!(1), &json!(0)));
    for wrong in [
        "page=0",
        "page=1000001",
        "page=-1",
        "page=x",
        "page=",
        "per_page=0",
        "per_page=501",
        "per_page=99999999999",
        "sort=price",
        "state=idle",
        "desc=2",
        "unknown=1",
        "page=1&page=2",
    ] {
        let answer = house.get(&format!("/api/v1/instances?{wrong}"), &token).await;
        assert!(answer.status == 400 && !answer.problem().is_empty(), "{wrong}: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_instances_are_listed_within_the_bounds_of_a_page() {
    let house = House::new(20, 500, OFFICE).await;
    let token = house.token("all", &[Scope::Read], &[]);
    let mut seen = BTreeSet::new();
    for page in 1..=20 {
        let answer = house.get(&format!("/api/v1/instances?sort=name&per_page=500&page={page}"), &token).await;
        let told = answer.json();
        assert_eq!((&told["all"], &told["pages"]), (&json!(10_000), &json!(20)));
        // a row takes some 1.4 kB
        assert!(answer.text.len() < 500 * 2_500, "{} bytes", answer.text.len());
        seen.extend(names(&told).into_iter().map(|name| format!("{name} {page}")));
    }
    assert_eq!(seen.len(), 10_000);
    let usual = house.get("/api/v1/instances", &token).await.json();
    assert_eq!((names(&usual).len(), &usual["matching"]), (100, &json!(10_000)), "and 100 when nothing is said");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_cannot_be_meant_is_answered_with_a_problem() {
    let house = House::new(1, 1, OFFICE).await;
    let token = house.token("all", &Scope::ALL, &[]);
    let one = house.path("ci-00000-00000");
    let ask = |method: Method, path: &str| house.ask(method, path).bearer_auth(&token);
    for (method, path, status) in [
        (Method::GET, "/api/v1/nothing", 404),
        (Method::GET, "/api/v1/instances/a/b/c/d", 404),
        (Method::GET, "/api/v1/instances/%FF/b/c/d", 400),
        (Method::GET, "/api/v1/instances/a/b/c/%00%0a%2f..%2f", 404),
        (Method::GET, "/api/v1/savings?month=2026-13", 400),
        (Method::GET, "/api/v1/savings?month=2026-04", 404),
        (Method::GET, "/api/v1/savings?by=nothing", 400),
        (Method::GET, "/api/v1/forecasts?days=367", 400),
        (Method::DELETE, "/api/v1/holds/%FF", 400),
        (Method::DELETE, "/api/v1/holds/nothing", 404),
        (Method::DELETE, "/api/v1/me", 405),
    ] {
        let answer = sent(ask(method.clone(), path)).await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        answer.problem();
    }
    for (body, kind, status) in [
        ("{", "application/json", 400),
        ("", "application/json", 400),
        ("null", "application/json", 400),
        ("{\"seconds\":60}", "application/json", 400),
        ("{\"seconds\":60,\"reason\":\" \"}", "application/json", 400),
        ("{\"seconds\":60,\"reason\":\"x\",\"by\":\"somebody else\"}", "application/json", 400),
        ("{\"seconds\":60,\"reason\":\"x\"}", "text/plain", 403),
        ("{\"seconds\":0,\"reason\":\"x\"}", "application/json", 400),
        ("{\"seconds\":31622401,\"reason\":\"x\"}", "application/json", 400),
        ("{\"seconds\":60.5,\"reason\":\"x\"}", "application/json", 400),
        ("{\"seconds\":\"60\",\"reason\":\"x\"}", "application/json", 400),
        ("{\"seconds\":4294967296,\"reason\":\"x\"}", "application/json", 400),
        ("{\"seconds\":86400,\"reason\":\"x\"}", "application/json", 409),
    ] {
        let asked = ask(Method::POST, &format!("{one}/holds")).header("content-type", kind).body(body);
        let answer = sent(asked).await;
        assert_eq!(answer.status, status, "{body}: {answer:?}");
        answer.problem();
    }
    let long = json!({ "seconds": 60, "reason": "x".repeat(201) }).to_string();
    let answer =
        sent(ask(Method::POST, &format!("{one}/holds")).header("content-type", "application/json").body(long)).await;
    assert!(answer.status == 400 && answer.problem().contains("200"), "{answer:?}");
    assert!(house.holds().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_method_is_answered_with_those_that_there_are() {
    let house = House::new(1, 1, OFFICE).await;
    let token = house.token("all", &Scope::ALL, &[]);
    let all = table();
    for path in all.iter().map(|route| route.path).collect::<BTreeSet<_>>() {
        let mut known: BTreeSet<&str> =
            all.iter().filter(|one| one.path == path).map(|one| one.method.as_str()).collect();
        if known.contains("GET") {
            known.insert("HEAD");
        }
        let asked = house.ask(Method::PUT, &path.replace(['{', '}'], "")).bearer_auth(&token);
        let answer = sent(asked.header("content-type", "application/json").body("{}")).await;
        assert_eq!(answer.status, 405, "{path}: {answer:?}");
        answer.problem();
        let allow = answer.allow.unwrap_or_default();
        let told: BTreeSet<&str> = allow.split(',').map(str::trim).collect();
        assert_eq!(told, known, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_listens_is_told_when_the_fleet_is_published_anew() {
    let house = House::new(1, 1, OFFICE).await;
    let token = house.token("all", &[Scope::Read], &[]);
    let mut news = house.ask(Method::GET, "/api/v1/events").bearer_auth(&token).send().await.unwrap();
    assert_eq!(news.headers()["content-type"], "text/event-stream");
    let first = news.chunk().await.unwrap().unwrap();
    assert_eq!(&first[..], b"event: fleet\ndata: {\"at\":\"2026-03-16T10:00:00Z\"}\n\n");
    house.at("2026-03-16T10:05:00Z");
    house.engine.sweep_all().await;
    let second = news.chunk().await.unwrap().unwrap();
    assert_eq!(&second[..], b"event: fleet\ndata: {\"at\":\"2026-03-16T10:05:00Z\"}\n\n");
}
