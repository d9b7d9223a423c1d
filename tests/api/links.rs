//! The links of warnings over HTTP: what a good one does, and what no other one does.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use lightsout::cli::people::keys_of_links;
use lightsout::facts::{NoticeKey, StopKey};
use lightsout::links::{LinkClaim, for_warning};
use lightsout::ports::Control as _;
use lightsout::seal::{Claims, seal};
use lightsout::units::When;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::contract::table;
use crate::house::{ADA, Answer, House, OFFICE, sent};

const ONE: &str = "ci-00000-00000";
const OTHER: &str = "ci-00000-00001";
/// When the stop that is warned of comes.
const STOP: &str = "2026-03-16T20:00:00Z";

async fn house() -> House {
    House::new(1, 3, OFFICE).await
}

async fn press(house: &House, token: &str, seconds: u32) -> Answer {
    sent(house.post("/links/use", &json!({ "token": token, "seconds": seconds }))).await
}

async fn look(house: &House, token: &str) -> Answer {
    sent(house.post("/links/look", &json!({ "token": token }))).await
}

/// How often Azure was asked to stop something.
fn stops(house: &House) -> u64 {
    house.sandbox.recorder().counts().get(&("POST".to_owned(), "stop")).copied().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_link_holds_its_instance_once_and_for_so_long() {
    let house = house().await;
    let token = house.link(ONE, STOP);
    let looked = look(&house, &token).await;
    assert_eq!(looked.status, 200, "{looked:?}");
    let told = looked.json();
    assert_eq!((&told["instance"], &told["owner"], &told["action"]), (&ONE.into(), &ADA.into(), &"hold".into()));
    let pressed = press(&house, &token, 7_200).await;
    assert_eq!(pressed.status, 200, "{pressed:?}");
    assert_eq!(pressed.json()["held_until"]["iso"], "2026-03-16T12:00:00Z", "{pressed:?}");
    let held = house.instance(ONE);
    // a link can be passed on: nobody says that its owner pressed it
    let by = format!("whoever has the link that {ADA} was sent");
    assert_eq!((held.holds.len(), &*held.holds[0].by), (1, &*by));
    for again in [press(&house, &token, 3_600).await, look(&house, &token).await] {
        assert!(again.status == 410 && again.problem().contains("used already"), "{again:?}");
    }
    assert_eq!(house.holds().await.len(), 1);
    assert!(house.instance(OTHER).holds.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_changed_bit_of_a_link_is_believed() {
    let house = house().await;
    let token = house.link(ONE, STOP);
    let mut tried = 0;
    for place in 0..token.len() {
        for bit in 0..7 {
            let mut bytes = token.clone().into_bytes();
            bytes[place] ^= 1 << bit;
            let changed = String::from_utf8(bytes).unwrap();
            // white space around it is no part of it
            assert_ne!(changed.trim(), token);
            let answer = press(&house, &changed, 3_600).await;
            assert_eq!(answer.status, 403, "bit {bit} of {place}: {answer:?}");
            tried += 1;
        }
    }
    assert!(tried > 2_000, "{tried}");
    for wrong in ["", "lol1.", "lol1..", &token[..token.len() - 1], &format!("{token}A"), &token.repeat(9)] {
        let answer = look(&house, wrong).await;
        assert_eq!(answer.status, 403, "{wrong}: {answer:?}");
        answer.problem();
    }
    assert_eq!(house.holds().await.len(), 0);
    assert_eq!(press(&house, &token, 3_600).await.status, 200, "the true one still works");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signature_is_good_for_its_own_claim_alone() {
    let house = house().await;
    let (one, other) = (house.link(ONE, STOP), house.link(OTHER, STOP));
    let parts = |token: &str| {
        let (claim, signature) = token.strip_prefix("lol1.").unwrap().split_once('.').unwrap();
        (claim.to_owned(), signature.to_owned())
    };
    let mixed = format!("lol1.{}.{}", parts(&other).0, parts(&one).1);
    assert_eq!(press(&house, &mixed, 3_600).await.status, 403);
    // the claim, written anew by somebody without the key
    let claim: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts(&one).0).unwrap()).unwrap();
    for (field, value) in [
        ("instance", json!(house.instance(OTHER).facts.id.to_string())),
        ("seconds_max", json!(4_000_000)),
        ("exp", json!(4_000_000_000_i64)),
        ("jti", json!("0".repeat(32))),
        ("kid", json!("00000000")),
        ("action", json!("stop")),
    ] {
        let mut forged = claim.clone();
        forged[field] = value;
        let text = URL_SAFE_NO_PAD.encode(forged.to_string());
        let answer = press(&house, &format!("lol1.{text}.{}", parts(&one).1), 3_600).await;
        assert_eq!(answer.status, 403, "{field}: {answer:?}");
    }
    assert_eq!(house.holds().await.len(), 0);
}

/// A claim of any form, signed with the true key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct AnyClaim(Value);

impl Claims for AnyClaim {
    const PREFIX: &'static str = LinkClaim::PREFIX;
    fn key(&self) -> &str {
        self.0["kid"].as_str().unwrap_or_default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn even_a_well_signed_link_can_do_nothing_but_hold() {
    let house = house().await;
    let keys = keys_of_links(house.dir.path()).unwrap();
    let token = house.link(ONE, STOP);
    let (claim, _) = token.strip_prefix("lol1.").unwrap().split_once('.').unwrap();
    let claim: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claim).unwrap()).unwrap();
    let signed = |claim: Value| seal(&keys, &AnyClaim(claim)).unwrap();
    assert_eq!(look(&house, &signed(claim.clone())).await.status, 200, "the test signs as the service does");
    for action in ["stop", "freeze", "lift", "Hold", ""] {
        let mut other = claim.clone();
        other["action"] = action.into();
        assert_eq!(press(&house, &signed(other), 3_600).await.status, 403, "{action}");
    }
    for (field, value) in [("v", json!(2)), ("more", json!(1)), ("role", json!("admin"))] {
        let mut other = claim.clone();
        other[field] = value;
        assert_eq!(press(&house, &signed(other), 3_600).await.status, 403, "{field}");
    }
    for body in [
        json!({ "token": token, "seconds": 3_600, "action": "stop" }),
        json!({ "token": token, "seconds": 3_600, "instance": OTHER }),
        json!({ "token": token, "seconds": -1 }),
        json!({ "token": token, "seconds": "3600" }),
        json!({ "token": token }),
        json!([token]),
    ] {
        let answer = sent(house.post("/links/use", &body)).await;
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        answer.problem();
    }
    assert_eq!((house.holds().await.len(), stops(&house)), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_is_no_login_wherever_it_is_shown() {
    let house = house().await;
    let token = house.link(ONE, STOP);
    let body = json!({ "seconds": 3_600, "reason": "x", "token": token });
    for route in table().into_iter().filter(|route| route.rule != lightsout::access::Rule::Anyone) {
        let path = house.path(ONE);
        let path = match route.path.strip_prefix("/api/v1/instances/{subscription}/{group}/{workspace}/{name}") {
            Some(rest) => format!("{path}{rest}"),
            None => route.path.replace(['{', '}'], ""),
        };
        let ask = || house.ask(route.method.clone(), &path).header("origin", format!("http://{}", house.address));
        let ask = || ask().header("content-type", "application/json").body(body.to_string());
        for asked in [
            ask().bearer_auth(&token),
            ask().header("cookie", format!("lightsout={token}")),
            ask().header("x-link", &token),
            house
                .ask(route.method.clone(), &format!("{path}?token={token}"))
                .header("content-type", "application/json"),
        ] {
            let answer = sent(asked).await;
            assert!(matches!(answer.status, 401 | 403), "{route:?}: {answer:?}");
        }
    }
    assert_eq!((house.holds().await.len(), stops(&house)), (0, 0));
    assert_eq!(look(&house, &token).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_end_an_hour_after_their_stop_and_are_for_one_life_of_a_name() {
    let house = house().await;
    let facts = house.instance(ONE).facts;
    let keys = keys_of_links(house.dir.path()).unwrap();
    let notice = NoticeKey { stop: StopKey("hours/office/x".into()), stop_at: STOP.parse().unwrap() };
    let before = facts.created.known().unwrap().checked_sub(SignedDuration::from_hours(1)).unwrap();
    let other_life = for_warning(&keys, (&facts.id, When::at(before)), &notice, 86_400).unwrap();
    for answer in [look(&house, &other_life).await, press(&house, &other_life, 3_600).await] {
        assert!(answer.status == 410 && answer.problem().contains("made anew"), "{answer:?}");
    }
    let token = house.link(ONE, STOP);
    house.at("2026-03-16T20:59:59Z");
    assert_eq!(look(&house, &token).await.status, 200);
    house.at("2026-03-16T21:00:00Z");
    for answer in [look(&house, &token).await, press(&house, &token, 3_600).await] {
        assert!(answer.status == 410 && answer.problem().contains("expired"), "{answer:?}");
    }
    assert_eq!(house.holds().await.len(), 0);
}

fn write_key(dir: &Path, text: &str) {
    std::fs::write(dir.join("link.key"), text).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_believed_for_as_long_as_it_is_listed() {
    let house = house().await;
    let old = std::fs::read_to_string(house.dir.path().join("link.key")).unwrap();
    let (first, second, third) = (house.link(ONE, STOP), house.link(OTHER, STOP), house.link("ci-00000-00002", STOP));
    let new = "n".repeat(64);
    write_key(house.dir.path(), &format!("{new}\n{old}\n"));
    let rotated = house.open();
    let pressed =
        |address, token: &str| sent(house.post_to(address, "/links/use", &json!({ "token": token, "seconds": 3_600 })));
    assert_eq!(pressed(rotated, &first).await.status, 200, "a link on its way");
    assert_ne!(house.link(ONE, STOP), first, "new ones are signed with the new key");
    write_key(house.dir.path(), &format!("{new}\n"));
    let after = house.open();
    let refused = pressed(after, &second).await;
    assert!(refused.status == 403 && refused.problem().contains("no longer has"), "{refused:?}");
    assert_eq!(pressed(after, &house.link("ci-00000-00002", STOP)).await.status, 200);
    assert_eq!(pressed(rotated, &third).await.status, 410, "the same warning, signed with either key, is spent once");
    assert_eq!(house.holds().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_fetches_a_link_changes_nothing() {
    let house = house().await;
    let token = house.link(ONE, STOP);
    let before = house.audited().await.len();
    let scanners = ["BingPreview/1.0b", "Mozilla/5.0 (compatible; SafeLinks)", "curl/8", ""];
    for number in 0..100 {
        let path = if number % 3 == 0 { format!("/hold?token={token}") } else { "/hold".to_owned() };
        for method in [Method::GET, Method::HEAD] {
            let asked = house.ask(method, &path).header("user-agent", scanners[number % scanners.len()]);
            assert_eq!(sent(asked.header("accept", "text/html")).await.status, StatusCode::OK.as_u16());
        }
        for method in [Method::GET, Method::HEAD] {
            assert_eq!(sent(house.ask(method, &format!("/links/use?token={token}&seconds=3600"))).await.status, 405);
        }
        assert_eq!(look(&house, &token).await.status, 200);
    }
    assert_eq!((house.holds().await.len(), stops(&house), house.audited().await.len()), (0, 0, before));
    assert_eq!(press(&house, &token, 3_600).await.status, 200, "and the link is not spent");
}

/// What is logged, all of it.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_stands_in_no_log_no_audit_line_and_no_file() {
    let log = Log::default();
    let written = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
    tracing::subscriber::set_global_default(subscriber.with_writer(move || written.clone()).finish()).unwrap();
    let house = house().await;
    let token = house.link(ONE, STOP);
    let secret = token.rsplit_once('.').unwrap().1;
    assert_eq!(look(&house, &token).await.status, 200);
    assert_eq!(press(&house, &token, 3_600).await.status, 200);
    assert_eq!(press(&house, &token, 3_600).await.status, 410);
    assert_eq!(press(&house, &format!("{token}x"), 3_600).await.status, 403);
    assert_eq!(sent(house.post("/links/use", &json!({ "tokens": token }))).await.status, 400);
    assert_eq!(sent(house.ask(Method::GET, "/api/v1/me").bearer_auth(&token)).await.status, 401);
    assert_eq!(sent(house.ask(Method::GET, &format!("/nothing?{token}"))).await.status, 404);
    let logged = log.0.lock().unwrap().clone();
    assert!(holds(&logged, "TRACE") && logged.len() > 1_000, "nothing was captured");
    assert!(!holds(&logged, secret), "in the log");
    let lines = house.audited().await;
    assert!(lines.iter().any(|line| line.what == "hold" && line.why.contains("by the link of a warning")), "{lines:?}");
    assert!(!format!("{lines:?}").contains(secret), "{lines:?}");
    for file in std::fs::read_dir(house.dir.path().join("store")).unwrap() {
        let path = file.unwrap().path();
        assert!(!path.is_file() || !holds(&std::fs::read(&path).unwrap(), secret), "in {}", path.display());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_who_press_at_once_make_one_hold() {
    let house = house().await;
    for name in [ONE, OTHER] {
        let token = house.link(name, STOP);
        let both = futures_util::future::join_all((0..8).map(|_| press(&house, &token, 3_600))).await;
        let statuses: Vec<u16> = both.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert!(statuses.iter().all(|status| matches!(status, 200 | 410)), "{both:?}");
        assert_eq!(house.instance(name).holds.len(), 1);
    }
    assert_eq!(house.holds().await.len(), 2);
}

#[derive(Debug, Clone)]
enum Doing {
    Look,
    Press(u32, String),
    Spoilt(usize, u32),
    Wait(i64),
}

fn doing() -> impl Strategy<Value = Doing> {
    prop_oneof![
        Just(Doing::Look),
        (any::<u32>(), "\\PC{0,30}").prop_map(|(seconds, reason)| Doing::Press(seconds, reason)),
        (1_u32..100_000, "[a-z ]{0,9}").prop_map(|(seconds, reason)| Doing::Press(seconds, reason)),
        (any::<usize>(), 1_u32..90_000).prop_map(|(place, seconds)| Doing::Spoilt(place, seconds)),
        (0_i64..1_800).prop_map(Doing::Wait),
    ]
}

/// Whatever is done with a link: one hold of its own instance at most, no longer than it says and the policy lets, and nothing
/// else anywhere.
#[test]
fn a_link_can_never_do_anything_but_hold() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let config =
        ProptestConfig { cases: 24, failure_persistence: None, max_shrink_iters: 0, ..ProptestConfig::default() };
    let number = AtomicUsize::new(0);
    let house = runtime.block_on(House::new(1, 24, OFFICE));
    let done = TestRunner::new(config).run(&proptest::collection::vec(doing(), 1..9), |all| {
        let name = format!("ci-00000-{:05}", number.fetch_add(1, Ordering::Relaxed) % 24);
        runtime.block_on(async {
            let before: BTreeSet<String> = house.holds().await.into_iter().map(|one| one.hold.id).collect();
            let stop_at = house.clock_in(SignedDuration::from_hours(2));
            let token = house.link(&name, &stop_at);
            for one in &all {
                match one {
                    Doing::Look => drop(look(&house, &token).await),
                    Doing::Press(seconds, reason) => {
                        let body = json!({ "token": token, "seconds": seconds, "reason": reason });
                        drop(sent(house.post("/links/use", &body)).await);
                    }
                    Doing::Spoilt(place, seconds) => {
                        let mut spoilt = token.clone();
                        spoilt.remove(place % token.len());
                        prop_assert_eq!(press(&house, &spoilt, *seconds).await.status, 403);
                    }
                    Doing::Wait(seconds) => house.at(&house.clock_in(SignedDuration::from_secs(*seconds))),
                }
            }
            let made = house.holds().await;
            prop_assert!(made.len() <= before.len() + 1, "{:?}", all);
            for one in made.iter().filter(|one| !before.contains(&one.hold.id)) {
                let length = one.hold.until.duration_since(one.hold.made_at);
                prop_assert_eq!(one.hold.instance.name(), &name);
                prop_assert!(length <= SignedDuration::from_hours(12) && !length.is_zero(), "{:?}", one);
            }
            prop_assert_eq!(stops(&house), 0);
            prop_assert!(house.engine.view().freeze.why().is_none());
            Ok(())
        })
    });
    done.unwrap();
    assert!(!runtime.block_on(house.holds()).is_empty(), "not one press came to anything: this tests nothing");
}
