//! The agent's commands as typed.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use super::hidden::Hidden;
use super::identity::{IMDS, Ways};
use super::token::Here;

/// Where the settings are looked for; nothing there means the defaults.
pub(super) const SETTINGS: &str = "/etc/lightsout-agent/agent.toml";

/// `agent`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct AgentArgs {
    /// What to do.
    #[command(subcommand)]
    pub what: AgentCommand,
}

/// What the agent can do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum AgentCommand {
    /// Look at this machine every minute and tell the service; as systemd runs it
    Run(RunArgs),
    /// Show what the agent sees, when this machine is due to stop, and why
    Status(Place),
    /// Read the settings, have a token, look once, and say what is wrong; the service is sent nothing
    Check(RunArgs),
    /// Print the systemd unit that belongs to this binary
    Unit,
}

/// Where the agent's files are.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct Place {
    /// The agent's settings
    #[arg(long, value_name = "FILE", default_value = SETTINGS)]
    pub settings: PathBuf,
    /// The root below which the machine's files are read
    #[arg(long, value_name = "DIR", default_value = "/", hide = true)]
    pub root: PathBuf,
}

/// `run` and `check`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct RunArgs {
    /// Where.
    #[command(flatten)]
    pub place: Place,
    /// The instance's name, as Azure ML tells its setup script; the token has to agree
    #[arg(long, value_name = "NAME", env = "CI_NAME")]
    pub ci_name: Option<String>,
    /// Its workspace
    #[arg(long, value_name = "NAME", env = "CI_WORKSPACE")]
    pub ci_workspace: Option<String>,
    /// Its resource group
    #[arg(long, value_name = "NAME", env = "CI_RESOURCE_GROUP")]
    pub ci_resource_group: Option<String>,
    /// Where tokens of the managed identity are had.
    #[command(flatten)]
    pub doors: Doors,
}

/// Where the platform gives tokens. Not for people: the platform sets it.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct Doors {
    /// Where the metadata service is
    #[arg(long, value_name = "URL", default_value = IMDS, hide = true)]
    pub imds: String,
    /// Where Azure ML gives tokens
    #[arg(long, value_name = "URL", env = "MSI_ENDPOINT", hide = true, hide_env_values = true)]
    pub msi_endpoint: Option<String>,
    /// What it wants to be shown
    #[arg(long, value_name = "SECRET", env = "MSI_SECRET", hide = true, hide_env_values = true)]
    pub msi_secret: Option<Hidden>,
}

impl RunArgs {
    /// What is known of this instance.
    #[must_use]
    pub fn here(&self) -> Here {
        Here {
            name: self.ci_name.clone(),
            workspace: self.ci_workspace.clone(),
            resource_group: self.ci_resource_group.clone(),
        }
    }
}

impl Doors {
    /// What is known of where tokens are had.
    #[must_use]
    pub fn ways(&self) -> Ways {
        Ways { imds: self.imds.clone(), msi_endpoint: self.msi_endpoint.clone(), msi_secret: self.msi_secret.clone() }
    }
}

/// What is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Sentences.
    Text,
    /// One JSON object.
    Json,
}
