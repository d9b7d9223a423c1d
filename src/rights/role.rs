//! Custom roles of Azure, made of the list of rights: for `az role definition create`, and for a template.

use serde::Serialize;
use serde_json::{Value, json};

use super::list::{Part, rights_for};

/// The api-version by which templates define roles.
const DEFINITION_VERSION: &str = "2022-04-01";

/// How far a role goes, for those who ask for one by name. Each is whole by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Policies that observe.
    Observe,
    /// Policies that stop.
    Enforce,
    /// Policies that also start.
    Start,
    /// Policies that also delete what stays off.
    Delete,
    /// Policies that have Azure's idle timers set.
    Native,
    /// A person who makes, restarts and deletes instances.
    Manage,
}

impl Level {
    /// The parts of Lightsout that work with it.
    #[must_use]
    pub const fn parts(self) -> &'static [Part] {
        match self {
            Self::Observe => &[Part::Observe, Part::Prices],
            Self::Enforce => &[Part::Observe, Part::Prices, Part::Stop],
            Self::Start => &[Part::Observe, Part::Prices, Part::Stop, Part::Start],
            Self::Delete => &[Part::Observe, Part::Prices, Part::Stop, Part::Delete],
            Self::Native => &[Part::Observe, Part::Prices, Part::Timers],
            Self::Manage => &[Part::Observe, Part::Prices, Part::Manage],
        }
    }
}

