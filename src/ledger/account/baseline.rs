//! The baseline-adjusted figure (C8 ii, C10): an avoided hour counts as much as the instance used to run in that hour of
//! the week while its policy only observed.
//!
//! Of each hour of the week (UTC) the share of observed time that the meter ran is known, from rows written in observe
//! mode; time of which nobody knows is left out. The interval is Wilson's at 95 %, with as many observations as there are
//! weeks of that hour, and its ends are summed as if all hours erred the same way: it is wider than the true one, never
//! narrower. All in whole numbers, rounded outwards.

use std::collections::{HashMap, HashSet};

use rust_decimal::Decimal;
use serde::Serialize;

use super::costs::{Costs, Exchange};
use super::references::References;
use super::standing::Standing;
use super::tally::Stretch;
use crate::ledger::chain::Broken;
use crate::ledger::entry::{Entry, EntryKind, Governance, SubjectId};
use crate::ledger::meter::MeterState;
use crate::units::{Cost, Currency};

/// Less says nothing about a week (C10).
pub const WEEKS_MIN: i64 = 4;

const HOUR: i64 = 3_600;
const WEEK: i64 = 168 * HOUR;
const MILLION: i64 = 1_000_000;
/// 1.96 squared, in millionths: 95 %.
const Z_SQUARED: i128 = 3_841_459;

/// What was observed of one hour of the week.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Slot {
    ran: i64,
    seen: i64,
}

/// Shares in millionths: at least, likely, at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Share {
    low: i64,
    mid: i64,
    high: i64,
}

impl Slot {
    fn share(self) -> Share {
        let (ran, seen) = (i128::from(self.ran), i128::from(self.seen));
        let mid = ran.saturating_mul(MILLION.into()).checked_div(seen).unwrap_or(0);
        // in seconds: one week's hour is one observation
        let unit = i128::from(HOUR);
        let spread = ran.saturating_mul(seen.saturating_sub(ran)).saturating_mul(unit).checked_div(seen).unwrap_or(0);
        let z_unit = Z_SQUARED.saturating_mul(unit);
        // millionths of a second squared, twice over, so that the root is in millionths of a second
        let inside = Z_SQUARED
            .saturating_mul(spread)
            .saturating_mul(MILLION.into())
            .saturating_add(z_unit.saturating_mul(z_unit).checked_div(4).unwrap_or(0));
        let half = inside.isqrt();
        let middle = ran.saturating_mul(MILLION.into()).saturating_add(z_unit.checked_div(2).unwrap_or(0));
        let below = seen.saturating_mul(MILLION.into()).saturating_add(z_unit);
        let part = |above: i128| above.saturating_mul(MILLION.into()).checked_div(below).unwrap_or(0);
        let low = part(middle.saturating_sub(half).saturating_sub(1)).clamp(0, mid);
        let high = part(middle.saturating_add(half).saturating_add(1)).saturating_add(1).clamp(mid, MILLION.into());
        let whole = |share: i128| i64::try_from(share).unwrap_or(MILLION);
        Share { low: whole(low), mid: whole(mid), high: whole(high) }
    }
}

/// Hours of the week that `[from, to)` touches, each with its seconds.
fn slots(from: i64, to: i64) -> impl Iterator<Item = (usize, i64)> {
    let mut at = from;
    std::iter::from_fn(move || {
        let end = at.saturating_sub(at.rem_euclid(HOUR)).saturating_add(HOUR).min(to);
        let seconds = end.saturating_sub(at);
        let slot = usize::try_from(at.div_euclid(HOUR).rem_euclid(168)).unwrap_or(0);
        at = end;
        (seconds > 0).then_some((slot, seconds))
    })
}

/// What was observed of one life.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Observed {
    week: [Slot; 168],
    seen: i64,
}

impl Observed {
    fn weeks(&self) -> i64 {
        self.seen.div_euclid(WEEK)
    }

