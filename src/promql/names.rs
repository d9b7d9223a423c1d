//! Which instances a label's value names, over all that were known of lately, governed or not.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use crate::units::InstanceId;

/// An instance that was not known of for so long is no namesake any more. A second look asks about one instance alone,
/// and a sweep about the workspaces that it could read: both must know of the others all the same.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// Instances by their name in lower case, each with when it was last asked about.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<String, BTreeMap<InstanceId, Timestamp>>);

impl Names {
    /// Takes note of whom is known of, and forgets who was not for long.
    pub(super) fn note<'i>(&mut self, instances: impl Iterator<Item = &'i InstanceId>, now: Timestamp) {
        for id in instances {
            let of_name = self.0.entry(id.name().to_ascii_lowercase()).or_default();
            of_name.insert(id.clone(), now);
        }
        for of_name in self.0.values_mut() {
            of_name.retain(|_, at| now.duration_since(*at) <= REMEMBERED);
        }
        self.0.retain(|_, of_name| !of_name.is_empty());
    }

    /// How many instances have the name.
    pub(super) fn count(&self, name: &str) -> usize {
        self.0.get(name).map_or(0, BTreeMap::len)
    }
}

/// The name in a label's value, in lower case: without the port behind it.
pub(super) fn name_in(value: &str) -> String {
    let host = match value.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => host,
        Some(_) | None => value,
    };
    host.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_no_part_of_the_name() {
        for (value, name) in
            [("CI-a", "ci-a"), ("ci-a:9100", "ci-a"), ("ci-a:", "ci-a:"), ("ci-a:x1", "ci-a:x1"), ("", "")]
        {
            assert_eq!(name_in(value), name, "{value}");
        }
    }
}
