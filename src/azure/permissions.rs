//! What an identity may do at a workspace, from Azure's own list of permissions; evaluated here, purely.

use super::wire::Permission;
use crate::units::fits;

const PREFIX: &str = "Microsoft.MachineLearningServices/";

/// What reading needs.
pub const READ_ACTIONS: [&str; 2] =
    ["Microsoft.MachineLearningServices/workspaces/read", "Microsoft.MachineLearningServices/workspaces/computes/read"];
/// What stopping needs besides.
pub const STOP_ACTION: &str = "Microsoft.MachineLearningServices/workspaces/computes/stop/action";

/// What starting at the beginning of hours needs, where that is wanted.
pub const START_ACTION: &str = "Microsoft.MachineLearningServices/workspaces/computes/start/action";

/// What setting idle timers needs, where that is wanted.
pub const TIMER_ACTION: &str = "Microsoft.MachineLearningServices/workspaces/computes/updateIdleShutdownSetting/action";

/// What asking Azure Machine Learning for VM sizes and their prices needs, at the subscription.
pub const PRICE_ACTION: &str = "Microsoft.MachineLearningServices/locations/vmsizes/read";

/// Every grant that holds at one scope: an action is allowed when some grant has it and does not take it back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PermissionSet {
    grants: Vec<(Vec<String>, Vec<String>)>,
}

impl PermissionSet {
    pub(super) fn add(&mut self, permission: Permission) {
        self.grants.push((permission.actions.unwrap_or_default(), permission.not_actions.unwrap_or_default()));
    }

    /// True when the action is allowed. `*` in a grant stands for any text; case does not count.
    #[must_use]
    pub fn allows(&self, action: &str) -> bool {
        let any = |patterns: &[String]| patterns.iter().any(|pattern| fits(pattern, action));
        self.grants.iter().any(|(actions, not_actions)| any(actions) && !any(not_actions))
    }

    /// Those of the needed actions that are not allowed.
    #[must_use]
    pub fn missing<'a>(&self, needed: &[&'a str]) -> Vec<&'a str> {
        needed.iter().copied().filter(|action| !self.allows(action)).collect()
    }

    /// Rights that this service never uses and should not have: each is worth a warning.
    #[must_use]
    pub fn excessive(&self) -> Vec<String> {
        [
            "workspaces/computes/write",
            "workspaces/computes/delete",
            "workspaces/computes/listKeys/action",
            "workspaces/delete",
            "workspaces/write",
        ]
        .iter()
        .map(|action| format!("{PREFIX}{action}"))
        .filter(|action| self.allows(action))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(grants: &[(&[&str], &[&str])]) -> PermissionSet {
        let owned = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        PermissionSet { grants: grants.iter().map(|(a, n)| (owned(a), owned(n))).collect() }
    }

    #[test]
    fn wildcards_and_what_is_taken_back() {
        let reader = set(&[(&["*/read"], &[])]);
        assert_eq!(reader.missing(&[READ_ACTIONS[0], READ_ACTIONS[1], STOP_ACTION]), [STOP_ACTION]);
        assert!(set(&[(&["*"], &[])]).allows(STOP_ACTION));
        assert!(!set(&[(&["*"], &["Microsoft.MachineLearningServices/workspaces/computes/*"])]).allows(STOP_ACTION));
        assert!(
            set(&[(&["*"], &["*/action"]), (&["microsoft.machinelearningservices/WORKSPACES/computes/*/ACTION"], &[])])
                .allows(STOP_ACTION)
        );
        assert!(!PermissionSet::default().allows(READ_ACTIONS[0]), "nothing granted is nothing allowed");
        assert_eq!(set(&[(&["*"], &[])]).excessive().len(), 5);
        assert!(reader.excessive().is_empty());
    }
}
