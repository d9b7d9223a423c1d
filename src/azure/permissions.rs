//! What an identity may do at a workspace, from Azure's own list of permissions; evaluated here, purely.

use super::wire::Permission;
use crate::rights::{NEVER_NEEDED, RIGHTS};
use crate::units::fits;

/// Every grant that holds at one scope: an action is allowed when some grant has it and does not take it back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PermissionSet {
    grants: Vec<(Vec<String>, Vec<String>)>,
}

/// A line of a grant that allows more than is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beyond {
    /// As it stands in the role.
    pub entry: String,
    /// What is known of Azure Machine Learning that it allows and nobody needs; of one without a wildcard it is that itself.
    pub such_as: Vec<&'static str>,
}

impl Beyond {
    /// True when it allows nothing but reading.
    #[must_use]
    pub fn only_reads(&self) -> bool {
        let end = self.entry.get(self.entry.len().saturating_sub("/read".len())..);
        end.is_some_and(|end| end.eq_ignore_ascii_case("/read"))
    }
}

impl PermissionSet {
    pub(super) fn add(&mut self, permission: Permission) {
        self.grants.push((permission.actions.unwrap_or_default(), permission.not_actions.unwrap_or_default()));
    }

    /// True when the action is allowed. `*` in a grant stands for any text; case does not count.
    #[must_use]
    pub fn allows(&self, action: &str) -> bool {
        self.grants.iter().any(|(actions, not_actions)| any(actions, action) && !any(not_actions, action))
    }

    /// Those of the needed actions that are not allowed.
    #[must_use]
    pub fn missing<'a>(&self, needed: &[&'a str]) -> Vec<&'a str> {
        needed.iter().copied().filter(|action| !self.allows(action)).collect()
    }

    /// Every line of a grant that is not just one of the needed actions, each once.
    #[must_use]
    pub fn beyond(&self, needed: &[&str]) -> Vec<Beyond> {
        let is_needed = |text: &str| needed.iter().any(|action| action.eq_ignore_ascii_case(text));
        let mut found: Vec<Beyond> = Vec::new();
        for (actions, not_actions) in &self.grants {
            for entry in actions.iter().filter(|entry| !is_needed(entry) && !any(not_actions, entry)) {
                let known = RIGHTS.iter().map(|right| right.action).chain(NEVER_NEEDED);
                let allows = |action: &&str| fits(entry, action) && !any(not_actions, action) && !is_needed(action);
                let beyond = Beyond { entry: entry.clone(), such_as: known.filter(allows).collect() };
                if !found.contains(&beyond) {
                    found.push(beyond);
                }
            }
        }
        found
    }
}

fn any(patterns: &[String], action: &str) -> bool {
    patterns.iter().any(|pattern| fits(pattern, action))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rights::{Level, Part, READ_ACTIONS, START_ACTION, STOP_ACTION, rights_for};

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
    }

    #[test]
    fn what_is_more_than_needed_is_named_as_the_role_names_it() {
        let needed: Vec<&str> = rights_for(Level::Enforce.parts()).map(|right| right.action).collect();
        let least = set(&[(&needed, &[])]);
        assert_eq!((least.missing(&needed), least.beyond(&needed)), (Vec::new(), Vec::new()));
        let looking: Vec<&str> = rights_for(&[Part::Observe, Part::Prices]).map(|right| right.action).collect();
        let more = least.beyond(&looking);
        let entries: Vec<&str> = more.iter().map(|beyond| beyond.entry.as_str()).collect();
        assert!(entries.contains(&STOP_ACTION) && entries.len() == 2, "{entries:?}");

        let computes = "Microsoft.MachineLearningServices/workspaces/computes/*";
        let wild = set(&[(&[computes, "*/READ"], &["*/delete"]), (&[computes], &["*/delete"])]).beyond(&needed);
        let [first, second] = wild.as_slice() else { panic!("{wild:?}") };
        assert!(first.such_as.contains(&START_ACTION) && !first.such_as.contains(&STOP_ACTION), "{first:?}");
        assert!(!first.such_as.iter().any(|action| action.ends_with("/delete")), "{first:?}");
        assert!(!first.only_reads() && second.only_reads(), "{wild:?}");
        assert!(set(&[(&[START_ACTION], &["*/start/action"])]).beyond(&needed).is_empty(), "it was taken back");
    }
}
