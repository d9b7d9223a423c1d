//! A door on loopback with routes of every rule behind it, a clock that the test moves, and the audit lines it wrote.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Json;
use axum::extract::Path;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use lightsout::access::{Role, Roles, Scope, TokenRecord, digest, spell};
use lightsout::ports::AuditLine;
use lightsout::web::HttpLimits;
use lightsout::web::door::{
    Administer, Anyone, Asked, Door, DoorOptions, Operate, Own, Rates, Read, Routes, SessionLength, Stop, Surroundings,
    TokenFile, Ways, people_limits, serve_people,
};
use serde_json::{Value, json};

/// Whose instances the tests are about.
pub(crate) const ADA: &str = "ada@example.org";

/// A door that is served.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    pub(crate) written: Arc<Mutex<Vec<AuditLine>>>,
    pub(crate) seconds: Arc<AtomicI64>,
    pub(crate) dir: tempfile::TempDir,
    pub(crate) door: Door,
}

/// The routes: one of every rule, and of each method.
pub(crate) fn routes() -> Routes<()> {
    async fn open(_: Asked<Anyone>) -> &'static str {
        "open"
    }
    async fn read(asked: Asked<Read>) -> Json<Value> {
        let who = asked.who();
        Json(json!({ "key": who.key, "name": who.name, "role": who.role, "way": who.way.label() }))
    }
    async fn own(asked: Asked<Own>, Json(body): Json<Value>) -> Result<Json<Value>, Response> {
        let person = asked.on(body["owner"].as_str())?;
        Ok(Json(json!({ "key": person.key })))
    }
    async fn lift(asked: Asked<Own>, Path(owner): Path<String>) -> Result<String, Response> {
        Ok(asked.on([owner.as_str()])?.key)
    }
    async fn stop(asked: Asked<Stop>, Json(body): Json<Value>) -> Result<Json<Value>, Response> {
        let person = asked.on(body["owner"].as_str())?;
        Ok(Json(json!({ "key": person.key })))
    }
    async fn operate(asked: Asked<Operate>) -> String {
        asked.into_who().key
    }
    async fn administer(asked: Asked<Administer>) -> String {
        asked.into_who().key
    }
    Routes::new()
        .get("/open", Anyone, open)
        .get("/api/v1/read", Read, read)
        .get("/page", Read, read)
        .post("/api/v1/own", Own, own)
        .delete("/api/v1/own/{owner}", Own, lift)
        .post("/api/v1/stop", Stop, stop)
        .post("/api/v1/operate", Operate, operate)
        .post("/api/v1/administer", Administer, administer)
}

impl Site {
    /// One where nothing is set up by which people could show who they are.
    pub(crate) fn open() -> Self {
        Self::with(|_, options| options.ways.open = Some("someone on this machine".to_owned()))
    }

    /// One with a file of tokens, in a folder of its own.
    pub(crate) fn with_tokens() -> Self {
        Self::with(|dir, options| options.ways.tokens = Some(Arc::new(TokenFile::at(dir.join("tokens")))))
    }

    /// One that the test sets up.
    pub(crate) fn with(configure: impl FnOnce(&std::path::Path, &mut DoorOptions)) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let dir = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut options = options(address);
        configure(dir.path(), &mut options);
        let limits = options.limits;
        let seconds = Arc::new(AtomicI64::new(1_000));
        let written: Arc<Mutex<Vec<AuditLine>>> = Arc::default();
        let (day, steady, lines) = (seconds.clone(), seconds.clone(), written.clone());
        let surroundings = Surroundings::plain(
            move || Timestamp::from_second(day.load(Ordering::Relaxed)).unwrap(),
            move || SignedDuration::from_secs(steady.load(Ordering::Relaxed)),
            Arc::new(move |line| lines.lock().unwrap().push(line)),
        );
        let door = Door::new(options, surroundings).unwrap();
        let router = routes().behind(&door, ());
        tokio::spawn(serve_people(listener, (None, limits), router, None, axum_server::Handle::new()));
        Self { address, written, seconds, dir, door }
    }

    /// A token with these scopes, kept in the site's file.
    pub(crate) fn token(&self, name: &str, scopes: &[Scope], owners: &[&str]) -> String {
        let token = spell(&[u8::try_from(name.len()).unwrap(); 32]) + name;
        let record = TokenRecord {
            name: name.to_owned(),
            sha256: digest(&token),
            scopes: scopes.iter().copied().collect(),
            addresses: owners.iter().map(|owner| (*owner).to_owned()).collect(),
            made_at: Timestamp::UNIX_EPOCH,
            made_by: "test".to_owned(),
            expires_at: Timestamp::from_second(1_000_000).unwrap(),
            revoked_at: None,
        };
        TokenFile::at(self.dir.path().join("tokens")).change(|records| records.push(record)).unwrap();
        token
    }

    /// What was written down: what, who, and why.
    pub(crate) fn audited(&self, what: &str) -> Vec<AuditLine> {
        self.written.lock().unwrap().iter().filter(|line| line.what == what).cloned().collect()
    }

    /// Sends a request as it stands from an address of this machine; a line a header, the body after an empty one.
    pub(crate) fn send_from(&self, from: &str, head: &str, body: &str) -> Answer {
        let socket = socket_from(from.parse().unwrap(), self.address);
        answered(socket, head, body)
    }

    /// The same from the usual address.
    pub(crate) fn send(&self, head: &str, body: &str) -> Answer {
        answered(TcpStream::connect(self.address).unwrap(), head, body)
    }

    /// A GET by the listener's own name.
    pub(crate) fn get(&self, path: &str, headers: &str) -> Answer {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{headers}", self.address), "")
    }

    /// A POST of JSON from a page of this very service.
    pub(crate) fn post(&self, path: &str, headers: &str, body: &str) -> Answer {
        let own = format!("Origin: http://{}\r\nContent-Type: application/json\r\n", self.address);
        self.send(&format!("POST {path} HTTP/1.1\r\nHost: {}\r\n{own}{headers}", self.address), body)
    }
}

/// A socket from another of loopback's addresses.
fn socket_from(from: IpAddr, to: SocketAddr) -> TcpStream {
    let made = async move {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(from, 0)).unwrap();
        socket.connect(to).await.unwrap().into_std().unwrap()
    };
    let socket = tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(made));
    socket.set_nonblocking(false).unwrap();
    socket
}

/// Options with nothing set up.
pub(crate) fn options(listener: SocketAddr) -> DoorOptions {
    DoorOptions {
        public: None,
        listener,
        has_tls: false,
        ways: Ways::default(),
        roles: Roles::new([], [], Some(Role::Owner)),
        session: SessionLength { idle: SignedDuration::from_hours(1), most: SignedDuration::from_hours(12) },
        limits: HttpLimits { patience: std::time::Duration::from_secs(10), ..people_limits() },
        rates: Rates::default(),
    }
}

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The values of a header.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let wanted = format!("{}:", name.to_ascii_lowercase());
        let lines = self.head.lines().filter(|line| line.to_ascii_lowercase().starts_with(&wanted));
        lines.map(|line| line[wanted.len()..].trim()).collect()
    }

    /// The one value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

fn answered(mut socket: TcpStream, head: &str, body: &str) -> Answer {
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let request = format!("{head}{length}Connection: close\r\n\r\n{body}");
    // it may be turned away before all of it was sent
    drop(socket.write_all(request.as_bytes()));
    let mut all = Vec::new();
    drop(socket.read_to_end(&mut all));
    let text = String::from_utf8_lossy(&all).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}
