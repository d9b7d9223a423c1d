//! Billed-confirmed: of the estimated avoided cost, what fell on days whose bill agreed with the ledger (C8 iii).
//!
//! A bill cannot show what did not happen. What it can show is that a machine was as much off as the ledger says: where it
//! does, the estimate of that day rests on two witnesses.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::compare::{Cause, Reconciled};
use super::days::{day_of, midnight};
use super::part::Part;
use crate::ledger::account::{Costs, Stretch};
use crate::units::WorkspaceId;

/// What bills confirm of these, by currency. Nothing for days that are not due, not compared, or that differ.
#[must_use]
pub fn confirmed(avoided: &[Stretch], reconciled: &[Reconciled]) -> Costs {
    let agreed: BTreeSet<(&WorkspaceId, Date)> = reconciled
        .iter()
        .filter(|row| row.part == Part::Compute && row.cause == Cause::Agrees)
        .map(|row| (&row.workspace, row.day))
        .collect();
    let one =
        |stretch: &Stretch| stretch.rate.over(seconds(stretch, |day| agreed.contains(&(&stretch.workspace, day))));
    avoided.iter().map(one).collect()
}

/// Credited less charged seconds of the days that count; a restart is charged where credit ends.
fn seconds(stretch: &Stretch, counts: impl Fn(Date) -> bool) -> i64 {
    let mut sum = 0_i64;
    let mut day = day_of(stretch.from);
    while midnight(day) < stretch.to {
        let Ok(next) = day.tomorrow() else { break };
        if counts(day) {
            let (from, to) = (stretch.from.max(midnight(day)), stretch.to.min(midnight(next)));
            sum = sum.saturating_add(to.saturating_sub(from));
        }
        day = next;
    }
    if counts(day_of(stretch.to)) { sum.saturating_sub(stretch.charged) } else { sum }
}
