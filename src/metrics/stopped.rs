//! Series of what stays off and of deleting it: labels are workspaces, ages and words, never names of instances.

use std::collections::BTreeMap;

use super::fleet::place;
use super::names;
use super::page::{Draft, Value};
use crate::facts::PowerState;
use crate::report::{AGES, FleetView, age_of, standing};
use crate::rules::off_since;
use crate::units::{Currency, WorkspaceId};

/// Everything that the view says of it.
pub(super) fn stopped(draft: &mut Draft, view: &FleetView) {
    let mut counts: BTreeMap<(&WorkspaceId, usize), i64> = BTreeMap::new();
    for (id, workspace) in &view.workspaces {
        // every age stands at nought, so that the first is seen to be added
        counts.extend((0..AGES.len()).map(|age| ((id, age), 0)));
        for one in workspace.instances.iter().filter(|one| one.facts.state == PowerState::Stopped) {
            let off = off_since(&one.facts, one.off_since).map(|off| view.at.duration_since(off.at));
            let count = counts.entry((id, off.map_or(0, age_of))).or_insert(0);
            *count = count.saturating_add(1);
        }
    }
    let label = |age: usize| AGES.get(age).map_or("", |(label, _)| *label);
    draft.family(&names::STOPPED);
    for ((id, age), count) in &counts {
        let [subscription, group, name] = place(id);
        let count = Value::Count(u64::try_from(*count).unwrap_or(0));
        draft.sample(&[subscription, group, name, label(*age)], count);
    }
    draft.family(&names::STOPPED_RATE);
    if let Some(rate) = view.money.residual.and_then(|residual| residual.total()) {
        let currency: Currency = rate.currency();
        for ((id, age), count) in &counts {
            let [subscription, group, name] = place(id);
            let nanos = rate.nanos().saturating_mul(*count);
            draft.sample(&[subscription, group, name, label(*age), currency.code()], Value::Nano(nanos));
        }
    }
    let mut states = BTreeMap::from([("automatic", 0_u64), ("confirmed", 0), ("kept", 0), ("proposed", 0)]);
    for one in view.proposals.iter().filter(|one| one.is_open() || one.kept_at(view.at).is_some()) {
        let count = states.entry(standing(one, view.at).0.label()).or_insert(0);
        *count = count.saturating_add(1);
    }
    draft.family(&names::PROPOSALS);
    for (state, count) in states {
        draft.sample(&[state], Value::Count(count));
    }
}
