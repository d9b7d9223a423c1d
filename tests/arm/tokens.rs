//! Tokens of every kind of identity on loopback: had once, kept while they hold, renewed once, never in a loop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use lightsout::azure::{Azure, IdentityOptions, ManagedId};
use lightsout::ports::{Clock as _, FaultKind, Observe as _};

use crate::world::{Seen, Server, TestClock, custom, item, json, page, world, world_with, ws};

fn one() -> String {
    page(&[item("ci-a", "Running")], None)
}

#[tokio::test]
async fn one_refresh_one_retry_then_rest() {
    // Fault 13: a token that ended too early; the file holds another one by now.
    let path: Arc<std::sync::OnceLock<std::path::PathBuf>> = Arc::default();
    let file = Arc::clone(&path);
    let world_early = world_with(
        move |_, seen| {
            if seen.header("authorization") == Some("Bearer renewed") {
                return json(200, &one());
            }
            std::fs::write(file.get().unwrap(), "renewed").unwrap();
            json(401, r#"{"error":{"code":"ExpiredAuthenticationToken","message":"The access token expiry UTC time is earlier than now."}}"#)
        },
        |options| {
            if let IdentityOptions::TokenFile { path: at } = &options.identity {
                path.set(at.clone()).unwrap();
            }
        },
    )
    .await;
    assert_eq!(world_early.azure.inventory(&ws()).await.unwrap().instances.len(), 1);
    assert_eq!(world_early.server.seen().len(), 2, "one refresh, one retry");

    // Always 401, with a claims challenge: two requests, then rest; the rest grows.
    let refusing = world(|_, _| {
        json(401, r#"{"error":{"code":"InvalidAuthenticationToken","message":"no"}}"#).with("WWW-Authenticate", r#"Bearer realm="", error="insufficient_claims", claims="eyJ""#)
    })
    .await;
    let fault = refusing.azure.inventory(&ws()).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Unauthenticated);
    assert!(fault.words().contains("claims challenge"), "{}", fault.words());
    for _ in 0..20 {
        refusing.azure.inventory(&ws()).await.unwrap_err();
    }
    assert_eq!(refusing.server.seen().len(), 2, "nothing is asked while it rests");
    refusing.clock.advance(6);
    refusing.azure.inventory(&ws()).await.unwrap_err();
    assert_eq!(refusing.server.seen().len(), 4);
    refusing.clock.advance(6);
    refusing.azure.inventory(&ws()).await.unwrap_err();
    assert_eq!(refusing.server.seen().len(), 4, "the second rest is longer");
}

#[tokio::test]
async fn one_refusing_subscription_does_not_stop_the_others() {
    let world = world(|_, seen| if seen.target.contains("sub-2") { json(401, "{}") } else { json(200, &one()) }).await;
    world.azure.inventory(&ws()).await.unwrap();
    let other = crate::world::workspace(&crate::world::WS.replace("sub-1", "sub-2"));
    for _ in 0..5 {
        assert_eq!(world.azure.inventory(&other).await.unwrap_err().kind, FaultKind::Unauthenticated);
        world.azure.inventory(&ws()).await.unwrap();
    }
    assert!(world.server.seen().len() <= 12, "no loop: {}", world.server.seen().len());
}

#[tokio::test]
async fn a_bad_token_file_says_what_is_wrong() {
    for (text, says) in [("", "does not hold one line"), ("two\nlines", "does not hold one line"), ("b\u{e9}", "does not hold one line")] {
        let world = world_with(
            |_, _| json(200, &one()),
            |options| {
                if let IdentityOptions::TokenFile { path } = &options.identity {
                    std::fs::write(path, text).unwrap();
                }
            },
        )
        .await;
        let fault = world.azure.probe_token().await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Unauthenticated);
        assert!(fault.words().contains(says), "{}", fault.words());
        assert!(world.server.seen().is_empty(), "nothing is sent without a token");
    }
}

