//! The public listener keeps its limits, and the control socket answers its owner only.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/build.rs"]
mod build;

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum_server::Handle;
use jiff::{SignedDuration, Timestamp};
use lightsout::facts::{Hold, OperationResult, Proposal, StopResult, Verb};
use lightsout::metrics::{Metrics, MetricsOptions};
use lightsout::ports::{
    ApiUse, Begun, Control, Declined, HoldRequest, ProposalRequest, StartRequest, StopRequest, TimerRequest,
    Undertaking, Undertakings,
};
use lightsout::report::{FleetView, HoldOffer, Reconciliation, TimersTold};
use lightsout::units::{InstanceId, PolicyId};
use lightsout::web::{
    ControlClient, ControlError, ControlServer, Health, HttpLimits, PublicFace, SOCKET_NAME, serve_public,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct Engine {
    view: Arc<FleetView>,
    nudges: AtomicUsize,
}

impl Engine {
    fn new() -> Arc<Self> {
        Arc::new(Self { view: Arc::new(build::rich()), nudges: AtomicUsize::new(0) })
    }
}

impl Control for Engine {
    fn view(&self) -> Arc<FleetView> {
        Arc::clone(&self.view)
    }
    fn api_use(&self) -> ApiUse {
        ApiUse::default()
    }
    async fn hold(&self, request: HoldRequest) -> Result<Hold, Declined> {
        if request.seconds > 86_400 {
            return Err(Declined("a hold lasts 1d at most by policy office".to_owned()));
        }
        Ok(build::hold(&build::facts("ws-a", &request.instance), build::minutes(120)))
    }
    async fn offer(&self, _: String) -> Result<HoldOffer, Declined> {
        Err(Declined("nothing is offered here".to_owned()))
    }
    async fn offers(&self, _: Vec<InstanceId>) -> Result<Vec<Option<HoldOffer>>, Declined> {
        Ok(Vec::new())
    }
    async fn stop_now(&self, _: StopRequest) -> Result<String, Declined> {
        Err(Declined("nothing is stopped here".to_owned()))
    }
    async fn start_now(&self, _: StartRequest) -> Result<String, Declined> {
        Err(Declined("nothing is started here".to_owned()))
    }

    async fn answer(&self, request: ProposalRequest) -> Result<Proposal, Declined> {
        Err(Declined(format!("{} is not proposed for deletion", request.instance)))
    }
    fn show(&self) {}
    fn forecasts(&self, _: Timestamp, _: u32) -> Vec<lightsout::policy::Forecast> {
        Vec::new()
    }
    async fn lift(&self, hold: String, _by: String) -> Result<(), Declined> {
        if hold == "a b/../c" { Ok(()) } else { Err(Declined(format!("there is no hold `{hold}` in force"))) }
    }
    async fn acknowledge(&self, policy: PolicyId, _by: String) -> Result<(), Declined> {
        if policy == PolicyId::new("office") { Ok(()) } else { Err(Declined(format!("there is no policy `{policy}`"))) }
    }
    async fn decision(&self, instance: String, at: Option<Timestamp>) -> Result<serde_json::Value, Declined> {
        Ok(serde_json::json!({ "instance": instance, "at": at }))
    }
    async fn set_timers(&self, request: TimerRequest) -> Result<TimersTold, Declined> {
        Err(Declined(format!("no instance is called `{}`", request.instance.unwrap_or_default())))
    }
    async fn reconcile(&self) -> Result<Reconciliation, Declined> {
        Err(Declined("there is no bill to compare with; name its source in [reconcile]".to_owned()))
    }
    fn nudge(&self) {
        self.nudges.fetch_add(1, Ordering::Relaxed);
    }
}

impl Undertakings for Engine {
    async fn begin(&self, wish: Undertaking) -> Result<Begun, Declined> {
        Ok(Begun { id: format!("{} {}", wish.verb.label(), wish.instance.name()) })
    }
    async fn has_left(&self, id: String) -> Result<(), Declined> {
        if id == "start ci-a" { Ok(()) } else { Err(Declined(format!("there is no operation `{id}`"))) }
    }
    async fn has_ended(&self, id: String, result: OperationResult) -> Result<(), Declined> {
        Err(Declined(format!("{id} ended {}", result.label())))
    }
    async fn settle_stop(&self, instance: InstanceId) -> Result<Option<StopResult>, Declined> {
        Ok(match instance.name() {
            "ci-a" => Some(StopResult::Failed("operation_failed:StopFailed".to_owned())),
            _ => None,
        })
    }
}

fn with_tls() {
    // A second test of this binary finds it installed already.
    drop(rustls::crypto::ring::default_provider().install_default());
}

async fn public(limits: HttpLimits) -> (SocketAddr, PublicFace) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let health = Health::new(SignedDuration::from_hours(1), || SignedDuration::ZERO);
    let face = PublicFace { metrics: Metrics::new(MetricsOptions::default()).unwrap(), health, limits };
    tokio::spawn(serve_public(listener, face.clone(), Handle::new()));
    (address, face)
}

