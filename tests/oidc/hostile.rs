//! A provider of our own that answers what a test has it answer: every part of it can lie.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use lightsout::cli::clock::SystemClock;
use lightsout::ports::Clock as _;
use serde_json::{Value, json};

pub(crate) const SIGNING: &[u8] = include_bytes!("../fixtures/entra/signing.pem");
pub(crate) const STRANGER: &[u8] = include_bytes!("../fixtures/entra/stranger.pem");
const KEYS: &str = include_str!("../fixtures/entra/keys.json");

/// What it answers.
#[derive(Clone)]
pub(crate) struct Lies {
    /// Changes the discovery document.
    pub(crate) discovery: Arc<dyn Fn(&mut Value) + Send + Sync>,
    /// Changes its keys.
    pub(crate) keys: Arc<dyn Fn(&mut Value) + Send + Sync>,
    /// Makes the token out of what an honest one would say.
    pub(crate) token: Arc<dyn Fn(Value) -> String + Send + Sync>,
    /// Answers the code with something else altogether.
    pub(crate) answer: Option<Arc<dyn Fn() -> Response + Send + Sync>>,
}

impl Default for Lies {
    fn default() -> Self {
        Self {
            discovery: Arc::new(|_| {}),
            keys: Arc::new(|_| {}),
            token: Arc::new(|claims| signed(&claims, Algorithm::RS256, "key-1", SIGNING)),
            answer: None,
        }
    }
}

/// A token of an RSA key.
pub(crate) fn signed(claims: &Value, algorithm: Algorithm, kid: &str, pem: &[u8]) -> String {
    let header = Header { kid: Some(kid.to_owned()), ..Header::new(algorithm) };
    encode(&header, claims, &EncodingKey::from_rsa_pem(pem).unwrap()).unwrap()
}

/// A token whose header is written out, with whatever signature.
pub(crate) fn spelled(header: &Value, claims: &Value, signature: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", part(header), part(claims), URL_SAFE_NO_PAD.encode(signature))
}

/// The provider's public keys.
pub(crate) fn keys() -> Value {
    serde_json::from_str(KEYS).unwrap()
}

/// The provider.
#[derive(Clone)]
pub(crate) struct Hostile {
    pub(crate) address: SocketAddr,
    lies: Arc<Mutex<Lies>>,
    nonce: Arc<Mutex<String>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Hostile {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let hostile = Self { address, lies: Arc::default(), nonce: Arc::default(), asked: Arc::default() };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys_of))
            .route("/token", post(token))
            .route("/elsewhere", get(|State(hostile): State<Hostile>| async move { hostile.asked("elsewhere") }))
            .with_state(hostile.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        hostile
    }

    pub(crate) fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn lie(&self, lies: Lies) {
        *self.lies.lock().unwrap() = lies;
    }

    /// The nonce that an honest token would hold.
    pub(crate) fn remember(&self, nonce: &str) {
        nonce.clone_into(&mut self.nonce.lock().unwrap());
    }

    fn asked(&self, what: &str) {
        self.asked.lock().unwrap().push(what.to_owned());
    }

    /// How often something was asked for.
    pub(crate) fn count(&self, what: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| *asked == what).count()
    }

    fn lies(&self) -> Lies {
        self.lies.lock().unwrap().clone()
    }

    /// What an honest token says.
    fn claims(&self) -> Value {
        let now: Timestamp = SystemClock.now();
        json!({
            "iss": self.issuer(), "sub": "ada", "aud": "lightsout", "nonce": *self.nonce.lock().unwrap(),
            "iat": now.as_second(), "exp": now.as_second() + 300, "roles": ["ml-operators"],
        })
    }
}

async fn discovery(State(hostile): State<Hostile>) -> Response {
    hostile.asked("discovery");
    let issuer = hostile.issuer();
    let mut document = json!({
        "issuer": issuer, "authorization_endpoint": format!("{issuer}/auth"), "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"), "code_challenge_methods_supported": ["S256"],
    });
    (hostile.lies().discovery)(&mut document);
    match document["redirect"].as_str() {
        Some(to) => Redirect::temporary(to).into_response(),
        None => axum::Json(document).into_response(),
    }
}

async fn keys_of(State(hostile): State<Hostile>) -> Response {
    hostile.asked("keys");
    let mut set = keys();
    (hostile.lies().keys)(&mut set);
    axum::Json(set).into_response()
}

async fn token(State(hostile): State<Hostile>, form: String) -> Response {
    hostile.asked("token");
    if !url::form_urlencoded::parse(form.as_bytes()).any(|(name, value)| name == "code_verifier" && value.len() >= 43) {
        return (StatusCode::BAD_REQUEST, axum::Json(json!({ "error": "invalid_request" }))).into_response();
    }
    let lies = hostile.lies();
    match &lies.answer {
        Some(answer) => answer(),
        None => {
            axum::Json(json!({ "id_token": (lies.token)(hostile.claims()), "token_type": "Bearer" })).into_response()
        }
    }
}
