//! Every process. Who one is, is read when it is first seen and every few looks; its figures at each sample.

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
    /// Figures, and whoever is new or has become another program.
    Sample,
    /// The same, and at every few looks all anew: a process may have become another user's.
    Look,
}

/// So many looks share what was read of who processes are.
const RENEW_EVERY: u32 = 5;

/// Who a process is, and the name that it had when that was read.
#[derive(Debug, Clone)]
struct Known {
    name: String,
    who: Arc<Identity>,
}

/// Reads processes, and remembers who they are.
#[derive(Debug, Default)]
pub(super) struct Processes {
    known: HashMap<(u32, u64), Known>,
    looks: u32,
    /// Threads of the kernel, as of the last look: they are nobody's, a large machine has thousands, and samples pass
    /// them by.
    kernel: HashSet<u32>,
}

impl Processes {
    /// Every process now; none when `/proc` hides others from us, so that their absence says nothing.
    pub(super) fn snapshot(&mut self, root: &Root, at: u64, depth: Depth) -> Option<Snapshot> {
        let ticks = machine_ticks(&root.text("/proc/stat", MOST_OF_MACHINE).ok()?)?;
        let bytes = root.text("/proc/diskstats", MOST_OF_MACHINE).ok().and_then(|text| disk_bytes(&text));
        let mut snapshot = Snapshot { at, ticks, bytes, ..Snapshot::default() };
        let mut known = HashMap::with_capacity(self.known.len());
        let anew = depth == Depth::Look && self.looks.is_multiple_of(RENEW_EVERY);
        if depth == Depth::Look {
            self.looks = self.looks.wrapping_add(1);
        }
        if anew {
            self.kernel.clear();
        }
        for pid in root.names("/proc").ok()?.iter().filter_map(|name| name.parse::<u32>().ok()) {
            if self.kernel.contains(&pid) {
                continue;
            }
            // One that ends while it is read is gone.
            let Some(stat) = root.line(&format!("/proc/{pid}/stat")).ok().and_then(|text| process_stat(&text)) else {
                continue;
            };
            if stat.kernel {
                self.kernel.insert(pid);
                continue;
            }
            let key = (pid, stat.began);
            let old = self.known.get(&key).filter(|old| !anew && old.name == stat.name).cloned();
            let new = || Some(Known { name: stat.name.clone(), who: Arc::new(identity(root, pid)?) });
            let Some(found) = old.or_else(new) else {
                continue;
            };
            let who = Arc::clone(&found.who);
            known.insert(key, found);
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
