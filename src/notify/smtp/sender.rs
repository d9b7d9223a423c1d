//! The channel: a message to its owner and to whom the policy names, as one letter.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;
use lettre::Address;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, TlsParameters};
use secrecy::{ExposeSecret, SecretString};

use super::letter;
use super::people::{People, plain_address};
use super::session::{Server, TIMEOUT};
use crate::notify::render::{Link, Templates};
use crate::ports::{Fault, FaultKind, Message};

/// How the talk with the mail server is encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SmtpTls {
    /// Begun in the clear and then encrypted, or ended.
    #[default]
    StartTls,
    /// Encrypted from the first byte.
    Implicit,
    /// Not at all; to a server on this machine only.
    Plain,
}

/// What e-mail is set up with.
#[derive(Debug, Clone)]
pub struct SmtpOptions {
    /// The mail server.
    pub host: String,
    /// Its port; none: 587, 465 or 25, as the encryption has it.
    pub port: Option<u16>,
    /// How the talk is encrypted.
    pub tls: SmtpTls,
    /// User and password, where the server wants them.
    pub login: Option<(String, SecretString)>,
    /// Who writes.
    pub from: String,
    /// Who gets what has no other address.
    pub fallback: Vec<String>,
    /// Certificate authorities trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// For a whole talk; 20 s when none.
    pub timeout: Option<SignedDuration>,
}

/// Why e-mail cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// An address that is none.
    #[error("{key} holds {text:?}, which is no plain address; write it as \"name@example.org\"")]
    Address {
        /// The key.
        key: &'static str,
        /// What is written there.
        text: String,
    },
    /// In the clear, and not to this machine.
    #[error("tls = \"none\" is for a mail server on this machine, and {0:?} is not known to be one")]
    InTheClear(String),
    /// The file of authorities.
    #[error("ca_file {} cannot be read", path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// What stands in it, or the server's name.
    #[error("TLS to the mail server cannot be set up; check host, and that ca_file holds certificates as PEM")]
    Tls(#[source] lettre::transport::smtp::Error),
}

/// E-mail that is set up.
pub struct Smtp {
    server: Server,
    from: Address,
    timeout: Duration,
    templates: Templates,
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Server { host, port, tls, .. } = &self.server;
        f.debug_struct("Smtp").field("host", host).field("port", port).field("tls", tls).finish_non_exhaustive()
    }
}

impl Smtp {
    /// Sets it up; nothing is sent, no name is looked up.
    ///
    /// # Errors
    /// When an address, the encryption or the file of authorities is refused.
    pub fn new(options: SmtpOptions) -> Result<Self, SmtpError> {
        let from = address("from", &options.from)?;
        let fallback: Result<Vec<Address>, SmtpError> =
            options.fallback.iter().map(|text| address("fallback", text)).collect();
        if options.tls == SmtpTls::Plain && !is_this_machine(&options.host) {
            return Err(SmtpError::InTheClear(options.host));
        }
        let port = options.port.unwrap_or(match options.tls {
            SmtpTls::StartTls => 587,
            SmtpTls::Implicit => 465,
            SmtpTls::Plain => 25,
        });
        let parameters = parameters(&options)?;
        let login = options.login.map(|(user, password)| Credentials::new(user, password.expose_secret().to_owned()));
        let timeout = options
            .timeout
            .and_then(|length| Duration::try_from(length).ok())
            .filter(|length| !length.is_zero())
            .unwrap_or(TIMEOUT);
        let server = Server { host: options.host, port, tls: options.tls, parameters, login, fallback: fallback? };
        Ok(Self { server, from, timeout, templates: Templates::default() })
    }

    /// With the operator's templates before those in the program.
    #[must_use]
    pub fn worded(self, templates: Templates) -> Self {
        Self { templates, ..self }
    }

    /// Mails one message to its owner and to whom it names beside. The server's word that it took the letter confirms it.
    ///
    /// # Errors
    /// `Throttled` when an address is to be tried later, `Unfit` where nobody has one that is taken or the letter is refused,
    /// `Undelivered` when the server fails.
    pub async fn deliver(&self, message: &Message, links: &[Link]) -> Result<(), Fault> {
        let doing = || format!("mail the message {} by {}", message.id, self.server.host);
        let undelivered = |cause: String| Fault::new(FaultKind::Undelivered, doing()).because(cause);
        let Some(people) = People::of(message, &self.server.fallback) else {
            let owner = message.owner.as_deref().unwrap_or("nobody");
            return Err(Fault::new(FaultKind::Unfit, doing()).because(format!(
                "it has no e-mail address: its owner is {owner:?}, and its policy names nobody else; name who gets such messages with \
                 fallback in [notify.smtp]"
            )));
        };
        let letter = letter::write(&self.from, &people, message, links, &self.templates)
            .map_err(|error| Fault::new(FaultKind::Unfit, doing()).because(error))?;
        let sending = self.server.send(&self.from, &people, &letter, message.attempts == 0);
        let sent = tokio::time::timeout(self.timeout, sending)
            .await
            .map_err(|_| undelivered(format!("the mail server took longer than {} s", self.timeout.as_secs())))?;
        let left_out = sent.map_err(|error| Fault::new(error.kind(), doing()).because(error))?;
        for one in left_out {
            tracing::warn!(
                id = message.id,
                address = %one.address,
                answer = one.answer,
                "the mail server refused an address, and the others got the letter; correct it where the policy or the instance names it"
            );
        }
        Ok(())
    }
}

fn address(key: &'static str, text: &str) -> Result<Address, SmtpError> {
    plain_address(text).ok_or_else(|| SmtpError::Address { key, text: text.chars().take(100).collect() })
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn parameters(options: &SmtpOptions) -> Result<Option<TlsParameters>, SmtpError> {
    if options.tls == SmtpTls::Plain {
        return Ok(None);
    }
    // A provider that is there already is as good.
    rustls::crypto::ring::default_provider().install_default().ok();
    let mut builder = TlsParameters::builder(options.host.clone());
    if let Some(path) = &options.ca_file {
        let pem = std::fs::read(path).map_err(|source| SmtpError::Authorities { path: path.clone(), source })?;
        builder = builder.add_root_certificate(Certificate::from_pem(&pem).map_err(SmtpError::Tls)?);
    }
    builder.build_rustls().map(Some).map_err(SmtpError::Tls)
}
