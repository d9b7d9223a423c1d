//! What the room needs to be told: which cloud, which identity, what to look at, how patiently.

use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;
use secrecy::SecretString;

use super::activity::{JobsOptions, MonitorOptions};
use super::origin::Origin;
use super::prices::PriceOptions;
use crate::units::{SubscriptionId, WorkspaceId};

/// The api-version that is used when settings name no other.
pub(super) const DEFAULT_API_VERSION: &str = "2025-12-01";

/// The one that Microsoft's documentation names for setting an idle timer.
pub(super) const TIMER_API_VERSION: &str = "2021-07-01";

/// Which Azure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cloud {
    /// Azure, worldwide.
    Public,
    /// Azure operated by 21Vianet in China.
    China,
    /// Azure for the US government.
    UsGov,
    /// Any other: an Azure Stack, a test double, the sandbox.
    Custom {
        /// Where Resource Manager is: `https://host[:port]`; plain http only on loopback.
        arm_endpoint: String,
        /// The scope to ask tokens for; when empty the endpoint followed by `/.default`.
        token_scope: String,
        /// Where Entra is, always https; when empty the public one.
        authority_host: String,
    },
}

impl Cloud {
    /// Where Resource Manager is.
    #[must_use]
    pub fn arm_endpoint(&self) -> &str {
        match self {
            Self::Public => "https://management.azure.com",
            Self::China => "https://management.chinacloudapi.cn",
            Self::UsGov => "https://management.usgovcloudapi.net",
            Self::Custom { arm_endpoint, .. } => arm_endpoint,
        }
    }

    /// The scope of Resource Manager's tokens. The government's differs from its host.
    #[must_use]
    pub fn token_scope(&self) -> String {
        match self {
            Self::Public => "https://management.azure.com/.default".to_owned(),
            Self::China => "https://management.chinacloudapi.cn/.default".to_owned(),
            Self::UsGov => "https://management.core.usgovcloudapi.net/.default".to_owned(),
            Self::Custom { arm_endpoint, token_scope, .. } if token_scope.is_empty() => {
                format!("{}/.default", arm_endpoint.trim_end_matches('/'))
            }
            Self::Custom { token_scope, .. } => token_scope.clone(),
        }
    }

    /// Where Entra is.
    #[must_use]
    pub fn authority_host(&self) -> &str {
        match self {
            Self::China => "https://login.chinacloudapi.cn",
            Self::UsGov => "https://login.microsoftonline.us",
            Self::Custom { authority_host, .. } if !authority_host.is_empty() => authority_host,
            Self::Public | Self::Custom { .. } => "https://login.microsoftonline.com",
        }
    }
}

/// Which managed identity of the machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ManagedId {
    /// The one that belongs to the machine.
    #[default]
    SystemAssigned,
    /// A user-assigned one by its client id.
    Client(String),
    /// A user-assigned one by its object (principal) id.
    Object(String),
    /// A user-assigned one by its ARM id; App Service does not take this.
    Resource(String),
}

/// Who asks. One setting chooses; there is no chain that tries one after another.
#[derive(Debug, Clone)]
pub enum IdentityOptions {
    /// The machine's managed identity (virtual machine, AKS node, App Service, Container Apps).
    Managed(ManagedId),
    /// Kubernetes workload identity. What is absent comes from `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and
    /// `AZURE_FEDERATED_TOKEN_FILE`.
    Workload {
        /// Tenant id.
        tenant: Option<String>,
        /// Client id.
        client: Option<String>,
        /// File of the service account's token; read anew for every token.
        token_file: Option<PathBuf>,
    },
    /// A service principal with a secret.
    ClientSecret {
        /// Tenant id.
        tenant: String,
        /// Client id.
        client: String,
        /// The secret.
        secret: SecretString,
    },
    /// A service principal with a certificate.
    ClientCertificate {
        /// Tenant id.
        tenant: String,
        /// Client id.
        client: String,
        /// PEM file with the certificate and its RSA key in PKCS#8 (`BEGIN PRIVATE KEY`); read anew for every token.
        pem: PathBuf,
    },
    /// Whoever is logged in to `az` on this machine.
    AzureCli {
        /// Tenant id, when not the default one.
        tenant: Option<String>,
    },
    /// A bearer token from a file, for ARM hosts on loopback only.
    TokenFile {
        /// The file; read anew every five minutes.
        path: PathBuf,
    },
}

