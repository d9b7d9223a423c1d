//! Stopping: one POST a permit, classified when it is refused, never sent twice, followed in either style.

use jiff::SignedDuration;
use lightsout::facts::{InstanceFacts, PowerState};
use lightsout::guard::Refusal;
use lightsout::ports::{
    Clock as _, Fault, FaultKind, Observe as _, OperationHandle, OperationState, StopInstances as _,
};
use lightsout::units::InstanceId;

use crate::permit::{MAY_GO, permit};
use crate::world::{Reply, Seen, WS, World, hasty, item, json, world, world_with, ws};

const STATUS: &str = "/subscriptions/sub-1/providers/Microsoft.MachineLearningServices/locations/westeurope/computeOperationsStatus/op?api-version=2023-04-01&service=new&t=1&c=MIIsecret&s=sigsecret&h=2";

fn is_stop(seen: &Seen) -> bool {
    seen.method == "POST"
}

async fn fresh(world: &World) -> InstanceFacts {
    let ws = ws();
    let id = InstanceId::new(ws.id.clone(), "ci-a").unwrap();
    world.azure.instance(&ws, &id).await.unwrap()
}

/// Answers the GET with a running instance and the POST as told.
async fn answering(post: impl Fn(usize) -> Reply + Send + Sync + 'static) -> World {
    world(move |n, seen| if is_stop(seen) { post(n) } else { json(200, &item("ci-a", "Running")) }).await
}

async fn stop(world: &World) -> Result<Option<OperationHandle>, Fault> {
    let facts = fresh(world).await;
    world.azure.stop(&ws(), permit(&facts, world.clock.now()), MAY_GO).await
}

fn posts(world: &World) -> usize {
    world.server.seen().iter().filter(|seen| is_stop(seen)).count()
}

#[tokio::test]
async fn the_one_post_is_what_the_allowlist_says() {
    let world = answering(|_| json(202, "").with("Azure-AsyncOperation", STATUS)).await;
    stop(&world).await.unwrap();
    let seen = world.server.seen();
    let post = seen.iter().find(|seen| is_stop(seen)).unwrap();
    assert_eq!(post.target, format!("{WS}/computes/ci-a/stop?api-version=2025-12-01"), "I1");
    assert_eq!((post.header("content-length"), post.body.as_str()), (Some("0"), ""));
    assert!(seen.iter().all(|seen| seen.method == "GET" || is_stop(seen)), "G3");
}

#[tokio::test]
async fn both_styles_and_neither() {
    let both =
        answering(|_| json(202, "").with("Location", "/subscriptions/sub-1/x").with("Azure-AsyncOperation", STATUS))
            .await;
    let handle = stop(&both).await.unwrap().unwrap();
    assert!(!handle.by_location && handle.url.ends_with(STATUS), "the status document is preferred, verbatim");
    assert!(!format!("{handle:?}").contains("sigsecret"));
    let place = answering(|_| json(202, "").with("Location", STATUS)).await;
    assert!(stop(&place).await.unwrap().unwrap().by_location);
    for status in [200, 202, 204] {
        let neither = answering(move |_| json(status, "")).await;
        assert_eq!(stop(&neither).await.unwrap(), None, "fault 19: {status}");
    }
    let html =
        answering(|_| Reply::Say(202, vec![("Content-Type".into(), "text/html".into())], b"<html>".to_vec())).await;
    assert_eq!(stop(&html).await.unwrap(), None, "taken by its status, whatever its body");
}

#[tokio::test]
async fn refusals_are_classified() {
    let arm = |message: &str| format!(r#"{{"error":{{"code":"X","message":"{message}"}}}}"#);
    for (status, message, kind) in [
        (400, "StopCompute is not allowed when ComputeInstance disk is full.", FaultKind::DiskFull),
        (400, "bad", FaultKind::Refused),
        (
            403,
            "no authorization to perform action 'Microsoft.MachineLearningServices/workspaces/computes/stop/action' over",
            FaultKind::Denied,
        ),
        (404, "gone", FaultKind::Gone),
        (405, "no", FaultKind::Refused),
        (409, "Conflict", FaultKind::Conflict),
        (412, "etag", FaultKind::Refused),
        (415, "type", FaultKind::Refused),
        (302, "portal", FaultKind::Garbled),
        (500, "ServiceError", FaultKind::Unclear),
        (503, "busy", FaultKind::Unclear),
    ] {
        let body = arm(message);
        let world = answering(move |_| json(status, &body)).await;
        let fault = stop(&world).await.unwrap_err();
        assert_eq!(fault.kind, kind, "faults 16 to 18: {status} {message}");
        assert!(fault.words().starts_with("could not stop instance ci-a of workspace ws-a: "), "{}", fault.words());
        assert_eq!(posts(&world), 1, "no hot retry: {status}");
    }
}

#[tokio::test]
async fn a_throttled_stop_is_not_sent_again() {
    let world = answering(|_| json(429, "{}").with("Retry-After", "17")).await;
    let fault = stop(&world).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Throttled(Some(SignedDuration::from_secs(17))), "fault 3");
    assert_eq!(posts(&world), 1);
    let fault = stop(&world).await.unwrap_err();
    assert!(matches!(fault.kind, FaultKind::Throttled(Some(_))), "its bucket rests");
    assert_eq!(posts(&world), 1, "and nothing is sent meanwhile");
    assert!(world.clock.waits().is_empty(), "a permit is not waited away");
}

