//! The gate of G3: which requests may leave this process at all, whoever asks.

use super::error::AzureError;
use super::options::AzureOptions;
use super::origin::PinnedUrl;
use crate::facts::{NewInstance, Verb as Operation};
use crate::ports::{OperationPermit, TimerPermit};

/// The leave to ask Cost Management; only settings that name it as a source can give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CostLeave(());

impl CostLeave {
    /// As the options say.
    pub(super) fn of(options: &AzureOptions) -> Option<Self> {
        options.costs.then_some(Self(()))
    }
}

/// The leave to ask Azure Monitor; only settings that ask for it can give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MetricsLeave(());

impl MetricsLeave {
    /// As the options say.
    pub(super) fn of(options: &AzureOptions) -> Option<Self> {
        options.monitor.is_some().then_some(Self(()))
    }
}

/// The leave to set an idle timer; only the guard's permit for one gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TimerLeave(());

impl TimerLeave {
    /// As the permit says.
    pub(super) const fn of(_permit: &TimerPermit) -> Self {
        Self(())
    }
}

/// The leave to start, restart, create or delete an instance; only the guard's permit for that very thing gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OperationLeave(Operation);

impl OperationLeave {
    /// As the permit says.
    pub(super) const fn of(permit: &OperationPermit) -> Self {
        Self(permit.verb())
    }

    /// For what.
    pub(super) const fn verb(self) -> Operation {
        self.0
    }
}

/// The leave to ask whether a name is free; only an instance that is to be made gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NameLeave(());

impl NameLeave {
    /// For that one.
    pub(super) const fn of(_new: &NewInstance) -> Self {
        Self(())
    }
}

/// The only seven kinds of request that exist here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    /// Reads.
    Get,
    /// Stops.
    Post,
    /// Sets an idle timer.
    Timer(TimerLeave),
    /// Starts, restarts, creates or deletes.
    Operate(OperationLeave),
    /// Asks what was billed: a POST that reads.
    Query(CostLeave),
    /// Asks for metrics: a POST that reads.
    Metrics(MetricsLeave),
    /// Asks whether a name is free: a POST that reads.
    Name(NameLeave),
}

/// Reads anything below the pinned origin; posts nothing but `…/computes/NAME/stop`, and with leave
/// `…/computes/NAME/updateIdleShutdownSetting`, the one operation that the leave names, and the questions to Cost
/// Management, to Azure Monitor and for a name.
pub(super) fn admits(verb: Verb, url: &PinnedUrl) -> Result<(), AzureError> {
    match verb {
        Verb::Get => Ok(()),
        Verb::Post if is_stop(url) => Ok(()),
        Verb::Post => Err(AzureError::NotAllowed("a POST other than the stop of a compute")),
        Verb::Timer(_) if is_timer(url) => Ok(()),
        Verb::Timer(_) => Err(AzureError::NotAllowed("a POST other than the idle timer of a compute")),
        Verb::Operate(leave) if is_operation(url, leave.verb()) => Ok(()),
        Verb::Operate(_) => Err(AzureError::NotAllowed("an operation on a compute other than the permitted one")),
        Verb::Query(_) if is_cost_query(url) => Ok(()),
        Verb::Query(_) => Err(AzureError::NotAllowed("a POST other than the query of costs")),
        Verb::Metrics(_) if is_metrics_batch(url) => Ok(()),
        Verb::Metrics(_) => Err(AzureError::NotAllowed("a POST other than the question for metrics")),
        Verb::Name(_) if is_name_question(url) => Ok(()),
        Verb::Name(_) => Err(AzureError::NotAllowed("a POST other than the question for a name")),
    }
}

fn is_stop(url: &PinnedUrl) -> bool {
    is_on_compute(url, "stop")
}

fn is_timer(url: &PinnedUrl) -> bool {
    is_on_compute(url, "updateIdleShutdownSetting")
}

/// The path of a compute; an empty segment stands for any.
const COMPUTE: [&str; 10] = [
    "subscriptions",
    "",
    "resourceGroups",
    "",
    "providers",
    "Microsoft.MachineLearningServices",
    "workspaces",
    "",
    "computes",
    "",
];

fn is_on_compute(url: &PinnedUrl, action: &str) -> bool {
    let shape: Vec<&str> = COMPUTE.into_iter().chain([action]).collect();
    has_shape(url, &shape) && url.url().query_pairs().all(|(key, _)| key == "api-version")
}

/// The one URL of an operation: a compute itself is created and deleted, the others have a path of their own.
fn is_operation(url: &PinnedUrl, verb: Operation) -> bool {
    match verb {
        Operation::Start => is_on_compute(url, "start"),
        Operation::Restart => is_on_compute(url, "restart"),
        Operation::Create => has_shape(url, &COMPUTE) && url.url().query_pairs().all(|(key, _)| key == "api-version"),
        // what detaches leaves the machine behind, to be paid for by nobody's name
        Operation::Delete => {
            let mut actions: Vec<String> = Vec::new();
            let known = url.url().query_pairs().all(|(key, value)| {
                let is_action = key == "underlyingResourceAction";
                actions.extend(is_action.then(|| value.into_owned()));
                is_action || key == "api-version"
            });
            has_shape(url, &COMPUTE) && known && actions == ["Delete"]
        }
    }
}

/// The question whether a name is free, put to a workspace.
fn is_name_question(url: &PinnedUrl) -> bool {
    let workspace = COMPUTE.get(..8).unwrap_or_default();
    let shape: Vec<&str> = workspace.iter().copied().chain(["checkComputeNameAvailability"]).collect();
    has_shape(url, &shape) && url.url().query_pairs().all(|(key, _)| key == "api-version")
}

/// The query of a subscription's costs, or a later page of it: the links to those are Azure's, which writes its ids and names
/// in any case.
pub(super) fn is_cost_query(url: &PinnedUrl) -> bool {
    let shape = ["subscriptions", "", "providers", "Microsoft.CostManagement", "query"];
    let known = |key: &str| ["api-version", "$skiptoken"].iter().any(|known| key.eq_ignore_ascii_case(known));
    has_shape(url, &shape) && url.url().query_pairs().all(|(key, _)| known(&key))
}

/// The question for the metrics of many resources of a subscription.
fn is_metrics_batch(url: &PinnedUrl) -> bool {
    let known = [
        "api-version",
        "metricNamespace",
        "metricnames",
        "starttime",
        "endtime",
        "interval",
        "aggregation",
        "filter",
        "top",
    ];
    let shape = ["subscriptions", "", "metrics:getBatch"];
    has_shape(url, &shape) && url.url().query_pairs().all(|(key, _)| known.contains(&&*key))
}

/// True when the path has these segments and no others; an empty one stands for any. As in Azure, case does not matter.
fn has_shape(url: &PinnedUrl, shape: &[&str]) -> bool {
    let Some(path) = url.url().path().strip_prefix('/') else { return false };
    let mut parts = path.split('/');
    let fits = shape.iter().all(|wanted| {
        parts
            .next()
            .is_some_and(|part| if wanted.is_empty() { !part.is_empty() } else { part.eq_ignore_ascii_case(wanted) })
    });
    fits && parts.next().is_none()
}

#[cfg(test)]
#[path = "allow_tests.rs"]
mod tests;
