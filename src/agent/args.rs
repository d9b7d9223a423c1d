//! The agent's commands as typed.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

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
    /// Read the settings and the token, look once, and say what is wrong; sends nothing
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

/// What is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Sentences.
    Text,
    /// One JSON object.
    Json,
}
