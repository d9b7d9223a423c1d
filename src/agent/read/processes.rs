//! Every process. Who one is, is read when it is first seen and at each whole look; its figures at each sample.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::files::Root;
use crate::agent::facts::{Identity, Process, Snapshot};
use crate::agent::parse::{
    command_line, container, disk_bytes, kept_apart, machine_ticks, of_session, process_stat, real_uid,
};

/// Files of `/proc` are read so far.
const MOST: u64 = 16 * 1_024;
/// `/proc/stat` and `/proc/diskstats` have a line for each core and disk.
const MOST_OF_MACHINE: u64 = 256 * 1_024;

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// Figures, and whoever is new.
    Sample,
    /// All anew: a process may have become another program or user.
    Look,
}

/// Reads processes, and remembers who they are.
#[derive(Debug, Default)]
pub(super) struct Processes {
    known: HashMap<(u32, u64), Arc<Identity>>,
    /// Threads of the kernel, as of the last look: they are nobody's, a large machine has thousands, and samples pass
    /// them by.
    kernel: HashSet<u32>,
}

impl Processes {
    /// Every process now; none when `/proc` hides others from us, so that their absence says nothing.
    pub(super) fn snapshot(&mut self, root: &Root, at: u64, depth: Depth) -> Option<Snapshot> {
        let ticks = machine_ticks(&root.text("/proc/stat", MOST_OF_MACHINE).ok()?)?;
        let bytes = disk_bytes(&root.text("/proc/diskstats", MOST_OF_MACHINE).unwrap_or_default());
        let mut snapshot = Snapshot { at, ticks, bytes, ..Snapshot::default() };
        let mut known = HashMap::with_capacity(self.known.len());
        if depth == Depth::Look {
            self.kernel.clear();
        }
        for pid in root.names("/proc").ok()?.iter().filter_map(|name| name.parse::<u32>().ok()) {
            if self.kernel.contains(&pid) {
                continue;
            }
            // One that ends while it is read is gone.
            let Some(stat) = root.text(&format!("/proc/{pid}/stat"), MOST).ok().and_then(|text| process_stat(&text))
            else {
                continue;
            };
            if stat.kernel {
                self.kernel.insert(pid);
                continue;
            }
            let key = (pid, stat.began);
            let old = self.known.get(&key).filter(|_| depth == Depth::Sample).cloned();
            let Some(who) = old.or_else(|| identity(root, pid).map(Arc::new)) else {
                continue;
            };
            known.insert(key, Arc::clone(&who));
            snapshot.processes.insert(pid, Process { stat, who });
        }
        self.known = known;
        snapshot.processes.contains_key(&1).then_some(snapshot)
    }
}

fn identity(root: &Root, pid: u32) -> Option<Identity> {
    let uid = real_uid(&root.text(&format!("/proc/{pid}/status"), MOST).ok()?)?;
    let cgroup = root.text(&format!("/proc/{pid}/cgroup"), MOST).unwrap_or_default();
    let words = root.bytes(&format!("/proc/{pid}/cmdline"), MOST).unwrap_or_default();
    Some(Identity {
        uid,
        container: container(&cgroup),
        apart: kept_apart(&cgroup),
        session: of_session(&cgroup),
        words: command_line(&words),
    })
}
