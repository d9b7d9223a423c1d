//! Reading a workspace's list of jobs: page by page, to a cap, since Azure neither filters nor sorts it. Of a job that kept an
//! instance, and that a cut list no longer shows, it is asked by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::value::RawValue;
use thin_vec::ThinVec;

use super::job::{Item, Wanted, read};
use super::memory::{Whole, taken_back};
use super::options::JobsOptions;
use crate::azure::error::{Act, AzureError};
use crate::azure::fleet::{Azure, unreadable};
use crate::azure::paging::{List, each_page};
use crate::azure::throttle::Urgency;
use crate::azure::transport::Ask;
use crate::azure::usage::operation;
use crate::azure::wire::Page;
use crate::facts::{Source, Track, Use, WorkspaceFacts};
use crate::ports::{Clock, Fault, FaultKind};
use crate::rights::JOBS_ACTION;
use crate::units::{InstanceId, When};

/// Jobs of one workspace that are asked about by name in one go; the rest has its turn in the next.
const NAMED_MAX: usize = 20;

/// Jobs of one instance that are remembered by name.
const JOBS_MAX: usize = 8;
/// Stands in no name that is asked for.
const APART: &str = ",";

/// What a list said.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) tracks: BTreeMap<InstanceId, Track>,
    /// Why it may not be whole.
    pub(super) fault: Option<Fault>,
    /// False when not even its beginning could be read.
    pub(super) any: bool,
}

impl Listed {
    pub(super) fn whole(&self) -> Whole {
        if self.fault.is_none() { Whole::Yes } else { Whole::No }
    }
}

impl<C: Clock> Azure<C> {
    /// Reads a workspace's list. What was found before something went wrong counts.
    pub(super) async fn list_jobs(&self, workspace: &WorkspaceFacts, options: JobsOptions, now: Timestamp) -> Listed {
        let lane = Self::lane(workspace);
        let first = self.at(&workspace.id, &["jobs"]).and("listViewType", "ActiveOnly");
        let list = List { operation: operation::JOBS, lane: &lane, api_version: &self.options.api_version, first };
        let mut listed = Listed::default();
        let (mut pages, mut odd): (usize, usize) = (0, 0);
        let read = each_page(&self.line, list, |_, body| {
            let page = serde_json::from_slice::<Page<'_, &RawValue>>(body).map_err(|error| unreadable(&error))?;
            listed.any = true;
            for raw in page.value {
                match read(raw, &workspace.id) {
                    Item::Ended => {}
                    Item::Odd => odd = odd.saturating_add(1),
                    Item::Wanted(wanted) => listed.add(wanted, now),
                }
            }
            pages = pages.saturating_add(1);
            let next = page.next_link.map(|link| link.0.into_owned()).filter(|link| !link.is_empty());
            if next.is_some() && pages >= options.pages_max {
                return Err(AzureError::Endless(
                    "it has more pages than jobs.pages_max; archive old jobs, or raise it",
                ));
            }
            Ok(next)
        })
        .await;
        let doing = || format!("read the whole list of jobs of workspace {}", workspace.id.name());
        listed.fault = match read {
            Err(error) if error.kind(Act::Read) == FaultKind::Denied => {
                Some(error.fault(Act::Read, format!("{}, which needs {JOBS_ACTION}", doing())))
            }
            Err(error) => Some(error.fault(Act::Read, doing())),
            Ok(()) if odd > 0 => {
                Some(Fault::new(FaultKind::Garbled, format!("{}: {odd} cannot be understood", doing())))
            }
            Ok(()) => None,
        };
        listed
    }

