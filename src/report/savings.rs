//! What a month cost and what stopping avoided in it, as page and API show it: money rounded, and never added across figures.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;

use crate::ledger::Grouping;
use crate::units::Money;

/// The figures of a group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SavingsFigures {
    /// What running time cost, what goes on included; one amount for each currency.
    pub cost: Vec<Money>,
    /// What disks, addresses and load balancers of stopped instances cost (C7).
    pub residual: Vec<Money>,
    /// Estimated avoided (i).
    pub avoided: Vec<Money>,
    /// What policies in observe mode would have avoided.
    pub would_avoid: Vec<Money>,
    /// Seconds it ran.
    pub running_seconds: i64,
    /// Of those, seconds whose price nobody knows: in no amount.
    pub unpriced_seconds: i64,
    /// Seconds for which settings name no rates of disks, addresses and load balancers: in no residual.
    pub unrated_seconds: i64,
    /// Seconds that were avoided and whose price nobody knows: in no amount.
    pub avoided_unpriced_seconds: i64,
    /// Stops that were carried out.
    pub stops: i64,
}

impl SavingsFigures {
    /// What running time cost; none where it ran and nobody knows a price, which is not a cost of nothing.
    #[must_use]
    pub fn known_cost(&self) -> Option<&[Money]> {
        (!self.cost.is_empty() || self.unpriced_seconds == 0).then_some(&*self.cost)
    }

    /// The same of what stopped instances cost.
    #[must_use]
    pub fn known_residual(&self) -> Option<&[Money]> {
        (!self.residual.is_empty() || self.unrated_seconds == 0).then_some(&*self.residual)
    }

    /// The same of what was avoided.
    #[must_use]
    pub fn known_avoided(&self) -> Option<&[Money]> {
        (!self.avoided.is_empty() || self.avoided_unpriced_seconds == 0).then_some(&*self.avoided)
    }
}

/// One of the three figures, which are never mixed (C8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SavingsHeadline {
    /// Its name.
    pub name: &'static str,
    /// The amount, or why there is none.
    pub amount: String,
    /// What it means.
    pub meaning: String,
}

/// One group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SavingsRow {
    /// What it is known by: an ARM id in lower case, a name, a date; empty for what has none.
    pub key: String,
    /// How it is called.
    pub label: String,
    /// Its figures.
    #[serde(flatten)]
    pub figures: SavingsFigures,
}

/// One day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SavingsDay {
    /// Its date.
    pub day: String,
    /// What running time cost.
    pub cost: Vec<Money>,
    /// Estimated avoided.
    pub avoided: Vec<Money>,
}

/// What one ground avoided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SavingsGround {
    /// The ground's label.
    pub ground: String,
    /// Stops.
    pub stops: i64,
    /// Estimated avoided.
    pub avoided: Vec<Money>,
}

/// The account of some days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Savings {
    /// First day.
    #[schemars(with = "String")]
    pub from: Date,
    /// Last day, itself included.
    #[schemars(with = "String")]
    pub to: Date,
    /// Whose days.
    pub zone: String,
    /// By what the rows are grouped.
    pub by: Grouping,
    /// The sum of the rows.
    pub total: SavingsFigures,
    /// The three figures with their meaning.
    pub headlines: Vec<SavingsHeadline>,
    /// The groups, the dearest first.
    pub rows: Vec<SavingsRow>,
    /// The days; empty unless they were asked for.
    pub days: Vec<SavingsDay>,
    /// By the ground of the stop.
    pub grounds: Vec<SavingsGround>,
    /// What the figures rest on, in words.
    pub notes: Vec<String>,
    /// True when prices came from a public list: what was avoided is at most what is said, for those who pay less (C11).
    pub listed: bool,
    /// The last row of the ledger that was read.
    pub ledger_seq: i64,
    /// That row's hash, in hexadecimal.
    pub ledger_hash: String,
}
