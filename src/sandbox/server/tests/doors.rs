//! Tokens, the inbox, the recorder, HTTPS, beginning and end.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::SignedDuration;
use reqwest::Client;
use serde_json::Value;

use super::super::super::faults::{Effect, FaultOperation};
use super::super::super::spec::{DEMO_TENANT, scale};
use super::super::*;
use super::site::*;

#[tokio::test]
async fn arm_wants_a_token_and_an_api_version() {
    let site = Site::new().await;
    let url = site.url(&format!("{MADRID}/computes?api-version=1"));
    let none = site.client.get(&url).send().await.unwrap();
    assert_eq!(none.status(), 401);
    assert!(header(&none, "www-authenticate").starts_with("Bearer authorization_uri="));
    assert_eq!(site.client.get(&url).bearer_auth("forged").send().await.unwrap().status(), 401);
    let bare = site.get(&format!("{MADRID}/computes")).await;
    assert_eq!(bare.status(), 400);
    assert!(bare.text().await.unwrap().contains("MissingApiVersionParameter"));
}

#[tokio::test]
async fn managed_identity_gives_tokens_that_arm_takes() {
    let site = Site::new().await;
    let ask = |header: &str| {
        site.client
            .get(site.url("/msi/token?api-version=2019-08-01&resource=https://management.azure.com"))
            .header("X-IDENTITY-HEADER", header.to_owned())
            .send()
    };
    assert_eq!(ask("wrong").await.unwrap().status(), 401);
    let given: Value =
        serde_json::from_str(&ask(site.sandbox.identity_header()).await.unwrap().text().await.unwrap()).unwrap();
    assert!(given["expires_on"].is_string());
    let answer = site
        .client
        .get(site.url(&format!("{MADRID}?api-version=1")))
        .bearer_auth(given["access_token"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let imds = site
        .client
        .get(site.url("/metadata/identity/oauth2/token?api-version=2019-08-01&resource=https://management.azure.com"));
    assert_eq!(imds.try_clone().unwrap().send().await.unwrap().status(), 400);
    assert_eq!(imds.header("Metadata", "true").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn entra_takes_secrets_and_assertions_and_names_its_errors() {
    let site = Site::new().await;
    let ask = |tenant: &str, form: &[(&str, &str)]| {
        let request = site.client.post(site.url(&format!("/{tenant}/oauth2/v2.0/token"))).form(form);
        async move {
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), serde_json::from_str::<Value>(&answer.text().await.unwrap()).unwrap())
        }
    };
    let base = [
        ("grant_type", "client_credentials"),
        ("client_id", "app"),
        ("scope", "https://management.azure.com/.default"),
    ];
    let with = |more: &[(&'static str, &'static str)]| [&base, more].concat();
    let (status, body) = ask(DEMO_TENANT, &with(&[("client_secret", "s3cret")])).await;
    assert_eq!((status, body["expires_in"].as_i64()), (200, Some(3_600)));
    let (status, body) = ask(DEMO_TENANT, &with(&[("client_secret", "wrong")])).await;
    assert_eq!((status, body["error_codes"][0].as_i64()), (401, Some(7_000_215)));
    let assertion = [
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", "jwt"),
    ];
    assert_eq!(ask(DEMO_TENANT, &with(&assertion)).await.0, 200);
    assert_eq!(ask("other-tenant", &with(&assertion)).await.1["error_codes"][0], 90_002);
}

#[tokio::test]
async fn the_recorder_knows_who_came_with_a_token() {
    let site = Site::new().await;
    site.get(&format!("{MADRID}?api-version=1")).await;
    drop(site.client.get(site.url("/elsewhere")).send().await.unwrap());
    let recorder = site.sandbox.recorder();
    let seen: Vec<_> =
        recorder.recent().iter().map(|record| (record.operation, record.status, record.had_authorization)).collect();
    assert_eq!(seen, [("get-workspace", 200, true), ("other", 401, false)]);
    assert_eq!(recorder.count("get-workspace"), 1);
}

#[tokio::test]
async fn the_inbox_reaches_people() {
    let site = Site::new().await;
    let stop_at = morning() + SignedDuration::from_mins(15);
    let ids: Vec<Value> = {
        let world = site.sandbox.world();
        let world = world.lock().unwrap();
        world
            .truths()
            .filter(crate::sandbox::Truth::in_use)
            .map(|truth| serde_json::json!({ "id": truth.id(), "stop_at": stop_at.to_string() }))
            .collect()
    };
    let body = serde_json::json!({ "kind": "warning", "more": 1, "instances": ids }).to_string();
    let answer = site
        .client
        .post(site.url("/people/inbox"))
        .header("x-lightsout-signature", "s")
        .body(body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert!(site.sandbox.recorder().recent().last().unwrap().had_signature);
    assert!(site.sandbox.take_hold_wishes().is_empty());
    site.clock.forward(SignedDuration::from_mins(10));
    let wishes = site.sandbox.take_hold_wishes();
    assert!(!wishes.is_empty() && wishes.iter().all(|wish| wish.at <= stop_at));
    assert!(site.sandbox.take_hold_wishes().is_empty());
}

#[tokio::test]
async fn others_cannot_reach_it() {
    let clock = Arc::new(Hand(Mutex::new(morning())));
    let mut options = SandboxOptions::new(scale(1, morning(), 1, 1), clock);
    options.listen = "0.0.0.0:0".parse().unwrap();
    assert!(matches!(Sandbox::start(options).await, Err(SandboxError::NotLoopback(_))));
}

#[tokio::test]
async fn https_is_served_under_its_own_authority() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_owned();
    let site = Site::with(move |options| options.tls_dir = Some(path)).await;
    let pem = std::fs::read(site.sandbox.ca_file().unwrap()).unwrap();
    let trusting =
        Client::builder().tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()]).no_proxy().build().unwrap();
    let url = format!("{}{MADRID}/computes?api-version=1", site.sandbox.https_url().unwrap());
    assert_eq!(trusting.get(&url).bearer_auth("x").send().await.unwrap().status(), 200);
    assert!(site.client.get(&url).send().await.is_err(), "a client that does not know the authority refuses it");
}

