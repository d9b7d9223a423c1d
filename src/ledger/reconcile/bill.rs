//! Lines of a bill, whoever told them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::days::DaySpan;
use super::part::Part;
use crate::units::{Cost, Currency, SubscriptionId, WorkspaceId};

/// Who tells what was billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BillSource {
    /// Azure's Cost Management.
    CostManagement,
    /// Files that somebody put into a folder.
    Folder,
}

impl BillSource {
    /// Every source.
    pub const ALL: [Self; 2] = [Self::CostManagement, Self::Folder];

    /// The word of journal and reports.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::CostManagement => "cost_management",
            Self::Folder => "folder",
        }
    }

    /// The source of that word.
    #[must_use]
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.label() == label)
    }
}

/// What a workspace was billed for one meter on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillLine {
    /// Whose.
    pub workspace: WorkspaceId,
    /// Which day of UTC.
    pub day: Date,
    /// The meter as Azure calls it.
    pub meter: Arc<str>,
    /// Its category; empty when the source does not say.
    pub category: Arc<str>,
    /// How much, to the last decimal.
    pub amount: Decimal,
    /// In which currency.
    pub currency: Currency,
    /// How many of the meter's units; none when the source does not say.
    pub quantity: Option<Decimal>,
}

impl BillLine {
    /// The part it pays for.
    #[must_use]
    pub fn part(&self) -> Part {
        Part::of_meter(&self.meter, &self.category)
    }

    /// What it says as a cost; none when it is beyond reckoning.
    #[must_use]
    pub fn cost(&self) -> Option<Cost> {
        Cost::of_amount(self.amount, self.currency)
    }

    /// The time it bills, in seconds; none when the source does not say.
    #[must_use]
    pub fn seconds(&self) -> Option<i64> {
        let seconds = self.quantity?.checked_mul(Decimal::from(self.part().unit_seconds()))?;
        i64::try_from(seconds.round()).ok()
    }
}

/// The bills in force.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bills {
    /// Days of which a bill told, by subscription; a workspace that a bill of its day leaves out was billed nothing.
    pub covered: BTreeMap<SubscriptionId, BTreeSet<Date>>,
    /// What was billed.
    pub lines: Vec<BillLine>,
}

impl Bills {
    /// Notes that a bill told of these days.
    pub fn cover(&mut self, subscription: &SubscriptionId, days: &DaySpan) {
        self.covered.entry(subscription.clone()).or_default().extend(days.iter());
    }

    /// True when a bill told of the day.
    #[must_use]
    pub fn covers(&self, workspace: &WorkspaceId, day: Date) -> bool {
        self.covered.get(workspace.subscription()).is_some_and(|days| days.contains(&day))
    }

    /// The lines by workspace and day.
    #[must_use]
    pub fn by_day(&self) -> BTreeMap<(WorkspaceId, Date), Vec<&BillLine>> {
        let mut all: BTreeMap<_, Vec<&BillLine>> = BTreeMap::new();
        for line in &self.lines {
            all.entry((line.workspace.clone(), line.day)).or_default().push(line);
        }
        all
    }
}

/// The workspace that a resource of a bill is, or is below; none for what belongs to no workspace of Azure Machine Learning.
#[must_use]
pub fn workspace_of(resource: &str) -> Option<WorkspaceId> {
    // a leading slash makes the first of nine parts an empty one
    let parts: Vec<&str> = resource.trim().split('/').take(9).collect();
    WorkspaceId::parse(&parts.join("/")).ok()
}
