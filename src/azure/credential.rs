//! From settings to one of `azure_identity`'s credentials, over our own HTTP client; a new one for every token.
//!
//! Each token gets a new credential: theirs cannot forget a token that ARM refused, and ours keeps the last good one.

use std::path::Path;
use std::sync::Arc;

use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::{Secret, TokenCredential};
use azure_core::error::ErrorKind;
use azure_core::http::{ClientMethodOptions, ClientOptions, RetryOptions, Transport};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, ClientAssertion, ClientAssertionCredential,
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions, ManagedIdentityCredential,
    ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use jiff::Timestamp;
use secrecy::ExposeSecret as _;

use super::assertion::Certificate;
use super::options::{AzureOptions, IdentityOptions, ManagedId};
use super::words::clean;

/// A bearer token as it was given.
pub(super) struct Fresh {
    pub(super) secret: Secret,
    pub(super) expires: Expiry,
}

/// When a token ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expiry {
    /// At an instant that its issuer named.
    At(Timestamp),
    /// Not said: a token from a file.
    Unsaid,
}

/// Why there is no token, ready to be shown, and whether asking again soon could help.
#[derive(Debug)]
pub(super) struct NoToken {
    pub(super) words: String,
    pub(super) passing: bool,
}

impl NoToken {
    const fn lasting(words: String) -> Self {
        Self { words, passing: false }
    }
}

impl From<azure_core::Error> for NoToken {
    fn from(error: azure_core::Error) -> Self {
        Self { passing: is_passing(&error), words: shown(&error) }
    }
}

/// Who asks, and how tokens are had for them.
pub(super) struct Identity {
    options: IdentityOptions,
    authority: String,
    scope: String,
    http: reqwest::Client,
}

impl Identity {
    pub(super) fn new(options: &AzureOptions, http: reqwest::Client) -> Self {
        Self {
            options: options.identity.clone(),
            authority: options.cloud.authority_host().to_owned(),
            scope: options.cloud.token_scope(),
            http,
        }
    }

    /// The same identity for another of Azure's services.
    pub(super) fn with_scope(self, scope: String) -> Self {
        Self { scope, ..self }
    }

