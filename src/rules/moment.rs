//! One policy at one instant: what its hours say, worked out once for all its instances.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use smallvec::SmallVec;

use super::budget::Spending;
use super::hours::{HoursNow, hours_now};
use super::run::RunStart;
use super::settled::off;
use super::verdict::{Finding, Under};
use crate::facts::{InstanceFacts, PastStart, Starts};
use crate::policy::{HoursRule, Policy, Subject, Terms};
use crate::schedule::{EdgeKind, Hours};

/// A stop that was announced and not carried out for so long after its time is announced again: who was told "at eight"
/// does not expect it at ten. Longer than the guard takes to pace a storm of stops, shorter than people forget.
const STALE_AFTER: SignedDuration = SignedDuration::from_mins(30);

/// A policy at one instant. Every verdict of a sweep is made from the same moment.
#[derive(Debug)]
pub struct Moment<'a> {
    pub(super) policy: &'a Policy,
    pub(super) now: Timestamp,
    /// Its name as stop keys have it.
    pub(super) key: String,
    pub(super) stale_after: SignedDuration,
    pub(super) frozen: Option<(Timestamp, Timestamp)>,
    /// When people are left in peace, where policies respect it.
    pub(super) quiet: Option<Arc<Hours>>,
    /// What was spent against its budget; none when nobody knows, or it has none.
    pub(super) spending: Option<Arc<Spending>>,
    /// What the service started lately.
    starts: Option<Arc<Starts>>,
    /// What is found of every instance that is off.
    pub(super) off: Arc<[Finding]>,
    base: At,
    overrides: Vec<At>,
}

/// The policy's own terms at the moment, or those of an override.
#[derive(Debug)]
struct At {
    hours: Option<HoursNow>,
    under: Arc<Under>,
}

/// What holds for one instance at the moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Holding<'a> {
    pub(super) terms: &'a Terms,
    pub(super) under: &'a Arc<Under>,
    pub(super) hours: Option<(&'a HoursRule, &'a HoursNow)>,
}

fn state(terms: &Terms, policy: &str, now: Timestamp) -> Option<HoursNow> {
    terms.hours.as_ref().map(|rule| hours_now(rule.hours.state_at(now), policy))
}

impl<'a> Moment<'a> {
    /// Works out what the policy's hours say at `now`.
    #[must_use]
    pub fn new(policy: &'a Policy, now: Timestamp) -> Self {
        let key = policy.id.as_str().to_ascii_lowercase();
        let at = |terms: &Terms, override_name| At {
            hours: state(terms, &key, now)
                .zip(terms.hours.as_ref())
                .map(|(state, rule)| if policy.start.is_some() { state.ahead(&rule.hours, now) } else { state }),
            under: Arc::new(Under {
                policy: policy.id.clone(),
                revision: policy.revision.clone(),
                override_name,
                zone: terms.hours.as_ref().map(|rule| rule.hours.zone_name().into()),
                zone_data: None,
            }),
        };
        let base = at(&policy.terms, None);
        let overrides = policy.overrides.iter().map(|over| at(&over.terms, Some(over.name.clone()))).collect();
        let off = Arc::from([off()]);
        Self {
            policy,
            now,
            stale_after: STALE_AFTER,
            frozen: None,
            quiet: None,
            spending: None,
            starts: None,
            off,
            base,
            overrides,
            key,
        }
    }

    /// Lets an announced stop be later than usual: for those who sweep rarely, to whom every stop comes late.
    #[must_use]
    pub fn patient(self, stale_after: Option<SignedDuration>) -> Self {
        Self { stale_after: stale_after.unwrap_or(self.stale_after), ..self }
    }

    /// Says from when to when everything was last seen frozen: what a freeze kept is caught up with from its end on.
    #[must_use]
    pub fn thawed(self, frozen: Option<(Timestamp, Timestamp)>) -> Self {
        Self { frozen, ..self }
    }

    /// Says when people are left in peace.
    #[must_use]
    pub fn hushed(self, quiet: Option<Arc<Hours>>) -> Self {
        Self { quiet, ..self }
    }

    /// Says what was spent against the policy's budget.
    #[must_use]
    pub fn spent(self, spending: Option<Arc<Spending>>) -> Self {
        Self { spending, ..self }
    }

    /// Says what the service started lately.
    #[must_use]
    pub fn started(self, starts: Option<Arc<Starts>>) -> Self {
        Self { starts, ..self }
    }

    /// What the service started lately of one instance.
    pub(super) fn starts_of<'b>(&'b self, facts: &'b InstanceFacts) -> impl Iterator<Item = &'b PastStart> {
        self.starts.iter().flat_map(|starts| starts.of(facts))
    }

    /// The start of ours by which its present run began, if it was one.
    pub(super) fn began(&self, facts: &InstanceFacts, start: RunStart) -> Option<&PastStart> {
        self.starts.as_ref()?.began(facts, start.latest()?)
    }

    /// Says with which release of the zone data the edges are worked out (S16).
    #[must_use]
    pub fn zone_data(mut self, release: Option<&Arc<str>>) -> Self {
        let all = std::iter::once(&mut self.base).chain(&mut self.overrides);
        all.for_each(|at| Arc::make_mut(&mut at.under).zone_data = release.cloned());
        self
    }

    /// The instant it is for.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// What decides about an instance that no override needs to be looked for.
    pub(super) fn under(&self) -> &Arc<Under> {
        &self.base.under
    }

    /// The first override that matches holds, else the policy's own terms.
    pub(super) fn holding(&'a self, subject: &Subject<'_>) -> Holding<'a> {
        let matching =
            self.policy.overrides.iter().zip(&self.overrides).find(|(over, _)| over.matches.all_match(subject));
        let (terms, at) = matching.map_or((&self.policy.terms, &self.base), |(over, at)| (&over.terms, at));
        Holding { terms, under: &at.under, hours: terms.hours.as_ref().zip(at.hours.as_ref()) }
    }
}

/// Calls `with` on what patterns may look at of an instance.
pub(super) fn with_subject<T>(facts: &InstanceFacts, with: impl FnOnce(&Subject<'_>) -> T) -> T {
    let owner = &facts.owner;
    let owners: SmallVec<[&str; 3]> =
        [&owner.user_name, &owner.user_id, &owner.assigned_id].into_iter().filter_map(|name| name.as_deref()).collect();
    let tags: Vec<(&str, &str)> = facts
        .tags
        .known()
        .map(|tags| tags.0.iter().map(|(key, value)| (&**key, &**value)).collect())
        .unwrap_or_default();
    with(&Subject { name: facts.id.name(), owners: &owners, size: &facts.size, tags: &tags })
}

/// The terms that hold for one instance under a policy.
#[must_use]
pub fn terms_of<'a>(policy: &'a Policy, facts: &InstanceFacts) -> &'a Terms {
    with_subject(facts, |subject| &**policy.terms_for(subject).0)
}

/// When hours begin next for an instance under a policy.
#[must_use]
pub fn opens_after(policy: &Policy, facts: &InstanceFacts, now: Timestamp) -> Option<Timestamp> {
    let hours = terms_of(policy, facts).hours.as_ref()?;
    hours.hours.walk(now).find(|edge| edge.kind == EdgeKind::On).map(|edge| edge.at)
}
