//! Throttling and passing failures: who waits, how long, and who does not.

use jiff::SignedDuration;
use lightsout::ports::{FaultKind, Observe as _};

use crate::world::{item, json, page, workspace, world, world_with, ws};

fn one() -> String {
    page(&[item("ci-a", "Running")], None)
}

#[tokio::test]
async fn a_429_rests_its_bucket_and_no_other() {
    let world = world(|n, seen| match n {
        0 => json(429, r#"{"error":{"code":"429","message":"Too many requests"}}"#).with("Retry-After", "17"),
        _ => json(200, &one().replace("sub-1", seen.target.split('/').nth(2).unwrap())),
    })
    .await;
    let seen = world.azure.inventory(&ws()).await.unwrap();
    assert_eq!(seen.instances.len(), 1);
    assert!(world.clock.waited() >= SignedDuration::from_secs(17), "fault 1");
    let waited = world.clock.waited();
    let other = workspace(&crate::world::WS.replace("sub-1", "sub-2"));
    world.azure.inventory(&other).await.unwrap();
    assert_eq!(world.clock.waited(), waited, "another subscription goes on");
    let used = world.azure.api_use();
    assert_eq!(used.throttled.values().sum::<u64>(), 1);
    assert_eq!(used.requests.get(&("list_computes", "429".to_owned())), Some(&1));
}

#[tokio::test]
async fn every_odd_retry_after_is_clamped() {
    for (header, least, most) in [
        (Some("Mon, 02 Nov 2026 20:00:30 GMT"), 29, 31),
        (Some("0"), 1, 1),
        (Some("-1"), 1, 1),
        (Some("garbage"), 1, 3),
        (None, 1, 3),
    ] {
        let world = world(move |n, _| match (n, header) {
            (0, Some(value)) => json(429, "{}").with("Retry-After", value),
            (0, None) => json(429, "{}"),
            (_, _) => json(200, &one()),
        })
        .await;
        world.azure.inventory(&ws()).await.unwrap();
        let waited = world.clock.waited().as_secs();
        assert!((least..=most).contains(&waited), "fault 2: {header:?} waited {waited}");
    }
    // A wait longer than a sweep's patience is a fault at once, clamped to 15 minutes.
    let world = world(|_, _| json(429, "{}").with("Retry-After", "86400")).await;
    let fault = world.azure.inventory(&ws()).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Throttled(Some(SignedDuration::from_secs(900))));
    assert_eq!(world.server.seen().len(), 1, "no request while the bucket rests");
    world.azure.inventory(&ws()).await.unwrap_err();
    assert_eq!(world.server.seen().len(), 1);
}

#[tokio::test]
async fn bursts_of_5xx_end_after_four_tries() {
    for status in [500, 502, 503, 504, 408] {
        let world = world(move |_, _| json(status, "{}")).await;
        let fault = world.azure.inventory(&ws()).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Unreachable, "{status}");
        assert_eq!(world.server.seen().len(), 4, "fault 4: {status}");
        assert_eq!(world.clock.waits().len(), 3);
    }
    let world = world(|n, _| if n < 3 { json(503, "{}").with("Retry-After", "4") } else { json(200, &one()) }).await;
    assert_eq!(world.azure.inventory(&ws()).await.unwrap().instances.len(), 1);
    assert!(world.clock.waited() >= SignedDuration::from_secs(12), "503 with Retry-After is obeyed");
}

#[tokio::test]
async fn our_own_buckets_pace_and_headers_lower_them() {
    let world = world_with(|_, _| json(200, &one()).with("x-ms-ratelimit-remaining-subscription-reads", "12"), |options| {
        options.throttle = Some(lightsout::azure::ThrottleLimits { reads_per_second: 1, ..Default::default() });
    })
    .await;
    for _ in 0..6 {
        world.azure.inventory(&ws()).await.unwrap();
    }
    assert!(world.clock.waited() >= SignedDuration::from_secs(1), "Azure said that few are left");
    let used = world.azure.api_use();
    let left: Vec<_> = used.tokens_left.iter().map(|((_, _, kind), n)| (*kind, *n <= 13)).collect();
    assert_eq!(left, [("read", true)]);
}

#[tokio::test]
async fn without_pacing_nothing_waits() {
    let world = world_with(|_, _| json(200, &one()).with("x-ms-ratelimit-remaining-subscription-reads", "0"), |options| options.throttle = None).await;
    for _ in 0..400 {
        world.azure.inventory(&ws()).await.unwrap();
    }
    assert!(world.clock.waits().is_empty());
    assert_eq!(world.server.connections(), 1, "B3: one connection is kept");
}
