//! The custom roles: they grant what is used, and nothing else.

use std::collections::BTreeSet;

use super::read;

/// The actions of a role file, after what every role file must be.
fn actions(path: &str) -> BTreeSet<String> {
    let role: serde_json::Value = serde_json::from_str(&read(path)).expect("JSON");
    let list = |key: &str| -> Vec<String> {
        let values = role.get(key).and_then(serde_json::Value::as_array).unwrap_or_else(|| panic!("{path}: {key}"));
        values.iter().map(|value| value.as_str().expect("text").to_owned()).collect()
    };
    for key in ["NotActions", "DataActions", "NotDataActions"] {
        assert!(list(key).is_empty(), "{path}: {key} grants or hides something");
    }
    assert!(list("AssignableScopes").iter().all(|scope| scope.starts_with("/subscriptions/") && !scope.ends_with('/')));
    assert_eq!(role.get("IsCustom"), Some(&serde_json::Value::Bool(true)), "{path}");
    let actions = list("Actions");
    let set: BTreeSet<String> = actions.iter().cloned().collect();
    assert_eq!(actions.len(), set.len(), "{path}: an action twice");
    set
}

#[test]
fn the_role_can_read_and_stop_and_nothing_else() {
    // G3: of what changes anything, the automatic path may send one thing: POST …/computes/{name}/stop.
    let role = actions("deploy/role.json");
    assert!(role.iter().all(|action| !action.contains('*')), "a wildcard grants what nobody listed: {role:?}");
    let changes: Vec<&String> = role.iter().filter(|action| !action.ends_with("/read")).collect();
    assert_eq!(changes, ["Microsoft.MachineLearningServices/workspaces/computes/stop/action"]);
    let reads = [
        // Finding workspaces, and reading what each holds.
        "Microsoft.MachineLearningServices/workspaces/read",
        "Microsoft.MachineLearningServices/workspaces/computes/read",
        // Following a stop to its end.
        "Microsoft.MachineLearningServices/locations/computeoperationsstatus/read",
        // What VM sizes cost, and how many vCPUs each holds of the quota.
        "Microsoft.MachineLearningServices/locations/vmsizes/read",
        // `lightsout doctor` names the actions that are missing, and those that are too many.
        "Microsoft.Authorization/permissions/read",
    ];
    let expected: BTreeSet<String> = reads.map(str::to_owned).into();
    let found: BTreeSet<String> = role.iter().filter(|action| action.ends_with("/read")).cloned().collect();
    assert_eq!(found, expected, "exactly the reads that are used");
}

#[test]
fn the_role_for_observing_changes_nothing() {
    let observe = actions("deploy/role-observe.json");
    assert!(observe.iter().all(|action| action.ends_with("/read") && !action.contains('*')), "{observe:?}");
    assert!(observe.is_subset(&actions("deploy/role.json")), "observing needs no right that enforcing lacks");
}

#[test]
fn the_roles_grant_what_the_binary_asks_for() {
    let (role, observe) = (actions("deploy/role.json"), actions("deploy/role-observe.json"));
    for action in lightsout::azure::READ_ACTIONS.into_iter().chain([lightsout::azure::PRICE_ACTION]) {
        assert!(role.contains(action) && observe.contains(action), "{action}");
    }
    assert!(role.contains(lightsout::azure::STOP_ACTION));
    assert!(!observe.contains(lightsout::azure::STOP_ACTION));
}

#[test]
fn the_role_for_evidence_reads_what_settings_may_ask_for_and_nothing_else() {
    let evidence = actions("deploy/role-evidence.json");
    let expected: BTreeSet<String> =
        [lightsout::azure::JOBS_ACTION, lightsout::azure::METRICS_ACTION].map(str::to_owned).into();
    assert_eq!(evidence, expected);
}

#[test]
fn the_role_for_idle_timers_sets_them_and_nothing_else() {
    let native = actions("deploy/role-native.json");
    let expected: BTreeSet<String> = [lightsout::azure::TIMER_ACTION.to_owned()].into();
    assert_eq!(native, expected, "G3: it is granted to those who use it");
    assert!(!actions("deploy/role.json").contains(lightsout::azure::TIMER_ACTION));
}

#[test]
fn the_role_for_deleting_deletes_and_nothing_else() {
    let delete = actions("deploy/role-delete.json");
    let expected: BTreeSet<String> = ["Microsoft.MachineLearningServices/workspaces/computes/delete".to_owned()].into();
    assert_eq!(delete, expected, "G3: it is granted to those who use it");
}
