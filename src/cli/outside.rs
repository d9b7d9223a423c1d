//! The outside as one value: Azure, journal, channels, freeze switch and clock behind the ports. The one place that names adapters.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::witnesses::{Witnesses, both, either};
use crate::azure::Azure;
use crate::bills::BillFolder;
use crate::facts::{
    Freeze, Hold, InstanceFacts, Inventory, MadeHold, OperationResult, Proposal, ProposalEvent, SizeFacts, SourceSet,
    StopResult, WorkspaceFacts,
};
use crate::guard::{LeaseTerms, Refusal, may_send};
use crate::ledger::{
    BillSource, Bills, DaySpan, Hash, Head, MeterDays, NoPrice, PriceBook, PriceKey, Quote, Reconciled, Spent, Sum,
};
use crate::notify::Channels;
use crate::ports::{
    Apart, ApiUse, Arrival, AskBills, AuditLine, AzureTime, BillBook, BillQuestion, Billed, BudgetMark, Clock,
    DecisionRow, Discovery, Fault, FreezeSwitch, Heard, Intent, Journal, Lane, LastWord, LedgerBook, Message, Notify,
    Observe, OperateInstances, OperationBook, OperationHandle, OperationIntent, OperationPermit, OperationRow,
    OperationState, Prices, ProposalBook, Question, Quoted, Recall, RevisionMark, SetTimers, Statement, StopInstances,
    StopPermit, SweepRecord, TimerPermit, Witness,
};
use crate::store::{FileFreeze, Store, Turn};
use crate::units::{InstanceId, PolicyId, SubscriptionId};

/// Everything outside.
#[derive(Debug)]
pub struct Outside<C> {
    /// Azure.
    pub azure: Azure<C>,
    /// The folder of bills, where they come from one; else Azure is asked, which settings allow or not.
    pub bills: Option<BillFolder>,
    /// Whoever can tell whether an instance is used.
    pub witnesses: Witnesses<C>,
    /// The journal.
    pub store: Store,
    /// Channels to people.
    pub channels: Channels,
    /// The freeze switch.
    pub freeze: FileFreeze,
    /// The clock.
    pub clock: Arc<C>,
}

impl<C: Clock> Outside<C> {
    /// Whether anything may be sent now: a replica sends only while its lease surely lasts (L4).
    fn may_send(&self) -> Result<(), (Refusal, String)> {
        let Turn::Lease { renewed } = self.store.turn() else { return Ok(()) };
        let since = renewed.map(|at| self.clock.steady().saturating_sub(at));
        if may_send(since, &LeaseTerms::LISTED) {
            return Ok(());
        }
        Err((Refusal::LeaseUnsure, "the lease of this replica was not renewed in time".to_owned()))
    }
}

impl<C: Clock> Clock for Outside<C> {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }
    fn steady(&self) -> SignedDuration {
        self.clock.steady()
    }
    async fn sleep(&self, length: SignedDuration) {
        self.clock.sleep(length).await;
    }
}

impl<C: Clock> Observe for Outside<C> {
    async fn discover(&self) -> Discovery {
        self.azure.discover().await
    }
    async fn inventory(&self, workspace: &WorkspaceFacts) -> Result<Inventory, Fault> {
        self.azure.inventory(workspace).await
    }
    async fn instance(&self, workspace: &WorkspaceFacts, id: &InstanceId) -> Result<InstanceFacts, Fault> {
        self.azure.instance(workspace, id).await
    }
    fn azure_time(&self) -> Option<AzureTime> {
        self.azure.azure_time()
    }
    fn api_use(&self) -> ApiUse {
        self.azure.api_use()
    }
}

impl<C: Clock> Witness for Outside<C> {
    fn sources(&self) -> SourceSet {
        either(&self.witnesses, &self.azure)
    }
    fn meet(&self, instances: &[InstanceId], now: Timestamp) {
        self.witnesses.meet(instances, now);
    }
    async fn ask(&self, questions: &[Question], now: Timestamp) -> Heard {
        both(&self.witnesses, &self.azure, questions, now).await
    }
}

impl<C: Clock> Prices for Outside<C> {
    async fn quotes(&self, keys: &[PriceKey]) -> Vec<Quoted> {
        self.azure.quotes(keys).await
    }
    fn size(&self, key: &PriceKey) -> Option<SizeFacts> {
        self.azure.size(key)
    }
}

