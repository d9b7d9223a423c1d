//! Answers that say no, as JSON for programs and by the page's own words for browsers.

use axum::extract::Request;
use axum::http::header::{ACCEPT, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

use super::entrance::Standing;

/// What was asked for, as far as an answer depends on it.
#[derive(Debug, Clone)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub uri: Uri,
    /// Whether a person reads the answer in a browser.
    pub by_browser: bool,
}

impl Call {
    /// Of a request.
    #[must_use]
    pub fn of(parts: &Parts) -> Self {
        let reads = parts.method == Method::GET || parts.method == Method::HEAD;
        let by_browser = reads && !parts.uri.path().starts_with("/api/") && takes_html(&parts.headers);
        Self { method: parts.method.clone(), uri: parts.uri.clone(), by_browser }
    }

    /// Method and path, without the query: that may hold what nobody else should read.
    #[must_use]
    pub fn words(&self) -> String {
        let path: String = self.uri.path().chars().take(120).collect();
        format!("{} {path}", self.method)
    }
}

fn takes_html(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

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

/// Something that was not granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The status.
    pub status: StatusCode,
    /// Why, and what to do.
    pub words: String,
}

impl Problem {
    /// Of a status, in words.
    pub fn new(status: StatusCode, words: impl Into<String>) -> Self {
        Self { status, words: words.into() }
    }

    /// The answer to a request behind the door; as text where there is none.
    pub(super) fn to(&self, request: Request) -> Response {
        let (parts, _) = request.into_parts();
        match parts.extensions.get::<Standing>() {
            Some(standing) => standing.door.show(self, &Call::of(&parts)),
            None => plain(self.status, &self.words),
        }
    }

    /// As JSON, for programs.
    pub fn as_json(&self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("problem").to_owned();
        let (status, detail) = (self.status.as_u16(), self.words.clone());
        let shape = ProblemShape { kind: "about:blank", title, status, detail };
        let mut response = (self.status, axum::Json(shape)).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}

/// What the login page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginPage {
    /// Where signing in begins: a path of this service, to be linked to. None: nobody can sign in here.
    pub start: Option<String>,
    /// What went wrong with the try before, in words.
    pub problem: Option<String>,
}

/// The pages that the door shows in a browser.
pub trait Faces: Send + Sync {
    /// Something was not granted.
    fn problem(&self, problem: &Problem) -> Response;
    /// Signing in.
    fn login(&self, page: &LoginPage) -> Response;
}

/// Plain text, for as long as there are no pages.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlainFaces;

impl Faces for PlainFaces {
    fn problem(&self, problem: &Problem) -> Response {
        plain(problem.status, &problem.words)
    }

    fn login(&self, page: &LoginPage) -> Response {
        let start =
            page.start.as_deref().map_or("Nobody can sign in here.".to_owned(), |at| format!("Sign in at {at}"));
        let problem = page.problem.as_deref().map_or(String::new(), |words| format!("{words}\n"));
        plain(StatusCode::OK, &format!("{problem}{start}"))
    }
}

/// Words as plain text.
pub(super) fn plain(status: StatusCode, words: &str) -> Response {
    let mut response = (status, format!("{words}\n")).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
