//! Connections that can be cut or slowed down while an answer is on its way.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// Nothing is wrong with the connection.
const WHOLE: u64 = 0;
/// Every write fails from now on.
const CUT: u64 = u64::MAX;

/// The handle by which an answer treats its own connection; any other number is milliseconds between single bytes.
#[derive(Debug, Clone, Default)]
pub(super) struct Connection {
    treatment: Arc<AtomicU64>,
}

impl Connection {
    /// Nothing more goes out.
    pub(super) fn cut(&self) {
        self.treatment.store(CUT, Ordering::Relaxed);
    }

    /// Bytes go out one by one, so far apart.
    pub(super) fn drip(&self, millis: u64) {
        self.treatment.store(millis.clamp(1, CUT - 1), Ordering::Relaxed);
    }
}

impl Connected<IncomingStream<'_, Doorstep>> for Connection {
    fn connect_info(stream: IncomingStream<'_, Doorstep>) -> Self {
        stream.io().connection.clone()
    }
}

/// A listener whose connections carry such a handle.
#[derive(Debug)]
pub(super) struct Doorstep(pub(super) TcpListener);

impl Listener for Doorstep {
    type Io = Treated;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Treated, SocketAddr) {
        loop {
            match self.0.accept().await {
                Ok((stream, address)) => {
                    // Without it, small answers wait for the peer's delayed acknowledgement.
                    drop(stream.set_nodelay(true));
                    return (Treated { stream, connection: Connection::default(), pause: None }, address);
                }
                // Out of file handles, or the peer left already: the next one may do better.
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// A connection as it is treated.
#[derive(Debug)]
pub(super) struct Treated {
    stream: TcpStream,
    connection: Connection,
    pause: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Treated {
    fn treatment(&self) -> u64 {
        self.connection.treatment.load(Ordering::Relaxed)
    }

    fn poll_drip(&mut self, cx: &mut Context<'_>, bytes: &[u8], millis: u64) -> Poll<io::Result<usize>> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        let one = bytes.get(..1).unwrap_or(bytes);
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, one))?;
        self.pause = Some(Box::pin(tokio::time::sleep(Duration::from_millis(millis))));
        Poll::Ready(Ok(written))
    }
}

fn is_cut() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "cut by a fault")
}

impl AsyncRead for Treated {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Treated {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.treatment() {
            WHOLE => Pin::new(&mut self.stream).poll_write(cx, bytes),
            CUT => Poll::Ready(Err(is_cut())),
            millis => self.poll_drip(cx, bytes, millis),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.treatment() == WHOLE {
            return Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        }
        let first = slices.iter().find(|slice| !slice.is_empty()).map_or(&[] as &[u8], |slice| slice);
        self.poll_write(cx, first)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.treatment() == CUT {
            return Poll::Ready(Err(is_cut()));
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
