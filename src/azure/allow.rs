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
mod tests {
    use super::super::options::{Cloud, IdentityOptions};
    use super::super::origin::Origin;
    use super::*;
    use crate::rights::{COST_ACTION, METRICS_ACTION, NEVER_NEEDED, RIGHTS, STOP_ACTION, TIMER_ACTION};
    use crate::units::SubscriptionId;

    #[test]
    fn only_the_stop_of_a_compute_may_be_posted() {
        let origin = Origin::new("https://management.azure.com").unwrap();
        let at = |path: &str| origin.pin(path, &SubscriptionId::new("s")).unwrap();
        let stop = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/c/stop";
        assert!(admits(Verb::Post, &at(&format!("{stop}?api-version=1"))).is_ok());
        for other in [
            stop.replace("/stop", "/start"),
            stop.replace("/stop", "/restart"),
            stop.replace("/stop", ""),
            stop.replace("/stop", "/stop/x"),
            stop.replace("/stop", "/stop/"),
            stop.replace("/c/stop", "/stop"),
            stop.replace("MachineLearningServices", "Compute"),
            format!("{stop}?api-version=1&x=y"),
            "/subscriptions/s/x/stop".to_owned(),
        ] {
            assert!(admits(Verb::Post, &at(&other)).is_err(), "G3: {other}");
            assert!(admits(Verb::Get, &at(&other)).is_ok());
        }
    }

    #[test]
    fn only_the_idle_timer_of_a_compute_may_be_set_with_its_leave() {
        let origin = Origin::new("https://management.azure.com").unwrap();
        let at = |path: &str| origin.pin(path, &SubscriptionId::new("s")).unwrap();
        let timer = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/c/updateIdleShutdownSetting";
        let set = Verb::Timer(TimerLeave(()));
        assert!(admits(set, &at(&format!("{timer}?api-version=1"))).is_ok());
        assert!(admits(Verb::Post, &at(timer)).is_err(), "G3: without its leave it is no request at all");
        for other in [
            timer.replace("/updateIdleShutdownSetting", "/stop"),
            timer.replace("/updateIdleShutdownSetting", "/start"),
            timer.replace("/updateIdleShutdownSetting", "/updateSchedules"),
            timer.replace("/updateIdleShutdownSetting", ""),
            format!("{timer}/x"),
            format!("{timer}?api-version=1&x=y"),
            timer.replace("MachineLearningServices", "Compute"),
        ] {
            assert!(admits(set, &at(&other)).is_err(), "G3: {other}");
        }
    }

    #[test]
    fn each_operation_has_one_url_and_needs_its_own_leave() {
        let origin = Origin::new("https://management.azure.com").unwrap();
        let at = |path: &str| origin.pin(path, &SubscriptionId::new("s")).unwrap();
        let compute =
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/c";
        let urls = [
            (Operation::Create, format!("{compute}?api-version=1")),
            (Operation::Start, format!("{compute}/start?api-version=1")),
            (Operation::Restart, format!("{compute}/restart?api-version=1")),
            (Operation::Delete, format!("{compute}?underlyingResourceAction=Delete&api-version=1")),
        ];
        for (verb, own) in &urls {
            let leave = Verb::Operate(OperationLeave(*verb));
            assert!(admits(leave, &at(own)).is_ok(), "{verb:?}");
            assert!(admits(Verb::Post, &at(own)).is_err(), "G3: without its leave: {own}");
            for (_, url) in urls.iter().filter(|(other, _)| other != verb) {
                assert!(admits(leave, &at(url)).is_err(), "G3: {verb:?} at {url}");
            }
            for wrong in [
                own.replace("/computes/c", "/computes/c/x"),
                own.replace("/computes/c", ""),
                own.replace("MachineLearningServices", "Compute"),
                own.replace("api-version=1", "api-version=1&x=y"),
            ] {
                assert!(admits(leave, &at(&wrong)).is_err(), "G3: {verb:?} at {wrong}");
            }
        }
    }

    #[test]
    fn only_the_question_for_a_name_may_be_asked_with_its_leave() {
        let origin = Origin::new("https://management.azure.com").unwrap();
        let at = |path: &str| origin.pin(path, &SubscriptionId::new("s")).unwrap();
        let ask = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/checkComputeNameAvailability";
        let leave = Verb::Name(NameLeave(()));
        assert!(admits(leave, &at(&format!("{ask}?api-version=1"))).is_ok());
        assert!(admits(Verb::Post, &at(ask)).is_err(), "G3: without its leave it is no request at all");
        for other in [
            ask.replace("/checkComputeNameAvailability", ""),
            ask.replace("checkComputeNameAvailability", "listKeys"),
            format!("{ask}/x"),
            format!("{ask}?api-version=1&x=y"),
            ask.replace("/checkComputeNameAvailability", "/computes/c/stop"),
        ] {
            assert!(admits(leave, &at(&other)).is_err(), "G3: {other}");
        }
    }

