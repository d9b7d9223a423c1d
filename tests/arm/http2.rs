//! HTTP/2 as a gateway ends it: goodbyes and resets, after which a read is made again and a stop is not (fault 36, L5).

use std::sync::{Arc, Mutex};

use axum_server::accept::Accept as _;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use lightsout::azure::Azure;
use lightsout::facts::{InstanceFacts, PowerState};
use lightsout::ports::{Clock as _, Fault, FaultKind, Observe as _, OperationHandle, StopInstances as _};
use lightsout::units::InstanceId;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::permit::{MAY_GO, permit};
use crate::tls::{Authority, Flaw, authority, over_tls};
use crate::world::{TestClock, item, token_file, ws};

// Kinds of frames, flags and error codes, by their names in RFC 9113.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;
const NO_ERROR: u32 = 0;
const INTERNAL_ERROR: u32 = 2;
const REFUSED_STREAM: u32 = 7;
const CANCEL: u32 = 8;
const ENHANCE_YOUR_CALM: u32 = 11;

/// What the server does with a request.
#[derive(Debug, Clone, Copy)]
enum Reply {
    /// A whole answer.
    Answer,
    /// A whole answer, then a goodbye and the end of the connection.
    AnswerAndLeave,
    /// The stream is reset with this code.
    Reset(u32),
    /// A goodbye with this code instead of an answer, then the end: with the request named as taken, or as not.
    Leave { taken: bool, code: u32 },
}

/// Every way to end a request without an answer.
const ENDS: [Reply; 8] = [
    Reply::Reset(REFUSED_STREAM),
    Reply::Reset(INTERNAL_ERROR),
    Reply::Reset(CANCEL),
    Reply::Reset(NO_ERROR),
    Reply::Leave { taken: false, code: NO_ERROR },
    Reply::Leave { taken: true, code: NO_ERROR },
    Reply::Leave { taken: false, code: ENHANCE_YOUR_CALM },
    Reply::Leave { taken: true, code: INTERNAL_ERROR },
];

/// The methods of the requests so far, each with the number of its connection.
type Asked = Arc<Mutex<Vec<(usize, &'static str)>>>;
type Answering = Arc<dyn Fn(usize, &'static str) -> Reply + Send + Sync>;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A header without compression: by its place in the static table, or by name.
fn header(name: Result<u8, &str>, value: &str) -> Vec<u8> {
    let short = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let name = name.map_or_else(|name| [vec![0], short(name)].concat(), |place| vec![place]);
    [name, short(value)].concat()
}

fn answer(stream: u32, method: &str) -> Vec<u8> {
    let (status, body) = if method == "POST" { ("202", String::new()) } else { ("200", item("ci-a", "Running")) };
    let head = [header(Ok(8), status), header(Err("content-type"), "application/json")].concat();
    [frame(HEADERS, END_HEADERS, stream, &head), frame(DATA, END_STREAM, stream, body.as_bytes())].concat()
}

fn goodbye(last: u32, code: u32) -> Vec<u8> {
    frame(GOAWAY, 0, 0, &[last.to_be_bytes(), code.to_be_bytes()].concat())
}

/// The bytes of a reply, and whether the connection ends with them.
fn bytes(reply: Reply, stream: u32, method: &str) -> (Vec<u8>, bool) {
    match reply {
        Reply::Answer => (answer(stream, method), false),
        Reply::AnswerAndLeave => ([answer(stream, method), goodbye(stream, NO_ERROR)].concat(), true),
        Reply::Reset(code) => (frame(RST_STREAM, 0, stream, &code.to_be_bytes()), false),
        Reply::Leave { taken, code } => (goodbye(if taken { stream } else { 0 }, code), true),
    }
}

/// One connection: its preface and settings, then each request as it comes.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    mut socket: S,
    connection: usize,
    asked: Asked,
    answering: Answering,
) -> std::io::Result<()> {
    socket.read_exact(&mut [0; 24]).await?;
    socket.write_all(&frame(SETTINGS, 0, 0, &[])).await?;
    loop {
        let mut head = [0; 9];
        socket.read_exact(&mut head).await?;
        let mut payload = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
        socket.read_exact(&mut payload).await?;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        match head[3] {
            SETTINGS | PING if head[4] & ACK == 0 => {
                let echo = if head[3] == PING { payload.as_slice() } else { &[] };
                socket.write_all(&frame(head[3], ACK, 0, echo)).await?;
            }
            HEADERS => {
                // The method stands first, by its place in the static table.
                let method = if payload[0] == 0x83 { "POST" } else { "GET" };
                assert!(method == "POST" || payload[0] == 0x82, "{payload:?}");
                let number = {
                    let mut asked = asked.lock().unwrap();
                    asked.push((connection, method));
                    asked.len() - 1
                };
                let (reply, ends) = bytes(answering(number, method), stream, method);
                socket.write_all(&reply).await?;
                if ends {
                    return socket.shutdown().await;
                }
            }
            _ => {}
        }
    }
}

async fn serve(authority: &Authority, answering: Answering) -> (u16, Asked) {
    rustls::crypto::ring::default_provider().install_default().ok();
    let (certificate, key) = authority.sign(Flaw::None);
    let config = RustlsConfig::from_pem(certificate.into_bytes(), key.into_bytes()).await.unwrap();
    let acceptor = RustlsAcceptor::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, asked) = (listener.local_addr().unwrap().port(), Asked::default());
    let seen = Arc::clone(&asked);
    tokio::spawn(async move {
        for connection in 0.. {
            let Ok((socket, _)) = listener.accept().await else { return };
            let (acceptor, seen, answering) = (acceptor.clone(), Arc::clone(&seen), Arc::clone(&answering));
            tokio::spawn(async move {
                let (socket, _) = acceptor.accept(socket, ()).await.unwrap();
                converse(socket, connection, seen, answering).await.ok();
            });
        }
    });
    (port, asked)
}

