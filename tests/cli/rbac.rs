//! `rbac` for what is asked and for what is configured; its role is enough for the service, and `doctor` sees less and more.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use lightsout::sandbox::Role;
use std::collections::BTreeSet;

use serde_json::Value;

use crate::estate::Estate;
use crate::program::{Place, Said, off_now};

const SCOPE: &str = "/subscriptions/00000000-0000-0000-0000-000000000001";

fn json(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}{}", said.out, said.err))
}

fn nowhere(policy: &str, more: &str) -> Place {
    let place = Place::new(
        "http://127.0.0.1:9",
        &[format!("{SCOPE}/resourceGroups/rg-a/providers/Microsoft.MachineLearningServices/workspaces/ws-a")],
        more,
    );
    place.write("policies/p.toml", policy);
    place
}

/// The ends of the actions of a role, without Azure Machine Learning's name before them.
fn actions(role: &Value) -> BTreeSet<String> {
    let list = role["Actions"].as_array().unwrap_or_else(|| panic!("{role}"));
    let short = |one: &Value| one.as_str().unwrap().replace("Microsoft.MachineLearningServices/", "");
    list.iter().map(short).collect()
}

fn set(list: &[&str]) -> BTreeSet<String> {
    list.iter().map(|one| (*one).to_owned()).collect()
}

const LOOKING: [&str; 4] = [
    "workspaces/read",
    "workspaces/computes/read",
    "Microsoft.Authorization/permissions/read",
    "locations/vmsizes/read",
];
const STATUS: &str = "locations/computeoperationsstatus/read";

#[test]
fn each_level_has_its_rights_and_no_others() {
    let place = nowhere("", "");
    let of = |level: &str| {
        let said = place.run(&["rbac", "--for", level, "--scope", SCOPE]);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{level}");
        let role = json(&said);
        assert_eq!(role["AssignableScopes"], serde_json::json!([SCOPE]));
        assert_eq!((&role["IsCustom"], &role["DataActions"]), (&Value::Bool(true), &serde_json::json!([])));
        let mut found = actions(&role);
        for look in LOOKING {
            assert!(found.remove(look), "{level} lacks {look}");
        }
        found
    };
    let (stop, start) = ("workspaces/computes/stop/action", "workspaces/computes/start/action");
    assert_eq!(of("observe"), set(&[]));
    assert_eq!(of("enforce"), set(&[STATUS, stop]));
    assert_eq!(of("start"), set(&[STATUS, stop, start]));
    assert_eq!(of("native"), set(&["workspaces/computes/updateIdleShutdownSetting/action"]));
    assert_eq!(
        of("manage"),
        set(&[
            STATUS,
            stop,
            start,
            "workspaces/computes/restart/action",
            "workspaces/computes/write",
            "workspaces/computes/delete",
            "workspaces/checkComputeNameAvailability/action",
            "locations/usages/read",
            "locations/quotas/read",
        ])
    );
    let both = set(&[STATUS, stop, "workspaces/computes/updateIdleShutdownSetting/action"]);
    assert_eq!(of("enforce,native"), both);
    let arm = place.run(&["rbac", "--for", "enforce", "--scope", SCOPE, "--format", "arm", "--name", "Night's watch"]);
    let arm = json(&arm);
    assert_eq!(arm["type"], "Microsoft.Authorization/roleDefinitions");
    assert_eq!(arm["name"], "[guid(subscription().id, 'Night''s watch')]");
    // a tenant has each name once, and may have many subscriptions
    let unique = "[concat('Night''s watch ', uniqueString(subscription().id))]";
    assert_eq!(arm["properties"]["roleName"], unique);
    assert_eq!(arm["properties"]["assignableScopes"], serde_json::json!([SCOPE]));
    for wrong in ["/subscriptions/", "subscriptions/x", &format!("{SCOPE}/resourceGroups/a/providers/b")] {
        let said = place.run(&["rbac", "--for", "enforce", "--scope", wrong]);
        assert!(said.code == 2 && said.err.contains("assignable nowhere below"), "{wrong}: {}", said.err);
    }
}

#[test]
fn what_is_configured_decides_where_nothing_is_asked() {
    let quiet = "name = \"p\"\nscope.workspaces = [\"*\"]\nuptime.max = \"5d\"\n";
    let found = |policy: &str, more: &str| {
        let said = nowhere(policy, more).run(&["rbac"]);
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
        assert!(
            said.err.contains("locations/vmsizes/read counts only when assigned on the subscription")
                || more.contains("retail"),
            "{}",
            said.err
        );
        let role = json(&said);
        assert_eq!(role["AssignableScopes"], serde_json::json!([format!("{SCOPE}/resourceGroups/rg-a")]));
        (role["Name"].as_str().unwrap().to_owned(), actions(&role))
    };
    assert_eq!(found(quiet, ""), ("Lightsout Observer".to_owned(), set(&LOOKING)));
    let (_, without) = found(quiet, "[prices]\nsources = [\"retail\"]\n");
    assert!(!without.contains("locations/vmsizes/read"));
    let (name, stops) = found(&recorded("enforce"), "");
    assert_eq!(name, "Lightsout Instance Governor");
    assert!(stops.contains("workspaces/computes/stop/action") && stops.contains(STATUS));
    let timers = format!(
        "{}mode = \"enforce\"\nwarning.proof = \"recorded\"\n[native]\nidle_shutdown = \"60m\"\napply = \"service\"\n",
        quiet
    );
    assert!(found(&timers, "").1.contains("workspaces/computes/updateIdleShutdownSetting/action"));
    let more = "[jobs]\nqueued = true\n[monitor]\nenabled = true\nendpoint = \"http://127.0.0.1:9\"\n[reconcile]\nsource = \"cost-management\"\n";
    let (name, evidence) = found(quiet, more);
    assert_eq!(name, "Lightsout Observer", "reading more is still observing");
    for action in ["workspaces/jobs/read", "Microsoft.Insights/metrics/read", "Microsoft.CostManagement/query/read"] {
        assert!(evidence.contains(action), "{action}");
    }
    let said = nowhere(&timers, more).run(&["rbac", "--explain"]);
    for words in [
        "policy p (",
        "enforces",
        "[native] apply",
        "[jobs] queued = true",
        "without it: the public price list",
        "assignable at",
    ] {
        assert!(said.out.contains(words), "{words} in\n{}", said.out);
    }
    let told = json(&nowhere(&timers, more).run(&["rbac", "--explain", "--json"]));
    assert!(told["rights"].as_array().is_some_and(|rights| rights.len() == 10), "{told:#}");
}

