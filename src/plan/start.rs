//! A proposed start, as a value.

use std::sync::Arc;

use jiff::Timestamp;

use super::Expected;
use crate::facts::{Created, InstanceFacts};
use crate::rules::{StartFinding, StartGround};
use crate::units::{InstanceId, PolicyId};

/// One start that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartStep {
    /// Which instance.
    pub instance: InstanceId,
    /// Which life of its name.
    pub created: Created,
    /// By which policy.
    pub policy: PolicyId,
    /// Which revision of it (G11).
    pub revision: Arc<str>,
    /// Identity of the reason: the policy and the edge (S2).
    pub key: Arc<str>,
    /// When its hours began.
    pub edge_at: Timestamp,
    /// When it was to be started.
    pub start_at: Timestamp,
    /// From then on it is not started for this edge any more.
    pub let_go_at: Timestamp,
    /// What it looked like.
    pub expected: Expected,
    /// When it was observed so.
    pub observed_at: Timestamp,
    /// Why.
    pub words: Arc<str>,
}

impl StartStep {
    /// The step that a finding asks for; none unless it is due.
    #[must_use]
    pub fn of(
        (policy, revision): (&PolicyId, &Arc<str>),
        facts: &InstanceFacts,
        finding: &StartFinding,
    ) -> Option<Self> {
        let edge_at = finding.edge_at.known().filter(|_| finding.ground == StartGround::Due)?;
        Some(Self {
            instance: facts.id.clone(),
            created: facts.created,
            policy: policy.clone(),
            revision: revision.clone(),
            key: finding.key.clone(),
            edge_at,
            start_at: finding.start_at.known()?,
            let_go_at: finding.let_go_at.known()?,
            expected: Expected::of(facts),
            observed_at: facts.observed_at,
            words: finding.words.clone(),
        })
    }
}
