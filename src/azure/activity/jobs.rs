//! Reading a workspace's list of jobs: page by page, to a cap, since Azure neither filters nor sorts it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::value::RawValue;
use thin_vec::ThinVec;

use super::job::{Item, read};
use super::memory::Whole;
use super::options::{JOBS_ACTION, JobsOptions};
use crate::azure::error::{Act, AzureError};
use crate::azure::fleet::{Azure, unreadable};
use crate::azure::paging::{List, each_page};
use crate::azure::usage::operation;
use crate::azure::wire::Page;
use crate::facts::{Source, Track, Use, WorkspaceFacts};
use crate::ports::{Clock, Fault, FaultKind};
use crate::units::{InstanceId, When};

/// What a list said.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) busy: BTreeMap<InstanceId, Track>,
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
                    Item::Wanted(ids, words) => ids.into_iter().for_each(|id| listed.add(id, &words, now)),
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
}

impl Listed {
    fn add(&mut self, id: InstanceId, words: &str, now: Timestamp) {
        self.busy.entry(id).or_insert_with(|| Track {
            source: Source::Queue,
            now: Use::Busy,
            as_of: now,
            words: words.into(),
            last_busy: When::at(now),
            watched: ThinVec::new(),
        });
    }
}
