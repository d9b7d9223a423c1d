//! Reading the fleet: workspaces as settings name them, their instances, one instance for the second look.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::StreamExt as _;
use reqwest::dns::Resolve;
use serde_json::value::RawValue;

use super::activity::Watch;
use super::error::{Act, AzureError};
use super::options::{AzureOptions, OptionsError};
use super::origin::PinnedUrl;
use super::paging::{List, each_page};
use super::prices::Desk;
use super::sending::Names;
use super::throttle::Urgency;
use super::translate::{Frame, Item};
use super::transport::{Ask, Lane, Line};
use super::usage::operation;
use super::wire::{Compute, Page};
use super::words::clean;
use crate::facts::{Completeness, InstanceFacts, Inventory, WorkspaceFacts};
use crate::ports::{ApiUse, AzureTime, Clock, Discovery, Fault, Observe};
use crate::units::{InstanceId, WorkspaceId};

/// Instances of one workspace; a region may hold 2,500 computes.
const INSTANCES_MAX: usize = 20_000;
/// Quarantined items that are named; more are only counted.
const NAMED_MAX: usize = 20;
/// Quarantined items after which the list is not Azure's any more.
const QUARANTINED_MAX: usize = 1000;

/// Azure, as the engine's ports want it.
pub struct Azure<C> {
    pub(super) line: Line<C>,
    pub(super) options: AzureOptions,
    /// What asking for prices needs and remembers.
    pub(super) desk: Desk,
    /// What asking about use needs and remembers.
    pub(super) watch: Watch<C>,
}

impl<C: Clock> Azure<C> {
    /// Sets up identity, TLS and pacing; sends nothing yet.
    ///
    /// # Errors
    /// When the options break a rule or a file of theirs cannot be read.
    pub fn new(options: AzureOptions, clock: Arc<C>) -> Result<Self, OptionsError> {
        Self::set_up(options, clock, &None)
    }

    /// The same with another way to find the addresses of a host.
    ///
    /// # Errors
    /// As [`Azure::new`].
    pub fn with_names(options: AzureOptions, clock: Arc<C>, names: Arc<dyn Resolve>) -> Result<Self, OptionsError> {
        Self::set_up(options, clock, &Some(names))
    }

    fn set_up(options: AzureOptions, clock: Arc<C>, names: &Names) -> Result<Self, OptionsError> {
        let watch = Watch::new(&options, &clock, names)?;
        Ok(Self { line: Line::new(&options, clock, names)?, desk: Desk::new(&options, names)?, watch, options })
    }

    /// A URL at or below a workspace, of our own making.
    pub(super) fn at(&self, workspace: &WorkspaceId, below: &[&str]) -> PinnedUrl {
        self.at_version(workspace, below, &self.options.api_version)
    }

    /// The same with another api-version.
    pub(super) fn at_version(&self, workspace: &WorkspaceId, below: &[&str], version: &str) -> PinnedUrl {
        let mut segments = vec![
            "subscriptions",
            workspace.subscription().as_str(),
            "resourceGroups",
            workspace.resource_group(),
            "providers",
            "Microsoft.MachineLearningServices",
            "workspaces",
            workspace.name(),
        ];
        segments.extend(below);
        self.line.origin.build(&segments, version)
    }

    pub(super) fn lane(workspace: &WorkspaceFacts) -> Lane {
        Lane { subscription: workspace.id.subscription().clone(), region: workspace.region.clone() }
    }

    async fn list(&self, workspace: &WorkspaceFacts) -> Result<Inventory, AzureError> {
        let taken_at = self.line.clock.now();
        let lane = Self::lane(workspace);
        let first = self.at(&workspace.id, &["computes"]);
        let mut gathered =
            Gathered { frame: Frame::new(workspace, taken_at), found: Vec::new(), skipped: 0, quarantined: Vec::new() };
        let list = List { operation: operation::LIST, lane: &lane, api_version: &self.options.api_version, first };
        each_page(&self.line, list, |asked_at, body| {
            gathered.frame.observed_at(asked_at);
            gathered.page(body)
        })
        .await?;
        let completeness = gathered.completeness();
        Ok(Inventory {
            workspace: workspace.id.clone(),
            taken_at,
            completeness,
            instances: one_each(gathered.found),
            skipped: gathered.skipped,
        })
    }

    async fn one(&self, workspace: &WorkspaceFacts, id: &InstanceId) -> Result<InstanceFacts, AzureError> {
        let asked_at = self.line.clock.now();
        let lane = Self::lane(workspace);
        let url = self.at(&workspace.id, &["computes", id.name()]);
        let answer = self.line.get(Ask::new(operation::GET, &url, &lane, Urgency::Urgent)).await?;
        let raw: &RawValue = serde_json::from_slice(answer.json()?).map_err(|error| unreadable(&error))?;
        match Frame::new(workspace, asked_at).raw(raw) {
            Item::Instance(facts) if facts.id == *id => Ok(Arc::unwrap_or_clone(facts)),
            Item::Instance(facts) => Err(AzureError::Unreadable(format!("it is about `{}`", facts.id.name()))),
            Item::Other => Err(AzureError::OtherType("another type of compute".to_owned())),
            Item::Quarantined(why) => Err(AzureError::Unreadable(why)),
        }
    }
}

