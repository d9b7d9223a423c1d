//! How Azure is reached and who asks, from what was written to what is meant.

use std::path::PathBuf;

use url::Url;

use super::document::{AzureDocument, CloudWord, IdentityDocument, IdentityWord};
use super::environment::Environment;
use super::fields::{Table, Value};
use super::findings::{Findings, Http, is_loopback, path};
use super::model::{Azure, Cloud, Identity, ManagedIdentity};
use super::secret::SecretSource;
use crate::document::{Located, Place, Word};
use crate::units::Span;

/// Reads the whole section.
pub(super) fn compile(table: &Table<AzureDocument>, environment: &Environment, found: &mut Findings) -> Azure {
    let document = table.or_empty();
    let at = found.place(table);
    let default = Azure::default();
    let seconds = (Span::seconds(1), Span::minutes(10));
    let cloud = cloud(&document, &at, found);
    let identity = identity(&document, &at, environment, found);
    let connect_timeout =
        found.within(&document.connect_timeout, "azure.connect_timeout", default.connect_timeout, seconds);
    let request_timeout =
        found.within(&document.request_timeout, "azure.request_timeout", default.request_timeout, seconds);
    if let Some(written) = document
        .connect_timeout
        .0
        .as_ref()
        .or(document.request_timeout.0.as_ref())
        .filter(|_| connect_timeout > request_timeout)
    {
        let problem = format!("{connect_timeout} to connect is longer than the {request_timeout} of a whole answer");
        found.error(
            &written.at,
            "azure.connect_timeout",
            problem,
            "choose a connect_timeout of at most request_timeout",
        );
    }
    Azure {
        cloud,
        api_version: api_version(&document.api_version, "azure.api_version", found).unwrap_or(default.api_version),
        idle_shutdown_api_version: api_version(
            &document.idle_shutdown_api_version,
            "azure.idle_shutdown_api_version",
            found,
        )
        .unwrap_or(default.idle_shutdown_api_version),
        ca_file: path(&document.ca_file),
        connect_timeout,
        request_timeout,
        retries: found.within(&document.retries, "azure.retries", default.retries, (0, 10)),
        throttle: document.throttle.or(default.throttle),
        identity,
    }
}

fn api_version(value: &Value<String>, key: &str, found: &mut Findings) -> Option<String> {
    let written = value.0.as_ref()?;
    let text = &written.value;
    let (date, rest) = text.split_at_checked(10).unwrap_or((text, ""));
    if date.parse::<jiff::civil::Date>().is_ok() && matches!(rest, "" | "-preview") {
        return Some(text.clone());
    }
    found.error(
        &written.at,
        key,
        "it is not an api-version",
        "write a date such as \"2025-12-01\" or \"2025-10-01-preview\"",
    );
    None
}

/// The kind of identity that was chosen.
fn kind(document: &AzureDocument) -> IdentityWord {
    document.identity.get().and_then(|identity| identity.kind.get().copied()).unwrap_or(IdentityWord::Managed)
}

fn cloud(document: &AzureDocument, at: &Place, found: &mut Findings) -> Cloud {
    let custom_only = [
        ("azure.arm_endpoint", &document.arm_endpoint),
        ("azure.token_scope", &document.token_scope),
        ("azure.authority_host", &document.authority_host),
    ];
    let known = match document.cloud.get() {
        Some(CloudWord::Custom) => return custom(document, at, found),
        None | Some(CloudWord::Public) => Cloud::Public,
        Some(CloudWord::China) => Cloud::China,
        Some(CloudWord::UsGov) => Cloud::UsGov,
    };
    for (key, value) in custom_only {
        if let Some(written) = &value.0 {
            found.error(
                &written.at,
                key,
                "only a custom cloud has this",
                "write cloud = \"custom\", or leave this key out",
            );
        }
    }
    known
}