    /// The identity's kind, in words.
    pub(super) const fn words(&self) -> &'static str {
        match &self.options {
            IdentityOptions::Managed(ManagedId::SystemAssigned) => "the machine's managed identity",
            IdentityOptions::Managed(ManagedId::Client(_) | ManagedId::Object(_) | ManagedId::Resource(_)) => {
                "a user-assigned managed identity"
            }
            IdentityOptions::Workload { .. } => "workload identity",
            IdentityOptions::ClientSecret { .. } => "a client secret",
            IdentityOptions::ClientCertificate { .. } => "a client certificate",
            IdentityOptions::AzureCli { .. } => "the Azure CLI",
            IdentityOptions::TokenFile { .. } => "a token file",
        }
    }

    /// Asks for a token once; `now` dates a certificate's assertion.
    pub(super) async fn fresh(&self, now: Timestamp) -> Result<Fresh, NoToken> {
        if let IdentityOptions::TokenFile { path } = &self.options {
            return from_file(path).await.map_err(NoToken::lasting);
        }
        let credential = self.credential(now).await?;
        let token = credential.get_token(&[&self.scope], None).await?;
        let wrong = |words: &str| NoToken::lasting(words.to_owned());
        let expires = Timestamp::from_second(token.expires_on.unix_timestamp())
            .map_err(|_| wrong("the token's end is not a date"))?;
        if token.token.secret().is_empty() {
            return Err(wrong("the token is empty"));
        }
        Ok(Fresh { secret: token.token, expires: Expiry::At(expires) })
    }

    fn client_options(&self) -> ClientOptions {
        let mut custom = CustomConfiguration::default();
        custom.authority_host.clone_from(&self.authority);
        ClientOptions {
            transport: Some(Transport::new(Arc::new(self.http.clone()))),
            // Tries again are ours, so that they wait by the Clock (a virtual machine's endpoint keeps its own).
            retry: RetryOptions::none(),
            cloud: Some(Arc::new(CloudConfiguration::Custom(custom))),
            ..ClientOptions::default()
        }
    }

    async fn credential(&self, now: Timestamp) -> Result<Arc<dyn TokenCredential>, NoToken> {
        let client_options = self.client_options();
        Ok(match &self.options {
            IdentityOptions::Managed(id) => {
                let user_assigned_id = match id {
                    ManagedId::SystemAssigned => None,
                    ManagedId::Client(id) => Some(UserAssignedId::ClientId(id.clone())),
                    ManagedId::Object(id) => Some(UserAssignedId::ObjectId(id.clone())),
                    ManagedId::Resource(id) => Some(UserAssignedId::ResourceId(id.clone())),
                };
                ManagedIdentityCredential::new(Some(ManagedIdentityCredentialOptions {
                    user_assigned_id,
                    client_options,
                }))?
            }
            IdentityOptions::Workload { tenant, client, token_file } => {
                WorkloadIdentityCredential::new(Some(WorkloadIdentityCredentialOptions {
                    credential_options: ClientAssertionCredentialOptions { client_options },
                    client_id: client.clone(),
                    tenant_id: tenant.clone(),
                    token_file_path: token_file.clone(),
                }))?
            }
            IdentityOptions::ClientSecret { tenant, client, secret } => ClientSecretCredential::new(
                tenant,
                client.clone(),
                Secret::new(secret.expose_secret().to_owned()),
                Some(ClientSecretCredentialOptions { client_options }),
            )?,
            IdentityOptions::ClientCertificate { tenant, client, pem } => {
                let assertion = self.signed(tenant, client, pem, now).await.map_err(NoToken::lasting)?;
                let options = ClientAssertionCredentialOptions { client_options };
                ClientAssertionCredential::new(tenant.clone(), client.clone(), assertion, Some(options))?
            }
            IdentityOptions::AzureCli { tenant } => AzureCliCredential::new(Some(AzureCliCredentialOptions {
                tenant_id: tenant.clone(),
                ..Default::default()
            }))?,
            IdentityOptions::TokenFile { path } => {
                return Err(NoToken::lasting(format!("{} is not asked of Entra", path.display())));
            }
        })
    }

    async fn signed(&self, tenant: &str, client: &str, pem: &Path, now: Timestamp) -> Result<Signed, String> {
        let place = |why: String| format!("the certificate {}: {why}", pem.display());
        let text = tokio::fs::read(pem).await.map_err(|error| place(error.to_string()))?;
        let certificate = Certificate::parse(&text).map_err(|error| place(error.to_string()))?;
        let audience = format!("{}/{tenant}/oauth2/v2.0/token", self.authority.trim_end_matches('/'));
        certificate
            .assertion(client, &audience, now)
            .map(|jwt| Signed(Secret::new(jwt)))
            .map_err(|error| place(error.to_string()))
    }
}

/// One assertion, signed a moment ago.
#[derive(Debug)]
struct Signed(Secret);

#[async_trait::async_trait]
impl ClientAssertion for Signed {
    async fn secret(&self, _options: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        Ok(self.0.secret().to_owned())
    }
}

async fn from_file(path: &Path) -> Result<Fresh, String> {
    let text =
        tokio::fs::read_to_string(path).await.map_err(|error| format!("the token file {}: {error}", path.display()))?;
    let token = text.trim();
    if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(format!("the token file {} does not hold one line with a token", path.display()));
    }
    Ok(Fresh { secret: Secret::new(token.to_owned()), expires: Expiry::Unsaid })
}

/// An error of theirs with its causes, without the pointer to their web page.
fn shown(error: &azure_core::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause {
        let words = deeper.to_string();
        if !words.is_empty() && !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = deeper.source();
    }
    let end = text.find("\nTo troubleshoot").unwrap_or(text.len());
    let tail = text
        .get(end..)
        .and_then(|rest| rest.get(1..))
        .and_then(|rest| rest.split_once(": "))
        .map(|(_, more)| more.to_owned());
    text.truncate(end);
    if let Some(more) = tail {
        text.push_str(": ");
        text.push_str(&more);
    }
    clean(&text)
}

/// An identity that is told no (400, 401, 403) is told no again; silence and trouble pass.
fn is_passing(error: &azure_core::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(deeper) = cause {
        if let Some(theirs) = deeper.downcast_ref::<azure_core::Error>() {
            if let ErrorKind::HttpResponse { status, .. } = theirs.kind() {
                let status = u16::from(*status);
                return matches!(status, 408 | 429) || status >= 500;
            }
            if matches!(theirs.kind(), ErrorKind::Io | ErrorKind::Connection) {
                return true;
            }
        }
        cause = deeper.source();
    }
    false
}
