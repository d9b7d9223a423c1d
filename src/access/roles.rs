//! Which role somebody has: by address, by group, or the one of everybody who is signed in.

use std::collections::BTreeMap;

use super::person::{Person, Way};
use super::role::Role;

/// Somebody whom a provider or a proxy named, before it is known what they may do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// By which the person is known for good.
    pub key: String,
    /// For people to read.
    pub name: String,
    /// Addresses that are proven to be the person's.
    pub addresses: Vec<String>,
    /// Groups and roles that the provider or proxy names.
    pub groups: Vec<String>,
}

/// Roles by address and by group, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Roles {
    people: BTreeMap<String, Role>,
    groups: BTreeMap<String, Role>,
    everybody: Option<Role>,
}

impl Roles {
    /// From names and their roles. `everybody` is the role of whoever is signed in and named nowhere; none: such people
    /// may do nothing.
    pub fn new(
        people: impl IntoIterator<Item = (String, Role)>,
        groups: impl IntoIterator<Item = (String, Role)>,
        everybody: Option<Role>,
    ) -> Self {
        let lower = |(name, role): (String, Role)| (name.to_lowercase(), role);
        Self {
            people: people.into_iter().map(lower).collect(),
            groups: groups.into_iter().map(lower).collect(),
            everybody,
        }
    }

    /// True when nobody has a role by it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.people.is_empty() && self.groups.is_empty() && self.everybody.is_none()
    }

    /// The strongest role of somebody; none when none.
    #[must_use]
    pub fn of(&self, who: &Identity) -> Option<Role> {
        let by = |map: &BTreeMap<String, Role>, names: &[String]| {
            names.iter().filter_map(|name| map.get(&name.to_lowercase()).copied()).max()
        };
        let key = self.people.get(&who.key.to_lowercase()).copied();
        let named = by(&self.people, &who.addresses).max(by(&self.groups, &who.groups)).max(key);
        named.max(self.everybody)
    }

    /// Somebody with a role; none when none.
    #[must_use]
    pub fn person(&self, who: &Identity, way: Way) -> Option<Person> {
        let role = self.of(who)?;
        let Identity { key, name, addresses, groups: _ } = who.clone();
        Some(Person { key, name, addresses, role, way })
    }
}
