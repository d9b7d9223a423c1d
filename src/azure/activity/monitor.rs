//! Asking Azure Monitor for the metrics of many workspaces at once.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::account::track;
use super::memory::Whole;
use super::metrics::{DIMENSION, METRICS, Measured, Minutes, read};
use super::options::MonitorOptions;
use crate::azure::allow::MetricsLeave;
use crate::azure::error::{Act, AzureError};
use crate::azure::fleet::Azure;
use crate::azure::throttle::Urgency;
use crate::azure::transport::{Ask, Lane, Line};
use crate::azure::usage::operation;
use crate::facts::{Track, Use};
use crate::ports::{Clock, Fault, FaultKind, Question};
use crate::rights::METRICS_ACTION;
use crate::units::{InstanceId, Region, SubscriptionId, WorkspaceId};

const API_VERSION: &str = "2024-02-01";
const NAMESPACE: &str = "Microsoft.MachineLearningServices/workspaces";
/// Resources of one call; Azure takes no more (FACTS 4.2).
pub(super) const IDS_MAX: usize = 50;
/// Series of one call. Left out it is ten, and the rest is hidden without a word. [How many Azure takes is not documented.]
const TOP: usize = 1000;
/// No account reaches further back: what is longer ago is no evidence of a running job.
const REACH_MAX: SignedDuration = SignedDuration::from_hours(6);
/// Beyond the window: metrics come late.
const SLACK: SignedDuration = SignedDuration::from_mins(15);

/// What was measured of one workspace.
pub(super) struct Looked {
    pub(super) workspace: WorkspaceId,
    pub(super) found: BTreeMap<InstanceId, Track>,
    pub(super) whole: Whole,
}

/// Workspaces that may be asked about together.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    pub(super) subscription: SubscriptionId,
    pub(super) region: Region,
    pub(super) workspaces: Vec<WorkspaceId>,
    /// How far back.
    pub(super) reach: SignedDuration,
}

/// Everything that is due, by subscription and region, at most fifty together.
pub(super) fn batches(due: &[&Question]) -> Vec<Batch> {
    let mut groups: BTreeMap<(SubscriptionId, Region), (Vec<WorkspaceId>, SignedDuration)> = BTreeMap::new();
    for question in due {
        let workspace = &question.workspace;
        let key = (workspace.id.subscription().clone(), workspace.region.clone());
        let (ids, reach) = groups.entry(key).or_default();
        ids.push(workspace.id.clone());
        *reach = question.window.duration().min(REACH_MAX).max(*reach);
    }
    let cut =
        |((subscription, region), (ids, reach)): ((SubscriptionId, Region), (Vec<WorkspaceId>, SignedDuration))| {
            let parts: Vec<Vec<WorkspaceId>> = ids.chunks(IDS_MAX).map(<[WorkspaceId]>::to_vec).collect();
            parts.into_iter().map(move |workspaces| Batch {
                subscription: subscription.clone(),
                region: region.clone(),
                workspaces,
                reach,
            })
        };
    groups.into_iter().flat_map(cut).collect()
}

impl Batch {
    /// Both halves of it, where there are two.
    fn halves(&self) -> Option<[Self; 2]> {
        let middle = self.workspaces.len().div_euclid(2);
        let (one, other) = self.workspaces.split_at_checked(middle).filter(|(one, _)| !one.is_empty())?;
        let half = |ids: &[WorkspaceId]| Self { workspaces: ids.to_vec(), ..self.clone() };
        Some([half(one), half(other)])
    }

    fn words(&self) -> String {
        let first = self.workspaces.first().map_or("", |id| id.name());
        match self.workspaces.len() {
            1 => format!("the metrics of workspace {first}"),
            n => format!("the metrics of {n} workspaces of {}, such as {first}", self.region.as_str()),
        }
    }