    /// Asks about the jobs by name for which somebody was said to be in use, and of which a list that is not whole says nothing:
    /// else it would be so for ever where lists are never whole.
    pub(super) async fn ask_by_name(
        &self,
        workspace: &WorkspaceFacts,
        said: &[(InstanceId, Track)],
        listed: &mut Listed,
        now: Timestamp,
    ) {
        // what a cut list shows of an instance is not all of its jobs
        for (id, said) in said {
            if let Some(held) = listed.tracks.get_mut(id) {
                held.job = joined(held.job.as_deref(), said.job.as_deref());
            }
        }
        let unseen = said.iter().filter(|(id, _)| id.workspace() == &workspace.id && !listed.tracks.contains_key(id));
        let mut unseen: Vec<&(InstanceId, Track)> = unseen.filter(|(_, track)| track.job.is_some()).collect();
        // those first of whom nothing was heard for longest
        unseen.sort_by_key(|(_, track)| track.as_of);
        unseen.truncate(NAMED_MAX);
        for (id, said) in unseen {
            match self.any_wanted(workspace, (id, said)).await {
                Ok(Some(wanted)) => drop(listed.tracks.insert(id.clone(), still_wanted(said, wanted, now))),
                Ok(None) => drop(listed.tracks.insert(id.clone(), taken_back(said, now))),
                Err(fault) => drop(listed.fault.get_or_insert(fault)),
            }
        }
    }

    /// The first of the jobs of an account that still waits for that instance or runs on it; none when each has ended or gone
    /// elsewhere.
    async fn any_wanted(
        &self,
        workspace: &WorkspaceFacts,
        (id, said): (&InstanceId, &Track),
    ) -> Result<Option<Wanted>, Fault> {
        let lane = Self::lane(workspace);
        for name in said.job.iter().flat_map(|names| names.split(APART)) {
            let url = self.at(&workspace.id, &["jobs", name]);
            let doing = || format!("ask about job {name} of workspace {}", workspace.id.name());
            let answer = self.line.get(Ask::new(operation::JOB, &url, &lane, Urgency::Normal)).await;
            match answer.and_then(|answer| item(answer.json()?, workspace)) {
                Ok(Item::Wanted(wanted)) if wanted.instances.contains(id) => return Ok(Some(wanted)),
                Ok(Item::Ended | Item::Wanted(_)) => {}
                Ok(Item::Odd) => return Err(Fault::new(FaultKind::Garbled, doing())),
                Err(error) if error.kind(Act::Read) == FaultKind::Gone => {}
                Err(error) => return Err(error.fault(Act::Read, doing())),
            }
        }
        Ok(None)
    }
}

/// An account anew, with all of its jobs.
fn still_wanted(said: &Track, wanted: Wanted, now: Timestamp) -> Track {
    Track { as_of: now, words: wanted.words.into(), last_busy: When::at(now), doubt: None, ..said.clone() }
}

/// The names of several jobs in one text, each once; beyond the most, those that were heard of last are left out.
fn joined(held: Option<&str>, more: Option<&str>) -> Option<Arc<str>> {
    let mut names: Vec<&str> = Vec::new();
    for name in held.into_iter().chain(more).flat_map(|names| names.split(APART)) {
        if names.len() < JOBS_MAX && !names.contains(&name) {
            names.push(name);
        }
    }
    (!names.is_empty()).then(|| names.join(APART).into())
}

fn item(body: &[u8], workspace: &WorkspaceFacts) -> Result<Item, AzureError> {
    let raw: &RawValue = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
    Ok(read(raw, &workspace.id))
}

impl Listed {
    fn add(&mut self, wanted: Wanted, now: Timestamp) {
        let (words, job): (Arc<str>, Option<Arc<str>>) = (wanted.words.into(), wanted.name.map(Into::into));
        for id in wanted.instances {
            if let Some(held) = self.tracks.get_mut(&id) {
                held.job = joined(held.job.as_deref(), job.as_deref());
                continue;
            }
            let track = Track {
                source: Source::Queue,
                now: Use::Busy,
                as_of: now,
                words: Arc::clone(&words),
                last_busy: When::at(now),
                watched: ThinVec::new(),
                job: job.clone(),
                doubt: None,
            };
            self.tracks.insert(id, track);
        }
    }
}