/// Sends bytes and reads until the other side closes or has said enough.
async fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The peer may close before it has read all: what it answered is what counts.
    drop(stream.write_all(bytes).await);
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer).await);
    String::from_utf8_lossy(&answer).into_owned()
}

async fn get(address: SocketAddr, path: &str, headers: &str) -> String {
    raw(address, format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n").as_bytes()).await
}

#[tokio::test]
async fn metrics_come_in_the_format_asked_for_with_closed_headers() {
    let (address, face) = public(HttpLimits::default()).await;
    face.metrics.observe_sweep(&build::rich(), &ApiUse::default());
    let classic = get(address, "/metrics", "").await.to_ascii_lowercase();
    for header in [
        "200 ok",
        "content-type: text/plain; version=0.0.4",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
        "cache-control: no-store",
        "content-security-policy: default-src 'none'; frame-ancestors 'none'",
    ] {
        assert!(classic.contains(header), "{header} is missing from {classic}");
    }
    assert!(classic.contains("lightsout_instances{") && !classic.contains("# eof"), "{classic}");
    let open = get(address, "/metrics", "Accept: application/openmetrics-text;version=1.0.0\r\n").await;
    assert!(open.contains("application/openmetrics-text; version=1.0.0") && open.contains("# EOF\n"), "{open}");
    let counted = get(address, "/metrics", "").await;
    assert!(counted.contains("lightsout_http_requests_total{code=\"200\",path=\"/metrics\"} 2"), "{counted}");
}

#[tokio::test]
async fn health_and_readiness_say_why_not() {
    let (address, face) = public(HttpLimits::default()).await;
    assert!(get(address, "/healthz", "").await.contains("{\"status\":\"ok\"}"));
    let waiting = get(address, "/readyz", "").await;
    assert!(waiting.starts_with("HTTP/1.1 503") && waiting.contains("the first sweep has not ended yet"), "{waiting}");
    face.health.policies(Ok(()));
    face.health.store(Ok(()));
    face.health.swept();
    let ready = get(address, "/readyz", "").await;
    assert!(ready.starts_with("HTTP/1.1 200") && ready.contains("\"ready\":true"), "{ready}");
}

#[tokio::test]
async fn nothing_but_get_and_nothing_but_three_routes() {
    let (address, _) = public(HttpLimits::default()).await;
    let posted =
        raw(address, b"POST /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").await;
    assert!(posted.starts_with("HTTP/1.1 405") && posted.to_ascii_lowercase().contains("allow: get, head"), "{posted}");
    for path in ["/", "/v1/view", "/metrics/", "/../etc/passwd"] {
        let answer = get(address, path, "").await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
    assert!(
        get(address, "/metrics", "").await.contains("{code=\"404\",path=\"other\"} 4"),
        "no label that a client invents"
    );
}

#[tokio::test]
async fn a_head_that_is_too_big_or_too_slow_ends_the_connection() {
    let limits = HttpLimits { patience: Duration::from_millis(200), ..HttpLimits::default() };
    let (address, _) = public(limits).await;
    let big = get(address, "/metrics", &format!("X-Big: {}\r\n", "x".repeat(64 * 1024))).await;
    assert!(big.is_empty() || big.starts_with("HTTP/1.1 431"), "{big}");
    // Half a head and then silence: the connection must end by itself, or this read never would.
    let slow = raw(address, b"GET /metrics HTTP/1.1\r\nHost:").await;
    assert!(!slow.contains("200 OK"), "{slow}");
    let silent = raw(address, b"").await;
    assert_eq!(silent, "");
}

#[tokio::test]
async fn one_connection_too_many_is_closed_and_counted() {
    let (address, face) = public(HttpLimits { connections: 1, ..HttpLimits::default() }).await;
    let mut first = TcpStream::connect(address).await.unwrap();
    first.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut some = [0_u8; 64];
    assert!(first.read(&mut some).await.unwrap() > 0, "the first is served");
    assert_eq!(get(address, "/healthz", "").await, "", "the second is closed without a word");
    let page = String::from_utf8(face.metrics.render().to_vec()).unwrap();
    assert!(page.contains("lightsout_http_connections_refused_total 1"), "{page}");
    drop(first);
}

async fn control(folder: &Path) -> (Arc<Engine>, ControlClient, Handle<std::os::unix::net::SocketAddr>) {
    with_tls();
    let engine = Engine::new();
    let server = ControlServer::bind(&folder.join(SOCKET_NAME)).unwrap();
    let handle = Handle::new();
    tokio::spawn(server.serve(Arc::clone(&engine), handle.clone()));
    let client = ControlClient::connect(&folder.join(SOCKET_NAME)).unwrap().unwrap();
    (engine, client, handle)
}

#[tokio::test]
async fn the_command_line_reads_the_very_view_that_was_published() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, client, _handle) = control(folder.path()).await;
    let view = client.view().await.unwrap();
    assert_eq!(serde_json::to_value(&view).unwrap(), serde_json::to_value(&*engine.view).unwrap());
    assert_eq!(view.last, engine.view.last);
}

