//! `lightsout.toml` as written; every key is optional here, and every value knows its line.

use toml::Spanned;
use toml::de::DeValue;

use super::amount::Amount;
use super::fields::{Elsewhere, Field, List, Rates, Table, Tags, Value};
use super::model::{LogFormat, LogLevel};
use super::notify_tables::NotifyDocument;
use super::reconcile::BillsFrom;
use super::tables::{Kind, TableDocument, of_secret, tables};
use super::web_tables::WebDocument;
use super::witness_tables::{AgentsDocument, JobsDocument, MonitorDocument, PromqlDocument};
use crate::document::{Diagnostic, Findings, Read, TableReader, Word, join, root};
use crate::units::{Currency, Percent, Span};

/// Reads a whole text; of one that is no TOML, nothing but what is wrong with it.
pub(super) fn read(file: &str, text: &str) -> (SettingsDocument, Vec<Diagnostic>) {
    let mut findings = Findings::new(&file.into(), text);
    let mut document = SettingsDocument::default();
    if let Some(root) = root(text, &mut findings) {
        let mut table = TableReader::of(&root, "", &mut findings);
        document = SettingsDocument::taken(&mut table);
        table.finish_with(|key| of_secret(key, &[]));
    }
    (document, findings.into_diagnostics())
}

tables! {
    /// The service's own file.
    SettingsDocument {
        /// How Azure is reached.
        azure: Table<AzureDocument>,
        /// What is looked at; a file has to name something.
        fleet: Table<FleetDocument>,
        /// How often, and how much at once.
        sweep: Table<SweepDocument>,
        /// Where memory is kept.
        store: Table<StoreDocument>,
        /// Where policies are.
        policies: Table<PoliciesDocument>,
        /// The freeze switch.
        freeze: Table<FreezeDocument>,
        /// What is served over HTTP.
        server: Table<ServerDocument>,
        /// Who is told.
        notify: Table<NotifyDocument>,
        /// When a view is sick, and how stops are paced.
        guard: Table<GuardDocument>,
        /// How much may be stopped at once, beyond what policies say.
        limits: Table<LimitsDocument>,
        /// What things cost.
        prices: Table<PricesDocument>,
        /// How costs are counted.
        ledger: Table<LedgerDocument>,
        /// How the ledger is compared with Azure's bill.
        reconcile: Table<ReconcileDocument>,
        /// The Prometheus that policies put questions to.
        promql: Table<PromqlDocument>,
        /// Azure Monitor's metrics of workspaces.
        monitor: Table<MonitorDocument>,
        /// The workspaces' lists of jobs.
        jobs: Table<JobsDocument>,
        /// Where agents report.
        agents: Table<AgentsDocument>,
        /// What people are served.
        web: Table<WebDocument>,
        /// The log.
        log: Table<LogDocument>,
        /// What holds where a policy says nothing; read by the policy room.
        defaults: Elsewhere,
    }

    /// How Azure is reached.
    AzureDocument {
        /// "public" (the default), "china", "us-gov" or "custom".
        cloud: Value<CloudWord>,
        /// Where Resource Manager is; for a custom cloud only.
        arm_endpoint: Value<String>,
        /// The scope to ask tokens for; for a custom cloud only.
        token_scope: Value<String>,
        /// Where Entra is; for a custom cloud only.
        authority_host: Value<String>,
        /// The api-version of Azure Machine Learning. Default "2025-12-01".
        api_version: Value<String>,
        /// The api-version by which idle timers are set. Default "2021-07-01".
        idle_shutdown_api_version: Value<String>,
        /// PEM file of certificate authorities trusted beside the system's.
        ca_file: Value<String>,
        /// To connect, TLS included. Default "5s".
        connect_timeout: Value<Span>,
        /// For a whole answer. Default "30s".
        request_timeout: Value<Span>,
        /// How often a read that failed is tried again. Default 4.
        retries: Value<u32>,
        /// Whether requests are paced within Azure's token buckets. Default true.
        throttle: Value<bool>,
        /// Who asks.
        identity: Table<IdentityDocument>,
    }

    /// Who asks Azure.
    IdentityDocument {
        /// "managed" (the default), "workload", "client-secret", "client-certificate", "azure-cli" or "token-file".
        kind: Value<IdentityWord>,
        /// Client (application) id.
        client_id: Value<String>,
        /// Object (principal) id of a user-assigned managed identity.
        object_id: Value<String>,
        /// ARM id of a user-assigned managed identity.
        resource_id: Value<String>,
        /// Tenant (directory) id.
        tenant_id: Value<String>,
        /// File that holds the client secret.
        secret_file: Value<String>,
        /// Environment variable that holds the client secret.
        secret_env: Value<String>,
        /// PEM file with certificate and key.
        certificate_file: Value<String>,
        /// File of the Kubernetes service account's token.
        federated_token_file: Value<String>,
        /// File of a bearer token; for an ARM endpoint on loopback only.
        token_file: Value<String>,
    }

    /// What is looked at. Nothing named is an error and never means everything.
    FleetDocument {
        /// Every workspace of these subscriptions.
        subscriptions: List,
        /// Every workspace of these resource groups, as "SUBSCRIPTION/GROUP".
        resource_groups: List,
        /// Workspaces by ARM id.
        workspaces: List,
        /// Of the discovered ones only those with all of these tags; "*" is any value.
        tags: Tags,
    }

    /// How often, and how much at once.
    SweepDocument {
        /// From one sweep to the next. Default "60s".
        interval: Value<Span>,
        /// A workspace in which everything is off, with nothing due or near, is read in every so-many-th sweep. Default 3.
        quiet: Value<u32>,
        /// From one search for workspaces to the next. Default "15m".
        discovery_interval: Value<Span>,
        /// Workspaces read at once. Default 32.
        concurrency: Value<u32>,
        /// One workspace that takes longer has failed in that sweep. Default "45s".
        workspace_deadline: Value<Span>,
    }

    /// Where memory is kept.
    StoreDocument {
        /// The folder. Default "/var/lib/lightsout".
        dir: Value<String>,
        /// A PostgreSQL server that has the journal in the folder's place, for several replicas: `postgres://USER@HOST:5432/DATABASE`.
        url: Value<String>,
        /// The file that holds the server's password.
        secret_file: Value<String>,
        /// The environment variable that holds it.
        secret_env: Value<String>,
        /// What this replica is called. Default: the machine's name.
        replica: Value<String>,
    }

    /// Where policies are.
    PoliciesDocument {
        /// The folder, relative to this file. Default "policies".
        dir: Value<String>,
    }

    /// The freeze switch.
    FreezeDocument {
        /// The file whose presence freezes. Default: FREEZE in the store's folder.
        file: Value<String>,
    }

    /// What is served over HTTP.
    ServerDocument {
        /// Address and port of metrics and health. Default "127.0.0.1:9188".
        listen: Value<String>,
        /// Whether other machines may reach it. Default false.
        allow_remote_metrics: Value<bool>,
        /// Whether each instance has its own series. Default false.
        instance_series: Value<bool>,
        /// At most so many of them. Default 1000.
        instance_series_max: Value<u32>,
    }

    /// When a view is sick, and how stops are paced.
    GuardDocument {
        /// More unreadable workspaces than this share: nothing is stopped. Default 20.
        failed_workspaces_max: Value<Percent>,
        /// A larger drop of the count of instances: nothing is stopped. Default 30.
        instance_drop_max: Value<Percent>,
        /// A larger share of unknown states: nothing is stopped. Default 45.
        unknown_states_max: Value<Percent>,
        /// Stops under way at once. Default 16.
        concurrent_stops_max: Value<u32>,
        /// Failed stops of an hour beyond the larger of this and the share: nothing more there. Default 3.
        failed_stops_max: Value<u32>,
        /// … as a share of the stops asked. Default 10.
        failed_stops_share: Value<Percent>,
        /// A stop not seen to be done by then has failed. Default "30m".
        stop_deadline: Value<Span>,
    }

    /// How much may be stopped at once, beyond what policies say; the tightest holds.
    LimitsDocument {
        /// Of one workspace.
        workspace: Table<ScopeDocument>,
        /// Of one subscription.
        subscription: Table<ScopeDocument>,
        /// Of all.
        fleet: Table<ScopeDocument>,
    }

    /// How much may be stopped at once in one scope.
    ScopeDocument {
        /// Unplanned stops (idle, uptime) of one sweep; beyond it, none.
        unplanned_per_sweep: Table<CapDocument>,
        /// Unplanned stops of any hour; beyond it, none.
        unplanned_per_hour: Table<CapDocument>,
        /// Planned stops (hours) of one sweep; the rest waits for the next, the fleet's for one that follows at once.
        planned_per_sweep: Table<CapDocument>,
        /// Planned stops of any hour; the rest waits.
        planned_per_hour: Table<CapDocument>,
    }

    /// At most so many, by count, by share of the running instances, or both; 0 is none.
    CapDocument {
        /// At most so many.
        count: Value<u32>,
        /// At most this share of the running instances, in percent.
        percent: Value<Percent>,
    }

    /// What things cost.
    PricesDocument {
        /// Where prices come from, what counts most first. Default ["sheet", "vm_sizes", "retail"].
        sources: List,
        /// The team's own prices: a .toml or .csv file.
        sheet: Value<String>,
        /// The currency that the public list is asked for. Default "USD".
        currency: Value<Currency>,
        /// Where the public list is. Default `https://prices.azure.com`.
        retail_endpoint: Value<String>,
        /// From one look at prices to the next. Default "24h".
        refresh: Value<Span>,
        /// A price that no source has confirmed for so long is old. Default "72h".
        stale_after: Value<Span>,
        /// What a stopped instance still costs.
        residual: Table<ResidualDocument>,
        /// Sums in one currency.
        convert: Table<ConvertDocument>,
    }

    /// What an instance costs, running or stopped, until it is deleted: for an hour.
    ResidualDocument {
        /// The OS disk. Default 0.027 USD.
        disk: Value<Amount>,
        /// The public IP address. Default 0.005 USD.
        public_ip: Value<Amount>,
        /// The load balancer. Default 0.025 USD.
        load_balancer: Value<Amount>,
    }

    /// Sums in one currency.
    ConvertDocument {
        /// Which.
        report_in: Value<Currency>,
        /// What one unit of each other currency is worth in it.
        rates: Rates,
    }

    /// How costs are counted.
    LedgerDocument {
        /// The tag that names a team. Default "team".
        team_tag: Value<String>,
        /// The file that says which owner is of which team.
        owners: Value<String>,
        /// A stop is credited for at most so long. Default "12h".
        horizon: Value<Span>,
        /// A stop whose person starts again within this time earns nothing. Default "30m".
        regret_within: Value<Span>,
        /// Machine time counted against a stop that was followed by a start. Default "5m".
        restart_cost: Value<Span>,
    }

    /// How the ledger is compared with Azure's bill.
    ReconcileDocument {
        /// "none" (the default), "cost-management" or "folder".
        source: Value<BillsFrom>,
        /// The folder of bills.
        folder: Value<String>,
        /// A day is compared when it ended so long ago. Default "72h".
        after: Value<Span>,
        /// And no longer ago than this. Default "35d".
        look_back: Value<Span>,
        /// Both agree within this share of what was billed. Default 2.
        tolerance: Value<Percent>,
        /// Or within so much time of the dearest machine. Default "15m".
        tolerance_time: Value<Span>,
    }

    /// The log.
    LogDocument {
        /// "text" (the default) or "json".
        format: Value<LogFormat>,
        /// "error", "warn", "info" (the default), "debug" or "trace".
        level: Value<LogLevel>,
    }
}

