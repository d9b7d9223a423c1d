//! One talk with the mail server: who it is, who we are, the letter.

use std::net::SocketAddr;
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error as SmtpFailure;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;

use super::people::{People, holds};
use super::sender::SmtpTls;
use crate::ports::FaultKind;

/// Where the server is, and how it is talked to.
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: SmtpTls,
    /// None where there is no TLS.
    pub(super) parameters: Option<TlsParameters>,
    pub(super) login: Option<Credentials>,
    /// Who stands in for an owner whose address is refused for good.
    pub(super) fallback: Vec<Address>,
}

/// Why a letter was not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotTaken {
    #[error("the name of the mail server cannot be looked up")]
    Lookup(#[source] std::io::Error),
    #[error("`{0}` has no address on this machine, and without TLS mail goes nowhere else")]
    Nowhere(String),
    #[error("the mail server offers no STARTTLS; use a server that does, or tls = \"implicit\" with its port")]
    NoStartTls,
    #[error("the mail server did not {0}")]
    Said(&'static str, #[source] SmtpFailure),
    #[error("the mail server did not take the letter")]
    Letter(#[source] SmtpFailure),
    #[error("the mail server refused {address}; no letter was sent")]
    Recipient {
        address: Address,
        #[source]
        source: SmtpFailure,
    },
    #[error(
        "the mail server refused {address} for good, and [notify.smtp] fallback names nobody in its place; no letter was sent"
    )]
    Owner {
        address: Address,
        #[source]
        source: SmtpFailure,
    },
    #[error("the mail server refused every address: {0}")]
    Everyone(String),
}

impl NotTaken {
    /// Whether it is the server that fails, or one letter that is refused: an address that is refused, or asked to wait, says
    /// nothing of the next letter; nor does a letter that is refused for what stands in it.
    pub(super) fn kind(&self) -> FaultKind {
        match self {
            Self::Recipient { .. } => FaultKind::Throttled(None),
            Self::Owner { .. } | Self::Everyone(_) => FaultKind::Unfit,
            Self::Letter(failure) if failure.is_permanent() => FaultKind::Unfit,
            Self::Lookup(_) | Self::Nowhere(_) | Self::NoStartTls | Self::Said(..) | Self::Letter(_) => {
                FaultKind::Undelivered
            }
        }
    }
}

/// An address that got no letter while others did, and what the server said.
pub(super) struct LeftOut {
    pub(super) address: Address,
    pub(super) answer: String,
}

impl Server {
    /// Sends a letter. Those left out are given, where at least those who come first were let in.
    pub(super) async fn send(
        &self,
        from: &Address,
        people: &People,
        letter: &[u8],
        is_first_try: bool,
    ) -> Result<Vec<LeftOut>, NotTaken> {
        let mut talk = self.open().await?;
        let done = self.hand_over(&mut talk, from, people, (letter, is_first_try)).await;
        // The letter is taken or it is not; how the talk ends changes nothing.
        match &done {
            Ok(_) => drop(talk.quit().await),
            Err(_) => talk.abort().await,
        }
        done
    }

    async fn open(&self) -> Result<AsyncSmtpConnection, NotTaken> {
        let hello = ClientId::default();
        let addresses = self.addresses().await?;
        let implicit = self.parameters.clone().filter(|_| self.tls == SmtpTls::Implicit);
        let opened = AsyncSmtpConnection::connect_tokio1(addresses.as_slice(), None, &hello, implicit, None).await;
        let mut talk = opened.map_err(|error| NotTaken::Said("answer", error))?;
        if let Some(parameters) = self.parameters.clone().filter(|_| self.tls == SmtpTls::StartTls) {
            if !talk.can_starttls() {
                talk.abort().await;
                return Err(NotTaken::NoStartTls);
            }
            let secured = talk.starttls(parameters, &hello).await;
            secured.map_err(|error| NotTaken::Said("prove who it is (STARTTLS)", error))?;
        }
        if let Some(login) = &self.login {
            let known = talk.auth(&[Mechanism::Plain, Mechanism::Login], login).await;
            known.map_err(|error| NotTaken::Said("let us in; check user and password", error))?;
        }
        Ok(talk)
    }

    /// Where to connect to: without TLS, this machine only, whatever its name is said to be.
    async fn addresses(&self) -> Result<Vec<SocketAddr>, NotTaken> {
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await.map_err(NotTaken::Lookup)?;
        let addresses: Vec<SocketAddr> =
            found.filter(|address| self.tls != SmtpTls::Plain || address.ip().is_loopback()).collect();
        if addresses.is_empty() { Err(NotTaken::Nowhere(self.host.clone())) } else { Ok(addresses) }
    }

    async fn hand_over(
        &self,
        talk: &mut AsyncSmtpConnection,
        from: &Address,
        people: &People,
        (letter, is_first_try): (&[u8], bool),
    ) -> Result<Vec<LeftOut>, NotTaken> {
        let begun = talk.command(Mail::new(Some(from.clone()), Vec::new())).await;
        begun.map_err(|error| NotTaken::Said("take mail from our address", error))?;
        let left_out = self.name_recipients(talk, people, is_first_try).await?;
        talk.command(Data).await.map_err(|error| NotTaken::Said("wait for the letter", error))?;
        talk.message(letter).await.map_err(NotTaken::Letter)?;
        Ok(left_out)
    }

    /// Nothing is sent before all are named, so what fails here has reached nobody, and may be tried again whole.
    async fn name_recipients(
        &self,
        talk: &mut AsyncSmtpConnection,
        people: &People,
        is_first_try: bool,
    ) -> Result<Vec<LeftOut>, NotTaken> {
        let mut left_out: Vec<LeftOut> = Vec::new();
        let mut let_in = 0_usize;
        let mut waiting: Vec<(Address, bool)> =
            people.others.iter().rev().map(|address| (address.clone(), false)).collect();
        waiting.extend(people.first.iter().rev().map(|address| (address.clone(), true)));
        while let Some((address, comes_first)) = waiting.pop() {
            let Err(source) = talk.command(Rcpt::new(address.clone(), Vec::new())).await else {
                let_in = let_in.saturating_add(1);
                continue;
            };
            if source.status().is_none() {
                return Err(NotTaken::Said("go on talking", source));
            }
            // "Not now" for the owner waits; for others it waits once, lest a full mailbox keep the owner untold.
            if source.is_transient() && (comes_first || is_first_try) {
                return Err(NotTaken::Recipient { address, source });
            }
            let is_owner = comes_first && !holds(&self.fallback, &address);
            if is_owner && self.fallback.is_empty() {
                return Err(NotTaken::Owner { address, source });
            }
            if is_owner {
                let stand_in = self.fallback.iter().filter(|stand_in| !people.all().any(|named| named == *stand_in));
                waiting.extend(stand_in.map(|stand_in| (stand_in.clone(), true)));
            }
            left_out.push(LeftOut { answer: answer(&source), address });
        }
        if let_in == 0 { Err(NotTaken::Everyone(listed(&left_out))) } else { Ok(left_out) }
    }
}

fn answer(failure: &SmtpFailure) -> String {
    crate::ports::with_causes(failure.to_string(), std::error::Error::source(failure))
}

fn listed(left_out: &[LeftOut]) -> String {
    left_out.iter().map(|one| format!("{} ({})", one.address, one.answer)).collect::<Vec<_>>().join(", ")
}

/// A whole talk takes no longer; a server that says nothing must not hold up the next message.
pub(super) const TIMEOUT: Duration = Duration::from_secs(20);
