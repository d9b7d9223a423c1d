//! Which team an instance is counted for: its own tag, else its owner's team, else its workspace's tag.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{InstanceFacts, Tags};
use crate::units::WorkspaceId;

/// The team of an instance in a workspace with these tags. `owners` are in lower case.
#[must_use]
pub fn team_of<'a>(
    facts: &'a InstanceFacts,
    workspace: &'a Tags,
    tag: &str,
    owners: &'a BTreeMap<String, String>,
) -> Option<&'a str> {
    let tagged = |tags: &'a Tags| tags.get(tag).map(str::trim).filter(|team| !team.is_empty());
    let of_owner = || {
        let owner = &facts.owner;
        let names = [owner.name(), owner.user_name.as_deref(), owner.assigned_id.as_deref(), owner.user_id.as_deref()];
        names.into_iter().flatten().find_map(|name| owners.get(&name.to_ascii_lowercase()).map(String::as_str))
    };
    facts.tags.known().and_then(tagged).or_else(of_owner).or_else(|| tagged(workspace))
}

/// How instances find their team.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Teams {
    /// The tag that names it.
    pub tag: Arc<str>,
    /// Teams by owner, in lower case.
    pub owners: Arc<BTreeMap<String, String>>,
    /// The tags of the workspaces.
    pub workspaces: BTreeMap<WorkspaceId, Tags>,
}

impl Teams {
    /// The team of an instance; none when nobody knows, or its workspace is not known yet.
    #[must_use]
    pub fn of<'a>(&'a self, facts: &'a InstanceFacts) -> Option<&'a str> {
        team_of(facts, self.workspaces.get(facts.id.workspace())?, &self.tag, &self.owners)
    }
}
