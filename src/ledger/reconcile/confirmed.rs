//! Billed-confirmed: of the estimated avoided cost, what fell on days whose bill agreed with the ledger (C8 iii).
//!
//! A bill cannot show what did not happen. What it can show is that a machine was as much off as the ledger says: where it
//! does, the estimate of that day rests on two witnesses.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::days::{day_of, midnight};
use crate::ledger::account::{Costs, Stretch};
use crate::units::WorkspaceId;

/// What bills confirm of these, by currency: of days on which bill and ledger agree about compute. Nothing for days that are
/// not due, not compared, or that differ.
#[must_use]
pub fn confirmed(avoided: &[Stretch], agreed: &BTreeSet<(WorkspaceId, Date)>) -> Costs {
    let one = |stretch: &Stretch| {
        stretch.rate.over(seconds(stretch, |day| agreed.contains(&(stretch.workspace.clone(), day))))
    };
    avoided.iter().map(one).collect()
}

/// Credited less charged seconds of the days that count.
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
    if counts(day_of(stretch.charged_at)) { sum.saturating_sub(stretch.charged) } else { sum }
}
