//! From the agent's command line to its end.

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use super::args::{AgentArgs, AgentCommand, Form, Place, RunArgs};
use super::pace::Wait;
use super::read::read_bounded;
use super::run::Agent;
use super::setting_up::{self, SetUpError};
use super::status::Status;
use super::{clock, out};

/// A status is read so far.
const STATUS_MOST: u64 = 1_024 * 1_024;

/// The systemd unit.
const UNIT: &str = include_str!("../../deploy/agent/lightsout-agent.service");

/// Examples, for whoever asks for help.
pub const EXAMPLES: &str = "\
Examples:
  lightsout agent status                    what is seen of this machine, and when it is due to stop
  lightsout agent check                     settings, token, one look; the service is sent nothing
  lightsout agent run                       as systemd runs it

Exit codes: 0 all well, 1 the agent has not looked lately, 2 settings or token are wrong.";

/// The agent of Lightsout, which stops Azure Machine Learning compute instances that nobody is using.
#[derive(Debug, Parser)]
#[command(name = "lightsout", version, about, propagate_version = true, arg_required_else_help = true)]
struct Small {
    /// Print one JSON object instead of text
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: SmallCommand,
}

#[derive(Debug, Subcommand)]
enum SmallCommand {
    /// Look at this machine, tell the service, show what is seen
    #[command(after_help = EXAMPLES)]
    Agent(AgentArgs),
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// All well.
    Well,
    /// The agent has not looked lately, or something unexpected.
    Unwell,
    /// Settings or token are wrong.
    BadConfiguration,
}

impl From<Ended> for ExitCode {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Well => Self::SUCCESS,
            Ended::Unwell => Self::from(1),
            Ended::BadConfiguration => Self::from(2),
        }
    }
}

/// Runs the small build.
#[must_use]
pub fn main() -> ExitCode {
    let small = Small::parse();
    let SmallCommand::Agent(args) = small.command;
    drop(rustls::crypto::ring::default_provider().install_default());
    // A core dump would hold the token; where this cannot be set the process runs all the same.
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable).unwrap_or_default();
    let form = if small.json { Form::Json } else { Form::Text };
    alone(&args, form).into()
}

/// Runs one command in a loop of one thread.
#[must_use]
pub fn alone(args: &AgentArgs, form: Form) -> Ended {
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(enter(args, form)),
        Err(error) => {
            out::log(&format!("error: {error}"));
            Ended::Unwell
        }
    }
}

async fn enter(args: &AgentArgs, form: Form) -> Ended {
    let done = match &args.what {
        AgentCommand::Run(run) => work(run).await,
        AgentCommand::Status(place) => status(place, form),
        AgentCommand::Check(run) => check(run, form).await,
        AgentCommand::Unit => {
            out::print(UNIT);
            Ok(Ended::Well)
        }
    };
    done.unwrap_or_else(|error| {
        out::log(&format!("error: {}", out::chain(&error)));
        Ended::BadConfiguration
    })
}

async fn work(args: &RunArgs) -> Result<Ended, SetUpError> {
    let mut agent = Agent::set_up(args)?;
    match agent.work().await {
        Ok(()) => Ok(Ended::Well),
        Err(error) => {
            out::log(&format!("error: could not listen for signals: {error}"));
            Ok(Ended::Unwell)
        }
    }
}

fn status(place: &Place, form: Form) -> Result<Ended, SetUpError> {
    let rules = setting_up::rules(place)?;
    let file = rules.files.status.0;
    let read = read_bounded(Path::new(&file), STATUS_MOST);
    let status = read.ok().and_then(|json| serde_json::from_slice::<Status>(&json).ok());
    let Some(status) = status else {
        out::log(&format!("error: {file} tells nothing: is the agent running? See `systemctl status lightsout-agent`"));
        return Ok(Ended::Unwell);
    };
    show(&status, form);
    Ok(if status.is_stale(clock::now().wall) { Ended::Unwell } else { Ended::Well })
}

async fn check(args: &RunArgs, form: Form) -> Result<Ended, SetUpError> {
    let mut agent = Agent::set_up(args)?;
    let introduced = agent.introduce().await;
    let status = agent.look_once().await;
    if let Some(status) = &status {
        show(status, form);
    }
    match introduced {
        Ok(words) => words.iter().for_each(|words| out::log(words)),
        Err(error) => {
            out::log(&format!("error: {}", out::chain(&error)));
            // What passes by itself is no mistake of the settings.
            return Ok(if error.wait() == Wait::Long { Ended::BadConfiguration } else { Ended::Unwell });
        }
    }
    Ok(if status.is_some() { Ended::Well } else { Ended::Unwell })
}

fn show(status: &Status, form: Form) {
    match form {
        Form::Text => out::print(&status.text(clock::now().wall)),
        Form::Json => {
            let json = serde_json::to_string_pretty(status).unwrap_or_default();
            out::print(&format!("{json}\n"));
        }
    }
}