impl<C: Clock> AskBills for Outside<C> {
    async fn bills(&self, question: &BillQuestion) -> Billed {
        match &self.bills {
            Some(folder) => folder.bills(question).await,
            None => self.azure.bills(question).await,
        }
    }
}

impl<C: Clock> BillBook for Outside<C> {
    async fn keep_bills(&self, bills: &[Statement], at: Timestamp) -> Result<(), Fault> {
        self.store.keep_bills(bills, at).await
    }
    async fn bills_had(&self, source: BillSource) -> Result<BTreeMap<SubscriptionId, Timestamp>, Fault> {
        self.store.bills_had(source).await
    }
    async fn bills_read(&self, source: BillSource) -> Result<BTreeSet<(SubscriptionId, Hash)>, Fault> {
        self.store.bills_read(source).await
    }
    async fn bills_of(&self, days: DaySpan) -> Result<Bills, Fault> {
        self.store.bills_of(days).await
    }
    async fn metered(&self, days: DaySpan) -> Result<MeterDays, Fault> {
        self.store.metered(days).await
    }
    async fn keep_reconciled(&self, rows: &[Reconciled], at: Timestamp) -> Result<(), Fault> {
        self.store.keep_reconciled(rows, at).await
    }
    async fn reconciled(&self, days: DaySpan) -> Result<Vec<Reconciled>, Fault> {
        self.store.reconciled(days).await
    }
}

impl<C: Clock> StopInstances for Outside<C> {
    async fn stop(
        &self,
        workspace: &WorkspaceFacts,
        permit: StopPermit,
        last_word: LastWord<'_>,
    ) -> Result<Option<OperationHandle>, Fault> {
        self.azure.stop(workspace, permit, &|| self.may_send().and_then(|()| last_word())).await
    }
    async fn operation(&self, workspace: &WorkspaceFacts, handle: &OperationHandle) -> Result<OperationState, Fault> {
        self.azure.operation(workspace, handle).await
    }
}

impl<C: Clock> OperateInstances for Outside<C> {
    async fn operate(
        &self,
        workspace: &WorkspaceFacts,
        permit: OperationPermit,
        last_word: LastWord<'_>,
    ) -> Result<Option<OperationHandle>, Fault> {
        self.azure.operate(workspace, permit, &|| self.may_send().and_then(|()| last_word())).await
    }
}

impl<C: Clock> OperationBook for Outside<C> {
    async fn begin_operation(&self, intent: &OperationIntent) -> Result<(), Fault> {
        self.store.begin_operation(intent).await
    }
    async fn operation_sent(&self, id: &str, at: Timestamp) -> Result<(), Fault> {
        self.store.operation_sent(id, at).await
    }
    async fn end_operation(&self, id: &str, result: &OperationResult, at: Timestamp) -> Result<(), Fault> {
        self.store.end_operation(id, result, at).await
    }
    async fn operations(&self, since: Timestamp) -> Result<Vec<OperationRow>, Fault> {
        self.store.operations(since).await
    }
}

impl<C: Clock> ProposalBook for Outside<C> {
    async fn propose(&self, proposal: &Proposal) -> Result<(), Fault> {
        self.store.propose(proposal).await
    }
    async fn note_proposal(&self, event: &ProposalEvent) -> Result<(), Fault> {
        self.store.note_proposal(event).await
    }
    async fn proposals(&self, since: Timestamp) -> Result<Vec<Proposal>, Fault> {
        self.store.proposals(since).await
    }
}

impl<C: Clock> SetTimers for Outside<C> {
    async fn set_timer(
        &self,
        workspace: &WorkspaceFacts,
        permit: TimerPermit,
        last_word: LastWord<'_>,
    ) -> Result<(), Fault> {
        self.azure.set_timer(workspace, permit, &|| self.may_send().and_then(|()| last_word())).await
    }
}

