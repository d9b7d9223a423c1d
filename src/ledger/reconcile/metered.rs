//! What the ledger says of a workspace on a day, part by part: rows cut at the midnights of UTC and added up.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::days::{DaySpan, day_of, midnight};
use super::part::Part;
use crate::ledger::entry::{Entry, EntryKind, Subject, Terms};
use crate::ledger::meter::{Basis, Interval, MeterState, Seconds};
use crate::units::{Currency, Rate, WorkspaceId};

/// Billionths times seconds of one currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MeteredCost {
    /// At least, within the bounds of what was seen, and nothing that was only made out.
    pub least: i128,
    /// At least, within the bounds of what was seen or made out.
    pub low: i128,
    /// As the ledger counts.
    pub mid: i128,
    /// At most, within those bounds.
    pub high: i128,
    /// At most, if everything of which nobody knows was billed.
    pub most: i128,
    /// The dearest hour among it, in billionths.
    pub dearest: i64,
}

/// One part of a workspace on one day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metered {
    /// Seconds that count, within the bounds of what was seen or made out.
    pub seconds: Seconds,
    /// Seconds of which nobody knows.
    pub unknown: i64,
    /// Seconds that count and have no price.
    pub unpriced: i64,
    /// What it costs, by currency.
    pub costs: BTreeMap<Currency, MeteredCost>,
}

/// The part of `[from, to)` that lies in a piece of time.
fn overlap(piece: (i64, i64), from: i64, to: i64) -> i64 {
    to.min(piece.1).saturating_sub(from.max(piece.0)).max(0)
}

impl Metered {
    /// Counts what of an interval lies in a piece of time: as billed, or as time of which nobody knows.
    fn count(&mut self, interval: &Interval, piece: (i64, i64), known: Known, rate: Option<Rate>) {
        let (from, to) = (interval.from, interval.to);
        let (low, mid) = (overlap(piece, from.high, to.low), overlap(piece, from.at, to.at));
        let high = overlap(piece, from.low, to.high);
        if known == Known::Unknown {
            self.unknown = self.unknown.saturating_add(mid);
        } else {
            let seconds = &mut self.seconds;
            seconds.low = seconds.low.saturating_add(low);
            seconds.mid = seconds.mid.saturating_add(mid);
            seconds.high = seconds.high.saturating_add(high);
        }
        let Some(rate) = rate else {
            if known != Known::Unknown {
                self.unpriced = self.unpriced.saturating_add(mid);
            }
            return;
        };
        let cost = self.costs.entry(rate.currency()).or_default();
        let add = |sum: &mut i128, seconds: i64| *sum = sum.saturating_add(rate.over(seconds).exact());
        add(&mut cost.most, high);
        if known != Known::Unknown {
            add(&mut cost.low, low);
            add(&mut cost.mid, mid);
            add(&mut cost.high, high);
            cost.dearest = cost.dearest.max(rate.nanos());
        }
        if known == Known::Seen {
            add(&mut cost.least, low);
        }
    }
}

/// How surely a stretch was billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// It was seen.
    Seen,
    /// It was made out from what Azure says of the past, or assumed.
    MadeOut,
    /// Nobody knows.
    Unknown,
}

impl Known {
    /// What an interval says of compute; none where it was not billed.
    const fn of(interval: &Interval) -> Option<Self> {
        match (interval.state, interval.basis) {
            (MeterState::Running, Basis::Observed) => Some(Self::Seen),
            (MeterState::Running, Basis::Rebuilt | Basis::Assumed | Basis::Gap) => Some(Self::MadeOut),
            (MeterState::Unknown, _) => Some(Self::Unknown),
            (MeterState::Stopped | MeterState::Gone, _) => None,
        }
    }
}

/// Rows added up by workspace, day and part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeterDays {
    span: DaySpan,
    days: BTreeMap<(WorkspaceId, Date), BTreeMap<Part, Metered>>,
    since: BTreeMap<WorkspaceId, i64>,
    until: BTreeMap<WorkspaceId, i64>,
}

impl MeterDays {
    /// Of nothing yet; `until` says up to when each workspace was read.
    #[must_use]
    pub const fn new(span: DaySpan, until: BTreeMap<WorkspaceId, i64>) -> Self {
        Self { span, days: BTreeMap::new(), since: BTreeMap::new(), until }
    }

    /// Takes a row that stands, or what goes on and has no row yet.
    pub fn add(&mut self, entry: &Entry, subject: &Subject, terms: &Terms, rate: Option<Rate>) {
        let interval = &entry.interval;
        let workspace = subject.instance.workspace();
        let window = self.span.seconds();
        if entry.kind != EntryKind::Usage || overlap(window, interval.from.low, interval.to.high) == 0 {
            return;
        }
        let since = self.since.entry(workspace.clone()).or_insert(i64::MAX);
        *since = (*since).min(interval.from.at);
        let residual = terms.residual.as_ref();
        for day in touched(interval, window) {
            let piece = (midnight(day), day.tomorrow().map_or(i64::MAX, midnight));
            let parts = self.days.entry((workspace.clone(), day)).or_default();
            if let Some(known) = Known::of(interval) {
                parts.entry(Part::Compute).or_default().count(interval, piece, known, rate);
            }
            for (part, rate) in [
                (Part::Disk, residual.map(|rates| rates.disk)),
                (Part::PublicIp, residual.map(|rates| rates.public_ip)),
                (Part::LoadBalancer, residual.map(|rates| rates.load_balancer)),
            ] {
                // billed until it is deleted, whatever it does
                parts.entry(part).or_default().count(interval, piece, Known::Seen, rate);
            }
        }
    }

    /// The days that were looked at.
    #[must_use]
    pub const fn span(&self) -> DaySpan {
        self.span
    }

    /// What the ledger says of a workspace's day.
    #[must_use]
    pub fn get(&self, workspace: &WorkspaceId, day: Date, part: Part) -> Option<&Metered> {
        // a key is made for the look-up: this runs once a day
        self.days.get(&(workspace.clone(), day))?.get(&part)
    }

    /// The workspaces and days that were watched from their first second to their last: only these can be compared.
    pub fn whole(&self) -> impl Iterator<Item = (&WorkspaceId, Date)> {
        self.since.iter().flat_map(move |(workspace, since)| {
            let until = self.until.get(workspace).copied().unwrap_or(i64::MIN);
            let whole =
                move |day: &Date| *since <= midnight(*day) && day.tomorrow().is_ok_and(|next| midnight(next) <= until);
            self.span.iter().filter(whole).map(move |day| (workspace, day))
        })
    }
}

/// The days of a window that an interval may lie in.
fn touched(interval: &Interval, window: (i64, i64)) -> impl Iterator<Item = Date> {
    let first = day_of(interval.from.low.max(window.0));
    let last = day_of(interval.to.high.min(window.1).saturating_sub(1));
    DaySpan { first, last }.iter().collect::<Vec<_>>().into_iter()
}
