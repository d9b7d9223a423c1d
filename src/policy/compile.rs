//! From effective tables to a policy: every value checked, every finding gathered, nothing half right let through.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::document::{self, Layer, Tables};
use super::layers::{of_override, on, origins, over, table};
use super::limits::{Cap, Limits};
use super::matching::{Pattern, Scope};
use super::model::{
    Exemptions, HoldTerms, HoursRule, IdleRule, Mode, Override, Policy, Terms, UptimeRule, Warning, WarningProof,
    WhenUndelivered,
};
use super::revision::revision;
use super::values::{List, TagPatterns};
use super::written::Document;
use super::{budget_checks, checks, evidence_checks, native_checks, start, stopped, stopped_checks};
use crate::document::{Findings, Located, Trouble};
use crate::facts::{Source, SourceSet};
use crate::schedule::{DateRange, Holidays, Hours, parse_ics};
use crate::units::{Percent, PolicyId, Span};

/// The most overrides of one policy: the first that matches holds, and nobody follows a longer list.
const MOST_OVERRIDES: usize = 256;

/// What a policy is compiled with, beside its own text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around<'a> {
    /// The fleet's defaults.
    pub(super) defaults: &'a Tables,
    /// The texts of calendars, or why there is none, by the path that `calendar_paths` gives.
    pub(super) calendars: &'a BTreeMap<String, Result<String, String>>,
    /// How many channels can deliver a warning.
    pub(super) channels: usize,
    /// Which sources tell whether an instance is used, as the settings have them.
    pub(super) sources: SourceSet,
}

/// The tables that hold for some instances: as written in the uppermost layer, and with all the layers beneath.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layered<'a> {
    pub(super) written: &'a Tables,
    pub(super) effective: &'a Tables,
}

/// Compiles a document. Where there is an error in it, gives what it covers, if that much could be read.
pub(super) fn compile(
    document: &Document,
    around: &Around<'_>,
    findings: &mut Findings<'_>,
) -> Result<Policy, Option<Scope>> {
    let whole_file = findings.place(&(0..0), "");
    let effective = over(&document.tables, around.defaults);
    let scope = scope(document, findings);
    if document.name.is_none() && !findings.is_broken("name") {
        findings.error(
            &whole_file.keyed("name"),
            Trouble::new("the policy has no name", "write name = \"…\" at the top of the file"),
        );
    }
    checks::ranges(&document.tables, findings);
    budget_checks::ranges(&document.tables, findings);
    start::ranges(&document.tables, findings);
    stopped_checks::ranges(&document.tables, findings);
    checks::lost_exemptions(&document.tables, around.defaults, findings);
    let layered = Layered { written: &document.tables, effective: &effective };
    let mut terms = terms(layered, None, around, findings);
    terms.budget = budget_checks::budget(layered, findings).map(Arc::new);
    stopped_checks::together(layered, around.channels, findings);
    terms.stopped =
        on(&effective.stopped).and_then(|table| stopped::stopped(table, |list| instances(&self::table(list))));
    let mode = effective.mode.as_ref().map_or(Mode::Observe, |mode| mode.value);
    checks::conflicts(&effective, &terms, (mode, around), findings);
    let overrides = overrides(document, (&effective, &terms), (mode, around), findings);
    checks::rules(document, &terms, &overrides, findings);
    let start = start::start(layered, terms.idle, findings).map(Arc::new);
    start::conflicts(&effective, start.as_deref(), (&terms, &overrides), around, findings);
    let Some(name) = document.name.as_ref().filter(|_| !findings.is_fatal()) else {
        return Err(Some(scope).filter(|scope| !scope.is_empty() && !findings.is_broken("scope")));
    };
    let guard = table(&effective.guard);
    let mut policy = Policy {
        id: PolicyId::new(&name.value.0),
        file: Arc::clone(findings.file()),
        revision: Arc::from(""),
        scope,
        mode,
        limits: limits(&effective),
        canary: or(&guard.canary, Percent::new(10).unwrap_or(Percent::ALL)),
        canary_for: or(&guard.canary_for, Span::hours(24)),
        seen_within: maybe(&guard.seen_within),
        terms: Arc::new(terms),
        overrides,
        start,
    };
    policy.revision = revision(&policy);
    Ok(policy)
}

