//! What a caller's role lets it do.

use serde_json::{Value, json};

use crate::units::fits;

/// A role that somebody has here, in the terms of a role definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// The object id whose role it is, such as [`MANAGED_IDENTITY`](super::MANAGED_IDENTITY); none for everybody. Who comes with
    /// the static token is `static`.
    pub principal: Option<String>,
    /// Actions that it allows, with `*` for any characters.
    pub actions: Vec<String>,
    /// Actions that it takes away from those.
    pub not_actions: Vec<String>,
}

/// What everybody may do where no role was given out.
const EVERYTHING: [&str; 5] = [
    "Microsoft.MachineLearningServices/*",
    "Microsoft.Resources/subscriptions/read",
    "Microsoft.Authorization/permissions/read",
    "Microsoft.CostManagement/query/read",
    "Microsoft.Insights/metrics/read",
];

impl Role {
    fn is_of(&self, principal: &str) -> bool {
        self.principal.as_ref().is_none_or(|own| own.eq_ignore_ascii_case(principal))
    }

    fn allows(&self, action: &str) -> bool {
        let covers = |pattern: &String| fits(pattern, action);
        self.actions.iter().any(covers) && !self.not_actions.iter().any(covers)
    }
}

/// Whether a principal may do that. To read one's own permissions takes no role.
pub(super) fn may(roles: &[Role], principal: &str, action: &str) -> bool {
    let mut own = roles.iter().filter(|role| role.is_of(principal)).peekable();
    own.peek().is_none() || action == "Microsoft.Authorization/permissions/read" || own.any(|role| role.allows(action))
}

/// The permissions of a principal as ARM lists them, less what this sandbox denies everybody.
pub(super) fn permissions(roles: &[Role], principal: &str, denied: &[String]) -> Vec<Value> {
    let written = |actions: Value, not_actions: Vec<&String>| json!({ "actions": actions, "notActions": not_actions, "dataActions": [], "notDataActions": [] });
    let own: Vec<&Role> = roles.iter().filter(|role| role.is_of(principal)).collect();
    if own.is_empty() {
        return vec![written(json!(EVERYTHING), denied.iter().collect())];
    }
    let one = |role: &Role| json!(role.actions);
    own.into_iter().map(|role| written(one(role), role.not_actions.iter().chain(denied).collect())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(principal: Option<&str>, actions: &[&str], not_actions: &[&str]) -> Role {
        let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Role { principal: principal.map(str::to_owned), actions: own(actions), not_actions: own(not_actions) }
    }

    #[test]
    fn a_role_is_of_one_or_of_all_and_takes_away() {
        assert!(may(&[], "p", "A/write"));
        let roles = [role(Some("P"), &["A/*"], &["A/delete"]), role(Some("q"), &["B/read"], &[])];
        assert!(may(&roles, "p", "a/write") && !may(&roles, "p", "A/delete") && !may(&roles, "p", "B/read"));
        assert!(may(&roles, "q", "B/read") && !may(&roles, "q", "A/write") && may(&roles, "r", "A/write"));
        assert!(!may(&[role(None, &["B/read"], &[])], "r", "A/write"));
        assert!(may(&roles, "q", "Microsoft.Authorization/permissions/read"));
    }
}
