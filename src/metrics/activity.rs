//! What sources say of the use of instances that are on, and which of them went silent; disks that are full.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::names;
use super::page::{Draft, Value};
use crate::facts::{Evidence, Track, Use};
use crate::guard::is_full;
use crate::report::{FleetView, InstanceView};
use crate::rules::{Ground, Rule};

/// A source that was last heard of longer ago than this is silent.
const SILENT: SignedDuration = SignedDuration::from_mins(15);

pub(super) fn write(draft: &mut Draft, view: &FleetView) {
    let instances = || view.workspaces.values().flat_map(|workspace| &workspace.instances);
    let heard = |instance: &InstanceView| instance.evidence.is_some() && instance.facts.state.is_on();
    let evidence = || instances().filter(|one| heard(one)).filter_map(|one| one.evidence.as_deref());
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for track in evidence().flat_map(|evidence| &evidence.tracks) {
        let count = counts.entry((track.source.label(), says(track, view.at))).or_default();
        *count = count.saturating_add(1);
    }
    draft.family(&names::ACTIVITY);
    for ((source, says), count) in &counts {
        draft.sample(&[source, says], Value::of_len(*count));
    }
    // what an idle rule finds, also while it finds none of it
    let grounds = [Ground::IdleUnknown, Ground::Idle, Ground::NotDue];
    let mut found: BTreeMap<&str, usize> = grounds.iter().map(|ground| (ground.label(), 0)).collect();
    let verdicts = instances().filter(|one| one.facts.state.is_on()).filter_map(|one| one.verdict.as_deref());
    for finding in verdicts.flat_map(|verdict| &*verdict.findings).filter(|finding| finding.rule == Rule::Idle) {
        let count = found.entry(finding.ground.label()).or_default();
        *count = count.saturating_add(1);
    }
    draft.family(&names::IDLE);
    for (ground, count) in &found {
        draft.sample(&[ground], Value::of_len(*count));
    }
    let full = |evidence: &&Evidence| evidence.disk.as_deref().is_some_and(|disk| is_full(disk, view.at));
    draft.single(&names::DISKS_FULL, Value::of_len(evidence().filter(full).count()));
}

fn says(track: &Track, now: Timestamp) -> &'static str {
    let is_long_ago = |at: Timestamp| now.duration_since(at) > SILENT;
    if is_long_ago(track.as_of) {
        let cannot_tell = track.doubt.as_ref().is_some_and(|doubt| !is_long_ago(doubt.as_of));
        return if cannot_tell { "unknown" } else { "silent" };
    }
    match track.now {
        Use::Quiet => "quiet",
        Use::Connected => "connected",
        Use::Unknown => "unknown",
        Use::Busy => "busy",
    }
}
