//! A server that answers as it is told, a clock that waits at once, and an `Azure` between the two.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use lightsout::azure::{Azure, AzureOptions, Cloud, IdentityOptions, Timeouts};
use lightsout::facts::{Tags, WorkspaceFacts};
use lightsout::ports::Clock;
use lightsout::units::{Region, WorkspaceId};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const TOKEN: &str = "canary-token-0123456789";
pub(crate) const WS: &str =
    "/subscriptions/sub-1/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws-a";
pub(crate) const NOW: &str = "2026-11-02T20:00:00Z";

/// Time stands still but for waiting, which takes none.
pub(crate) struct TestClock {
    start: Timestamp,
    passed: Mutex<(SignedDuration, Vec<SignedDuration>)>,
}

impl TestClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { start: NOW.parse().unwrap(), passed: Mutex::new((SignedDuration::ZERO, Vec::new())) })
    }
    pub(crate) fn advance(&self, seconds: i64) {
        self.passed.lock().unwrap().0 += SignedDuration::from_secs(seconds);
    }
    /// Every wait so far.
    pub(crate) fn waits(&self) -> Vec<SignedDuration> {
        self.passed.lock().unwrap().1.clone()
    }
    pub(crate) fn waited(&self) -> SignedDuration {
        self.waits().into_iter().fold(SignedDuration::ZERO, |sum, wait| sum + wait)
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.start + self.steady()
    }
    fn steady(&self) -> SignedDuration {
        self.passed.lock().unwrap().0
    }
    async fn sleep(&self, length: SignedDuration) {
        {
            let mut passed = self.passed.lock().unwrap();
            passed.0 += length;
            passed.1.push(length);
        }
        tokio::task::yield_now().await;
    }
}

/// One request as the server saw it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            line.split_once(':').filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
        })
    }
}

/// What the server does with a request.
pub(crate) enum Reply {
    /// A whole answer.
    Say(u16, Vec<(String, String)>, Vec<u8>),
    /// These bytes, then the end.
    Raw(Vec<u8>),
    /// These bytes, one at a time, slowly, for ever.
    Drip(Vec<u8>),
    /// Nothing, and never an end.
    Silence,
    /// The end at once.
    Close,
}

pub(crate) fn json(status: u16, body: &str) -> Reply {
    Reply::Say(
        status,
        vec![("Content-Type".into(), "application/json; charset=utf-8".into())],
        body.as_bytes().to_vec(),
    )
}

impl Reply {
    pub(crate) fn with(self, name: &str, value: &str) -> Self {
        match self {
            Self::Say(status, mut headers, body) => {
                headers.push((name.into(), value.into()));
                Self::Say(status, headers, body)
            }
            other @ (Self::Raw(_) | Self::Drip(_) | Self::Silence | Self::Close) => other,
        }
    }
}

type Answering = dyn Fn(usize, &Seen) -> Reply + Send + Sync;

/// A loopback server; it ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<Mutex<usize>>,
}

impl Server {
    /// Starts it; the closure gets the number of the request, from 0, and the request.
    pub(crate) async fn start(answer: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_at([127, 0, 0, 1], 0, answer).await
    }

    /// The same at an address and port of one's own; port 0 is any.
    pub(crate) async fn start_at(
        ip: [u8; 4],
        port: u16,
        answer: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(std::net::SocketAddr::from((ip, port))).await.unwrap();
        let server =
            Self { port: listener.local_addr().unwrap().port(), seen: Arc::default(), connections: Arc::default() };
        let answer: Arc<Answering> = Arc::new(answer);
        let here = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *here.connections.lock().unwrap() += 1;
                tokio::spawn(serve(stream, here.clone(), Arc::clone(&answer)));
            }
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }
}

