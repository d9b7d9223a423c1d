//! An account: the figures of every group and in total, and what they rest on.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::baseline::Adjusted;
use super::costs::{Costs, Exchange};
use super::evidence::Evidence;
use super::figures::{Avoids, Figures};
use super::group::{GroupName, Grouping};
use crate::units::Currency;

/// What fell on one day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// Running time, from rows.
    pub cost: Costs,
    /// Running time that has no row yet.
    pub open: Costs,
    /// Estimated avoided.
    pub avoided: Costs,
    /// What policies in observe mode would have avoided.
    pub would_avoid: Costs,
}

/// One group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    /// How it is called.
    #[serde(flatten)]
    pub name: GroupName,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
    /// What fell on which day, by the day's place in the question; empty unless days were asked for.
    #[serde(skip)]
    pub days: BTreeMap<usize, Cell>,
}

/// What one ground avoided, and would have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct GroundFigures {
    /// By stops.
    pub avoided: Avoids,
    /// By stops that policies in observe mode would have made.
    pub would_avoid: Avoids,
}

impl GroundFigures {
    pub(super) const fn of(&mut self, did: bool) -> &mut Avoids {
        if did { &mut self.avoided } else { &mut self.would_avoid }
    }
}

/// The account of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The sum of the groups.
    pub total: Figures,
    /// Every group.
    pub groups: Vec<Group>,
    /// By the ground of the stop.
    pub grounds: BTreeMap<Arc<str>, GroundFigures>,
    /// What was avoided, weighed by what used to run (ii).
    pub adjusted: Adjusted,
    /// What bills confirm (iii); none until they were compared.
    pub confirmed: Option<Costs>,
    /// What it rests on.
    pub evidence: Evidence,
}

impl Cell {
    /// Adds all of another.
    pub fn merge(&mut self, other: &Self) {
        self.cost.merge(&other.cost);
        self.open.merge(&other.open);
        self.avoided.merge(&other.avoided);
        self.would_avoid.merge(&other.would_avoid);
    }
}

impl Account {
    /// In the order in which people read it: days as they passed, all else by what it cost, or avoided, most first.
    #[must_use]
    pub fn ranked(mut self, by: Grouping) -> Self {
        let first = |costs: &Costs| costs.iter().map(crate::units::Cost::exact).max().unwrap_or(0);
        match by {
            Grouping::Day => self.groups.sort_by(|a, b| a.name.key.cmp(&b.name.key)),
            Grouping::Workspace
            | Grouping::Team
            | Grouping::Owner
            | Grouping::Size
            | Grouping::Instance
            | Grouping::Ground
            | Grouping::Policy => self.groups.sort_by_cached_key(|group| {
                let figures = &group.figures;
                let cost = first(&figures.usage.cost.mid).saturating_add(first(&figures.open.cost.mid));
                let rank = (cost, first(&figures.avoided.cost), figures.usage.running.mid);
                (Reverse(rank), group.name.clone())
            }),
        }
        self
    }

    /// The first so many groups; the others become one.
    #[must_use]
    pub fn top(mut self, most: usize) -> Self {
        if self.groups.len() <= most {
            return self;
        }
        let rest = self.groups.split_off(most);
        let mut others = Group {
            name: GroupName { key: "*".into(), label: format!("{} others", rest.len()).into() },
            figures: Figures::default(),
            days: BTreeMap::new(),
        };
        for group in &rest {
            others.figures.merge(&group.figures);
            for (place, cell) in &group.days {
                others.days.entry(*place).or_default().merge(cell);
            }
        }
        self.groups.push(others);
        self
    }

    /// With every cost that has a stated rate in the currency that is reported in.
    #[must_use]
    pub fn converted(mut self, exchange: &Exchange) -> Self {
        self.total.convert(exchange);
        for group in &mut self.groups {
            group.figures.convert(exchange);
            for cell in group.days.values_mut() {
                for costs in [&mut cell.cost, &mut cell.open, &mut cell.avoided, &mut cell.would_avoid] {
                    *costs = costs.converted(exchange);
                }
            }
        }
        for ground in self.grounds.values_mut() {
            ground.avoided.convert(exchange);
            ground.would_avoid.convert(exchange);
        }
        self.adjusted.convert(exchange);
        self.confirmed = self.confirmed.map(|costs| costs.converted(exchange));
        self
    }

    /// Currencies that occur anywhere in it.
    #[must_use]
    pub fn currencies(&self) -> BTreeSet<Currency> {
        self.total.currencies()
    }
}

impl Figures {
    /// Currencies that occur in them.
    #[must_use]
    pub fn currencies(&self) -> BTreeSet<Currency> {
        let usages = [&self.usage, &self.open].into_iter().flat_map(|usage| {
            let residual = &usage.residual;
            [&usage.cost.high, &usage.unknown_cost_max, &residual.running, &residual.stopped, &residual.unknown]
        });
        let avoids = [&self.avoided.cost, &self.would_avoid.cost];
        usages.chain(avoids).flat_map(Costs::currencies).collect()
    }
}
