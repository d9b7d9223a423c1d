//! Which requests may leave, and which may not.

use super::*;
use crate::azure::options::{Cloud, IdentityOptions};
use crate::azure::origin::Origin;
use crate::rights::{COST_ACTION, METRICS_ACTION, NEVER_NEEDED, RIGHTS, START_ACTION, STOP_ACTION, TIMER_ACTION};
use crate::units::SubscriptionId;

#[test]
fn only_the_stop_of_a_compute_may_be_posted() {
    let origin = Origin::new("https://management.azure.com").unwrap();
    let at = |path: &str| origin.pin(path, &SubscriptionId::new("s")).unwrap();
    let stop =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/c/stop";
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
    options.monitor = Some(crate::azure::activity::MonitorOptions {
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
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/c/stop"
            .to_owned(),
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
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/c/stop"
            .to_owned(),
    ] {
        assert!(admits(ask, &at(&other)).is_err(), "G3: {other}");
    }
}

/// The right that each kind of request uses; reads have many.
fn right_of(verb: Verb) -> Option<&'static str> {
    match verb {
        Verb::Get => None,
        Verb::Post => Some(STOP_ACTION),
        Verb::Operate(leave) => Some(match leave.verb() {
            Operation::Create => "Microsoft.MachineLearningServices/workspaces/computes/write",
            Operation::Start => START_ACTION,
            Operation::Restart => "Microsoft.MachineLearningServices/workspaces/computes/restart/action",
            Operation::Delete => "Microsoft.MachineLearningServices/workspaces/computes/delete",
        }),
        Verb::Name(_) => Some("Microsoft.MachineLearningServices/workspaces/checkComputeNameAvailability/action"),
        Verb::Timer(_) => Some(TIMER_ACTION),
        Verb::Query(_) => Some(COST_ACTION),
        Verb::Metrics(_) => Some(METRICS_ACTION),
    }
}

#[test]
fn what_may_be_sent_is_what_the_list_of_rights_has() {
    let origin = Origin::new("https://management.azure.com").unwrap();
    let at = |path: &str| origin.pin(path, &SubscriptionId::new("s")).unwrap();
    let operations = Operation::ALL.map(|verb| Verb::Operate(OperationLeave(verb)));
    let verbs = [
        Verb::Post,
        Verb::Timer(TimerLeave(())),
        Verb::Query(CostLeave(())),
        Verb::Metrics(MetricsLeave(())),
        Verb::Name(NameLeave(())),
    ];
    let verbs: Vec<Verb> = verbs.into_iter().chain(operations).collect();
    for &verb in &verbs {
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
        for &verb in &verbs {
            assert_eq!(admits(verb, &url).is_ok(), right_of(verb) == Some(action), "G3: {verb:?} to {word}");
        }
    }
    assert!(tried > 8, "{tried}");
}
