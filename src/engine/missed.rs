//! Edges that came and went while nobody looked, or under a freeze: they are counted and said, never acted on late (S7).

use std::sync::Arc;

use jiff::Timestamp;

use super::state::State;
use crate::facts::Freeze;
use crate::policy::Policy;
use crate::report::SweepReport;
use crate::rules::{Ground, Verdict};
use crate::schedule::{Edge, EdgeKind, EdgeNote, Edges};
use crate::units::PolicyId;

impl State {
    /// Notes for every policy that its edges up to `now` were evaluated; what lies wholly between the last evaluation and
    /// now was missed. The newest off edge is not: it is still acted on while its window lasts. While everything is frozen
    /// nothing is noted, so that what a freeze kept back is counted at its end.
    pub(super) fn note_edges(&mut self, freeze: &Freeze, now: Timestamp, report: &mut SweepReport) -> Vec<PolicyId> {
        if *freeze != Freeze::Off {
            return Vec::new();
        }
        let policies = self.policies.policies.clone();
        for policy in &policies {
            let last = self.evaluated.get(&policy.id).copied();
            if let (Some(last), Some(hours)) = (last.filter(|last| *last < now), policy.hours()) {
                let edges = hours.edges_between(last, now);
                // every stretch of hours that began and ended unseen hides the off edge before it
                let off = edges.edges.iter().filter(|edge| edge.kind == EdgeKind::Off).count();
                let open = edges.edges.last().is_some_and(|edge| edge.kind == EdgeKind::Off);
                let missed = u64::try_from(off)
                    .unwrap_or(0)
                    .saturating_sub(u64::from(open))
                    .saturating_add(edges.skipped.div_ceil(2));
                if missed > 0 {
                    let frozen = self.frozen.is_some_and(|(_, until)| until > last);
                    report.edges_missed.push((
                        policy.id.clone(),
                        missed,
                        if frozen { "frozen" } else { "not_running" },
                    ));
                }
                let unstarted = starts_missed(policy, &edges, now);
                if unstarted > 0 {
                    let frozen = self.frozen.is_some_and(|(_, until)| until > last);
                    let why = if frozen { "start_frozen" } else { "start_not_running" };
                    report.edges_missed.push((policy.id.clone(), unstarted, why));
                }
            }
            let mark = self.evaluated.entry(policy.id.clone()).or_insert(now);
            *mark = (*mark).max(now); // never back (S12)
        }
        policies.iter().map(|policy| policy.id.clone()).collect()
    }

    /// Counts each edge once that was missed for longer than its policy catches up: what is on then stays on.
    pub(super) fn note_let_go(&mut self, verdicts: &[Arc<Verdict>], report: &mut SweepReport) {
        for (policy, edge) in verdicts.iter().filter_map(|verdict| let_go(verdict)) {
            if self.let_go.get(policy).is_none_or(|newest| *newest < edge) {
                self.let_go.insert(policy.clone(), edge);
                report.edges_missed.push((policy.clone(), 1, "catch_up"));
            }
        }
    }
}

/// How many on-edges came and went at which something was to be started, with the time in which it still would have been.
fn starts_missed(policy: &Policy, edges: &Edges, now: Timestamp) -> u64 {
    let Some(rule) = &policy.start else { return 0 };
    let is_over = |edge: &&Edge| {
        let silent = edge.note.as_ref().is_some_and(|note| matches!(note, EdgeNote::NoAction { .. }));
        let late = now.duration_since(edge.at) > rule.catch_up.duration();
        edge.kind == EdgeKind::On && !silent && late
    };
    let count = u64::try_from(edges.edges.iter().filter(is_over).count()).unwrap_or(0);
    count.saturating_add(edges.skipped / 2)
}

/// The edge that an instance is on after, where nothing else keeps it.
fn let_go(verdict: &Verdict) -> Option<(&PolicyId, Timestamp)> {
    let kept = matches!(verdict.ground, Ground::Frozen | Ground::Held | Ground::Exempt | Ground::Busy);
    let found = verdict.findings.iter().find(|finding| finding.ground == Ground::EdgeMissed).filter(|_| !kept)?;
    Some((&verdict.under.policy, found.due_at.known()?))
}
