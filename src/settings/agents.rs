//! Where agents report: each setting with its default, and what was written of it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::azure::secret_source;
use super::fields::Value;
use super::findings::{Findings, path};
use super::secret::SecretSource;
use super::witness_tables::AgentsDocument;
use crate::units::Span;

/// Where agents report, and how they show who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agents {
    /// Whether any may report.
    pub enabled: bool,
    /// Where.
    pub listen: SocketAddr,
    /// The certificate chain and its key, as PEM files; none: TLS ends before this program, or is not needed on loopback.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// What tokens are signed with.
    pub secret: Option<SecretSource>,
    /// What they were signed with before, while agents still carry such.
    pub old_secret: Option<PathBuf>,
    /// How often an agent is to report.
    pub every: Span,
    /// The tenant and the audience of tokens of managed identities, when they are taken.
    pub entra: Option<(String, String)>,
}

impl Default for Agents {
    fn default() -> Self {
        Self {
            enabled: false,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9189)),
            tls: None,
            secret: None,
            old_secret: None,
            every: Span::seconds(60),
            entra: None,
        }
    }
}

/// Reads `[agents]`.
pub(super) fn agents(document: &AgentsDocument, found: &mut Findings) -> Agents {
    let default = Agents::default();
    let enabled = document.enabled.or(default.enabled);
    let secret = secret_source(&document.secret_file, &document.secret_env, "agents", found);
    let entra = entra(document, found);
    if let Some(written) = document.enabled.0.as_ref().filter(|_| enabled && secret.is_none() && entra.is_none())
        && !found.has_error_about("agents", "secret")
    {
        let help = "name a file of mode 0600 with secret_file (openssl rand -base64 32 makes what it holds), or the tenant and audience \
                    of managed identities";
        found.error(&written.at, "agents.enabled", "agents have nothing to show who they are", help);
    }
    let tls = tls_files(&document.tls_certificate_file, &document.tls_key_file, "agents", found);
    Agents {
        enabled,
        listen: listen(document, tls.is_some(), found),
        tls,
        secret,
        old_secret: path(&document.old_secret_file),
        every: found.within(&document.every, "agents.every", default.every, (Span::seconds(10), Span::minutes(5))),
        entra,
    }
}

fn entra(document: &AgentsDocument, found: &mut Findings) -> Option<(String, String)> {
    match (&document.entra_tenant.0, &document.entra_audience.0) {
        (Some(tenant), Some(audience)) => Some((tenant.value.clone(), audience.value.clone())),
        (Some(one), None) => {
            let help = "write entra_audience: the application id URI that agents ask tokens for";
            found.error(
                &one.at,
                "agents.entra_tenant",
                "a tenant without an audience takes tokens meant for others",
                help,
            );
            None
        }
        (None, Some(one)) => {
            let help = "write entra_tenant: the tenant's id";
            found.error(&one.at, "agents.entra_audience", "an audience without a tenant takes tokens of any", help);
            None
        }
        (None, None) => None,
    }
}

/// The certificate and its key of a listener, as a table names them.
pub(super) fn tls_files(
    certificate: &Value<String>,
    key: &Value<String>,
    table: &str,
    found: &mut Findings,
) -> Option<(PathBuf, PathBuf)> {
    if let (Some(certificate), Some(key)) = (path(certificate), path(key)) {
        return Some((certificate, key));
    }
    if let Some(written) = certificate.0.as_ref().or(key.0.as_ref()) {
        let help = "name both tls_certificate_file and tls_key_file, PEM files each, or neither";
        let problem = "a certificate needs its key, and a key its certificate";
        found.error(&written.at, &format!("{table}.tls_certificate_file"), problem, help);
    }
    None
}

/// Tokens go over TLS: what other machines reach has a certificate, or a proxy before it that has one.
fn listen(document: &AgentsDocument, has_tls: bool, found: &mut Findings) -> SocketAddr {
    let default = Agents::default().listen;
    let Some(written) = &document.listen.0 else { return default };
    match written.value.parse::<SocketAddr>() {
        Err(_) => {
            let problem = format!("\"{}\" is no address and port", written.value);
            found.error(&written.at, "agents.listen", problem, "write it as \"0.0.0.0:9189\" or \"[::]:9189\"");
            default
        }
        Ok(address) if !address.ip().is_loopback() && !has_tls && !document.behind_tls_proxy.or(false) => {
            let problem = format!("{} would take tokens in the clear from other machines", written.value);
            let help = "name tls_certificate_file and tls_key_file, or write behind_tls_proxy = true where a proxy ends TLS before it";
            found.error(&written.at, "agents.listen", problem, help);
            default
        }
        Ok(address) => address,
    }
}
