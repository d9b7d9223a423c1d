//! Which requests a fault meets.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::super::world::{chance, stream};
use super::effect::Effect;

/// The kind of request, as faults and the recorder name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultOperation {
    /// Any request.
    Any,
    /// A token, from Entra or a managed identity endpoint.
    Token,
    /// A list of workspaces.
    ListWorkspaces,
    /// One workspace.
    GetWorkspace,
    /// A list of computes.
    ListComputes,
    /// One compute.
    Get,
    /// A start.
    Start,
    /// A stop.
    Stop,
    /// A restart.
    Restart,
    /// Making an instance.
    Create,
    /// Deleting one.
    Delete,
    /// The question whether a name is free.
    CheckName,
    /// Setting an idle timer.
    SetIdleTimer,
    /// The status of an operation, by either header.
    Status,
    /// The VM sizes of a region.
    VmSizes,
    /// What is in use in a region.
    Usages,
    /// What there may be in a region.
    Quotas,
    /// A query of costs.
    CostQuery,
    /// A list of jobs.
    ListJobs,
    /// A batch of metrics.
    Metrics,
    /// A notice to people.
    Inbox,
    /// A page of the price list.
    RetailPrices,
    /// Anything else.
    Other,
}

impl FaultOperation {
    /// All words there are.
    pub const ALL: [Self; 23] = [
        Self::Any,
        Self::Token,
        Self::ListWorkspaces,
        Self::GetWorkspace,
        Self::ListComputes,
        Self::Get,
        Self::Start,
        Self::Stop,
        Self::Restart,
        Self::Create,
        Self::Delete,
        Self::CheckName,
        Self::SetIdleTimer,
        Self::Status,
        Self::VmSizes,
        Self::Usages,
        Self::Quotas,
        Self::CostQuery,
        Self::ListJobs,
        Self::Metrics,
        Self::Inbox,
        Self::RetailPrices,
        Self::Other,
    ];

    /// The word for it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Token => "token",
            Self::ListWorkspaces => "list-workspaces",
            Self::GetWorkspace => "get-workspace",
            Self::ListComputes => "list-computes",
            Self::Get => "get",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Create => "create",
            Self::Delete => "delete",
            Self::CheckName => "check-name",
            Self::SetIdleTimer => "set-idle-timer",
            Self::Status => "status",
            Self::VmSizes => "vm-sizes",
            Self::Usages => "usages",
            Self::Quotas => "quotas",
            Self::CostQuery => "cost-query",
            Self::ListJobs => "list-jobs",
            Self::Metrics => "metrics",
            Self::Inbox => "inbox",
            Self::RetailPrices => "retail-prices",
            Self::Other => "other",
        }
    }
}

/// One fault: what it meets, how often, and what it does.
#[derive(Debug, Clone, PartialEq)]
pub struct FaultRule {
    /// Which requests.
    pub on: FaultOperation,
    /// Only those whose path and query contain this, whatever the case.
    pub path: Option<String>,
    /// Leaves that many matching requests alone first.
    pub skip: u64,
    /// Spoils that many and then no more.
    pub count: Option<u64>,
    /// Spoils that share of them, by a draw that depends on the rule and the request's number only.
    pub percent: Option<u32>,
    /// Only from this instant of the sandbox's time on.
    pub from: Option<Timestamp>,
    /// Only before this instant.
    pub to: Option<Timestamp>,
    /// What happens.
    pub effect: Effect,
}

impl FaultRule {
    /// A fault on every request of one kind.
    pub fn new(on: FaultOperation, effect: Effect) -> Self {
        Self { on, path: None, skip: 0, count: None, percent: None, from: None, to: None, effect }
    }

    /// The same, only where path and query contain this.
    #[must_use]
    pub fn at_path(mut self, path: &str) -> Self {
        self.path = Some(path.to_lowercase());
        self
    }

    /// The same, only so many times.
    #[must_use]
    pub fn times(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }

    /// The same, after leaving so many alone.
    #[must_use]
    pub fn after(mut self, skip: u64) -> Self {
        self.skip = skip;
        self
    }

    fn meets(&self, on: FaultOperation, path: &str, now: Timestamp) -> bool {
        let named = self.on == FaultOperation::Any || self.on == on;
        let placed = self.path.as_ref().is_none_or(|part| path.contains(&part.to_lowercase()));
        let timed = self.from.is_none_or(|from| now >= from) && self.to.is_none_or(|to| now < to);
        named && placed && timed
    }
}

/// A rule with what it has met so far.
#[derive(Debug)]
struct Standing {
    rule: FaultRule,
    number: u64,
    met: u64,
    spoilt: u64,
}

/// The faults in force; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    standing: Arc<Mutex<Vec<Standing>>>,
    seed: u64,
}

impl Faults {
    /// No faults yet; shares of a rule are drawn from this seed.
    pub fn new(seed: u64) -> Self {
        Self { standing: Arc::default(), seed }
    }

    /// Puts a rule in force, after those there are.
    pub fn push(&self, rule: FaultRule) {
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        let number = u64::try_from(standing.len()).unwrap_or(u64::MAX);
        standing.push(Standing { rule, number, met: 0, spoilt: 0 });
    }

    /// Ends all faults.
    pub fn clear(&self) {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// How many answers have been spoilt by the rules in force.
    pub fn spoilt(&self) -> u64 {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|standing| standing.spoilt).sum()
    }

    /// What happens to this request, in the order of the rules.
    pub(in crate::sandbox) fn meet(&self, on: FaultOperation, path: &str, now: Timestamp) -> Vec<Effect> {
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        if standing.is_empty() {
            return Vec::new();
        }
        let path = path.to_lowercase();
        standing
            .iter_mut()
            .filter(|standing| standing.rule.meets(on, &path, now))
            .filter_map(|standing| standing.strike(self.seed))
            .collect()
    }
}

impl Standing {
    fn strike(&mut self, seed: u64) -> Option<Effect> {
        self.met = self.met.saturating_add(1);
        let left_alone = self.met <= self.rule.skip || self.rule.count.is_some_and(|count| self.spoilt >= count);
        let mut rng = stream(seed, &["fault", &self.number.to_string(), &self.met.to_string()]);
        if left_alone || self.rule.percent.is_some_and(|percent| !chance(&mut rng, percent)) {
            return None;
        }
        self.spoilt = self.spoilt.saturating_add(1);
        Some(self.rule.effect.clone())
    }
}
