//! What holds may be: caps by week and by month with their prices, also for those who ask at once, and stops that people ask
//! for while others do.

use futures_util::future::join_all;
use jiff::SignedDuration;
use lightsout::access::Scope;
use lightsout::ports::{Clock as _, Control as _, Declined, HoldRequest, StopRequest};
use reqwest::Method;
use serde_json::{Value, json};

use crate::house::{ADA, House, OFFICE, sent};

const ONE: &str = "ci-00000-00000";
const STOP: &str = "2026-03-16T20:00:00Z";

fn wish(name: &str, seconds: u32) -> HoldRequest {
    HoldRequest {
        instance: name.to_owned(),
        seconds,
        reason: "x".to_owned(),
        by: ADA.to_owned(),
        life: None,
        link: None,
        off: false,
    }
}

async fn looked(house: &House, token: &str) -> Value {
    sent(house.post("/links/look", &json!({ "token": token }))).await.json()
}

/// What an hour of it costs, in millionths, as the offer says.
async fn an_hour(house: &House, name: &str) -> i64 {
    let offer = house.engine.offer(name.to_owned()).await.unwrap();
    offer.choices[0].price.unwrap().as_micros()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_keeps_the_caps_of_the_policy_and_its_own() {
    let house = House::new(1, 3, &format!("{OFFICE}[hold]\nmax = \"48h\"\nper_week = 2\n")).await;
    let token = house.link(ONE, STOP);
    let choices = looked(&house, &token).await["choices"].as_array().unwrap().clone();
    assert!(choices.iter().all(|choice| choice["seconds"].as_u64() <= Some(86_400)), "{choices:?}");
    let press =
        |token: String, seconds: u32| sent(house.post("/links/use", &json!({ "token": token, "seconds": seconds })));
    let long = press(token.clone(), 86_401).await;
    assert!(long.status == 409 && long.problem().contains("no longer than a day"), "{long:?}");
    assert_eq!(press(token, 3_600).await.status, 200);
    let second = house.link(ONE, "2026-03-17T20:00:00Z");
    assert_eq!(press(second, 86_400).await.status, 200, "a day, which the policy lets");
    let third = house.link(ONE, "2026-03-18T20:00:00Z");
    let told = looked(&house, &third).await;
    assert!(told["refused"].as_str().unwrap().contains("2 times in seven days") && told["choices"] == json!([]));
    let refused = press(third, 86_400).await;
    assert!(refused.status == 409 && refused.problem().contains("the policy allows 2"), "{refused:?}");
    assert_eq!(house.holds().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn holds_have_prices_and_a_month_has_an_end_and_what_is_lifted_is_given_back() {
    let plain = House::new(1, 1, OFFICE).await;
    let hour = an_hour(&plain, ONE).await;
    // enough for three hours and a half, for all machines of one owner
    let monthly = hour * 7 / 2;
    let text = format!("{}.{:06}", monthly / 1_000_000, monthly % 1_000_000);
    let policy = format!("{OFFICE}[hold]\nper_week = 50\nmonthly = \"{text}\"\n");
    let house = House::new(1, 3, &policy).await;
    let token = house.link(ONE, STOP);
    let told = looked(&house, &token).await;
    let lengths: Vec<&Value> = told["choices"].as_array().unwrap().iter().map(|choice| &choice["seconds"]).collect();
    assert_eq!(lengths, [&json!(3_600), &json!(7_200)], "what the month leaves: {told}");
    assert!(told["left"].as_str().unwrap().ends_with("left this month"), "{told}");
    house.engine.hold(wish("ci-00000-00002", 7_200)).await.unwrap();
    let pressed = sent(house.post("/links/use", &json!({ "token": token, "seconds": 7_200 }))).await;
    let words = pressed.problem();
    assert!(pressed.status == 409 && words.contains("it would cost") && words.contains("are left"), "{words}");
    // bob pays for his own
    house.engine.hold(wish("ci-00000-00001", 7_200)).await.unwrap();
    // a quarter of an hour of it was used when it is lifted
    house.at("2026-03-16T10:15:00Z");
    house.engine.lift("ci-00000-00002".to_owned(), ADA.to_owned()).await.unwrap();
    let left = house.engine.offer(ONE.to_owned()).await.unwrap().left.unwrap().as_micros();
    assert_eq!(left, monthly - hour / 4, "a quarter of an hour is paid for");
    let pressed = sent(house.post("/links/use", &json!({ "token": token, "seconds": 7_200 }))).await;
    assert_eq!(pressed.status, 200, "{pressed:?}");
    let made = house.holds().await.into_iter().find(|one| one.hold.link.is_some()).unwrap();
    assert_eq!(made.hold.price.unwrap().as_micros(), 2 * hour);
    house.at("2026-04-01T00:00:00Z");
    house.engine.sweep_all().await;
    let left = house.engine.offer(ONE.to_owned()).await.unwrap().left.unwrap().as_micros();
    assert_eq!(left, monthly, "another month");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cap_holds_for_those_who_ask_at_once() {
    let plain = House::new(1, 1, OFFICE).await;
    let hour = an_hour(&plain, ONE).await;
    let monthly = hour * 7 / 2;
    let text = format!("{}.{:06}", monthly / 1_000_000, monthly % 1_000_000);
    let house = House::new(1, 16, &format!("{OFFICE}[hold]\nmonthly = \"{text}\"\n")).await;
    // eight machines of ada's, and room for three hours
    let all = join_all((0..8).map(|number| {
        let engine = house.engine.clone();
        tokio::spawn(async move { engine.hold(wish(&format!("ci-00000-{:05}", number * 2), 3_600)).await })
    }));
    let made: Vec<Result<_, Declined>> = all.await.into_iter().map(Result::unwrap).collect();
    assert_eq!(made.iter().filter(|one| one.is_ok()).count(), 3, "{made:?}");
    assert_eq!(house.holds().await.len(), 3);
    let audited = house.audited().await.iter().filter(|line| line.what == "hold").count();
    assert_eq!(audited, 3);
}

/// Stops of a machine that Azure was asked for, and those that it took.
fn stops(house: &House, name: &str) -> (usize, usize) {
    let ending = format!("/computes/{name}/stop");
    let all = house.sandbox.recorder().recent();
    let asked: Vec<_> = all.iter().filter(|one| one.method == "POST" && one.path.ends_with(&ending)).collect();
    (asked.len(), asked.iter().filter(|one| (200..300).contains(&one.status)).count())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_stop_is_sent_however_many_ask_for_it_at_once_and_sweeps_go_on() {
    let house = House::new(1, 2, OFFICE).await;
    // after eight, so that sweeps want it off too
    house.at("2026-03-16T19:00:00Z");
    house.engine.sweep_all().await;
    house.at("2026-03-16T20:00:01Z");
    let sweeps = join_all((0..2).map(|_| {
        let engine = house.engine.clone();
        tokio::spawn(async move { drop(engine.sweep_all().await) })
    }));
    // each a little later than the one before, as clocks go: the wishes have keys of their own
    let asked = join_all((0..8_i64).map(|number| {
        let (engine, clock) = (house.engine.clone(), house.clock.clone());
        let later = clock.now().checked_add(SignedDuration::from_millis(number)).unwrap();
        let request = StopRequest {
            instance: ONE.to_owned(),
            reason: "done".to_owned(),
            by: ADA.to_owned(),
            even_if_in_use: false,
            life: None,
        };
        tokio::spawn(async move {
            clock.advance_to(later);
            engine.stop_now(request).await
        })
    }));
    let (_, asked) = tokio::join!(sweeps, asked);
    let asked: Vec<Result<String, Declined>> = asked.into_iter().map(Result::unwrap).collect();
    assert_eq!(stops(&house, ONE), (1, 1), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_over_the_api_is_written_down_and_claims_nothing() {
    let house = House::new(1, 2, OFFICE).await;
    let token = house.token("ada", &[Scope::Read, Scope::Operate], &[ADA]);
    let path = house.path(ONE);
    let asked = house.ask(Method::POST, &format!("{path}/stop")).bearer_auth(&token);
    let body = json!({ "reason": "done for today" }).to_string();
    let answer = sent(asked.header("content-type", "application/json").body(body)).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    assert_eq!(stops(&house, ONE), (1, 1));
    let lines = house.audited().await;
    let line = lines.iter().find(|line| line.what == "stop_now").unwrap();
    assert_eq!((line.who.as_str(), line.why.as_str()), ("token:ada", "done for today"), "{line:?}");
    for minute in 1..=15 {
        house.at(&format!("2026-03-16T10:{minute:02}:00Z"));
        house.engine.sweep_all().await;
    }
    let told = house.get(&path, &token).await.json();
    assert_eq!(told["state"], "stopped", "{told}");
    house.at("2026-03-16T23:00:00Z");
    house.engine.sweep_all().await;
    let told = house.get("/api/v1/savings?month=2026-03", &token).await.json();
    assert_eq!(told["total"]["stops"], 0, "{told}");
    let avoided = told["total"]["avoided"].as_array().unwrap();
    assert!(avoided.iter().all(|money| money["amount"].as_str().is_some_and(|text| text.starts_with("0."))), "{told}");
    assert!(told["total"]["running_seconds"].as_i64() > Some(0), "it was counted while it was on: {told}");
}
