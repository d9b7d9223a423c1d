//! Builders of facts for the tests of this room.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::facts::{GpuSaid, Identity, Look, Process, Snapshot};
use super::parse::ProcessStat;
use super::usage::{Peak, Window};

/// A process of the system, called after its pid.
pub(crate) fn process(pid: u32, parent: u32) -> Process {
    let stat = ProcessStat {
        pid,
        name: format!("p{pid}"),
        parent,
        terminal: 0,
        own: 0,
        children: 0,
        began: u64::from(pid),
        kernel: false,
        ended: false,
    };
    Process { stat, who: Arc::new(Identity::default()) }
}

impl Process {
    fn who(mut self, change: impl FnOnce(&mut Identity)) -> Self {
        change(Arc::make_mut(&mut self.who));
        self
    }
    pub(crate) fn uid(self, uid: u32) -> Self {
        self.who(|who| who.uid = uid)
    }
    pub(crate) fn words(self, words: &str) -> Self {
        self.who(|who| who.words = words.split(' ').map(str::to_owned).collect())
    }
    pub(crate) fn contained(self, id: &str) -> Self {
        self.who(|who| who.container = Some(id.to_owned()))
    }
    pub(crate) fn in_session(self) -> Self {
        self.who(|who| who.session = true)
    }
    pub(crate) fn apart(self) -> Self {
        self.who(|who| who.apart = true)
    }
    pub(crate) fn own(mut self, own: u64) -> Self {
        self.stat.own = own;
        self
    }
    pub(crate) fn children(mut self, children: u64) -> Self {
        self.stat.children = children;
        self
    }
    pub(crate) fn began(mut self, began: u64) -> Self {
        self.stat.began = began;
        self
    }
    pub(crate) fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.stat.name);
        self
    }
    pub(crate) fn on(mut self, terminal: u32) -> Self {
        self.stat.terminal = terminal;
        self
    }
}

/// A snapshot being built.
pub(crate) struct Build(Snapshot);

impl Build {
    pub(crate) fn new(at: u64) -> Self {
        Self(Snapshot { at, bytes: Some(0), ..Snapshot::default() })
    }
    pub(crate) fn with(mut self, process: Process) -> Self {
        self.0.processes.insert(process.stat.pid, process);
        self
    }
    pub(crate) fn ticks(mut self, ticks: u64) -> Self {
        self.0.ticks = ticks;
        self
    }
    pub(crate) fn done(self) -> Snapshot {
        self.0
    }
}

/// An instant of the day that all tests live in.
pub(crate) fn at(text: &str) -> Timestamp {
    format!("2026-03-02T{text}Z").parse().unwrap()
}

/// A look at a minute in which these processes used so many thousandths of a core each, at 10:00.
pub(crate) fn look(processes: &[(Process, u64)]) -> Look {
    let before: Vec<Process> = processes.iter().map(|(process, _)| process.clone().own(0)).collect();
    let mut tally = super::usage::Tally::default();
    let rules = super::rules::CpuRules::default();
    let first = before.into_iter().fold(Build::new(0).with(process(1, 0)), Build::with);
    tally.add(first.done(), &rules);
    let last = processes.iter().fold(Build::new(60_000).with(process(1, 0)), |build, (process, permille)| {
        build.with(process.clone().own(permille * 6))
    });
    tally.add(last.done(), &rules);
    let (window, snapshot) = tally.close();
    Look { window, snapshot, ..empty_look() }
}

/// A look at a machine with nothing on it.
pub(crate) fn empty_look() -> Look {
    Look {
        at: at("10:00:00"),
        window: Window { length: 60_000, disk: Some(Peak::default()), ..Window::default() },
        snapshot: Some(Build::new(60_000).with(process(1, 0)).done()),
        names: BTreeMap::from([(1000, "ana".to_owned())]),
        terminals: Ok(Vec::new()),
        logins: Vec::new(),
        servers: Vec::new(),
        gpu: GpuSaid::None,
        disks: Vec::new(),
    }
}

/// A token in the shape of Entra's, with these claims and no signature that anybody could check.
pub(crate) fn entra_token(claims: &str) -> String {
    use base64::Engine as _;
    let part = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.c2ln", part("{\"alg\":\"RS256\"}"), part(claims))
}
