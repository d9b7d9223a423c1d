//! The template for Azure: there is no Azure, Bicep or schema of resources here, so its expressions and names are judged by this.

use std::collections::BTreeSet;

use lightsout::rights::{Level, Role};
use serde_json::{Value, json};

use super::read;

fn template() -> Value {
    serde_json::from_str(&read("deploy/azure/azuredeploy.json")).expect("JSON")
}

/// Functions that the template may use, of those that Resource Manager has.
const FUNCTIONS: [&str; 15] = [
    "base64",
    "concat",
    "deployment",
    "extensionResourceId",
    "format",
    "guid",
    "parameters",
    "reference",
    "replace",
    "resourceId",
    "subscription",
    "subscriptionResourceId",
    "uniqueString",
    "variables",
    "equals",
];

/// An expression's calls, with the first argument where that is a literal; an error where it does not read.
fn calls(expression: &str) -> Result<Vec<(String, Option<String>)>, String> {
    let (mut found, mut word, mut open, mut square) = (Vec::new(), String::new(), 0_i32, 0_i32);
    let mut rest = expression.chars().peekable();
    let mut begun: Option<usize> = None;
    while let Some(letter) = rest.next() {
        match letter {
            '\'' => {
                let mut literal = String::new();
                loop {
                    match rest.next() {
                        Some('\'') if rest.peek() == Some(&'\'') => {
                            rest.next();
                            literal.push('\'');
                        }
                        Some('\'') => break,
                        Some(other) => literal.push(other),
                        None => return Err("a text has no end".to_owned()),
                    }
                }
                if let Some((_, first @ None)) = begun.take().and_then(|at: usize| found.get_mut(at)) {
                    *first = Some(literal);
                }
                word.clear();
            }
            '(' => {
                open += 1;
                begun = Some(found.len());
                found.push((std::mem::take(&mut word), None));
            }
            ')' => open -= 1,
            '[' => square += 1,
            ']' => square -= 1,
            letter if letter.is_alphanumeric() => word.push(letter),
            '.' | ',' | ' ' => word.clear(),
            other => return Err(format!("`{other}` is not expected")),
        }
        if letter != '(' && letter != '\'' && letter != ' ' {
            begun = None;
        }
        if open < 0 || square < 0 {
            return Err("a bracket too many".to_owned());
        }
    }
    if open == 0 && square == 0 { Ok(found) } else { Err("a bracket too few".to_owned()) }
}

