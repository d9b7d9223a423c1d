//! Answers of the API: JSON with a tag, and problems in the form of RFC 9457.

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::header::{CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::ports::{Declined, Fault};

/// Why something was not done, as RFC 9457 has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(in crate::web) struct ProblemShape {
    /// `about:blank`: the status says what kind of problem it is.
    #[serde(rename = "type")]
    pub(in crate::web) kind: &'static str,
    /// The status in words.
    pub(in crate::web) title: String,
    /// The status.
    pub(in crate::web) status: u16,
    /// Why, and what to do.
    pub(in crate::web) detail: String,
}

/// A problem as an answer.
#[must_use]
pub(in crate::web) fn problem(status: StatusCode, detail: impl Into<String>) -> Response {
    let title = status.canonical_reason().unwrap_or("problem").to_owned();
    let shape = ProblemShape { kind: "about:blank", title, status: status.as_u16(), detail: detail.into() };
    let mut response = (status, axum::Json(shape)).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
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
    let known = sent.flat_map(|value| value.split(',')).any(|one| one.trim().trim_start_matches("W/") == tag);
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

/// A body of JSON, or a problem that says what is wrong with it.
#[derive(Debug)]
pub(in crate::web) struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(value)) => Ok(Self(value)),
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
