//! What happened, in the figures that a replay is compared with.

use jiff::{SignedDuration, Timestamp};

use super::course::Course;
use super::tally;
use super::value::{Figures, Regret, Worked};
use crate::facts::StopResult;
use crate::ledger::{ClaimRules, Costs};
use crate::past::{Credit, TriedStop};

/// A credit begins so close to its stop.
const CLOSE: SignedDuration = SignedDuration::from_hours(1);

/// What the ledger credited a stop with; none while that goes on.
pub(super) fn credit_of<'a>(course: &Course<'a>, stop: &TriedStop) -> Option<&'a Credit> {
    let near = |credit: &&Credit| {
        let apart = credit.interval.from.at.saturating_sub(stop.asked_at.as_second()).abs();
        credit.did && credit.key == stop.key && apart <= CLOSE.as_secs()
    };
    course.life.credits.iter().find(near)
}

/// Whether a stop of the record hurt: its person started it again within half an hour, as the ledger counts.
pub(super) fn regret_of(course: &Course<'_>, place: usize, rules: ClaimRules) -> Regret {
    let Some(stop) = course.life.stops.get(place) else { return Regret::None };
    let credit = credit_of(course, stop);
    let after = credit.map_or(stop.asked_at, |credit| {
        Timestamp::from_second(credit.interval.from.at).unwrap_or(stop.asked_at).max(stop.asked_at)
    });
    let started = course.next_start(after);
    let soon = |at: &Timestamp| at.duration_since(after).as_secs() <= rules.regret_within;
    let regretted = credit.map_or_else(|| started.filter(soon).is_some(), |credit| credit.regret);
    if regretted { Regret::Certain { at: started.unwrap_or(after), worked: Worked::Started } } else { Regret::None }
}

pub(super) fn came_about(stop: &TriedStop) -> bool {
    matches!(stop.result, Some(StopResult::Stopped | StopResult::StartedAgain))
}

/// What a credit comes to; charges are taken from it.
pub(super) fn add_credit(costs: &mut Costs, credit: &Credit) {
    if let Some(rate) = credit.rate {
        costs.add(rate.over(credit.credited.saturating_sub(credit.charged)));
    }
}

/// Everything between two instants.
pub(super) fn figures(course: &Course<'_>, (from, to): (Timestamp, Timestamp), rules: ClaimRules) -> Figures {
    let mut figures = Figures::default();
    let counts = |at: Timestamp| from <= at && at < to;
    for (place, stop) in course.life.stops.iter().enumerate() {
        if !(counts(stop.asked_at) && stop.is_by_policy() && came_about(stop)) {
            continue;
        }
        figures.stops = figures.stops.saturating_add(1);
        if matches!(regret_of(course, place, rules), Regret::Certain { .. }) {
            figures.regrets = figures.regrets.saturating_add(1);
        }
        if let Some(credit) = credit_of(course, stop) {
            add_credit(&mut figures.avoided, credit);
        }
    }
    let warnings = course.life.told.iter().filter(|told| counts(told.at)).count();
    figures.warnings = u32::try_from(warnings).unwrap_or(u32::MAX);
    tally::running(course, (from.as_second(), to.as_second()), &mut |stretch| tally::add(&mut figures, stretch, 1));
    figures
}
