//! A service within the test: a simulated Azure with machines of known owners, the engine and its journal, and page, API and
//! links behind a door. Its clock stands until the test moves it.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use lightsout::access::{Role, Roles, Scope, TokenRecord, digest, spell};
use lightsout::azure::{Azure, AzureOptions, Cloud, IdentityOptions, PriceOptions, Watch};
use lightsout::cli::clock::VirtualClock;
use lightsout::cli::outside::Outside;
use lightsout::cli::people::{keys_of_links, serve, site};
use lightsout::cli::relay::Relay;
use lightsout::cli::wire_up::engine_options;
use lightsout::cli::witnesses::Witnesses;
use lightsout::engine::Engine;
use lightsout::facts::{NoticeKey, SourceSet, StopKey};
use lightsout::ledger::PriceSource;
use lightsout::links::for_warning;
use lightsout::notify::Channels;
use lightsout::policy::{Severity, SourceText, Sources, parse};
use lightsout::ports::{AuditLine, Clock as _, Control as _};
use lightsout::report::InstanceView;
use lightsout::sandbox::{Owner, SCALE_SUBSCRIPTION, Sandbox, SandboxOptions, State, scale};
use lightsout::settings::Settings;
use lightsout::store::{FileFreeze, Store};
use lightsout::units::SubscriptionId;
use lightsout::web::PageFaces;
use lightsout::web::door::{
    Door, DoorOptions, ProxyTrust, Rate, Rates, SessionLength, Surroundings, TokenFile, Ways, people_limits,
};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

/// Whose the machines with even numbers are; the others are bob's.
pub(crate) const ADA: &str = "ada@example.org";
/// Whose the machines with odd numbers are.
pub(crate) const BOB: &str = "bob@example.org";
/// A Monday morning.
pub(crate) const MORNING: &str = "2026-03-16T10:00:00Z";
/// Off at eight in the evening, warned an hour before.
pub(crate) const OFFICE: &str = "name = \"office\"\nmode = \"enforce\"\n[scope]\nworkspaces = [\"*\"]\n\
    [hours]\nzone = \"UTC\"\nallowed = [\"Mon-Fri 08:00-20:00\"]\nspread = \"0s\"\n\
    [warning]\nlead = \"1h\"\nlead_unknown_owner = \"1h\"\nproof = \"recorded\"\n[guard]\nmin_uptime = \"0s\"\n";

/// The engine of the tests.
pub(crate) type HouseEngine = Engine<Outside<VirtualClock>>;

/// The service.
pub(crate) struct House {
    pub(crate) sandbox: Sandbox,
    pub(crate) clock: VirtualClock,
    pub(crate) engine: Arc<HouseEngine>,
    pub(crate) address: SocketAddr,
    pub(crate) written: Arc<Mutex<Vec<AuditLine>>>,
    pub(crate) dir: tempfile::TempDir,
    pub(crate) client: Client,
}

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) tag: Option<String>,
    pub(crate) allow: Option<String>,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The words of a problem, once it is known to be one in the form of RFC 9457.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.kind, "application/problem+json", "{self:?}");
        let told = self.json();
        assert_eq!((&told["type"], &told["status"]), (&"about:blank".into(), &self.status.into()), "{self:?}");
        assert!(told["title"].as_str().is_some_and(|title| !title.is_empty()), "{self:?}");
        told["detail"].as_str().unwrap().to_owned()
    }
}

