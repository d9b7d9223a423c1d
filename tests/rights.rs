//! Every route that people are served, asked of the running service with tokens of every kind: who is let in is what the
//! route's rule says, and no route is left out, since the list is the router's own.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

#[path = "support/allowed.rs"]
mod allowed;
#[path = "support/estate.rs"]
mod estate;
#[path = "support/program.rs"]
mod program;
#[path = "support/service.rs"]
mod service;

use estate::Estate;
use lightsout::access::Rule;
use lightsout::cli::clock::SystemClock;
use lightsout::cli::outside::Outside;
use lightsout::cli::records::Recorded;
use lightsout::engine::Engine;
use lightsout::web::door::{Route, Routes};
use lightsout::web::people_routes;
use program::{Place, off_now};
use reqwest::{Client, Method, Response};
use serde_json::Value;
use service::{Service, until};

/// The router's own table.
fn table() -> Vec<Route> {
    let routes: Routes<_> = people_routes::<Engine<Outside<SystemClock>>, Recorded<SystemClock>>();
    routes.table()
}

/// A service that takes tokens, and where its page is.
fn started(place: &Place) -> (Service, String) {
    let service = Service::start(place, &[]);
    until("readiness", || service.get("/readyz").starts_with("HTTP/1.1 200").then_some(()));
    let at = until("the page", || {
        let log = service.log();
        let rest = log.split("the page is at ").nth(1)?.to_owned();
        rest.split_whitespace().next().map(str::to_owned)
    });
    (service, at)
}

fn minted(place: &Place, name: &str, more: &[&str]) -> String {
    let said = place.run(&[&["token", "mint", name][..], more].concat());
    assert_eq!(said.code, 0, "{}", said.err);
    said.out.trim().to_owned()
}

async fn asked(at: &str, method: &Method, path: &str, token: Option<&str>) -> Response {
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
    let mut request = client.request(method.clone(), format!("{at}{path}"));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let request = match *method {
        Method::GET => request,
        _ => request.header("content-type", "application/json").header("origin", at).body("{}"),
    };
    request.send().await.unwrap()
}

/// A path with something in place of what varies, which is nothing that exists.
fn filled(path: &str) -> String {
    path.split('/').map(|part| if part.starts_with('{') { "none" } else { part }).collect::<Vec<_>>().join("/")
}

async fn site(policy: &str) -> (Estate, Place) {
    let estate = Estate::start(1, 2, |_| {}).await;
    let place = Place::new(&estate.sandbox.base_url(), estate.workspaces(), "[web.tokens]\nenabled = true\n");
    place.write("policies/night.toml", policy);
    (estate, place)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_lets_in_whom_its_rule_allows() {
    let (estate, place) = site(&off_now("observe", "15m", "")).await;
    let (mut service, at) = started(&place);
    let one = |scope: &str| Some(minted(&place, scope, &["--scope", scope]));
    let (read, hold, operate, admin) = (one("read"), one("hold"), one("operate"), one("admin"));
    let callers: [(Option<Rule>, Option<String>); 5] = [
        (None, None),
        (Some(Rule::Read), read),
        (Some(Rule::Own), hold),
        (Some(Rule::Operate), operate),
        (Some(Rule::Administer), admin),
    ];
    let table = table();
    assert!(table.len() >= 20, "{table:?}");
    for route in &table {
        for (opens, token) in &callers {
            // a login that nobody began is turned away by itself, whoever asks
            if route.path.starts_with("/login") {
                continue;
            }
            let status = asked(&at, &route.method, &filled(route.path), token.as_deref()).await.status().as_u16();
            // a token that may operate may stop; one that may hold must not
            let needs = if route.rule == Rule::Stop { Rule::Operate } else { route.rule };
            let is_let_in = route.rule == Rule::Anyone || *opens == Some(needs);
            let turned = if token.is_none() { 401 } else { 403 };
            assert_eq!(status != turned, is_let_in, "{route:?} with a token for {opens:?}: {status}");
            assert!(is_let_in || status == turned, "{route:?} {status}");
        }
    }
    // nobody asked for a stop of anything that exists
    estate.let_operations_end();
    assert_eq!(estate.stops_of("ci-00000-00000"), (0, 0));
    service.child.kill().unwrap();
    assert!(!service.ended().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_acts_on_the_own_instance_and_on_no_other() {
    let (estate, place) = site(&off_now("observe", "15m", "")).await;
    let (_service, at) = started(&place);
    let reads = minted(&place, "reads", &[]);
    let list: Value = asked(&at, &Method::GET, "/api/v1/instances", Some(&reads)).await.json().await.unwrap();
    let all = list.get("instances").and_then(Value::as_array).cloned().unwrap_or_else(|| panic!("{list}"));
    let owner =
        all.first().and_then(|one| one.get("owner")).and_then(Value::as_str).unwrap_or_else(|| panic!("{list}"));
    let own = minted(&place, "own", &["--scope", "hold", "--owner", &owner.to_uppercase()]);
    let client = Client::builder().no_proxy().build().unwrap();
    let parts: Vec<&str> = estate.workspaces().first().map(|id| id.split('/').collect()).unwrap_or_default();
    let place_of = |name: &str| {
        let [_, _, subscription, _, group, .., workspace] = parts.as_slice() else { panic!("{parts:?}") };
        format!("{at}/api/v1/instances/{subscription}/{group}/{workspace}/{name}/holds")
    };
    let mut statuses = Vec::new();
    for one in &all {
        let name = one.get("name").and_then(Value::as_str).unwrap_or_else(|| panic!("{one}"));
        let theirs = one.get("owner").and_then(Value::as_str) == Some(owner);
        let wish = serde_json::json!({ "seconds": 3_600, "reason": "thesis" });
        let answer = client.post(place_of(name)).bearer_auth(&own).json(&wish).send().await.unwrap();
        statuses.push((theirs, answer.status().as_u16()));
    }
    assert!(statuses.contains(&(true, 201)) && statuses.contains(&(false, 403)), "{statuses:?}");
    assert!(statuses.iter().all(|(theirs, status)| *theirs == (*status == 201)), "{statuses:?}");
    // who was turned away stands in the audit log, beside what was done
    let operates = minted(&place, "operates", &["--scope", "operate,read"]);
    let audit = until("the audit log", || {
        let text = tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async {
                asked(&at, &Method::GET, "/api/v1/audit", Some(&operates)).await.text().await.unwrap()
            })
        });
        (text.contains("denied") && text.contains("token:own")).then_some(text)
    });
    assert!(audit.contains("hold"), "{audit}");
}
