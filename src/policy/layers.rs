//! Layers: built-in default ← defaults of the fleet ← policy ← override, value by value, each knowing where it was written.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::de::DeTable;

use super::document::{Cap, Guard, Instances, Layer, Limits, Override, Tables};
use super::model::Origin;
use super::words::Switch;
use crate::document::{Findings, Located, Place, Read};

impl Tables {
    /// Reads the fleet's defaults: the table `defaults` of a file that holds more than policies.
    pub(super) fn read_defaults(root: &DeTable<'_>, findings: &mut Findings<'_>) -> Self {
        let Some(value) = root.get("defaults") else { return Self::default() };
        Self::read(value, "defaults", findings).unwrap_or_default()
    }
}

/// A layer over a lower one. What the upper one switches off stays off; what it writes over a rule that is off begins anew.
pub(super) fn over(upper: &Tables, lower: &Tables) -> Tables {
    Tables {
        mode: upper.mode.as_ref().or(lower.mode.as_ref()).cloned(),
        hours: switched(&upper.hours, &lower.hours, |up, low| up.over(low)),
        idle: switched(&upper.idle, &lower.idle, |up, low| up.over(low)),
        uptime: switched(&upper.uptime, &lower.uptime, |up, low| up.over(low)),
        budget: switched(&upper.budget, &lower.budget, |up, low| up.over(low)),
        promql: switched(&upper.promql, &lower.promql, |up, low| up.over(low)),
        native: switched(&upper.native, &lower.native, |up, low| up.over(low)),
        start: switched(&upper.start, &lower.start, |up, low| up.over(low)),
        stopped: switched(&upper.stopped, &lower.stopped, |up, low| up.over(low)),
        busy: joined(&upper.busy, &lower.busy, |up, low| up.over(low)),
        warning: joined(&upper.warning, &lower.warning, |up, low| up.over(low)),
        guard: joined(&upper.guard, &lower.guard, |up, low| up.over(low)),
        limits: joined(&upper.limits, &lower.limits, limits_over),
        hold: joined(&upper.hold, &lower.hold, |up, low| up.over(low)),
        exempt: joined(&upper.exempt, &lower.exempt, |up, low| up.over(low)),
    }
}

fn joined<T: Clone>(
    upper: &Option<Located<T>>,
    lower: &Option<Located<T>>,
    over: impl Fn(&T, &T) -> T,
) -> Option<Located<T>> {
    match (upper, lower) {
        (Some(up), Some(low)) => Some(Located { value: over(&up.value, &low.value), at: up.at.clone() }),
        (Some(one), None) | (None, Some(one)) => Some(one.clone()),
        (None, None) => None,
    }
}

type Switched<T> = Option<Located<Switch<T>>>;

fn switched<T: Clone>(upper: &Switched<T>, lower: &Switched<T>, over: impl Fn(&T, &T) -> T) -> Switched<T> {
    joined(upper, lower, |up, low| match (up, low) {
        (Switch::On(up), Switch::On(low)) => Switch::On(over(up, low)),
        (Switch::On(_), Switch::Off) | (Switch::Off, _) => up.clone(),
    })
}

/// A cap is layered by its parts, so that a new count does not silently lift the share (G4: the tightest wins).
fn limits_over(upper: &Limits, lower: &Limits) -> Limits {
    Limits {
        unplanned_per_sweep: joined(&upper.unplanned_per_sweep, &lower.unplanned_per_sweep, |up, low| up.over(low)),
        unplanned_per_hour: joined(&upper.unplanned_per_hour, &lower.unplanned_per_hour, |up, low| up.over(low)),
        planned_per_sweep: joined(&upper.planned_per_sweep, &lower.planned_per_sweep, |up, low| up.over(low)),
        planned_per_hour: joined(&upper.planned_per_hour, &lower.planned_per_hour, |up, low| up.over(low)),
    }
}

