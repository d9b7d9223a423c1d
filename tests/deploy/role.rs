//! The custom roles: they are what the one list of rights makes of them, and grant nothing else.

use std::collections::BTreeSet;

use lightsout::rights::{PUBLISHED, READ_ACTIONS, RIGHTS, Reach, STOP_ACTION};

use super::{read, root};

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

#[expect(clippy::disallowed_methods, reason = "LIGHTSOUT_BLESS=1 writes the files anew")]
fn blesses() -> bool {
    std::env::var_os("LIGHTSOUT_BLESS").is_some_and(|value| value == "1")
}

#[test]
fn every_role_file_is_what_the_list_of_rights_makes_of_it() {
    let mut known = BTreeSet::new();
    for published in &PUBLISHED {
        let path = format!("deploy/{}", published.file);
        known.insert(published.file.to_owned());
        let made = format!("{}\n", serde_json::to_string_pretty(&published.role()).expect("JSON"));
        if blesses() {
            std::fs::write(root(&path), &made).expect("a file");
        }
        assert_eq!(read(&path), made, "{path} is not what `lightsout rbac` makes; LIGHTSOUT_BLESS=1 writes it anew");
        let expected: BTreeSet<String> = published.role().actions.into_iter().map(str::to_owned).collect();
        assert_eq!(actions(&path), expected, "{path}");
    }
    let there = std::fs::read_dir(root("deploy")).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let roles: BTreeSet<String> =
        there.map(|name| name.to_string_lossy().into_owned()).filter(|name| name.starts_with("role")).collect();
    assert_eq!(roles, known, "a role file that nothing makes");
}

#[test]
fn the_role_can_read_and_stop_and_nothing_else() {
    // G3: of what changes anything, the automatic path may send one thing: POST …/computes/{name}/stop.
    let role = actions("deploy/role.json");
    assert!(role.iter().all(|action| !action.contains('*')), "a wildcard grants what nobody listed: {role:?}");
    let changes: Vec<&String> = role.iter().filter(|action| !action.ends_with("/read")).collect();
    assert_eq!(changes, [STOP_ACTION]);
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
    assert!(READ_ACTIONS.iter().all(|action| observe.contains(*action)));
}

#[test]
fn the_roles_beside_others_hold_one_thing_each() {
    let of = |path: &str| actions(path).into_iter().collect::<Vec<_>>();
    assert_eq!(
        of("deploy/role-evidence.json"),
        ["Microsoft.Insights/metrics/read", "Microsoft.MachineLearningServices/workspaces/jobs/read"]
    );
    let timer = "Microsoft.MachineLearningServices/workspaces/computes/updateIdleShutdownSetting/action";
    assert_eq!(of("deploy/role-native.json"), [timer], "G3: it is granted to those who use it");
    let service = actions("deploy/role.json");
    for (path, action) in [
        ("deploy/role-native.json", timer),
        ("deploy/role-start.json", "Microsoft.MachineLearningServices/workspaces/computes/start/action"),
        ("deploy/role-delete.json", "Microsoft.MachineLearningServices/workspaces/computes/delete"),
        ("deploy/role-manage.json", "Microsoft.MachineLearningServices/workspaces/computes/write"),
    ] {
        assert!(actions(path).contains(action) && !service.contains(action), "{path}");
    }
}

/// The table of rights in the book, as the list of rights makes it.
fn table() -> String {
    let mut table = "| action | used to | for | without it |\n|---|---|---|---|\n".to_owned();
    for right in &RIGHTS {
        let action = right.action.strip_prefix("Microsoft.MachineLearningServices/").unwrap_or(right.action);
        let parts: Vec<&str> = right.parts.iter().map(|part| part.label()).collect();
        let place = if right.reach == Reach::Subscription { " (on the subscription)" } else { "" };
        let without = right.without.unwrap_or("that does not go");
        let line = format!("| `{action}`{place} | {} | {} | {without} |\n", parts.join(", "), right.why);
        table.push_str(&line);
    }
    table
}

#[test]
fn the_table_of_rights_is_the_list_of_rights() {
    let path = "deploy/README.md";
    let book = read(path);
    let from = book.find("| action |").expect("the table of rights");
    let until = book[from..].find("\n\n").map_or(book.len(), |at| from + at + 1);
    if blesses() {
        std::fs::write(root(path), format!("{}{}{}", &book[..from], table(), &book[until..])).expect("a file");
        return;
    }
    assert_eq!(book[from..until], table(), "{path}: LIGHTSOUT_BLESS=1 writes the table anew");
}
