//! What the ledger is told beside what was seen, and what it tells.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use jiff::Timestamp;

use super::Fault;
use crate::facts::{Created, StopKey};
use crate::ledger::{ClaimRules, Counterfactual, Head, NoPrice, PriceBook, PriceKey, Quote, Sum, Terms};
use crate::units::{InstanceId, WorkspaceId};

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
    /// The end of the ledger.
    fn head(&self) -> impl Future<Output = Result<Head, Fault>> + Send;
}
