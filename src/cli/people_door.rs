//! Putting the door together that stands before what people are served.

use std::net::SocketAddr;
use std::sync::Arc;

use jiff::SignedDuration;

use super::clock::SystemClock;
use crate::ports::{AuditLine, Clock as _, SignIn};
use crate::settings::{Proxy, Settings};
use crate::units::Span;
use crate::web::door::{
    AuditTo, Door, DoorError, DoorOptions, Faces, ProxyTrust, Rates, SessionLength, Surroundings, TokenFile, Ways,
    people_limits,
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
