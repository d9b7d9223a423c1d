//! Starts that the service asked for at on-edges: what is remembered of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Created, InstanceFacts, OperationResult, UNSENT};
use crate::units::InstanceId;

/// The first part of the identity of such a start: `start/<policy>/<edge>`.
pub const START_KEY: &str = "start/";

/// Azure's clock and ours may be so far apart.
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(2);

/// One start that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastStart {
    /// Identity of its reason: the policy and the edge (S2).
    pub key: Arc<str>,
    /// Which life of the instance's name.
    pub created: Created,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When that ended, and how; none while it is under way.
    pub ended: Option<(Timestamp, OperationResult)>,
}

impl PastStart {
    /// Whose start it is: the policy's name in lower case, the second part of its identity.
    #[must_use]
    pub fn policy(&self) -> &str {
        self.key.split('/').nth(1).unwrap_or_default()
    }

    /// True when it may have left and came to nothing.
    #[must_use]
    pub fn came_to_nothing(&self) -> bool {
        match self.ended.as_ref().map(|(_, result)| result) {
            Some(OperationResult::Failed(_)) => true,
            Some(OperationResult::Dropped(why)) => why == UNSENT,
            Some(OperationResult::Done) | None => false,
        }
    }

    /// False only for what is known never to have left: what may have arrived counts in every cap (I7).
    #[must_use]
    pub fn may_have_been_sent(&self) -> bool {
        !matches!(&self.ended, Some((_, OperationResult::Dropped(why))) if why != UNSENT)
    }
}

/// What the service started lately, by instance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Starts(pub BTreeMap<InstanceId, Vec<PastStart>>);

impl Starts {
    /// Those of one life of an instance, oldest first.
    pub fn of(&self, facts: &InstanceFacts) -> impl DoubleEndedIterator<Item = &PastStart> {
        let all = self.0.get(&facts.id).map(Vec::as_slice).unwrap_or_default();
        let created = facts.created;
        all.iter().filter(move |one| one.created == created)
    }

    /// The start of ours by which its present run began: the start that Azure names lies within it, give or take what clocks
    /// may be apart. Any other start is somebody else's.
    #[must_use]
    pub fn began(&self, facts: &InstanceFacts, run: Timestamp) -> Option<&PastStart> {
        let said = facts.started_at()?;
        let ours = |one: &&PastStart| {
            let Some((ended, OperationResult::Done)) = &one.ended else { return false };
            let from = one.asked_at.checked_sub(CLOCKS_APART).unwrap_or(one.asked_at);
            let to = ended.checked_add(CLOCKS_APART).unwrap_or(*ended);
            (from..=to).contains(&said) && run <= to
        };
        self.of(facts).rfind(ours)
    }
}
