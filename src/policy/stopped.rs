//! What a policy says of instances that stay off: when one is proposed for deletion, and who has to say yes.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Spanned;
use toml::de::DeValue;

use super::document::{Instances, Layer, table};
use super::matching::Subject;
use super::model::Exemptions;
use super::values::List;
use crate::document::{Findings, Located, Place, Read, TableReader};
use crate::units::Span;

/// Who has to say yes before an instance is deleted that was proposed for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deletion {
    /// A person, for each instance (the default).
    Propose,
    /// Nobody, for the instances of an allow-list that have been announced to the last step of the ladder; a person for
    /// all others.
    Automatic,
}

/// What becomes of instances that stay off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoppedRule {
    /// An instance that was off for so long without a break is proposed for deletion.
    pub delete_after: Span,
    /// The same where nobody knows whose it is; never shorter.
    pub unknown_owner_after: Span,
    /// Who has to say yes.
    pub delete: Deletion,
    /// How long before the day people are told, the longest first; the day comes so long after the proposal.
    pub ladder: Vec<Span>,
    /// What may be deleted without a yes, in mode automatic alone.
    pub automatic: Exemptions,
    /// What is never proposed.
    pub exempt: Exemptions,
    /// How long a yes can be taken back before anything is sent.
    pub grace: Span,
    /// At most so many deletions in 24 hours under this policy; the largest number of any policy holds for the fleet.
    pub per_day: u32,
}

impl StoppedRule {
    /// Whether this instance needs nobody's yes.
    #[must_use]
    pub fn is_automatic(&self, subject: &Subject<'_>) -> bool {
        self.delete == Deletion::Automatic && self.automatic.first_match(subject).is_some()
    }

    /// The longest step: a proposal is that old before its day.
    #[must_use]
    pub fn first_step(&self) -> Span {
        self.ladder.first().copied().unwrap_or_default()
    }
}

table! {
    /// What becomes of instances that stay off: they go on costing for disk, address and load balancer, and hold quota, until
    /// they are deleted.
    Stopped in "stopped." {
        /// After how long off, without a break, an instance is proposed for deletion: "7d" at least.
        delete_after: Span,
        /// The same where nobody knows whose it is. Default: twice as long.
        unknown_owner_after: Span,
        /// Who says yes: "propose" asks a person about each instance, "automatic" deletes those of the allow-list
        /// `automatic` after the whole ladder. Default: "propose".
        delete: Deletion,
        /// How long before the day its people are told, the longest first. Default: ["14d", "7d", "1d"].
        ladder: List<Span>,
        /// The allow-list of delete = "automatic": names, owners, sizes or tags; one that matches suffices.
        automatic: Instances,
        /// What is never proposed, beside everything that is exempt from stops.
        exempt: Instances,
        /// How long a yes can be taken back before anything is deleted. Default: "1h".
        grace: Span,
        /// The most deletions in 24 hours under this policy; all policies together delete no more than the largest of their
        /// numbers. 0 is none. Default: 5.
        per_day: u32,
    }
}

/// The rule as effective tables have it; what it lacks is reported elsewhere.
pub(super) fn stopped(
    table: &Stopped,
    instances: impl Fn(&Option<Located<Instances>>) -> Exemptions,
) -> Option<Arc<StoppedRule>> {
    let delete_after = table.delete_after.as_ref()?.value;
    let twice = Span::seconds(delete_after.as_secs().saturating_mul(2));
    let ladder = table.ladder.as_ref().map(|list| list.value.iter().map(|step| step.value).collect());
    Some(Arc::new(StoppedRule {
        delete_after,
        unknown_owner_after: table.unknown_owner_after.as_ref().map_or(twice, |after| after.value),
        delete: table.delete.as_ref().map_or(Deletion::Propose, |delete| delete.value),
        ladder: ladder.unwrap_or_else(|| LADDER.to_vec()),
        automatic: instances(&table.automatic),
        exempt: instances(&table.exempt),
        grace: table.grace.as_ref().map_or(Span::hours(1), |grace| grace.value),
        per_day: table.per_day.as_ref().map_or(5, |most| most.value),
    }))
}

/// Two weeks, a week and a day before.
const LADDER: [Span; 3] = [Span::hours(14 * 24), Span::hours(7 * 24), Span::hours(24)];
