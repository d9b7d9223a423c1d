//! The listener for people.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use axum::Router;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use axum_server::{Handle, Server};

use crate::metrics::Metrics;
use crate::web::limits::{HttpLimits, Limited};

/// The bounds of the listener for people: a browser opens six connections and keeps them.
#[must_use]
pub fn people_limits() -> HttpLimits {
    HttpLimits { connections: 512, ..HttpLimits::default() }
}

fn bound<A: Clone + Send + Sync + 'static>(
    mut server: Server<SocketAddr, A>,
    limits: &HttpLimits,
) -> Server<SocketAddr, A> {
    let builder = server.http_builder();
    builder.http1().header_read_timeout(limits.patience).max_buf_size(limits.head_bytes.max(8 * 1024));
    builder
        .http2()
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .max_concurrent_streams(16)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(limits.patience);
    server.first_request_timeout(limits.patience)
}

/// Serves it until its handle is told to stop; over TLS when there is a certificate.
///
/// # Errors
/// When the listener cannot be used.
pub async fn serve_people(
    listener: TcpListener,
    (tls, limits): (Option<RustlsConfig>, HttpLimits),
    router: Router,
    metrics: Option<Metrics>,
    handle: Handle<SocketAddr>,
) -> std::io::Result<()> {
    listener.set_nonblocking(true)?;
    let limited = Limited::new(&limits, metrics);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum_server::from_tcp(listener)?;
    match tls {
        None => bound(server.acceptor(limited), &limits).handle(handle).serve(service).await,
        Some(tls) => {
            let acceptor = RustlsAcceptor::new(tls).acceptor(limited);
            bound(server.acceptor(acceptor), &limits).handle(handle).serve(service).await
        }
    }
}