/// Every expression of a value; those of nested templates belong to these.
fn expressions(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.starts_with('[') && !text.starts_with("[[") => {
            found.push(text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text).to_owned());
        }
        Value::Array(list) => list.iter().for_each(|one| expressions(one, found)),
        Value::Object(object) => {
            for (key, one) in object.iter().filter(|(key, _)| *key != "template") {
                expressions(&Value::from(key.clone()), found);
                expressions(one, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What is wrong with the expressions of one template: each has its own parameters and variables.
fn faults(template: &Value) -> Vec<String> {
    let mut all = Vec::new();
    expressions(template, &mut all);
    let mut found = Vec::new();
    let mut used: BTreeSet<(String, String)> = BTreeSet::new();
    for expression in &all {
        match calls(expression) {
            Err(error) => found.push(format!("{error}: [{expression}]")),
            Ok(calls) => {
                for (function, first) in calls {
                    if !FUNCTIONS.contains(&function.as_str()) {
                        found.push(format!("`{function}` is no function: [{expression}]"));
                    }
                    used.extend(
                        first
                            .filter(|_| ["parameters", "variables"].contains(&function.as_str()))
                            .map(|name| (function.clone(), name)),
                    );
                }
            }
        }
    }
    for table in ["parameters", "variables"] {
        let defined: BTreeSet<&str> =
            template[table].as_object().into_iter().flat_map(serde_json::Map::keys).map(String::as_str).collect();
        let named: BTreeSet<&str> = used.iter().filter(|(of, _)| of == table).map(|(_, name)| name.as_str()).collect();
        found.extend(named.difference(&defined).map(|name| format!("{table}: `{name}` is used and not defined")));
        found.extend(defined.difference(&named).map(|name| format!("{table}: `{name}` is defined and not used")));
    }
    found
}

/// The template within, that makes the machine or the assignment.
fn nested(template: &Value, variable: &str) -> Value {
    let resources = template["resources"].as_array().expect("resources");
    let name = format!("[variables('{variable}')]");
    let one = resources.iter().find(|one| one["name"] == name.as_str()).expect("a deployment");
    assert_eq!(one["type"], "Microsoft.Resources/deployments");
    assert_eq!(one["properties"]["expressionEvaluationOptions"]["scope"], "inner");
    let inner = one["properties"]["template"].clone();
    let given = one["properties"]["parameters"].as_object().expect("parameters").keys().collect::<Vec<_>>();
    assert_eq!(given, inner["parameters"].as_object().expect("parameters").keys().collect::<Vec<_>>());
    inner
}

#[test]
fn every_expression_reads_and_every_name_is_used_and_defined() {
    let whole = template();
    assert_eq!(faults(&whole), Vec::<String>::new());
    for within in ["machine", "assignment"] {
        assert_eq!(faults(&nested(&whole, within)), Vec::<String>::new(), "{within}");
    }
    for (from, to) in [
        ("[parameters('location')]", "[parameters('locations')]"),
        ("[variables('machine')]", "[variable('machine')]"),
        ("[subscription().id]", "[subscription(.id]"),
        ("[guid(subscription().id,", "[guid(subscription().id',"),
    ] {
        let text = read("deploy/azure/azuredeploy.json");
        assert!(text.contains(from), "{from}");
        let wrong: Value = serde_json::from_str(&text.replace(from, to)).expect("JSON");
        assert!(!faults(&wrong).is_empty(), "{to} went unseen");
    }
}

/// The texts between quotes of a call of `resourceId` and the like: the type and the names.
fn literals(expression: &str) -> Vec<String> {
    expression.split('\'').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_resource_id_is_of_a_resource_that_is_there() {
    let inner = nested(&template(), "machine");
    let resources = inner["resources"].as_array().expect("resources");
    let name = |one: &Value, key: &str| one[key].as_str().expect("text").to_owned();
    let known: BTreeSet<(String, String)> =
        resources.iter().map(|one| (name(one, "type"), name(one, "name"))).collect();
    assert_eq!(known.len(), resources.len(), "a resource twice");
    for one in resources {
        let mut all = Vec::new();
        expressions(one, &mut all);
        let depends: BTreeSet<String> = super::yaml::texts(&one["dependsOn"]).into_iter().collect();
        for call in all.iter().filter(|text| text.starts_with("resourceId(") || text.contains("reference(resourceId("))
        {
            let from = call.find("resourceId(").expect("a call");
            let id = call[from..].split_once(')').expect("an end").0.to_owned() + ")";
            let parts = literals(&id);
            let [kind, names @ ..] = parts.as_slice() else { panic!("{call}") };
            // a subnet is a part of its network
            let (kind, names) = if kind.ends_with("/subnets") {
                let part = one_of(resources, kind, &names[0]);
                assert!(part.iter().any(|subnet| subnet["name"] == names[1].as_str()), "{id}");
                (kind.trim_end_matches("/subnets").to_owned(), &names[..1])
            } else {
                (kind.clone(), names)
            };
            assert!(known.contains(&(kind.clone(), names.join("/"))), "{id} is of nothing");
            let whole = format!("[resourceId('{kind}', '{}')]", names.join("', '"));
            assert!(depends.contains(&whole), "{} {} uses {id} and does not depend on it", one["type"], one["name"]);
        }
        let version = name(one, "apiVersion");
        assert!(version.len() == 10 && version.split('-').count() == 3, "{version}");
        assert_eq!(one["location"], "[parameters('location')]");
    }
}

/// The subnets of a network.
fn one_of(resources: &[Value], kind: &str, name: &str) -> Vec<Value> {
    let parent = kind.trim_end_matches("/subnets");
    let network = resources.iter().find(|one| one["type"] == parent && one["name"] == name).expect("a network");
    network["properties"]["subnets"].as_array().expect("subnets").clone()
}

#[test]
fn the_roles_are_those_that_rbac_prints() {
    let whole = template();
    let resources = whole["resources"].as_array().expect("resources");
    for level in [Level::Observe, Level::Enforce] {
        let role = Role::of(level.parts(), vec!["[subscription().id]".to_owned()]).as_resource();
        assert!(resources.contains(&role), "{level:?}: {role:#}");
        // a tenant has each name once, and may have many subscriptions
        assert!(
            role["properties"]["roleName"]
                .as_str()
                .is_some_and(|name| name.contains("uniqueString(subscription().id)"))
        );
    }
    let deployed = resources.iter().find(|one| one["name"] == "[variables('assignment')]").expect("an assignment");
    let chosen =
        "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', variables('roles')[parameters('mode')])]";
    let given = &deployed["properties"]["parameters"];
    assert_eq!(given["roleDefinitionId"]["value"], chosen);
    assert!(given["principalId"]["value"].as_str().is_some_and(|of| of.contains("outputs.principalId.value")));
    // Azure refuses to give an assignment another principal: one whose identity was made anew needs another name.
    let inner = nested(&whole, "assignment");
    let assignment = &inner["resources"][0];
    assert_eq!(inner["resources"].as_array().map(Vec::len), Some(1));
    assert_eq!(assignment["type"], "Microsoft.Authorization/roleAssignments");
    assert_eq!(
        assignment["name"],
        "[guid(subscription().id, parameters('principalId'), parameters('roleDefinitionId'))]"
    );
    for key in ["principalId", "roleDefinitionId"] {
        assert_eq!(assignment["properties"][key], format!("[parameters('{key}')]"), "{key}");
    }
    let modes = whole["parameters"]["mode"].clone();
    assert_eq!((&modes["defaultValue"], &modes["allowedValues"]), (&json!("observe"), &json!(["observe", "enforce"])));
    for (mode, role) in [("observe", &resources[0]), ("enforce", &resources[1])] {
        assert_eq!(whole["variables"]["roles"][mode], role["name"], "{mode}");
        let id = role["name"].as_str().expect("a name").trim_start_matches('[').trim_end_matches(']').to_owned();
        let depends = format!("[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', {id})]");
        assert!(super::yaml::texts(&deployed["dependsOn"]).contains(&depends), "{depends}");
    }
}

#[test]
fn the_machine_is_set_up_by_the_file_that_stands_beside() {
    let inner = nested(&template(), "machine");
    let file = read("deploy/azure/cloud-init.yaml");
    assert_eq!(inner["variables"]["cloudInit"], json!(file));
    let machine = inner["resources"]
        .as_array()
        .and_then(|all| all.iter().find(|one| one["type"] == "Microsoft.Compute/virtualMachines"))
        .expect("a machine");
    let custom = machine["properties"]["osProfile"]["customData"].as_str().expect("customData");
    let marks: BTreeSet<&str> =
        file.split('@').filter(|part| part.chars().all(|c| c.is_ascii_alphanumeric()) && !part.is_empty()).collect();
    for mark in ["subscription", "client", "zone", "package", "sha256"] {
        assert!(marks.contains(mark) && custom.contains(&format!("'@{mark}@'")), "{mark}");
    }
    assert_eq!(machine["properties"]["osProfile"]["linuxConfiguration"]["disablePasswordAuthentication"], true);
    // the journal outlives the machine
    assert_eq!(machine["properties"]["storageProfile"]["dataDisks"][0]["deleteOption"], "Detach");
    let rules = inner["resources"]
        .as_array()
        .expect("resources")
        .iter()
        .find(|one| one["type"] == "Microsoft.Network/networkSecurityGroups")
        .expect("rules");
    let rule = &rules["properties"]["securityRules"][0]["properties"];
    assert_eq!(
        (&rule["direction"], &rule["access"], &rule["sourceAddressPrefix"]),
        (&json!("Inbound"), &json!("Deny"), &json!("*"))
    );
}

#[test]
fn the_parameters_beside_are_those_of_the_template_and_its_head_says_what_was_not_tried() {
    let whole = template();
    let given: Value = serde_json::from_str(&read("deploy/azure/azuredeploy.parameters.json")).expect("JSON");
    let known = whole["parameters"].as_object().expect("parameters");
    let given = given["parameters"].as_object().expect("parameters");
    for (name, value) in given {
        let parameter = known.get(name).unwrap_or_else(|| panic!("{name} is no parameter"));
        let text = value["value"].as_str().expect("text");
        assert!(
            parameter.get("minLength").and_then(Value::as_u64).is_none_or(|least| text.len() as u64 >= least),
            "{name}"
        );
    }
    let wanted = known.iter().filter(|(_, one)| one.get("defaultValue").is_none()).map(|(name, _)| name);
    wanted.for_each(|name| assert!(given.contains_key(name), "{name} has no default and is not given"));
    for head in ["description", "whyNoContainerApp", "checked", "notChecked"] {
        assert!(whole["metadata"][head].as_str().is_some_and(|text| text.len() > 100), "{head}");
    }
}
