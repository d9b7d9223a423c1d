//! Billed-confirmed: of the estimated avoided cost, what fell on days whose bill agreed with the ledger (C8 iii).
//!
//! A bill cannot show what did not happen. What it can show is that a machine was as much off as the ledger says: where it
//! does, the estimate of that day rests on two witnesses.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::compare::{Cause, Reconciled};
use super::days::{day_of, midnight};
use super::part::Part;
use crate::units::{Cost, Currency, Rate, WorkspaceId};

/// A closed stretch that a stop avoided, as its row tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvoidedStretch {
    /// Where.
    pub workspace: WorkspaceId,
    /// Since when, in seconds since 1970: credit counts from there on.
    pub from: i64,
    /// Until when: what a restart costs is charged there.
    pub to: i64,
    /// Credited seconds.
    pub credited: i64,
    /// Charged seconds.
    pub charged: i64,
    /// What an hour would have cost; none when nobody knew.
    pub rate: Option<Rate>,
}

/// What bills confirm of these, by currency. Nothing for days that are not due, not compared, or that differ.
#[must_use]
pub fn confirmed<'a>(
    avoided: impl IntoIterator<Item = &'a AvoidedStretch>,
    reconciled: &[Reconciled],
) -> BTreeMap<Currency, Cost> {
    let agreed: BTreeSet<(&WorkspaceId, Date)> = reconciled
        .iter()
        .filter(|row| row.part == Part::Compute && row.cause == Cause::Agrees)
        .map(|row| (&row.workspace, row.day))
        .collect();
    let mut sums = BTreeMap::new();
    for stretch in avoided {
        let Some(rate) = stretch.rate else { continue };
        let seconds = stretch.seconds(|day| agreed.contains(&(&stretch.workspace, day)));
        let sum = sums.entry(rate.currency()).or_insert(Cost::zero(rate.currency()));
        *sum = sum.plus(rate.over(seconds)).unwrap_or(*sum);
    }
    sums
}

impl AvoidedStretch {
    /// Credited less charged seconds of the days that count.
    fn seconds(&self, counts: impl Fn(Date) -> bool) -> i64 {
        let end = self.from.saturating_add(self.credited.max(0));
        let mut sum = 0_i64;
        let mut day = day_of(self.from);
        while midnight(day) < end {
            let next = day.tomorrow().map_or(i64::MAX, midnight);
            if counts(day) {
                sum = sum.saturating_add(end.min(next).saturating_sub(self.from.max(midnight(day))));
            }
            let Ok(after) = day.tomorrow() else { break };
            day = after;
        }
        if counts(day_of(self.to)) { sum.saturating_sub(self.charged) } else { sum }
    }
}