#[tokio::test]
async fn a_reset_after_sending_is_unclear() {
    let half = b"HTTP/1.1 202 Acc".to_vec();
    for name in ["closed", "silent", "odd"] {
        let answer = move |_: usize, seen: &Seen| match (is_stop(seen), name) {
            (false, _) => json(200, &item("ci-a", "Running")),
            (true, "closed") => Reply::Close,
            (true, "silent") => Reply::Silence,
            (true, _) => Reply::Raw(b"SPAM\r\n\r\n".to_vec()),
        };
        let world = world_with(answer, |options| {
            if name == "silent" {
                hasty(options)
            }
        })
        .await;
        let fault = stop(&world).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Unclear, "fault 33, L5: {name}");
        assert_eq!(posts(&world), 1, "never sent blindly again: {name}");
    }
    let world = answering(move |_| Reply::Raw(half.clone())).await;
    assert_eq!(stop(&world).await.unwrap_err().kind, FaultKind::Unclear);
}

#[tokio::test]
async fn a_stop_that_could_not_be_sent_did_nothing() {
    let home = world(|_, _| json(200, &item("ci-a", "Running"))).await;
    let facts = fresh(&home).await;
    let token = crate::world::token_file();
    let port = { std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port() };
    let options = crate::world::custom(
        &format!("http://127.0.0.1:{port}"),
        lightsout::azure::IdentityOptions::TokenFile { path: token.path().into() },
    );
    let azure = lightsout::azure::Azure::new(options, std::sync::Arc::clone(&home.clock)).unwrap();
    let fault = azure.stop(&ws(), permit(&facts, home.clock.now()), MAY_GO).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Unreachable, "fault 33: before anything was sent");
}

#[tokio::test]
async fn an_old_permit_sends_nothing() {
    for (seconds, sent) in [(10, 1), (11, 0), (-11, 0)] {
        let world = answering(|_| json(202, "")).await;
        let facts = fresh(&world).await;
        let permit = permit(&facts, world.clock.now());
        world.clock.advance(seconds);
        let result = world.azure.stop(&ws(), permit, MAY_GO).await;
        assert_eq!((result.is_ok(), posts(&world)), (sent == 1, sent), "G10: {seconds} s");
        if let Err(fault) = result {
            assert_eq!(fault.kind, FaultKind::Withheld(Refusal::NoSecondLook), "it is no failure of the stop");
            assert!(fault.words().contains("nothing was sent"), "{}", fault.words());
        }
    }
}

#[tokio::test]
async fn a_stop_does_not_wait_beyond_its_permit() {
    let limits = lightsout::azure::ThrottleLimits { write_burst: 1, writes_per_second: 1, ..Default::default() };
    let world = world_with(
        |_, seen| if is_stop(seen) { json(202, "") } else { json(200, &item("ci-a", "Running")) },
        move |options| options.throttle = Some(limits),
    )
    .await;
    stop(&world).await.unwrap();
    let facts = fresh(&world).await;
    let aged = permit(&facts, world.clock.now());
    world.clock.advance(0);
    stop(&world).await.unwrap();
    assert_eq!(world.clock.waited().as_secs(), 1, "one second for a token");
    world.azure.stop(&ws(), aged, MAY_GO).await.unwrap();
    assert_eq!(posts(&world), 3);
}

#[tokio::test]
async fn what_comes_while_a_stop_waits_holds_it_back() {
    let limits = lightsout::azure::ThrottleLimits { write_burst: 1, writes_per_second: 1, ..Default::default() };
    for (refusal, words) in [(Refusal::Frozen, "incident 42"), (Refusal::NoLongerDue, "held until nine by ana")] {
        let running = |_, seen: &Seen| if is_stop(seen) { json(202, "") } else { json(200, &item("ci-a", "Running")) };
        let world = world_with(running, move |options| options.throttle = Some(limits)).await;
        stop(&world).await.unwrap();
        let facts = fresh(&world).await;
        let permit = permit(&facts, world.clock.now());
        // it is decided while the stop waits for its place among the writes
        let last_word = || if world.clock.waits().is_empty() { Ok(()) } else { Err((refusal, words.to_owned())) };
        let fault = world.azure.stop(&ws(), permit, &last_word).await.unwrap_err();
        assert_eq!(world.clock.waited().as_secs(), 1, "it waited for a token");
        assert_eq!((fault.kind, posts(&world)), (FaultKind::Withheld(refusal), 1), "G12: nothing more was sent");
        assert!(fault.words().ends_with(&format!("{words}; nothing was sent")), "{}", fault.words());
    }
}

