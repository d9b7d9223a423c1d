//! An answer before it goes on the wire, where faults can still spoil it.

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::super::world::decimal;

/// Status, headers and body.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    /// No body.
    pub(super) fn empty(status: u16) -> Self {
        Self { status, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// A JSON body.
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::bytes(status, "application/json; charset=utf-8", Bytes::from(body.to_string()))
    }

    /// Any body of a named type.
    pub(super) fn bytes(status: u16, content_type: &'static str, body: Bytes) -> Self {
        let mut answer = Self::empty(status);
        answer.headers.insert("content-type", HeaderValue::from_static(content_type));
        answer.body = body;
        answer
    }

    /// The same with one header more; a value that cannot be sent is left out.
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.set(name, value);
        self
    }

    /// Sets a header; a value that cannot be sent is left out.
    pub(super) fn set(&mut self, name: &'static str, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
    }

    /// The same with a JSON body in place of the present one.
    pub(super) fn with_json(mut self, body: &Value) -> Self {
        self.body = Bytes::from(body.to_string());
        self
    }
}

/// A whole number of the last of `places` decimals as a JSON number. Read from its own digits, it is the nearest there is
/// and is written with the same digits again.
pub(super) fn number(amount: i128, places: u32) -> Value {
    decimal(amount, places).parse().map_or(Value::Null, Value::Number)
}
