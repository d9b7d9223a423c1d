//! Answers that are late, cut off, too big, in another language, or not Azure's at all.

use lightsout::azure::Azure;
use lightsout::ports::{FaultKind, Observe as _};

use crate::world::{Reply, TestClock, WS, World, custom, item, json, page, token_file, world, world_with, ws};

fn one() -> String {
    page(&[item("ci-a", "Running")], None)
}

fn raw(text: &str) -> Reply {
    Reply::Raw(text.as_bytes().to_vec())
}

async fn kind(world: &World) -> FaultKind {
    world.azure.inventory(&ws()).await.unwrap_err().kind
}

#[tokio::test]
async fn a_dripping_answer_frees_its_slot() {
    let drip = |n: usize, _: &crate::world::Seen| match n {
        0 => Reply::Drip(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{".to_vec()),
        1 => Reply::Drip(b"HTTP/1.1 200 OK\r\nX-Slow: ".to_vec()),
        _ => json(200, &one()),
    };
    let world = world_with(drip, |options| {
        options.concurrency = 1;
        options.tries_max = 1;
    })
    .await;
    assert_eq!(kind(&world).await, FaultKind::Unreachable, "fault 5: body");
    assert_eq!(kind(&world).await, FaultKind::Unreachable, "fault 5: header");
    assert_eq!(world.azure.inventory(&ws()).await.unwrap().instances.len(), 1, "the only slot is free again");
}

#[tokio::test]
async fn silence_ends_at_the_deadline() {
    let world = world_with(|n, _| if n < 1 { Reply::Silence } else { json(200, &one()) }, |options| options.tries_max = 1).await;
    let fault = world.azure.inventory(&ws()).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Unreachable, "fault 6");
    assert!(fault.words().contains("timed out"), "{}", fault.words());
}

#[tokio::test]
async fn a_cut_off_page_is_no_page() {
    let whole = one();
    let short = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", whole.len(), &whole[..whole.len() - 9]);
    let chunked = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{}", whole.len(), &whole[..40]);
    let lying = whole[..whole.len() - 2].to_owned();
    for (text, expected) in [(short, FaultKind::Unreachable), (chunked, FaultKind::Unreachable)] {
        let world = world(move |_, _| raw(&text)).await;
        assert_eq!(kind(&world).await, expected, "fault 7");
        assert_eq!(world.server.seen().len(), 4, "a read is tried again");
    }
    let world = world(move |_, _| json(200, &lying)).await;
    assert_eq!(kind(&world).await, FaultKind::Garbled, "fault 7: cut before it was sent");
}

/// So much of one byte, compressed by stored-free deflate blocks made by hand is long; gzip of a run is short.
fn bomb() -> Vec<u8> {
    // One fixed-Huffman block: a literal, then copies of 258 bytes at distance 1, each in 13 bits (code of 285, then of distance 0).
    let mut bits = Bits::default();
    bits.put(0b011, 3);
    bits.code(0x30 + u32::from(b' '), 8);
    for _ in 0..200_000 {
        bits.code(0b1100_0101, 8);
        bits.code(0, 5);
    }
    bits.code(0, 7);
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    out.extend(bits.done());
    out.extend([0; 8]);
    out
}

#[derive(Default)]
struct Bits {
    out: Vec<u8>,
    held: u32,
    count: u32,
}

impl Bits {
    /// Bits as they are, lowest first.
    fn put(&mut self, value: u32, width: u32) {
        self.held |= value << self.count;
        self.count += width;
        while self.count >= 8 {
            self.out.push(u8::try_from(self.held & 0xff).unwrap());
            self.held >>= 8;
            self.count -= 8;
        }
    }
    /// A Huffman code, highest bit first.
    fn code(&mut self, value: u32, width: u32) {
        for bit in (0..width).rev() {
            self.put((value >> bit) & 1, 1);
        }
    }
    fn done(mut self) -> Vec<u8> {
        self.put(0, 7);
        self.out
    }
}

#[tokio::test]
async fn what_is_not_json_is_refused() {
    let say = |kind: &str, body: Vec<u8>| (kind.to_owned(), body);
    let mut cases = vec![
        say("text/html", b"<html>sign in</html>".to_vec()),
        say("text/plain", one().into_bytes()),
        say("application/json; charset=utf-16", one().into_bytes()),
        say("application/json", Vec::new()),
        say("application/json", [&b"\xef\xbb\xbf"[..], one().as_bytes()].concat()),
        say("application/json", b"\xff\xfe{}".to_vec()),
        say("application/json", br#"{"value":"none"}"#.to_vec()),
        say("application/json", b"{}".to_vec()),
        say("application/json", b"null".to_vec()),
        say("", one().into_bytes()),
    ];
    cases.push(say("application/json", [one().as_bytes(), b"x"].concat()));
    for (kind_said, body) in cases {
        let label = format!("{kind_said} {:?}", body.get(..12));
        let world = world(move |_, _| Reply::Say(200, vec![("Content-Type".into(), kind_said.clone())], body.clone())).await;
        assert_eq!(kind(&world).await, FaultKind::Garbled, "fault 8: {label}");
        assert_eq!(world.server.seen().len(), 1, "asking again does not help: {label}");
    }
    let world = world(|_, _| Reply::Say(200, vec![("Content-Type".into(), "application/json".into()), ("Content-Encoding".into(), "gzip".into())], bomb())).await;
    let fault = world.azure.inventory(&ws()).await.unwrap_err();
    assert!(fault.words().contains("longer than 32 MiB"), "fault 8: gzip bomb: {}", fault.words());
}

#[tokio::test]
async fn deep_and_huge_answers_are_bounded() {
    let deep = format!(r#"{{"value":[{}{}]}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let hidden = page(&[item("ci-a", "Running").replace(r#""tags":{}"#, &format!(r#""tags":{{}},"x":{}{}"#, "[".repeat(100_000), "]".repeat(100_000)))], None);
    let world_deep = world(move |_, _| json(200, &deep)).await;
    if let Ok(seen) = world_deep.azure.inventory(&ws()).await {
        assert!(seen.instances.is_empty(), "fault 9: nothing is made of it");
    }
    let world_hidden = world(move |_, _| json(200, &hidden)).await;
    assert_eq!(world_hidden.azure.inventory(&ws()).await.map(|seen| seen.instances.len()).unwrap_or(0), 1, "what is not read may be deep");
    let many = format!(r#"{{"value":[{}1]}}"#, "1,".repeat(99_999));
    let world_many = world(move |_, _| json(200, &many)).await;
    let seen = world_many.azure.inventory(&ws()).await.unwrap();
    assert!(matches!(&seen.completeness, lightsout::facts::Completeness::Partial(named) if named.len() == 21), "named within bounds");
    let big = world(|_, _| json(200, &format!(r#"{{"value":[],"x":"{}"}}"#, "a".repeat(33 << 20)))).await;
    assert_eq!(kind(&big).await, FaultKind::Garbled);
}

#[tokio::test]
async fn one_forbidden_workspace_is_only_itself() {
    let body = r#"{"error":{"code":"AuthorizationFailed","message":"The client 'x' does not have authorization to perform action 'Microsoft.MachineLearningServices/workspaces/computes/read' over scope 'y'."}}"#;
    let world = world(move |_, seen| if seen.target.contains("ws-b") { json(403, body) } else { json(200, &one()) }).await;
    let other = crate::world::workspace(&WS.replace("ws-a", "ws-b"));
    let fault = world.azure.inventory(&other).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Denied, "fault 15");
    assert!(fault.words().contains("missing action: Microsoft.MachineLearningServices/workspaces/computes/read"), "{}", fault.words());
    assert_eq!(world.azure.inventory(&ws()).await.unwrap().instances.len(), 1, "the other goes on");
}

#[tokio::test]
async fn a_closed_port_is_tried_again() {
    let token = token_file();
    let port = { std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port() };
    let options = custom(&format!("http://localhost:{port}"), lightsout::azure::IdentityOptions::TokenFile { path: token.path().to_owned() });
    let azure = Azure::new(options, TestClock::new()).unwrap();
    let fault = azure.inventory(&ws()).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Unreachable, "fault 33: {}", fault.words());
    assert_eq!(azure.api_use().requests.get(&("list_computes", "no_connection".to_owned())), Some(&4), "tried again");
}

#[tokio::test]
async fn portals_and_proxies_are_named() {
    for (status, says) in [(302, "captive portal"), (301, "captive portal"), (307, "captive portal"), (407, "proxy asks for credentials")] {
        let world = world(move |_, _| json(status, "{}").with("Location", "http://127.0.0.1:1/login")).await;
        let fault = world.azure.inventory(&ws()).await.unwrap_err();
        assert!(fault.words().contains(says), "fault 35: {}", fault.words());
        assert_eq!(world.server.seen().len(), 1, "not followed, not tried again");
    }
}

#[tokio::test]
async fn a_connection_closed_each_time_is_only_slower() {
    let world = world(|n, _| if n % 2 == 0 { Reply::Close } else { json(200, &one()).with("Connection", "close") }).await;
    for _ in 0..5 {
        assert_eq!(world.azure.inventory(&ws()).await.unwrap().instances.len(), 1, "fault 36");
    }
}

#[tokio::test]
async fn huge_headers_are_refused() {
    let long = "a".repeat(1 << 20);
    let huge = format!("HTTP/1.1 200 OK\r\nX-Long: {long}\r\n\r\n");
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X-Many: 1\r\n".repeat(5000));
    let broken = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nabcdefg".to_owned();
    for text in [huge, many, broken, "SPAM\r\n\r\n".to_owned()] {
        let world = world_with(move |_, _| raw(&text), |options| options.tries_max = 1).await;
        assert_eq!(kind(&world).await, FaultKind::Unreachable, "fault 37");
    }
}

#[tokio::test]
async fn azures_clock_is_heard() {
    let world = world(|_, _| json(200, &one()).with("Date", "Mon, 02 Nov 2026 20:03:20 GMT")).await;
    assert_eq!(world.azure.azure_time(), None);
    world.azure.inventory(&ws()).await.unwrap();
    let time = world.azure.azure_time().unwrap();
    assert_eq!(time.azure.duration_since(time.here).as_secs(), 200, "fault 39: how far they are apart");
}

#[tokio::test]
async fn a_request_says_who_asks_and_nothing_more() {
    let world = world(|_, _| json(200, &one())).await;
    world.azure.inventory(&ws()).await.unwrap();
    let seen = &world.server.seen()[0];
    assert_eq!(seen.method, "GET");
    assert_eq!(seen.target, format!("{WS}/computes?api-version=2025-12-01"));
    assert_eq!(seen.header("user-agent"), Some(concat!("lightsout/", env!("CARGO_PKG_VERSION"))));
    assert_eq!(seen.header("x-ms-client-request-id").map(str::len), Some(36));
    assert_eq!(seen.header("authorization"), Some("Bearer canary-token-0123456789"));
    assert_eq!(seen.header("accept-encoding"), Some("gzip"));
}
