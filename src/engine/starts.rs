//! Starting what is due when hours begin: a few looked at again side by side, then each written down, asked the last word and
//! sent, one after the other.

use std::pin::pin;

use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};

use super::act::{Acted, Look};
use super::by_person::audit_line;
use super::log;
use super::starts_seen::Seen;
use super::state::Engine;
use super::undertake::{NEVER_LEFT, Wish, answered};
use crate::facts::{Freeze, Verb};
use crate::guard::{ApprovedStart, Refusal, StartAround, StartLook, StartReview, review_starts, start_permit};
use crate::plan::StartStep;
use crate::ports::{AuditLine, World};
use crate::report::{FaultLine, StartLine, StartOutcome, SweepReport};
use crate::rules::start;
use crate::units::WorkspaceId;

/// In one sweep none is begun after so long: stops and warnings of the next are not to wait for starts.
const SWEEP_TIME: SignedDuration = SignedDuration::from_secs(10);
/// So many are looked at side by side: one that nobody can look at keeps no other from being started.
const LOOKS: usize = 4;
/// After so many failures in a row the rest waits: a right that is missing is missing for all.
const FAILURES_MAX: usize = 3;

impl<W: World> Engine<W> {
    /// Starts what is due of the workspaces just read, as far as the guard lets it.
    pub(super) async fn start_due(
        &self,
        read: &[WorkspaceId],
        freeze: &Freeze,
        now: Timestamp,
        report: &mut SweepReport,
    ) {
        let Seen { steps, lines, messages, unknown } = self.lock().starts_seen(read, now);
        report.faults.extend(unknown.into_iter().map(|(policy, words)| FaultLine {
            workspace: None,
            label: "calendar",
            words: format!("policy {policy}: {words}"),
        }));
        let mut acted = Acted { messages, ..Acted::default() };
        report.starts.extend(lines);
        let StartReview { approved, refused } = self.review_of_starts(steps, freeze, now);
        for (step, refusal) in refused {
            report.starts.push(self.waits(&step, refusal, now));
        }
        self.start_in_order(approved, &mut acted, report, now).await;
        report.starts.iter().for_each(log::start);
        self.write_down(acted).await;
    }

    async fn start_in_order(
        &self,
        approved: Vec<ApprovedStart>,
        acted: &mut Acted,
        report: &mut SweepReport,
        now: Timestamp,
    ) {
        let (begun, mut failed) = (self.world.now(), 0_usize);
        let is_late = || self.world.now().duration_since(begun) > SWEEP_TIME;
        let mut rest = approved.into_iter();
        loop {
            let late = is_late();
            let few: Vec<ApprovedStart> = rest.by_ref().take(LOOKS).collect();
            if few.is_empty() {
                return;
            }
            if late || failed >= FAILURES_MAX {
                report.starts.extend(few.iter().map(|one| self.waits(one.step(), Refusal::Paced, now)));
                continue;
            }
            // as they come: what was looked at is sent before it is too old, whatever the others take
            let mut looks = pin!(
                futures_util::stream::iter(few.into_iter().map(|one| self.seen_again(one))).buffer_unordered(LOOKS)
            );
            while let Some((one, look, seen)) = looks.next().await {
                acted.sightings.extend(seen.sightings);
                let step = one.step().clone();
                if failed >= FAILURES_MAX {
                    report.starts.push(self.waits(&step, Refusal::Paced, now));
                    continue;
                }
                let outcome = match look {
                    Ok(look) => self.start_one(one, look).await,
                    Err((refusal, words)) => StartOutcome::Waits { refusal, words },
                };
                failed = match &outcome {
                    StartOutcome::Failed { .. } | StartOutcome::Unclear { .. } => failed.saturating_add(1),
                    StartOutcome::Would
                    | StartOutcome::Asked
                    | StartOutcome::Waits { .. }
                    | StartOutcome::KeptOff { .. }
                    | StartOutcome::Missed { .. } => 0,
                };
                self.told_of(&step, &outcome, acted);
                report.starts.push(line(&step, outcome, self.world.now()));
            }
        }
    }

