//! What was spent between looks: processor time by process, and the maxima of short samples, which a mean would hide.

use std::collections::BTreeMap;

use super::facts::{Process, Snapshot};
use super::rules::CpuRules;

/// A hundredth of a second in milliseconds: `/proc` counts in these on every Linux that Azure offers.
const TICK: u64 = 10;
/// The first process: what it waits for was nobody's for a while, and is not its own work.
const INIT: u32 = 1;

/// The highest sample, and the sum of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Peak {
    /// The highest rate of any sample.
    pub max: u64,
    /// The mean rate.
    pub mean: u64,
}

/// What was spent between two looks. Processor use is in thousandths of one core.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Window {
    /// Its length in milliseconds, by a clock that never jumps.
    pub length: u64,
    /// The whole machine.
    pub machine: Peak,
    /// People's processes and containers, and whatever of the system's works as hard as to count.
    pub counted: Peak,
    /// The hardest working process that counts: its pid, name and user.
    pub top: Option<(u32, String, u32)>,
    /// Bytes a second of all disks; none when they could not be read in every sample.
    pub disk: Option<Peak>,
    pub(super) spent: BTreeMap<u32, u64>,
}

impl Window {
    /// How much of a core a process used on average.
    #[must_use]
    pub fn mean_of(&self, pid: u32) -> u64 {
        rate(self.spent.get(&pid).copied().unwrap_or(0), self.length)
    }
}

/// Hundredths of a second in so many milliseconds, as thousandths of a core.
fn rate(ticks: u64, length: u64) -> u64 {
    ticks.saturating_mul(TICK).saturating_mul(1_000).checked_div(length).unwrap_or(0)
}

/// Adds samples up to a window.
#[derive(Debug, Default)]
pub struct Tally {
    last: Option<Snapshot>,
    length: u64,
    ticks: u64,
    counted: u64,
    bytes: u64,
    bytes_max: u64,
    /// Disks could not be read in some sample.
    unread: bool,
    top: u64,
    window: Window,
}

impl Tally {
    /// Takes one sample.
    pub fn add(&mut self, now: Snapshot, rules: &CpuRules) {
        if let Some(before) = self.last.take().filter(|before| before.at < now.at) {
            self.between(&before, &now, rules);
        }
        self.last = Some(now);
    }

    fn between(&mut self, before: &Snapshot, now: &Snapshot, rules: &CpuRules) {
        let length = now.at.saturating_sub(before.at);
        let burnt = burnt(before, now);
        let (mut counted, mut system, mut hardest) = (0_u64, 0_u64, None);
        for (pid, ticks) in &burnt {
            let share = rate(*ticks, length);
            let Some(process) = now.processes.get(pid) else {
                continue;
            };
            match whose(process, share, rules) {
                Whose::Persons => counted = counted.saturating_add(*ticks),
                Whose::Systems => system = system.saturating_add(*ticks),
                Whose::Housekeeping => continue,
            }
            if hardest.as_ref().is_none_or(|(most, _)| share > *most) {
                hardest = Some((share, process));
            }
        }
        // Many small processes of the system's that together work this hard are no murmur: a build under sudo.
        if rate(system, length) >= u64::from(rules.system_permille) {
            counted = counted.saturating_add(system);
        }
        if let Some((share, process)) = hardest.filter(|(share, _)| *share > self.top) {
            self.top = share;
            self.window.top = Some((process.stat.pid, process.stat.name.clone(), process.who.uid));
        }
        let ticks = now.ticks.saturating_sub(before.ticks);
        self.length = self.length.saturating_add(length);
        self.ticks = self.ticks.saturating_add(ticks);
        self.counted = self.counted.saturating_add(counted);
        match before.bytes.zip(now.bytes) {
            Some((old, new)) => self.moved(new.saturating_sub(old), length),
            None => self.unread = true,
        }
        self.window.machine.max = self.window.machine.max.max(rate(ticks, length));
        self.window.counted.max = self.window.counted.max.max(rate(counted, length));
        for (pid, ticks) in burnt.into_iter().filter(|(_, ticks)| *ticks > 0) {
            let spent = self.window.spent.entry(pid).or_default();
            *spent = spent.saturating_add(ticks);
        }
    }

