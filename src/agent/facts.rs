//! What one look at the machine found, raw: nothing here is judged yet.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::parse::{Gpu, Kernel, Login, ProcessStat, Terminal};
use super::rules::{ContainerRules, CpuRules};
use super::usage::Window;

/// One process: its figures, and who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its figures now.
    pub stat: ProcessStat,
    /// What does not change while it runs.
    pub who: Arc<Identity>,
}

impl Process {
    /// True for what a person runs: as themselves, or as another user (`sudo`) in their session or at their terminal.
    #[must_use]
    pub fn is_persons(&self, rules: &CpuRules) -> bool {
        // Pseudo-terminals have the major numbers 136 to 143.
        let at_terminal = (136..=143).contains(&(self.stat.terminal >> 8 & 0xfff));
        rules.is_persons(self.who.uid) || self.who.session || at_terminal
    }

    /// True for a process of a container that does not count.
    #[must_use]
    pub fn is_left_out(&self, rules: &ContainerRules) -> bool {
        self.who.container.is_some() && rules.is_ignored(&self.stat.name)
    }
}

/// Who a process is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// The user that it runs for.
    pub uid: u32,
    /// The container it is in.
    pub container: Option<String>,
    /// It belongs to a system service.
    pub apart: bool,
    /// It belongs to somebody's session.
    pub session: bool,
    /// Its command line.
    pub words: Vec<String>,
}

/// Every process at one moment, and the machine's own counters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// Milliseconds after the boot.
    pub at: u64,
    /// Processor time of the machine, in hundredths of a second.
    pub ticks: u64,
    /// Bytes that disks moved; none when that could not be read.
    pub bytes: Option<u64>,
    /// By pid.
    pub processes: BTreeMap<u32, Process>,
}

/// A terminal that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tty {
    /// Below `/dev`: `pts/3`.
    pub line: String,
    /// Its device number, as processes name it.
    pub device: u32,
    /// Whose it is.
    pub uid: u32,
    /// When something typed was last read from it.
    pub last_input: Timestamp,
}

/// A Jupyter server, and what it answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Where it was asked.
    pub url: String,
    /// Its process, where its own file says that.
    pub pid: Option<u32>,
    /// What it said.
    pub said: Result<Said, Trouble>,
}

/// What a Jupyter server said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// Its kernels.
    pub kernels: Vec<Kernel>,
    /// Its terminals.
    pub terminals: Vec<Terminal>,
    /// Notebooks by kernel.
    pub names: BTreeMap<String, String>,
}

/// Why a Jupyter server said nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing listens there.
    Refused,
    /// Anything else, with what to do.
    Failed(String),
}

/// What is known of GPUs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GpuSaid {
    /// The machine has none.
    None,
    /// Its cards, and who computes on them; none where the driver does not tell.
    Cards(Vec<Gpu>, Option<Vec<u32>>),
    /// It has some, and they could not be asked.
    Failed(String),
}

/// How much room a disk has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// Where it is mounted.
    pub mount: String,
    /// Bytes left.
    pub free: u64,
    /// Bytes in all.
    pub size: u64,
}

/// One look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// When, by the wall clock.
    pub at: Timestamp,
    /// What was spent since the look before.
    pub window: Window,
    /// Processes; none when they could not be read.
    pub snapshot: Option<Snapshot>,
    /// Names of users.
    pub names: BTreeMap<u32, String>,
    /// Terminals that are open, or why they could not be read.
    pub terminals: Result<Vec<Tty>, String>,
    /// Who is at them.
    pub logins: Vec<Login>,
    /// Jupyter servers that were asked.
    pub servers: Vec<Server>,
    /// GPUs.
    pub gpu: GpuSaid,
    /// Disks.
    pub disks: Vec<Room>,
}

impl Look {
    /// The name of a user, or its number.
    #[must_use]
    pub fn name(&self, uid: u32) -> String {
        self.names.get(&uid).cloned().unwrap_or_else(|| format!("user {uid}"))
    }

    /// Every process; none where they could not be read.
    pub fn processes(&self) -> impl Iterator<Item = &Process> {
        self.snapshot.iter().flat_map(|snapshot| snapshot.processes.values()).filter(|process| !process.stat.ended)
    }

    /// A process by its number.
    #[must_use]
    pub fn process(&self, pid: u32) -> Option<&Process> {
        self.snapshot.as_ref()?.processes.get(&pid)
    }

    /// The parent of a process, its parent, and so on. A loop, which a torn reading may hold, ends.
    pub fn ancestors(&self, pid: u32) -> impl Iterator<Item = &Process> {
        let parent = |process: &&Process| self.process(process.stat.parent);
        std::iter::successors(self.process(pid).and_then(|process| parent(&process)), move |one| parent(one)).take(64)
    }

    /// How much of one core a process and all below it used on average, in thousandths.
    #[must_use]
    pub fn tree_use(&self, root: u32) -> u64 {
        let below = |pid: u32| pid == root || self.ancestors(pid).any(|process| process.stat.pid == root);
        let pids = self.processes().map(|process| process.stat.pid).filter(|pid| below(*pid));
        pids.map(|pid| self.window.mean_of(pid)).fold(0, u64::saturating_add)
    }
}
