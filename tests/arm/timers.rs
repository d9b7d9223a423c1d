//! Setting an idle timer: one POST a permit, to the one URL, never sent twice, and nothing without a fresh look.

use jiff::{SignedDuration, Timestamp};
use lightsout::facts::{Evidence, Freeze, History, InstanceFacts};
use lightsout::guard::{Refusal, TimerBy, TimerLook, TimerPermit, timer_permit};
use lightsout::policy::{ApplyTimer, NativeRule};
use lightsout::ports::{Clock as _, Fault, FaultKind, Observe as _, SetTimers as _};
use lightsout::units::{InstanceId, Span};

use crate::permit::{MAY_GO, policy_wanting};
use crate::world::{Reply, WS, World, item, json, world, ws};

const RULE: NativeRule = NativeRule { idle_shutdown: Span::minutes(60), apply: ApplyTimer::Never };

fn permit(fresh: &InstanceFacts, now: Timestamp) -> TimerPermit {
    let policy = policy_wanting(RULE);
    let fresh = InstanceFacts { observed_at: now, ..fresh.clone() };
    let by = TimerBy::Person;
    let (history, evidence) = (&History::default(), Evidence::NONE);
    let look = TimerLook { fresh: &fresh, policy: &policy, by, freeze: &Freeze::Off, history, evidence, now };
    timer_permit(&look).unwrap()
}

async fn answering(post: impl Fn() -> Reply + Send + Sync + 'static) -> World {
    world(move |_, seen| if seen.method == "POST" { post() } else { json(200, &item("ci-a", "Running")) }).await
}

async fn set(world: &World) -> Result<(), Fault> {
    let id = InstanceId::new(ws().id, "ci-a").unwrap();
    let facts = world.azure.instance(&ws(), &id).await.unwrap();
    world.azure.set_timer(&ws(), permit(&facts, world.clock.now()), MAY_GO).await
}

#[tokio::test]
async fn the_one_post_is_what_the_allowlist_says() {
    let world = answering(|| Reply::Say(200, Vec::new(), Vec::new())).await;
    set(&world).await.unwrap();
    let seen = world.server.seen();
    let posts: Vec<_> = seen.iter().filter(|seen| seen.method != "GET").collect();
    assert_eq!(posts.len(), 1, "G3: and never a PUT");
    assert_eq!(posts[0].method, "POST");
    assert_eq!(posts[0].target, format!("{WS}/computes/ci-a/updateIdleShutdownSetting?api-version=2021-07-01"));
    assert_eq!(posts[0].body, r#"{"idleTimeBeforeShutdown":"PT60M"}"#);
    assert_eq!(posts[0].header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn what_azure_refuses_is_sent_once_and_classified() {
    let refused = |code: &'static str| move || json(400, &format!(r#"{{"error":{{"code":"{code}","message":"no"}}}}"#));
    let world = answering(refused("UserError")).await;
    assert_eq!(set(&world).await.unwrap_err().kind, FaultKind::Refused);
    for (status, kind) in
        [(403, FaultKind::Denied), (404, FaultKind::Gone), (409, FaultKind::Conflict), (500, FaultKind::Unclear)]
    {
        let world = answering(move || json(status, "{}")).await;
        assert_eq!(set(&world).await.unwrap_err().kind, kind, "{status}");
        assert_eq!(world.server.seen().iter().filter(|seen| seen.method == "POST").count(), 1, "{status}");
    }
}

#[tokio::test]
async fn g10_a_permit_that_is_too_old_sends_nothing() {
    let world = answering(|| json(200, "")).await;
    let id = InstanceId::new(ws().id, "ci-a").unwrap();
    let facts = world.azure.instance(&ws(), &id).await.unwrap();
    let old = permit(&facts, world.clock.now() - SignedDuration::from_secs(11));
    let fault = world.azure.set_timer(&ws(), old, MAY_GO).await.unwrap_err();
    assert!(matches!(fault.kind, FaultKind::Withheld(_)), "{fault:?}");
    assert!(world.server.seen().iter().all(|seen| seen.method == "GET"));
}

#[tokio::test]
async fn g12_a_last_word_that_says_no_sends_nothing() {
    let world = answering(|| json(200, "")).await;
    let id = InstanceId::new(ws().id, "ci-a").unwrap();
    let facts = world.azure.instance(&ws(), &id).await.unwrap();
    let no = || Err((Refusal::Frozen, "an incident".to_owned()));
    let fault = world.azure.set_timer(&ws(), permit(&facts, world.clock.now()), &no).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Withheld(Refusal::Frozen));
    assert!(world.server.seen().iter().all(|seen| seen.method == "GET"));
}