    fn moved(&mut self, bytes: u64, length: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
        self.bytes_max = self.bytes_max.max(per_second(bytes, length));
    }

    /// The window since the last one was closed, and the newest sample.
    pub fn close(&mut self) -> (Window, Option<Snapshot>) {
        let mut window = std::mem::take(&mut self.window);
        window.length = self.length;
        window.machine.mean = rate(self.ticks, self.length);
        window.counted.mean = rate(self.counted, self.length);
        let disk = Peak { max: self.bytes_max, mean: per_second(self.bytes, self.length) };
        window.disk = (!self.unread).then_some(disk);
        let last = self.last.take();
        *self = Self { last: last.clone(), ..Self::default() };
        (window, last)
    }

    /// Forgets everything but that nothing is known: after a gap.
    pub fn restart(&mut self) {
        *self = Self::default();
    }
}

fn per_second(bytes: u64, length: u64) -> u64 {
    bytes.saturating_mul(1_000).checked_div(length).unwrap_or(0)
}

/// Whose work something is.
enum Whose {
    /// A person's or a container's: it counts.
    Persons,
    /// The system's own: it counts when all of it together is much.
    Systems,
    /// It never counts.
    Housekeeping,
}

/// Whose work keeps a machine on: people's, containers', and of the system's own what works as hard as a person's would
/// (`sudo python train.py`), unless it is known to be housekeeping.
fn whose(process: &Process, share: u64, rules: &CpuRules) -> Whose {
    if process.is_persons(rules) || process.who.container.is_some() {
        Whose::Persons
    } else if rules.is_housekeeping(&process.stat.name) {
        Whose::Housekeeping
    } else if share >= u64::from(rules.busy_permille) {
        Whose::Persons
    } else {
        Whose::Systems
    }
}