impl House {
    /// So many workspaces of so many machines under one policy, all on but every fourth, at [`MORNING`].
    pub(crate) async fn new(workspaces: usize, instances: usize, policy: &str) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let dir = tempfile::tempdir().unwrap();
        let start: Timestamp = MORNING.parse().unwrap();
        let clock = VirtualClock::new(start);
        let mut options = SandboxOptions::new(world(start, workspaces, instances), Arc::new(clock.clone()));
        options.static_token = Some("x".to_owned());
        let sandbox = Sandbox::start(options).await.unwrap();
        let engine = engine(&sandbox, &clock, dir.path()).await;
        adopt(&engine, policy).await;
        engine.sweep_all().await;
        assert!(engine.refresh_prices().await.unwrap());
        engine.sweep_all().await;
        let client = Client::builder().no_proxy().no_gzip().redirect(reqwest::redirect::Policy::none()).build();
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let written = Arc::default();
        let mut house = Self { sandbox, clock, engine, address, written, dir, client: client.unwrap() };
        house.address = house.open();
        house
    }

    /// Serves it once more, with the keys of links as their file is now; the address.
    pub(crate) fn open(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let keys = keys_of_links(self.dir.path()).unwrap();
        let site = site(&Relay::new(self.engine.clone(), None), (Some(Arc::new(keys)), None), false).unwrap();
        let (now, steady, lines) = (self.clock.clone(), self.clock.clone(), self.written.clone());
        let surroundings = Surroundings {
            now: Arc::new(move || now.now()),
            steady: Arc::new(move || steady.steady()),
            audit: Arc::new(move |line| lines.lock().unwrap().push(line)),
            faces: Arc::new(PageFaces::new(&site)),
        };
        let door = Door::new(self.door(address), surroundings).unwrap();
        tokio::spawn(serve(listener, None, (site, door), None));
        address
    }

    /// A door that believes proxies on loopback and tokens. Its clock stands, so nothing is ever refilled: there is room for
    /// all that a test asks.
    fn door(&self, listener: SocketAddr) -> DoorOptions {
        let room = Rate { burst: 1_000_000, a_minute: 1_000_000 };
        let proxy = ProxyTrust {
            trusted: Arc::new(|peer| peer.is_loopback()),
            user_header: Some("x-user".parse().unwrap()),
            email_header: Some("x-email".parse().unwrap()),
            roles_header: Some("x-groups".parse().unwrap()),
        };
        DoorOptions {
            public: None,
            listener,
            has_tls: false,
            ways: Ways { proxy: Some(proxy), tokens: Some(Arc::new(self.tokens())), ..Ways::default() },
            roles: Roles::new([], Role::ALL.map(|role| (role.label().to_owned(), role)), None),
            session: SessionLength { idle: SignedDuration::from_hours(1), most: SignedDuration::from_hours(12) },
            limits: people_limits(),
            rates: Rates { address: room, person: room, logins: room },
        }
    }

    fn tokens(&self) -> TokenFile {
        TokenFile::at(self.dir.path().join("tokens"))
    }

    /// A token with these scopes; for the machines of these owners, or for any where there are none.
    pub(crate) fn token(&self, name: &str, scopes: &[Scope], owners: &[&str]) -> String {
        let token = spell(&[u8::try_from(name.len()).unwrap(); 32]) + name;
        let record = TokenRecord {
            name: name.to_owned(),
            sha256: digest(&token),
            scopes: scopes.iter().copied().collect(),
            addresses: owners.iter().map(|owner| (*owner).to_owned()).collect(),
            made_at: Timestamp::UNIX_EPOCH,
            made_by: "test".to_owned(),
            expires_at: "2030-01-01T00:00:00Z".parse().unwrap(),
            revoked_at: None,
        };
        self.tokens().change(|records| records.push(record)).unwrap();
        token
    }

    /// An instance as the engine sees it.
    pub(crate) fn instance(&self, name: &str) -> InstanceView {
        let view = self.engine.view();
        let mut all = view.workspaces.values().flat_map(|place| &place.instances);
        all.find(|one| one.facts.id.name() == name).unwrap_or_else(|| panic!("no {name}")).clone()
    }

    /// Its path in the API.
    pub(crate) fn path(&self, name: &str) -> String {
        let id = self.instance(name).facts.id.clone();
        let place = id.workspace();
        format!("/api/v1/instances/{SCALE_SUBSCRIPTION}/{}/{}/{name}", place.resource_group(), place.name())
    }

    /// The token of the link in a warning of an instance that stops at an instant.
    pub(crate) fn link(&self, name: &str, stop_at: &str) -> String {
        let facts = self.instance(name).facts;
        let notice =
            NoticeKey { stop: StopKey(format!("hours/office/{name}").into()), stop_at: stop_at.parse().unwrap() };
        let keys = keys_of_links(self.dir.path()).unwrap();
        for_warning(&keys, (&facts.id, facts.created), &notice, 86_400).unwrap()
    }

    /// A request that is not sent yet, without anybody's name.
    pub(crate) fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.address))
    }

    /// A POST of JSON from a page of this very service.
    pub(crate) fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.post_to(self.address, path, body)
    }

    /// The same at another address of it.
    pub(crate) fn post_to(&self, address: SocketAddr, path: &str, body: &Value) -> RequestBuilder {
        let asked = self.client.post(format!("http://{address}{path}")).header("origin", format!("http://{address}"));
        asked.header("content-type", "application/json").body(body.to_string())
    }

    /// GET with a token.
    pub(crate) async fn get(&self, path: &str, token: &str) -> Answer {
        sent(self.ask(Method::GET, path).bearer_auth(token)).await
    }

    /// The holds that were ever made.
    pub(crate) async fn holds(&self) -> Vec<lightsout::facts::MadeHold> {
        use lightsout::ports::Journal as _;
        self.engine.world().store.made_holds(Timestamp::UNIX_EPOCH).await.unwrap()
    }

    /// Whatever stands in the audit log of the journal, and what the door wrote.
    pub(crate) async fn audited(&self) -> Vec<AuditLine> {
        let kept = self.engine.world().store.newest_audit(500).await.unwrap();
        kept.into_iter().chain(self.written.lock().unwrap().clone()).collect()
    }

    /// The instant so long from now.
    pub(crate) fn clock_in(&self, length: SignedDuration) -> String {
        self.clock.now().checked_add(length).unwrap().to_string()
    }

    /// Moves the clock.
    pub(crate) fn at(&self, instant: &str) {
        self.clock.advance_to(instant.parse().unwrap());
    }
}