    fn see(&mut self, from: i64, to: i64, ran: bool) {
        self.seen = self.seen.saturating_add(to.saturating_sub(from));
        for (slot, seconds) in slots(from, to) {
            if let Some(slot) = self.week.get_mut(slot) {
                slot.seen = slot.seen.saturating_add(seconds);
                slot.ran = slot.ran.saturating_add(if ran { seconds } else { 0 });
            }
        }
    }
}

/// Observe-mode rows of the lives that something was avoided for.
#[derive(Debug)]
pub struct Baseline<'a> {
    references: &'a References,
    standing: &'a Standing,
    wanted: HashMap<SubjectId, u32>,
    observed: HashMap<u32, Observed>,
}

impl<'a> Baseline<'a> {
    /// For these stretches.
    #[must_use]
    pub fn new(references: &'a References, standing: &'a Standing, stretches: &[Stretch]) -> Self {
        let lives: HashSet<u32> = stretches.iter().map(|stretch| stretch.life).collect();
        let mut wanted = if lives.is_empty() { HashMap::new() } else { references.lives() };
        wanted.retain(|_, life| lives.contains(life));
        Self { references, standing, wanted, observed: HashMap::new() }
    }

    /// Takes a row, of whatever kind and time.
    ///
    /// # Errors
    /// When it names what is not there.
    pub fn add(&mut self, entry: &Entry) -> Result<(), Broken> {
        let Some(life) = self.wanted.get(&entry.subject).filter(|_| entry.kind == EntryKind::Usage) else {
            return Ok(());
        };
        if self.references.terms(entry)?.governance != Governance::Observe || !self.standing.counts(entry) {
            return Ok(());
        }
        let ran = match entry.interval.state {
            MeterState::Running => true,
            MeterState::Stopped => false,
            MeterState::Unknown | MeterState::Gone => return Ok(()),
        };
        let life = self.observed.entry(*life).or_insert(Observed { week: [Slot::default(); 168], seen: 0 });
        life.see(entry.interval.from.at, entry.interval.to.at, ran);
        Ok(())
    }

    /// Weighs what was avoided.
    #[must_use]
    pub fn weigh(&self, stretches: &[Stretch]) -> Adjusted {
        let known = |life: u32| self.observed.get(&life).filter(|observed| observed.weeks() >= WEEKS_MIN);
        let lives: HashSet<u32> = stretches.iter().map(|stretch| stretch.life).collect();
        let covered = lives.iter().filter_map(|life| known(*life));
        let weeks: Vec<i64> = covered.map(Observed::weeks).collect();
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let (Some(least), Some(most)) = (weeks.iter().min(), weeks.iter().max()) else {
            let most = self.observed.values().map(Observed::weeks).max().unwrap_or(0);
            return Adjusted::NotAvailable { instances: count(lives.len()), weeks: most, weeks_needed: WEEKS_MIN };
        };
        let mut sums = Sums::default();
        let mut by_life: Vec<&Stretch> = stretches.iter().collect();
        by_life.sort_by_key(|stretch| stretch.life);
        for of_one in by_life.chunk_by(|one, other| one.life == other.life) {
            let life = of_one.first().and_then(|stretch| known(stretch.life));
            let Some(week) = life.map(|observed| observed.week.map(Slot::share)) else { continue };
            of_one.iter().for_each(|stretch| sums.add(stretch, &week));
        }
        Adjusted::Available(Box::new(BaselineFigure {
            instances: count(weeks.len()),
            instances_without: count(lives.len().saturating_sub(weeks.len())),
            weeks_least: *least,
            weeks_most: *most,
            mean_millionths: sums
                .weighed
                .checked_div(sums.credited.into())
                .map_or(0, |s| i64::try_from(s).unwrap_or(0)),
            cost: divided(&sums.mid),
            low: divided(&sums.low),
            high: divided(&sums.high),
            estimated: sums.estimated,
        }))
    }
}

/// Sums in millionths, divided once at the end, so that parts of a period add up.
#[derive(Debug, Default)]
struct Sums {
    credited: i64,
    weighed: i128,
    low: Costs,
    mid: Costs,
    high: Costs,
    estimated: Costs,
}

