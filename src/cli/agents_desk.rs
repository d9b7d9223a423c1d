//! Putting the desk together at which agents report, and minting what they show there.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::wire_up::azure_cloud;
use crate::intake::{Desk, DeskOptions, Entra, KeyServer, Revoked, agent_keys};
use crate::ports::Clock;
use crate::seal::{KeyError, Keys};
use crate::settings::{Agents, Environment, SecretError, SecretSource, Settings};

/// Why there is no desk.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// A secret could not be read.
    #[error("could not read what agents' tokens are signed with ([agents] secret_file)")]
    Secret(#[from] SecretError),
    /// A secret is too short.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// No tokens are minted.
    #[error("no tokens are minted here: [agents] names no secret_file")]
    NoSecret,
    /// A file of certificates.
    #[error("could not read the certificates in {} ([azure] ca_file)", path.display())]
    Certificates {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The client.
    #[error("could not set up the way to Entra")]
    Client(#[source] reqwest::Error),
}

/// What tokens are signed with.
///
/// # Errors
/// When there is no secret, or it cannot be read.
pub fn keys(agents: &Agents, environment: &Environment) -> Result<Keys, DeskError> {
    let present = agents.secret.as_ref().ok_or(DeskError::NoSecret)?.read(environment)?;
    let before = agents.old_secret.clone().map(|file| SecretSource::File(file).read(environment)).transpose()?;
    Ok(agent_keys(present, before)?)
}

/// Tokens that were taken back: beside the journal.
#[must_use]
pub fn revoked(settings: &Settings) -> Revoked {
    Revoked::beside(&settings.store.dir)
}

/// The desk, when agents may report.
///
/// # Errors
/// When a secret or a certificate cannot be read.
pub fn desk<C: Clock>(
    settings: &Settings,
    environment: &Environment,
    clock: &Arc<C>,
) -> Result<Option<Arc<Desk<C>>>, DeskError> {
    let agents = &settings.agents;
    if !agents.enabled {
        return Ok(None);
    }
    let keys = agents.secret.as_ref().map(|_| keys(agents, environment)).transpose()?;
    let entra = agents.entra.as_ref().map(|entra| judge(settings, entra)).transpose()?;
    let options = DeskOptions { keys, entra, revoked: revoked(settings), every: agents.every };
    Ok(Some(Arc::new(Desk::new(options, clock.clone()))))
}

fn judge(settings: &Settings, (tenant, audience): &(String, String)) -> Result<Entra, DeskError> {
    let authority = azure_cloud(settings).authority_host().to_owned();
    let server = KeyServer { authority, tenant: tenant.clone(), audience: audience.clone() };
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .https_only(true)
        .connect_timeout(Duration::from_secs(5));
    let client = match &settings.azure.ca_file {
        Some(path) => client.tls_certs_merge(certificates(path)?),
        None => client,
    };
    Ok(Entra::new(server, client.build().map_err(DeskError::Client)?))
}

fn certificates(path: &Path) -> Result<Vec<reqwest::Certificate>, DeskError> {
    let failed =
        |cause: Box<dyn std::error::Error + Send + Sync>| DeskError::Certificates { path: path.to_owned(), cause };
    let pem = std::fs::read(path).map_err(|error| failed(error.into()))?;
    reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| failed(error.into()))
}
