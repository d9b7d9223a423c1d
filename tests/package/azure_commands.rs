//! What was asked of `az`: each command with the arguments that Azure's own documents give it, in an order that works.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The commands, and their arguments: those that must be there, and those that may.
const KNOWN: &[(&str, &[&str], &[&str])] = &[
    ("account show", &[], &["--query", "--output", "--subscription", "--name"]),
    (
        "vm identity assign",
        &["--resource-group", "--name"],
        &["--identities", "--role", "--scope", "--query", "--output"],
    ),
    ("role definition create", &["--role-definition"], &["--output"]),
    ("role definition update", &["--role-definition"], &["--output"]),
    ("role definition delete", &["--name"], &["--scope", "--resource-group", "--custom-role-only"]),
    (
        "role assignment create",
        &["--role", "--scope"],
        &["--assignee", "--assignee-object-id", "--assignee-principal-type", "--description", "--condition", "--name"],
    ),
    ("role assignment delete", &[], &["--assignee", "--role", "--scope", "--ids", "--resource-group", "--yes"]),
];

/// One call: its command, its flags with their values.
fn call(words: &[&str]) -> (&'static str, BTreeMap<String, String>) {
    let spoken: Vec<&str> = words.iter().copied().take_while(|word| !word.starts_with("--")).collect();
    let (name, must, may) =
        KNOWN.iter().find(|(name, ..)| *name == spoken.join(" ")).unwrap_or_else(|| panic!("az {words:?} is unknown"));
    let mut flags = BTreeMap::new();
    let mut rest = words.iter().skip(spoken.len());
    while let Some(flag) = rest.next() {
        assert!(must.contains(flag) || may.contains(flag), "`az {name}` has no {flag}");
        let value = rest.next().filter(|value| !value.starts_with("--") && !value.is_empty());
        flags.insert(
            (*flag).to_owned(),
            (*value.unwrap_or_else(|| panic!("`az {name}`: {flag} has no value"))).to_owned(),
        );
    }
    for flag in *must {
        assert!(flags.contains_key(*flag), "`az {name}` needs {flag}: {flags:?}");
    }
    (name, flags)
}

/// A role file, as Azure reads it: its name.
fn role(text: &str) -> String {
    let role: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let list = |key: &str| role.get(key).and_then(Value::as_array).unwrap_or_else(|| panic!("{key}: {role}")).clone();
    assert!(!list("Actions").is_empty() && list("Actions").iter().all(Value::is_string), "{role}");
    let scopes = list("AssignableScopes");
    for scope in &scopes {
        let id = scope.as_str().and_then(|scope| scope.strip_prefix("/subscriptions/")).expect("a subscription");
        assert!(id.len() == 36 && id != "00000000-0000-0000-0000-000000000000", "nobody's subscription: {role}");
    }
    assert!(!scopes.is_empty(), "{role}");
    role.get("Name").and_then(Value::as_str).expect("a name").to_owned()
}

/// Follows all calls: roles exist before they are assigned, and nothing is left at the end. `file` is the one that the call
/// of that number was given.
pub(crate) fn judge(asked: &str, file: impl Fn(usize) -> String) {
    let calls: Vec<&str> = asked.split("--end--\n").filter(|call| !call.is_empty()).collect();
    let (mut roles, mut assigned, mut most) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (number, text) in (1..).zip(&calls) {
        let words: Vec<&str> = text.lines().collect();
        let (name, flags) = call(&words);
        let flag = |name: &str| flags.get(name).cloned();
        let whose = || (flag("--assignee").or_else(|| flag("--assignee-object-id")), flag("--role"), flag("--scope"));
        match name {
            "role definition create" => {
                assert!(flag("--role-definition").is_some_and(|given| given.starts_with('@')), "{words:?}");
                let name = role(&file(number));
                assert!(roles.insert(name.clone()), "`{name}` is made twice, which Azure refuses");
            }
            "role definition update" => {
                assert!(flag("--role-definition").is_some_and(|given| given.starts_with('@')), "{words:?}");
                let name = role(&file(number));
                assert!(roles.contains(&name), "there is no role `{name}` to update: {roles:?}");
            }
            "role definition delete" => {
                assert!(roles.remove(&flag("--name").unwrap()), "there is no such role: {words:?}")
            }
            "role assignment create" => {
                assert!(roles.contains(&flag("--role").unwrap()), "there is no such role yet: {words:?}");
                assert!(!flags.contains_key("--assignee-object-id") || flags.contains_key("--assignee-principal-type"));
                assert!(assigned.insert(whose()), "assigned twice: {words:?}");
                most.extend(flag("--role"));
            }
            "role assignment delete" => assert!(assigned.remove(&whose()), "no such assignment: {words:?}"),
            _ => {}
        }
    }
    assert_eq!(most, BTreeSet::from(["Lightsout Instance Governor".to_owned(), "Lightsout Observer".to_owned()]));
    assert!(roles.is_empty() && assigned.is_empty(), "left behind: {roles:?} {assigned:?}");
}

#[test]
fn a_call_that_azure_would_refuse_is_found() {
    let refused = |text: &str| std::panic::catch_unwind(|| judge(text, |_| "{}".to_owned())).is_err();
    assert!(refused("role\ndefinition\nmake\n--end--\n"), "no such command");
    assert!(refused("role\ndefinition\ncreate\n--role-file\n@x\n--end--\n"), "no such argument");
    assert!(refused("role\ndefinition\ncreate\n--role-definition\n@x\n--end--\n"), "a file that is no role");
    assert!(refused("role\nassignment\ncreate\n--role\nx\n--scope\n/\n--end--\n"), "a role that is not there");
}
