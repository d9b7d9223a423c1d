//! The listener for machines: `/metrics`, `/healthz`, `/readyz`, `/acting`. Nothing here can change anything or start work.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum_server::{Handle, Server};
use futures_util::stream;
use serde_json::json;

use super::health::Health;
use super::limits::{HttpLimits, Limited};
use crate::metrics::{Format, Metrics};

/// What the public listener shows.
#[derive(Debug, Clone)]
pub struct PublicFace {
    /// Everything measured.
    pub metrics: Metrics,
    /// Alive and ready?
    pub health: Health,
    /// Its bounds.
    pub limits: HttpLimits,
}

/// The routes of the public listener.
pub fn public_router(face: PublicFace) -> Router {
    let patience = face.limits.patience;
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/acting", get(acting))
        .method_not_allowed_fallback(only_get)
        .fallback(nothing_here)
        .layer(from_fn_with_state(face.clone(), count))
        .layer(from_fn(move |request, next| in_time(patience, request, next)))
        .layer(from_fn(security_headers))
        .with_state(face)
}

/// Serves the public listener until its handle is told to stop.
///
/// # Errors
/// When the listener cannot be used.
pub async fn serve_public(listener: TcpListener, face: PublicFace, handle: Handle<SocketAddr>) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let limits = face.limits;
    let mut server: Server<SocketAddr, Limited> =
        axum_server::from_tcp(listener)?.acceptor(Limited::new(&limits, Some(face.metrics.clone())));
    server.http_builder().http1().header_read_timeout(limits.patience).max_buf_size(limits.head_bytes.max(8 * 1024));
    server
        .http_builder()
        .http2()
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .max_concurrent_streams(8);
    server.http_builder().http2().keep_alive_interval(Duration::from_secs(30)).keep_alive_timeout(limits.patience);
    server.first_request_timeout(limits.patience).handle(handle).serve(public_router(face).into_make_service()).await
}

async fn metrics(State(face): State<PublicFace>, headers: HeaderMap) -> Response {
    let format = wanted(&headers);
    let pieces = face.metrics.pieces(format).into_iter().map(Ok::<Bytes, Infallible>);
    let mut response = Response::new(Body::from_stream(stream::iter(pieces)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    response
}

/// OpenMetrics when it is asked for at least as strongly as plain text.
fn wanted(headers: &HeaderMap) -> Format {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let weight_of =
        |kind: &str| accept.split(',').filter(|part| part.trim().starts_with(kind)).map(weight).max().unwrap_or(0);
    let open = weight_of("application/openmetrics-text");
    if open > 0 && open >= weight_of("text/plain") { Format::OpenMetrics } else { Format::Classic }
}

/// The `q` of one part of `Accept`, in thousandths.
fn weight(part: &str) -> u32 {
    let written = part.split(';').filter_map(|parameter| parameter.trim().strip_prefix("q=")).next();
    let Some(written) = written else { return 1_000 };
    let (whole, rest) = written.trim().split_once('.').unwrap_or((written.trim(), ""));
    let thousandths: u32 = format!("{rest:0<3}").get(..3).and_then(|digits| digits.parse().ok()).unwrap_or(0);
    whole.parse::<u32>().unwrap_or(0).min(1).saturating_mul(1_000).saturating_add(thousandths).min(1_000)
}

async fn healthz(State(face): State<PublicFace>) -> Response {
    match face.health.dead() {
        None => axum::Json(json!({ "status": "ok" })).into_response(),
        Some(why) => {
            (StatusCode::SERVICE_UNAVAILABLE, axum::Json(json!({ "status": "dead", "why": why }))).into_response()
        }
    }
}

async fn readyz(State(face): State<PublicFace>) -> Response {
    let waits = face.health.not_ready();
    let status = if waits.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(json!({ "ready": waits.is_empty(), "waits_for": waits }))).into_response()
}

/// For what stands before several replicas: people and agents may be sent to each that says yes.
async fn acting(State(face): State<PublicFace>) -> Response {
    match face.health.not_acting() {
        None => axum::Json(json!({ "acting": true })).into_response(),
        Some(why) => {
            (StatusCode::SERVICE_UNAVAILABLE, axum::Json(json!({ "acting": false, "why": why }))).into_response()
        }
    }
}

async fn nothing_here() -> Response {
    (StatusCode::NOT_FOUND, axum::Json(json!({ "error": "there are /metrics, /healthz, /readyz and /acting here" })))
        .into_response()
}

async fn only_get() -> Response {
    let mut response =
        (StatusCode::METHOD_NOT_ALLOWED, axum::Json(json!({ "error": "only GET and HEAD are answered" })))
            .into_response();
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

/// The route asked for, from a closed list: no client can invent a label.
fn route(path: &str) -> &'static str {
    ["/metrics", "/healthz", "/readyz", "/acting"].into_iter().find(|known| *known == path).unwrap_or("other")
}

async fn count(State(face): State<PublicFace>, request: Request, next: Next) -> Response {
    let path = route(request.uri().path());
    let response = next.run(request).await;
    face.metrics.answered(path, response.status().as_u16());
    response
}

pub(super) async fn in_time(patience: Duration, request: Request, next: Next) -> Response {
    match tokio::time::timeout(patience, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, axum::Json(json!({ "error": "no answer in time" }))).into_response()
        }
    }
}

pub(super) async fn security_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_metrics_is_served_to_those_who_prefer_it() {
        let of = |accept: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            wanted(&headers)
        };
        assert_eq!(wanted(&HeaderMap::new()), Format::Classic);
        assert_eq!(
            of("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
            Format::OpenMetrics
        );
        assert_eq!(of("application/openmetrics-text; q=0.3, text/plain; q=0.75"), Format::Classic);
        assert_eq!(of("application/openmetrics-text;q=0"), Format::Classic);
        assert_eq!(of("*/*"), Format::Classic);
        assert_eq!(of("text/html"), Format::Classic);
    }
}
