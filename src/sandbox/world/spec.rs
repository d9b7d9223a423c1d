//! What a world is made of before anything has happened in it.

use jiff::{SignedDuration, Timestamp};

use super::creation::{Asked, Scripts};
use super::machine::State;
use super::prices::PriceList;
use super::quota::Limits;

/// A whole simulated estate.
#[derive(Debug, Clone)]
pub struct WorldSpec {
    /// All chance comes from here.
    pub seed: u64,
    /// When the world begins for its visitors; meters and histories begin here.
    pub start: Timestamp,
    /// How long people have lived in it before `start`, so that the first look finds a used place.
    pub warm_up: SignedDuration,
    /// The Entra tenant id everyone belongs to.
    pub tenant: String,
    /// What everything costs.
    pub prices: PriceList,
    /// How many cores and computes a subscription may have in a region.
    pub limits: Limits,
    /// The workspaces, in the order the lists give them.
    pub workspaces: Vec<WorkspaceSpec>,
}

/// One workspace.
#[derive(Debug, Clone)]
pub struct WorkspaceSpec {
    /// Subscription id.
    pub subscription: String,
    /// Resource group.
    pub resource_group: String,
    /// Workspace name.
    pub name: String,
    /// The region as ARM normalises it (`westeurope`).
    pub region: String,
    /// The region as its creator typed it, which ARM echoes on computes (`west europe`).
    pub location: String,
    /// Tags of the workspace.
    pub tags: Vec<(String, String)>,
    /// Its compute instances.
    pub instances: Vec<InstanceSpec>,
    /// Computes of other types, which are listed between them.
    pub others: Vec<OtherCompute>,
}

/// A compute that is no compute instance.
#[derive(Debug, Clone)]
pub struct OtherCompute {
    /// Its name.
    pub name: String,
    /// Its type: `AmlCompute` or `Kubernetes`, or any other word.
    pub compute_type: String,
}

/// One compute instance and the person who works on it.
#[derive(Debug, Clone)]
pub struct InstanceSpec {
    /// Its name, unique in the workspace.
    pub name: String,
    /// VM size as one writes it (`Standard_DS3_v2`).
    pub vm_size: String,
    /// Tags of the compute.
    pub tags: Vec<(String, String)>,
    /// Who made it; some machines say nothing.
    pub owner: Option<Owner>,
    /// How its person lives; none means that nobody uses it and nothing happens by itself.
    pub habits: Option<Habits>,
    /// Azure's own idle timer in minutes, where set.
    pub idle_minutes: Option<u32>,
    /// Whether it has a managed identity, which is no Contributor: its idle timer does nothing then.
    pub identity: bool,
    /// Its custom applications: with any, its idle timer does nothing.
    pub custom_services: Vec<String>,
    /// Azure's own schedules, at most four.
    pub schedules: Vec<NativeSchedule>,
    /// When its disk fills up, refusing stops until the owner, told by the first refusal, makes room.
    pub disk_fills_at: Option<Timestamp>,
    /// Its state at the beginning.
    pub state: State,
    /// When it was created.
    pub created_on: Timestamp,
    /// Its setup scripts.
    pub scripts: Scripts,
    /// What the request that made it wrote, where one did.
    pub asked: Option<Asked>,
}

/// Who made a machine and whose it is.
#[derive(Debug, Clone)]
pub struct Owner {
    /// The sign-in name; older instances have none.
    pub user_name: Option<String>,
    /// Entra object id.
    pub object_id: String,
    /// The object id of the user the machine was made for, where it was made on behalf of someone.
    pub assigned_to: Option<String>,
}

/// How a person lives; all shares are in percent.
#[derive(Debug, Clone)]
pub struct Habits {
    /// IANA zone whose clock the person keeps.
    pub zone: String,
    /// Usual arrival, in minutes after midnight.
    pub arrives: i64,
    /// Usual stay, in minutes.
    pub stays: i64,
    /// Evenings on which the machine is left on for no reason.
    pub forgets: u32,
    /// Days that end with a training job for the night.
    pub night_jobs: u32,
    /// Days that end with a run under tmux for the night.
    pub tmux_runs: u32,
    /// Evenings with some work after dinner.
    pub evenings: u32,
    /// Weekend days with some work.
    pub weekends: u32,
    /// Days that become long.
    pub late_days: u32,
    /// Weeks spent on holiday.
    pub holidays: u32,
    /// Notices answered with a wish to keep the machine, when it is in use.
    pub asks_hold: u32,
}

/// What a schedule of the machine's own does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NativeAction {
    /// Starts the machine.
    Start,
    /// Stops the machine.
    Stop,
}

/// The two ways Azure writes a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduleStyle {
    /// A five-field cron expression.
    Cron,
    /// A weekly recurrence.
    Recurrence,
}

/// One of Azure's own schedules: a time of day on some weekdays.
#[derive(Debug, Clone)]
pub struct NativeSchedule {
    /// Start or stop.
    pub action: NativeAction,
    /// How it is written on the wire.
    pub style: ScheduleStyle,
    /// Hour of the day.
    pub hour: i8,
    /// Minute of the hour.
    pub minute: i8,
    /// Days, Monday = 1 … Sunday = 7.
    pub weekdays: Vec<i8>,
    /// The zone name that goes on the wire (`Romance Standard Time`).
    pub windows_zone: String,
    /// The same zone by its IANA name, by which the simulation fires it.
    pub zone: String,
    /// Disabled schedules are listed and never fire.
    pub enabled: bool,
}

/// A world that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// A zone name that the time zone data does not know.
    #[error("instance {instance}: time zone {zone} is unknown; name an IANA zone such as Europe/Madrid")]
    Zone {
        /// The instance whose person or schedule names it.
        instance: String,
        /// The name.
        zone: String,
        /// What the time zone library said.
        #[source]
        cause: jiff::Error,
    },
    /// Two instances with one id.
    #[error("instance {id} is given twice; names must be unique in a workspace")]
    Twice {
        /// The id.
        id: String,
    },
    /// An instant beyond what can be written.
    #[error("the warm-up before {start} leaves the calendar; choose a later start")]
    Start {
        /// The start asked for.
        start: Timestamp,
        /// What the time library said.
        #[source]
        cause: jiff::Error,
    },
}
