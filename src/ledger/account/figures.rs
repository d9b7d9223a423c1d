//! The figures of a group: what was used, what stops avoided, what they would have avoided. Never mixed (C8).

use serde::Serialize;

use super::costs::{Costs, Exchange, Range};
use super::question::Period;
use crate::ledger::entry::Residual;
use crate::ledger::meter::{Basis, Interval, MeterState, Seconds};
use crate::ledger::saving::AvoidedDetail;
use crate::units::Rate;

/// What the parts cost that no stop stops, by what the meter did meanwhile (C7).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Residuals {
    /// While it ran.
    pub running: Costs,
    /// While it was stopped.
    pub stopped: Costs,
    /// While nobody knows.
    pub unknown: Costs,
    /// Seconds for which settings named no such rates.
    pub unrated_seconds: i64,
}

/// Metered time and its cost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Running seconds.
    pub running: Seconds,
    /// What those cost whose price is known.
    pub cost: Range,
    /// Running seconds without a price: counted, and no cost.
    pub unpriced_seconds: i64,
    /// Seconds of which nobody knows whether it ran.
    pub unknown_seconds: i64,
    /// What those cost at most, where a price is known.
    pub unknown_cost_max: Costs,
    /// Unknown seconds without a price.
    pub unknown_unpriced_seconds: i64,
    /// Stopped seconds.
    pub stopped_seconds: i64,
    /// Disk, address, load balancer.
    pub residual: Residuals,
}

/// What stops avoided: credited less charged seconds at the size's price (C8 i, C12).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Avoids {
    /// Stops whose account was closed.
    pub stops: i64,
    /// Credited seconds.
    pub credited_seconds: i64,
    /// Seconds charged for restarts.
    pub charged_seconds: i64,
    /// Credited less charged, at the price; less than nothing when restarts cost more.
    pub cost: Costs,
    /// Credited less charged seconds without a price.
    pub unpriced_seconds: i64,
    /// Stops whose person started again at once.
    pub regrets: i64,
    /// What those restarts cost, as counted in `cost` already.
    pub regret_cost: Costs,
}

/// Every figure of a group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Metered time, from rows.
    pub usage: Usage,
    /// What goes on and has no row yet; in no sum.
    pub open: Usage,
    /// Estimated avoided (i).
    pub avoided: Avoids,
    /// What policies in observe mode would have avoided.
    pub would_avoid: Avoids,
}

impl Seconds {
    pub(super) fn grow(&mut self, by: Self) {
        self.low = self.low.saturating_add(by.low);
        self.mid = self.mid.saturating_add(by.mid);
        self.high = self.high.saturating_add(by.high);
    }
}

fn grow(sum: &mut i64, by: i64) {
    *sum = sum.saturating_add(by);
}

impl Residuals {
    fn count(&mut self, state: MeterState, seconds: i64, residual: Option<&Residual>) {
        let Some(parts) = residual else { return grow(&mut self.unrated_seconds, seconds) };
        let sum = match state {
            MeterState::Running => &mut self.running,
            MeterState::Stopped => &mut self.stopped,
            MeterState::Unknown => &mut self.unknown,
            MeterState::Gone => return,
        };
        for part in [parts.disk, parts.public_ip, parts.load_balancer] {
            sum.add(part.over(seconds));
        }
    }

    fn merge(&mut self, other: &Self) {
        self.running.merge(&other.running);
        self.stopped.merge(&other.stopped);
        self.unknown.merge(&other.unknown);
        grow(&mut self.unrated_seconds, other.unrated_seconds);
    }
}

