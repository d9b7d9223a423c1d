//! What is refused, to whom, and how it is said.

use lightsout::sandbox::{Limits, Role};
use reqwest::Method;
use serde_json::{Value, json};

use crate::site::{Site, body, compute, place, workspace};

#[tokio::test]
async fn what_azure_would_not_make_is_refused_in_its_shape() {
    let site = Site::new().await;
    let idle = |time: &str| body(json!({ "idleTimeBeforeShutdown": time }));
    let sized = |size: &str| body(json!({ "vmSize": size }));
    let mut elsewhere = body(json!({}));
    elsewhere["location"] = json!("eastus");
    let one = json!({ "action": "Stop", "triggerType": "Cron", "cron": { "expression": "0 18 * * *" } });
    let five = body(json!({ "schedules": { "computeStartStop": [one, one, one, one, one] } }));
    for (name, sent, inner, words) in [
        ("c", body(json!({})), "InvalidComputeName", "between 3 and 24"),
        ("ci-007", body(json!({})), "InvalidComputeName", "behind its last hyphen"),
        ("ci-ana", sized("Standard_Nothing_v9"), "InvalidVmSize", "Standard_Nothing_v9"),
        ("ci-ana", sized("Standard_ND40rs_v2"), "InvalidVmSize", "not supported for ComputeInstance"),
        ("ci-ana", elsewhere, "InvalidLocation", "not that of the workspace"),
        ("ci-ana", idle("PT10M"), "BadArgument", "15 minutes to 3 days"),
        ("ci-ana", idle("P4D"), "BadArgument", "15 minutes to 3 days"),
        ("ci-ana", five, "BadArgument", "at most 4 schedules"),
        ("ci-ana", sized(""), "BadArgument", "vmSize"),
    ] {
        let refused = site.put(name, sent).await;
        assert_eq!((refused.status, refused.codes()), (400, ("UserError", inner)), "{}", refused.body);
        assert!(refused.message().contains(words), "{}", refused.body);
    }
    let nowhere = site.put("ci-ana", json!({ "properties": {} })).await;
    assert_eq!((nowhere.status, nowhere.codes().0), (400, "LocationRequired"));
    let path = compute("ci-ana").replace("ws-00000", "ws-00009");
    assert_eq!(site.ask(Method::PUT, &path, Some(body(json!({})))).await.status, 404);
    assert_eq!(site.get(&compute("ci-ana")).await.status, 404, "nothing was made");
}

#[tokio::test]
async fn a_name_is_taken_in_its_region() {
    let site = Site::new().await;
    site.put("ci-ana", body(json!({}))).await;
    let other = compute("CI-ANA").replace("ws-00000", "ws-00001");
    let refused = site.ask(Method::PUT, &other, Some(body(json!({})))).await;
    assert_eq!((refused.status, refused.codes().1), (400, "ComputeNameTaken"));
    let ask = async |name: &str| {
        let path = format!("{}/checkComputeNameAvailability?api-version=2025-12-01", workspace(1));
        let body = json!({ "name": name, "type": "Microsoft.MachineLearningServices/workspaces/computes" });
        site.post(&path, body).await.body
    };
    let taken = ask("ci-ana").await;
    assert_eq!((&taken["nameAvailable"], &taken["reason"]), (&json!(false), &json!("AlreadyExists")));
    let bad = ask("ci-1").await;
    assert_eq!((&bad["nameAvailable"], &bad["reason"]), (&json!(false), &json!("Invalid")));
    assert!(bad["message"].as_str().unwrap().contains("behind its last hyphen"));
    assert_eq!(ask("ci-bruno").await, json!({ "nameAvailable": true, "reason": null, "message": null }));
    assert_eq!(ask("").await["reason"], "Invalid");
}

#[tokio::test]
async fn quota_is_said_with_its_numbers() {
    let site = Site::new().await;
    site.sandbox.look(|world| world.set_limits(Limits { each_family: 3, ..Limits::usual() }));
    let refused = site.put("ci-ana", body(json!({}))).await;
    assert_eq!((refused.status, refused.codes().1), (400, "QuotaExceeded"));
    assert!(refused.message().contains("standardDSv2Family") && refused.message().contains("of 3 vCPUs"));
    site.sandbox.look(|world| world.set_limits(Limits { cores: 9, ..Limits::usual() }));
    let refused = site.put("ci-ana", body(json!({}))).await;
    assert!(refused.message().contains("total regional vCPU quota"), "{}", refused.body);
}

#[tokio::test]
async fn a_cluster_is_neither_overwritten_nor_deleted() {
    let site = Site::with(1, |options| {
        let cluster = lightsout::sandbox::OtherCompute { name: "cpu".into(), compute_type: "AmlCompute".into() };
        options.world.workspaces[0].others.push(cluster);
    })
    .await;
    assert_eq!(site.put("CPU", body(json!({}))).await.status, 409);
    assert_eq!(site.delete("cpu").await.codes(), ("UserError", "NotSupported"));
    let other = compute("cpu").replace("ws-00000", "ws-00001");
    let refused = site.ask(Method::PUT, &other, Some(body(json!({})))).await;
    assert_eq!(refused.codes().1, "ComputeNameTaken");
}

/// Each request with the action that it needs.
fn requests() -> [(Method, String, Value, &'static str); 6] {
    let name_check = format!("{}/checkComputeNameAvailability?api-version=1", workspace(0));
    let delete = format!("{}&underlyingResourceAction=Delete", compute("ci-00000-00002"));
    let restart = compute("ci-00000-00001").replace("?api", "/restart?api");
    [
        (Method::PUT, compute("ci-ana"), body(json!({})), "workspaces/computes/write"),
        (Method::DELETE, delete, Value::Null, "workspaces/computes/delete"),
        (Method::POST, restart, Value::Null, "workspaces/computes/restart/action"),
        (Method::POST, name_check, json!({ "name": "ci-ana" }), "workspaces/checkComputeNameAvailability/action"),
        (Method::GET, place("usages"), Value::Null, "locations/usages/read"),
        (Method::GET, place("quotas"), Value::Null, "locations/quotas/read"),
    ]
}

#[tokio::test]
async fn each_request_takes_its_own_action_and_no_other() {
    for (method, path, sent, action) in requests() {
        let action = format!("Microsoft.MachineLearningServices/{action}");
        let with = |role: Role| Site::with(3, move |options| options.roles = vec![role]);
        let own = Role { principal: None, actions: vec![action.clone()], not_actions: Vec::new() };
        let allowed = with(own.clone()).await.ask(method.clone(), &path, Some(sent.clone())).await;
        assert!(allowed.status < 300, "{action}: {}", allowed.body);
        let all = "Microsoft.MachineLearningServices/*".to_owned();
        let site = with(Role { actions: vec![all], not_actions: vec![action.to_uppercase()], ..own }).await;
        let refused = site.ask(method.clone(), &path, Some(sent.clone())).await;
        assert_eq!((refused.status, refused.codes().0), (403, "AuthorizationFailed"), "{action}");
        assert!(refused.message().contains(&format!("'{action}'")), "{}", refused.body);
        let permissions = format!("{}/providers/Microsoft.Authorization/permissions?api-version=1", workspace(0));
        let told = site.get(&permissions).await.body;
        assert_eq!(told["value"][0]["notActions"], json!([action.to_uppercase()]));
        let site = Site::with(3, |options| options.denied = vec![action.clone()]).await;
        assert_eq!(site.ask(method, &path, Some(sent)).await.status, 403, "{action}");
    }
}
