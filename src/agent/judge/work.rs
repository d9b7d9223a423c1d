//! The machine's own figures: containers, the processor, disks.

use std::collections::BTreeMap;

use super::found::{Found, Seen, cores, strongest};
use crate::agent::facts::Look;
use crate::agent::rules::Rules;
use crate::heartbeat::Signal;

/// Containers: what works in them counts, that they run does not.
pub(super) fn containers(look: &Look, rules: &Rules) -> Found {
    let mut by_id: BTreeMap<&str, (u64, u64, &str)> = BTreeMap::new();
    for process in look.processes() {
        let Some(id) = process.who.container.as_deref() else {
            continue;
        };
        if rules.containers.is_ignored(&process.stat.name) {
            continue;
        }
        let mean = look.window.mean_of(process.stat.pid);
        let (sum, most, name) = by_id.entry(id).or_insert((0, 0, &process.stat.name));
        *sum = sum.saturating_add(mean);
        if mean > *most {
            (*most, *name) = (mean, &process.stat.name);
        }
    }
    if look.snapshot.is_none() {
        return strongest(Signal::Containers, vec![Seen::unknown("processes could not be read")], "");
    }
    let count = by_id.len();
    let working = by_id.into_iter().filter(|(_, (sum, ..))| *sum >= u64::from(rules.containers.busy_permille));
    let words = |id: &str, sum: u64, name: &str| format!("container {id} uses {} cores, most by {name}", cores(sum));
    let seen = working.map(|(id, (sum, _, name))| Seen::busy(look.at, words(id, sum, name))).collect();
    let none = if count == 0 { "no container".to_owned() } else { format!("{count} containers, and none works") };
    strongest(Signal::Containers, seen, &none)
}

/// The processor: one busy core of 64 is busy, in any sample.
pub(super) fn cpu(look: &Look, rules: &Rules) -> Found {
    let window = &look.window;
    let mut words = format!(
        "{} cores at most, {} on average; the whole machine {} at most",
        cores(window.counted.max),
        cores(window.counted.mean),
        cores(window.machine.max)
    );
    if let Some((_, name, uid)) = &window.top {
        words.push_str(&format!("; most by {name} of {}", look.name(*uid)));
    }
    let seen = if window.length == 0 || look.snapshot.is_none() {
        Seen::unknown("nothing to compare with yet")
    } else if window.counted.max >= u64::from(rules.cpu.busy_permille) {
        Seen::busy(look.at, words)
    } else {
        Seen::quiet(words)
    };
    strongest(Signal::Cpu, vec![seen], "")
}

/// Reading and writing disks.
pub(super) fn disk_io(look: &Look, rules: &Rules) -> Found {
    let tenths = |bytes: u64| {
        let tenths = bytes / 100_000;
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    let seen = if look.window.length == 0 {
        Seen::unknown("nothing to compare with yet")
    } else if let Some(disk) = look.window.disk {
        let words = format!("{} MB/s at most, {} on average", tenths(disk.max), tenths(disk.mean));
        let busy = disk.mean >= u64::from(rules.disk_io.busy_mb).saturating_mul(1_000_000);
        if busy { Seen::busy(look.at, words) } else { Seen::quiet(words) }
    } else {
        Seen::unknown("could not read what disks do out of /proc/diskstats")
    };
    strongest(Signal::DiskIo, vec![seen], "")
}

#[cfg(test)]
mod tests {
    use super::super::super::tests_support::{empty_look, look, process};
    use super::super::super::usage::{Peak, Window};
    use super::*;
    use crate::heartbeat::Kind;

    #[test]
    fn one_busy_core_of_sixty_four_is_busy_and_a_murmur_is_not() {
        let of = |permille: u64, uid: u32| cpu(&look(&[(process(9, 1).uid(uid), permille)]), &Rules::default()).kind;
        assert_eq!(of(1_000, 1000), Kind::Busy);
        assert_eq!(of(499, 1000), Kind::Quiet);
        assert_eq!(of(1_000, 0), Kind::Busy, "whoever's, when it works that hard");
        assert_eq!(of(400, 0), Kind::Quiet);
        let first = Look { window: Window::default(), ..empty_look() };
        assert_eq!(cpu(&first, &Rules::default()).kind, Kind::Unknown);
        let words = cpu(&look(&[(process(9, 1).uid(1000), 1_000)]), &Rules::default()).words;
        assert_eq!(words, "1.0 cores at most, 1.0 on average; the whole machine 0.0 at most; most by p9 of ana");
    }

    #[test]
    fn a_container_counts_when_all_of_it_together_works() {
        let part = |pid, permille| (process(pid, 1).uid(0).contained("abcdef012345"), permille);
        let found = containers(&look(&[part(8, 30), part(9, 30)]), &Rules::default());
        assert_eq!(
            (found.kind, found.words.as_str()),
            (Kind::Busy, "container abcdef012345 uses 0.06 cores, most by p8")
        );
        let found = containers(&look(&[part(8, 30), part(9, 10)]), &Rules::default());
        assert_eq!((found.kind, found.words.as_str()), (Kind::Quiet, "1 containers, and none works"));
    }

    #[test]
    fn disks_count_by_their_mean() {
        let of = |max: u64, mean: u64| {
            let window = Window { length: 60_000, disk: Some(Peak { max, mean }), ..Window::default() };
            disk_io(&Look { window, ..empty_look() }, &Rules::default()).kind
        };
        let unread = Look { window: Window { length: 60_000, ..Window::default() }, ..empty_look() };
        assert_eq!(disk_io(&unread, &Rules::default()).kind, Kind::Unknown);
        assert!(!super::super::judge(&unread, &Rules::default()).complete, "such a minute was not watched");
        assert_eq!(of(900_000_000, 19_999_999), Kind::Quiet);
        assert_eq!(of(20_000_000, 20_000_000), Kind::Busy);
    }
}