#[tokio::test]
async fn shutdown_ends_even_those_who_never_answer() {
    let site = Site::new().await;
    site.fault(FaultOperation::Any, Effect::Hang);
    let url = site.url(&format!("{MADRID}?api-version=1"));
    let hanging = tokio::spawn(site.client.get(url).bearer_auth("x").timeout(Duration::from_secs(20)).send());
    while site.sandbox.recorder().recent().is_empty() {
        tokio::task::yield_now().await;
    }
    site.sandbox.shutdown().await;
    assert!(hanging.await.unwrap().is_err());
}

#[tokio::test]
async fn a_flawed_certificate_is_refused_by_who_trusts_the_authority() {
    // Fault 34.
    for flaw in [TlsFlaw::Expired, TlsFlaw::WrongHost, TlsFlaw::UnknownAuthority] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().to_owned();
        let site = Site::with(move |options| {
            options.tls_dir = Some(path);
            options.tls_flaw = flaw;
        })
        .await;
        let pem = std::fs::read(site.sandbox.ca_file().unwrap()).unwrap();
        let trusted = [reqwest::Certificate::from_pem(&pem).unwrap()];
        let trusting = Client::builder().tls_certs_only(trusted).no_proxy().build().unwrap();
        let url = format!("{}{MADRID}?api-version=1", site.sandbox.https_url().unwrap());
        assert!(trusting.get(&url).bearer_auth("x").send().await.is_err(), "{flaw:?}");
        assert!(site.sandbox.recorder().recent().is_empty(), "nothing was sent");
    }
}
