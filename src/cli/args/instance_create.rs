//! `instance create` as typed.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use super::instance::{Rights, Waiting};
use super::words;
use crate::facts::Sharing;
use crate::units::Span;

/// SSH, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnOff {
    /// Yes; with a key.
    On,
    /// No.
    Off,
}

/// Who may open its applications, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SharingWord {
    /// Its owner alone.
    Personal,
    /// Whoever may read the workspace.
    Shared,
}

impl From<SharingWord> for Sharing {
    fn from(word: SharingWord) -> Self {
        match word {
            SharingWord::Personal => Self::Personal,
            SharingWord::Shared => Self::Shared,
        }
    }
}

/// The agent of this service on the new instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, ClapArgs)]
pub struct AgentWish {
    /// Have the agent installed by creation and startup script; needs the three that follow
    #[arg(long, requires_all = ["agent_url", "agent_binary", "agent_sha256"], help_heading = "The agent")]
    pub with_agent: bool,
    /// Where the service is for agents, by its https address
    #[arg(long, value_name = "URL", requires = "with_agent", help_heading = "The agent")]
    pub agent_url: Option<String>,
    /// The agent's binary: a path on a mounted file share, or an https address
    #[arg(long, value_name = "PATH", requires = "with_agent", help_heading = "The agent")]
    pub agent_binary: Option<String>,
    /// The checksum of that binary, in hexadecimal
    #[arg(long, value_name = "HEX", requires = "with_agent", help_heading = "The agent")]
    pub agent_sha256: Option<String>,
    /// A file on the instance with its token ({name} stands for its name); `lightsout agent token` makes it
    #[arg(long, value_name = "PATH", requires = "with_agent", help_heading = "The agent")]
    pub agent_token_file: Option<String>,
    /// A file on the instance with settings for the agent, such as those for managed identities
    #[arg(long, value_name = "PATH", requires = "with_agent", help_heading = "The agent")]
    pub agent_config: Option<String>,
}

/// `instance create`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct InstanceCreate {
    /// Its name: 3 to 24 letters, digits and hyphens, unique in its region
    #[arg(value_name = "NAME", required_unless_present = "from")]
    pub name: Option<String>,
    /// Several at once: a file with a table "instance" for each
    #[arg(long, value_name = "FILE", conflicts_with_all = ["name", "workspace", "size"])]
    pub from: Option<PathBuf>,
    /// The workspace, by its name or ARM id; its region is the instance's
    #[arg(long, short, value_name = "WORKSPACE", required_unless_present = "from")]
    pub workspace: Option<String>,
    /// The VM size, such as Standard_DS3_v2; it cannot be changed later
    #[arg(long, short, value_name = "SIZE", required_unless_present = "from")]
    pub size: Option<String>,
    /// What is wanted of it.
    #[command(flatten)]
    pub wish: CreationWish,
    /// Why; for the audit log
    #[arg(long, value_name = "WORDS", value_parser = words)]
    pub reason: Option<String>,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// Print the request, and send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// How long to wait.
    #[command(flatten)]
    pub waiting: Waiting,
    /// With whose rights.
    #[command(flatten)]
    pub rights: Rights,
}

/// Everything about a new instance beside name, workspace and size.
#[derive(Debug, Clone, Default, PartialEq, Eq, ClapArgs)]
pub struct CreationWish {
    /// Words about it
    #[arg(long, value_name = "WORDS", conflicts_with = "from")]
    pub description: Option<String>,
    /// Whether it can be reached by SSH
    #[arg(long, value_enum, value_name = "ON|OFF", conflicts_with = "from")]
    pub ssh: Option<OnOff>,
    /// The public key for SSH: a file, or - for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "from")]
    pub ssh_key: Option<String>,
    /// The ARM id of the subnet that it is put in
    #[arg(long, value_name = "ID", conflicts_with = "from")]
    pub subnet: Option<String>,
    /// Without an address on the internet
    #[arg(long, conflicts_with = "from")]
    pub no_public_ip: bool,
    /// Azure's own idle timer: 15m to 3d
    #[arg(long, value_name = "LENGTH", conflicts_with = "from")]
    pub idle_shutdown: Option<Span>,
    /// A schedule of Azure's, such as 'stop Mon-Fri 19:00 Europe/Madrid'; at most four, with those of --cron
    #[arg(long, value_name = "SCHEDULE", conflicts_with = "from")]
    pub schedule: Vec<String>,
    /// A schedule by five fields, such as 'stop 0 19 * * 1-5', in the zone of --zone
    #[arg(long, value_name = "SCHEDULE", conflicts_with = "from")]
    pub cron: Vec<String>,
    /// The zone of --cron, by its IANA or Windows name
    #[arg(long, value_name = "ZONE", requires = "cron", conflicts_with = "from")]
    pub zone: Option<String>,
    /// A tag; tags cannot be changed later
    #[arg(long, value_name = "NAME=VALUE", conflicts_with = "from")]
    pub tag: Vec<String>,
    /// Its managed identity: system, none, or the ARM id of one; several make several
    #[arg(long, value_name = "IDENTITY", conflicts_with = "from")]
    pub identity: Vec<String>,
    /// Make it for this person, by their object id: it is theirs then, and only they reach its applications
    #[arg(long, value_name = "OBJECT_ID", conflicts_with = "from")]
    pub on_behalf_of: Option<String>,
    /// The tenant of that person
    #[arg(long, value_name = "TENANT_ID", requires = "on_behalf_of", conflicts_with = "from")]
    pub tenant: Option<String>,
    /// Who may open its applications
    #[arg(long, value_enum, value_name = "WHO", conflicts_with = "from")]
    pub application_sharing: Option<SharingWord>,
    /// A setup script: creation= or startup=, and a path on the workspace's file share, or inline:FILE for one of this machine
    #[arg(long, value_name = "WHEN=SCRIPT", conflicts_with = "from")]
    pub setup_script: Vec<String>,
    /// Arguments of a setup script: creation= or startup=, and one line
    #[arg(long, value_name = "WHEN=ARGS", requires = "setup_script", conflicts_with = "from")]
    pub setup_args: Vec<String>,
    /// How long a setup script may take: creation= or startup=, and a length
    #[arg(long, value_name = "WHEN=LENGTH", conflicts_with = "from")]
    pub setup_timeout: Vec<String>,
    /// The agent.
    #[command(flatten)]
    pub agent: AgentWish,
}
