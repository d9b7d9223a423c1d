//! The canary host: whatever Azure's answers say, no bearer token reaches another place (I10, fault 11).

use lightsout::ports::{FaultKind, Observe as _, StopInstances as _};

use crate::permit::{MAY_GO, permit};
use crate::world::{Server, WS, World, item, json, page, world, ws};

const PATH: &str = "/subscriptions/sub-1/x";

/// Every way to write a link that must not be followed; CANARY and HOME stand for `host:port`.
const TRICKS: &[&str] = &[
    "http://CANARY/subscriptions/sub-1/x",
    "https://CANARY/subscriptions/sub-1/x",
    "//CANARY/subscriptions/sub-1/x",
    "/\\\\CANARY/subscriptions/sub-1/x",
    "\\\\\\\\CANARY/subscriptions/sub-1/x",
    "http:\\\\CANARY/subscriptions/sub-1/x",
    "http://HOME@CANARY/subscriptions/sub-1/x",
    "http://user:pw@HOME/subscriptions/sub-1/x",
    "http://HOME.evil/subscriptions/sub-1/x",
    "http://management.azure.com.evil/subscriptions/sub-1/x",
    "https://HOME/subscriptions/sub-1/x",
    "http://localhost:PORT/subscriptions/sub-1/x",
    "http://0x7f000001:PORTX/subscriptions/sub-1/x",
    "http://[::1]:PORTX/subscriptions/sub-1/x",
    "http://HOME/subscriptions/other/x",
    "http://HOME/subscriptions/sub-1/../other/x",
    "http://HOME/subscriptions/sub-1/%2e%2e/other/x",
    "http://HOME/subscriptions/sub-1/x#y",
    "http://HOME /subscriptions/sub-1/x",
    "http://CANARY%2f@HOME/subscriptions/sub-1/x",
    "nextLink",
    "file:///etc/passwd",
];

fn written(trick: &str, home: u16, canary: u16) -> String {
    trick
        .replace("CANARY", &format!("127.0.0.1:{canary}"))
        .replace("HOME", &format!("127.0.0.1:{home}"))
        .replace("PORTX", &canary.to_string())
        .replace("PORT", &home.to_string())
}

/// A world whose answers come from `answer(link)`, and the canary beside it.
async fn between(
    trick: &'static str,
    answer: impl Fn(&str, &str) -> crate::world::Reply + Send + Sync + 'static,
) -> (World, Server) {
    let canary = Server::start(|_, _| json(200, &page(&[], None))).await;
    let port = canary.port;
    let world = world(move |_, seen| {
        let home = seen.header("host").unwrap().rsplit(':').next().unwrap().parse().unwrap();
        answer(&seen.target, &written(trick, home, port))
    })
    .await;
    (world, canary)
}

#[tokio::test]
async fn no_bearer_leaves_the_origin() {
    for trick in TRICKS {
        let (world, canary) =
            between(trick, |_, link| json(200, &page(&[item("ci-a", "Running")], Some(&link.replace('\\', "\\\\")))))
                .await;
        let fault = world.azure.inventory(&ws()).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Garbled, "{trick}");
        assert_eq!(world.azure.api_use().foreign_origins, 1, "{trick}: a security event");
        assert_eq!(world.server.seen().len(), 1, "{trick}: nothing was asked");
        assert_eq!(canary.connections(), 0, "I10: {trick}");
    }
}

#[tokio::test]
async fn operation_links_are_pinned_too() {
    for header in ["Azure-AsyncOperation", "Location"] {
        for trick in TRICKS.iter().filter(|trick| trick.is_ascii()) {
            let answer = move |target: &str, link: &str| {
                if target.contains("/stop?") {
                    json(202, "").with(header, link)
                } else {
                    json(200, &item("ci-a", "Running"))
                }
            };
            let (world, canary) = between(trick, answer).await;
            let ws = ws();
            let id = lightsout::units::InstanceId::new(ws.id.clone(), "ci-a").unwrap();
            let fresh = world.azure.instance(&ws, &id).await.unwrap();
            let now = lightsout::ports::Clock::now(&*world.clock);
            let handle = world.azure.stop(&ws, permit(&fresh, now), MAY_GO).await.unwrap();
            assert_eq!(handle, None, "{header} {trick}: the stop was taken, its link is not followed");
            assert_eq!(world.azure.api_use().foreign_origins, 1, "{header} {trick}");
            assert_eq!(canary.connections(), 0, "I10: {header} {trick}");
        }
    }
}

#[tokio::test]
async fn a_handle_from_elsewhere_is_pinned_again() {
    let canary = Server::start(|_, _| json(200, r#"{"status":"Succeeded"}"#)).await;
    let world = world(|_, _| json(200, r#"{"status":"Succeeded"}"#)).await;
    for by_location in [true, false] {
        let handle = lightsout::ports::OperationHandle { url: format!("{}{PATH}", canary.url()), by_location };
        let fault = world.azure.operation(&ws(), &handle).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Garbled);
        assert!(!fault.words().contains(&canary.port.to_string()), "the URL is not told: {}", fault.words());
    }
    assert_eq!(canary.connections(), 0, "I10");
}

#[tokio::test]
async fn a_redirect_carries_nothing_away() {
    let canary = Server::start(|_, _| json(200, &page(&[], None))).await;
    let to = format!("{}{WS}/computes", canary.url());
    for status in [301, 302, 303, 307, 308] {
        let to = to.clone();
        let world = world(move |_, _| json(status, "{}").with("Location", &to)).await;
        assert_eq!(world.azure.inventory(&ws()).await.unwrap_err().kind, FaultKind::Garbled);
    }
    assert_eq!(canary.connections(), 0, "I10");
}
