//! Teams, Slack, Alertmanager and CloudEvents over loopback: what is posted, what confirms it, what is never shown.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::SignedDuration;
use lightsout::notify::{
    Alertmanager, Channel, HookOptions, Looking, Lookup, Slack, Teams, Webhook, WebhookError, WebhookFormat,
    WebhookOptions,
};
use lightsout::ports::{FaultKind, Notify as _};
use serde_json::Value;

use super::receiver::Server;
use super::{now, warning};

const NAMES: [&str; 3] = ["teams", "slack", "alertmanager"];

fn options(url: &str) -> HookOptions {
    HookOptions {
        url: url.to_owned().into(),
        allow_private: vec!["127.0.0.0/8".parse().unwrap()],
        timeout: Some(SignedDuration::from_secs(5)),
    }
}

fn channel(name: &str, options: HookOptions) -> Result<Channel, WebhookError> {
    match name {
        "teams" => Teams::new(options, now()).map(Channel::Teams),
        "slack" => Slack::new(options, now()).map(Channel::Slack),
        _ => Alertmanager::new(options, now()).map(Channel::Alertmanager),
    }
}

fn to(name: &str, server: &Server) -> Channel {
    channel(name, options(&format!("http://{}/secret-path?sig=hidden", server.address))).unwrap()
}

#[tokio::test]
async fn each_posts_its_own_form() {
    for name in NAMES {
        let server = Server::status("202 Accepted").await;
        let channel = to(name, &server);
        assert_eq!(channel.name(), name);
        channel.deliver(&warning(), &[]).await.unwrap();
        let seen = server.seen();
        let [request] = seen.as_slice() else { panic!("{seen:?}") };
        assert_eq!(request.headers.get("content-type").map(String::as_str), Some("application/json"));
        assert!(
            request.headers.contains_key("idempotency-key") && !request.headers.contains_key("lightsout-signature")
        );
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let (path, part) = match name {
            "teams" => {
                ("/secret-path?sig=hidden", body["attachments"][0]["content"]["body"][0]["inlines"][0]["text"].clone())
            }
            "slack" => ("/secret-path?sig=hidden", body["blocks"][0]["text"]["text"].clone()),
            _ => ("/secret-path/api/v2/alerts?sig=hidden", body[0]["annotations"]["summary"].clone()),
        };
        assert_eq!(request.line, format!("POST {path} HTTP/1.1"));
        assert!(part.as_str().unwrap().ends_with("ci-ada will be stopped at 19:30 UTC (Mon 23 Mar)"), "{part}");
    }
}

