//! Who may do what, over real HTTP and for every route of the table: role by way by scope by whose instance it is, exactly as
//! the one function says that decides it.

use std::collections::BTreeSet;

use lightsout::access::{Ownership, Person, Role, Rule, Scope, Scopes, TokenRecord, Way, allows};
use lightsout::ports::{Control as _, HoldRequest};
use lightsout::web::door::Route;
use lightsout::web::openapi;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::contract::table;
use crate::house::{ADA, Answer, BOB, House, OFFICE, sent};

/// A machine of ada's, who asks, and one of bob's.
const THEIRS: (&str, &str) = ("ci-00000-00000", ADA);
const OTHERS: (&str, &str) = ("ci-00000-00001", BOB);

/// Somebody, how they show who they are, and what the door should make of them.
struct Caller {
    name: String,
    person: Option<Person>,
    token: Option<String>,
    role: Option<Role>,
}

fn person(role: Role, way: Way, addresses: &[&str]) -> Person {
    let addresses = addresses.iter().map(|address| (*address).to_owned()).collect();
    Person { key: "x".to_owned(), name: "x".to_owned(), addresses, role, way }
}

/// Nobody, each role by a proxy, and tokens with every set of scopes, for ada's machines and for any.
fn callers(house: &House) -> Vec<Caller> {
    let mut all = vec![Caller { name: "nobody".to_owned(), person: None, token: None, role: None }];
    for role in Role::ALL {
        let person = Some(person(role, Way::Proxy, &["ada", ADA]));
        all.push(Caller { name: format!("proxy {role}"), person, token: None, role: Some(role) });
    }
    for bits in 0_usize..16 {
        let scopes: Vec<Scope> = (0..4).filter(|at| bits & (1 << at) != 0).map(|at| Scope::ALL[at]).collect();
        for owners in [&[][..], &[ADA]] {
            let name = format!("token {bits} {}", owners.len());
            let text = house.token(&name.replace(' ', "-"), &scopes, owners);
            let set: Scopes = scopes.iter().copied().collect();
            let person = Some(person(record(set, owners).role(), Way::Token(set), owners));
            all.push(Caller { name, person, token: Some(text), role: None });
        }
    }
    all
}

fn record(scopes: Scopes, owners: &[&str]) -> TokenRecord {
    TokenRecord {
        name: String::new(),
        sha256: String::new(),
        scopes,
        addresses: owners.iter().map(|owner| (*owner).to_owned()).collect(),
        made_at: jiff::Timestamp::UNIX_EPOCH,
        made_by: String::new(),
        expires_at: jiff::Timestamp::UNIX_EPOCH,
        revoked_at: None,
    }
}

/// The routes that are about a rule; the login's own turn away for reasons of their own and are tried elsewhere.
fn routes() -> Vec<Route> {
    table().into_iter().filter(|route| !route.path.starts_with("/login") && route.path != "/logout").collect()
}

/// The path of a route for one machine, and what is sent there.
fn filled(house: &House, route: &Route, machine: &str) -> (String, Value) {
    let place = house.path(machine).replace("/api/v1/instances/", "");
    let hold = house.instance(machine).holds.first().map(|hold| hold.id.clone()).unwrap_or_default();
    let path = route.path.replace("{subscription}/{group}/{workspace}/{name}", &place).replace("{id}", &hold);
    let path = path.replace("policies/{name}", "policies/office").replace("{name}", "page.css");
    let link = || house.link(machine, "2026-03-16T20:00:00Z");
    let body = match route.path {
        path if path.ends_with("/holds") => json!({ "seconds": 60, "reason": "x" }),
        path if path.ends_with("/stop") || path.ends_with("/start") => json!({ "reason": "x" }),
        path if path.ends_with("/proposal/keep") => json!({ "reason": "x" }),
        path if path.ends_with("/proposal/confirm") => json!({ "reason": "x", "proposal": "x" }),
        "/api/v1/freeze" => json!({ "reason": "x" }),
        "/links/look" => json!({ "token": link() }),
        "/links/use" => json!({ "token": link(), "seconds": 60 }),
        _ => json!({}),
    };
    (path, body)
}