/// The word that chooses a cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CloudWord {
    /// `public`.
    Public,
    /// `china`.
    China,
    /// `us-gov`.
    UsGov,
    /// `custom`.
    Custom,
}

/// The word that chooses an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IdentityWord {
    /// `managed`.
    Managed,
    /// `workload`.
    Workload,
    /// `client-secret`.
    ClientSecret,
    /// `client-certificate`.
    ClientCertificate,
    /// `azure-cli`.
    AzureCli,
    /// `token-file`.
    TokenFile,
}

impl Word for CloudWord {
    const WORDS: &'static [(&'static str, Self)] =
        &[("public", Self::Public), ("china", Self::China), ("us-gov", Self::UsGov), ("custom", Self::Custom)];
}

impl Word for IdentityWord {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("managed", Self::Managed),
        ("workload", Self::Workload),
        ("client-secret", Self::ClientSecret),
        ("client-certificate", Self::ClientCertificate),
        ("azure-cli", Self::AzureCli),
        ("token-file", Self::TokenFile),
    ];
}

impl Word for BillsFrom {
    const WORDS: &'static [(&'static str, Self)] =
        &[("none", Self::Nowhere), ("cost-management", Self::CostManagement), ("folder", Self::Folder)];
}

impl Word for LogFormat {
    const WORDS: &'static [(&'static str, Self)] = &[("text", Self::Text), ("json", Self::Json)];
}

impl Word for LogLevel {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ];
}