/// Keeps of the discovered workspaces those that carry a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagFilter {
    /// The tag's name; compared without case.
    pub name: String,
    /// Its value, compared with case; none takes any value.
    pub value: Option<String>,
}

/// What to look at. Nothing named means nothing looked at, never everything (G2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Watch {
    /// Workspaces one by one; tag filters do not apply to them.
    pub workspaces: Vec<WorkspaceId>,
    /// Every workspace of these resource groups.
    pub resource_groups: Vec<(SubscriptionId, String)>,
    /// Every workspace of these subscriptions.
    pub subscriptions: Vec<SubscriptionId>,
    /// Of the discovered ones only those that carry all of these tags.
    pub tags: Vec<TagFilter>,
}

/// How long one request may take, in real time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// To connect, TLS included.
    pub connect: Duration,
    /// Without a byte of an answer.
    pub read: Duration,
    /// From start to end of an answer.
    pub total: Duration,
    /// For one token, every try of it included.
    pub token: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            read: Duration::from_secs(15),
            total: Duration::from_secs(30),
            token: Duration::from_secs(30),
        }
    }
}

/// Azure's documented token buckets, per subscription and region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThrottleLimits {
    /// Reads at once.
    pub read_burst: u32,
    /// Reads per second after that.
    pub reads_per_second: u32,
    /// Writes at once.
    pub write_burst: u32,
    /// Writes per second after that.
    pub writes_per_second: u32,
}

impl Default for ThrottleLimits {
    fn default() -> Self {
        Self { read_burst: 250, reads_per_second: 25, write_burst: 200, writes_per_second: 10 }
    }
}

/// Everything the room needs to be told.
#[derive(Debug, Clone)]
pub struct AzureOptions {
    /// Which Azure.
    pub cloud: Cloud,
    /// Resource Manager's api-version for Azure Machine Learning.
    pub api_version: String,
    /// The api-version by which idle timers are set: no stable one of the rest has that request.
    pub timer_api_version: String,
    /// Who asks.
    pub identity: IdentityOptions,
    /// What to look at.
    pub watch: Watch,
    /// PEM file of certificate authorities trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// How long one request may take.
    pub timeouts: Timeouts,
    /// Tries of one read, the first included; at least 1.
    pub tries_max: u32,
    /// Longest wait that a read accepts inside its call when Azure says `Retry-After`; a longer one becomes a fault.
    pub patience: SignedDuration,
    /// Requests under way at once.
    pub concurrency: usize,
    /// Our own pacing; none sends as fast as it can and still obeys `Retry-After`.
    pub throttle: Option<ThrottleLimits>,
    /// Where prices come from; without a source no price is asked for.
    pub prices: PriceOptions,
    /// Whether Cost Management may be asked what was billed; without it that request cannot leave.
    pub costs: bool,
    /// Whether and how Azure Monitor is asked for metrics; without it that request cannot leave.
    pub monitor: Option<MonitorOptions>,
    /// Whether and how lists of jobs are read.
    pub jobs: Option<JobsOptions>,
}

impl AzureOptions {
    /// The defaults for one cloud and identity, looking at nothing yet.
    #[must_use]
    pub fn new(cloud: Cloud, identity: IdentityOptions) -> Self {
        Self {
            cloud,
            api_version: DEFAULT_API_VERSION.to_owned(),
            timer_api_version: TIMER_API_VERSION.to_owned(),
            identity,
            watch: Watch::default(),
            ca_file: None,
            timeouts: Timeouts::default(),
            tries_max: 4,
            patience: SignedDuration::from_secs(60),
            concurrency: 32,
            throttle: Some(ThrottleLimits::default()),
            prices: PriceOptions::default(),
            costs: false,
            monitor: None,
            jobs: None,
        }
    }