    /// The second look at one (G10).
    async fn seen_again(&self, one: ApprovedStart) -> (ApprovedStart, Result<Look, (Refusal, String)>, Acted) {
        let mut seen = Acted::default();
        let look = self.look(&one.step().instance, &mut seen).await;
        (one, look, seen)
    }

    fn review_of_starts(&self, steps: Vec<StartStep>, freeze: &Freeze, now: Timestamp) -> StartReview {
        if steps.is_empty() {
            return StartReview::default();
        }
        let state = self.lock();
        let policies = state.policies.policies.iter().map(|policy| (policy.id.clone(), policy.clone())).collect();
        let (counts, sight) = (state.start_counts(now), state.sight(now));
        let around = StartAround {
            policies: &policies,
            counts: &counts,
            bounds: &self.options.bounds,
            sight: &sight,
            freeze,
            now,
        };
        review_starts(steps, &around)
    }

    fn waits(&self, step: &StartStep, refusal: Refusal, now: Timestamp) -> StartLine {
        self.lock().note_waits(&step.instance, refusal.words());
        line(step, StartOutcome::Waits { refusal, words: String::new() }, now)
    }

    fn told_of(&self, step: &StartStep, outcome: &StartOutcome, acted: &mut Acted) {
        let mut state = self.lock();
        state.note_turn(&step.instance, outcome);
        match outcome {
            // it never left, and is tried again by itself
            StartOutcome::Failed { label, words } if NEVER_LEFT.contains(label) => {
                state.note_waits(&step.instance, words);
            }
            StartOutcome::Failed { words, .. } => {
                acted.messages.extend(state.start_failed(step, words, self.world.now()));
            }
            StartOutcome::Waits { words, .. } => state.note_waits(&step.instance, words),
            StartOutcome::Would
            | StartOutcome::Asked
            | StartOutcome::Unclear { .. }
            | StartOutcome::KeptOff { .. }
            | StartOutcome::Missed { .. } => {}
        }
    }

    /// What the second look says, and then the start (G10).
    async fn start_one(&self, approved: ApprovedStart, look: Look) -> StartOutcome {
        let step = approved.step().clone();
        let finding = {
            let state = self.lock();
            let moment = state.moment(&look.policy, look.now);
            let rate = state.prices.rate(&look.fresh.size, &look.fresh.region);
            start(&moment, &look.fresh, &look.history, rate)
        };
        let seen = StartLook {
            fresh: &look.fresh,
            finding: finding.as_ref(),
            policy: &look.policy,
            freeze: &look.freeze,
            now: look.now,
        };
        let permit = match start_permit(approved, &seen) {
            Ok(permit) => permit,
            Err((refusal, words)) => return StartOutcome::Waits { refusal, words },
        };
        let wish = Wish { key: step.key.clone(), who: "lightsout", why: step.words.to_string() };
        let said = (wish.who.to_owned(), format!("{}; to be sent to Azure", step.words));
        // no line, no start (I2)
        if let Err(fault) = self.world.audit(&audit_line(Verb::Start, &step.instance, said, look.now)).await {
            return StartOutcome::Waits { refusal: Refusal::NotRecorded, words: fault.words() };
        }
        let last_word = || self.last_word_on_start(&step);
        let outcome = self.undertake(permit, &look.workspace, wish, &last_word).await;
        let said = ("lightsout".to_owned(), answered(&outcome));
        let line = audit_line(Verb::Start, &step.instance, said, self.world.now());
        let line = AuditLine { what: "instance_start_answered".to_owned(), ..line };
        // the operation's own row says it too
        if let Err(fault) = self.world.audit(&line).await {
            log::fault(&fault);
        }
        outcome.into()
    }
}

fn line(step: &StartStep, outcome: StartOutcome, at: Timestamp) -> StartLine {
    let StartStep { instance, policy, key, edge_at, .. } = step.clone();
    StartLine { instance, policy, key, edge_at, outcome, at }
}
