//! What the ledger is told beside what was seen, and what it tells.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use jiff::Timestamp;

use super::Fault;
use crate::facts::{Created, StopKey};
use crate::ledger::{ClaimRules, Counterfactual, Head, NoPrice, PriceBook, PriceKey, Quote, Spent, Sum, Terms};
use crate::units::{InstanceId, Money, PolicyId, WorkspaceId};

/// A stop that a policy in observe mode would have made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WouldStop {
    /// Which instance.
    pub instance: InstanceId,
    /// Which life of its name.
    pub created: Created,
    /// When.
    pub at: Timestamp,
    /// Identity of the reason: once for each.
    pub key: StopKey,
    /// The ground's label.
    pub ground: &'static str,
    /// Until when it would have stayed off at most.
    pub counterfactual: Counterfactual,
}

/// A level of an allowance that was reached: written once for its policy, scope, month and amount, observing and enforcing
/// apart, and never again. A raised allowance has levels of its own, and who only observed has told nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetMark {
    /// Whose budget.
    pub policy: PolicyId,
    /// Which allowance: a workspace's id in lower case, a team, or an owner in lower case.
    pub scope: Arc<str>,
    /// The month, such as `2026-11`.
    pub month: Arc<str>,
    /// The level, in percent of it.
    pub level: u32,
    /// The whole of it.
    pub limit: Money,
    /// True when the policy enforced then, and people were told.
    pub enforced: bool,
    /// When it was first found reached.
    pub at: Timestamp,
    /// What was spent then.
    pub spent: Money,
}

/// What is told apart: a hundred thousand owners are a hundred thousand rows a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Apart {
    /// Teams.
    pub teams: bool,
    /// Owners.
    pub owners: bool,
}

/// What one sweep tells the ledger beside its sightings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounts {
    /// Under which terms the workspaces that were read stand.
    pub terms: BTreeMap<WorkspaceId, Arc<Terms>>,
    /// Which team a sighted instance is counted for.
    pub teams: BTreeMap<InstanceId, Arc<str>>,
    /// Instances that a reading left out, with the time they were last seen: their meters are not carried on.
    pub unseen: Vec<(InstanceId, Timestamp)>,
    /// Instances that are seen again, unchanged.
    pub seen_again: Vec<InstanceId>,
    /// Stops that a policy in observe mode would have made; one that is known is left as it is.
    pub would: Vec<WouldStop>,
    /// Levels of allowances that were reached; one that is known is left as it is.
    pub marks: Vec<BudgetMark>,
    /// How claims are counted.
    pub rules: ClaimRules,
    /// Clocks stepped or disagree: by such a clock no day ends and no claim is over (S11).
    pub clock_trouble: bool,
}

/// The ledger.
pub trait LedgerBook: Send + Sync {
    /// The prices in force.
    fn prices(&self) -> impl Future<Output = Result<PriceBook, Fault>> + Send;
    /// Takes answers of price sources: what is new becomes a snapshot, what is not believed a doubt; running meters are
    /// cut where their price changes. Answers with the prices in force from then on.
    fn reprice(
        &self,
        answers: &[(PriceKey, Result<Quote, NoPrice>)],
        at: Timestamp,
    ) -> impl Future<Output = Result<PriceBook, Fault>> + Send;
    /// Everything metered and claimed so far, what is going on included up to when it was last seen.
    fn sums(&self) -> impl Future<Output = Result<Vec<Sum>, Fault>> + Send;
    /// What ran within `[from, to)` (seconds since 1970), by workspace, day and price, and as far as asked by team and owner;
    /// what is going on counts up to when it was last seen, and a correction in place of what it corrects.
    fn spent(&self, from: i64, to: i64, apart: Apart) -> impl Future<Output = Result<Vec<Spent>, Fault>> + Send;
    /// What stops avoided, by workspace, team, owner and price: of rows whose credit ended within `(from, to]`, each whole,
    /// less what restarts cost.
    fn avoided(&self, from: i64, to: i64) -> impl Future<Output = Result<Vec<Spent>, Fault>> + Send;
    /// Levels that were reached in a month.
    fn marks(&self, month: &str) -> impl Future<Output = Result<Vec<BudgetMark>, Fault>> + Send;
    /// The end of the ledger.
    fn head(&self) -> impl Future<Output = Result<Head, Fault>> + Send;
    /// Follows the ledger from its first row to its last: its end then, or in words what was changed, lost or counted twice.
    fn verify(&self) -> impl Future<Output = Result<Result<Head, String>, Fault>> + Send;
}