#[tokio::test]
async fn the_last_word_is_asked_before_each_sending() {
    let world =
        world_with(|_, seen| if is_stop(seen) { json(401, "{}") } else { json(200, &item("ci-a", "Running")) }, |_| ())
            .await;
    let facts = fresh(&world).await;
    world.clock.advance(3600); // old enough to be renewed after a 401
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let last_word = || {
        asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        if posts(&world) == 0 { Ok(()) } else { Err((Refusal::Frozen, "incident 42".to_owned())) }
    };
    let result = world.azure.stop(&ws(), permit(&facts, world.clock.now()), &last_word).await;
    let asked = asked.into_inner();
    assert_eq!((result.unwrap_err().kind, posts(&world), asked), (FaultKind::Withheld(Refusal::Frozen), 1, 2), "G12");
}

#[tokio::test]
async fn a_permit_for_another_workspace_is_refused() {
    let world = answering(|_| json(202, "")).await;
    let facts = fresh(&world).await;
    let other = crate::world::workspace(&WS.replace("ws-a", "ws-b"));
    let fault = world.azure.stop(&other, permit(&facts, world.clock.now()), MAY_GO).await.unwrap_err();
    assert_eq!((fault.kind, posts(&world)), (FaultKind::Refused, 0));
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_for_a_stop_too() {
    let world = world(|_, seen| match (is_stop(seen), seen.header("authorization")) {
        (true, Some("Bearer second")) => json(202, ""),
        (true, _) => json(401, "{}"),
        (false, _) => json(200, &item("ci-a", "Running")),
    })
    .await;
    let facts = fresh(&world).await;
    let result = world.azure.stop(&ws(), permit(&facts, world.clock.now()), MAY_GO).await;
    assert_eq!(
        result.unwrap_err().kind,
        FaultKind::Unauthenticated,
        "a young token that works elsewhere is not renewed"
    );
    assert_eq!(posts(&world), 1);
}

#[tokio::test]
async fn an_operation_is_asked_after() {
    let cases = [
        (200, r#"{"status":"InProgress","startTime":"x","percentComplete":5}"#, Ok(OperationState::InProgress)),
        (200, r#"{"status":"Deploying"}"#, Ok(OperationState::InProgress)),
        (200, r#"{"status":"Succeeded"}"#, Ok(OperationState::Succeeded)),
        (
            200,
            r#"{"status":"Failed","error":{"code":"C","message":"m\n\u001b"}}"#,
            Ok(OperationState::Failed { code: "C".into(), message: "m \\u{1b}".into() }),
        ),
        (
            200,
            r#"{"status":"Canceled"}"#,
            Ok(OperationState::Failed { code: "Canceled".into(), message: String::new() }),
        ),
        (200, "{}", Err(FaultKind::Garbled)),
        (403, "{}", Err(FaultKind::Denied)),
        (404, "{}", Err(FaultKind::Gone)),
    ];
    for (status, body, expected) in cases {
        let world = world(move |_, _| json(status, body)).await;
        let handle = OperationHandle { url: format!("{}{STATUS}", world.server.url()), by_location: false };
        let found = world.azure.operation(&ws(), &handle).await;
        assert_eq!(world.server.seen()[0].target, STATUS, "the signed URL is used verbatim");
        match (found, expected) {
            (Ok(state), expected) => assert_eq!(Ok(state), expected, "faults 20, 21: {body}"),
            (Err(fault), expected) => {
                assert_eq!(Err(fault.kind), expected, "{body}");
                assert!(!fault.words().contains("secret"), "never told: {}", fault.words());
            }
        }
    }
    for (status, expected) in
        [(202, OperationState::InProgress), (200, OperationState::Succeeded), (204, OperationState::Succeeded)]
    {
        let world = world(move |_, _| json(status, "")).await;
        let handle = OperationHandle { url: format!("{}{STATUS}", world.server.url()), by_location: true };
        assert_eq!(world.azure.operation(&ws(), &handle).await.unwrap(), expected, "by place: {status}");
    }
    let failed = world(|_, _| json(409, r#"{"error":{"code":"C","message":"m"}}"#)).await;
    let handle = OperationHandle { url: format!("{}{STATUS}", failed.server.url()), by_location: true };
    assert_eq!(
        failed.azure.operation(&ws(), &handle).await.unwrap(),
        OperationState::Failed { code: "C".into(), message: "m".into() }
    );
}

#[tokio::test]
async fn an_operation_that_succeeded_does_not_make_it_stopped() {
    let world = world(|_, seen| match seen.target.contains("computeOperationsStatus") {
        true => json(200, r#"{"status":"Succeeded"}"#),
        false if is_stop(seen) => json(202, "").with("Azure-AsyncOperation", STATUS),
        false => json(200, &item("ci-a", "Running")),
    })
    .await;
    let handle = stop(&world).await.unwrap().unwrap();
    assert_eq!(world.azure.operation(&ws(), &handle).await.unwrap(), OperationState::Succeeded);
    assert_eq!(fresh(&world).await.state, PowerState::Running, "fault 22: the GET is what counts");
}
