//! `POST /api/v1/heartbeats`: where agents report, and learn what is meant to happen to their machine.

use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_ENCODING, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use flate2::read::GzDecoder;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;

use super::limits::{HttpLimits, Limited};
use super::public::{in_time, security_headers};
use crate::heartbeat::{Answer, MESSAGE_MAX};
use crate::metrics::Metrics;
use crate::policy::Mode;
use crate::ports::{TakeHeartbeats, TurnedAway};
use crate::report::FleetView;
use crate::units::InstanceId;

/// At most so many reasons are sent: the strongest come first.
const REASONS_MAX: usize = 6;

/// Where agents report.
#[derive(Clone)]
pub struct HeartbeatFace {
    /// Judges heartbeats.
    pub desk: Arc<dyn TakeHeartbeats>,
    /// The fleet as last published.
    pub fleet: Arc<dyn Fn() -> Arc<FleetView> + Send + Sync>,
    /// Counts what was taken and what was turned away.
    pub metrics: Metrics,
    /// Its bounds.
    pub limits: HttpLimits,
}

impl std::fmt::Debug for HeartbeatFace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HeartbeatFace").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// The bounds where thousands of machines report once a minute, each over a connection of its own: 10,000 of them are 170 a
/// second, of which few are there at once.
#[must_use]
pub fn heartbeat_limits() -> HttpLimits {
    HttpLimits { connections: 4_096, body_bytes: MESSAGE_MAX, ..HttpLimits::default() }
}

/// The one route.
pub fn heartbeat_router(face: HeartbeatFace) -> Router {
    let patience = face.limits.patience;
    Router::new()
        .route("/api/v1/heartbeats", post(take))
        .layer(DefaultBodyLimit::max(face.limits.body_bytes))
        .fallback(|| async { refused(404, "there is only /api/v1/heartbeats here") })
        .layer(from_fn_with_state(face.clone(), count))
        .layer(from_fn(move |request, next| in_time(patience, request, next)))
        .layer(from_fn(security_headers))
        .with_state(face)
}

/// Serves it until its handle is told to stop; over TLS when there is a certificate.
///
/// # Errors
/// When the listener cannot be used.
pub async fn serve_heartbeats(
    listener: TcpListener,
    tls: Option<RustlsConfig>,
    face: HeartbeatFace,
    handle: Handle<SocketAddr>,
) -> std::io::Result<()> {
    listener.set_nonblocking(true)?;
    let limits = face.limits;
    let limited = Limited::new(&limits, Some(face.metrics.clone()));
    let routes = heartbeat_router(face).into_make_service();
    match tls {
        None => {
            let mut server = axum_server::from_tcp(listener)?.acceptor(limited);
            server.http_builder().http1().header_read_timeout(limits.patience).max_buf_size(limits.head_bytes);
            server.first_request_timeout(limits.patience).handle(handle).serve(routes).await
        }
        Some(tls) => {
            let mut server = axum_server::from_tcp(listener)?
                .acceptor(axum_server::tls_rustls::RustlsAcceptor::new(tls).acceptor(limited));
            server.http_builder().http1().header_read_timeout(limits.patience).max_buf_size(limits.head_bytes);
            server.first_request_timeout(limits.patience).handle(handle).serve(routes).await
        }
    }
}

/// TLS from PEM texts of a certificate chain and its key.
///
/// # Errors
/// When they hold none, or do not belong together.
pub fn tls_config(certificate: &[u8], key: &[u8]) -> std::io::Result<RustlsConfig> {
    let broken = |error: String| std::io::Error::new(std::io::ErrorKind::InvalidData, error);
    let chain = CertificateDer::pem_slice_iter(certificate)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| broken(format!("the certificate: {error}")))?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| broken(format!("the key: {error}")))?;
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| broken(error.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(RustlsConfig::from_config(Arc::new(config)))
}

async fn count(State(face): State<HeartbeatFace>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    face.metrics.answered("/api/v1/heartbeats", response.status().as_u16());
    response
}

async fn take(State(face): State<HeartbeatFace>, headers: HeaderMap, body: Bytes) -> Response {
    let taken = async {
        let bearer = bearer(&headers)?;
        let plain = plain(&headers, &body)?;
        face.desk.take(bearer, &plain).await
    };
    match taken.await {
        Ok(instance) => {
            face.metrics.heartbeat("taken");
            axum::Json(answer(&(face.fleet)(), &instance, face.desk.every())).into_response()
        }
        Err(away) => {
            face.metrics.heartbeat(away.label);
            tracing::debug!(label = away.label, "a heartbeat was turned away: {}", away.words);
            refused(away.status, &away.words)
        }
    }
}

fn refused(status: u16, words: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, axum::Json(json!({ "error": words }))).into_response();
    if status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("30"));
    }
    response
}

fn bearer(headers: &HeaderMap) -> Result<&str, TurnedAway> {
    let away = |words: &str| TurnedAway { status: 401, label: "no_token", words: words.to_owned() };
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (sent.next(), sent.next()) else {
        return Err(away("send one header `Authorization: Bearer TOKEN`"));
    };
    let bearer = value.to_str().ok().and_then(|value| value.strip_prefix("Bearer "));
    bearer.map(str::trim).ok_or_else(|| away("send `Authorization: Bearer TOKEN`"))
}

/// The body without its packing. What unpacks to more than a heartbeat can be is not unpacked any further.
fn plain(headers: &HeaderMap, body: &Bytes) -> Result<Vec<u8>, TurnedAway> {
    let away = |status, label, words: &str| TurnedAway { status, label, words: words.to_owned() };
    match headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes) {
        None | Some(b"identity") => Ok(body.to_vec()),
        Some(b"gzip") => {
            let most = u64::try_from(MESSAGE_MAX).unwrap_or(u64::MAX).saturating_add(1);
            let mut plain = Vec::new();
            let read = GzDecoder::new(&**body).take(most).read_to_end(&mut plain);
            read.map_err(|_| away(400, "unreadable", "the body is not the gzip that its header says"))?;
            if plain.len() > MESSAGE_MAX {
                return Err(away(413, "too_much", "the heartbeat has more bytes than is sensible"));
            }
            Ok(plain)
        }
        Some(_) => Err(away(415, "unreadable", "send the body plain, or packed with gzip")),
    }
}

/// What is meant to happen to an instance, as every other face shows it.
fn answer(fleet: &FleetView, id: &InstanceId, every: u32) -> Answer {
    let workspace = fleet.workspaces.get(id.workspace());
    let instance = workspace.and_then(|workspace| {
        let place = workspace.instances.binary_search_by(|shown| shown.facts.id.cmp(id)).ok()?;
        workspace.instances.get(place)
    });
    let verdict = instance.and_then(|instance| instance.verdict.as_deref());
    let policy = verdict.map(|verdict| {
        let id = &verdict.under.policy;
        let observes = fleet.policies.iter().any(|policy| policy.id == *id && policy.mode == Mode::Observe);
        if observes { format!("{id} (it only observes)") } else { id.to_string() }
    });
    Answer {
        at: fleet.at,
        next_in: every,
        action: verdict.map(|verdict| verdict.action.label().to_owned()),
        stop_at: verdict.and_then(|verdict| verdict.due.as_ref()).map(|due| due.stop_at),
        why: verdict.map_or_else(Vec::new, |verdict| {
            verdict.findings.iter().take(REASONS_MAX).map(|finding| finding.words.to_string()).collect()
        }),
        policy,
    }
}