async fn serve(mut stream: TcpStream, server: Server, answer: Arc<Answering>) {
    let mut buffer = Vec::new();
    while let Some(request) = read_request(&mut stream, &mut buffer).await {
        let number = {
            let mut seen = server.seen.lock().unwrap();
            seen.push(request.clone());
            seen.len() - 1
        };
        match answer(number, &request) {
            Reply::Say(status, headers, body) => {
                let mut head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n", body.len());
                for (name, value) in headers {
                    head.push_str(&format!("{name}: {value}\r\n"));
                }
                head.push_str("\r\n");
                if stream.write_all(&[head.as_bytes(), &body].concat()).await.is_err() {
                    return;
                }
            }
            Reply::Raw(bytes) => {
                stream.write_all(&bytes).await.ok();
                stream.shutdown().await.ok();
                return;
            }
            Reply::Drip(bytes) => {
                for byte in bytes.iter().chain(std::iter::repeat(&b' ')) {
                    if stream.write_all(&[*byte]).await.is_err() {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
            Reply::Silence => std::future::pending().await,
            Reply::Close => return,
        }
    }
}

async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Seen> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    buffer.drain(..end);
    let mut words = head.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut seen = Seen { method, target, head, body: String::new() };
    let length: usize = seen.header("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
    while buffer.len() < length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    seen.body = String::from_utf8_lossy(&buffer[..length]).into_owned();
    buffer.drain(..length);
    Some(seen)
}

/// Deadlines that a busy machine keeps.
pub(crate) fn timeouts() -> Timeouts {
    Timeouts {
        connect: Duration::from_secs(20),
        read: Duration::from_secs(20),
        total: Duration::from_secs(40),
        token: Duration::from_secs(40),
    }
}

/// Deadlines for a server that never answers: one try, and soon over.
pub(crate) fn hasty(options: &mut AzureOptions) {
    options.timeouts.read = Duration::from_millis(300);
    options.timeouts.total = Duration::from_millis(900);
    options.tries_max = 1;
}

pub(crate) fn custom(endpoint: &str, identity: IdentityOptions) -> AzureOptions {
    let cloud = Cloud::Custom {
        arm_endpoint: endpoint.to_owned(),
        token_scope: "https://management.azure.com/.default".to_owned(),
        authority_host: String::new(),
    };
    AzureOptions { timeouts: timeouts(), ..AzureOptions::new(cloud, identity) }
}

/// A file with the canary token; removed when dropped.
pub(crate) fn token_file() -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{TOKEN}\n")).unwrap();
    file
}

/// All that a test needs.
pub(crate) struct World {
    pub(crate) azure: Azure<TestClock>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) server: Server,
    _token: tempfile::NamedTempFile,
}

pub(crate) async fn world(answer: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static) -> World {
    world_with(answer, |_| ()).await
}

pub(crate) async fn world_with(
    answer: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static,
    change: impl FnOnce(&mut AzureOptions),
) -> World {
    let server = Server::start(answer).await;
    let token = token_file();
    let mut options = custom(&server.url(), IdentityOptions::TokenFile { path: token.path().to_owned() });
    change(&mut options);
    let clock = TestClock::new();
    World { azure: Azure::new(options, Arc::clone(&clock)).unwrap(), clock, server, _token: token }
}

pub(crate) fn workspace(id: &str) -> WorkspaceFacts {
    WorkspaceFacts { id: WorkspaceId::parse(id).unwrap(), region: Region::new("westeurope"), tags: Tags::default() }
}

pub(crate) fn ws() -> WorkspaceFacts {
    workspace(WS)
}

/// One instance as ARM sends it.
pub(crate) fn item(name: &str, state: &str) -> String {
    format!(
        r#"{{"id":"{WS}/computes/{name}","name":"{name}","location":"westeurope","tags":{{}},"properties":{{"computeType":"ComputeInstance","computeLocation":"westeurope","createdOn":"2026-10-01T08:00:00.1841498+00:00","provisioningState":"Succeeded","properties":{{"vmSize":"STANDARD_DS3_V2","state":"{state}","lastOperation":{{"operationName":"Start","operationTime":"2026-11-02T08:00:00.526+00:00","operationStatus":"Succeeded","operationTrigger":"User"}},"createdBy":{{"userName":"ada@example.com","userId":"00000001-0000-4000-8000-000000000001"}}}}}}}}"#
    )
}

/// One page of these items.
pub(crate) fn page(items: &[String], next: Option<&str>) -> String {
    let link = next.map(|url| format!(r#","nextLink":"{url}""#)).unwrap_or_default();
    format!(r#"{{"value":[{}]{link}}}"#, items.join(","))
}
