//! The door: what it goes by, what it keeps, and how it says no.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::audit::{Audit, AuditTo, Event, Line};
use super::buckets::{Buckets, Rate};
use super::cookies::Wire;
use super::host::Names;
use super::login::LOGIN;
use super::problem::{Call, Faces, LoginPage, PlainFaces, Problem};
use super::proxy::ProxyTrust;
use super::sessions::{SessionLength, Sessions};
use super::tokens::TokenFile;
use crate::access::{Denied, Identity, Person, Roles};
use crate::ports::{LoginSecrets, SignIn};
use crate::web::limits::HttpLimits;

/// So many people are signed in at once; one more ends the session that was used longest ago.
const SESSIONS_MAX: usize = 10_000;
/// So many logins are under way at once.
const LOGINS_MAX: usize = 4_096;
/// A login takes no longer than this from its beginning to its end.
const LOGIN_LENGTH: SignedDuration = SignedDuration::from_mins(10);

/// How people can show who they are. None at all, and `open` is what holds on loopback.
#[derive(Clone, Default)]
pub struct Ways {
    /// An OpenID provider.
    pub sign_in: Option<Arc<dyn SignIn>>,
    /// Proxies that are trusted.
    pub proxy: Option<ProxyTrust>,
    /// API tokens.
    pub tokens: Option<Arc<TokenFile>>,
    /// What whoever asks from this machine is called, where nobody needs to show anything.
    pub open: Option<String>,
}

impl std::fmt::Debug for Ways {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ways")
            .field("sign_in", &self.sign_in.is_some())
            .field("proxy", &self.proxy)
            .field("tokens", &self.tokens)
            .field("open", &self.open)
            .finish()
    }
}

/// How often somebody may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// From one address; an IPv6 network of 64 bits counts as one.
    pub address: Rate,
    /// By one person or token.
    pub person: Rate,
    /// Logins begun from one address.
    pub logins: Rate,
}

impl Default for Rates {
    fn default() -> Self {
        // A page asks some ten things when it is opened and one every few seconds; many people may share an address.
        Self {
            address: Rate { burst: 300, a_minute: 3_000 },
            person: Rate { burst: 150, a_minute: 1_200 },
            logins: Rate { burst: 20, a_minute: 20 },
        }
    }
}

/// What the door goes by.
#[derive(Debug, Clone)]
pub struct DoorOptions {
    /// Where people reach it, as an origin; none: on loopback alone.
    pub public: Option<Url>,
    /// The address that is listened on.
    pub listener: SocketAddr,
    /// Whether TLS ends in this process.
    pub has_tls: bool,
    /// How people show who they are.
    pub ways: Ways,
    /// What each may do.
    pub roles: Roles,
    /// How long a session lasts.
    pub session: SessionLength,
    /// The bounds of the listener.
    pub limits: HttpLimits,
    /// How often somebody may ask.
    pub rates: Rates,
}

/// The clocks, the audit log and the pages that the door is given.
#[derive(Clone)]
pub struct Surroundings {
    /// The time of day.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// The clock that never steps.
    pub steady: Arc<dyn Fn() -> SignedDuration + Send + Sync>,
    /// Where audit lines go.
    pub audit: AuditTo,
    /// What is shown in a browser.
    pub faces: Arc<dyn Faces>,
}

impl Surroundings {
    /// With plain text in place of pages.
    pub fn plain(
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
        steady: impl Fn() -> SignedDuration + Send + Sync + 'static,
        audit: AuditTo,
    ) -> Self {
        Self { now: Arc::new(now), steady: Arc::new(steady), audit, faces: Arc::new(PlainFaces) }
    }
}

/// A login under way.
#[derive(Debug, Clone)]
pub(super) struct Begun {
    pub(super) secrets: LoginSecrets,
    pub(super) return_to: String,
}

pub(super) struct Inner {
    pub(super) ways: Ways,
    pub(super) roles: Roles,
    pub(super) names: Names,
    pub(super) session: SessionLength,
    pub(super) limits: HttpLimits,
    pub(super) sessions: Sessions<Identity>,
    pub(super) logins: Sessions<Begun>,
    pub(super) by_address: Buckets<IpAddr>,
    pub(super) by_person: Buckets<String>,
    pub(super) logins_begun: Buckets<IpAddr>,
    pub(super) audit: Audit,
    pub(super) surroundings: Surroundings,
}

