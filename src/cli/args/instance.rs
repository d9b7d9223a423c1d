//! `instance` as typed: every command with its flags and its words of help.

use clap::{Args as ClapArgs, Subcommand};

use super::instance_create::InstanceCreate;
use super::words;
use crate::guard::Insistence;
use crate::units::Span;

/// `instance`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct Instance {
    /// What to do with them.
    #[command(subcommand)]
    pub what: InstanceCommand,
}

/// What to do with instances.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum InstanceCommand {
    /// List instances with owner, state, size and what they cost an hour
    #[command(after_help = "\
Examples:
  lightsout instance list
  lightsout instance list --mine                          those of whoever is logged in to az
  lightsout instance list --state running --workspace ml-dev
  lightsout instance list --size 'Standard_NC*' --json | jq -r '.[].id'
  lightsout instance list --policy office --owner ada@example.org")]
    List(InstanceList),
    /// Show everything that Azure tells of an instance: addresses, SSH, applications, disks, timers, scripts, errors
    #[command(after_help = "\
Examples:
  lightsout instance show ci-ada
  lightsout instance show ml-dev/ci-ada --wait            until what is under way has ended
  lightsout instance show ci-ada --json | jq '.details.applications'
  lightsout instance show ci-ada --scripts                with the texts of its setup scripts

The texts and arguments of setup scripts are shown on request alone: they may hold what is nobody's business.")]
    Show(InstanceShow),
    /// Start stopped instances
    #[command(after_help = "\
Examples:
  lightsout instance start ci-ada
  lightsout instance start ci-ada ci-bob --no-wait        asked for, and not waited for
  lightsout instance start ci-ada --as-me                 with the rights of whoever is logged in to az
  lightsout instance start ci-ada --dry-run               the request, which is not sent

Azure starts only what is stopped. A freeze keeps nobody from starting. Exit code 4 when one could not be started.")]
    Start(InstanceStart),
    /// Stop instances now, past their policy's hours, and never past a hold, a freeze or a policy that only observes
    #[command(after_help = "\
Examples:
  lightsout instance stop ci-ada --reason \"left for the day\"
  lightsout instance stop ci-ada ci-bob
  lightsout instance stop ci-ada --even-if-in-use

The same look, intent and verification as for every stop of the service. Exit code 4 when one could not be stopped.")]
    Stop(InstanceStop),
    /// Restart instances: what runs on them is lost
    #[command(after_help = "\
Examples:
  lightsout instance restart ci-ada
  lightsout instance restart ci-ada --even-if-in-use

One that is in use or held is left alone unless you say otherwise, and so is every one while everything is frozen.")]
    Restart(InstanceRestart),
    /// Delete instances with all that is on their disks; asks first
    #[command(after_help = "\
Examples:
  lightsout instance delete ci-ada                        names what is lost, and asks for the name
  lightsout instance delete ci-old-a ci-old-b --yes
  lightsout instance delete ci-ada --dry-run              the request, which is not sent

Deleting frees vCPU quota and ends what a stopped instance still costs. The files of the workspace's file share stay.")]
    Delete(InstanceDelete),
    /// Create an instance, or several from a file; says what it costs, and asks first
    #[command(after_help = "\
Examples:
  lightsout instance create ci-ada --workspace ml-dev --size Standard_DS3_v2
  lightsout instance create ci-ada -w ml-dev -s Standard_DS3_v2 --idle-shutdown 60m --tag team=vision \\
      --schedule 'stop Mon-Fri 19:00 Europe/Madrid' --schedule 'start Mon-Fri 08:00 Europe/Madrid'
  lightsout instance create ci-ada -w ml-dev -s Standard_DS3_v2 --ssh on --ssh-key ~/.ssh/id_rsa.pub
  lightsout instance create ci-ada -w ml-dev -s Standard_DS3_v2 --on-behalf-of OBJECT_ID --tenant TENANT_ID
  lightsout instance create ci-ada -w ml-dev -s Standard_DS3_v2 --setup-script creation=Users/ada/setup.sh
  lightsout instance create ci-ada -w ml-dev -s Standard_DS3_v2 --dry-run     the request, which is not sent
  lightsout instance create --from class.toml --yes                           all that the file names

