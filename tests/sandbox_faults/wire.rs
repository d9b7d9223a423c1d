//! Faults of status, body, header and connection.

use std::time::Duration;

use lightsout::sandbox::SCALE_SUBSCRIPTION;
use reqwest::Client;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::site::{Site, header, list, running};

#[tokio::test]
async fn statuses_and_their_retry_after() {
    // [1, 2, 4, 13, 15, 16, 17, 18, 35]
    for (effect, status, retry, says) in [
        ("throttle:17", 429, Some("17"), "SubscriptionRequestsThrottled"),
        ("throttle:Fri, 31 Dec 1999 23:59:59 GMT", 429, Some("Fri, 31 Dec 1999 23:59:59 GMT"), ""),
        ("throttle:-1", 429, Some("-1"), ""),
        ("throttle", 429, None, ""),
        ("status:503,9", 503, Some("9"), "ServiceUnavailable"),
        ("status:500", 500, None, "InternalServerError"),
        ("error:412,PreconditionFailed", 412, None, "PreconditionFailed"),
        ("status:415", 415, None, "UnsupportedMediaType"),
        ("unauthorized", 401, None, "ExpiredAuthenticationToken"),
        ("claims-challenge", 401, None, "RevocationTimestamp"),
        ("forbidden", 403, None, "workspaces/computes/read"),
        ("not-found", 404, None, "ResourceNotFound"),
        ("conflict", 409, None, "Conflict"),
        ("disk-full", 400, None, "StopCompute is not allowed when ComputeInstance disk is full."),
        ("redirect:http://127.0.0.1:9/away", 302, None, ""),
    ] {
        let site = Site::new(&format!("list-computes => {effect}")).await;
        let answer = site.get(&list()).await;
        assert_eq!(answer.status(), status, "{effect}");
        assert_eq!(header(&answer, "retry-after").as_deref(), retry, "{effect}");
        assert!(answer.text().await.unwrap().contains(says), "{effect}");
        assert_eq!(site.get(&running("")).await.status(), 200, "only lists are spoilt by {effect}");
        assert_eq!(site.sandbox.faults().spoilt(), 1);
    }
}

#[tokio::test]
async fn bodies_that_are_no_json() {
    // [8, 9]
    for (effect, begins) in [
        ("html", &b"<!DOCTYPE"[..]),
        ("text", b"service"),
        ("empty", b""),
        ("bom", b"\xef\xbb\xbf{"),
        ("nested:500", b"{\"value\":[[[[[["),
        ("gzip-bomb:2", b"\x1f\x8b"),
    ] {
        let site = Site::new(&format!("list-computes => {effect}")).await;
        let answer = site.get(&list()).await;
        assert_eq!(answer.status(), 200);
        let body = answer.bytes().await.unwrap();
        assert!(body.starts_with(begins), "{effect}: {body:?}");
        assert!(effect != "empty" || body.is_empty());
    }
    let site = Site::new("list-computes => wrong-charset").await;
    let kind = header(&site.get(&list()).await, "content-type").unwrap();
    assert!(kind.contains("utf-16"));
    let site = Site::new("list-computes => huge:3000").await;
    assert_eq!(site.json(&list()).await["value"].as_array().unwrap().len(), 3_000);
}

#[tokio::test]
async fn a_gzip_bomb_grows() {
    // [8] A client that inflates reads far more than was sent, until the wrong checksum at the very end.
    let site = Site::new("list-computes => gzip-bomb:2").await;
    let sent = site.get(&list()).await.bytes().await.unwrap().len();
    let inflating = Client::builder().no_proxy().build().unwrap();
    let mut answer = inflating.get(site.url(&list())).send().await.unwrap();
    let mut grown = 0;
    while let Ok(Some(chunk)) = answer.chunk().await {
        assert!(chunk.iter().all(|byte| *byte == b' '));
        grown += chunk.len();
    }
    assert!(grown > 1_900_000 && grown > sent * 100, "{sent} bytes became {grown}");
}

#[tokio::test]
async fn connections_that_break() {
    // [6, 7, 33]
    for effect in ["truncate", "cut"] {
        let site = Site::new(&format!("list-computes => {effect}")).await;
        let answer = site.get(&list()).await;
        assert_eq!(header(&answer, "content-length").is_some(), effect == "truncate");
        assert!(answer.text().await.is_err(), "{effect}");
    }
    let site = Site::new("any => reset").await;
    assert!(site.client.get(site.url(&list())).send().await.is_err());
    assert!(site.raw(&list()).await.is_empty());
    let site = Site::new("any => hang").await;
    let patience = Duration::from_millis(200);
    let error = site.client.get(site.url(&list())).timeout(patience).send().await.unwrap_err();
    assert!(error.is_timeout());
}

#[tokio::test]
async fn heads_and_bodies_that_drip() {
    // [5]
    let site = Site::new("other => drip:2").await;
    let seen = site.raw(&format!("/subscriptions/{SCALE_SUBSCRIPTION}?api-version=1")).await;
    let head = seen.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    assert!(seen.len() > head + 4, "the body came, byte by byte");
    let site = Site::new("list-computes => drip-header:200").await;
    let address = site.sandbox.base_url().replace("http://", "");
    let mut socket = TcpStream::connect(&address).await.unwrap();
    socket.write_all(format!("GET {} HTTP/1.1\r\nhost: {address}\r\n\r\n", list()).as_bytes()).await.unwrap();
    let mut buffer = [0_u8; 1_024];
    for _ in 0..3 {
        assert_eq!(socket.read(&mut buffer).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn headers_that_are_odd() {
    // [36, 37, 38, 39]
    let site = Site::new("any => close").await;
    assert_eq!(header(&site.get(&list()).await, "connection").as_deref(), Some("close"));
    let site = Site::new("any => duplicate-headers").await;
    let answer = site.get(&list()).await;
    assert_eq!(answer.headers().get_all("retry-after").iter().count(), 2);
    let site = Site::new("any => big-header:100000").await;
    assert!(site.raw(&list()).await.len() > 100_000);
    let site = Site::new("any => date-skew:-3600").await;
    let date = header(&site.get(&list()).await, "date");
    assert_eq!(date.as_deref(), Some("Mon, 02 Nov 2026 09:30:00 GMT"));
}

#[tokio::test]
async fn a_delay_is_real_time() {
    let site = Site::new("get => delay:30000").await;
    let patience = Duration::from_millis(200);
    let late = site.client.get(site.url(&running(""))).timeout(patience).send().await;
    assert!(late.unwrap_err().is_timeout());
    assert_eq!(site.get(&list()).await.status(), 200);
}
