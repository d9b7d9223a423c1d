//! What a sweep writes before it acts: sightings, verdicts that changed, notices. Without it nothing is stopped (fault 40).

use jiff::Timestamp;

use super::book::Changes;
use super::settle::Settled;
use super::state::Engine;
use crate::facts::{NoticeState, PastNotice};
use crate::plan::Notice;
use crate::policy::Mode;
use crate::ports::{DecisionRow, Fault, Message, SweepRecord, World};
use crate::report::SweepReport;
use crate::units::{PolicyId, WorkspaceId};

/// Notices kept in memory an instance.
const NOTICES_KEPT: usize = 16;

/// Everything a sweep found before acting.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) changes: Changes,
    pub(super) read: Vec<WorkspaceId>,
    pub(super) settled: Settled,
    pub(super) decisions: Vec<DecisionRow>,
    pub(super) evaluated: Vec<PolicyId>,
}

impl<W: World> Engine<W> {
    /// Writes it, and remembers the notices. In observe mode nobody is told anything.
    pub(super) async fn record(
        &self,
        found: Found,
        notices: Vec<Notice>,
        now: Timestamp,
        report: &mut SweepReport,
    ) -> Result<(), Fault> {
        let notices: Vec<Notice> = notices.into_iter().filter(|notice| self.enforces(&notice.policy)).collect();
        let mut messages: Vec<Message> = notices.iter().map(|notice| Message::warning(notice, now)).collect();
        messages.extend(found.settled.messages);
        let record = SweepRecord {
            at: Some(now),
            seen: found.read.into_iter().map(|workspace| (workspace, now)).collect(),
            sightings: found.changes.sightings,
            gone: found.changes.gone,
            decisions: found.decisions,
            messages,
            settled: found.settled.ended,
            evaluated: found.evaluated,
        };
        self.world.record(&record).await?;
        let mut state = self.lock();
        for notice in &notices {
            let Some(history) = state.history_mut(&notice.instance) else {
                continue;
            };
            if !history.notices.iter().any(|past| past.key == notice.key) {
                history.notices.push(PastNotice {
                    key: notice.key.clone(),
                    recorded_at: now,
                    state: NoticeState::Recorded,
                });
                let excess = history.notices.len().saturating_sub(NOTICES_KEPT);
                history.notices.drain(..excess);
            }
        }
        report.notices = notices;
        Ok(())
    }

    fn enforces(&self, policy: &PolicyId) -> bool {
        self.lock().policies.get(policy).is_some_and(|policy| policy.mode == Mode::Enforce)
    }
}
