//! One instance with everything that Azure tells of it when it is asked for alone.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How it is reached by SSH.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SshDetails {
    /// Whether it can be; none where Azure does not say.
    pub enabled: Option<bool>,
    /// As whom.
    pub user: Option<String>,
    /// At which port.
    pub port: Option<u16>,
}

/// An application on it, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// Its name.
    pub name: String,
    /// Its address.
    pub url: Option<String>,
}

/// A data disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataDisk {
    /// Its size in GB.
    pub gigabytes: Option<u64>,
    /// Its kind.
    pub kind: Option<String>,
}

/// A setup script, without its text unless that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptDetails {
    /// `inline`, or that it is on the workspace's file share.
    pub source: Option<String>,
    /// Its path on the share; the text of an inline script only on request.
    pub text: Option<String>,
    /// Its arguments; only on request, since they may hold what is nobody's business.
    pub arguments: Option<String>,
    /// How long it may take.
    pub timeout: Option<String>,
}

/// Its managed identity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityDetails {
    /// Azure's word for the kind.
    pub kind: Option<String>,
    /// The object id of the one of its own.
    pub principal_id: Option<String>,
    /// ARM ids of those assigned to it.
    pub assigned: Vec<String>,
}

/// The image that it runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageDetails {
    /// Its version.
    pub current: Option<String>,
    /// The newest.
    pub latest: Option<String>,
    /// Whether these are the same.
    pub is_latest: Option<bool>,
}

/// What Azure says went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Azure's code.
    pub code: String,
    /// Azure's message.
    pub message: String,
}

/// What Azure tells of an instance beside what decisions are made by. What it does not tell is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceDetails {
    /// Words about it.
    pub description: Option<String>,
    /// How its making or changing went, in Azure's word.
    pub provisioning: Option<String>,
    /// When anything of it was last changed.
    pub modified: Option<Timestamp>,
    /// `Personal` or `Shared`.
    pub sharing: Option<String>,
    /// The tenant of the person that it is assigned to.
    pub assigned_tenant: Option<String>,
    /// SSH.
    pub ssh: SshDetails,
    /// Its address on the internet.
    pub public_address: Option<String>,
    /// Its address in its network.
    pub private_address: Option<String>,
    /// Whether it has one on the internet at all.
    pub has_public_address: Option<bool>,
    /// The subnet that it is in.
    pub subnet: Option<String>,
    /// Applications with their addresses.
    pub applications: Vec<Application>,
    /// Data disks.
    pub disks: Vec<DataDisk>,
    /// Runs once, when it is made.
    pub creation: Option<ScriptDetails>,
    /// Runs whenever it starts.
    pub startup: Option<ScriptDetails>,
    /// Its managed identity.
    pub identity: IdentityDetails,
    /// Its image.
    pub image: ImageDetails,
    /// What went wrong, in Azure's words.
    pub errors: Vec<Trouble>,
}