/// An override as a layer.
pub(super) fn of_override(over: &Override) -> Tables {
    let guard = over.guard.as_ref().map(|guard| Located {
        value: Guard {
            min_uptime: guard.value.min_uptime.clone(),
            between_stops: guard.value.between_stops.clone(),
            stops_per_day: guard.value.stops_per_day.clone(),
            opt_out_tag: guard.value.opt_out_tag.clone(),
            include_unknown_owner: guard.value.include_unknown_owner.clone(),
            canary: None,
            canary_for: None,
            seen_within: None,
        },
        at: guard.at.clone(),
    });
    Tables {
        mode: None,
        hours: over.hours.clone(),
        idle: over.idle.clone(),
        uptime: over.uptime.clone(),
        budget: None,
        promql: None,
        native: over.native.clone(),
        start: None,
        stopped: None,
        busy: over.busy.clone(),
        warning: over.warning.clone(),
        guard,
        limits: None,
        hold: over.hold.clone(),
        exempt: over.exempt.clone(),
    }
}

/// The value of a rule that is on.
pub(super) fn on<T>(switch: &Switched<T>) -> Option<&T> {
    match switch.as_ref().map(|located| &located.value) {
        Some(Switch::On(table)) => Some(table),
        Some(Switch::Off) | None => None,
    }
}

/// The value of a table, or one without values.
pub(super) fn table<T: Clone + Default>(written: &Option<Located<T>>) -> T {
    written.as_ref().map(|located| located.value.clone()).unwrap_or_default()
}

fn written_at(place: &Place) -> Origin {
    Origin::Written { file: Arc::clone(&place.file), line: place.line }
}

/// Where every effective value comes from.
pub(super) fn origins(effective: &Tables) -> BTreeMap<&'static str, Origin> {
    let mut origins = BTreeMap::new();
    let mut add = |places: Vec<(&'static str, Option<&Place>)>| {
        origins.extend(places.into_iter().map(|(key, place)| (key, place.map_or(Origin::BuiltIn, written_at))));
    };
    add(vec![("mode", effective.mode.as_ref().map(|mode| &mode.at))]);
    rule(&effective.hours, "hours", |table| table.places(), &mut add);
    rule(&effective.idle, "idle", |table| table.places(), &mut add);
    rule(&effective.uptime, "uptime", |table| table.places(), &mut add);
    rule(&effective.budget, "budget", |table| table.places(), &mut add);
    rule(&effective.promql, "promql", |table| table.places(), &mut add);
    rule(&effective.native, "native", |table| table.places(), &mut add);
    rule(&effective.start, "start", |table| table.places(), &mut add);
    rule(&effective.stopped, "stopped", |table| table.places(), &mut add);
    add(table(&effective.busy).places());
    add(table(&effective.warning).places());
    add(table(&effective.guard).places());
    add(table(&effective.hold).places());
    add(table::<Instances>(&effective.exempt).places());
    let limits = table(&effective.limits);
    add(cap(&limits.unplanned_per_sweep, ["limits.unplanned_per_sweep.count", "limits.unplanned_per_sweep.percent"]));
    add(cap(&limits.unplanned_per_hour, ["limits.unplanned_per_hour.count", "limits.unplanned_per_hour.percent"]));
    add(cap(&limits.planned_per_sweep, ["limits.planned_per_sweep.count", "limits.planned_per_sweep.percent"]));
    add(cap(&limits.planned_per_hour, ["limits.planned_per_hour.count", "limits.planned_per_hour.percent"]));
    origins
}

type Places<'a> = Vec<(&'static str, Option<&'a Place>)>;

/// A rule that is on has its values, one that is off the place that says so, one that nobody wrote nothing.
fn rule<T>(
    switch: &Switched<T>,
    key: &'static str,
    places: impl Fn(&T) -> Places<'_>,
    add: &mut impl FnMut(Places<'_>),
) {
    match switch.as_ref() {
        Some(Located { value: Switch::On(table), .. }) => add(places(table)),
        Some(Located { value: Switch::Off, at }) => add(vec![(key, Some(at))]),
        None => {}
    }
}

fn cap<'a>(cap: &'a Option<Located<Cap>>, [count, percent]: [&'static str; 2]) -> Places<'a> {
    let cap = cap.as_ref().map(|cap| &cap.value);
    let counted = cap.and_then(|cap| cap.count.as_ref()).map(|value| &value.at);
    let shared = cap.and_then(|cap| cap.percent.as_ref()).map(|value| &value.at);
    vec![(count, counted), (percent, shared)]
}