#[tokio::test]
async fn alerts_go_below_the_address_at_which_alertmanager_answers() {
    for base in ["", "/", "/am", "/am/", "/am/api/v2/alerts", "/am/api/v2/alerts/"] {
        let server = Server::status("200 OK").await;
        let channel = channel("alertmanager", options(&format!("http://{}{base}", server.address))).unwrap();
        channel.deliver(&warning(), &[]).await.unwrap();
        let prefix = if base.starts_with("/am") { "/am" } else { "" };
        assert_eq!(server.seen()[0].line, format!("POST {prefix}/api/v2/alerts HTTP/1.1"), "{base}");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_confirmation_is_a_fault_that_shows_no_address() {
    for name in NAMES {
        for (status, kind) in [
            ("429 X", FaultKind::Throttled(None)),
            ("404 Not Found", FaultKind::Undelivered),
            ("500 X", FaultKind::Undelivered),
            ("302 Found", FaultKind::Undelivered),
        ] {
            let server = Server::status(status).await;
            let channel = to(name, &server);
            let fault = channel.deliver(&warning(), &[]).await.unwrap_err();
            assert_eq!((fault.kind, server.connections()), (kind, 1), "{name} {status}");
            let shown = format!("{} {channel:?}", fault.words());
            assert!(shown.to_lowercase().contains(&format!("to {name}")), "{shown}");
            for secret in ["secret-path", "hidden", "127.0.0.1"] {
                assert!(!shown.contains(secret), "{shown}");
            }
        }
        let server =
            Server::answering("HTTP/1.1 429 X\r\nretry-after: 17\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                .await;
        let fault = to(name, &server).deliver(&warning(), &[]).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Throttled(Some(SignedDuration::from_secs(17))));
    }
}

#[tokio::test]
async fn none_goes_where_a_webhook_may_not() {
    let canary = Server::status("200 OK").await;
    for name in NAMES {
        for url in [
            format!("https://{}/", canary.address),
            "https://169.254.169.254/metadata".to_owned(),
            "https://168.63.129.16/".to_owned(),
            "https://10.0.0.1/".to_owned(),
            "http://hooks.slack.com/services/x".to_owned(),
            "https://user:hunter2@hooks.slack.com/".to_owned(),
            "hooks.slack.com/services/hunter2".to_owned(),
        ] {
            let refused = channel(name, HookOptions { allow_private: Vec::new(), ..options(&url) });
            let error = refused.map(|channel| channel.name()).unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
    assert_eq!(canary.connections(), 0);
}

/// Says that every name is one address.
struct Leads(IpAddr);

impl Lookup for Leads {
    fn lookup(&self, _: &str) -> Looking {
        let ip = self.0;
        Box::pin(async move { Ok(vec![ip]) })
    }
}

#[tokio::test]
async fn a_name_that_leads_inside_is_not_connected_to() {
    let canary = Server::status("200 OK").await;
    for inside in ["127.0.0.1", "10.1.2.3", "169.254.169.254", "168.63.129.16", "fd00::1", "::ffff:127.0.0.1"] {
        for name in NAMES {
            let url = format!("https://inside.example:{}/hunter2", canary.address.port());
            let options = HookOptions { allow_private: Vec::new(), ..options(&url) };
            let names = Arc::new(Leads(inside.parse().unwrap()));
            let channel = match name {
                "teams" => Teams::with_lookup(options, now(), names).map(Channel::Teams),
                "slack" => Slack::with_lookup(options, now(), names).map(Channel::Slack),
                _ => Alertmanager::with_lookup(options, now(), names).map(Channel::Alertmanager),
            };
            let fault = channel.unwrap().deliver(&warning(), &[]).await.unwrap_err();
            let words = fault.words();
            assert!(words.contains("is refused") && !words.contains("hunter2"), "{name} {inside}: {words}");
        }
    }
    assert_eq!(canary.connections(), 0);
}

#[tokio::test]
async fn a_cloud_event_is_signed_over_its_bytes() {
    let server = Server::status("200 OK").await;
    let hook = Webhook::new(
        WebhookOptions {
            url: format!("http://{}/events", server.address),
            format: WebhookFormat::CloudEvents,
            secret: Some("a shared secret".to_owned().into()),
            unsigned: false,
            allow_private: vec!["127.0.0.0/8".parse().unwrap()],
            timeout: None,
        },
        now(),
    )
    .unwrap();
    hook.deliver(&warning(), &[]).await.unwrap();
    let seen = server.seen();
    let request = &seen[0];
    assert_eq!(request.headers["content-type"], "application/cloudevents+json; charset=utf-8");
    let event: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(event["type"], "dev.lightsout.warning");
    assert_eq!(event["id"], warning().id);
    assert_eq!((&event["data"]["version"], &event["data"]["instance_name"]), (&1.into(), &"ci-ada".into()));
    let signature = request.headers["lightsout-signature"].strip_prefix("t=").unwrap();
    let (time, hex) = signature.split_once(",v1=").unwrap();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"a shared secret");
    let tag = ring::hmac::sign(&key, &[time.as_bytes(), b".", &request.body].concat());
    assert_eq!(hex, tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>());
}

#[tokio::test]
async fn channels_are_named_in_their_order() {
    let server = Server::status("200 OK").await;
    let channels = lightsout::notify::Channels::new(NAMES.map(|name| to(name, &server)).into_iter().collect());
    assert_eq!(channels.channels(), NAMES);
    channels.deliver(&warning()).await.unwrap();
    assert_eq!(server.connections(), 3, "each was told");
}
