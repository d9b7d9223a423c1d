//! Instances that are left alone for too long for a reason of Azure's, told as faults: nobody stops them, and nobody forgets them.

use jiff::Timestamp;

use super::entry::Entry;
use super::state::State;
use crate::facts::Freeze;
use crate::report::FaultLine;
use crate::rules::{Ground, NativeFinding, Stuck, stuck};
use crate::units::WorkspaceId;

impl State {
    /// A line for each instance in the workspaces just read that Azure's own timer should have stopped, or never will.
    pub(super) fn unstopped(&self, read: &[WorkspaceId]) -> Vec<FaultLine> {
        let places = read.iter().filter_map(|id| Some((id, self.places.get(id)?)));
        let entries = places.flat_map(|(id, place)| place.entries.values().map(move |entry| (id, entry)));
        let told = entries.filter(|(_, entry)| !entry.absent).filter_map(|(id, entry)| {
            let is_unstopped = |found: &&NativeFinding| match found {
                NativeFinding::Ineffective { .. } => true,
                NativeFinding::Unset => entry.facts.state.is_on(),
                NativeFinding::Missing { .. }
                | NativeFinding::Different { .. }
                | NativeFinding::Unreadable
                | NativeFinding::CustomApplications
                | NativeFinding::IdentityUnverified
                | NativeFinding::ScheduleOff
                | NativeFinding::ScheduleFailed => false,
            };
            let found = entry.native.iter().find(is_unstopped)?;
            let words = format!("{}: {}", entry.facts.id.name(), found.words(&entry.facts.native));
            Some(FaultLine { workspace: Some(id.clone()), label: "native_timer", words })
        });
        told.collect()
    }

    /// A line for each of them in the workspaces just read, as long as it lasts.
    pub(super) fn stuck(&self, read: &[WorkspaceId], freeze: &Freeze, now: Timestamp) -> Vec<FaultLine> {
        let mut lines = Vec::new();
        for id in read {
            let Some((place, policy)) = self.places.get(id).zip(self.policy_of(id)) else { continue };
            let mut left_alone = place.entries.values().filter(|entry| entry.is_left_alone()).peekable();
            if left_alone.peek().is_none() {
                continue;
            }
            let moment = self.moment(&policy, now);
            let found =
                left_alone.filter_map(|entry| stuck(&moment, &entry.facts, entry.evidence(), &entry.history, freeze));
            lines.extend(found.map(|Stuck { words, .. }| FaultLine {
                workspace: Some(id.clone()),
                label: "stuck",
                words,
            }));
        }
        lines
    }
}

impl Entry {
    /// True when it is left alone for something that should pass.
    pub(super) fn is_left_alone(&self) -> bool {
        let ground = self.verdict.as_ref().map(|verdict| verdict.ground);
        let is_lost = ground == Some(Ground::Busy) && self.evidence.is_some();
        !self.absent && (is_lost || matches!(ground, Some(Ground::Unsettled | Ground::Unrecognised)))
    }
}