fn custom(document: &AzureDocument, at: &Place, found: &mut Findings) -> Cloud {
    let at = document.cloud.0.as_ref().map_or(at, |written| &written.at);
    let (scope_needed, authority_needed) = match kind(document) {
        IdentityWord::Workload | IdentityWord::ClientSecret | IdentityWord::ClientCertificate => (true, true),
        IdentityWord::Managed | IdentityWord::AzureCli => (true, false),
        IdentityWord::TokenFile => (false, false),
    };
    let mut need = |value: &Value<String>, key: &str, needed: bool| {
        if needed && value.0.is_none() {
            found.error(
                at,
                key,
                "a custom cloud has to name it",
                format!("write {} = \"https://…\" in [azure]", key.trim_start_matches("azure.")),
            );
        }
    };
    need(&document.arm_endpoint, "azure.arm_endpoint", true);
    need(&document.token_scope, "azure.token_scope", scope_needed);
    need(&document.authority_host, "azure.authority_host", authority_needed);
    let mut origin =
        |value: &Value<String>, key: &str, http| value.0.as_ref().and_then(|written| found.origin(written, key, http));
    Cloud::Custom {
        arm_endpoint: origin(&document.arm_endpoint, "azure.arm_endpoint", Http::OnLoopback).unwrap_or_default(),
        authority_host: origin(&document.authority_host, "azure.authority_host", Http::Never),
        token_scope: document.token_scope.get().cloned(),
    }
}

/// The keys of a kind of identity, each with whether it has to be there.
const fn keys_of(kind: IdentityWord) -> &'static [&'static str] {
    match kind {
        IdentityWord::Managed => &["client_id", "object_id", "resource_id"],
        IdentityWord::Workload => &["tenant_id", "client_id", "federated_token_file"],
        IdentityWord::ClientSecret => &["tenant_id", "client_id", "secret_file", "secret_env"],
        IdentityWord::ClientCertificate => &["tenant_id", "client_id", "certificate_file"],
        IdentityWord::AzureCli => &["tenant_id"],
        IdentityWord::TokenFile => &["token_file"],
    }
}

fn word(kind: IdentityWord) -> &'static str {
    IdentityWord::WORDS.iter().find(|(_, meaning)| *meaning == kind).map_or("", |(name, _)| name)
}

/// Every key but `kind`, as written.
fn written_keys(document: &IdentityDocument) -> [(&'static str, &Value<String>); 9] {
    [
        ("client_id", &document.client_id),
        ("object_id", &document.object_id),
        ("resource_id", &document.resource_id),
        ("tenant_id", &document.tenant_id),
        ("secret_file", &document.secret_file),
        ("secret_env", &document.secret_env),
        ("certificate_file", &document.certificate_file),
        ("federated_token_file", &document.federated_token_file),
        ("token_file", &document.token_file),
    ]
}

/// What one kind of identity is made from.
struct Parts<'a> {
    document: IdentityDocument,
    at: Place,
    kind: IdentityWord,
    environment: &'a Environment,
    found: &'a mut Findings,
}

fn identity(azure: &AzureDocument, at: &Place, environment: &Environment, found: &mut Findings) -> Identity {
    let document = azure.identity.or_empty();
    let at = azure.identity.0.as_ref().map_or(at, |written| &written.at).clone();
    let kind = kind(azure);
    let allowed = keys_of(kind);
    for (key, value) in written_keys(&document) {
        if let Some(written) = value.0.as_ref().filter(|_| !allowed.contains(&key)) {
            let problem = format!("kind = \"{}\" does not use it", word(kind));
            found.error(
                &written.at,
                &format!("azure.identity.{key}"),
                problem,
                format!("the keys of that kind are {}", allowed.join(", ")),
            );
        }
    }
    let mut parts = Parts { document, at, kind, environment, found };
    match kind {
        IdentityWord::Managed => Identity::Managed(parts.managed()),
        IdentityWord::Workload => Identity::Workload {
            tenant_id: parts.needed("tenant_id", Some("AZURE_TENANT_ID")),
            client_id: parts.needed("client_id", Some("AZURE_CLIENT_ID")),
            federated_token_file: PathBuf::from(
                parts.needed("federated_token_file", Some("AZURE_FEDERATED_TOKEN_FILE")),
            ),
        },
        IdentityWord::ClientSecret => Identity::ClientSecret {
            tenant_id: parts.needed("tenant_id", Some("AZURE_TENANT_ID")),
            client_id: parts.needed("client_id", Some("AZURE_CLIENT_ID")),
            secret: parts.secret(),
        },
        IdentityWord::ClientCertificate => Identity::ClientCertificate {
            tenant_id: parts.needed("tenant_id", Some("AZURE_TENANT_ID")),
            client_id: parts.needed("client_id", Some("AZURE_CLIENT_ID")),
            certificate_file: PathBuf::from(parts.needed("certificate_file", Some("AZURE_CLIENT_CERTIFICATE_PATH"))),
        },
        IdentityWord::AzureCli => Identity::AzureCli { tenant_id: parts.document.tenant_id.get().cloned() },
        IdentityWord::TokenFile => parts.token_file(azure),
    }
}

