//! Money and counts of one instance: running time by the record, less where a replay has it off, and more where it has it on.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::course::Course;
use super::machine::{Lived, Made};
use super::real::{add_credit, came_about, credit_of};
use super::value::{DayCosts, Figures, Regret, Spread};
use crate::ledger::{Bound, ClaimRules, Costs, MeterState, day_of};
use crate::units::{Cost, Rate};

/// Running time at one price.
#[derive(Debug, Clone, Copy)]
pub(super) struct Priced {
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) rate: Option<Rate>,
}

type Window = (i64, i64);

/// Gives every stretch of running time within a window to `take`.
pub(super) fn running(course: &Course<'_>, (from, to): Window, take: &mut impl FnMut(Priced)) {
    for metered in &course.life.metered {
        let interval = &metered.interval;
        let (begins, ends) = (interval.from.at.max(from), interval.to.at.min(to));
        if interval.state == MeterState::Running && begins < ends {
            take(Priced { from: begins, to: ends, rate: metered.rate });
        }
    }
}

/// Adds it, or takes it away.
pub(super) fn add(figures: &mut Figures, stretch: Priced, sign: i64) {
    let seconds = stretch.to.saturating_sub(stretch.from).saturating_mul(sign);
    figures.running_seconds = figures.running_seconds.saturating_add(seconds);
    match stretch.rate {
        Some(rate) => figures.cost.add(rate.over(seconds)),
        None => figures.unpriced_seconds = figures.unpriced_seconds.saturating_add(seconds),
    }
}

/// What a replay has otherwise than the record, as stretches to add and to take away.
fn otherwise(course: &Course<'_>, lived: &Lived, (from, to): Window, take: &mut impl FnMut(Priced, i64)) {
    for (since, until) in &lived.off {
        let window = (since.as_second().max(from), until.as_second().min(to));
        running(course, window, &mut |stretch| take(stretch, -1));
    }
    for (since, until) in &lived.apart {
        let window = (since.as_second().max(from), until.as_second().min(to));
        if window.0 >= window.1 {
            continue;
        }
        take(Priced { from: window.0, to: window.1, rate: rate_at(course, window.0) }, 1);
        // what ran by the record is in it already
        running(course, window, &mut |stretch| take(stretch, -1));
    }
}

/// The price that held last.
fn rate_at(course: &Course<'_>, at: i64) -> Option<Rate> {
    let metered = &course.life.metered;
    let before = metered.iter().rev().find(|one| one.interval.from.at <= at && one.rate.is_some());
    before.or(metered.iter().find(|one| one.rate.is_some()))?.rate
}

/// The figures of one replay, as low and as high as what is not told may make them.
pub(super) fn figures(
    course: &Course<'_>,
    lived: &Lived,
    (from, to): (Timestamp, Timestamp),
    rules: ClaimRules,
) -> Spread<Figures> {
    let window = (from.as_second(), to.as_second());
    let counts = |at: Timestamp| from <= at && at < to;
    let mut all = Figures::default();
    running(course, window, &mut |stretch| add(&mut all, stretch, 1));
    otherwise(course, lived, window, &mut |stretch, sign| add(&mut all, stretch, sign));
    let warnings = lived.warned.iter().filter(|at| counts(**at)).count();
    all.warnings = u32::try_from(warnings).unwrap_or(u32::MAX);
    let mut spread = Spread { least: all.clone(), most: all };
    for made in lived.stops.iter().filter(|made| counts(made.stop.at)) {
        stop(course, made, rules, &mut spread);
    }
    spread
}

fn stop(course: &Course<'_>, made: &Made, rules: ClaimRules, spread: &mut Spread<Figures>) {
    let one = |figures: &mut Figures, regrets: u32| {
        figures.stops = figures.stops.saturating_add(1);
        figures.regrets = figures.regrets.saturating_add(regrets);
    };
    let (certain, possible) = match made.stop.regret {
        Regret::None => (0, 0),
        Regret::Certain { .. } => (1, 1),
        Regret::Possible { .. } => (0, 1),
    };
    one(&mut spread.least, certain);
    one(&mut spread.most, possible);
    if let Some(tried) = made.same.and_then(|place| course.life.stops.get(place)).filter(|tried| came_about(tried)) {
        if let Some(credit) = credit_of(course, tried) {
            add_credit(&mut spread.least.avoided, credit);
            add_credit(&mut spread.most.avoided, credit);
        }
        return;
    }
    let Some((claim, ends)) = &made.claim else { return };
    let Some(rate) = rate_at(course, claim.from.at) else { return };
    let credits = ends.map(|(at, end)| {
        let avoided = claim.close(Bound::sharp(at.as_second()), end, rules);
        rate.over(avoided.credited.saturating_sub(avoided.charged))
    });
    let [a, b] = credits;
    spread.least.avoided.add(if a.exact() <= b.exact() { a } else { b });
    spread.most.avoided.add(if a.exact() <= b.exact() { b } else { a });
}

