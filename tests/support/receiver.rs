//! A server of plain HTTP by hand, that keeps what it is sent and answers as it is told.
#![expect(clippy::unwrap_used, reason = "test support: what cannot be set up fails the test")]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One request as it came over the wire.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// A server by hand: gives every request the same bytes, then closes.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
}

impl Server {
    pub(crate) async fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server =
            Self { address: listener.local_addr().unwrap(), seen: Arc::default(), connections: Arc::default() };
        let (answer, seen, connections) = (answer.into(), server.seen.clone(), server.connections.clone());
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(socket, answer.clone(), seen.clone()));
            }
        });
        server
    }

    pub(crate) async fn status(status: &str) -> Self {
        Self::answering(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")).await
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(mut socket: TcpStream, answer: Vec<u8>, seen: Arc<Mutex<Vec<Seen>>>) {
    if let Some(request) = read(&mut socket).await {
        seen.lock().unwrap().push(request);
        if answer.is_empty() {
            // says nothing, and stays
            let mut rest = Vec::new();
            drop(socket.read_to_end(&mut rest).await);
        }
        drop(socket.write_all(&answer).await);
        drop(socket.shutdown().await);
    }
}

async fn read(socket: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    loop {
        let mut part = [0; 4096];
        let n = socket.read(&mut part).await.ok().filter(|n| *n > 0)?;
        bytes.extend_from_slice(part.get(..n)?);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8(bytes.get(..end)?.to_vec()).ok()?;
        let mut lines = head.split("\r\n").map(str::to_owned);
        let line = lines.next()?;
        let headers: BTreeMap<String, String> =
            lines.filter_map(|l| l.split_once(": ").map(|(k, v)| (k.to_ascii_lowercase(), v.to_owned()))).collect();
        let length: usize = headers.get("content-length")?.parse().ok()?;
        let body = bytes.get(end + 4..)?.to_vec();
        if body.len() >= length {
            return Some(Seen { line, headers, body });
        }
    }
}
