//! The comparison: one row for each workspace, day and part that a bill told of, with what was billed, what was metered,
//! and a cause from a closed list (C14).

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::bill::{BillLine, Bills};
use super::metered::{MeterDays, Metered, MeteredCost};
use super::part::Part;
use crate::units::{Cost, Currency, Percent, WorkspaceId};

/// How far bill and ledger may be apart and still agree: the larger of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tolerance {
    /// A share of what was billed.
    pub percent: Percent,
    /// So many seconds of the dearest machine that ran. A workspace's bill does not tell its machines apart, and the
    /// time of one is stricter than that of each.
    pub seconds: i64,
}

/// Why bill and ledger say what they say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// They say the same: within the tolerance, or within the bounds of what was seen.
    Agrees,
    /// The same time at another price: a discount, a reservation, or a wrong price here.
    Price,
    /// No price was known for some of the time.
    Unpriced,
    /// What was billed fits if some of the time of which nobody knows, or that was made out later, was billed or not.
    UnknownTime,
    /// Metered, and not on the bill of that day.
    NotBilled,
    /// Billed, and the ledger metered nothing.
    NotMetered,
    /// The bill is in another currency.
    Currency,
    /// None of these.
    Unexplained,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 8] = [
        Self::Agrees,
        Self::Price,
        Self::Unpriced,
        Self::UnknownTime,
        Self::NotBilled,
        Self::NotMetered,
        Self::Currency,
        Self::Unexplained,
    ];

    /// The word of journal, reports and metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Agrees => "agrees",
            Self::Price => "price",
            Self::Unpriced => "unpriced",
            Self::UnknownTime => "unknown_time",
            Self::NotBilled => "not_billed",
            Self::NotMetered => "not_metered",
            Self::Currency => "currency",
            Self::Unexplained => "unexplained",
        }
    }

    /// The cause of that word.
    #[must_use]
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.label() == label)
    }

    /// True when both sides could be set against each other: amounts in two currencies, or time without a price, cannot.
    #[must_use]
    pub const fn is_comparison(self) -> bool {
        match self {
            Self::Unpriced | Self::Currency => false,
            Self::Agrees | Self::Price | Self::UnknownTime | Self::NotBilled | Self::NotMetered | Self::Unexplained => {
                true
            }
        }
    }
}

/// Bill and ledger of one part of a workspace on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciled {
    /// Whose.
    pub workspace: WorkspaceId,
    /// Which day of UTC.
    pub day: Date,
    /// Which part.
    pub part: Part,
    /// What was billed.
    pub billed: Cost,
    /// What the ledger says.
    pub metered: Cost,
    /// The billed time in seconds; none when the source does not say.
    pub billed_seconds: Option<i64>,
    /// The metered time in seconds.
    pub metered_seconds: i64,
    /// Why.
    pub cause: Cause,
}

impl Reconciled {
    /// Billed less metered; none in two currencies.
    #[must_use]
    pub fn difference(&self) -> Option<Cost> {
        self.billed.minus(self.metered)
    }
}

/// What a comparison gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compared {
    /// One row a workspace, day and part.
    pub rows: Vec<Reconciled>,
    /// Workspace-days that are due and that no bill told of.
    pub uncovered: usize,
}

/// Compares every workspace and day that was watched as a whole with the bill of that day. Workspaces that the ledger does
/// not know are nobody's business here.
#[must_use]
pub fn compare(metered: &MeterDays, bills: &Bills, tolerance: Tolerance) -> Compared {
    let by_day = bills.by_day();
    let mut all = Compared::default();
    for (workspace, day) in metered.whole() {
        if !bills.covers(workspace, day) {
            all.uncovered = all.uncovered.saturating_add(1);
            continue;
        }
        let lines = by_day.get(&(workspace.clone(), day)).map(Vec::as_slice).unwrap_or_default();
        let nothing = Metered::default();
        for part in Part::ALL {
            let ours = metered.get(workspace, day, part).unwrap_or(&nothing);
            let theirs: Vec<&BillLine> = lines.iter().copied().filter(|line| line.part() == part).collect();
            // of compute there is a row even of a day on which nothing ran: that no bill says otherwise is worth knowing
            if part == Part::Compute || *ours != nothing || !theirs.is_empty() {
                let side = Sides::of(part, ours, &theirs);
                all.rows.push(side.row((workspace.clone(), day), tolerance));
            }
        }
    }
    all
}

