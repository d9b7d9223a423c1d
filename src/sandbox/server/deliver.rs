//! The last step: an answer becomes bytes, whole, slow, short or not at all.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use futures_util::stream;
use jiff::{SignedDuration, Timestamp};

use super::super::faults::Effect;
use super::super::world::mix;
use super::answer::Answer;
use super::connection::Connection;
use super::shared::Shared;

/// Where an answer goes.
pub(super) struct Delivery<'a> {
    pub(super) shared: &'a Shared,
    /// The connection's handle; HTTPS connections have none.
    pub(super) connection: Option<Connection>,
    pub(super) number: u64,
    pub(super) at: Timestamp,
}

impl Delivery<'_> {
    /// No answer: the connection ends. Over HTTPS, where the connection itself is out of reach, the answer breaks off at once.
    pub(super) fn cut(&self) -> Response {
        if let Some(connection) = &self.connection {
            connection.cut();
        }
        let mut response = Response::new(broken(Bytes::new()));
        response.headers_mut().insert("content-length", HeaderValue::from_static("1000"));
        response
    }
}

/// Puts the common headers on, and sends it as the faults want.
pub(super) fn deliver(delivery: &Delivery<'_>, answer: Answer, effects: &[Effect]) -> Response {
    let Answer { status, mut headers, body } = answer;
    common_headers(&mut headers, delivery);
    for effect in effects {
        spoil_headers(&mut headers, effect, delivery.at);
        if let (Effect::DripHeader(millis), Some(connection)) = (effect, &delivery.connection) {
            connection.drip(*millis);
        }
    }
    let slow = effects.iter().find(|effect| matches!(effect, Effect::Drip(_) | Effect::Truncate | Effect::Cut));
    let length = HeaderValue::from(body.len());
    let sent = match slow {
        Some(Effect::Drip(millis)) => {
            headers.insert("content-length", length);
            dripping(body, *millis)
        }
        Some(Effect::Truncate) => {
            headers.insert("content-length", length);
            broken(half(&body))
        }
        Some(_) => broken(half(&body)),
        None => Body::from(body),
    };
    let mut response = Response::new(sent);
    *response.headers_mut() = headers;
    if let Ok(status) = axum::http::StatusCode::from_u16(status) {
        *response.status_mut() = status;
    }
    response
}

/// The headers that every answer of ARM carries; `Date` is of the sandbox's time.
fn common_headers(headers: &mut HeaderMap, delivery: &Delivery<'_>) {
    let id = mix(delivery.shared.options.world.seed, &["request", &delivery.number.to_string()]);
    let id = format!("{:08x}-0000-4000-8000-{:012x}", id >> 32, id & 0xffff_ffff_ffff);
    for name in ["x-ms-request-id", "x-ms-correlation-request-id"] {
        if let Ok(value) = HeaderValue::from_str(&id) {
            headers.insert(name, value);
        }
    }
    headers.entry("cache-control").or_insert(HeaderValue::from_static("no-cache"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    set_date(headers, delivery.at);
}

fn set_date(headers: &mut HeaderMap, at: Timestamp) {
    if let Ok(value) = HeaderValue::from_str(&at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()) {
        headers.insert("date", value);
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "only the effects on headers are looked at here; the rest belong to the other steps"
)]
fn spoil_headers(headers: &mut HeaderMap, effect: &Effect, at: Timestamp) {
    match effect {
        Effect::DateSkew(seconds) => {
            set_date(headers, at.checked_add(SignedDuration::from_secs(*seconds)).unwrap_or(at))
        }
        Effect::Close => drop(headers.insert("connection", HeaderValue::from_static("close"))),
        Effect::BigHeader(bytes) => {
            if let Ok(value) = HeaderValue::from_str(&"x".repeat(*bytes)) {
                headers.insert("x-ms-big", value);
            }
        }
        Effect::DuplicateHeaders => {
            for (name, values) in [
                ("retry-after", ["0", "garbage"]),
                ("x-ms-ratelimit-remaining-subscription-reads", ["-1", "9999999999999999999999"]),
                ("location", ["//other.example/", "::"]),
                ("x-ms-request-id", ["", "\"quoted\""]),
            ] {
                for value in values {
                    headers.append(name, HeaderValue::from_static(value));
                }
            }
        }
        _ => {}
    }
}

fn half(body: &Bytes) -> Bytes {
    body.slice(..body.len() / 2)
}

/// A body that breaks off after these bytes.
fn broken(first: Bytes) -> Body {
    Body::from_stream(stream::unfold(Some(first), |left| async move {
        match left {
            Some(bytes) if !bytes.is_empty() => Some((Ok(bytes), Some(Bytes::new()))),
            // The pause lets what was sent leave the buffer before the connection is dropped.
            Some(_) => {
                tokio::time::sleep(Duration::from_millis(20)).await;
                Some((Err(io::Error::other("broken off by a fault")), None))
            }
            None => None,
        }
    }))
}

/// A body that comes a byte at a time.
fn dripping(body: Bytes, millis: u64) -> Body {
    Body::from_stream(stream::unfold(body, move |mut left| async move {
        if left.is_empty() {
            return None;
        }
        let one = left.split_to(1);
        tokio::time::sleep(Duration::from_millis(millis)).await;
        Some((Ok::<_, io::Error>(one), left))
    }))
}