    /// The origin every request must go to.
    ///
    /// # Errors
    /// When the endpoint, the api-version or the identity breaks a rule; see [`OptionsError`].
    pub(super) fn origin(&self) -> Result<Origin, OptionsError> {
        let origin = Origin::new(self.cloud.arm_endpoint())?;
        for version in [&self.api_version, &self.timer_api_version] {
            if version.is_empty() || !version.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
                return Err(OptionsError::ApiVersion(version.chars().take(40).collect()));
            }
        }
        if matches!(self.identity, IdentityOptions::TokenFile { .. }) && !origin.is_loopback() {
            return Err(OptionsError::TokenFileNotLoopback(origin.host().to_owned()));
        }
        Ok(origin)
    }
}

/// Why the options cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    /// Not an absolute URL of a host.
    #[error("azure.arm_endpoint `{0}` is not a URL such as https://management.azure.com")]
    Endpoint(String),
    /// Plain http to another machine.
    #[error("azure.arm_endpoint `{0}` is not https; plain http is allowed on loopback only")]
    NotHttps(String),
    /// More than scheme, host and port.
    #[error("azure.arm_endpoint `{0}` holds more than scheme, host and port; write only these")]
    EndpointExtra(String),
    /// Not an api-version.
    #[error("azure.api_version `{0}` is not an api-version such as 2025-12-01")]
    ApiVersion(String),
    /// Not an origin for prices.
    #[error("prices.retail_endpoint `{0}` is not https://HOST or https://HOST:PORT (plain http on loopback only)")]
    PriceEndpoint(String),
    /// Not an origin for metrics.
    #[error(
        "monitor.endpoint `{0}` is not https://HOST or https://HOST:PORT (plain http on loopback only), with {{region}} for the region"
    )]
    MetricsEndpoint(String),
    /// A token from a file for a real host.
    #[error(
        "azure.identity token_file is for an ARM host on loopback only, not for `{0}`; choose managed, workload, client_secret, client_certificate or azure_cli"
    )]
    TokenFileNotLoopback(String),
    /// A file that cannot be read.
    #[error("could not read azure.ca_file {path}")]
    CaFile {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The HTTP client could not be made.
    #[error("could not set up TLS or HTTP")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn custom(endpoint: &str) -> AzureOptions {
        let cloud =
            Cloud::Custom { arm_endpoint: endpoint.into(), token_scope: String::new(), authority_host: String::new() };
        AzureOptions::new(cloud, IdentityOptions::TokenFile { path: "/nowhere".into() })
    }

    #[test]
    fn a_token_file_is_refused_unless_the_host_is_loopback() {
        for good in ["http://127.0.0.1:8080", "https://localhost:1", "http://[::1]:9", "http://127.8.0.1"] {
            assert!(custom(good).origin().is_ok(), "{good}");
        }
        for bad in ["https://management.azure.com", "https://127.0.0.1.evil.example", "https://10.0.0.1"] {
            assert!(matches!(custom(bad).origin(), Err(OptionsError::TokenFileNotLoopback(_))), "{bad}");
        }
    }

    #[test]
    fn plain_http_needs_loopback_and_an_endpoint_is_an_origin() {
        for (endpoint, says) in [
            ("http://management.azure.com", "not https"),
            ("ftp://localhost", "not https"),
            ("https://u:p@localhost", "holds more"),
            ("https://localhost/x", "holds more"),
            ("https://localhost?x", "holds more"),
            ("localhost", "not a URL"),
            ("", "not a URL"),
        ] {
            let error = custom(endpoint).origin().unwrap_err().to_string();
            assert!(error.contains(says), "{endpoint}: {error}");
        }
        let mut odd = custom("http://localhost:1");
        odd.api_version = "2025-12-01&x=y".into();
        assert!(matches!(odd.origin(), Err(OptionsError::ApiVersion(_))));
    }

    #[test]
    fn each_cloud_has_its_own_hosts_and_scope() {
        assert_eq!(Cloud::UsGov.token_scope(), "https://management.core.usgovcloudapi.net/.default");
        assert_eq!(Cloud::UsGov.arm_endpoint(), "https://management.usgovcloudapi.net");
        assert_eq!(Cloud::China.authority_host(), "https://login.chinacloudapi.cn");
        assert_eq!(custom("http://localhost:1/").cloud.token_scope(), "http://localhost:1/.default");
    }
}