impl Usage {
    /// Counts what of an interval lies in a piece of time. Each of its three readings (at least, likely, at most) is a
    /// stretch of its own and is cut by itself, so that the parts of a period add up whatever it is cut into.
    pub(super) fn count(&mut self, interval: &Interval, piece: Period, (rate, residual): Rates<'_>) {
        let (from, to) = (interval.from, interval.to);
        let mid = piece.overlap(from.at, to.at);
        let high = piece.overlap(from.low, to.high);
        match interval.state {
            MeterState::Running => {
                let low = match interval.basis {
                    Basis::Observed => piece.overlap(from.high, to.low),
                    Basis::Rebuilt | Basis::Assumed | Basis::Gap => 0,
                };
                self.running.grow(Seconds { low, mid, high });
                match rate {
                    None => grow(&mut self.unpriced_seconds, mid),
                    Some(rate) => {
                        self.cost.low.add(rate.over(low));
                        self.cost.mid.add(rate.over(mid));
                        self.cost.high.add(rate.over(high));
                    }
                }
            }
            MeterState::Unknown => {
                grow(&mut self.unknown_seconds, mid);
                match rate {
                    None => grow(&mut self.unknown_unpriced_seconds, mid),
                    Some(rate) => self.unknown_cost_max.add(rate.over(high)),
                }
            }
            MeterState::Stopped => grow(&mut self.stopped_seconds, mid),
            MeterState::Gone => {}
        }
        self.residual.count(interval.state, mid, residual);
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: &Self) {
        self.running.grow(other.running);
        self.cost.merge(&other.cost);
        grow(&mut self.unpriced_seconds, other.unpriced_seconds);
        grow(&mut self.unknown_seconds, other.unknown_seconds);
        self.unknown_cost_max.merge(&other.unknown_cost_max);
        grow(&mut self.unknown_unpriced_seconds, other.unknown_unpriced_seconds);
        grow(&mut self.stopped_seconds, other.stopped_seconds);
        self.residual.merge(&other.residual);
    }

    /// True when nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn convert(&mut self, exchange: &Exchange) {
        self.cost = self.cost.converted(exchange);
        for costs in [
            &mut self.unknown_cost_max,
            &mut self.residual.running,
            &mut self.residual.stopped,
            &mut self.residual.unknown,
        ] {
            *costs = costs.converted(exchange);
        }
    }
}

/// What a piece of time is counted by: the size's price and the residual rates, where they are known.
pub(super) type Rates<'a> = (Option<Rate>, Option<&'a Residual>);

impl Avoids {
    /// Counts what of a closed stretch lies in a piece of time: credit second by second from its beginning on, the stop
    /// itself and what its restart costs where it ends.
    pub(super) fn count(
        &mut self,
        interval: &Interval,
        detail: &AvoidedDetail,
        piece: Period,
        rate: Option<Rate>,
    ) -> Credit {
        let (from, end) = (interval.from.at, interval.to.at);
        let begins = from.max(piece.from);
        let credited = piece.overlap(from, from.saturating_add(detail.credited.max(0)));
        let ends_here = piece.holds(end);
        let charged = if ends_here { detail.charged } else { 0 };
        let net = credited.saturating_sub(charged);
        grow(&mut self.credited_seconds, credited);
        grow(&mut self.charged_seconds, charged);
        grow(&mut self.stops, i64::from(ends_here));
        let regret = ends_here && detail.regret;
        grow(&mut self.regrets, i64::from(regret));
        match rate {
            None => grow(&mut self.unpriced_seconds, net),
            Some(rate) => {
                self.cost.add(rate.over(net));
                if regret {
                    self.regret_cost.add(rate.over(charged));
                }
            }
        }
        Credit { from: begins, seconds: credited, charged }
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: &Self) {
        grow(&mut self.stops, other.stops);
        grow(&mut self.credited_seconds, other.credited_seconds);
        grow(&mut self.charged_seconds, other.charged_seconds);
        self.cost.merge(&other.cost);
        grow(&mut self.unpriced_seconds, other.unpriced_seconds);
        grow(&mut self.regrets, other.regrets);
        self.regret_cost.merge(&other.regret_cost);
    }

    pub(super) fn convert(&mut self, exchange: &Exchange) {
        self.cost = self.cost.converted(exchange);
        self.regret_cost = self.regret_cost.converted(exchange);
    }
}

/// What a piece of time was credited and charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Credit {
    /// Where credit begins in it.
    pub(super) from: i64,
    /// For how long.
    pub(super) seconds: i64,
    /// Charged.
    pub(super) charged: i64,
}

impl Figures {
    /// Adds all of another.
    pub fn merge(&mut self, other: &Self) {
        self.usage.merge(&other.usage);
        self.open.merge(&other.open);
        self.avoided.merge(&other.avoided);
        self.would_avoid.merge(&other.would_avoid);
    }

    /// Puts every cost that has a stated rate into the currency that is reported in.
    pub fn convert(&mut self, exchange: &Exchange) {
        self.usage.convert(exchange);
        self.open.convert(exchange);
        self.avoided.convert(exchange);
        self.would_avoid.convert(exchange);
    }
}