/// Sends a request.
pub(crate) async fn sent(asked: RequestBuilder) -> Answer {
    let answer = asked.send().await.unwrap();
    let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let (kind, tag, allow) = (header("content-type").unwrap_or_default(), header("etag"), header("allow"));
    let status = answer.status().as_u16();
    // a stream of events has no end
    let text = if kind == "text/event-stream" { String::new() } else { answer.text().await.unwrap() };
    Answer { status, kind, tag, allow, text }
}

fn world(start: Timestamp, workspaces: usize, instances: usize) -> lightsout::sandbox::WorldSpec {
    let mut world = scale(1, start, workspaces, instances);
    for (number, machine) in world.workspaces.iter_mut().flat_map(|place| &mut place.instances).enumerate() {
        machine.state = if number % 4 == 3 { State::Stopped } else { State::Running };
        machine.vm_size = "Standard_NC6s_v3".to_owned();
        machine.created_on = start.checked_sub(SignedDuration::from_hours(24 * 12)).unwrap();
        machine.owner = Some(Owner {
            user_name: Some(if number % 2 == 0 { ADA } else { BOB }.to_owned()),
            object_id: format!("0b1ec700-0000-4000-8000-{number:012}"),
            assigned_to: None,
        });
    }
    world
}

async fn engine(sandbox: &Sandbox, clock: &VirtualClock, dir: &Path) -> Arc<HouseEngine> {
    let token_file = dir.join("arm-token");
    std::fs::write(&token_file, "x").unwrap();
    private(&token_file);
    let base = sandbox.base_url();
    let cloud = Cloud::Custom { arm_endpoint: base.clone(), token_scope: String::new(), authority_host: String::new() };
    let mut options = AzureOptions::new(cloud, IdentityOptions::TokenFile { path: token_file });
    options.prices =
        PriceOptions { sources: vec![PriceSource::Retail], retail_endpoint: base, ..PriceOptions::default() };
    options.watch = Watch { subscriptions: vec![SubscriptionId::new(SCALE_SUBSCRIPTION)], ..Watch::default() };
    let outside = Outside {
        azure: Azure::new(options, Arc::new(clock.clone())).unwrap(),
        bills: None,
        witnesses: Witnesses::default(),
        store: Store::open(&dir.join("store")).await.unwrap(),
        channels: Channels::new(Vec::new()),
        freeze: FileFreeze::new(dir.join("FREEZE"), None),
        clock: Arc::new(clock.clone()),
    };
    let engine = Arc::new(Engine::new(Arc::new(outside), engine_options(&Settings::default())));
    engine.recall().await.unwrap();
    engine
}

fn private(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

async fn adopt(engine: &HouseEngine, policy: &str) {
    let policies = [SourceText { file: "policies/office.toml".into(), text: policy.to_owned() }];
    let calendars = std::collections::BTreeMap::new();
    let sources =
        Sources { defaults: None, policies: &policies, calendars: &calendars, channels: 0, sources: SourceSet::NONE };
    let parsed = parse(&sources);
    let wrong: Vec<_> = parsed.diagnostics.iter().filter(|found| found.severity == Severity::Error).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    engine.adopt(parsed.set).await.unwrap();
}