/// The door before every route for people. Cheap to share: cloning shares.
#[derive(Clone)]
pub struct Door {
    pub(super) inner: Arc<Inner>,
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").field("ways", &self.inner.ways).finish_non_exhaustive()
    }
}

/// Why there is no door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DoorError {
    /// Others could come in, and nobody could be asked who they are.
    #[error("{0} can be reached from other machines, and nothing is set up by which people could show who they are")]
    Open(SocketAddr),
    /// No name to answer to.
    #[error("{0} can be reached from other machines, and nothing says by which name: set public_url of [web]")]
    Nameless(SocketAddr),
    /// A proxy that nobody is.
    #[error("users are taken from the proxy's headers, and everybody would be trusted to be the proxy")]
    EverybodyIsProxy,
}

impl Door {
    /// Sets it up.
    ///
    /// # Errors
    /// When it would be open to more than it should be; settings say the same, in their own words.
    pub fn new(options: DoorOptions, surroundings: Surroundings) -> Result<Self, DoorError> {
        let DoorOptions { public, listener, has_tls, mut ways, roles, session, limits, rates } = options;
        let names_users = ways.proxy.as_ref().is_some_and(|proxy| proxy.user_header.is_some());
        let has_login = ways.sign_in.is_some() || ways.tokens.is_some() || names_users;
        let scheme = if has_tls { "https" } else { "http" };
        let names = Names::new(public, listener, scheme);
        if !listener.ip().is_loopback() || !names.is_loopback_only() {
            if !has_login {
                return Err(DoorError::Open(listener));
            }
            if names.public().is_none() {
                return Err(DoorError::Nameless(listener));
            }
        }
        if has_login {
            ways.open = None;
        }
        let everywhere = ["192.0.2.1", "198.51.100.77", "2001:db8::1"].map(|text| text.parse::<IpAddr>().ok());
        if names_users
            && let Some(proxy) = &ways.proxy
            && everywhere.into_iter().flatten().all(|address| (proxy.trusted)(address))
        {
            return Err(DoorError::EverybodyIsProxy);
        }
        let logins = SessionLength { idle: LOGIN_LENGTH, most: LOGIN_LENGTH };
        let inner = Inner {
            ways,
            roles,
            names,
            session,
            limits,
            sessions: Sessions::new(session, SESSIONS_MAX),
            logins: Sessions::new(logins, LOGINS_MAX),
            by_address: Buckets::new(rates.address),
            by_person: Buckets::new(rates.person),
            logins_begun: Buckets::new(rates.logins),
            audit: Audit::new(surroundings.audit.clone()),
            surroundings,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The bounds of its listener.
    #[must_use]
    pub fn limits(&self) -> &HttpLimits {
        &self.inner.limits
    }

    pub(super) fn steady(&self) -> SignedDuration {
        (self.inner.surroundings.steady)()
    }

    pub(super) fn wire(&self) -> Wire {
        if self.inner.names.is_tls() { Wire::Tls } else { Wire::Plain }
    }

    pub(super) fn note(&self, event: Event, line: &Line<'_>) {
        self.inner.audit.write(event, ((self.inner.surroundings.now)(), self.steady()), line);
    }

    /// A problem, by the page's words or as JSON.
    pub(super) fn show(&self, problem: &Problem, call: &Call) -> Response {
        if call.by_browser { self.inner.surroundings.faces.problem(problem) } else { problem.as_json() }
    }

    pub(super) fn login_page(&self, page: &LoginPage) -> Response {
        self.inner.surroundings.faces.login(page)
    }

    /// The answer to what a rule does not allow. A browser that nobody is known of is sent to the login.
    pub(super) fn deny(&self, denied: &Denied, person: Option<&Person>, call: &Call, from: IpAddr) -> Response {
        if denied.is_for_want_of_a_login() {
            if call.by_browser && self.inner.ways.sign_in.is_some() {
                let mut query = url::form_urlencoded::Serializer::new(String::new());
                query.append_pair("return_to", call.uri.path_and_query().map_or("/", |path| path.as_str()));
                return Redirect::to(&format!("{LOGIN}?{}", query.finish())).into_response();
            }
            return self.show(&Problem::new(StatusCode::UNAUTHORIZED, denied.to_string()), call);
        }
        let who = person.map_or("nobody", |person| &person.key);
        let words = denied.to_string();
        self.note(Event::Denied, &Line { who, target: &call.words(), from, why: &words });
        self.show(&Problem::new(StatusCode::FORBIDDEN, words), call)
    }
}