    /// What was measured, workspace by workspace.
    fn looked(&self, mut measured: Measured, now: Timestamp) -> Vec<Looked> {
        let of = |id: &WorkspaceId| {
            let is_ours = |instance: &InstanceId| instance.workspace() == id;
            let (ours, others) = std::mem::take(&mut measured.instances).into_iter().partition(|(id, _)| is_ours(id));
            measured.instances = others;
            let ours: BTreeMap<InstanceId, Minutes> = ours;
            let whole = if measured.whole.contains(id) && !measured.full { Whole::Yes } else { Whole::No };
            // of an answer that may lack something nothing but use is believed
            let counts = |track: &Track| whole == Whole::Yes || track.now == Use::Busy;
            let known = |(id, minutes)| Some((id, track(&minutes, now).filter(counts)?));
            Looked { workspace: id.clone(), found: ours.into_iter().filter_map(known).collect(), whole }
        };
        self.workspaces.iter().map(of).collect()
    }
}

impl<C: Clock> Azure<C> {
    /// Asks about a batch; about its halves, where an answer may be cut.
    pub(super) async fn look_at(&self, batch: Batch, now: Timestamp) -> (Vec<Looked>, Vec<(Vec<WorkspaceId>, Fault)>) {
        let (mut looked, mut faults) = (Vec::new(), Vec::new());
        let mut open = VecDeque::from([batch]);
        while let Some(batch) = open.pop_front() {
            let doing = || format!("read {}", batch.words());
            match self.measure(&batch, now).await {
                Ok(measured) if measured.full => match batch.halves() {
                    Some(halves) => open.extend(halves),
                    None => {
                        let problem = format!("{} whole: it may have more than {TOP} series", doing());
                        faults.push((Vec::new(), Fault::new(FaultKind::Garbled, problem)));
                        looked.extend(batch.looked(measured, now));
                    }
                },
                Ok(measured) => {
                    let lacks = batch.workspaces.iter().find(|id| !measured.whole.contains(*id));
                    if let Some(id) = lacks {
                        let problem =
                            format!("{} whole: that of {} is missing or marked as failed", doing(), id.name());
                        faults.push((Vec::new(), Fault::new(FaultKind::Garbled, problem)));
                    }
                    looked.extend(batch.looked(measured, now));
                }
                Err(AzureError::TooBig(_)) if batch.workspaces.len() > 1 => {
                    open.extend(batch.halves().into_iter().flatten())
                }
                Err(error) => {
                    let is_denied = error.kind(Act::Read) == FaultKind::Denied;
                    let needs = if is_denied { format!(", which needs {METRICS_ACTION}") } else { String::new() };
                    let fault = error.fault(Act::Read, format!("{}{needs}", doing()));
                    faults.push((batch.workspaces.clone(), fault));
                }
            }
        }
        (looked, faults)
    }

    async fn measure(&self, batch: &Batch, now: Timestamp) -> Result<Measured, AzureError> {
        let wanted = self.options.monitor.as_ref().zip(MetricsLeave::of(&self.options)).zip(self.watch.regions());
        let Some(((monitor, leave), regions)) = wanted else {
            return Err(AzureError::NotAllowed("a question to Azure Monitor"));
        };
        let line = regions.line(&batch.region, (monitor, &self.options), &self.line)?;
        self.ask_metrics(&line, (monitor, leave), batch, now).await
    }

    async fn ask_metrics(
        &self,
        line: &Line<C>,
        (monitor, leave): (&MonitorOptions, MetricsLeave),
        batch: &Batch,
        now: Timestamp,
    ) -> Result<Measured, AzureError> {
        let from = now.checked_sub(batch.reach.saturating_add(SLACK)).unwrap_or(now);
        let second = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let url = line
            .origin
            .build(&["subscriptions", batch.subscription.as_str(), "metrics:getBatch"], API_VERSION)
            .and("metricNamespace", NAMESPACE)
            .and("metricnames", &METRICS.join(","))
            .and("starttime", &second(from))
            .and("endtime", &second(now))
            .and("interval", "PT1M")
            .and("aggregation", "Average,Maximum")
            .and("filter", &format!("{DIMENSION} eq '*'"))
            .and("top", &TOP.to_string());
        let ids: Vec<String> = batch.workspaces.iter().map(ToString::to_string).collect();
        let body = serde_json::json!({ "resourceids": ids }).to_string();
        let lane = Lane { subscription: batch.subscription.clone(), region: batch.region.clone() };
        let ask = Ask::new(operation::METRICS, &url, &lane, Urgency::Normal).with_body(&body);
        let answer = line.metrics(ask, leave).await?;
        read(answer.json()?, monitor.busy_from, TOP)
    }
}