/// The scope; one that names nothing is refused, because nothing must never mean everything (G2).
fn scope(document: &Document, findings: &mut Findings<'_>) -> Scope {
    let Some(scope) = &document.scope else {
        if !findings.is_broken("scope") {
            let at = findings.place(&(0..0), "scope");
            findings.error(
                &at,
                Trouble::new(
                    "the policy names no scope",
                    "write [scope] with workspaces = [\"…\"], resource_groups, subscriptions or tags",
                ),
            );
        }
        return Scope::default();
    };
    let lists = [&scope.value.subscriptions, &scope.value.resource_groups, &scope.value.workspaces];
    for list in lists.into_iter().flatten().filter(|list| list.value.is_empty()) {
        let help = "name what is meant, write [\"*\"] for everything, or leave the key out";
        findings.error(&list.at, Trouble::new("an empty list names nothing and never means everything", help));
    }
    if let Some(tags) = scope.value.tags.as_ref().filter(|tags| tags.value.0.is_empty()) {
        findings.error(
            &tags.at,
            Trouble::new(
                "empty tags name nothing and never mean everything",
                "write { env = \"dev\" } or leave the key out",
            ),
        );
    }
    let written = scope.value.places().iter().any(|(_, place)| place.is_some());
    if !written && !findings.is_broken("scope") {
        let help = "write workspaces = [\"…\"], resource_groups, subscriptions or tags; [\"*\"] means everything";
        findings.error(&scope.at, Trouble::new("the scope names nothing and never means everything", help));
    }
    Scope {
        subscriptions: patterns(&scope.value.subscriptions),
        resource_groups: patterns(&scope.value.resource_groups),
        workspaces: patterns(&scope.value.workspaces),
        tags: tags(&scope.value.tags),
    }
}

fn patterns(list: &Option<Located<List<Pattern>>>) -> Vec<Pattern> {
    list.iter().flat_map(|list| &list.value).map(|pattern| pattern.value.clone()).collect()
}

fn tags(tags: &Option<Located<TagPatterns>>) -> Vec<(String, Pattern)> {
    tags.iter().flat_map(|tags| &tags.value.0).map(|(name, pattern)| (name.clone(), pattern.clone())).collect()
}

pub(super) fn instances(instances: &document::Instances) -> Exemptions {
    Exemptions {
        names: patterns(&instances.names),
        owners: patterns(&instances.owners),
        sizes: patterns(&instances.sizes),
        tags: tags(&instances.tags),
    }
}

fn or<T: Copy>(written: &Option<Located<T>>, default: T) -> T {
    written.as_ref().map_or(default, |located| located.value)
}

fn maybe<T: Copy>(written: &Option<Located<T>>) -> Option<T> {
    written.as_ref().map(|located| located.value)
}