#[tokio::test]
async fn requests_reach_the_engine_and_refusals_come_back_in_its_words() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, client, _handle) = control(folder.path()).await;
    let ask = |seconds| HoldRequest {
        instance: "ci-1".to_owned(),
        seconds,
        reason: "thesis".to_owned(),
        by: "ada".to_owned(),
        life: None,
        link: None,
        off: false,
    };
    assert_eq!(client.hold(&ask(7_200)).await.unwrap().id, "01JHOLD");
    let refused = client.hold(&ask(1_000_000)).await.unwrap_err();
    assert!(matches!(&refused, ControlError::Declined(_)) && refused.to_string().contains("1d at most"), "{refused}");
    client.lift("a b/../c", "ada").await.unwrap();
    assert!(client.lift("nothing", "ada").await.unwrap_err().to_string().contains("no hold `nothing`"));
    client.acknowledge(&PolicyId::new("OFFICE"), "ada").await.unwrap();
    assert!(client.acknowledge(&PolicyId::new("other"), "ada").await.is_err());
    let request = TimerRequest { instance: Some("ci-x".to_owned()), dry_run: false, by: "ada".to_owned() };
    let declined = client.set_timers(&request).await.unwrap_err().to_string();
    assert_eq!(declined, "no instance is called `ci-x`");
    let decision = client.decision("ci & co", Some(build::now())).await.unwrap();
    assert_eq!(decision, serde_json::json!({ "instance": "ci & co", "at": build::now() }));
    client.nudge().await.unwrap();
    assert_eq!(engine.nudges.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn what_people_have_done_with_instances_is_told_to_the_engine() {
    let folder = tempfile::tempdir().unwrap();
    let (_, client, _handle) = control(folder.path()).await;
    let instance = build::facts("ws-a", "ci-a").id.clone();
    let wish = Undertaking {
        verb: Verb::Start,
        instance: instance.clone(),
        created: lightsout::facts::Created::NONE,
        even_if_in_use: false,
        even_if_held: false,
        by: "ada".to_owned(),
        reason: "class".to_owned(),
    };
    let begun = client.begin(&wish).await.unwrap();
    assert_eq!(begun.id, "start ci-a");
    client.has_left(&begun.id).await.unwrap();
    assert!(client.has_left("a/../b").await.unwrap_err().to_string().contains("no operation `a/../b`"));
    let ended = client.has_ended(&begun.id, OperationResult::Failed("x".to_owned())).await.unwrap_err();
    assert_eq!(ended.to_string(), "start ci-a ended failed");
    let failed = StopResult::Failed("operation_failed:StopFailed".to_owned());
    assert_eq!(client.settle_stop(&instance).await.unwrap(), Some(failed));
    assert_eq!(client.settle_stop(&build::facts("ws-a", "ci-b").id).await.unwrap(), None, "it goes on");
    let start = StartRequest { instance: "ci-a".to_owned(), reason: String::new(), by: "ada".to_owned(), life: None };
    assert_eq!(client.start_now(&start).await.unwrap_err().to_string(), "nothing is started here");
}

#[tokio::test]
async fn the_socket_is_its_owners_alone_and_goes_with_the_service() {
    let folder = tempfile::tempdir().unwrap();
    let (_, client, handle) = control(folder.path()).await;
    client.nudge().await.unwrap();
    let path = folder.path().join(SOCKET_NAME);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    let second = ControlServer::bind(&path).unwrap_err();
    assert!(second.to_string().contains("another service answers"), "{second}");
    handle.shutdown();
    while path.exists() {
        tokio::task::yield_now().await;
    }
    assert!(ControlClient::connect(&path).unwrap().is_none());
}

#[tokio::test]
async fn a_dead_services_socket_is_replaced_and_a_file_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(SOCKET_NAME);
    assert!(ControlClient::connect(&path).unwrap().is_none(), "nothing there");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(ControlClient::connect(&path).unwrap().is_none(), "left by a dead service");
    drop(ControlServer::bind(&path).unwrap());
    assert!(!path.exists());
    fs::write(&path, "precious").unwrap();
    assert!(ControlServer::bind(&path).unwrap_err().to_string().contains("is no socket"));
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
}
