//! The settings of one process: every value there is, each with its default.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::agents::Agents;
use super::bounds::{Guard, ScopeLimits};
use super::notify::Notify;
use super::prices::{Ledger, Prices};
use super::reconcile::Reconcile;
use super::secret::SecretSource;
use super::store::Store;
use super::web::Web;
use super::witness::{Jobs, Monitor, Promql};
use crate::facts::{Source, SourceSet};
use crate::units::{Span, SubscriptionId, WorkspaceId};

/// Everything that a process is told at start. `Default` is what an empty file means, but for `fleet`, which a file has
/// to name (G2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// How Azure is reached.
    pub azure: Azure,
    /// What is looked at.
    pub fleet: Fleet,
    /// How often, and how much at once.
    pub sweep: Sweep,
    /// Where memory is kept.
    pub store: Store,
    /// Where policies are.
    pub policies: Policies,
    /// The freeze switch.
    pub freeze: Freeze,
    /// What is served over HTTP.
    pub server: Server,
    /// Who is told and how.
    pub notify: Notify,
    /// When a view is sick, and how stops are paced.
    pub guard: Guard,
    /// How much may be stopped at once beyond what policies say.
    pub limits: ScopeLimits,
    /// What things cost.
    pub prices: Prices,
    /// How costs are counted.
    pub ledger: Ledger,
    /// How the ledger is compared with Azure's bill.
    pub reconcile: Reconcile,
    /// The Prometheus that policies put questions to.
    pub promql: Promql,
    /// Azure Monitor's metrics of workspaces.
    pub monitor: Monitor,
    /// The workspaces' lists of jobs.
    pub jobs: Jobs,
    /// Where agents report.
    pub agents: Agents,
    /// What people are served.
    pub web: Web,
    /// The log.
    pub log: Log,
}

impl Settings {
    /// Which sources of activity are set up.
    #[must_use]
    pub fn sources(&self) -> SourceSet {
        let agent = self.agents.enabled.then_some(Source::Agent);
        let promql = self.promql.url.is_some().then_some(Source::Promql);
        let monitor = self.monitor.enabled.then_some(Source::Monitor);
        let queue = self.jobs.queued.then_some(Source::Queue);
        [agent, promql, monitor, queue].into_iter().flatten().collect()
    }

    /// Where every secret is that these settings name.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretSource> {
        let of_identity = match &self.azure.identity {
            Identity::ClientSecret { secret, .. } => Some(secret),
            Identity::Managed(_)
            | Identity::Workload { .. }
            | Identity::ClientCertificate { .. }
            | Identity::AzureCli { .. }
            | Identity::TokenFile { .. } => None,
        };
        let of_web = self.web.oidc.as_ref().and_then(|oidc| oidc.secret.as_ref());
        of_identity
            .into_iter()
            .chain(self.notify.secrets())
            .chain(&self.agents.secret)
            .chain(&self.promql.secret)
            .chain(self.store.server.iter().filter_map(|server| server.secret.as_ref()))
            .chain(of_web)
            .chain(&self.web.links.secret)
    }
}

/// Which Azure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Cloud {
    /// Azure, worldwide.
    #[default]
    Public,
    /// Azure operated by 21Vianet in China.
    China,
    /// Azure for the US government.
    UsGov,
    /// Another: an Azure Stack, the sandbox, a test double.
    Custom {
        /// Where Resource Manager is: an https origin, or http on loopback.
        arm_endpoint: String,
        /// The scope to ask tokens for; none where the identity needs none.
        token_scope: Option<String>,
        /// Where Entra is, an https origin; none where the identity needs none.
        authority_host: Option<String>,
    },
}

/// Which managed identity of the machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ManagedIdentity {
    /// The machine's own.
    #[default]
    SystemAssigned,
    /// A user-assigned one, by client id.
    Client(String),
    /// A user-assigned one, by object (principal) id.
    Object(String),
    /// A user-assigned one, by ARM id.
    Resource(String),
}

/// Who asks Azure. One setting chooses; nothing is tried one after another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// A managed identity.
    Managed(ManagedIdentity),
    /// Kubernetes workload identity.
    Workload {
        /// Tenant id, or `AZURE_TENANT_ID`.
        tenant_id: String,
        /// Client id, or `AZURE_CLIENT_ID`.
        client_id: String,
        /// File of the service account's token, or `AZURE_FEDERATED_TOKEN_FILE`.
        federated_token_file: PathBuf,
    },
    /// A service principal with a secret.
    ClientSecret {
        /// Tenant id.
        tenant_id: String,
        /// Client id.
        client_id: String,
        /// Where the secret is.
        secret: SecretSource,
    },
    /// A service principal with a certificate.
    ClientCertificate {
        /// Tenant id.
        tenant_id: String,
        /// Client id.
        client_id: String,
        /// PEM file with the certificate and its key.
        certificate_file: PathBuf,
    },
    /// Whoever is logged in to `az`.
    AzureCli {
        /// Tenant id, when not the default one.
        tenant_id: Option<String>,
    },
    /// A bearer token in a file, for an ARM endpoint on loopback only.
    TokenFile {
        /// The file.
        token_file: PathBuf,
    },
}