/// All that a test needs.
struct Site {
    azure: Azure<TestClock>,
    clock: Arc<TestClock>,
    asked: Asked,
    _files: (Authority, tempfile::NamedTempFile),
}

async fn site(answering: impl Fn(usize, &'static str) -> Reply + Send + Sync + 'static) -> Site {
    let (authority, token) = (authority(), token_file());
    let (port, asked) = serve(&authority, Arc::new(answering)).await;
    let mut options = over_tls(port, &authority, token.path());
    options.tries_max = 4;
    let clock = TestClock::new();
    let azure = Azure::new(options, Arc::clone(&clock)).unwrap();
    Site { azure, clock, asked, _files: (authority, token) }
}

impl Site {
    async fn look(&self) -> Result<InstanceFacts, Fault> {
        self.azure.instance(&ws(), &InstanceId::new(ws().id, "ci-a").unwrap()).await
    }

    async fn stop(&self) -> Result<Option<OperationHandle>, Fault> {
        let facts = self.look().await.unwrap();
        self.azure.stop(&ws(), permit(&facts, self.clock.now()), MAY_GO).await
    }

    fn asked(&self) -> Vec<(usize, &'static str)> {
        self.asked.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn a_read_that_was_reset_is_made_again() {
    for end in ENDS {
        let site = site(move |n, _| if n == 0 { end } else { Reply::Answer }).await;
        assert_eq!(site.look().await.unwrap().state, PowerState::Running, "fault 36: {end:?}");
        let asked = site.asked();
        assert_eq!(asked.len(), 2, "{end:?}: once more and no oftener");
        let same = matches!(end, Reply::Reset(_));
        assert_eq!(asked[1].0 == asked[0].0, same, "{end:?}: on a new connection where the old one ended");
    }
    let site = site(|_, _| Reply::Reset(REFUSED_STREAM)).await;
    assert_eq!(site.look().await.unwrap_err().kind, FaultKind::Unreachable, "fault 36");
    assert_eq!(site.asked().len(), 4, "four tries, all of them ours");
}

#[tokio::test]
async fn a_stop_that_was_reset_is_unclear_and_never_sent_again() {
    for end in ENDS {
        let site = site(move |_, method| if method == "POST" { end } else { Reply::Answer }).await;
        let fault = site.stop().await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Unclear, "fault 36, L5: {end:?}: {}", fault.words());
        let posts = site.asked().iter().filter(|(_, method)| *method == "POST").count();
        assert_eq!(posts, 1, "fault 36, I4: {end:?}: nobody can say what became of the first");
    }
}

#[tokio::test]
async fn a_goodbye_between_requests_costs_only_a_new_connection() {
    let site = site(|_, _| Reply::AnswerAndLeave).await;
    site.look().await.unwrap();
    assert_eq!(site.stop().await.unwrap(), None, "fault 36: taken, and answered before the goodbye");
    assert_eq!(site.asked(), [(0, "GET"), (1, "GET"), (2, "POST")]);
}
