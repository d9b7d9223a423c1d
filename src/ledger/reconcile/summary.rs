//! How far bill and ledger are apart in all, and how much could be compared: published, so that nobody has to believe.

use std::collections::BTreeMap;

use super::compare::{Cause, Compared};
use super::part::Part;
use crate::units::{Cost, Currency};

/// Sums of one part in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartSum {
    /// Workspace-days.
    pub days: usize,
    /// Billed.
    pub billed: Cost,
    /// Metered.
    pub metered: Cost,
    /// Differences without their sign.
    pub off: Cost,
}

impl PartSum {
    /// Differences without their sign, as a share of what was billed, in millionths; none when nothing was billed.
    #[must_use]
    pub fn error(&self) -> Option<i64> {
        millionths(self.off.exact(), self.billed.exact())
    }
}

/// What a comparison comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Workspace-days that are due.
    pub due: usize,
    /// Those that could be compared.
    pub compared: usize,
    /// Workspace-days by what became of their compute.
    pub causes: BTreeMap<Cause, usize>,
    /// Sums by part and currency of what could be compared.
    pub parts: BTreeMap<(Part, Currency), PartSum>,
}

impl Summary {
    /// Of a comparison.
    #[must_use]
    pub fn of(compared: &Compared) -> Self {
        let mut all = Self { due: compared.uncovered, ..Self::default() };
        for row in &compared.rows {
            if row.part == Part::Compute {
                let count = all.causes.entry(row.cause).or_default();
                *count = count.saturating_add(1);
                all.due = all.due.saturating_add(1);
                all.compared = all.compared.saturating_add(usize::from(row.cause.is_comparison()));
            }
            let Some(difference) = row.difference().filter(|_| row.cause.is_comparison()) else { continue };
            let currency = row.billed.currency();
            let nothing = Cost::zero(currency);
            let sum = all.parts.entry((row.part, currency)).or_insert(PartSum {
                days: 0,
                billed: nothing,
                metered: nothing,
                off: nothing,
            });
            let off = Cost::of_exact(difference.exact().saturating_abs(), currency);
            sum.days = sum.days.saturating_add(1);
            for (sum, cost) in [(&mut sum.billed, row.billed), (&mut sum.metered, row.metered), (&mut sum.off, off)] {
                *sum = sum.plus(cost).unwrap_or(*sum);
            }
        }
        all
    }

    /// The share of due workspace-days that could be compared, in millionths; none when none is due.
    #[must_use]
    pub fn coverage(&self) -> Option<i64> {
        let number = |count: usize| i128::try_from(count).unwrap_or(i128::MAX);
        millionths(number(self.compared), number(self.due))
    }

    /// The error of compute, in millionths of what was billed, in the currency of most workspace-days.
    #[must_use]
    pub fn error(&self) -> Option<i64> {
        let compute = self.parts.iter().filter(|((part, _), _)| *part == Part::Compute);
        compute.max_by_key(|(_, sum)| (sum.billed.exact() != 0, sum.days)).and_then(|(_, sum)| sum.error())
    }
}

/// A share in millionths, rounded down; none of nothing.
#[must_use]
pub fn millionths(part: i128, whole: i128) -> Option<i64> {
    let share = part.checked_mul(1_000_000)?.checked_div(whole)?;
    i64::try_from(share).ok()
}