fn overrides(
    document: &Document,
    (base, terms_of_base): (&Tables, &Terms),
    around: (Mode, &Around<'_>),
    findings: &mut Findings<'_>,
) -> Vec<Override> {
    let mut compiled: Vec<Override> = Vec::new();
    if let Some(list) = document.overrides.as_ref().filter(|list| list.value.len() > MOST_OVERRIDES) {
        let problem = format!("{} overrides are given, at most {MOST_OVERRIDES} are read", list.value.len());
        findings.error(&list.at, Trouble::new(problem, "join those that say the same"));
        return compiled;
    }
    for (index, located) in document.overrides.iter().flat_map(|list| &list.value).enumerate() {
        let written = of_override(&located.value);
        let effective = over(&written, base);
        let name: Arc<str> = located.value.name.as_ref().map_or_else(
            || format!("override {}", index.saturating_add(1)).into(),
            |name| name.value.0.as_str().into(),
        );
        let matches = located.value.matches.as_ref().map(|matches| instances(&matches.value)).unwrap_or_default();
        checks::matches(located, &matches, (&name, &compiled), findings);
        checks::ranges(&written, findings);
        checks::lost_exemptions(&written, base, findings);
        let terms =
            terms(Layered { written: &written, effective: &effective }, Some(terms_of_base), around.1, findings);
        checks::conflicts(&effective, &terms, around, findings);
        compiled.push(Override { name, matches, terms: Arc::new(terms) });
    }
    compiled
}

/// The terms of effective tables; hours that an override leaves alone are shared with the terms beneath it. Where there
/// is an error in them they are never used.
fn terms(layered: Layered<'_>, beneath: Option<&Terms>, around: &Around<'_>, findings: &mut Findings<'_>) -> Terms {
    let effective = layered.effective;
    checks::unfinished(layered, findings);
    let (guard, hold) = (table(&effective.guard), table(&effective.hold));
    Terms {
        hours: match beneath.filter(|_| layered.written.hours.is_none()) {
            Some(beneath) => beneath.hours.clone(),
            None => on(&effective.hours).and_then(|table| hours(table, around, findings)),
        },
        idle: on(&effective.idle).and_then(idle),
        uptime: on(&effective.uptime).and_then(|uptime| maybe(&uptime.max)).map(|max| UptimeRule { max }),
        budget: beneath.and_then(|beneath| beneath.budget.clone()),
        busy_cap: maybe(&table(&effective.busy).cap),
        busy_fresh: or(&table(&effective.busy).fresh_within, Span::minutes(10)),
        promql: match beneath {
            Some(beneath) => beneath.promql.clone(),
            None => on(&effective.promql).and_then(evidence_checks::promql),
        },
        native: on(&effective.native).and_then(native_checks::native),
        stopped: beneath.and_then(|beneath| beneath.stopped.clone()),
        warning: warning(&table(&effective.warning)),
        respect_quiet: or(&table(&effective.warning).respect_quiet, false),
        min_uptime: or(&guard.min_uptime, Span::minutes(15)),
        between_stops: or(&guard.between_stops, Span::minutes(30)),
        stops_per_day: or(&guard.stops_per_day, 3),
        hold: HoldTerms {
            max: or(&hold.max, Span::hours(12)),
            per_week: or(&hold.per_week, 5),
            monthly: hold.monthly.as_ref().map(|amount| amount.value.0),
        },
        opt_out_tag: guard.opt_out_tag.as_ref().map_or("lightsout-keep", |tag| &tag.value.0).into(),
        include_unknown_owner: or(&guard.include_unknown_owner, false),
        exempt: instances(&table(&effective.exempt)),
        origins: origins(effective),
    }
}

fn idle(table: &document::Idle) -> Option<IdleRule> {
    let after = maybe(&table.after)?;
    let coverage = or(&table.coverage, Percent::new(90).unwrap_or(Percent::ALL));
    let needs: SourceSet = table.needs.iter().flat_map(|list| &list.value).map(|source| source.value).collect();
    let needs = if needs.is_empty() { SourceSet::NONE.with(Source::Agent) } else { needs };
    Some(IdleRule { after, coverage, fresh_within: or(&table.fresh_within, Span::minutes(10)), needs })
}

fn warning(table: &document::Warning) -> Warning {
    Warning {
        lead: or(&table.lead, Span::minutes(15)),
        lead_unknown_owner: or(&table.lead_unknown_owner, Span::minutes(60)),
        proof: or(&table.proof, WarningProof::Delivered),
        max_postpone: or(&table.max_postpone, Span::hours(2)),
        undelivered: or(&table.undelivered, WhenUndelivered::Keep),
        notify: table.notify.iter().flat_map(|list| &list.value).map(|who| who.value.0.clone()).collect(),
    }
}

/// The limits of effective tables; also those of the whole fleet, which are its defaults (G4).
pub(super) fn limits(effective: &Tables) -> Limits {
    let written = table(&effective.limits);
    let built_in = Limits::default();
    let cap = |written: &Option<Located<document::Cap>>, built_in: Cap| {
        let written = table(written);
        Cap { count: maybe(&written.count).or(built_in.count), percent: maybe(&written.percent).or(built_in.percent) }
    };
    Limits {
        unplanned_per_sweep: cap(&written.unplanned_per_sweep, built_in.unplanned_per_sweep),
        unplanned_per_hour: cap(&written.unplanned_per_hour, built_in.unplanned_per_hour),
        planned_per_sweep: cap(&written.planned_per_sweep, built_in.planned_per_sweep),
        planned_per_hour: cap(&written.planned_per_hour, built_in.planned_per_hour),
    }
}

impl Default for Limits {
    /// 10 % or 20 of unplanned stops, whichever is less; planned ones only pace at all of them (G4).
    fn default() -> Self {
        let unplanned = Cap { count: Some(20), percent: Percent::new(10).ok() };
        let planned = Cap { count: None, percent: Some(Percent::ALL) };
        Self {
            unplanned_per_sweep: unplanned,
            unplanned_per_hour: unplanned,
            planned_per_sweep: planned,
            planned_per_hour: planned,
        }
    }
}

/// The hours of a table that has windows and a zone; what it lacks is reported elsewhere.
fn hours(table: &document::Hours, around: &Around<'_>, findings: &mut Findings<'_>) -> Option<HoursRule> {
    let (allowed, zone) = (table.allowed.as_ref().filter(|allowed| !allowed.value.is_empty())?, table.zone.as_ref()?);
    let mut holidays = dates(&table.holidays, "hours.holidays");
    for calendar in table.calendars.iter().flat_map(|list| &list.value) {
        let path = calendar_path(&calendar.at.file, &calendar.value.0);
        let text = around.calendars.get(&path).cloned().unwrap_or_else(|| Err("it was not read".to_owned()));
        match text.and_then(|text| parse_ics(&text, &zone.value.0).map_err(|error| error.to_string())) {
            Ok(entries) => {
                if entries.is_empty() {
                    findings.warning(
                        &calendar.at,
                        Trouble::new(
                            format!("calendar {path} holds no event"),
                            "give one with the holidays in it, or leave it out",
                        ),
                    );
                }
                holidays.add_all(entries, &path);
            }
            Err(problem) => {
                findings.alarm(&calendar.at, unreadable(&path, &problem));
                holidays.add_unreadable(&path, &problem);
            }
        }
    }
    let windows = allowed.value.iter().map(|window| window.value).collect();
    match Hours::in_zone(zone.value.0.clone(), windows, holidays, dates(&table.no_action, "hours.no_action")) {
        Ok(hours) => Some(HoursRule {
            hours: Arc::new(hours),
            respect_start_for: maybe(&table.respect_start_for),
            catch_up: maybe(&table.catch_up),
            spread: or(&table.spread, Span::seconds(60)),
        }),
        Err(error) => {
            findings.error(&allowed.at, Trouble::of_message(&error.to_string()));
            None
        }
    }
}

fn unreadable(path: &str, problem: &str) -> Trouble {
    let problem = format!("calendar {path} cannot be read: {problem}");
    Trouble::new(problem, "until it can be read these hours stop nothing; mend it or leave it out")
}

fn dates(list: &Option<Located<List<DateRange>>>, source: &str) -> Holidays {
    let mut dates = Holidays::new();
    for range in list.iter().flat_map(|list| &list.value) {
        dates.add(range.value, &range.value.to_string(), source);
    }
    dates
}

/// The path of a calendar as the process reads it: from the directory of the file that names it.
pub(super) fn calendar_path(file: &str, calendar: &str) -> String {
    let directory = file.rsplit_once('/').filter(|_| !calendar.starts_with('/')).map(|(directory, _)| directory);
    directory.map_or_else(|| calendar.to_owned(), |directory| format!("{directory}/{calendar}"))
}
