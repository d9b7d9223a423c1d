//! Values of the settings that have a meaning of their own.

use toml::Spanned;
use toml::de::DeValue;
use url::{Host, Url};

use crate::document::{Findings, Read, Trouble, Word, parsed};
use crate::units::{InstanceId, Span};

/// A text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wording(pub String);

impl Read for Wording {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        parsed(value, key, ("a text in quotes", findings), |text| Ok(Self(text.to_owned())))
    }
}

/// How often something is done: from a second to an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace(pub Span);

impl Pace {
    /// In milliseconds.
    #[must_use]
    pub fn millis(self) -> u64 {
        u64::from(self.0.as_secs()).saturating_mul(1_000)
    }
}

impl Read for Pace {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        let wanted = "a length of time from \"1s\" to \"1h\"";
        let bounds = Span::seconds(1)..=Span::hours(1);
        parsed(value, key, (wanted, findings), |text| {
            let span: Option<Span> = text.parse().ok().filter(|span| bounds.contains(span));
            span.map(Self)
                .ok_or_else(|| Trouble::new(format!("\"{text}\" cannot be used here"), format!("write {wanted}")))
        })
    }
}

/// Whether a signal is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// While it cannot be read, the machine counts as not watched.
    Required,
    /// It is shown, and counts when it says busy.
    Optional,
    /// It is not looked at.
    Off,
}

impl Word for Need {
    const WORDS: &'static [(&'static str, Self)] =
        &[("required", Self::Required), ("optional", Self::Optional), ("off", Self::Off)];
}

/// What a kernel counts as whose state nobody can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherKernels {
    /// As somebody who is there and does nothing.
    Connected,
    /// As what could not be read: the machine counts as not watched while one runs.
    Unknown,
    /// As use, as long as it runs.
    Busy,
}

impl Word for OtherKernels {
    const WORDS: &'static [(&'static str, Self)] =
        &[("connected", Self::Connected), ("unknown", Self::Unknown), ("busy", Self::Busy)];
}

/// What the agent shows the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// A token of this service's own, out of a file.
    Token,
    /// A token of the instance's managed identity, fetched from the platform.
    Managed,
}

impl Word for Identity {
    const WORDS: &'static [(&'static str, Self)] = &[("token", Self::Token), ("managed", Self::Managed)];
}

/// The instance's ARM id. Empty for none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InstanceWord(pub Option<InstanceId>);

impl Read for InstanceWord {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        parsed(value, key, ("the instance's ARM id in quotes", findings), |text| {
            if text.is_empty() {
                return Ok(Self(None));
            }
            let wrong = |error: crate::units::IdError| {
                Trouble::new(error.to_string(), "write /subscriptions/…/workspaces/NAME/computes/NAME, whole")
            };
            InstanceId::parse(text).map(|id| Self(Some(id))).map_err(wrong)
        })
    }
}

/// Where the service is: over HTTPS, or on this machine. Empty for nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceUrl(pub Option<Url>);

impl Read for ServiceUrl {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        parsed(value, key, ("an address in quotes, such as \"https://lightsout.example\"", findings), |text| {
            if text.is_empty() {
                return Ok(Self(None));
            }
            let url =
                Url::parse(text).map_err(|error| Trouble::new(format!("\"{text}\" is no address: {error}"), ""))?;
            let fine = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
            let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
            if fine && plain {
                Ok(Self(Some(url)))
            } else {
                Err(Trouble::new(
                    format!("\"{}\" cannot be used", url.origin().ascii_serialization()),
                    "write an https address, without user, password or query; plain http is for this machine alone",
                ))
            }
        })
    }
}

/// Where a Jupyter server may listen: on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoopbackUrl(pub Url);

impl Read for LoopbackUrl {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        parsed(value, key, ("an address in quotes, such as \"http://localhost:8888\"", findings), |text| {
            let url = Url::parse(text).ok().filter(|url| url.scheme() == "http" && is_loopback(url));
            url.map(Self).ok_or_else(|| {
                Trouble::new(
                    format!("\"{text}\" is no http address of this machine"),
                    "write one with localhost, 127.0.0.1 or [::1]",
                )
            })
        })
    }
}

/// True for an address that names this machine itself.
pub(in crate::agent) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A program: its name, found in the usual folders, or its whole path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binary(pub String);

impl Read for Binary {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        parsed(value, key, ("a program in quotes", findings), |text| {
            let fine = text.starts_with('/') || (!text.is_empty() && !text.contains('/'));
            let trouble = || Trouble::new(format!("\"{text}\" is no program"), "write its name or its whole path");
            fine.then(|| Self(text.to_owned())).ok_or_else(trouble)
        })
    }
}
