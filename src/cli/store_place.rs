//! Where the journal is by the settings: in a folder, or on a server for several replicas.

use std::path::Path;
use std::sync::Arc;

use secrecy::ExposeSecret;

use super::leadership::{CommandTurn, Leadership};
use super::wire_up::WireError;
use crate::settings::{Environment, Settings};
use crate::store::{LedgerReader, Server, Store, StoreError};

/// The server that has the journal, if one has it.
///
/// # Errors
/// When its password cannot be had.
pub fn server(settings: &Settings, environment: &Environment) -> Result<Option<Server>, WireError> {
    let Some(server) = &settings.store.server else { return Ok(None) };
    let secret = server.secret.as_ref().map(|secret| secret.read(environment)).transpose()?;
    let password = secret.as_ref().map(ExposeSecret::expose_secret);
    Ok(Some(Server::parse(&server.url, password)?))
}

/// The journal, and where it is on a server the membership that this process may take up: without it nothing is written.
///
/// # Errors
/// When it cannot be opened.
pub async fn open_store(
    settings: &Settings,
    environment: &Environment,
) -> Result<(Store, Option<Arc<Leadership>>), WireError> {
    let Some(server) = server(settings, environment)? else {
        return Ok((Store::open(&settings.store.dir).await?, None));
    };
    let (store, lease) = Store::replica(&server, &holder(settings)).await?;
    Ok((store.in_folder(&settings.store.dir)?, Some(Arc::new(Leadership::new(lease)))))
}

/// The journal for one command that acts: where replicas share it, none of them may run, and the turn is the command's until it gives it
/// back.
///
/// # Errors
/// When it cannot be opened, or another replica runs.
pub(super) async fn store_to_act(
    settings: &Settings,
    environment: &Environment,
    turn: &CommandTurn,
) -> Result<Store, WireError> {
    let (store, leadership) = open_store(settings, environment).await?;
    if let Some(leadership) = leadership {
        turn.take_now(leadership).await?;
    }
    Ok(store)
}

/// The journal for one command that looks: it writes nothing, and need be no member.
///
/// # Errors
/// When it cannot be opened.
pub(super) async fn store_to_look(settings: &Settings, environment: &Environment) -> Result<Store, WireError> {
    let (store, leadership) = open_store(settings, environment).await?;
    if let Some(leadership) = leadership {
        leadership.follow_switch().await;
    }
    Ok(store)
}

/// Its ledger, beside a running service.
///
/// # Errors
/// When it cannot be opened.
pub async fn open_ledger(server: Option<Server>, dir: &Path) -> Result<LedgerReader, StoreError> {
    match server {
        Some(server) => LedgerReader::connect(&server).await,
        None => LedgerReader::open(dir).await,
    }
}

/// Where the journal is, to be shown.
#[must_use]
pub fn store_shown(settings: &Settings) -> String {
    match &settings.store.server {
        Some(server) => server.url.clone(),
        None => settings.store.dir.display().to_string(),
    }
}

/// What this process is called where replicas tell each other apart: the machine's name, or the one that settings give, and
/// something of its own, so that a process that is started again is not taken for the one before.
pub(in crate::cli) fn holder(settings: &Settings) -> String {
    let machine = || rustix::system::uname().nodename().to_string_lossy().into_owned();
    let name = settings.store.replica.clone().unwrap_or_else(machine);
    format!("{name} ({})", ulid::Ulid::generate())
}