/// A token endpoint as App Service has it, and ARM, on one port.
fn endpoint(failing: Arc<AtomicBool>, asked: Arc<AtomicUsize>, ends: i64) -> impl Fn(usize, &Seen) -> crate::world::Reply + Send + Sync {
    move |_, seen| {
        if !seen.target.starts_with("/msi/token") {
            return if seen.header("authorization") == Some("Bearer managed") { json(200, &one()) } else { json(401, "{}") };
        }
        asked.fetch_add(1, Ordering::SeqCst);
        if failing.load(Ordering::SeqCst) {
            return json(500, "broken");
        }
        let good = seen.header("x-identity-header") == Some("hush") && seen.header("metadata") == Some("true");
        if !good {
            return json(400, "{}");
        }
        json(200, &format!(r#"{{"access_token":"managed","expires_on":"{ends}","token_type":"Bearer","resource":"r"}}"#))
    }
}

/// What the child runs: `IDENTITY_ENDPOINT` and `PATH` belong to a process, so each identity that reads them has one.
#[tokio::test]
async fn child() {
    let Ok(kind) = std::env::var("LIGHTSOUT_TEST_IDENTITY") else { return };
    let arm = std::env::var("LIGHTSOUT_TEST_ARM").unwrap();
    let identity = match kind.as_str() {
        "system" | "failing" => IdentityOptions::Managed(ManagedId::SystemAssigned),
        "client" => IdentityOptions::Managed(ManagedId::Client("client-1".into())),
        "cli" => IdentityOptions::AzureCli { tenant: Some("tenant-1".into()) },
        other => panic!("{other}"),
    };
    let clock = TestClock::new();
    let azure = Azure::new(custom(&arm, identity), Arc::clone(&clock)).unwrap();
    if kind == "failing" {
        for _ in 0..30 {
            assert_eq!(azure.inventory(&ws()).await.unwrap_err().kind, FaultKind::Unauthenticated);
        }
        return;
    }
    let azure = Arc::new(azure);
    let cold: Vec<_> = (0..20)
        .map(|_| {
            let azure = Arc::clone(&azure);
            tokio::spawn(async move { azure.inventory(&ws()).await.map(|seen| seen.instances.len()).unwrap() })
        })
        .collect();
    for one in cold {
        assert_eq!(one.await.unwrap(), 1);
    }
    // The endpoint fails from the second request on: what is held is good until it ends.
    clock.advance(3000);
    for _ in 0..10 {
        azure.inventory(&ws()).await.unwrap();
        clock.advance(50);
    }
    let probe = azure.probe_token().await.unwrap();
    assert!(probe.expires.unwrap() > clock.now());
    clock.advance(1000);
    assert_eq!(azure.inventory(&ws()).await.unwrap_err().kind, FaultKind::Unauthenticated, "and not longer");
}

async fn run_child(kind: &str, server: &Server, extra: &[(&str, &str)]) {
    let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
    command.args(["tokens::child", "--exact", "--nocapture"]).env("LIGHTSOUT_TEST_IDENTITY", kind).env("LIGHTSOUT_TEST_ARM", server.url());
    for (name, value) in extra {
        command.env(name, value);
    }
    let out = command.output().await.unwrap();
    assert!(out.status.success(), "{kind}: {}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
}

/// An hour after the test clock's start.
fn in_an_hour() -> i64 {
    let now: jiff::Timestamp = crate::world::NOW.parse().unwrap();
    now.as_second() + 3600
}

#[tokio::test]
async fn a_managed_identity_outlives_its_endpoint() {
    for (kind, wanted) in [("system", None), ("client", Some("client_id=client-1"))] {
        let (failing, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let inner = endpoint(Arc::clone(&failing), Arc::clone(&asked), in_an_hour());
        let server = Server::start(move |n, seen| {
            let reply = inner(n, seen);
            if seen.target.starts_with("/msi/") {
                failing.store(true, Ordering::SeqCst);
            }
            reply
        })
        .await;
        run_child(kind, &server, &[("IDENTITY_ENDPOINT", &format!("{}/msi/token", server.url())), ("IDENTITY_HEADER", "hush")]).await;
        let tokens: Vec<_> = server.seen().into_iter().filter(|seen| seen.target.starts_with("/msi/")).collect();
        assert!(tokens[0].target.contains("resource=https%3A%2F%2Fmanagement.azure.com") && tokens[0].target.contains("api-version=2019-08-01"), "{}", tokens[0].target);
        assert_eq!(wanted.is_none_or(|part| tokens[0].target.contains(part)), true);
        let count = asked.load(Ordering::SeqCst);
        assert!((2..=30).contains(&count), "single flight, renewal ahead of the end, and rests between: {count}");
    }
}

#[tokio::test]
async fn a_failing_token_endpoint_is_not_hammered() {
    for (status, body) in [
        (500, "{}".to_owned()),
        (429, "{}".to_owned()),
        (200, format!(r#"{{"access_token":"managed","expires_on":"{}","token_type":"Bearer","resource":"r"}}"#, in_an_hour() - 7200)),
        (200, "not json".to_owned()),
        (400, r#"{"error":"invalid_request","error_description":"Identity not found"}"#.to_owned()),
    ] {
        let server = Server::start(move |_, _| json(status, &body)).await;
        run_child("failing", &server, &[("IDENTITY_ENDPOINT", &format!("{}/msi/token", server.url())), ("IDENTITY_HEADER", "hush")]).await;
        assert!(server.seen().iter().all(|seen| seen.target.starts_with("/msi/")), "fault 14: no request without a token");
        assert!(server.seen().len() <= 3, "fault 14: thirty reads asked {} times", server.seen().len());
    }
}

#[tokio::test]
async fn the_azure_cli_is_asked_for_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("az");
    let counter = folder.path().join("calls");
    let body = format!(
        "#!/bin/sh\necho \"$@\" >> {calls}\n[ \"$(wc -l < {calls})\" -gt 1 ] && exit 1\necho '{{\"accessToken\":\"managed\",\"expires_on\":{ends},\"tokenType\":\"Bearer\"}}'\n",
        calls = counter.display(),
        ends = in_an_hour()
    );
    std::fs::write(&script, body).unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let server = Server::start(endpoint(Arc::default(), Arc::default(), 0)).await;
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    run_child("cli", &server, &[("PATH", &path)]).await;
    let calls = std::fs::read_to_string(counter).unwrap();
    assert!(calls.lines().next().unwrap().contains("get-access-token") && calls.contains("tenant-1"), "{calls}");
}
