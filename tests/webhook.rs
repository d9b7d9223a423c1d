//! The webhook over loopback sockets: what is sent, what confirms it, and where it refuses to go.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::{SignedDuration, Timestamp};
use lightsout::facts::{NoticeKey, StopKey};
use lightsout::notify::{
    Channel, Channels, Looking, Lookup, Now, Webhook, WebhookError, WebhookFormat, WebhookOptions,
};
use lightsout::ports::{About, Fault, FaultKind, Message, MessageKind, Notify};
use lightsout::units::{InstanceId, PolicyId, When};
use tokio::net::TcpListener;

#[path = "webhook/channels.rs"]
mod channels;
#[path = "support/receiver.rs"]
mod receiver;
#[path = "webhook/urls.rs"]
mod urls;

use receiver::Server;

const SECRET: &str = "a shared secret";
const UNIX: i64 = 1_800_000_000;

fn local(server: &Server) -> WebhookOptions {
    WebhookOptions {
        allow_private: vec!["127.0.0.0/8".parse().unwrap()],
        ..options(&format!("http://{}/hook/secret-path?code=hidden", server.address))
    }
}

fn options(url: &str) -> WebhookOptions {
    WebhookOptions {
        url: url.to_owned(),
        format: WebhookFormat::Lightsout,
        secret: Some(SECRET.to_owned().into()),
        unsigned: false,
        allow_private: Vec::new(),
        timeout: None,
    }
}

fn now() -> Now {
    Arc::new(|| Timestamp::from_second(UNIX).unwrap())
}

fn webhook(options: WebhookOptions) -> Webhook {
    Webhook::new(options, now()).unwrap()
}

fn message() -> Message {
    let text =
        "/subscriptions/S-1/resourceGroups/Rg/providers/Microsoft.MachineLearningServices/workspaces/Ws/computes/Ci-A";
    let stop_at = Timestamp::from_second(UNIX + 900).unwrap();
    Message {
        id: "warning|ci-a|k1".to_owned(),
        kind: MessageKind::Warning,
        about: About::Instance { instance: InstanceId::parse(text).unwrap(), created: When::NONE },
        notice: Some(NoticeKey { stop: StopKey("k1".into()), stop_at }),
        policy: PolicyId::new("Nightly"),
        ground: "off_hours".to_owned(),
        owner: Some("a@example.org".to_owned()),
        notify: vec!["team@example.org".to_owned()],
        words: "Ci-A will be stopped – \"soon\"".to_owned(),
        at: Timestamp::from_second(UNIX).unwrap(),
        attempts: 0,
        channel: None,
        address: None,
        not_before: None,
        also: Vec::new(),
    }
}

async fn fault(options: WebhookOptions) -> Fault {
    webhook(options).deliver(&message(), &[]).await.unwrap_err()
}

#[tokio::test]
async fn a_message_is_posted_once_signed_and_with_its_key() {
    let server = Server::status("204 No Content").await;
    webhook(local(&server)).deliver(&message(), &[]).await.unwrap();
    let seen = server.seen();
    let [request] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!(request.line, "POST /hook/secret-path?code=hidden HTTP/1.1");
    let header = |name: &str| request.headers.get(name).map(String::as_str);
    assert_eq!(header("content-type"), Some("application/json"));
    assert_eq!(header("idempotency-key"), Some("warning|ci-a|k1"));
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    let About::Instance { instance, .. } = message().about else { panic!("no instance") };
    let expected = serde_json::json!({
        "version": 1, "id": "warning|ci-a|k1", "kind": "warning", "instance": instance.to_string(), "instance_name": "Ci-A",
        "workspace": instance.workspace().to_string(), "stop_at": "2027-01-15T08:15:00Z", "ground": "off_hours", "policy": "Nightly",
        "owner": "a@example.org", "notify": ["team@example.org"], "words": "Ci-A will be stopped – \"soon\"", "at": "2027-01-15T08:00:00Z",
    });
    assert_eq!(body, expected);
    // the signature, by an implementation that is not the sender's
    let (time, hex) = header("lightsout-signature").unwrap().strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    assert_eq!(time, UNIX.to_string());
    let signed = [time.as_bytes(), b".", &request.body].concat();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET.as_bytes());
    let tag: String = ring::hmac::sign(&key, &signed).as_ref().iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(hex, tag);
}