/// Both sides of one row, in one currency if there is one.
struct Sides<'a> {
    part: Part,
    ours: &'a Metered,
    is_on_the_bill: bool,
    currency: Currency,
    billed: i128,
    billed_seconds: Option<i64>,
    cost: MeteredCost,
    /// The ledger's currency, where the bill has another.
    other: Option<Currency>,
}

impl<'a> Sides<'a> {
    fn of(part: Part, ours: &'a Metered, lines: &[&BillLine]) -> Self {
        let mut billed: BTreeMap<Currency, i128> = BTreeMap::new();
        for cost in lines.iter().filter_map(|line| line.cost()) {
            let sum = billed.entry(cost.currency()).or_default();
            *sum = sum.saturating_add(cost.exact());
        }
        let ledgers = || ours.costs.iter().filter(|(_, cost)| cost.mid > 0).map(|(currency, _)| *currency);
        let currency = billed.keys().next().copied().or_else(|| ledgers().next()).unwrap_or(Currency::USD);
        let second = billed.keys().nth(1).copied();
        let other = ledgers().find(|ledgers| *ledgers != currency).or(second);
        let seconds = lines.iter().map(|line| line.seconds());
        Self {
            part,
            ours,
            is_on_the_bill: !lines.is_empty(),
            currency,
            billed: billed.get(&currency).copied().unwrap_or(0),
            billed_seconds: seconds.sum(),
            cost: ours.costs.get(&currency).copied().unwrap_or_default(),
            other,
        }
    }

    fn row(&self, (workspace, day): (WorkspaceId, Date), tolerance: Tolerance) -> Reconciled {
        let ours = self.other.and_then(|other| Some((other, self.ours.costs.get(&other)?.mid)));
        let (currency, metered) = ours.unwrap_or((self.currency, self.cost.mid));
        Reconciled {
            workspace,
            day,
            part: self.part,
            billed: Cost::of_exact(self.billed, self.currency),
            metered: Cost::of_exact(metered, currency),
            billed_seconds: self.billed_seconds,
            metered_seconds: self.ours.seconds.mid,
            cause: self.cause(tolerance),
        }
    }

    fn cause(&self, tolerance: Tolerance) -> Cause {
        let cost = &self.cost;
        let has_nothing = self.ours.seconds.high == 0 && self.ours.unknown == 0;
        if self.other.is_some() {
            Cause::Currency
        } else if self.ours.unpriced > 0 {
            Cause::Unpriced
        } else if self.is_near(tolerance) || (cost.low..=cost.high).contains(&self.billed) {
            Cause::Agrees
        } else if !self.is_on_the_bill {
            Cause::NotBilled
        } else if has_nothing {
            Cause::NotMetered
        } else if self.is_same_time(tolerance) {
            Cause::Price
        } else if (cost.least..=cost.most).contains(&self.billed) {
            Cause::UnknownTime
        } else {
            Cause::Unexplained
        }
    }

    fn is_near(&self, tolerance: Tolerance) -> bool {
        let percent = i128::from(tolerance.percent.get());
        let off = self.billed.saturating_sub(self.cost.mid).saturating_abs();
        let time = i128::from(self.cost.dearest).saturating_mul(i128::from(tolerance.seconds));
        off <= time || off.saturating_mul(100) <= self.billed.saturating_abs().saturating_mul(percent)
    }

    fn is_same_time(&self, tolerance: Tolerance) -> bool {
        let Some(billed) = self.billed_seconds else { return false };
        let seconds = self.ours.seconds;
        let off = billed.saturating_sub(seconds.mid).saturating_abs();
        let share = billed.saturating_mul(i64::from(tolerance.percent.get()));
        (seconds.low..=seconds.high).contains(&billed) || off <= tolerance.seconds || off.saturating_mul(100) <= share
    }
}