#[test]
fn no_role_is_made_of_a_configuration_that_is_broken() {
    let place = nowhere("name = \"p\"\nmode = \"enforcing\"\n", "");
    let said = place.run(&["rbac"]);
    assert_eq!((said.code, said.out.as_str()), (2, ""), "{}", said.err);
    assert!(said.err.contains("p.toml:2") && said.err.contains("would lack"), "{}", said.err);
    let asked = place.run(&["rbac", "--for", "observe"]);
    assert_eq!(asked.code, 0, "what is asked for needs no policy: {}", asked.err);
    place.write("lightsout.toml", "[fleet]\n");
    assert_eq!(place.run(&["rbac", "--for", "observe"]).code, 2, "nobody said where");
    assert_eq!(place.run(&["rbac", "--for", "observe", "--scope", SCOPE]).code, 0);
}

fn recorded(mode: &str) -> String {
    off_now(mode, "0s", "").replace("lead = \"0s\"\n", "lead = \"0s\"\nproof = \"recorded\"\n")
}

/// An Azure whose caller has exactly the rights of the role that `rbac` prints for a level, and these.
async fn granted(level: &str, more: &[&str]) -> Estate {
    let said = nowhere("", "").run(&["rbac", "--for", level, "--scope", SCOPE]);
    let role = json(&said);
    let list = role["Actions"].as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned());
    let all: Vec<String> = list.chain(more.iter().map(|one| (*one).to_owned())).collect();
    let role = Role { principal: None, actions: all, not_actions: Vec::new() };
    Estate::start(1, 1, |options| options.roles.push(role)).await
}

fn site(estate: &Estate, policy: &str) -> Place {
    let place = Place::new(&estate.sandbox.base_url(), estate.workspaces(), "[prices]\nsources = [\"vm_sizes\"]\n");
    place.write("policies/night.toml", policy);
    place
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_least_role_is_enough_to_stop_and_doctor_has_nothing_to_say() {
    let estate = granted("enforce", &[]).await;
    let place = site(&estate, &recorded("enforce"));
    let said = place.run(&["doctor"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(said.out.contains("every needed action is granted (6)"), "{}", said.out);
    assert!(!said.out.contains("more than needed") && !said.out.contains("missing"), "{}", said.out);
    let said = place.run(&["sweep"]);
    assert!(said.code == 0 && said.out.contains("1 stops sent"), "{}{}", said.out, said.err);
    estate.let_operations_end();
    assert!(place.run(&["sweep"]).out.contains("1 seen stopped"));
    assert_eq!(estate.stops_of("ci-00000-00000"), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_names_what_is_missing_and_what_goes_without() {
    let estate = granted("observe", &[]).await;
    let place = site(&estate, &recorded("enforce"));
    let said = place.run(&["doctor"]);
    assert_eq!(said.code, 3, "{}{}", said.out, said.err);
    let line = |start: &str| {
        said.out.lines().find(|line| line.contains(start)).unwrap_or_else(|| panic!("{start} in {}", said.out))
    };
    let failed = line("missing actions");
    assert!(
        failed.starts_with("FAILED")
            && failed.contains("missing actions: Microsoft.MachineLearningServices/workspaces/computes/stop/action;"),
        "{failed}"
    );
    let spared = line("missing action:");
    assert!(
        spared.starts_with("warning")
            && spared.contains("computeoperationsstatus")
            && spared.ends_with("without it the instance is looked at instead"),
        "{spared}"
    );
    // what it says is so
    let sweep = place.run(&["sweep"]);
    assert_eq!(sweep.code, 4, "{}{}", sweep.out, sweep.err);
    assert_eq!(estate.stops_of("ci-00000-00000"), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_names_what_is_more_than_needed_as_the_role_has_it() {
    let more = [
        "Microsoft.MachineLearningServices/workspaces/computes/*",
        "Microsoft.Insights/*/read",
        "Microsoft.Authorization/roleAssignments/write",
    ];
    let estate = granted("observe", &more).await;
    let said = site(&estate, &recorded("observe")).run(&["doctor"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    let changes = said
        .out
        .lines()
        .find(|line| line.contains("more than needed is granted"))
        .unwrap_or_else(|| panic!("{}", said.out));
    assert!(changes.starts_with("warning"), "{changes}");
    assert!(changes.contains("Microsoft.MachineLearningServices/workspaces/computes/* (such as Microsoft.MachineLearningServices/workspaces/computes/stop/action"), "{changes}");
    assert!(
        changes.contains("and 7 more)") && changes.contains("; Microsoft.Authorization/roleAssignments/write"),
        "{changes}"
    );
    let reads = said
        .out
        .lines()
        .find(|line| line.contains("more than needed can be read"))
        .unwrap_or_else(|| panic!("{}", said.out));
    assert!(
        reads.starts_with("well")
            && reads.contains("Microsoft.Insights/*/read (such as Microsoft.Insights/metrics/read)"),
        "{reads}"
    );
}
