//! Putting the door together that stands before what people are served.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::SignedDuration;

use super::clock::SystemClock;
use crate::oidc::{ClientError, OidcOptions, Provider, SecretOf, client};
use crate::ports::{AuditLine, Clock as _, SignIn};
use crate::settings::{Environment, Proxy, SecretError, Settings};
use crate::units::Span;
use crate::web::door::{
    AuditTo, Door, DoorError, DoorOptions, Faces, LOGIN_BACK, ProxyTrust, Rates, SessionLength, Surroundings,
    TokenFile, Ways, people_limits,
};

/// What whoever asks from this machine is called, where nobody has to show who they are: which of its users it is, TCP does
/// not tell.
const SOMEBODY_HERE: &str = "someone on this machine";
/// Audit lines in waiting for the journal; more are dropped and logged.
const WAITING: usize = 256;

/// Why there is no door.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// It would be open to more than it should be.
    #[error(transparent)]
    Door(#[from] DoorError),
    /// The client secret.
    #[error("could not read the client secret of [web.oidc]")]
    Secret(#[from] SecretError),
    /// A file of certificates.
    #[error("could not read {path} ([web.oidc] ca_file)", path = path.display())]
    Certificates {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// The way to the provider.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The name of a header.
    #[error("could not use the header {0} of [web.proxy]")]
    Header(String),
}

/// What the door is given beside the settings.
pub struct Given {
    /// Signing people in, where a provider is set up.
    pub sign_in: Option<Arc<dyn SignIn>>,
    /// Where audit lines go.
    pub audit: AuditTo,
    /// The pages that it shows.
    pub faces: Arc<dyn Faces>,
}

impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Given").field("sign_in", &self.sign_in.is_some()).finish_non_exhaustive()
    }
}

/// Signing people in with the provider that settings name, if they name one.
///
/// # Errors
/// When its secret or certificates cannot be read.
pub fn sign_in(settings: &Settings, environment: &Environment) -> Result<Option<Arc<dyn SignIn>>, PeopleError> {
    let (Some(oidc), Some(public)) = (&settings.web.oidc, &settings.web.public_url) else { return Ok(None) };
    let certificates = match &oidc.ca_file {
        Some(path) => std::fs::read(path).map_err(|cause| PeopleError::Certificates { path: path.clone(), cause })?,
        None => Vec::new(),
    };
    let secret = match &oidc.secret {
        None => None,
        Some(source) => {
            // read now, so that one that cannot be read is known at start, and anew at each login
            source.read(environment)?;
            let (source, environment) = (source.clone(), environment.clone());
            let read: SecretOf = Arc::new(move || source.read(&environment).map_err(|error| error.to_string()));
            Some(read)
        }
    };
    let options = OidcOptions {
        issuer: oidc.issuer.clone(),
        client_id: oidc.client_id.clone(),
        secret,
        redirect_uri: format!("{}{LOGIN_BACK}", public.origin().ascii_serialization()),
        scopes: oidc.scopes.clone(),
        role_claim: oidc.role_claim.clone(),
        address_claims: oidc.address_claims.clone(),
    };
    let http = client(&oidc.issuer, &certificates)?;
    Ok(Some(Arc::new(Provider::new(options, http, Arc::new(SystemClock)))))
}

/// The file of API tokens.
#[must_use]
pub fn token_file(settings: &Settings) -> TokenFile {
    let beside = || settings.store.dir.join(crate::web::door::TOKENS_NAME);
    TokenFile::at(settings.web.tokens.file.clone().unwrap_or_else(beside))
}

/// The door of a listener at an address, which may differ from the settings' in its port.
///
/// # Errors
/// When it would be open to more than it should be.
pub fn people_door(settings: &Settings, listener: SocketAddr, given: Given) -> Result<Door, PeopleError> {
    let web = &settings.web;
    let session =
        web.oidc.as_ref().map_or((Span::hours(1), Span::hours(12)), |oidc| (oidc.session_idle, oidc.session_max));
    let options = DoorOptions {
        public: web.public_url.clone(),
        listener,
        has_tls: web.tls.is_some(),
        ways: Ways {
            sign_in: given.sign_in,
            proxy: trust(&web.proxy)?,
            tokens: web.tokens.enabled.then(|| Arc::new(token_file(settings))),
            open: (!web.has_login()).then(|| SOMEBODY_HERE.to_owned()),
        },
        roles: web.roles.roles(),
        session: SessionLength { idle: session.0.duration(), most: session.1.duration() },
        limits: people_limits(),
        rates: Rates::default(),
    };
    let surroundings = Surroundings {
        now: Arc::new(|| SystemClock.now()),
        steady: Arc::new(|| -> SignedDuration { SystemClock.steady() }),
        audit: given.audit,
        faces: given.faces,
    };
    Ok(Door::new(options, surroundings)?)
}

fn trust(proxy: &Proxy) -> Result<Option<ProxyTrust>, PeopleError> {
    if proxy.from.is_empty() {
        return Ok(None);
    }
    let header = |name: &Option<String>| {
        let read = |name: &String| name.parse().map_err(|_| PeopleError::Header(name.clone()));
        name.as_ref().map(read).transpose()
    };
    let from = proxy.from.clone();
    Ok(Some(ProxyTrust {
        trusted: Arc::new(move |peer| from.iter().any(|network| network.contains(peer))),
        user_header: header(&proxy.user_header)?,
        email_header: header(&proxy.email_header)?,
        roles_header: header(&proxy.roles_header)?,
    }))
}

/// Hands audit lines to whoever writes them down, one after the other; the door never waits for a disk.
pub fn audit_queue<F, W>(write: W) -> AuditTo
where
    W: Fn(AuditLine) -> F + Send + 'static,
    F: Future<Output = ()> + Send,
{
    let (sender, mut lines) = tokio::sync::mpsc::channel::<AuditLine>(WAITING);
    tokio::spawn(async move {
        while let Some(line) = lines.recv().await {
            write(line).await;
        }
    });
    Arc::new(move |line: AuditLine| {
        if let Err(full) = sender.try_send(line) {
            let (tokio::sync::mpsc::error::TrySendError::Full(line)
            | tokio::sync::mpsc::error::TrySendError::Closed(line)) = full;
            tracing::warn!(
                who = line.who,
                what = line.what,
                target = line.target,
                "an audit line could not be kept: {}",
                line.why
            );
        }
    })
}