/// A role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Role {
    /// Its name: unique in the tenant.
    pub name: String,
    is_custom: bool,
    /// What it is for.
    pub description: String,
    /// What it allows.
    pub actions: Vec<&'static str>,
    not_actions: [&'static str; 0],
    data_actions: [&'static str; 0],
    not_data_actions: [&'static str; 0],
    /// Where it may be assigned.
    pub assignable_scopes: Vec<String>,
}

impl Role {
    /// The least role for these parts.
    #[must_use]
    pub fn of(parts: &[Part], scopes: Vec<String>) -> Self {
        let has = |part: &Part| parts.contains(part);
        let name = if has(&Part::Manage) {
            "Lightsout Instance Administrator"
        } else if [Part::Stop, Part::Start, Part::Delete, Part::Timers].iter().any(has) {
            "Lightsout Instance Governor"
        } else {
            "Lightsout Observer"
        };
        let mut does: Vec<&str> = Part::ALL.into_iter().filter(has).map(Part::does).collect();
        let last = does.pop().unwrap_or("does nothing");
        let listed = if does.is_empty() { last.to_owned() } else { format!("{}, and {last}", does.join(", ")) };
        let changes = rights_for(parts).any(|right| !right.only_reads());
        let limit = if changes { "Nothing else." } else { "It changes nothing." };
        Self::new(name, &format!("For Lightsout: {listed}. {limit}"), parts, scopes)
    }

    fn new(name: &str, description: &str, parts: &[Part], scopes: Vec<String>) -> Self {
        Self {
            name: name.to_owned(),
            is_custom: true,
            description: description.to_owned(),
            actions: rights_for(parts).map(|right| right.action).collect(),
            not_actions: [],
            data_actions: [],
            not_data_actions: [],
            assignable_scopes: scopes,
        }
    }

    /// The same as a resource of an Azure Resource Manager template. Its id is made of its name and of where it is deployed, so
    /// that deploying it again changes it instead of making a second one. So is the name that people see: a tenant has each name
    /// once, and may have many subscriptions.
    #[must_use]
    pub fn as_resource(&self) -> Value {
        // in a template a text that begins with a bracket is an expression, and a quote within one is written twice
        let quoted = self.name.replace('\'', "''");
        json!({
            "type": "Microsoft.Authorization/roleDefinitions",
            "apiVersion": DEFINITION_VERSION,
            "name": format!("[guid(subscription().id, '{quoted}')]"),
            "properties": {
                "roleName": format!("[concat('{quoted} ', uniqueString(subscription().id))]"),
                "description": plain(&self.description),
                "type": "CustomRole",
                "permissions": [{ "actions": self.actions, "notActions": [], "dataActions": [], "notDataActions": [] }],
                "assignableScopes": self.assignable_scopes,
            },
        })
    }
}

/// A text that a template takes as it is.
fn plain(text: &str) -> String {
    if text.starts_with('[') { format!("[{text}") } else { text.to_owned() }
}

/// A role that stands ready as a file.
#[derive(Debug, Clone, Copy)]
pub struct Published {
    /// The file, in `deploy`.
    pub file: &'static str,
    name: &'static str,
    description: &'static str,
    /// What it is for.
    pub parts: &'static [Part],
}

impl Published {
    /// The role.
    #[must_use]
    pub fn role(&self) -> Role {
        let scope = "/subscriptions/00000000-0000-0000-0000-000000000000".to_owned();
        Role::new(self.name, self.description, self.parts, vec![scope])
    }
}

/// Every role that stands ready as a file, those that are whole by themselves first.
pub const PUBLISHED: [Published; 7] = [
    Published {
        file: "role-observe.json",
        name: "Lightsout Observer",
        description: "Reads workspaces and their computes. For policies that observe: it can stop nothing.",
        parts: Level::Observe.parts(),
    },
    Published {
        file: "role.json",
        name: "Lightsout Instance Governor",
        description: "Reads workspaces and their computes, and stops compute instances. Nothing else: it cannot start, create, \
                      change or delete one, nor reach into it.",
        parts: Level::Enforce.parts(),
    },
    Published {
        file: "role-evidence.json",
        name: "Lightsout Evidence Reader",
        description: "Beside another of Lightsout's roles, where its settings ask for it: reads lists of jobs ([jobs]) and Azure \
                      Monitor's metrics of workspaces ([monitor]). It changes nothing.",
        parts: &[Part::Jobs, Part::Metrics],
    },
    Published {
        file: "role-native.json",
        name: "Lightsout Idle Timer Setter",
        description: "Beside another of Lightsout's roles, where policies have Azure's idle timers set ([native] apply, or \
                      `lightsout native apply`): sets the idle timer of compute instances, and changes nothing else.",
        parts: &[Part::Timers],
    },
    Published {
        file: "role-start.json",
        name: "Lightsout Instance Starter",
        description: "Beside role.json, where policies start compute instances in the morning: starts them, and changes nothing \
                      else.",
        parts: &[Part::Start],
    },
    Published {
        file: "role-delete.json",
        name: "Lightsout Instance Deleter",
        description: "Beside another of Lightsout's roles, where policies propose to delete instances that stay off ([stopped] \
                      delete_after): deletes compute instances, and changes nothing else.",
        parts: &[Part::Delete],
    },
    Published {
        file: "role-manage.json",
        name: "Lightsout Instance Administrator",
        description: "For a person, not for the service: starts, stops, restarts, creates and deletes compute instances.",
        parts: Level::Manage.parts(),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_named_and_described_by_what_it_does() {
        let of = |level: Level| Role::of(level.parts(), vec!["/subscriptions/s".to_owned()]);
        let observe = of(Level::Observe);
        assert_eq!(
            (observe.name.as_str(), observe.description.as_str()),
            (
                "Lightsout Observer",
                "For Lightsout: reads workspaces and their computes, and reads what VM sizes cost. It changes nothing."
            )
        );
        assert_eq!(of(Level::Enforce).name, "Lightsout Instance Governor");
        assert!(of(Level::Native).description.ends_with("and sets their idle timers. Nothing else."));
        assert_eq!(of(Level::Manage).name, "Lightsout Instance Administrator");
        let text = serde_json::to_value(&observe).unwrap();
        assert_eq!(text.get("IsCustom"), Some(&Value::Bool(true)));
        assert_eq!(text.get("NotActions"), Some(&json!([])));
    }

    #[test]
    fn a_template_takes_names_as_they_are() {
        let mut role = Role::of(Level::Enforce.parts(), vec!["[subscription().id]".to_owned()]);
        role.name = "[it's]".to_owned();
        let resource = role.as_resource();
        let at = |pointer: &str| resource.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        assert_eq!(at("/name"), "[guid(subscription().id, '[it''s]')]");
        assert_eq!(at("/properties/roleName"), "[concat('[it''s] ', uniqueString(subscription().id))]");
        assert_eq!(at("/properties/assignableScopes/0"), "[subscription().id]");
    }
}