impl Parts<'_> {
    /// A key that has to be there, or the variable that stands in for it.
    fn needed(&mut self, key: &str, variable: Option<&str>) -> String {
        let written = written_keys(&self.document)
            .into_iter()
            .find(|(name, _)| *name == key)
            .and_then(|(_, value)| value.get().cloned());
        if let Some(value) =
            written.or_else(|| variable.and_then(|name| self.environment.plain(name)).map(str::to_owned))
        {
            return value;
        }
        let help = variable.map_or_else(
            || format!("write {key} = \"…\""),
            |name| format!("write {key} = \"…\", or set the environment variable {name}"),
        );
        let problem = format!("kind = \"{}\" needs it", word(self.kind));
        self.found.error(&self.at, &format!("azure.identity.{key}"), problem, help);
        String::new()
    }

    fn managed(&mut self) -> ManagedIdentity {
        let named: Vec<(&'static str, Located<String>)> = written_keys(&self.document)
            .into_iter()
            .take(3)
            .filter_map(|(key, value)| Some((key, value.0.clone()?)))
            .collect();
        if let [_, (key, second), ..] = named.as_slice() {
            let help = "keep one of client_id, object_id and resource_id";
            self.found.error(&second.at, &format!("azure.identity.{key}"), "the identity is named twice", help);
        }
        match named.into_iter().next() {
            None => ManagedIdentity::SystemAssigned,
            Some(("client_id", written)) => ManagedIdentity::Client(written.value),
            Some(("object_id", written)) => ManagedIdentity::Object(written.value),
            Some((_, written)) => ManagedIdentity::Resource(written.value),
        }
    }

    fn secret(&mut self) -> SecretSource {
        let (file, variable) = (self.document.secret_file.clone(), self.document.secret_env.clone());
        let named = secret_source(&file, &variable, "azure.identity", self.found);
        if let Some(source) = named {
            return source;
        }
        // A secret that was written where none may be has its own finding.
        let misplaced = self.found.has_error_about("azure.identity", "secret");
        if !misplaced && !self.environment.holds("AZURE_CLIENT_SECRET") {
            let help = "name a file of mode 0600 with secret_file, or an environment variable with secret_env, or set AZURE_CLIENT_SECRET";
            self.found.error(&self.at, "azure.identity.secret_file", "kind = \"client-secret\" needs a secret", help);
        }
        SecretSource::Env("AZURE_CLIENT_SECRET".to_owned())
    }

    fn token_file(&mut self, azure: &AzureDocument) -> Identity {
        let local =
            azure.arm_endpoint.get().and_then(|text| Url::parse(text).ok()).is_some_and(|url| is_loopback(&url));
        if !local || azure.cloud.get() != Some(&CloudWord::Custom) {
            let at = self.document.kind.0.as_ref().map_or(&self.at, |written| &written.at);
            let problem = "a token from a file is for an ARM endpoint on loopback only";
            let help = "write cloud = \"custom\" with an arm_endpoint such as \"http://127.0.0.1:8080\", or choose another kind";
            self.found.error(at, "azure.identity.kind", problem, help);
        }
        Identity::TokenFile { token_file: PathBuf::from(self.needed("token_file", None)) }
    }
}

/// Where a secret is: a file or a variable, and not both. Nothing where neither was named.
pub(super) fn secret_source(
    file: &Value<String>,
    variable: &Value<String>,
    table: &str,
    found: &mut Findings,
) -> Option<SecretSource> {
    source_of(file, variable, (table, "secret"), found)
}

/// The same for secrets of another name, such as an address.
pub(super) fn source_of(
    file: &Value<String>,
    variable: &Value<String>,
    (table, stem): (&str, &str),
    found: &mut Findings,
) -> Option<SecretSource> {
    if let (Some(_), Some(second)) = (&file.0, &variable.0) {
        found.error(
            &second.at,
            &format!("{table}.{stem}_env"),
            format!("{stem}_file names the {stem} already"),
            format!("keep one of {stem}_file and {stem}_env"),
        );
    }
    let variable = variable.0.as_ref().and_then(|written| found.variable(written, &format!("{table}.{stem}_env")));
    path(file).map(SecretSource::File).or_else(|| variable.map(SecretSource::Env))
}
