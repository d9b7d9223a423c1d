//! The tables of `lightsout.toml` that set up sources of activity, as written.

use toml::Spanned;
use toml::de::DeValue;

use super::fields::{Field, Value};
use super::tables::{Kind, TableDocument, of_secret, tables};
use crate::document::{Findings, Read, TableReader, join};
use crate::units::{Percent, Span};

tables! {
    /// The Prometheus that policies put questions to.
    PromqlDocument {
        /// Where it is; without it nobody is asked.
        url: Value<String>,
        /// Whether `url` may be plain http to another machine. Default false.
        allow_http: Value<bool>,
        /// File that holds a bearer token.
        secret_file: Value<String>,
        /// Environment variable that holds a bearer token.
        secret_env: Value<String>,
        /// PEM file of certificate authorities trusted beside the system's.
        ca_file: Value<String>,
        /// For one whole answer. Default "15s".
        timeout: Value<Span>,
        /// For how long it repeats the last sample of a series. Default "5m".
        lookback: Value<Span>,
    }

    /// Azure Monitor's metrics of workspaces.
    MonitorDocument {
        /// Whether they are asked for. Default false.
        enabled: Value<bool>,
        /// A point of at least this share of CPU or GPU is use. Default 5.
        busy_from: Value<Percent>,
        /// From one look to the next. Default "5m".
        refresh: Value<Span>,
        /// Where they are; for a custom cloud.
        endpoint: Value<String>,
        /// The scope to ask tokens for; for a custom cloud.
        token_scope: Value<String>,
    }

    /// The workspaces' lists of jobs.
    JobsDocument {
        /// Whether they are read for jobs that wait for an instance. Default false.
        queued: Value<bool>,
        /// From one look to the next. Default "5m".
        refresh: Value<Span>,
        /// Pages of one list that are read. Default 20.
        pages_max: Value<u32>,
    }

    /// Where agents report.
    AgentsDocument {
        /// Whether any may report. Default false.
        enabled: Value<bool>,
        /// Address and port. Default "127.0.0.1:9189".
        listen: Value<String>,
        /// PEM file with the certificate chain.
        tls_certificate_file: Value<String>,
        /// PEM file with its key.
        tls_key_file: Value<String>,
        /// Whether a proxy ends TLS before it. Default false.
        behind_tls_proxy: Value<bool>,
        /// File that holds the secret that tokens are signed with.
        secret_file: Value<String>,
        /// Environment variable that holds it.
        secret_env: Value<String>,
        /// File that holds the secret before it.
        old_secret_file: Value<String>,
        /// How often an agent is to report. Default "60s".
        every: Value<Span>,
        /// The tenant of managed identities whose tokens are taken.
        entra_tenant: Value<String>,
        /// The audience that those tokens are for.
        entra_audience: Value<String>,
    }
}
