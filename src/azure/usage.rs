//! What was asked of Azure and how it answered, counted for the metrics.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use jiff::SignedDuration;

use super::throttle::{Kind, Throttle};
use crate::ports::{ApiUse, AzureTime};
use crate::units::SubscriptionId;

/// The names of operations in metrics; a closed list.
pub(super) mod operation {
    pub(in crate::azure) const LIST: &str = "list_computes";
    pub(in crate::azure) const GET: &str = "get_compute";
    pub(in crate::azure) const STOP: &str = "stop_compute";
    pub(in crate::azure) const CREATE: &str = "create_compute";
    pub(in crate::azure) const START: &str = "start_compute";
    pub(in crate::azure) const RESTART: &str = "restart_compute";
    pub(in crate::azure) const DELETE: &str = "delete_compute";
    pub(in crate::azure) const TIMER: &str = "set_idle_timer";
    pub(in crate::azure) const STATUS: &str = "operation_status";
    pub(in crate::azure) const WORKSPACES: &str = "list_workspaces";
    pub(in crate::azure) const WORKSPACE: &str = "get_workspace";
    pub(in crate::azure) const PERMISSIONS: &str = "list_permissions";
    pub(in crate::azure) const USAGES: &str = "usages";
    pub(in crate::azure) const NAME: &str = "check_name";
    pub(in crate::azure) const VM_SIZES: &str = "vm_sizes";
    pub(in crate::azure) const RETAIL_PRICES: &str = "retail_prices";
    pub(in crate::azure) const COST_QUERY: &str = "cost_query";
    pub(in crate::azure) const JOB: &str = "get_job";
    pub(in crate::azure) const JOBS: &str = "list_jobs";
    pub(in crate::azure) const METRICS: &str = "metrics_batch";
}

#[derive(Debug, Default)]
struct Counts {
    requests: BTreeMap<(&'static str, Outcome), u64>,
    throttled: BTreeMap<SubscriptionId, u64>,
}

/// How one request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// With this status.
    Status(u16),
    /// Without an answer, for this reason.
    None(&'static str),
}

/// Counters since start.
#[derive(Debug, Default)]
pub(super) struct Usage {
    counts: Mutex<Counts>,
    foreign: AtomicU64,
    time: Mutex<Option<AzureTime>>,
}

impl Usage {
    pub(super) fn count(&self, operation: &'static str, outcome: Outcome) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let n = counts.requests.entry((operation, outcome)).or_default();
        *n = n.saturating_add(1);
    }

    pub(super) fn throttled(&self, subscription: &SubscriptionId) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let n = counts.throttled.entry(subscription.clone()).or_default();
        *n = n.saturating_add(1);
    }

    /// A link led elsewhere: a security event.
    pub(super) fn foreign(&self, why: &super::origin::Foreign) {
        self.foreign.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(event = "foreign_origin", "{why}");
    }

    pub(super) fn heard(&self, time: AzureTime) {
        *self.time.lock().unwrap_or_else(PoisonError::into_inner) = Some(time);
    }

    pub(super) fn azure_time(&self) -> Option<AzureTime> {
        *self.time.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn snapshot(&self, throttle: &mut Throttle, steady: SignedDuration) -> ApiUse {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let code = |outcome: &Outcome| match outcome {
            Outcome::Status(status) => Cow::Owned(status.to_string()),
            Outcome::None(label) => Cow::Borrowed(*label),
        };
        ApiUse {
            requests: counts
                .requests
                .iter()
                .map(|((name, outcome), n)| ((*name, code(outcome).into_owned()), *n))
                .collect(),
            throttled: counts.throttled.clone(),
            tokens_left: throttle
                .left(steady)
                .map(|((subscription, region, kind), n)| {
                    let word = match kind {
                        Kind::Read => "read",
                        Kind::Write => "write",
                    };
                    ((subscription.clone(), region.clone(), word), n)
                })
                .collect(),
            foreign_origins: self.foreign.load(Ordering::Relaxed),
        }
    }
}
