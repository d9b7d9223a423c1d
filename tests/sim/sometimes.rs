//! What has to happen sometimes: a run in which one of these never does has not tried it.

use std::collections::BTreeMap;

/// Every situation that a run has to come into, by its name.
pub(crate) const SITUATIONS: [&str; 58] = [
    "a stop by hours",
    "a stop of an idle machine",
    "a stop for its uptime",
    "a stop that a person asked for",
    "Azure took a stop",
    "Azure took a stop and its answer was lost",
    "a stop was lost on its way",
    "a stop was throttled",
    "a stop met another operation",
    "a stop met a full disk",
    "a stop was refused",
    "Azure failed at a stop",
    "a stop was taken and never ended",
    "a stop was called done and the machine stayed on",
    "an operation failed",
    "a workspace was throttled",
    "a workspace could not be reached",
    "a workspace was left out of discovery",
    "a list left a machine out",
    "a list was older than the machine",
    "a state that nobody knows",
    "nobody said what was last done",
    "the second look found it changed",
    "the second look came too late",
    "it was started between the looks",
    "it was held while the stop waited to be sent",
    "it was frozen while the stop waited to be sent",
    "a freeze held a stop back",
    "a freeze nobody could read",
    "a machine was held",
    "a machine was held by the link of its warning",
    "a hold was lifted",
    "a person restarted after a stop",
    "a tag opted out",
    "tags that nobody could read",
    "a machine was deleted while its stop was under way",
    "a machine was made anew under its name",
    "use held a stop back",
    "a warning could not be delivered",
    "the journal could not be written",
    "the clock went forward",
    "the clock went back",
    "a clock held stops back",
    "the machine of the service was suspended",
    "the service was down over an edge",
    "a crash after an intent was written",
    "a crash after a stop left",
    "a crash before a write to the journal",
    "a crash after a write to the journal",
    "a stop was settled after a restart",
    "a policy was written anew",
    "a changed policy was tried on a few",
    "planned stops were paced",
    "more unplanned stops than the caps allow",
    "too many stops failed",
    "summer time began",
    "summer time ended",
    "a second process decided the same",
];

/// How often each was hit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sometimes(BTreeMap<&'static str, u64>);

impl Sometimes {
    /// It happened.
    pub(crate) fn hit(&mut self, what: &'static str) {
        assert!(SITUATIONS.contains(&what), "{what} is not in the list of situations");
        let count = self.0.entry(what).or_insert(0);
        *count = count.saturating_add(1);
    }

    /// It happened, if so.
    pub(crate) fn hit_if(&mut self, is_so: bool, what: &'static str) {
        if is_so {
            self.hit(what);
        }
    }

    /// With what another run came into.
    pub(crate) fn add(&mut self, other: &Self) {
        for (what, count) in &other.0 {
            let sum = self.0.entry(what).or_insert(0);
            *sum = sum.saturating_add(*count);
        }
    }

    pub(crate) fn count(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or(0)
    }

    /// Those that never happened.
    pub(crate) fn missed(&self) -> Vec<&'static str> {
        SITUATIONS.into_iter().filter(|what| self.count(what) == 0).collect()
    }
}