/// An answer that is not the JSON it should be.
pub(super) fn unreadable(error: &serde_json::Error) -> AzureError {
    AzureError::Unreadable(clean(&error.to_string()))
}

struct Gathered<'w> {
    frame: Frame<'w>,
    found: Vec<Arc<InstanceFacts>>,
    skipped: u32,
    quarantined: Vec<String>,
}

impl Gathered<'_> {
    /// The usual shape first, in one pass; item by item only when that fails, so that one bad item costs itself (G16).
    fn page(&mut self, body: &[u8]) -> Result<Option<String>, AzureError> {
        let next = if let Ok(page) = serde_json::from_slice::<Page<'_, Compute<'_>>>(body) {
            for compute in &page.value {
                let item = self.frame.item(compute);
                self.add(item);
            }
            page.next_link
        } else {
            let page = serde_json::from_slice::<Page<'_, &RawValue>>(body).map_err(|error| unreadable(&error))?;
            for raw in &page.value {
                let item = self.frame.raw(raw);
                self.add(item);
                if self.quarantined.len() > QUARANTINED_MAX {
                    let why = format!("more than {QUARANTINED_MAX} of its items are not computes");
                    return Err(AzureError::Unreadable(why));
                }
            }
            page.next_link
        };
        if self.found.len() > INSTANCES_MAX {
            return Err(AzureError::Endless("it has more than 20,000 instances"));
        }
        Ok(next.map(|link| link.0.into_owned()).filter(|link| !link.is_empty()))
    }

    fn add(&mut self, item: Item) {
        match item {
            Item::Instance(facts) => self.found.push(facts),
            Item::Other => self.skipped = self.skipped.saturating_add(1),
            Item::Quarantined(why) => self.quarantined.push(why),
        }
    }

    fn completeness(&mut self) -> Completeness {
        if self.quarantined.is_empty() {
            return Completeness::Whole;
        }
        let more = self.quarantined.len().saturating_sub(NAMED_MAX);
        let mut named = std::mem::take(&mut self.quarantined);
        named.truncate(NAMED_MAX);
        if more > 0 {
            named.push(format!("and {more} more"));
        }
        Completeness::Partial(named)
    }
}

/// One page alone, for the fuzzer: what is on it and where it goes on; none when it is no page.
#[cfg(any(test, fuzzing))]
pub(super) fn read_page(
    workspace: &WorkspaceFacts,
    at: jiff::Timestamp,
    body: &[u8],
) -> Option<(Vec<Arc<InstanceFacts>>, Option<String>)> {
    let frame = Frame::new(workspace, at);
    let mut gathered = Gathered { frame, found: Vec::new(), skipped: 0, quarantined: Vec::new() };
    let next = gathered.page(body).ok()?;
    Some((one_each(gathered.found), next))
}

/// One record an id, however it was cased: the one with the newest last operation (fault 26).
fn one_each(mut found: Vec<Arc<InstanceFacts>>) -> Vec<Arc<InstanceFacts>> {
    let newest = |facts: &InstanceFacts| facts.last_operation.known().map(|op| op.at);
    found.sort_by(|a, b| a.id.cmp(&b.id).then_with(|| newest(b).cmp(&newest(a))));
    found.dedup_by(|later, kept| later.id == kept.id);
    found
}

impl<C: Clock> Observe for Azure<C> {
    async fn discover(&self) -> Discovery {
        let scopes = self.scopes();
        let found: Vec<_> = futures_util::stream::iter(scopes)
            .map(|scope| async move {
                {
                    let result = self.look_into(&scope).await;
                    (scope, result)
                }
            })
            .buffer_unordered(self.options.concurrency.max(1))
            .collect()
            .await;
        let mut by_id = BTreeMap::new();
        let mut faults = Vec::new();
        for (scope, result) in found {
            match result {
                Ok(found) => {
                    by_id.extend(found.workspaces.into_iter().map(|workspace| (workspace.id.clone(), workspace)));
                    faults.extend(found.faults);
                }
                Err(error) => {
                    let fault = error.fault(Act::Read, format!("look into {scope}"));
                    faults.push((scope, fault));
                }
            }
        }
        faults.sort_by_key(|(scope, _)| scope.to_string());
        self.desk.settle_in(by_id.values());
        Discovery { workspaces: by_id.into_values().collect(), faults }
    }

    async fn inventory(&self, workspace: &WorkspaceFacts) -> Result<Inventory, Fault> {
        self.list(workspace)
            .await
            .map_err(|error| error.fault(Act::Read, format!("list the computes of workspace {}", workspace.id.name())))
    }

    async fn instance(&self, workspace: &WorkspaceFacts, id: &InstanceId) -> Result<InstanceFacts, Fault> {
        let found = self.one(workspace, id).await;
        found.map_err(|error| {
            error.fault(Act::Read, format!("read instance {} of workspace {}", id.name(), workspace.id.name()))
        })
    }

    fn azure_time(&self) -> Option<AzureTime> {
        self.line.usage.azure_time()
    }

    fn api_use(&self) -> ApiUse {
        self.line.api_use()
    }
}

impl<C> std::fmt::Debug for Azure<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Azure").finish_non_exhaustive()
    }
}