/// Processor time by process between two samples. What ended in between is in the time of whoever waited for it; what
/// was counted of that before is taken off again.
fn burnt(before: &Snapshot, now: &Snapshot) -> BTreeMap<u32, u64> {
    let same = |pid: &u32, old: &Process| now.processes.get(pid).is_some_and(|new| new.stat.began == old.stat.began);
    let mut known: BTreeMap<u32, u64> = BTreeMap::new();
    for (_, gone) in before.processes.iter().filter(|(pid, old)| !same(pid, old)) {
        let mut waiter = gone.stat.parent;
        for _ in 0..64 {
            match before.processes.get(&waiter) {
                Some(old) if !same(&waiter, old) => waiter = old.stat.parent,
                Some(_) | None => break,
            }
        }
        let sum = known.entry(waiter).or_default();
        *sum = sum.saturating_add(gone.stat.own.saturating_add(gone.stat.children));
    }
    let spent = |(pid, process): (&u32, &Process)| {
        let old = before.processes.get(pid).filter(|old| old.stat.began == process.stat.began);
        let (own, children) = old.map_or((0, 0), |old| (old.stat.own, old.stat.children));
        let waited = process.stat.children.saturating_sub(children);
        let waited = waited.saturating_sub(known.get(pid).copied().unwrap_or(0));
        let waited = if *pid == INIT { 0 } else { waited };
        (*pid, process.stat.own.saturating_sub(own).saturating_add(waited))
    };
    now.processes.iter().map(spent).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::{Build, process};
    use super::*;

    fn rules() -> CpuRules {
        CpuRules::default()
    }

    fn window(samples: &[Snapshot]) -> Window {
        let mut tally = Tally::default();
        for sample in samples {
            tally.add(sample.clone(), &rules());
        }
        tally.close().0
    }

    #[test]
    fn a_short_burst_is_in_the_maximum_and_not_lost_in_the_mean() {
        let sample =
            |at: u64, own: u64| Build::new(at * 1_000).with(process(50, 1).uid(1000).own(own)).ticks(own).done();
        let window = window(&[sample(0, 0), sample(15, 0), sample(30, 1_500), sample(45, 1_500), sample(60, 1_500)]);
        assert_eq!(window.length, 60_000);
        assert_eq!(window.counted, Peak { max: 1_000, mean: 250 });
        assert_eq!(window.machine, Peak { max: 1_000, mean: 250 });
        assert_eq!(window.top, Some((50, "p50".to_owned(), 1000)));
        assert_eq!(window.mean_of(50), 250);
    }

    #[test]
    fn disks_that_were_not_read_once_are_not_known_to_rest() {
        let sample = |at: u64, bytes: Option<u64>| Snapshot { bytes, ..Build::new(at * 1_000).done() };
        let of = |read: [Option<u64>; 3]| {
            window(&read.into_iter().zip(0..).map(|(bytes, at)| sample(at * 10, bytes)).collect::<Vec<_>>()).disk
        };
        assert_eq!(of([Some(0), Some(0), Some(4_000)]), Some(Peak { max: 400, mean: 200 }));
        for read in [[None, Some(0), Some(0)], [Some(0), None, Some(0)], [Some(0), Some(0), None], [None; 3]] {
            assert_eq!(of(read), None, "{read:?}");
        }
        let mut tally = Tally::default();
        tally.add(sample(0, None), &rules());
        tally.add(sample(10, Some(5)), &rules());
        assert_eq!(tally.close().0.disk, None);
        tally.add(sample(20, Some(5)), &rules());
        assert_eq!(tally.close().0.disk, Some(Peak::default()), "the next window is of its own samples");
    }

    #[test]
    fn the_systems_own_murmur_does_not_count_but_its_hard_work_does() {
        let sample = |at: u64, own: u64, name: &str| {
            Build::new(at * 1_000).with(process(50, 1).uid(0).own(own).named(name)).done()
        };
        let of = |own: u64, name: &str| window(&[sample(0, 0, name), sample(10, own, name)]).counted.max;
        assert_eq!(of(300, "agentd"), 0, "0.3 of a core of the system's");
        assert_eq!(of(700, "python3"), 700, "a sudo'ed training");
        assert_eq!(of(700, "unattended-upgr"), 0, "housekeeping");
        let build = |at: u64, own: u64| {
            let parts = (50..54).map(|pid| process(pid, 1).uid(0).own(own));
            parts.fold(Build::new(at * 1_000), Build::with).done()
        };
        assert_eq!(window(&[build(0, 0), build(10, 200)]).counted.max, 0, "0.2 of a core each, 0.8 in all");
        assert_eq!(window(&[build(0, 0), build(10, 300)]).counted.max, 1_200, "0.3 of a core each, 1.2 in all");
        let sudo = |at: u64, own: u64| Build::new(at * 1_000).with(process(50, 1).own(own).in_session()).done();
        assert_eq!(window(&[sudo(0, 0), sudo(10, 100)]).counted.max, 100, "of somebody's session");
        let typed = |at: u64, own: u64| Build::new(at * 1_000).with(process(50, 1).own(own).on(0x8803)).done();
        assert_eq!(window(&[typed(0, 0), typed(10, 100)]).counted.max, 100, "at a terminal");
    }

    #[test]
    fn what_ended_in_between_is_counted_once_and_with_whoever_waited() {
        let make = |own, children| process(60, 1).uid(1000).own(own).children(children);
        let before = Build::new(0).with(make(10, 0)).with(process(61, 60).uid(1000).own(500)).done();
        let after = Build::new(10_000).with(make(10, 900)).done();
        assert_eq!(burnt(&before, &after).get(&60), Some(&400), "900 waited for, of which 500 were counted before");
        // An orphan's end is not the first process's work, and hides nobody else's.
        let before = Build::new(0).with(process(1, 0)).with(process(62, 1).uid(1000).own(9_000)).done();
        let after =
            Build::new(10_000).with(process(1, 0).children(9_100)).with(process(63, 1).uid(1000).own(600)).done();
        assert_eq!(burnt(&before, &after), BTreeMap::from([(1, 0), (63, 600)]));
    }

    #[test]
    fn a_pid_that_was_given_to_another_process_is_another_process() {
        let before = Build::new(0).with(process(50, 1).uid(1000).own(9_000).began(1)).done();
        let after = Build::new(10_000).with(process(50, 1).uid(1000).own(20).began(2)).done();
        assert_eq!(burnt(&before, &after).get(&50), Some(&20));
    }

    #[test]
    fn a_clock_that_stands_still_makes_no_window() {
        let sample = Build::new(5).with(process(50, 1).own(1)).done();
        let empty = window(&[sample.clone(), sample]);
        assert_eq!((empty.length, empty.counted, empty.mean_of(50)), (0, Peak::default(), 0));
    }
}
