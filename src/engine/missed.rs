//! Off edges that came and went while nobody looked: they are counted and said, never acted on late (S7).

use jiff::Timestamp;

use super::state::State;
use crate::report::SweepReport;
use crate::schedule::EdgeKind;
use crate::units::PolicyId;

impl State {
    /// Notes for every policy that its edges up to `now` were evaluated; what lies wholly between the last evaluation and
    /// now was missed. The newest off edge is not: it is still acted on while its window lasts.
    pub(super) fn note_edges(&mut self, now: Timestamp, report: &mut SweepReport) -> Vec<PolicyId> {
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
                    report.edges_missed.push((policy.id.clone(), missed, "not_running"));
                }
            }
            let mark = self.evaluated.entry(policy.id.clone()).or_insert(now);
            *mark = (*mark).max(now); // never back (S12)
        }
        policies.iter().map(|policy| policy.id.clone()).collect()
    }
}
