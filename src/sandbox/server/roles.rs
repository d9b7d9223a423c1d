//! What a caller's role lets it do.

use serde_json::{Value, json};

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
const EVERYTHING: [&str; 4] = [
    "Microsoft.MachineLearningServices/*",
    "Microsoft.Resources/subscriptions/read",
    "Microsoft.CostManagement/query/read",
    "Microsoft.Insights/metrics/read",
];

impl Role {
    fn is_of(&self, principal: &str) -> bool {
        self.principal.as_ref().is_none_or(|own| own.eq_ignore_ascii_case(principal))
    }

    fn allows(&self, action: &str) -> bool {
        let covers = |pattern: &String| matches(pattern, action);
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

/// Whether a pattern with `*` covers an action, in whatever case.
fn matches(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_lowercase(), action.to_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = action.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = rest.get(at.saturating_add(part.len())..).unwrap_or_default();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(principal: Option<&str>, actions: &[&str], not_actions: &[&str]) -> Role {
        let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Role { principal: principal.map(str::to_owned), actions: own(actions), not_actions: own(not_actions) }
    }

    #[test]
    fn patterns_cover_what_azure_says_they_do() {
        for (pattern, action, covered) in [
            ("*", "A/b/read", true),
            ("a/*", "A/b/read", true),
            ("*/read", "A/b/read", true),
            ("A/*/read", "a/b/c/read", true),
            ("A/b/read", "A/b/read", true),
            ("A/b/read", "A/b/reads", false),
            ("*/read", "A/b/write", false),
            ("B/*", "A/b/read", false),
            ("A/*/c/*/d", "A/b/c/d", false),
        ] {
            assert_eq!(matches(pattern, action), covered, "{pattern} {action}");
        }
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
