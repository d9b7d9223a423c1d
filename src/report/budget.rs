//! One allowance as every face shows it: what is spent of it, where the month is heading, and what was told.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::policy::{AtLimit, Per};
use crate::units::{Money, PolicyId, When};

/// Where a month will end if it goes on as the last four weeks went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foreseen {
    /// At least, by the cheapest of each weekday.
    pub low: Money,
    /// On average.
    pub mid: Money,
    /// At most, by the dearest of each weekday.
    pub high: Money,
}

/// One allowance of one policy in the present month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetView {
    /// Whose budget.
    pub policy: PolicyId,
    /// Whom it is for: a workspace, a team or an owner.
    pub scope: Arc<str>,
    /// Which of these.
    pub per: Per,
    /// The month, such as `2026-11`.
    pub month: Arc<str>,
    /// When the month ends.
    pub until: Timestamp,
    /// The allowance.
    pub limit: Money,
    /// What is known to be spent of it: compute alone.
    pub spent: Money,
    /// The same in whole percent, rounded down.
    pub share: i64,
    /// Where it is heading; none while fewer than seven whole days are known.
    pub forecast: Option<Foreseen>,
    /// The levels that were reached, in percent, each told once.
    pub levels: Vec<u32>,
    /// When it was first found used up; none while it is not.
    pub used_up_at: When,
    /// What happens then.
    pub at_limit: AtLimit,
    /// Seconds of running without a price, which are not counted.
    pub unpriced: i64,
    /// What is spent in other currencies, which is not counted.
    pub not_counted: Vec<Money>,
}
