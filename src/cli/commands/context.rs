//! What every command needs: flags, settings, a way to print, and one error type with its exit code.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use serde::Serialize;

use crate::cli::args::{Color, Global};
use crate::cli::clock::SystemClock;
use crate::cli::demo::DemoError;
use crate::cli::exit::Exit;
use crate::cli::leadership::CommandTurn;
use crate::cli::render::{Look, Paint, Zones};
use crate::cli::replayed::ReplayError;
use crate::cli::statement::StatementError;
use crate::cli::switch::SwitchError;
use crate::cli::wire_up::{WireError, control_socket};
use crate::engine::RunError;
use crate::metrics::MetricsError;
use crate::policy::{Diagnostic, Severity};
use crate::ports::{Clock as _, Declined, Fault};
use crate::report::FleetView;
use crate::sandbox::SandboxError;
use crate::settings::{Environment, Loaded, Overrides, Settings, load, unnamed};
use crate::store::{StoreError, VerifyError};
use crate::web::{ControlClient, ControlError};

/// Why a command ended badly.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// Settings or policies; the problems were printed.
    #[error("the configuration has {0} error(s); nothing was done")]
    Configuration(usize),
    /// Parts that settings describe.
    #[error("could not put the service together")]
    Wire(#[from] WireError),
    /// The engine's outside.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The running service.
    #[error("could not talk to the running service")]
    Control(#[source] ControlError),
    /// It said no.
    #[error(transparent)]
    Declined(#[from] Declined),
    /// The sandbox.
    #[error("could not run the sandbox")]
    Sandbox(#[from] SandboxError),
    /// The demo.
    #[error("could not run the demo")]
    Demo(#[from] DemoError),
    /// The loop.
    #[error("could not run the service")]
    Run(#[from] RunError),
    /// Metrics.
    #[error("could not set up metrics")]
    Metrics(#[from] MetricsError),
    /// The freeze switch.
    #[error("could not set the freeze switch")]
    Freeze(#[from] SwitchError),
    /// A file or socket.
    #[error("could not {0}")]
    Io(String, #[source] std::io::Error),
    /// Printing JSON.
    #[error("could not write JSON")]
    Json(#[from] serde_json::Error),
    /// The ledger.
    #[error("the ledger does not stand, or cannot be read")]
    Ledger(#[from] VerifyError),
    /// The journal.
    #[error("could not copy, restore or move the journal")]
    Journal(#[from] StoreError),
    /// The lease of one of several replicas.
    #[error("this replica does not act any more")]
    Lease(#[from] crate::cli::leadership::LeaseError),
    /// The manual.
    #[error("there is no page `{0}`; `lightsout man --dir DIR` writes all there are")]
    Page(String),
    /// The report.
    #[error("could not make the report")]
    Report(#[from] StatementError),
    /// The replay.
    #[error("could not replay the record")]
    Replay(#[from] ReplayError),
    /// What people are served.
    #[error("could not set up what people are served ([web])")]
    People(#[from] crate::cli::people::PeopleError),
    /// API tokens.
    #[error("could not use the file of API tokens")]
    Tokens(#[from] crate::web::door::TokensError),
    /// The calendar.
    #[error("could not reckon with the given date")]
    Date(#[from] jiff::Error),
}

impl From<ControlError> for CommandError {
    /// A service that said no was talked to well enough.
    fn from(error: ControlError) -> Self {
        if let ControlError::Declined(declined) = error { Self::Declined(declined) } else { Self::Control(error) }
    }
}

impl CommandError {
    /// The shell's number for it.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Configuration(_)
            | Self::Wire(
                WireError::Azure(_)
                | WireError::Secret(_)
                | WireError::Channels(_)
                | WireError::Promql(_)
                | WireError::Links(_)
                | WireError::Agents(_),
            )
            | Self::People(_)
            | Self::Replay(ReplayError::Setting(_)) => Exit::BadConfiguration,
            Self::Wire(WireError::Store(_) | WireError::Lease(_))
            | Self::Lease(_)
            | Self::Fault(_)
            | Self::Control(_)
            | Self::Declined(_)
            | Self::Sandbox(_)
            | Self::Demo(_)
            | Self::Run(_)
            | Self::Metrics(_)
            | Self::Freeze(_)
            | Self::Io(..)
            | Self::Json(_)
            | Self::Ledger(_)
            | Self::Journal(_)
            | Self::Page(_)
            | Self::Report(_)
            | Self::Replay(_)
            | Self::Tokens(_)
            | Self::Date(_) => Exit::Unexpected,
        }
    }
}

/// Flags and environment of this call.
#[derive(Debug, Clone)]
pub struct Context {
    /// Flags that every command takes.
    pub global: Global,
    /// The environment, read once.
    pub environment: Environment,
    /// The settings file: found once, so that a reload never reads another.
    pub config: PathBuf,
    /// What the command has of a fleet that replicas share: it is given back when it ends.
    pub turn: CommandTurn,
}

impl Context {
    /// Of this call.
    #[must_use]
    pub fn new(global: Global, environment: Environment) -> Self {
        let config = global.config.clone().unwrap_or_else(|| unnamed(Path::new("")));
        Self { global, environment, config, turn: CommandTurn::default() }
    }

    /// Settings and policies as they stand now.
    #[must_use]
    pub fn load(&self) -> Loaded {
        load(&self.config, &self.environment, &Overrides::none())
    }

    /// Settings and policies; without usable settings every problem is printed and the command ends. A broken policy
    /// does not end it: that policy's workspaces are left alone, the others are governed (S17).
    ///
    /// # Errors
    /// When the settings are wrong.
    pub fn usable(&self) -> Result<(Settings, Loaded), CommandError> {
        let loaded = self.load();
        let found: Vec<&Diagnostic> = loaded.findings().collect();
        if let Some(settings) = loaded.settings.clone() {
            return Ok((settings, loaded));
        }
        found.iter().for_each(|found| complain(&found.to_string()));
        Err(CommandError::Configuration(found.iter().filter(|found| found.severity == Severity::Error).count()))
    }

    /// Settings for those who only need to know where the running service and the freeze switch are: whatever else is
    /// wrong is printed, and keeps nobody from stopping all stopping.
    ///
    /// # Errors
    /// When that cannot be known.
    pub fn places(&self) -> Result<Settings, CommandError> {
        let loaded = self.load();
        if let (None, Some(places)) = (&loaded.settings, loaded.places.clone()) {
            loaded.diagnostics.iter().for_each(|found| complain(&found.to_string()));
            return Ok(places);
        }
        self.usable().map(|(settings, _)| settings)
    }

    /// The running service of these settings, if there is one.
    ///
    /// # Errors
    /// When its socket is there and cannot be used.
    pub fn service(&self, settings: &Settings) -> Result<Option<ControlClient>, CommandError> {
        Ok(ControlClient::connect(&control_socket(settings))?)
    }

    /// How text is laid out for this reader.
    #[must_use]
    pub fn look(&self, view: Option<&FleetView>) -> Look {
        let coloured = match self.global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never,
        };
        let policies = view.map(|view| view.policies.as_slice()).unwrap_or_default();
        let zone = |policy: &crate::report::PolicyView| {
            let zone = crate::schedule::load_zone(policy.zone.as_deref()?).ok()?;
            Some((policy.id.clone(), zone))
        };
        let zones: BTreeMap<_, TimeZone> = policies.iter().filter_map(zone).collect();
        let paint = if coloured { Paint::Colour } else { Paint::Plain };
        Look { paint, width: width(), zones: Zones(zones), now: SystemClock.now() }
    }

    /// Prints facts: JSON when it was asked for, else text.
    ///
    /// # Errors
    /// When they cannot be written as JSON.
    pub fn print(&self, facts: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), CommandError> {
        if self.global.json {
            say(&serde_json::to_string_pretty(facts)?);
        } else {
            say(text().trim_end());
        }
        Ok(())
    }

    /// Who asks, for the audit log.
    #[must_use]
    pub fn who(&self) -> String {
        let named = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|name| self.environment.plain(name));
        named.map_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()), str::to_owned)
    }
}

/// A line to stdout. A reader who went away (`| head`) is no error.
pub(super) fn say(text: &str) {
    drop(writeln!(anstream::stdout(), "{text}"));
}

/// A line to stderr.
pub(super) fn complain(text: &str) {
    drop(writeln!(anstream::stderr(), "{text}"));
}

fn width() -> u16 {
    rustix::termios::tcgetwinsize(std::io::stdout())
        .map(|size| size.ws_col)
        .ok()
        .filter(|columns| *columns > 0)
        .unwrap_or(120)
}
