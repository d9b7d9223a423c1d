//! Bills: asking for them, keeping them, and what the ledger says of the same days.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use jiff::Timestamp;

use super::Fault;
use crate::ledger::{BillLine, BillSource, Bills, DaySpan, Hash, MeterDays, Reconciled};
use crate::units::SubscriptionId;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillQuestion {
    /// Of which subscriptions.
    pub subscriptions: Vec<SubscriptionId>,
    /// Of which days.
    pub days: DaySpan,
    /// Of whom what was read before, by its digest: it need not be read again.
    pub read: BTreeSet<(SubscriptionId, Hash)>,
}

/// One bill: what a subscription's workspaces were billed on these days. A workspace that it leaves out was billed nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Who says so.
    pub source: BillSource,
    /// The file, or the version of the API.
    pub name: String,
    /// Whose.
    pub subscription: SubscriptionId,
    /// Of which days it tells.
    pub days: DaySpan,
    /// Its lines.
    pub lines: Vec<BillLine>,
    /// Of what was read, once this is all that it tells of the subscription; none where another statement of it follows. One
    /// that was interrupted is therefore read again.
    pub digest: Option<Hash>,
}

/// What was heard.
#[derive(Debug, Default)]
pub struct Billed {
    /// Bills, the newest last: of a day that two of them tell, the later counts.
    pub statements: Vec<Statement>,
    /// What could not be read; it keeps nothing else from being read.
    pub faults: Vec<Fault>,
}

/// Asking for bills. Without a source there is nothing to hear.
pub trait AskBills: Send + Sync {
    /// Asks.
    fn bills(&self, question: &BillQuestion) -> impl Future<Output = Billed> + Send;
}

/// The book of bills, beside the ledger. Rows are only ever added: a later bill of a day stands in an earlier one's place.
pub trait BillBook: Send + Sync {
    /// Writes down bills.
    fn keep_bills(&self, bills: &[Statement], at: Timestamp) -> impl Future<Output = Result<(), Fault>> + Send;
    /// When each subscription's bill was last had from a source, and wholly written down.
    fn bills_had(
        &self,
        source: BillSource,
    ) -> impl Future<Output = Result<BTreeMap<SubscriptionId, Timestamp>, Fault>> + Send;
    /// Digests of everything that was read from a source, and of whom.
    fn bills_read(
        &self,
        source: BillSource,
    ) -> impl Future<Output = Result<BTreeSet<(SubscriptionId, Hash)>, Fault>> + Send;
    /// The bills in force for these days.
    fn bills_of(&self, days: DaySpan) -> impl Future<Output = Result<Bills, Fault>> + Send;
    /// What the ledger says of these days.
    fn metered(&self, days: DaySpan) -> impl Future<Output = Result<MeterDays, Fault>> + Send;
    /// Writes down what a comparison gave: rows that say something else than those in force.
    fn keep_reconciled(&self, rows: &[Reconciled], at: Timestamp) -> impl Future<Output = Result<(), Fault>> + Send;
    /// What the last comparison of each of these days gave.
    fn reconciled(&self, days: DaySpan) -> impl Future<Output = Result<Vec<Reconciled>, Fault>> + Send;
}
