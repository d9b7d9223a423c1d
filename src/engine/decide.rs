//! Verdicts for what was read, from one instant for all, and what changed in them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use thin_vec::ThinVec;

use super::book::Rule;
use super::hear::awaited;
use super::state::State;
use crate::facts::{Freeze, InstanceFacts};
use crate::policy::{Mode, Policy};
use crate::ports::Decision;
use crate::rules::{Action, Ground, Moment, Verdict, evaluate, native, start, terms_of};
use crate::units::{PolicyId, WorkspaceId};

/// What was decided in one look. Facts and verdicts are shared with the book, the report and the view: a fleet holds each
/// once.
#[derive(Debug, Default)]
pub(super) struct Decided {
    /// Every verdict.
    pub(super) verdicts: Vec<Arc<Verdict>>,
    /// Where something is to be done: facts as of now, verdict, and who else is told.
    pub(super) acting: Vec<(Arc<InstanceFacts>, Arc<Verdict>, ThinVec<String>)>,
    /// What the journal does not hold yet.
    pub(super) news: Vec<Decision>,
    /// Stops that are newly due, and that a policy only observes.
    pub(super) would: Vec<Arc<Verdict>>,
}

impl State {
    /// Remembers from when to when everything was frozen last; a freeze that was lifted and comes again is another one.
    fn note_freeze(&mut self, freeze: &Freeze, now: Timestamp) {
        let is_frozen = *freeze != Freeze::Off;
        if is_frozen {
            let since = self.frozen.filter(|_| self.was_frozen).map_or(now, |(since, _)| since);
            self.frozen = Some((since, now));
        }
        self.was_frozen = is_frozen;
    }

    /// From when to when everything was seen frozen, while it is.
    pub(super) fn frozen_now(&self) -> Option<(Timestamp, Timestamp)> {
        self.frozen.filter(|_| self.was_frozen)
    }

    /// Decides about every instance of the workspaces just read. Of an instance missing from the last reading nothing is proposed.
    pub(super) fn decide(&mut self, read: &[WorkspaceId], freeze: &Freeze, now: Timestamp) -> Decided {
        self.note_freeze(freeze, now);
        let governed: Vec<Arc<Policy>> = read.iter().filter_map(|id| self.policy_of(id)).collect();
        let mut moments: BTreeMap<PolicyId, Moment<'_>> = BTreeMap::new();
        for policy in &governed {
            moments.entry(policy.id.clone()).or_insert_with(|| self.moment(policy, now));
        }
        let (started_at, agents_await) = (self.started_at, self.agents_await);
        let prices = self.prices.clone();
        let mut decided = Decided::default();
        for id in read {
            let Some(place) = self.places.get_mut(id) else {
                continue;
            };
            let moment = match &place.rule {
                Rule::Governed(policy) => moments.get(&policy.id).map(|moment| (policy, moment)),
                Rule::Ungoverned | Rule::Conflict(_) => None,
            };
            let Some((policy, moment)) = moment else {
                place.entries.values_mut().for_each(|entry| entry.ungoverned());
                continue;
            };
            let awaited = awaited(agents_await, place.since(started_at), now);
            for entry in place.entries.values_mut().filter(|entry| !entry.absent) {
                let verdict = {
                    let heard = entry.evidence();
                    let heard = awaited.as_ref().map_or(Cow::Borrowed(heard), |awaited| awaited.beside(heard));
                    evaluate(moment, &entry.facts, &heard, &entry.history, freeze)
                };
                let rate = || prices.rate(&entry.facts.size, &entry.facts.region);
                let found = policy.start.as_ref().and_then(|_| start(moment, &entry.facts, &entry.history, rate()));
                let found = found.filter(|_| !entry.unseen).map(Box::new);
                entry.start = found;
                entry.native = native(moment, &entry.facts, entry.evidence(), &entry.history).into();
                let is_news = entry.verdict.as_ref().is_none_or(|old| is_other(old, &verdict));
                let verdict = entry.decided(verdict);
                if is_news {
                    let evidence = entry.evidence.clone();
                    decided.news.push(Decision { facts: entry.dated(), evidence, verdict: verdict.clone() });
                }
                // what this reading left out may be overdue, and nothing is done about it
                if entry.unseen {
                    continue;
                }
                // what is to be done goes by the age of the facts
                match verdict.action {
                    Action::Keep => {}
                    Action::Warn => {
                        let told = terms_of(policy, &entry.facts).warning.notify.iter().cloned().collect();
                        decided.acting.push((entry.dated(), verdict.clone(), told));
                    }
                    Action::Stop => {
                        if is_news && policy.mode == Mode::Observe {
                            decided.would.push(verdict.clone());
                        }
                        decided.acting.push((entry.dated(), verdict.clone(), ThinVec::new()));
                    }
                }
                decided.verdicts.push(verdict);
            }
        }
        decided
    }

    /// A policy at an instant, with what is to be known beside it.
    pub(super) fn moment<'a>(&self, policy: &'a Policy, at: Timestamp) -> Moment<'a> {
        let moment = Moment::new(policy, at).patient(self.stale_after).thawed(self.frozen);
        let moment = moment.hushed(self.told.quiet.clone()).spent(self.budgets.of(policy));
        moment.started(self.starts_under(policy)).zone_data(self.zone_data.as_ref())
    }

    pub(super) fn policy_of(&self, workspace: &WorkspaceId) -> Option<Arc<Policy>> {
        self.places.get(workspace)?.policy().cloned()
    }
}

/// True when the journal should hold the new verdict beside the old. While something stronger keeps the instance its
/// stop moves with every look, which is no news; nor is it while its warning waits for room.
fn is_other(old: &Verdict, new: &Verdict) -> bool {
    let deadline = |verdict: &Verdict| {
        let moves = is_vetoed(verdict.ground) || verdict.action == Action::Warn;
        verdict.due.as_ref().map(|due| (due.key.clone(), Some(due.stop_at).filter(|_| !moves)))
    };
    (old.action, old.ground, &old.under.revision) != (new.action, new.ground, &new.under.revision)
        || deadline(old) != deadline(new)
}

const fn is_vetoed(ground: Ground) -> bool {
    matches!(ground, Ground::Frozen | Ground::Exempt | Ground::Busy)
}