impl Default for Identity {
    fn default() -> Self {
        Self::Managed(ManagedIdentity::SystemAssigned)
    }
}

/// How Azure is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Azure {
    /// Which Azure.
    pub cloud: Cloud,
    /// Resource Manager's api-version for Azure Machine Learning.
    pub api_version: String,
    /// The api-version by which idle timers are set.
    pub idle_shutdown_api_version: String,
    /// Certificate authorities trusted beside the system's (PEM).
    pub ca_file: Option<PathBuf>,
    /// To connect, TLS included.
    pub connect_timeout: Span,
    /// For a whole answer.
    pub request_timeout: Span,
    /// How often a read that failed is tried again.
    pub retries: u32,
    /// Whether requests are paced within Azure's documented token buckets.
    pub throttle: bool,
    /// Who asks.
    pub identity: Identity,
}

impl Default for Azure {
    fn default() -> Self {
        Self {
            cloud: Cloud::Public,
            api_version: "2025-12-01".to_owned(),
            idle_shutdown_api_version: "2021-07-01".to_owned(),
            ca_file: None,
            connect_timeout: Span::seconds(5),
            request_timeout: Span::seconds(30),
            retries: 4,
            throttle: true,
            identity: Identity::default(),
        }
    }
}

/// What is looked at. Naming nothing is an error, never everything (G2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fleet {
    /// Every workspace of these subscriptions.
    pub subscriptions: Vec<SubscriptionId>,
    /// Every workspace of these resource groups: subscription and group.
    pub resource_groups: Vec<(SubscriptionId, String)>,
    /// Workspaces one by one; tags do not filter them.
    pub workspaces: Vec<WorkspaceId>,
    /// Of the discovered ones only those with all of these tags; a value of none is any value.
    pub tags: BTreeMap<String, Option<String>>,
}

impl Fleet {
    /// True when nothing is looked at.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.subscriptions.is_empty() && self.resource_groups.is_empty() && self.workspaces.is_empty()
    }
}

/// How often, and how much at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    /// From one sweep to the next.
    pub interval: Span,
    /// A workspace in which everything is off, with nothing due or near, is read in every so-many-th sweep.
    pub quiet: u32,
    /// From one search for workspaces to the next.
    pub discovery_interval: Span,
    /// Workspaces read at once.
    pub concurrency: u32,
    /// One workspace that takes longer has failed in that sweep.
    pub workspace_deadline: Span,
}

impl Default for Sweep {
    fn default() -> Self {
        Self {
            interval: Span::seconds(60),
            quiet: 3,
            discovery_interval: Span::minutes(15),
            concurrency: 32,
            workspace_deadline: Span::seconds(45),
        }
    }
}

/// Where policies are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policies {
    /// The folder; as written, relative to the settings file, and absolute or relative to the process once loaded.
    pub dir: PathBuf,
}

impl Default for Policies {
    fn default() -> Self {
        Self { dir: PathBuf::from("policies") }
    }
}

/// The freeze switch (G12).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Freeze {
    /// The file whose presence freezes; none: `FREEZE` in the store's folder. Always set once loaded.
    pub file: Option<PathBuf>,
    /// A reason given by the environment variable `LIGHTSOUT_FREEZE`: frozen for the life of the process.
    pub always: Option<String>,
}

/// What is served over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Where metrics and health are served.
    pub listen: SocketAddr,
    /// Whether `listen` may be reached from other machines.
    pub allow_remote_metrics: bool,
    /// Whether each instance has its own series.
    pub instance_series: bool,
    /// At most so many of them.
    pub instance_series_max: u32,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9188)),
            allow_remote_metrics: false,
            instance_series: false,
            instance_series_max: 1000,
        }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines.
    Json,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogLevel {
    /// Only what failed.
    Error,
    /// And what looks wrong.
    Warn,
    /// And what is done.
    #[default]
    Info,
    /// And how.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// The word.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// The log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Log {
    /// Its form.
    pub format: LogFormat,
    /// Its level.
    pub level: LogLevel,
}