#[tokio::test]
async fn the_same_message_again_has_the_same_key_and_an_odd_one_a_digest() {
    let server = Server::status("200 OK").await;
    let hook = webhook(local(&server));
    let odd = Message { id: "wärning\n1".to_owned(), ..message() };
    for message in [&message(), &message(), &odd, &odd] {
        hook.deliver(message, &[]).await.unwrap();
    }
    let keys: Vec<String> =
        server.seen().iter().filter_map(|seen| seen.headers.get("idempotency-key").cloned()).collect();
    let [a, b, c, d] = keys.as_slice() else { panic!("{keys:?}") };
    assert_eq!((a, c), (b, d), "fault 42");
    assert_ne!(a, c);
    assert_eq!(c.len(), 64);
}

#[tokio::test]
async fn only_a_status_of_200_to_299_confirms() {
    for good in ["200 OK", "201 Created", "202 Accepted", "204 No Content", "299 X"] {
        let server = Server::status(good).await;
        webhook(local(&server)).deliver(&message(), &[]).await.unwrap();
    }
    for bad in [
        "300 X",
        "304 Not Modified",
        "400 Bad Request",
        "401 Unauthorized",
        "404 Not Found",
        "410 Gone",
        "500 X",
        "503 X",
    ] {
        let server = Server::status(bad).await;
        let fault = fault(local(&server)).await;
        // a message that is refused says nothing of the channel
        let kind = if bad.starts_with("400") { FaultKind::Unfit } else { FaultKind::Undelivered };
        assert_eq!(fault.kind, kind, "{bad}");
        assert!(fault.words().contains(bad.split(' ').next().unwrap()), "{}", fault.words());
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let canary = Server::status("200 OK").await;
    for code in [301, 302, 303, 307, 308] {
        let server = Server::answering(format!(
            "HTTP/1.1 {code} X\r\nlocation: http://{}/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            canary.address
        ))
        .await;
        assert!(fault(local(&server)).await.words().contains("redirects are not followed"));
    }
    assert_eq!(canary.connections(), 0);
}

#[tokio::test]
async fn a_wait_that_is_asked_for_is_kept_within_bounds() {
    let seconds = |n| Some(SignedDuration::from_secs(n));
    let table = [
        ("17", seconds(17)),
        ("0", seconds(1)),
        ("999999", seconds(900)),
        ("-1", None),
        ("soon", None),
        ("", None),
        ("Fri, 15 Jan 2027 08:00:30 GMT", seconds(30)),
        ("Fri, 15 Jan 2027 07:00:00 GMT", seconds(1)),
    ];
    for (header, wait) in table {
        let server = Server::answering(format!(
            "HTTP/1.1 429 X\r\nretry-after: {header}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        ))
        .await;
        assert_eq!(fault(local(&server)).await.kind, FaultKind::Throttled(wait), "{header}");
    }
    let server = Server::status("429 X").await;
    assert_eq!(fault(local(&server)).await.kind, FaultKind::Throttled(None));
}

#[tokio::test]
async fn a_channel_that_is_down_or_silent_or_garbled_is_a_fault_without_its_path() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let silent = Server::answering("").await;
    let garbled = Server::answering("no http at all\r\n\r\n").await;
    let mut refused = local(&silent);
    refused.url = format!("http://{gone}/hook/secret-path?code=hidden");
    let mut waiting = local(&silent);
    waiting.timeout = Some(SignedDuration::from_millis(100));
    for options in [refused, waiting, local(&garbled)] {
        let fault = fault(options).await;
        assert_eq!(fault.kind, FaultKind::Undelivered);
        assert!(!fault.words().contains("secret") && !fault.words().contains("hidden"), "{}", fault.words());
    }
}

#[tokio::test]
async fn a_huge_answer_confirms_and_is_not_read_to_its_end() {
    let mut answer = b"HTTP/1.1 200 OK\r\ncontent-length: 50000000\r\n\r\n".to_vec();
    answer.resize(answer.len() + 300_000, b'x');
    let server = Server::answering(answer).await;
    webhook(local(&server)).deliver(&message(), &[]).await.unwrap();
}

#[tokio::test]
async fn nothing_of_the_secret_is_shown() {
    let server = Server::status("200 OK").await;
    let text = format!("{:?} {:?}", webhook(local(&server)), local(&server).secret);
    assert!(!text.contains(SECRET) && !text.contains("secret-path"), "{text}");
}

#[tokio::test]
async fn without_a_secret_it_must_be_said() {
    for secret in [None, Some(String::new().into())] {
        let refused = Webhook::new(WebhookOptions { secret, ..options("https://hooks.example.org/x") }, now());
        assert!(matches!(refused, Err(WebhookError::Unsigned)));
    }
    let server = Server::status("200 OK").await;
    webhook(WebhookOptions { secret: None, unsigned: true, ..local(&server) }).deliver(&message(), &[]).await.unwrap();
    assert!(server.seen().iter().all(|seen| !seen.headers.contains_key("lightsout-signature")));
}

#[tokio::test]
async fn nothing_is_said_before_the_other_side_has_proven_itself() {
    // fault 34: a server that speaks no TLS, and one whose certificate nobody vouches for
    let plain = Server::status("200 OK").await;
    let mut options = local(&plain);
    options.url = options.url.replace("http:", "https:");
    options.timeout = Some(SignedDuration::from_millis(300));
    assert_eq!(fault(options).await.kind, FaultKind::Undelivered);
    assert!(plain.connections() > 0 && plain.seen().is_empty());
    let own = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let tls = axum_server::tls_rustls::RustlsConfig::from_pem(
        own.cert.pem().into_bytes(),
        own.signing_key.serialize_pem().into_bytes(),
    )
    .await
    .unwrap();
    let reached = Arc::new(AtomicUsize::new(0));
    let counted = reached.clone();
    let app = axum::Router::new().fallback(move || async move { counted.fetch_add(1, Ordering::SeqCst).to_string() });
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let mut options = local(&plain);
    options.url = format!("https://{}/", listener.local_addr().unwrap());
    tokio::spawn(axum_server::from_tcp_rustls(listener, tls).unwrap().serve(app.into_make_service()));
    let fault = fault(options).await;
    assert!(fault.words().to_lowercase().contains("certificate"), "{}", fault.words());
    assert_eq!(reached.load(Ordering::SeqCst), 0);
}

/// Answers from a table; a name's answers are given one after another, the last one for ever.
struct Names {
    answers: Vec<Vec<IpAddr>>,
    asked: AtomicUsize,
}

impl Names {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let answers = answers.iter().map(|ips| ips.iter().map(|ip| ip.parse().unwrap()).collect()).collect();
        Arc::new(Self { answers, asked: AtomicUsize::new(0) })
    }
}

impl Lookup for Names {
    fn lookup(&self, _: &str) -> Looking {
        let n = self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self.answers.get(n).or(self.answers.last()).cloned().unwrap_or_default();
        Box::pin(async move { Ok(answer) })
    }
}

#[tokio::test]
async fn a_name_that_moves_is_checked_at_every_connection() {
    let server = Server::status("200 OK").await;
    let names = Names::new(&[&["127.0.0.1"], &["169.254.169.254"], &["10.0.0.7"], &["10.0.0.7", "127.0.0.1"], &[]]);
    let options = WebhookOptions { url: format!("http://moving.example:{}/", server.address.port()), ..local(&server) };
    let hook = Webhook::with_lookup(options, now(), names.clone()).unwrap();
    hook.deliver(&message(), &[]).await.unwrap();
    for refused in ["169.254.169.254", "10.0.0.7"] {
        let fault = hook.deliver(&message(), &[]).await.unwrap_err();
        assert!(fault.words().contains(refused) && fault.words().contains("refused"), "{}", fault.words());
    }
    hook.deliver(&message(), &[]).await.unwrap();
    assert!(hook.deliver(&message(), &[]).await.unwrap_err().words().contains("has no address"));
    assert_eq!((server.connections(), names.asked.load(Ordering::SeqCst)), (2, 5));
}

#[tokio::test]
async fn a_name_of_this_machine_is_not_connected_to_unless_allowed() {
    let canary = Server::status("200 OK").await;
    for inside in [
        "127.0.0.1",
        "::1",
        "10.1.2.3",
        "192.168.0.1",
        "172.31.0.1",
        "100.100.0.1",
        "169.254.169.254",
        "168.63.129.16",
        "fd00::1",
        "fe80::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
    ] {
        let options = options(&format!("https://inside.example:{}/", canary.address.port()));
        let fault = Webhook::with_lookup(options, now(), Names::new(&[&[inside]]))
            .unwrap()
            .deliver(&message(), &[])
            .await
            .unwrap_err();
        assert!(fault.words().contains("is refused"), "{inside}: {}", fault.words());
    }
    assert_eq!(canary.connections(), 0);
}
