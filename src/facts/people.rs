//! Whom a message about an instance goes to: its owner's address, who leads its team, and whom its workspace names.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{InstanceFacts, Tags, WorkspaceFacts};
use crate::units::is_plain_address;

/// Where an owner's address is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AddressSource {
    /// A tag of the instance.
    Tag,
    /// The owners file.
    File,
    /// The person that it is assigned to.
    Assigned,
    /// Whoever created it.
    Creator,
}

impl AddressSource {
    /// The usual order: what a person wrote for this purpose comes first.
    pub const ALL: [Self; 4] = [Self::Tag, Self::File, Self::Assigned, Self::Creator];

    /// The word of settings.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Tag => "tag",
            Self::File => "file",
            Self::Assigned => "assigned",
            Self::Creator => "creator",
        }
    }
}

/// What is written of people beside Azure: the owners file. Names are in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directory {
    /// Teams by owner: user names and object ids.
    pub teams: BTreeMap<String, String>,
    /// Addresses by owner.
    pub addresses: BTreeMap<String, String>,
    /// Who leads a team.
    pub leads: BTreeMap<String, Vec<String>>,
    /// Who is told of a workspace, by its name.
    pub contacts: BTreeMap<String, Vec<String>>,
}

impl Directory {
    /// Who leads a team; nobody where that is not written.
    #[must_use]
    pub fn leads_of(&self, team: &str) -> &[String] {
        self.leads.get(&team.to_lowercase()).map_or(&[], Vec::as_slice)
    }
}

/// How people are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressing {
    /// Where an owner's address is looked for, first to last.
    pub order: Vec<AddressSource>,
    /// The tag of an instance that names its owner.
    pub owner_tag: Arc<str>,
    /// The tag of a workspace that names whom to tell.
    pub contact_tag: Arc<str>,
}

impl Default for Addressing {
    fn default() -> Self {
        Self { order: AddressSource::ALL.to_vec(), owner_tag: "owner".into(), contact_tag: "contact".into() }
    }
}

impl Addressing {
    /// The owner's address. One who is known by a name alone has one where the owners file says so; nobody is written to
    /// in another's place: who created an instance for someone else is not its owner.
    #[must_use]
    pub fn owner<'a>(&self, facts: &'a InstanceFacts, directory: &'a Directory) -> Option<&'a str> {
        self.order.iter().find_map(|source| self.from(*source, facts, directory))
    }

    fn from<'a>(&self, source: AddressSource, facts: &'a InstanceFacts, directory: &'a Directory) -> Option<&'a str> {
        let owner = &facts.owner;
        let plain = |text: &'a str| is_plain_address(text).then_some(text);
        let written = |name: &str| directory.addresses.get(&name.to_lowercase()).map(String::as_str);
        let is_own = owner.assigned_id.is_none() || owner.assigned_id == owner.user_id;
        let creator = owner.user_name.as_deref().filter(|_| is_own);
        match source {
            AddressSource::Tag => {
                let value = facts.tags.known()?.get(&self.owner_tag)?.trim();
                plain(value).or_else(|| written(value))
            }
            AddressSource::File => {
                let created_by = owner.user_id.as_deref().filter(|_| is_own);
                let names = [owner.assigned_id.as_deref(), creator, created_by];
                names.into_iter().flatten().find_map(written)
            }
            AddressSource::Assigned => owner.assigned_id.as_deref().and_then(plain),
            AddressSource::Creator => creator.and_then(plain),
        }
    }

    /// Whom a workspace names: in its tag, else in the owners file.
    #[must_use]
    pub fn contacts(&self, workspace: &WorkspaceFacts, directory: &Directory) -> Vec<String> {
        let tagged = listed(&workspace.tags, &self.contact_tag);
        if !tagged.is_empty() {
            return tagged;
        }
        let name = workspace.id.name().to_lowercase();
        directory.contacts.get(&name).cloned().unwrap_or_default()
    }
}

/// The addresses in a tag's value, however they are divided.
fn listed(tags: &Tags, name: &str) -> Vec<String> {
    let parts = tags.get(name).unwrap_or_default().split([',', ';', ' ']);
    parts.map(str::trim).filter(|part| is_plain_address(part)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
