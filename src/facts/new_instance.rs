//! An instance that is to be made: everything that is asked of Azure for it.

use serde::{Deserialize, Serialize};

use crate::units::{InstanceId, Region, Span};

/// Who may open the applications of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sharing {
    /// Its owner alone.
    Personal,
    /// Whoever may read the workspace; Azure's default.
    #[default]
    Shared,
}

/// Whether it can be reached by SSH.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewSsh {
    /// Nobody said; Azure turns it off.
    #[default]
    Unsaid,
    /// No.
    Off,
    /// With this public key.
    On(String),
}

/// The managed identity that it gets.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewIdentity {
    /// None.
    #[default]
    None,
    /// One of its own.
    System,
    /// These, by their ARM ids.
    Assigned(Vec<String>),
    /// One of its own, and these.
    Both(Vec<String>),
}

/// The person that an instance is made for: it is theirs then, and only they reach its applications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewOwner {
    /// Object id in Entra.
    pub object_id: String,
    /// Of which tenant.
    pub tenant_id: String,
}

/// When a schedule of Azure's acts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewTimes {
    /// On these days of the week, Monday to Sunday; none: on every day. At that hour and minute.
    Weekly {
        /// Names in English.
        days: Vec<String>,
        /// 0 to 23.
        hour: u8,
        /// 0 to 59.
        minute: u8,
    },
    /// By an expression of five fields.
    Cron(String),
}

/// One schedule of Azure's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewSchedule {
    /// True for a start, false for a stop.
    pub starts: bool,
    /// When.
    pub times: NewTimes,
    /// In which zone, by its Windows name.
    pub zone: String,
}

/// Where the text of a setup script is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScriptPlace {
    /// A path on the workspace's file share.
    Share(String),
    /// In the request itself, in base64.
    Inline(String),
}

/// One setup script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewScript {
    /// Its text.
    pub place: ScriptPlace,
    /// Its arguments, as one line.
    pub arguments: Option<String>,
    /// How long it may take.
    pub timeout: Option<Span>,
}

/// An instance that is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewInstance {
    /// Its name, and the workspace that it is made in.
    pub id: InstanceId,
    /// The region of that workspace.
    pub region: Region,
    /// Its size.
    pub size: String,
    /// Words about it.
    pub description: Option<String>,
    /// Who may open its applications.
    pub sharing: Sharing,
    /// SSH.
    pub ssh: NewSsh,
    /// The ARM id of a subnet.
    pub subnet: Option<String>,
    /// Whether it has an address of its own on the internet.
    pub public_ip: bool,
    /// Azure's idle timer.
    pub idle_shutdown: Option<Span>,
    /// Azure's schedules, at most [`SCHEDULES_MAX`].
    pub schedules: Vec<NewSchedule>,
    /// Tags, which cannot be changed later.
    pub tags: Vec<(String, String)>,
    /// Its managed identity.
    pub identity: NewIdentity,
    /// For whom, where not for who asks.
    pub owner: Option<NewOwner>,
    /// Runs once, when it is made.
    pub creation: Option<NewScript>,
    /// Runs whenever it starts.
    pub startup: Option<NewScript>,
}

/// Azure takes no more schedules on one instance.
pub const SCHEDULES_MAX: usize = 4;

impl NewInstance {
    /// The least: a name and a size, everything else as Azure has it by default.
    #[must_use]
    pub fn plain(id: InstanceId, region: Region, size: &str) -> Self {
        Self {
            id,
            region,
            size: size.to_owned(),
            description: None,
            sharing: Sharing::default(),
            ssh: NewSsh::default(),
            subnet: None,
            public_ip: true,
            idle_shutdown: None,
            schedules: Vec::new(),
            tags: Vec::new(),
            identity: NewIdentity::default(),
            owner: None,
            creation: None,
            startup: None,
        }
    }
}
