//! The heartbeat as it is sent, and its answer.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The version of the format that this program writes. A service takes those up to its own; a field it does not know
/// is left out.
pub const VERSION: u32 = 1;

/// One look at an instance, and what is remembered of those before it: nothing but the newest needs to arrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// The version of the format: [`VERSION`].
    pub v: u32,
    /// The version of the agent.
    pub agent: String,
    /// The ARM id of the instance, as its token names it.
    pub instance: String,
    /// The boot id of the kernel: another boot is another record.
    pub boot: String,
    /// Counts up within a boot, from 1.
    pub seq: u64,
    /// When it was sent, by the instance's clock; each try of sending has its own.
    pub sent_at: Timestamp,
    /// When the look was taken.
    pub looked_at: Timestamp,
    /// Every signal that is looked at, with what it says now.
    pub signs: Vec<Sign>,
    /// Over which time every required signal was read: disjoint, oldest first, at most 16.
    pub watched: Vec<Watched>,
    /// Disks that the instance depends on, the fullest first, at most 8.
    #[serde(default)]
    pub disks: Vec<DiskRoom>,
}

/// One signal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sign {
    /// Which.
    pub signal: Signal,
    /// What it says now.
    pub kind: Kind,
    /// The newest moment of use that it saw in this boot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_busy: Option<Timestamp>,
    /// What was seen, as a fragment of a sentence, at most 200 characters: `kernel of train.ipynb is busy`.
    pub words: String,
}

/// The signals, a list that may grow: one that the service does not know counts with its kind all the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// Kernels, sessions and terminals of Jupyter servers.
    Jupyter,
    /// Terminals and SSH sessions, by their last input.
    Terminals,
    /// VS Code servers.
    Vscode,
    /// RStudio sessions.
    Rstudio,
    /// Process trees under tmux, screen or nobody.
    Detached,
    /// Containers.
    Containers,
    /// The processor.
    Cpu,
    /// Reading and writing disks.
    DiskIo,
    /// GPUs.
    Gpu,
    /// Another one.
    #[serde(untagged)]
    Other(String),
}

impl Signal {
    /// The word for it.
    #[must_use]
    pub fn label(&self) -> &str {
        match self {
            Self::Jupyter => "jupyter",
            Self::Terminals => "terminals",
            Self::Vscode => "vscode",
            Self::Rstudio => "rstudio",
            Self::Detached => "detached",
            Self::Containers => "containers",
            Self::Cpu => "cpu",
            Self::DiskIo => "disk_io",
            Self::Gpu => "gpu",
            Self::Other(word) => word,
        }
    }
}

/// What a signal says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Nobody uses it.
    Quiet,
    /// Somebody is connected and does nothing.
    Connected,
    /// In use.
    Busy,
    /// It could not be read. A word of a later version reads as this.
    #[serde(other)]
    Unknown,
}

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
}

/// How much room a disk has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskRoom {
    /// Where it is mounted.
    pub mount: String,
    /// Bytes left for use.
    pub free_bytes: u64,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// When it will be full if it goes on as it did; none when it does not fill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_at: Option<Timestamp>,
}

/// What the service answers: what it means to do with the instance, for the person on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The service's clock.
    pub at: Timestamp,
    /// How long until the next heartbeat is wanted, in seconds.
    pub next_in: u32,
    /// `keep`, `warn` or `stop`; none when nobody has decided yet, or no policy governs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// When it is due to stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_at: Option<Timestamp>,
    /// Why it is kept, or stops: a sentence each, the strongest first.
    #[serde(default)]
    pub why: Vec<String>,
    /// By which policy, and whether it only observes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}
