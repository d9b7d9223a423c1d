//! `agent`, on an instance and beside the service.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

/// `agent`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct Agents {
    /// What to do.
    #[command(subcommand)]
    pub what: AgentHere,
}

/// What the agent can do on an instance, and what is done for it beside the service.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum AgentHere {
    /// On an instance.
    #[command(flatten)]
    OnInstance(crate::agent::args::AgentCommand),
    /// Make the token with which an instance's agent shows who it is
    Token(AgentToken),
    /// Take back every token of an instance that was made up to now
    Revoke(AgentRevoke),
}

/// `agent token`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct AgentToken {
    /// Instances: each a name, WORKSPACE/NAME, or a full ARM id, which need not be known yet
    #[arg(value_name = "INSTANCE", conflicts_with = "all")]
    pub instances: Vec<String>,
    /// For every instance that is known
    #[arg(long)]
    pub all: bool,
    /// Write each into a file of its own, WORKSPACE/NAME below this folder, instead of showing it
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// `agent revoke`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct AgentRevoke {
    /// Instances: each a name, WORKSPACE/NAME, or a full ARM id
    #[arg(value_name = "INSTANCE", required = true)]
    pub instances: Vec<String>,
}