fn asked(house: &House, route: &Route, caller: &Caller, machine: &str) -> RequestBuilder {
    let (path, body) = filled(house, route, machine);
    let mut asked = house.ask(route.method.clone(), &path);
    if route.method != "GET" {
        asked = asked.header("origin", format!("http://{}", house.address));
        asked = asked.header("content-type", "application/json").body(body.to_string());
    }
    if let Some(role) = caller.role {
        asked = asked.header("x-user", "ada").header("x-email", ADA).header("x-groups", role.label());
    }
    match &caller.token {
        Some(token) => asked.bearer_auth(token),
        None => asked,
    }
}

/// There is a hold to be lifted: otherwise nobody would be asked whether they may.
async fn held(house: &House, machine: &str) {
    if house.instance(machine).holds.is_empty() {
        let request = HoldRequest {
            instance: machine.to_owned(),
            seconds: 3_600,
            reason: "x".to_owned(),
            by: "x".to_owned(),
            life: None,
            link: None,
            off: false,
        };
        house.engine.hold(request).await.unwrap();
    }
}

/// What the document says that a route of the API answers.
fn documented(document: &Value, route: &Route, answer: &Answer) {
    if route.path.starts_with("/api/") {
        let told = &document["paths"][route.path][route.method.as_str().to_lowercase()]["responses"];
        assert!(told[answer.status.to_string()].is_object(), "{route:?} does not tell of {answer:?}");
    }
}

/// Everything that anybody could have changed.
async fn state(house: &House) -> String {
    let view = house.engine.view();
    let stops = house.sandbox.recorder().counts().get(&("POST".to_owned(), "stop")).copied();
    let holds = house.holds().await;
    format!("{holds:?} {stops:?} {:?}", view.freeze)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_lets_in_whom_the_rules_let_in_and_nobody_else() {
    let house = House::new(1, 2, &format!("{OFFICE}[hold]\nper_week = 100000\n")).await;
    let (callers, routes, document) = (callers(&house), routes(), openapi());
    let rules: BTreeSet<&str> = routes.iter().map(|route| route.rule.label()).collect();
    assert_eq!(rules.len(), Rule::ALL.len(), "{rules:?}");
    let mut count = (0, 0);
    // first those who are turned away: nothing may come of it
    for turned_away in [true, false] {
        for (machine, _) in [THEIRS, OTHERS] {
            held(&house, machine).await;
        }
        let before = state(&house).await;
        for route in &routes {
            for caller in &callers {
                for ((machine, _), owned) in [(THEIRS, Ownership::Theirs), (OTHERS, Ownership::NotTheirs)] {
                    // whose it is matters to two rules, and a token without addresses owns nothing
                    let owns = caller.person.as_ref().is_some_and(|person| !person.addresses.is_empty());
                    let owned = if owns { owned } else { Ownership::NotTheirs };
                    let judged = match route.rule {
                        Rule::Own | Rule::Stop => allows(route.rule, caller.person.as_ref(), owned),
                        Rule::Anyone | Rule::Read | Rule::Operate | Rule::Administer => {
                            allows(route.rule, caller.person.as_ref(), Ownership::NotKnownYet)
                        }
                    };
                    if judged.is_err() != turned_away {
                        continue;
                    }
                    if !turned_away {
                        held(&house, machine).await;
                    }
                    let answer = sent(asked(&house, route, caller, machine)).await;
                    let what = format!("{} {} for {} of {machine}: {answer:?}", route.method, route.path, caller.name);
                    documented(&document, route, &answer);
                    match judged {
                        Err(denied) => {
                            let status = if denied.is_for_want_of_a_login() { 401 } else { 403 };
                            assert_eq!((answer.status, answer.problem()), (status, denied.to_string()), "{what}");
                            count.0 += 1;
                        }
                        Ok(()) => {
                            assert!(!matches!(answer.status, 401 | 403) && answer.status < 500, "{what}");
                            count.1 += 1;
                        }
                    }
                }
            }
        }
        assert!(!turned_away || state(&house).await == before, "something came of what was denied");
    }
    assert!(count.0 > 500 && count.1 > 500, "{count:?}");
}
