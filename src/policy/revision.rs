//! The revision of a policy: a digest of what it means, so that comments and order make no new one.

use std::fmt::Write;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::matching::{Pattern, Scope};
use super::model::{Exemptions, HoursRule, Policy, Terms};
use crate::schedule::Holidays;
use crate::units::Span;

/// The first 12 hexadecimal digits of a SHA-256.
pub(super) fn short_digest(text: &str) -> Arc<str> {
    let mut hex = String::new();
    for byte in Sha256::digest(text.as_bytes()).iter().take(6) {
        hex.push_str(&format!("{byte:02x}"));
    }
    hex.into()
}

/// The revision of a compiled policy. What its file is called and where its lines stand is no part of it.
pub(super) fn revision(policy: &Policy) -> Arc<str> {
    let mut meaning = Meaning::default();
    meaning.line("version", 1);
    meaning.line("name", policy.id.as_str());
    meaning.line("mode", policy.mode);
    meaning.line("limits", policy.limits);
    meaning.line("canary", (policy.canary, policy.canary_for));
    meaning.scope(&policy.scope);
    meaning.terms(&policy.terms);
    // policies without these keep the revision that they had before there were any; how old what is known may become decides nothing
    if let Some(start) = &policy.start {
        meaning.line("start", (start.all, start.spread, start.catch_up, start.per_sweep, start.per_hour));
        meaning.line("unused", (start.unused_after, start.needs));
        meaning.exemptions("start", &start.whom);
    }
    for over in &policy.overrides {
        meaning.line("override", &over.name);
        meaning.exemptions("match", &over.matches);
        meaning.terms(&over.terms);
    }
    short_digest(&meaning.0)
}

/// What a policy means, one value a line, in a fixed order.
#[derive(Debug, Default)]
struct Meaning(String);

impl Meaning {
    /// A value by its debug form, which quotes texts, so that no text can look like another line.
    fn line(&mut self, key: &str, value: impl std::fmt::Debug) {
        if writeln!(self.0, "{key}={value:?}").is_err() {
            self.0.push_str(key);
        }
    }

    /// Patterns whose order means nothing.
    fn patterns(&mut self, key: &str, patterns: &[Pattern]) {
        let mut texts: Vec<String> = patterns.iter().map(|pattern| pattern.text().to_lowercase()).collect();
        texts.sort();
        texts.dedup();
        self.line(key, texts);
    }

    fn tags(&mut self, tags: &[(String, Pattern)]) {
        let mut texts: Vec<(String, String)> =
            tags.iter().map(|(tag, value)| (tag.to_lowercase(), value.text().to_lowercase())).collect();
        texts.sort();
        self.line("tags", texts);
    }

    fn scope(&mut self, scope: &Scope) {
        self.patterns("subscriptions", &scope.subscriptions);
        self.patterns("resource_groups", &scope.resource_groups);
        self.patterns("workspaces", &scope.workspaces);
        self.tags(&scope.tags);
    }

    fn exemptions(&mut self, key: &str, exempt: &Exemptions) {
        self.line("of", key);
        self.patterns("names", &exempt.names);
        self.patterns("owners", &exempt.owners);
        self.patterns("sizes", &exempt.sizes);
        self.tags(&exempt.tags);
    }

    fn terms(&mut self, terms: &Terms) {
        self.line("hours", terms.hours.is_some());
        if let Some(rule) = &terms.hours {
            self.hours(rule);
        }
        self.line("idle", terms.idle);
        if let Some(promql) = &terms.promql {
            self.line("promql", promql);
        }
        self.line("uptime", terms.uptime);
        // policies without one keep the revision that they had before there were budgets
        if let Some(budget) = &terms.budget {
            self.line("budget", (budget.monthly, budget.per, &budget.warn_at, budget.at_limit));
            self.line("budget_zone", budget.zone_name());
        }
        // as with the budget
        if let Some(native) = &terms.native {
            self.line("native", native);
        }
        // as with the budget
        if let Some(stopped) = &terms.stopped {
            self.line("stopped", (stopped.delete_after, stopped.unknown_owner_after, stopped.delete, &stopped.ladder));
            self.line("stopped_limits", (stopped.grace, stopped.per_day));
            self.exemptions("stopped_automatic", &stopped.automatic);
            self.exemptions("stopped_exempt", &stopped.exempt);
        }
        self.line("busy", terms.busy_cap);
        // as with the budget: the default makes no new revision of an old policy
        if terms.busy_fresh != Span::minutes(10) {
            self.line("busy_fresh", terms.busy_fresh);
        }
        let mut warning = terms.warning.clone();
        warning.notify.sort();
        self.line("warning", warning);
        // as with the budget
        if terms.respect_quiet {
            self.line("respect_quiet", true);
        }
        self.line("guard", (terms.min_uptime, terms.between_stops, terms.stops_per_day));
        self.line("opt_out_tag", terms.opt_out_tag.to_lowercase());
        self.line("include_unknown_owner", terms.include_unknown_owner);
        let hold = &terms.hold;
        self.line("hold", format_args!("HoldTerms {{ max: {:?}, per_week: {:?} }}", hold.max, hold.per_week));
        // as with the budget
        if let Some(monthly) = hold.monthly {
            self.line("hold_monthly", monthly);
        }
        self.exemptions("exempt", &terms.exempt);
    }

    /// Windows keep their order: an edge is named by the place of its window (S2).
    fn hours(&mut self, rule: &HoursRule) {
        self.line("zone", rule.hours.zone_name());
        self.line("windows", rule.hours.windows().iter().map(ToString::to_string).collect::<Vec<_>>());
        self.days("holidays", rule.hours.holidays());
        self.days("no_action", rule.hours.no_action());
        self.line("timing", (rule.respect_start_for, rule.catch_up, rule.spread));
    }

    fn days(&mut self, key: &str, days: &Holidays) {
        let mut dates: Vec<String> = days.iter().map(|day| day.dates.to_string()).collect();
        dates.dedup();
        self.line(key, dates);
        self.line("unreadable", days.unreadable().iter().map(|calendar| &calendar.source).collect::<Vec<_>>());
    }
}