    #[test]
    fn a_machine_is_never_only_detached() {
        let origin = Origin::new("https://management.azure.com").unwrap();
        let compute =
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/c";
        for query in
            ["underlyingResourceAction=Detach", "underlyingResourceAction=Delete&underlyingResourceAction=Detach", ""]
        {
            let url = origin.pin(&format!("{compute}?{query}"), &SubscriptionId::new("s")).unwrap();
            assert!(admits(Verb::Operate(OperationLeave(Operation::Delete)), &url).is_err(), "{query}");
        }
    }

    #[test]
    fn only_the_question_for_metrics_may_be_asked_and_only_with_leave() {
        let origin = Origin::new("https://westeurope.metrics.monitor.azure.com").unwrap();
        let at = |path: &str| origin.pin(path, &SubscriptionId::new("s")).unwrap();
        let mut options = AzureOptions::new(Cloud::Public, IdentityOptions::Managed(Default::default()));
        assert_eq!(MetricsLeave::of(&options), None, "the default is not to ask");
        options.monitor = Some(super::super::activity::MonitorOptions {
            busy_from: crate::units::Percent::NONE,
            refresh: jiff::SignedDuration::from_mins(5),
            endpoint: None,
            token_scope: None,
        });
        let ask = Verb::Metrics(MetricsLeave::of(&options).unwrap());
        let good = "/subscriptions/s/metrics:getBatch?api-version=1&top=10&filter=x";
        assert!(admits(ask, &at(good)).is_ok());
        assert!(admits(Verb::Post, &at(good)).is_err(), "G3");
        for other in [
            good.replace("getBatch", "delete"),
            good.replace("/metrics:", "/x/metrics:"),
            format!("{good}&rollupby=x"),
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/c/stop".to_owned(),
        ] {
            assert!(admits(ask, &at(&other)).is_err(), "G3: {other}");
        }
    }

    #[test]
    fn only_the_query_of_costs_may_be_asked_and_only_with_leave() {
        let origin = Origin::new("https://management.azure.com").unwrap();
        let at = |path: &str| origin.pin(path, &SubscriptionId::new("s")).unwrap();
        let mut options = AzureOptions::new(Cloud::Public, IdentityOptions::Managed(Default::default()));
        assert_eq!(CostLeave::of(&options), None, "the default is not to ask");
        options.costs = true;
        let ask = Verb::Query(CostLeave::of(&options).unwrap());
        let query = "/subscriptions/s/providers/Microsoft.CostManagement/query";
        for good in [
            format!("{query}?api-version=1"),
            format!("{query}?api-version=1&$skiptoken=AQAAAA%3D%3D"),
            "/subscriptions/S/providers/microsoft.costmanagement/Query?api-version=1&$skipToken=x".to_owned(),
        ] {
            assert!(admits(ask, &at(&good)).is_ok(), "{good}");
            assert!(admits(Verb::Post, &at(&good)).is_err(), "G3: {good}");
        }
        for other in [
            query.replace("/query", "/exports"),
            query.replace("/query", "/query/x"),
            query.replace("CostManagement", "Compute"),
            query.replace("/providers", "/resourceGroups/g/providers"),
            format!("{query}?api-version=1&x=y"),
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/c/stop".to_owned(),
        ] {
            assert!(admits(ask, &at(&other)).is_err(), "G3: {other}");
        }
    }

    /// The right that each kind of request uses; reads have many.
    fn right_of(verb: Verb) -> Option<&'static str> {
        match verb {
            Verb::Get => None,
            Verb::Post => Some(STOP_ACTION),
            Verb::Timer(_) => Some(TIMER_ACTION),
            Verb::Query(_) => Some(COST_ACTION),
            Verb::Metrics(_) => Some(METRICS_ACTION),
        }
    }

    #[test]
    fn what_may_be_sent_is_what_the_list_of_rights_has() {
        let origin = Origin::new("https://management.azure.com").unwrap();
        let at = |path: &str| origin.pin(path, &SubscriptionId::new("s")).unwrap();
        let verbs =
            [Verb::Post, Verb::Timer(TimerLeave(())), Verb::Query(CostLeave(())), Verb::Metrics(MetricsLeave(()))];
        for verb in verbs {
            let action = right_of(verb).unwrap();
            assert!(RIGHTS.iter().any(|right| right.action == action), "{verb:?} uses {action}, which no role has");
        }
        let known = RIGHTS.iter().map(|right| right.action).chain(NEVER_NEEDED);
        let on_computes = known.filter_map(|action| {
            let rest = action.strip_prefix("Microsoft.MachineLearningServices/workspaces/computes/")?;
            Some((action, rest.strip_suffix("/action")?))
        });
        let mut tried = 0;
        for (action, word) in on_computes {
            tried += 1;
            let url = at(&format!(
                "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/c/{word}"
            ));
            for verb in verbs {
                assert_eq!(admits(verb, &url).is_ok(), right_of(verb) == Some(action), "G3: {verb:?} to {word}");
            }
        }
        assert!(tried > 8, "{tried}");
    }
}
