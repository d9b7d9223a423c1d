//! Azure as a witness: what is due is asked for, the rest is remembered, and all of it ends in bounded time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use jiff::{SignedDuration, Timestamp};

use super::memory::{Memory, Whole};
use super::monitor::batches;
use super::region::Regions;
use crate::azure::fleet::Azure;
use crate::azure::options::{AzureOptions, OptionsError};
use crate::azure::sending::Names;
use crate::facts::{Source, SourceSet, Track};
use crate::ports::{Clock, Fault, FaultKind, Heard, Question, Witness};
use crate::units::InstanceId;

/// For everything of one source; well within what the engine waits.
const WITHIN: Duration = Duration::from_secs(30);
/// Lists of jobs that are read in one ask, and at once: the rest has its turn in the next, the oldest first.
const LISTS_MAX: usize = 100;
const LISTS_AT_ONCE: usize = 8;
/// Batches of metrics that are asked for at once.
const BATCHES_AT_ONCE: usize = 4;

/// What asking about use needs, and remembers.
pub(in crate::azure) struct Watch<C> {
    regions: Option<Regions<C>>,
    jobs: Mutex<Memory>,
    metrics: Mutex<Memory>,
}

impl<C: Clock> Watch<C> {
    pub(in crate::azure) fn new(options: &AzureOptions, clock: &Arc<C>, names: &Names) -> Result<Self, OptionsError> {
        let regions =
            options.monitor.as_ref().map(|monitor| Regions::new(monitor, options, clock, names)).transpose()?;
        let refresh = |refresh: Option<SignedDuration>| refresh.unwrap_or(SignedDuration::ZERO);
        let jobs = Memory::new(Source::Queue, refresh(options.jobs.map(|jobs| jobs.refresh)));
        let metrics = Memory::new(Source::Monitor, refresh(options.monitor.as_ref().map(|monitor| monitor.refresh)));
        Ok(Self { regions, jobs: Mutex::new(jobs), metrics: Mutex::new(metrics) })
    }

    pub(super) const fn regions(&self) -> Option<&Regions<C>> {
        self.regions.as_ref()
    }
}

/// Who is in use by the last word of that source, and that word.
fn said_by(source: Source, questions: &[Question]) -> Vec<(InstanceId, Track)> {
    let by_it = |question: &Question| {
        let track = question.busy.iter().find(|track| track.source == source)?;
        Some((question.instance.clone(), track.clone()))
    };
    questions.iter().filter_map(by_it).collect()
}

/// Runs `work` with its memory.
fn with<T>(memory: &Mutex<Memory>, work: impl FnOnce(&mut Memory) -> T) -> T {
    work(&mut memory.lock().unwrap_or_else(PoisonError::into_inner))
}

impl<C: Clock> Azure<C> {
    async fn hear_of_jobs(&self, questions: &[Question], now: Timestamp) -> Heard {
        let Some(options) = self.options.jobs else { return Heard::default() };
        let memory = &self.watch.jobs;
        let due: Vec<_> = with(memory, |memory| {
            memory
                .due(questions, now)
                .into_iter()
                .take(LISTS_MAX)
                .map(|question| Arc::clone(&question.workspace))
                .collect()
        });
        let mut faults = Vec::new();
        let said = &said_by(Source::Queue, questions);
        let lists = futures_util::stream::iter(due).map(|workspace| async move {
            let mut listed = self.list_jobs(&workspace, options, now).await;
            if listed.any && listed.whole() == Whole::No {
                self.ask_by_name(&workspace, said, &mut listed, now).await;
            }
            (workspace, listed)
        });
        let mut lists = std::pin::pin!(lists.buffer_unordered(LISTS_AT_ONCE));
        let whole = async {
            while let Some((workspace, mut listed)) = lists.next().await {
                let whole = listed.whole();
                faults.extend(listed.fault.take());
                with(memory, |memory| {
                    if listed.any {
                        memory.answered(&workspace.id, listed.tracks, whole, now);
                    } else {
                        memory.failed(&workspace.id, now);
                    }
                });
            }
        };
        if tokio::time::timeout(WITHIN, whole).await.is_err() {
            faults.push(late("read every list of jobs in time; the rest is read next time"));
        }
        let faults = few(faults).into_iter().map(|fault| (Source::Queue, fault)).collect();
        Heard { tracks: with(memory, |memory| memory.said(questions)), faults, ..Heard::default() }
    }

    async fn hear_of_metrics(&self, questions: &[Question], now: Timestamp) -> Heard {
        if self.options.monitor.is_none() {
            return Heard::default();
        }
        let memory = &self.watch.metrics;
        let batches = with(memory, |memory| batches(&memory.due(questions, now)));
        let mut faults = Vec::new();
        let asked = futures_util::stream::iter(batches).map(|batch| self.look_at(batch, now));
        let mut asked = std::pin::pin!(asked.buffer_unordered(BATCHES_AT_ONCE));
        let whole = async {
            while let Some((looked, failed)) = asked.next().await {
                with(memory, |memory| {
                    for one in looked {
                        memory.answered(&one.workspace, one.found, one.whole, now);
                    }
                    for (workspaces, fault) in failed {
                        workspaces.iter().for_each(|id| memory.failed(id, now));
                        faults.push(fault);
                    }
                });
            }
        };
        if tokio::time::timeout(WITHIN, whole).await.is_err() {
            faults.push(late("ask for every workspace's metrics in time"));
        }
        let faults = few(faults).into_iter().map(|fault| (Source::Monitor, fault)).collect();
        Heard { tracks: with(memory, |memory| memory.said(questions)), faults, ..Heard::default() }
    }
}

fn late(doing: &str) -> Fault {
    Fault::new(FaultKind::Unreachable, doing)
}

/// One fault of each kind, with how many more there are: a missing right is missing everywhere.
fn few(faults: Vec<Fault>) -> Vec<Fault> {
    let mut kinds: BTreeMap<&'static str, (Fault, usize)> = BTreeMap::new();
    for fault in faults {
        match kinds.entry(fault.kind.label()) {
            std::collections::btree_map::Entry::Vacant(empty) => drop(empty.insert((fault, 0))),
            std::collections::btree_map::Entry::Occupied(mut held) => held.get_mut().1 = held.get().1.saturating_add(1),
        }
    }
    let one = |(mut fault, more): (Fault, usize)| {
        if more > 0 {
            fault.doing = format!("{} (and {more} more)", fault.doing);
        }
        fault
    };
    kinds.into_values().map(one).collect()
}

impl<C: Clock> Witness for Azure<C> {
    fn sources(&self) -> SourceSet {
        let monitor = self.options.monitor.as_ref().map(|_| Source::Monitor);
        let queue = self.options.jobs.map(|_| Source::Queue);
        monitor.into_iter().chain(queue).collect()
    }

    async fn ask(&self, questions: &[Question], now: Timestamp) -> Heard {
        let (jobs, metrics) =
            futures_util::join!(self.hear_of_jobs(questions, now), self.hear_of_metrics(questions, now));
        jobs.and(metrics)
    }
}