impl Sums {
    fn add(&mut self, stretch: &Stretch, week: &[Share; 168]) {
        let (mut low, mut mid, mut high) = (0_i64, 0_i64, 0_i64);
        for (slot, seconds) in slots(stretch.from, stretch.to) {
            let Some(share) = week.get(slot) else { continue };
            low = low.saturating_add(seconds.saturating_mul(share.low));
            mid = mid.saturating_add(seconds.saturating_mul(share.mid));
            high = high.saturating_add(seconds.saturating_mul(share.high));
        }
        let credited = stretch.to.saturating_sub(stretch.from);
        self.credited = self.credited.saturating_add(credited);
        self.weighed = self.weighed.saturating_add(mid.into());
        // a restart was paid for, whatever would have run
        let charged = stretch.charged.saturating_mul(MILLION);
        for (sum, weighed) in [(&mut self.low, low), (&mut self.mid, mid), (&mut self.high, high)] {
            sum.add(stretch.rate.over(weighed.saturating_sub(charged)));
        }
        self.estimated.add(stretch.rate.over(credited.saturating_sub(stretch.charged)));
    }
}

fn divided(millionths: &Costs) -> Costs {
    let whole = |cost: Cost| {
        let currency: Currency = cost.currency();
        cost.converted(Decimal::new(1, 6), currency)
    };
    millionths.iter().filter_map(whole).collect()
}

/// The baseline-adjusted figure, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Adjusted {
    /// No instance that something was avoided for was observed for long enough.
    NotAvailable {
        /// Instances that something was avoided for.
        instances: i64,
        /// Weeks in observe mode that there are, of the one that has most.
        weeks: i64,
        /// Weeks that it takes.
        weeks_needed: i64,
    },
    /// For those that were.
    Available(Box<BaselineFigure>),
}

/// What was avoided, weighed by what used to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BaselineFigure {
    /// Instances that were observed for long enough.
    pub instances: i64,
    /// Instances that something was avoided for and that were not: left out here.
    pub instances_without: i64,
    /// Whole weeks observed, of the one with the fewest.
    pub weeks_least: i64,
    /// Of the one with the most.
    pub weeks_most: i64,
    /// Share of credited time that would have run, in millionths.
    pub mean_millionths: i64,
    /// The figure.
    pub cost: Costs,
    /// At least (95 %).
    pub low: Costs,
    /// At most (95 %).
    pub high: Costs,
    /// The same stretches as they were estimated, to compare with.
    pub estimated: Costs,
}

impl Adjusted {
    pub(super) fn convert(&mut self, exchange: &Exchange) {
        match self {
            Self::NotAvailable { .. } => {}
            Self::Available(figure) => {
                for costs in [&mut figure.cost, &mut figure.low, &mut figure.high, &mut figure.estimated] {
                    *costs = costs.converted(exchange);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_weeks(ran: i64, seen: i64) -> Share {
        Slot { ran: ran * HOUR, seen: seen * HOUR }.share()
    }

    #[test]
    fn wilsons_interval_is_that_of_the_textbook() {
        // 9 of 10: 0.596 to 0.982; 4 of 4: 0.510 to 1
        let share = of_weeks(9, 10);
        assert_eq!((share.low / 1_000, share.mid, share.high / 1_000), (595, 900_000, 982));
        let share = of_weeks(4, 4);
        assert_eq!((share.low / 1_000, share.mid, share.high), (510, MILLION, MILLION));
        let share = of_weeks(0, 4);
        assert_eq!((share.low, share.mid, share.high / 1_000), (0, 0, 489));
    }

    #[test]
    fn an_hour_that_nobody_saw_says_nothing() {
        assert_eq!(Slot::default().share(), Share { low: 0, mid: 0, high: MILLION });
    }

    #[test]
    fn a_stretch_falls_into_its_hours() {
        let found: Vec<(usize, i64)> = slots(HOUR - 10, 2 * HOUR + 5).collect();
        assert_eq!(found, [(0, 10), (1, HOUR), (2, 5)]);
        assert_eq!(slots(5, 5).count(), 0);
        let week: i64 = slots(-77, WEEK - 77).map(|(_, seconds)| seconds).sum();
        assert_eq!(week, WEEK);
    }
}
