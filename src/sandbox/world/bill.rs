//! What a machine truly cost: its history and its uses at the prices in force, exact, and never rounded here.

use jiff::{SignedDuration, Timestamp};

use super::creation::Asked;
use super::machine::State;
use super::money::{Cost, Rate};
use super::truth::Truth;

/// The whole of time, for those who want no part of it.
const ALWAYS: (Timestamp, Timestamp) = (Timestamp::MIN, Timestamp::MAX);

/// What a machine cost, by meter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bill {
    /// The VM size while allocated.
    pub compute: Cost,
    /// The OS disk.
    pub disk: Cost,
    /// The public address.
    pub address: Cost,
    /// The load balancer.
    pub balancer: Cost,
}

impl Bill {
    /// What is billed as long as the machine exists, running or not.
    pub fn residual(&self) -> Cost {
        self.disk + self.address + self.balancer
    }

    /// All of it.
    pub fn total(&self) -> Cost {
        self.compute + self.residual()
    }
}

/// Costs count from the world's start to its present; a window `[from, to)` cuts out a part of that, and windows that
/// follow each other add up to the whole, exactly.
impl Truth<'_> {
    /// The region whose prices it pays.
    pub fn region(&self) -> &str {
        self.region
    }

    /// What its size costs at an instant, billed only while it is allocated; none if the world has no price for it.
    pub fn hourly_price_at(&self, at: Timestamp) -> Option<Rate> {
        self.prices.in_force(self.vm_size(), self.region(), at).map(|(_, rate)| rate)
    }

    /// Cost of the VM size: allocated time at the prices in force.
    pub fn compute_cost(&self) -> Cost {
        self.bill_in(ALWAYS).compute
    }

    /// Cost of disk, address and load balancer: all time until it is deleted.
    pub fn residual_cost(&self) -> Cost {
        self.bill_in(ALWAYS).residual()
    }

    /// What it cost within a window, by meter.
    pub fn bill_in(&self, window: (Timestamp, Timestamp)) -> Bill {
        let (existed, rates) = (self.existed_in(window), self.prices.residual());
        let addressed = self.addressed_in(window);
        Bill {
            compute: self.price(self.stretches(window, State::is_allocated)),
            disk: rates.disk.over(existed),
            address: rates.address.over(addressed),
            balancer: rates.balancer.over(existed),
        }
    }

    /// Cost of its size during true use of any kind: what one who knew the future would have paid for compute.
    pub fn used_cost(&self) -> Cost {
        self.used_cost_in(ALWAYS)
    }

    /// The same within a window.
    pub fn used_cost_in(&self, window: (Timestamp, Timestamp)) -> Cost {
        self.price(self.use_stretches(window))
    }

    /// How long it was allocated within a window.
    pub fn allocated_in(&self, window: (Timestamp, Timestamp)) -> SignedDuration {
        length(self.stretches(window, State::is_allocated))
    }

    /// How long it existed within a window.
    pub fn existed_in(&self, window: (Timestamp, Timestamp)) -> SignedDuration {
        length(self.stretches(window, |state| state != State::Deleted))
    }

    /// How long it had a public address within a window; how the load balancer is billed without one is not verified, so it is
    /// billed.
    pub fn addressed_in(&self, window: (Timestamp, Timestamp)) -> SignedDuration {
        let none = self.machine.spec.asked.as_ref().is_some_and(Asked::has_no_address);
        if none { SignedDuration::ZERO } else { self.existed_in(window) }
    }

    /// How long it was in use of any kind within a window, while up.
    pub fn in_use_in(&self, window: (Timestamp, Timestamp)) -> SignedDuration {
        length(self.use_stretches(window))
    }

    fn price(&self, stretches: impl Iterator<Item = (Timestamp, Timestamp)>) -> Cost {
        self.prices.cost((self.vm_size(), self.region()), stretches)
    }

    /// The stretches of a window, in order, that it spent in states of that kind.
    fn stretches(
        &self,
        (from, to): (Timestamp, Timestamp),
        wanted: fn(State) -> bool,
    ) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let history = self.history();
        let first = history.partition_point(|(since, _)| *since <= from).saturating_sub(1);
        let seen = history.get(first..).unwrap_or_default();
        let ends = seen.iter().skip(1).map(|(at, _)| *at).chain([self.now]);
        let parts = seen.iter().zip(ends).take_while(move |((since, _), _)| *since < to);
        let parts = parts.filter(move |((_, state), _)| wanted(*state));
        parts.map(move |((since, _), end)| (from.max(*since), to.min(end))).filter(|(from, to)| from < to)
    }

    /// The stretches of a window in which it was used for anything; uses of several kinds at once count once.
    fn use_stretches(&self, (from, to): (Timestamp, Timestamp)) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let (now, mut counted_to) = (self.now, from);
        // Uses are noted when they begin, so they stand in order of their beginnings.
        self.uses().iter().filter_map(move |used| {
            let begin = used.from.max(counted_to);
            let end = used.to.unwrap_or(now).min(to);
            counted_to = counted_to.max(end);
            (begin < end).then_some((begin, end))
        })
    }
}

fn length(stretches: impl Iterator<Item = (Timestamp, Timestamp)>) -> SignedDuration {
    stretches.map(|(from, to)| to.duration_since(from)).fold(SignedDuration::ZERO, SignedDuration::saturating_add)
}