fn each<'c>(a: &'c Costs, b: &'c Costs, choose: impl Fn(Cost, Cost) -> Cost + 'c) -> Costs {
    let mut currencies: Vec<_> = a.currencies().chain(b.currencies()).collect();
    currencies.sort_unstable();
    currencies.dedup();
    currencies.into_iter().map(|currency| choose(a.get(currency), b.get(currency))).collect()
}

/// The lesser of two costs in each currency.
pub(super) fn lesser(a: &Costs, b: &Costs) -> Costs {
    each(a, b, |a, b| if a.exact() <= b.exact() { a } else { b })
}

/// The greater of two costs in each currency.
pub(super) fn greater(a: &Costs, b: &Costs) -> Costs {
    each(a, b, |a, b| if a.exact() >= b.exact() { a } else { b })
}

/// Of both assumptions the least and the most of each figure.
pub(super) fn spread(quiet: &Spread<Figures>, used: &Spread<Figures>) -> Spread<Figures> {
    let (a, b) = (&quiet.least, &used.least);
    let least = Figures {
        stops: a.stops.min(b.stops),
        warnings: a.warnings.min(b.warnings),
        regrets: a.regrets.min(b.regrets),
        running_seconds: a.running_seconds.min(b.running_seconds),
        cost: lesser(&a.cost, &b.cost),
        avoided: lesser(&a.avoided, &b.avoided),
        unpriced_seconds: a.unpriced_seconds.min(b.unpriced_seconds),
    };
    let (a, b) = (&quiet.most, &used.most);
    let most = Figures {
        stops: a.stops.max(b.stops),
        warnings: a.warnings.max(b.warnings),
        regrets: a.regrets.max(b.regrets),
        running_seconds: a.running_seconds.max(b.running_seconds),
        cost: greater(&a.cost, &b.cost),
        avoided: greater(&a.avoided, &b.avoided),
        unpriced_seconds: a.unpriced_seconds.max(b.unpriced_seconds),
    };
    Spread { least, most }
}

/// Costs by day of the record and of both assumptions.
#[derive(Debug, Default)]
pub(super) struct Days {
    happened: BTreeMap<Date, Costs>,
    replayed: [BTreeMap<Date, Costs>; 2],
}

impl Days {
    pub(super) fn add(&mut self, course: &Course<'_>, lived: [&Lived; 2], (from, to): (Timestamp, Timestamp)) {
        let window = (from.as_second(), to.as_second());
        running(course, window, &mut |stretch| {
            by_day(&mut self.happened, stretch, 1);
            self.replayed.iter_mut().for_each(|days| by_day(days, stretch, 1));
        });
        for (days, lived) in self.replayed.iter_mut().zip(lived) {
            otherwise(course, lived, window, &mut |stretch, sign| by_day(days, stretch, sign));
        }
    }

    pub(super) fn finish(self) -> BTreeMap<Date, DayCosts> {
        let [quiet, used] = &self.replayed;
        let days = self.happened.keys().chain(quiet.keys()).chain(used.keys());
        let none = Costs::default();
        let of = |day: &Date| {
            let get = |days: &BTreeMap<Date, Costs>| days.get(day).unwrap_or(&none).clone();
            let (quiet, used) = (get(quiet), get(used));
            let replayed = Spread { least: lesser(&quiet, &used), most: greater(&quiet, &used) };
            (*day, DayCosts { happened: get(&self.happened), replayed })
        };
        days.map(of).collect()
    }
}

const DAY: i64 = 86_400;

fn by_day(days: &mut BTreeMap<Date, Costs>, stretch: Priced, sign: i64) {
    let Some(rate) = stretch.rate else { return };
    let mut from = stretch.from;
    while from < stretch.to {
        let next = from.div_euclid(DAY).saturating_add(1).saturating_mul(DAY).min(stretch.to);
        let seconds = next.saturating_sub(from).saturating_mul(sign);
        days.entry(day_of(from)).or_default().add(rate.over(seconds));
        from = next;
    }
}