One that exists is never touched: making it anew would overwrite it. It is looked for right before, and the request says
If-None-Match: *. Each table [[instance]] of a file has the names of the flags, such as name, workspace, size, idle_shutdown.")]
    Create(Box<InstanceCreate>),
}

/// Which instances, and why.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct Which {
    /// Names, each also WORKSPACE/NAME or a full ARM id
    #[arg(value_name = "INSTANCE", required = true)]
    pub instances: Vec<String>,
    /// Why; for the audit log
    #[arg(long, value_name = "WORDS", value_parser = words)]
    pub reason: Option<String>,
}

/// In spite of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ClapArgs)]
pub struct Insists {
    /// Also one that something says is in use: what runs on it is lost
    #[arg(long)]
    pub even_if_in_use: bool,
    /// Also one that is held
    #[arg(long)]
    pub even_if_held: bool,
}

impl Insists {
    /// The same, as the guard weighs it.
    #[must_use]
    pub const fn insistence(self) -> Insistence {
        Insistence { even_if_in_use: self.even_if_in_use, even_if_held: self.even_if_held }
    }
}

/// How long to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ClapArgs)]
pub struct Waiting {
    /// Return as soon as Azure was asked; it says how to follow
    #[arg(long)]
    pub no_wait: bool,
    /// Wait no longer than this; what is under way then goes on
    #[arg(long, value_name = "LENGTH", default_value = "60m")]
    pub timeout: Span,
}

/// With whose rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ClapArgs)]
pub struct Rights {
    /// With the rights of whoever is logged in to az, instead of the identity in the settings
    #[arg(long)]
    pub as_me: bool,
}

/// `instance list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, ClapArgs)]
pub struct InstanceList {
    /// Those of whoever is logged in to az
    #[arg(long, conflicts_with = "owner")]
    pub mine: bool,
    /// Those of this owner: a name, or an object id; * stands for any text
    #[arg(long, value_name = "OWNER")]
    pub owner: Option<String>,
    /// Those in this state, such as running, stopped or SetupFailed
    #[arg(long, value_name = "STATE")]
    pub state: Option<String>,
    /// Those of this size; * stands for any text
    #[arg(long, value_name = "SIZE")]
    pub size: Option<String>,
    /// Those of this workspace; * stands for any text
    #[arg(long, short, value_name = "WORKSPACE")]
    pub workspace: Option<String>,
    /// Those that this policy governs
    #[arg(long, value_name = "POLICY")]
    pub policy: Option<String>,
}

/// `instance show`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct InstanceShow {
    /// Its name, WORKSPACE/NAME, or full ARM id
    #[arg(value_name = "INSTANCE")]
    pub instance: String,
    /// Wait until what is under way has ended
    #[arg(long)]
    pub wait: bool,
    /// With --wait no longer than this
    #[arg(long, value_name = "LENGTH", default_value = "60m")]
    pub timeout: Span,
    /// With the texts and arguments of its setup scripts
    #[arg(long)]
    pub scripts: bool,
    /// With whose rights.
    #[command(flatten)]
    pub rights: Rights,
}

/// `instance start`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct InstanceStart {
    /// Which, and why.
    #[command(flatten)]
    pub which: Which,
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

/// `instance stop`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct InstanceStop {
    /// Which, and why.
    #[command(flatten)]
    pub which: Which,
    /// Also one that something says is in use: what runs on it is lost
    #[arg(long)]
    pub even_if_in_use: bool,
    /// Print the request, and send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// How long to wait.
    #[command(flatten)]
    pub waiting: Waiting,
}

/// `instance restart`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct InstanceRestart {
    /// Which, and why.
    #[command(flatten)]
    pub which: Which,
    /// What it is done in spite of.
    #[command(flatten)]
    pub insists: Insists,
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

/// `instance delete`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct InstanceDelete {
    /// Which, and why.
    #[command(flatten)]
    pub which: Which,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// What it is done in spite of.
    #[command(flatten)]
    pub insists: Insists,
    /// Say what is lost, print the request, and send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// How long to wait.
    #[command(flatten)]
    pub waiting: Waiting,
    /// With whose rights.
    #[command(flatten)]
    pub rights: Rights,
}
