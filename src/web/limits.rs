//! Bounds on what a client may take: connections, header bytes, time to ask and time to read the answer.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum_server::accept::Accept;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep};

use crate::metrics::Metrics;

/// The bounds of a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpLimits {
    /// Connections at once; one more is closed at once.
    pub connections: usize,
    /// Time for a whole request head, and for an answer to be made.
    pub patience: Duration,
    /// Bytes of a request's head.
    pub head_bytes: usize,
    /// Bytes of a request's body.
    pub body_bytes: usize,
}

impl Default for HttpLimits {
    fn default() -> Self {
        // Prometheus keeps one connection, a probe opens one a time: 64 leaves room for people. 16 KiB of head and
        // 64 KiB of body are far above what any of them sends.
        Self { connections: 64, patience: Duration::from_secs(10), head_bytes: 16 * 1024, body_bytes: 64 * 1024 }
    }
}

/// Lets so many connections in, and ends those whose peer stops reading.
#[derive(Debug, Clone)]
pub struct Limited {
    places: Arc<Semaphore>,
    patience: Duration,
    metrics: Option<Metrics>,
}

impl Limited {
    /// By these limits; refusals are counted when there are metrics.
    #[must_use]
    pub fn new(limits: &HttpLimits, metrics: Option<Metrics>) -> Self {
        Self { places: Arc::new(Semaphore::new(limits.connections)), patience: limits.patience, metrics }
    }
}

impl<I, S> Accept<I, S> for Limited {
    type Stream = Held<I>;
    type Service = S;
    type Future = std::future::Ready<io::Result<(Held<I>, S)>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let held = match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => Ok((Held { stream, patience: self.patience, stalled: None, _place: place }, service)),
            Err(_) => {
                if let Some(metrics) = &self.metrics {
                    metrics.connection_refused();
                }
                Err(io::Error::other("too many connections"))
            }
        };
        std::future::ready(held)
    }
}

/// A connection with its place, which it gives back when it ends.
#[derive(Debug)]
pub struct Held<I> {
    stream: I,
    patience: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
    _place: OwnedSemaphorePermit,
}

impl<I> Held<I> {
    /// A write that waits longer than patience fails: its peer does not read.
    fn bound<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match written {
            Poll::Ready(done) => {
                self.stalled = None;
                Poll::Ready(done)
            }
            Poll::Pending => {
                let patience = self.patience;
                let sleep = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + patience)));
                match sleep.as_mut().poll(cx) {
                    Poll::Ready(()) => Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer does not read"))),
                    Poll::Pending => Poll::Pending,
                }
            }
        }
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Held<I> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Held<I> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.bound(cx, written)
    }
    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, pieces: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.bound(cx, written)
    }
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.bound(cx, flushed)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let closed = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.bound(cx, closed)
    }
}
