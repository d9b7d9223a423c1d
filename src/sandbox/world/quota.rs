//! Cores and computes that a region lets a subscription have, and how many it has.

use std::collections::BTreeMap;

use super::super::spec::{VmSize, find};
use super::machine::Machine;
use super::spec::WorkspaceSpec;
use super::universe::World;

/// The limits of every subscription in every region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Cores of all families together.
    pub cores: u32,
    /// Cores of a family that is not named.
    pub each_family: u32,
    /// Cores of single families, by their names as sizes have them (`standardDSv2Family`).
    pub families: BTreeMap<String, u32>,
    /// Computes of any kind.
    pub computes: u32,
}

impl Limits {
    /// Limits that nothing in a test of speed meets.
    pub fn generous() -> Self {
        Self { cores: 4_000_000, each_family: 2_000_000, families: BTreeMap::new(), computes: 1_000_000 }
    }

    /// Limits of a firm that asked for more once: beyond what the demo has, and within sight.
    pub fn usual() -> Self {
        Self { cores: 1_000, each_family: 300, families: BTreeMap::new(), computes: 500 }
    }

    /// Cores of one family.
    pub fn of(&self, family: &str) -> u32 {
        let known = self.families.iter().find(|(name, _)| name.eq_ignore_ascii_case(family));
        known.map_or(self.each_family, |(_, cores)| *cores)
    }
}

/// Which limit a new instance would break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beyond {
    /// Cores of its family.
    Family {
        /// The family.
        family: String,
        /// How many are in use.
        used: u32,
        /// How many there may be.
        limit: u32,
    },
    /// Cores of the region.
    Region {
        /// How many are in use.
        used: u32,
        /// How many there may be.
        limit: u32,
    },
    /// Computes of the region.
    Computes {
        /// How many there may be.
        limit: u32,
    },
}

/// What one compute holds: where it is, whose it is, and how many cores of which family.
#[derive(Debug, Clone, Copy)]
pub(in crate::sandbox) struct Held<'a> {
    pub(in crate::sandbox) workspace: usize,
    pub(in crate::sandbox) machine: &'a Machine,
    pub(in crate::sandbox) size: Option<&'static VmSize>,
}

impl Held<'_> {
    /// Its cores; a size that is in no table counts none.
    pub(in crate::sandbox) fn cores(&self) -> u32 {
        self.size.map_or(0, |size| size.vcpus)
    }
}

impl World {
    /// The limits now.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Changes them; what is there already stays.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Every instance of a subscription in a region that holds cores: stopped or not, until it is deleted.
    pub(in crate::sandbox) fn held<'a>(
        &'a self,
        (subscription, region): (&'a str, &'a str),
    ) -> impl Iterator<Item = Held<'a>> {
        let here = move |spec: &WorkspaceSpec| {
            spec.subscription.eq_ignore_ascii_case(subscription) && spec.region.eq_ignore_ascii_case(region)
        };
        let workspaces = self.workspaces.iter().enumerate().filter(move |(_, found)| here(&found.spec));
        workspaces.flat_map(move |(workspace, found)| {
            let machines = found.members.iter().filter_map(|position| self.machines.get(*position));
            machines.map(move |machine| Held { workspace, machine, size: find(&machine.spec.vm_size) })
        })
    }

    /// How many computes of any kind a subscription has in a region.
    pub(in crate::sandbox) fn computes_in(&self, (subscription, region): (&str, &str)) -> u32 {
        let here = self.workspaces.iter().filter(|found| {
            found.spec.subscription.eq_ignore_ascii_case(subscription) && found.spec.region.eq_ignore_ascii_case(region)
        });
        let count = here.map(|found| found.members.len().saturating_add(found.spec.others.len())).sum::<usize>();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// The limit that one more of that size would break there; `instead` is replaced by it and does not count.
    pub(super) fn beyond(&self, place: (&str, &str), size: &VmSize, instead: Option<usize>) -> Option<Beyond> {
        let replaced = instead.and_then(|position| self.machines.get(position)).map(|machine| machine.id.as_str());
        let others: Vec<Held<'_>> =
            self.held(place).filter(|held| Some(held.machine.id.as_str()) != replaced).collect();
        let kin = others.iter().filter(|held| held.size.is_some_and(|other| other.family == size.family));
        let used = kin.map(Held::cores).fold(0, u32::saturating_add);
        let limit = self.limits.of(size.family);
        if used.saturating_add(size.vcpus) > limit {
            return Some(Beyond::Family { family: size.family.to_owned(), used, limit });
        }
        let used = others.iter().map(Held::cores).fold(0, u32::saturating_add);
        if used.saturating_add(size.vcpus) > self.limits.cores {
            return Some(Beyond::Region { used, limit: self.limits.cores });
        }
        let full = instead.is_none() && self.computes_in(place) >= self.limits.computes;
        full.then_some(Beyond::Computes { limit: self.limits.computes })
    }
}
