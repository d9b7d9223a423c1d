//! Measures a subject against a floor in the same run, so that what is judged is a ratio and never this machine's speed.
//!
//! Floor and subject alternate (floor, subject, subject, floor), so that a slow minute hurts both. The median of all
//! rounds counts, and the spread is printed beside it. Figures are whole nanoseconds, ratios whole hundredths.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Whose time is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// CPU time of this thread: for code that runs on it alone.
    Thread,
    /// CPU time of the whole process: for code that spreads over threads.
    Process,
    /// Elapsed time: for code that waits.
    Elapsed,
}

impl By {
    fn now(self) -> Duration {
        let time = clock_gettime(match self {
            Self::Thread => ClockId::ThreadCPUTime,
            Self::Process => ClockId::ProcessCPUTime,
            Self::Elapsed => ClockId::Monotonic,
        });
        let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
        Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
    }

    fn spent(self, work: &mut dyn FnMut()) -> Duration {
        let before = self.now();
        work();
        self.now().saturating_sub(before)
    }
}

/// The rounds of one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rounds(Vec<Duration>);

impl Rounds {
    /// Sorts what was measured.
    pub(crate) fn new(mut rounds: Vec<Duration>) -> Self {
        rounds.sort_unstable();
        Self(rounds)
    }

    /// The middle round; zero when there is none.
    pub(crate) fn median(&self) -> Duration {
        self.0.get(self.0.len() / 2).copied().unwrap_or_default()
    }

    /// The fastest and the slowest round.
    pub(crate) fn spread(&self) -> (Duration, Duration) {
        let at = |end: Option<&Duration>| end.copied().unwrap_or_default();
        (at(self.0.first()), at(self.0.last()))
    }
}

/// A subject beside its floor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Measured {
    /// The least that the work could cost.
    pub(crate) floor: Rounds,
    /// What it costs.
    pub(crate) subject: Rounds,
}

impl Measured {
    /// Alternates floor and subject, after one round of each to warm up. At least nine rounds are made.
    pub(crate) fn alternating(by: By, rounds: usize, mut floor: impl FnMut(), mut subject: impl FnMut()) -> Self {
        floor();
        subject();
        let (mut low, mut high) = (Vec::new(), Vec::new());
        for _ in 0..rounds.max(9).div_ceil(2) {
            low.push(by.spent(&mut floor));
            high.push(by.spent(&mut subject));
            high.push(by.spent(&mut subject));
            low.push(by.spent(&mut floor));
        }
        Self { floor: Rounds::new(low), subject: Rounds::new(high) }
    }

    /// Subject over floor, in hundredths, rounded up; nothing when the floor was too short to measure.
    pub(crate) fn ratio(&self) -> Option<u128> {
        let floor = self.floor.median().as_nanos();
        let scaled = self.subject.median().as_nanos().saturating_mul(100);
        (floor > 0).then(|| scaled.div_ceil(floor))
    }

    /// One line: floor, figure, ratio and goal, each for one of `units` pieces of work.
    pub(crate) fn line(&self, name: &str, units: u32, goal: u128) -> String {
        let each = |time: Duration| {
            let nanos = time.as_nanos() / u128::from(units.max(1));
            format!("{}.{:03} us", nanos / 1000, nanos % 1000)
        };
        let spread = |rounds: &Rounds| {
            let (low, high) = rounds.spread();
            format!("{} ({} .. {})", each(rounds.median()), each(low), each(high))
        };
        let hundredths = |value: u128| format!("{}.{:02}x", value / 100, value % 100);
        let ratio = self.ratio();
        let verdict = if ratio.is_some_and(|ratio| ratio <= goal) { "within" } else { "OVER" };
        format!(
            "{name}: floor {}, figure {}, ratio {}, {verdict} the goal of {}",
            spread(&self.floor),
            spread(&self.subject),
            ratio.map_or_else(|| "unknown".to_owned(), hundredths),
            hundredths(goal),
        )
    }
}

/// Memory that this process holds in RAM, in bytes; none where `/proc` does not say.
pub(crate) fn resident_bytes() -> Option<u64> {
    status_bytes("VmRSS:")
}

fn status_bytes(field: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// The most memory that this process ever held in RAM, in bytes; none where `/proc` does not say.
pub(crate) fn peak_bytes() -> Option<u64> {
    status_bytes("VmHWM:")
}

/// What one piece of work took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Once {
    /// CPU time of the whole process.
    pub(crate) cpu: Duration,
    /// From begin to end.
    pub(crate) elapsed: Duration,
}

/// Does it once.
pub(crate) fn once(work: impl FnOnce()) -> Once {
    let (cpu, elapsed) = (By::Process.now(), By::Elapsed.now());
    work();
    Once { cpu: By::Process.now().saturating_sub(cpu), elapsed: By::Elapsed.now().saturating_sub(elapsed) }
}
