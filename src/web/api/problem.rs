//! Answers of the API: JSON with a tag, and problems in the form of RFC 9457.

use std::marker::PhantomData;

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header::{CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

use crate::ports::{Declined, Fault};
use crate::web::door::Problem;

/// A problem as an answer.
#[must_use]
pub(in crate::web) fn problem(status: StatusCode, detail: impl Into<String>) -> Response {
    Problem::new(status, detail).as_json()
}

/// What a person asked for and the engine would not do.
#[must_use]
pub(in crate::web) fn declined(why: &Declined) -> Response {
    problem(StatusCode::CONFLICT, why.to_string())
}

/// What could not be read or written.
#[must_use]
pub(in crate::web) fn failed(fault: &Fault) -> Response {
    problem(StatusCode::SERVICE_UNAVAILABLE, format!("{}; {}", fault.words(), fault.kind.remedy()))
}

/// JSON with a tag; nothing but the tag to who has it already.
#[must_use]
pub(in crate::web) fn tagged(headers: &HeaderMap, value: &impl Serialize) -> Response {
    let bytes = match serde_json::to_vec(value) {
        Ok(bytes) => bytes,
        Err(error) => return problem(StatusCode::INTERNAL_SERVER_ERROR, format!("the answer is no JSON: {error}")),
    };
    let digest: String = Sha256::digest(&bytes).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{digest}\"");
    let sent = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let known = sent.flat_map(|value| value.split(',')).any(|one| is_it(one.trim(), &tag));
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_TYPE, "application/json")], bytes).into_response()
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// A tag as `If-None-Match` has it, weak or not, is that one; `*` is any.
fn is_it(sent: &str, tag: &str) -> bool {
    sent == "*" || sent.trim_start_matches("W/") == tag
}

/// A JSON object; a list of its fields in their order is none.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Fields(PhantomData))
    }
}

/// Reads the fields of one.
struct Fields<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields)).map(Object)
    }
}

/// A body of JSON, or a problem that says what is wrong with it.
#[derive(Debug)]
pub(in crate::web) struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        match axum::Json::<Object<T>>::from_request(request, state).await {
            Ok(axum::Json(Object(value))) => Ok(Self(value)),
            Err(rejection) => Err(unread(&rejection)),
        }
    }
}

fn unread(rejection: &JsonRejection) -> Response {
    let status = match rejection.status() {
        StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
        other => other,
    };
    problem(status, rejection.body_text())
}

/// What stands behind the question mark, or a problem that says what is wrong with it.
#[derive(Debug)]
pub(in crate::web) struct Asking<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asking<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let read: Result<Query<T>, QueryRejection> = Query::from_request_parts(parts, state).await;
        read.map(|Query(value)| Self(value))
            .map_err(|rejection| problem(StatusCode::BAD_REQUEST, rejection.body_text()))
    }
}

/// What varies in a path, or a problem that says what is wrong with it.
#[derive(Debug)]
pub(in crate::web) struct Named<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let read: Result<Path<T>, PathRejection> = Path::from_request_parts(parts, state).await;
        read.map(|Path(value)| Self(value)).map_err(|rejection| problem(StatusCode::BAD_REQUEST, rejection.body_text()))
    }
}
