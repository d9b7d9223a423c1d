//! Comparing the ledger with Azure's bill, once a day, apart from sweeps: what it cannot have holds nothing up (C14).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::log;
use super::state::{Engine, State};
use crate::ledger::{BillSource, DaySpan, Tolerance, compare};
use crate::ports::{BillQuestion, Fault, FaultKind, World};
use crate::report::{Checked, FaultLine, Reconciliation};
use crate::units::{Span, SubscriptionId};

/// All bills together may take so long.
const ASK_TIME: Duration = Duration::from_secs(900);
/// A subscription's bill is asked for no more often (FACTS 7), restarts included.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);
/// What could not be had is tried again so soon; a folder is looked into so often.
const AGAIN: SignedDuration = SignedDuration::from_hours(1);

/// How bills are compared; every one a setting.
#[derive(Debug, Clone)]
pub struct Reconciling {
    /// Who tells what was billed.
    pub source: BillSource,
    /// A day is due when it ended so long ago.
    pub after: Span,
    /// And no longer ago than this.
    pub look_back: Span,
    /// How far both may be apart and still agree.
    pub tolerance: Tolerance,
}

impl<W: World> Engine<W> {
    /// Compares if that is due; says whether it did.
    ///
    /// # Errors
    /// When the journal cannot be read or written.
    pub async fn reconcile_if_due(&self) -> Result<bool, Fault> {
        let now = self.world.now();
        let is_due = {
            let state = self.lock();
            // a clock that went back does not keep it from being looked at (S12)
            let due = state.bills_due_at.is_none_or(|at| at <= now || at.duration_since(now) > A_DAY);
            due && state.share.leads() && !(state.places.is_empty() && state.others.is_empty())
        };
        if !is_due || self.options.reconciling.is_none() {
            return Ok(false);
        }
        self.lock().bills_due_at = now.checked_add(AGAIN).ok();
        Ok(self.reconcile().await?.is_some())
    }

    /// Has the bills that are due, compares, and writes down what differs. None when settings name no source of bills, or
    /// no day is old enough yet.
    ///
    /// # Errors
    /// When the journal cannot be read or written.
    pub async fn reconcile(&self) -> Result<Option<Reconciliation>, Fault> {
        let Some(terms) = &self.options.reconciling else { return Ok(None) };
        let _one_at_a_time = self.reconciling.lock().await;
        let now = self.world.now();
        let Some(days) = DaySpan::due(now, terms.after.duration(), terms.look_back.duration()) else { return Ok(None) };
        let faults = self.have_bills(terms.source, days, now).await?;
        let compared = {
            let (metered, bills) = (self.world.metered(days).await?, self.world.bills_of(days).await?);
            compare(&metered, &bills, terms.tolerance)
        };
        self.world.keep_reconciled(&compared.rows, now).await?;
        let (had, watched) = (self.world.bills_had(terms.source).await?, self.lock().subscriptions());
        let bill_at = had.into_iter().filter(|(one, _)| watched.contains(one)).map(|(_, at)| at).min();
        let next = match (terms.source, faults.is_empty()) {
            (BillSource::CostManagement, true) => bill_at.and_then(|at| at.checked_add(A_DAY).ok()),
            (BillSource::CostManagement, false) | (BillSource::Folder, _) => None,
        };
        let soonest = now.checked_add(AGAIN).unwrap_or(Timestamp::MAX);
        let checked = Checked { at: now, source: terms.source, days, bill_at, faults };
        let told = Reconciliation::of(&compared, checked);
        log::reconciled(&told.view);
        let mut state = self.lock();
        state.bills_due_at = Some(next.map_or(soonest, |at| at.max(soonest)));
        state.reconciliation = Some(Arc::new(told.view.clone()));
        Ok(Some(told))
    }

    /// Asks for the bills that were not had within a day.
    async fn have_bills(&self, source: BillSource, days: DaySpan, now: Timestamp) -> Result<Vec<FaultLine>, Fault> {
        let watched = self.lock().subscriptions();
        let (subscriptions, read) = match source {
            BillSource::CostManagement => {
                let had = self.world.bills_had(source).await?;
                let is_old = |at: &Timestamp| *at > now || now.duration_since(*at) >= A_DAY;
                let old = watched.into_iter().filter(|subscription| had.get(subscription).is_none_or(is_old));
                (old.collect::<Vec<_>>(), BTreeSet::new())
            }
            BillSource::Folder => (watched.into_iter().collect(), self.world.bills_read(source).await?),
        };
        if subscriptions.is_empty() {
            return Ok(Vec::new());
        }
        let question = BillQuestion { subscriptions, days, read };
        let Ok(billed) = tokio::time::timeout(ASK_TIME, self.world.bills(&question)).await else {
            let fault = Fault::new(FaultKind::Unreachable, "have the bills within a quarter of an hour");
            return Ok(vec![line(source, &fault)]);
        };
        self.world.keep_bills(&billed.statements, now).await?;
        Ok(billed.faults.iter().map(|fault| line(source, fault)).collect())
    }
}

impl State {
    /// The subscriptions of every workspace that is known.
    fn subscriptions(&self) -> BTreeSet<SubscriptionId> {
        self.places.keys().chain(self.others.keys()).map(|workspace| workspace.subscription().clone()).collect()
    }
}

fn line(source: BillSource, fault: &Fault) -> FaultLine {
    let remedy = match source {
        BillSource::CostManagement => fault.kind.remedy(),
        BillSource::Folder => "mend the file or take it away",
    };
    let words = format!("{}: {}; {remedy}", source.label(), fault.words());
    FaultLine { workspace: None, label: "bills", words }
}
