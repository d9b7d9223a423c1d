//! A service that signs people in with a provider, and a browser that goes between both.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use axum::Json;
use jiff::SignedDuration;
use lightsout::access::{Role, Roles};
use lightsout::cli::clock::SystemClock;
use lightsout::oidc::{OidcOptions, Provider, client};
use lightsout::ports::{AuditLine, Clock as _};
use lightsout::web::door::{
    Asked, Door, DoorOptions, LOGIN_BACK, Rates, Read, Routes, SessionLength, Surroundings, Ways, people_limits,
    serve_people,
};
use reqwest::{Client, Response, Url};
use serde_json::{Value, json};

/// The service, on a port that is taken before it is served: the provider has to know where to send people back to.
pub(crate) struct House {
    listener: Option<TcpListener>,
    pub(crate) address: SocketAddr,
    written: Arc<Mutex<Vec<AuditLine>>>,
}

async fn who(asked: Asked<Read>) -> Json<Value> {
    let who = asked.who();
    Json(json!({ "key": who.key, "name": who.name, "role": who.role, "addresses": who.addresses }))
}

impl House {
    pub(crate) fn new() -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        Self { listener: Some(listener), address, written: Arc::default() }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What it knows of a provider.
    pub(crate) fn options(&self, issuer: &str, client_id: &str, secret: Option<&'static str>) -> OidcOptions {
        OidcOptions {
            issuer: issuer.to_owned(),
            client_id: client_id.to_owned(),
            secret: secret
                .map(|secret| -> lightsout::oidc::SecretOf { Arc::new(move || Ok(secret.to_owned().into())) }),
            redirect_uri: self.url(LOGIN_BACK),
            scopes: ["openid", "profile", "email"].map(str::to_owned).to_vec(),
            role_claim: "roles".to_owned(),
            address_claims: None,
        }
    }

    /// Opens it.
    pub(crate) fn open(&mut self, options: OidcOptions) {
        let http = client(&options.issuer, b"").unwrap();
        let provider = Provider::new(options, http, Arc::new(SystemClock));
        let limits = people_limits();
        let options = DoorOptions {
            public: Some(self.url("").parse().unwrap()),
            listener: self.address,
            has_tls: false,
            ways: Ways { sign_in: Some(Arc::new(provider)), ..Ways::default() },
            roles: Roles::new([], [("ml-operators".to_owned(), Role::Operator)], Some(Role::Owner)),
            session: SessionLength { idle: SignedDuration::from_hours(1), most: SignedDuration::from_hours(12) },
            limits,
            rates: Rates { logins: lightsout::web::door::Rate { burst: 1_000, a_minute: 1_000 }, ..Rates::default() },
        };
        let lines = self.written.clone();
        let surroundings = Surroundings::plain(
            || SystemClock.now(),
            || SystemClock.steady(),
            Arc::new(move |line| lines.lock().unwrap().push(line)),
        );
        let door = Door::new(options, surroundings).unwrap();
        let router = Routes::new().get("/who", Read, who).behind(&door, ());
        let listener = self.listener.take().unwrap();
        tokio::spawn(serve_people(listener, (None, limits), router, None, axum_server::Handle::new()));
    }

    /// Why the last login was refused.
    pub(crate) fn refusal(&self) -> String {
        let written = self.written.lock().unwrap();
        written.iter().rfind(|line| line.what == "login_refused").map(|line| line.why.clone()).unwrap_or_default()
    }
}

/// A browser: it keeps cookies for each site, and goes only where it is told to.
pub(crate) struct Browser {
    client: Client,
    jar: Mutex<HashMap<String, HashMap<String, String>>>,
}

impl Browser {
    pub(crate) fn new() -> Self {
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        Self { client, jar: Mutex::default() }
    }

    fn cookies(&self, url: &Url) -> String {
        let jar = self.jar.lock().unwrap();
        let site = jar.get(&url.origin().ascii_serialization());
        let pairs = site.into_iter().flatten().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    fn keep(&self, url: &Url, answer: &Response) {
        let mut jar = self.jar.lock().unwrap();
        let site = jar.entry(url.origin().ascii_serialization()).or_default();
        for set in answer.headers().get_all("set-cookie") {
            let set = set.to_str().unwrap().to_owned();
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            let is_gone = value.is_empty() || set.to_ascii_lowercase().contains("max-age=0");
            if is_gone {
                site.remove(name)
            } else {
                site.insert(name.to_owned(), value.to_owned())
            };
        }
    }

    /// One request; where it leads to.
    async fn step(&self, url: &Url, form: Option<&[(&str, &str)]>) -> (Response, Option<Url>) {
        let request = match form {
            Some(form) => self.client.post(url.clone()).form(form),
            None => self.client.get(url.clone()),
        };
        let answer = request.header("cookie", self.cookies(url)).header("accept", "text/html").send().await.unwrap();
        self.keep(url, &answer);
        let next = answer.headers().get("location").map(|next| url.join(next.to_str().unwrap()).unwrap());
        (answer, next)
    }

    /// Follows redirects until a page, or until a redirect leads to a path where it stops.
    pub(crate) async fn follow(&self, from: &str, stop: Option<&str>) -> (Url, Option<Response>) {
        let mut url: Url = from.parse().unwrap();
        for _ in 0..12 {
            if stop.is_some_and(|path| url.path() == path) {
                return (url, None);
            }
            let (answer, next) = self.step(&url, None).await;
            let Some(next) = next else { return (url, Some(answer)) };
            url = next;
        }
        panic!("redirects without end from {from}");
    }

    /// Answers the provider's pages: who it is, then that it may be told.
    pub(crate) async fn agree(&self, page: &Url, login: &str, stop: Option<&str>) -> (Url, Option<Response>) {
        let mut page = page.clone();
        for form in [&[("prompt", "login"), ("login", login), ("password", "any")][..], &[("prompt", "consent")]] {
            let (_, next) = self.step(&page, Some(form)).await;
            let (url, answer) = self.follow(next.unwrap().as_str(), stop).await;
            if !url.path().starts_with("/interaction/") {
                return (url, answer);
            }
            page = url;
        }
        panic!("the provider asks on at {page}");
    }
}