impl<C: Clock> Journal for Outside<C> {
    async fn recall(&self, now: Timestamp) -> Result<Recall, Fault> {
        self.store.recall(now).await
    }
    async fn record(&self, record: &SweepRecord) -> Result<(), Fault> {
        self.store.record(record).await
    }
    async fn intend(&self, intent: &Intent) -> Result<(), Fault> {
        self.store.intend(intent).await
    }
    async fn sent(&self, intent: &str, at: Timestamp) -> Result<(), Fault> {
        self.store.sent(intent, at).await
    }
    async fn settle(&self, intent: &str, result: &StopResult, at: Timestamp) -> Result<(), Fault> {
        self.store.settle(intent, result, at).await
    }
    async fn outbox(&self, lane: Lane<'_>, now: Timestamp, most: u32) -> Result<Vec<Message>, Fault> {
        self.store.outbox(lane, now, most).await
    }
    async fn delivered(&self, message: &str, at: Timestamp) -> Result<(), Fault> {
        self.store.delivered(message, at).await
    }
    async fn undelivered(&self, message: &str, why: &str, next: Option<Timestamp>) -> Result<(), Fault> {
        self.store.undelivered(message, why, next).await
    }
    async fn arrived(&self, since: Timestamp) -> Result<Vec<Arrival>, Fault> {
        self.store.arrived(since).await
    }
    async fn hold(&self, hold: &Hold) -> Result<(), Fault> {
        self.store.hold(hold).await
    }
    async fn lift(&self, hold: &str, by: &str, at: Timestamp) -> Result<bool, Fault> {
        self.store.lift(hold, by, at).await
    }
    async fn made_holds(&self, since: Timestamp) -> Result<Vec<MadeHold>, Fault> {
        self.store.made_holds(since).await
    }
    async fn revision(&self, policy: &PolicyId, revision: &str, at: Timestamp) -> Result<RevisionMark, Fault> {
        self.store.revision(policy, revision, at).await
    }
    async fn acknowledge(&self, policy: &PolicyId, revision: &str) -> Result<bool, Fault> {
        self.store.acknowledge(policy, revision).await
    }
    async fn policy_marks(&self) -> Result<BTreeMap<PolicyId, RevisionMark>, Fault> {
        self.store.policy_marks().await
    }
    async fn decision(&self, instance: &InstanceId, at: Timestamp) -> Result<Option<DecisionRow>, Fault> {
        self.store.decision(instance, at).await
    }
    async fn prune(&self, now: Timestamp) -> Result<(), Fault> {
        self.store.prune(now).await.map(drop).map_err(|error| error.fault("forget what is old".to_owned()))
    }
    async fn audit(&self, line: &AuditLine) -> Result<(), Fault> {
        self.store.audit(line).await
    }
}

impl<C: Clock> LedgerBook for Outside<C> {
    async fn prices(&self) -> Result<PriceBook, Fault> {
        self.store.prices().await
    }
    async fn reprice(&self, answers: &[(PriceKey, Result<Quote, NoPrice>)], at: Timestamp) -> Result<PriceBook, Fault> {
        self.store.reprice(answers, at).await
    }
    async fn sums(&self) -> Result<Vec<Sum>, Fault> {
        self.store.sums().await
    }
    async fn avoided(&self, from: i64, to: i64) -> Result<Vec<Spent>, Fault> {
        self.store.avoided(from, to).await
    }
    async fn spent(&self, from: i64, to: i64, apart: Apart) -> Result<Vec<Spent>, Fault> {
        self.store.spent(from, to, apart).await
    }
    async fn marks(&self, month: &str) -> Result<Vec<BudgetMark>, Fault> {
        self.store.marks(month).await
    }
    async fn head(&self) -> Result<Head, Fault> {
        self.store.head().await
    }
    async fn verify(&self) -> Result<Result<Head, String>, Fault> {
        self.store.verify().await
    }
}

impl<C: Clock> Notify for Outside<C> {
    fn channels(&self) -> Vec<&str> {
        self.channels.channels()
    }
    fn is_read_by_people(&self, channel: &str) -> bool {
        self.channels.is_read_by_people(channel)
    }
    fn is_personal(&self, channel: &str) -> bool {
        self.channels.is_personal(channel)
    }
    async fn deliver(&self, message: &Message) -> Result<(), Fault> {
        self.channels.deliver(message).await
    }
}

impl<C: Clock> FreezeSwitch for Outside<C> {
    /// By this replica's own switch, or by that of all replicas.
    fn freeze(&self) -> Freeze {
        match self.freeze.freeze() {
            Freeze::Off => self.store.freeze_of_all(self.clock.steady()),
            frozen @ (Freeze::On(_) | Freeze::Unreadable(_)) => frozen,
        }
    }
}
