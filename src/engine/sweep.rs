//! One sweep, in a straight line.

use std::sync::Arc;

use jiff::Timestamp;

use super::book::Changes;
use super::clockwatch::ClockWatch;
use super::decide::Decided;
use super::log;
use super::pace::Round;
use super::record::Found;
use super::settle::Settled;
use super::state::Engine;
use crate::facts::Freeze;
use crate::guard::{Refusal, Review, Weighed, review};
use crate::plan::{Plan, Step, draft};
use crate::ports::{Fault, SweepRecord, World};
use crate::report::{FaultLine, Outcome, SweepReport};
use crate::units::WorkspaceId;

impl<W: World> Engine<W> {
    /// Sweeps whatever is due now; none when nothing is.
    pub async fn tick(&self) -> Option<Arc<SweepReport>> {
        let _one_at_a_time = self.sweeping.lock().await;
        let now = self.world.now();
        self.watch_clock(now);
        let mut report = SweepReport { began_at: Some(now), ..SweepReport::default() };
        let looked = self.discover(now, &mut report).await;
        self.adopt_again().await;
        let due = self.due(now);
        // a replica whose part has no workspaces looks at that as well
        let is_bare = self.lock().places.is_empty();
        if due.is_empty() && (!looked || (report.faults.is_empty() && !is_bare)) {
            return None;
        }
        Some(self.sweep(due, report).await)
    }

    /// Sweeps every workspace, due or not.
    pub async fn sweep_all(&self) -> Arc<SweepReport> {
        let _one_at_a_time = self.sweeping.lock().await;
        let now = self.world.now();
        self.watch_clock(now);
        let mut report = SweepReport { began_at: Some(now), ..SweepReport::default() };
        let _looked: bool = self.discover(now, &mut report).await;
        let all = self.lock().places.values().map(|place| place.facts.clone()).collect();
        self.sweep(Round::of_all(all), report).await
    }

    async fn sweep(&self, due: Round, mut report: SweepReport) -> Arc<SweepReport> {
        let (changes, read, now) = self.observe(due, &mut report).await;
        // The first answers of this process may be the first that say what time it is.
        if let Some(trouble) = ClockWatch::against(self.world.azure_time()) {
            self.lock().clock_trouble = Some(trouble);
        }
        let settled = self.settle_all((&read, &changes), now, &mut report).await;
        self.hear(&read, now, &mut report).await;
        let freeze = self.world.freeze();
        self.note_trouble(&freeze, &mut report);
        self.have_sums(&mut report).await;
        let (Decided { verdicts, acting, news, would }, evaluated) = {
            let mut state = self.lock();
            let decided = state.decide(&read, &freeze, now);
            state.note_let_go(&decided.verdicts, &mut report);
            report.faults.extend(state.stuck(&read, &freeze, now));
            report.faults.extend(state.unstopped(&read));
            (decided, state.note_edges(&freeze, now, &mut report))
        };
        report.verdicts = verdicts;
        self.set_paces(&read, now);
        let Plan { made_at, mut steps, notices } = draft(&acting, now);
        self.foresee(&mut steps, now);
        let Weighed { told, held_back } = self.weigh(notices, &freeze, now);
        report.refused = held_back;
        let filling = self.lock().filling_disks(&read, now);
        if let Err(fault) = self.hear_of_policies(now).await {
            report.faults.push(FaultLine { workspace: None, label: fault.kind.label(), words: fault.words() });
        }
        let looked_at = read.clone();
        let found = Found { changes, read, settled, decisions: news, evaluated, would, filling };
        let plan = Plan { made_at, steps, notices: Vec::new() };
        match self.record(found, told, now, &mut report).await {
            Err(fault) => {
                // Nothing is stopped that could not be written down.
                let words = format!("{}; {}", fault.words(), fault.kind.remedy());
                report.faults.push(FaultLine { workspace: None, label: fault.kind.label(), words });
                report.refused.extend(plan.steps.into_iter().map(|step| (step, Refusal::NotRecorded)));
            }
            Ok(()) => {
                self.carry_out(plan, &looked_at, (&freeze, now), &mut report).await;
                // what is turned off goes first
                self.start_due(&looked_at, &freeze, now, &mut report).await;
            }
        }
        self.tend(&looked_at, &freeze, &mut report).await;
        let report = self.finish(report);
        if let Err(fault) = self.tell_of_week_once().await {
            log::fault(&fault);
        }
        report
    }

    /// What others did meanwhile; then stops, and what else was asked for.
    async fn settle_all(
        &self,
        (read, changes): (&[WorkspaceId], &Changes),
        now: Timestamp,
        report: &mut SweepReport,
    ) -> Settled {
        self.catch_up(now, report).await;
        let mut settled = self.settle(read, now, report).await;
        settled.close(changes, report);
        self.settle_operations(read, now, report).await;
        settled
    }

    /// What is done after stops: idle timers, what stays off, and the sums.
    async fn tend(&self, read: &[WorkspaceId], freeze: &Freeze, report: &mut SweepReport) {
        self.keep_timers(freeze, report).await;
        self.climb(read, freeze, report).await;
        self.count_up(report).await;
        report.faults.extend(self.stale(self.world.now()));
    }

