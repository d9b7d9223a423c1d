//! All policies of the fleet, and which of them governs a workspace.

use std::sync::Arc;

use super::model::Policy;
use crate::units::{PolicyId, WorkspaceId};

/// The policies in force, in the order of their files.
#[derive(Debug, Clone, Default)]
pub struct PolicySet {
    /// Every valid policy.
    pub policies: Vec<Arc<Policy>>,
    /// Digest of all revisions.
    pub digest: Arc<str>,
}

/// Which policy governs a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Governing<'a> {
    /// This one.
    One(&'a Arc<Policy>),
    /// None covers it.
    None,
    /// Several cover it equally closely, so none does.
    Conflict(Vec<PolicyId>),
}

impl PartialEq for Policy {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && self.revision == other.revision
    }
}
impl Eq for Policy {}

impl PolicySet {
    /// The policy that names the workspace most closely.
    #[must_use]
    pub fn governing(&self, workspace: &WorkspaceId, tags: &[(&str, &str)]) -> Governing<'_> {
        let covering: Vec<(u32, &Arc<Policy>)> = self
            .policies
            .iter()
            .filter(|p| p.scope.covers(workspace, tags))
            .map(|p| (p.scope.closeness(workspace), p))
            .collect();
        let closest = covering.iter().map(|(closeness, _)| *closeness).max();
        let winners: Vec<&Arc<Policy>> = covering
            .iter()
            .filter(|(closeness, _)| Some(*closeness) == closest)
            .map(|(_, p)| *p)
            .collect();
        match winners.as_slice() {
            [] => Governing::None,
            [one] => Governing::One(one),
            several => Governing::Conflict(several.iter().map(|p| p.id.clone()).collect()),
        }
    }

    /// By name.
    #[must_use]
    pub fn get(&self, id: &PolicyId) -> Option<&Arc<Policy>> {
        self.policies.iter().find(|policy| policy.id == *id)
    }
}
