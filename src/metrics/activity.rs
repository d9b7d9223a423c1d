//! What sources say of the use of instances that are on, and which of them went silent; disks that are full.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::names;
use super::page::{Draft, Value};
use crate::facts::{Evidence, Track, Use};
use crate::guard::is_full;
use crate::report::{FleetView, InstanceView};

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
    let full = |evidence: &&Evidence| evidence.disk.as_deref().is_some_and(|disk| is_full(disk, view.at));
    draft.single(&names::DISKS_FULL, Value::of_len(evidence().filter(full).count()));
}

fn says(track: &Track, now: Timestamp) -> &'static str {
    if now.duration_since(track.as_of) > SILENT {
        return "silent";
    }
    match track.now {
        Use::Quiet => "quiet",
        Use::Connected => "connected",
        Use::Unknown => "unknown",
        Use::Busy => "busy",
    }
}