    /// Sums and end of the ledger, for every face.
    async fn count_up(&self, report: &mut SweepReport) {
        let counted = async { Ok((self.world.sums().await?, self.world.head().await?)) };
        match counted.await {
            Ok((sums, head)) => {
                let mut state = self.lock();
                (state.sums, state.head) = (Arc::new(sums), head);
            }
            Err(fault) => {
                let fault: Fault = fault;
                report.faults.push(FaultLine { workspace: None, label: fault.kind.label(), words: fault.words() });
            }
        }
    }

    /// What keeps everything from being stopped and is nobody's wish is a fault.
    fn note_trouble(&self, freeze: &Freeze, report: &mut SweepReport) {
        let unreadable =
            |words: &String| FaultLine { workspace: None, label: "freeze_unreadable", words: words.clone() };
        match freeze {
            Freeze::Unreadable(words) => report.faults.push(unreadable(words)),
            Freeze::Off | Freeze::On(_) => {}
        }
        let trouble = self.lock().clock_trouble.clone();
        report.faults.extend(trouble.map(|words| FaultLine { workspace: None, label: "clock", words }));
    }

    async fn carry_out(
        &self,
        plan: Plan,
        read: &[WorkspaceId],
        (freeze, now): (&Freeze, Timestamp),
        report: &mut SweepReport,
    ) {
        let (steps, others) = self.of_this_sweep(plan.steps);
        report.refused.extend(others.into_iter().map(|step| (step, Refusal::Paced)));
        let plan = Plan { steps: self.in_order(steps), ..plan };
        let Review { approved, refused, next } = self.review(plan, freeze, now);
        let left: Vec<Step> =
            refused.iter().map(|(step, _)| step).filter(|step| next.contains(&step.instance)).cloned().collect();
        report.refused.extend(refused);
        let full = self.lock().full_disks(&report.refused, now);
        let overdue = self.lock().overdue(read, &report.refused, freeze, now);
        let mut acted = self.act(approved).await;
        // a sweep that stopped none would only be followed by another such
        if acted.lines.iter().any(|line| line.outcome == Outcome::Accepted) {
            self.leave_to_next(&left);
        }
        acted.messages.extend(full);
        acted.messages.extend(overdue);
        let record = SweepRecord {
            at: Some(now),
            accounts: self.accounts_of(&acted.sightings),
            sightings: acted.sightings,
            messages: self.fanned(acted.messages),
            ..SweepRecord::default()
        };
        if !(record.sightings.is_empty() && record.messages.is_empty())
            && let Err(fault) = self.world.record(&record).await
        {
            self.keep_for_later(record);
            report.faults.push(FaultLine { workspace: None, label: fault.kind.label(), words: fault.words() });
        }
        report.stops = acted.lines;
        report.refused.extend(acted.refused);
    }

    fn review(&self, plan: Plan, freeze: &Freeze, now: Timestamp) -> Review {
        let state = self.lock();
        state.with_surroundings(&self.options.bounds, &state.sight(now), (freeze, now), |around| review(plan, around))
    }

    fn finish(&self, mut report: SweepReport) -> Arc<SweepReport> {
        let now = self.world.now();
        report.ended_at = Some(now);
        log::sweep(&report);
        let report = Arc::new(report);
        {
            let mut state = self.lock();
            state.note_held_back(&report);
            state.last = report.clone();
            if state.places.values().all(|place| place.tried_at.is_some()) {
                state.instances_before = state.instances();
            }
        }
        self.publish(now);
        report
    }

    fn watch_clock(&self, now: Timestamp) {
        let (steady, azure) = (self.world.steady(), self.world.azure_time());
        let mut state = self.lock();
        let (trouble, step) = state.clock.tick(now, steady, azure);
        log::clock(step, trouble.as_deref(), state.clock_trouble.as_deref());
        state.clock_trouble = trouble;
    }

    /// When the next workspace is due, or the next discovery: nothing happens by time alone before.
    pub fn next_due(&self) -> Timestamp {
        let discovery = self.discovery_due_at();
        let state = self.lock();
        let places = state.places.values().map(|place| self.due_at(place));
        places.chain([discovery]).min().unwrap_or(discovery)
    }
}

impl<W: World> Engine<W> {
    /// Looks at everything and decides, and does nothing: nothing is written, announced or stopped. The view then shows
    /// what a sweep would do.
    pub async fn rehearse(&self) {
        let _one_at_a_time = self.sweeping.lock().await;
        let now = self.world.now();
        let mut report = SweepReport { began_at: Some(now), ..SweepReport::default() };
        let _looked: bool = self.discover(now, &mut report).await;
        let all = self.lock().places.values().map(|place| place.facts.clone()).collect();
        let (_, read, now) = self.observe(Round::of_all(all), &mut report).await;
        self.hear(&read, now, &mut report).await;
        let freeze = self.world.freeze();
        self.note_trouble(&freeze, &mut report);
        self.have_sums(&mut report).await;
        let Decided { verdicts, acting, .. } = self.lock().decide(&read, &freeze, now);
        report.faults.extend(self.lock().stuck(&read, &freeze, now));
        report.faults.extend(self.lock().unstopped(&read));
        report.verdicts = verdicts;
        let mut plan = draft(&acting, now);
        report.refused = self.weigh(std::mem::take(&mut plan.notices), &freeze, now).held_back;
        report.refused.extend(self.review(plan, &freeze, now).refused);
        report.ended_at = Some(now);
        let mut state = self.lock();
        state.note_held_back(&report);
        state.last = Arc::new(report);
        drop(state);
        self.publish(now);
    }
}
