//! All policies of the fleet, and which of them governs a workspace.

use std::sync::Arc;

use super::matching::Scope;
use super::model::Policy;
use crate::units::{PolicyId, WorkspaceId};

/// The policies in force, in the order of their files.
#[derive(Debug, Clone, Default)]
pub struct PolicySet {
    /// Every valid policy.
    pub policies: Vec<Arc<Policy>>,
    /// Every file that should have been one and cannot be used.
    pub broken: Vec<Broken>,
    /// Digest of all revisions.
    pub digest: Arc<str>,
}

/// A policy file that cannot be used. What it covers nobody may touch (S17): were it left out instead, a wider policy
/// would take its workspaces over, and stop what it was written to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The file as given.
    pub file: Arc<str>,
    /// Its name, where that could be read.
    pub name: Option<Arc<str>>,
    /// What it covers; none where that could not be read, and then it may be anything.
    pub scope: Option<Scope>,
}

impl Broken {
    /// How closely it covers a workspace, if it does.
    fn closeness(&self, workspace: &WorkspaceId, tags: &[(&str, &str)]) -> Option<u32> {
        match &self.scope {
            None => Some(u32::MAX),
            Some(scope) => scope.covers(workspace, tags).then(|| scope.closeness(workspace)),
        }
    }
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
    /// None, because a file that cannot be used covers it as closely as any policy, or more so.
    Broken(&'a Broken),
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
        let broken =
            self.broken.iter().filter_map(|one| one.closeness(workspace, tags).map(|closeness| (closeness, one)));
        let broken = broken.filter(|(closeness, _)| Some(*closeness) >= closest);
        if let Some((_, one)) = broken.max_by_key(|(closeness, _)| *closeness) {
            return Governing::Broken(one);
        }
        let winners: Vec<&Arc<Policy>> =
            covering.iter().filter(|(closeness, _)| Some(*closeness) == closest).map(|(_, p)| *p).collect();
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
