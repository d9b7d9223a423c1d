//! What values mean together: the findings that no single value shows.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::budget::AtLimit;
use super::compile::{Around, Layered};
use super::document::{self, Tables};
use super::evidence_checks;
use super::layers::{on, table};
use super::model::{Exemptions, Mode, Override, Terms, WarningProof};
use super::native_checks;
use super::written::Document;
use crate::document::{Findings, Located, Place, Trouble, nearest};
use crate::schedule::{EdgeKind, Holidays, Hours};
use crate::units::{Span, is_plain_address};

/// What is wrong with single values of one layer, whatever the others say.
pub(super) fn ranges(written: &Tables, findings: &mut Findings<'_>) {
    if let Some(hours) = on(&written.hours) {
        positive(&hours.catch_up, "no missed end of hours would ever be acted on", findings);
        if let Some(allowed) = hours.allowed.as_ref().filter(|allowed| allowed.value.is_empty()) {
            let help = "write at least one, such as \"Mon-Fri 08:00-20:00\", or hours = \"off\" for no such rule";
            findings.error(&allowed.at, Trouble::new("no allowed hours are given, which would mean never", help));
        }
    }
    if let Some(idle) = on(&written.idle) {
        positive(&idle.after, "everything would be idle at once", findings);
        positive(&idle.fresh_within, "no reading is that fresh", findings);
        if let Some(coverage) = idle.coverage.as_ref().filter(|coverage| coverage.value.get() == 0) {
            findings.error(
                &coverage.at,
                Trouble::new(
                    "without any reading nothing is known to be idle",
                    "write a share from 1 to 100, such as 90",
                ),
            );
        }
    }
    if let Some(uptime) = on(&written.uptime) {
        positive(&uptime.max, "everything would have run too long at once", findings);
    }
    if let Some(cap) = table(&written.busy).cap.filter(|cap| cap.value.is_zero()) {
        findings.warning(
            &cap.at,
            Trouble::new(
                "a running job would not hold a stop back at all",
                "write how long it may, such as \"12h\", or leave the key out",
            ),
        );
    }
    positive(&table(&written.busy).fresh_within, "no sign of use is that fresh", findings);
    if let Some(lead) = table(&written.warning).lead.filter(|lead| lead.value.is_zero()) {
        findings.warning(
            &lead.at,
            Trouble::new(
                "stops come without any time to react",
                "write how long before people are warned, such as \"15m\"",
            ),
        );
    }
    if let Some(stops) = table(&written.guard).stops_per_day.filter(|stops| stops.value == 0) {
        findings
            .warning(&stops.at, Trouble::new("0 stops a day means that nothing is ever stopped", "write at least 1"));
    }
    positive(&table(&written.guard).seen_within, "nothing is known that well", findings);
    none_at_all(&table(&written.limits), findings);
    native_checks::ranges(written, findings);
}

pub(super) fn positive(written: &Option<Located<Span>>, meaning: &str, findings: &mut Findings<'_>) {
    if let Some(span) = written.as_ref().filter(|span| span.value.is_zero()) {
        findings.error(
            &span.at,
            Trouble::new(format!("this must be longer than nothing: {meaning}"), "write a length such as \"90m\""),
        );
    }
}

/// A cap of 0 is allowed and is none at all (G4), which few mean.
fn none_at_all(limits: &document::Limits, findings: &mut Findings<'_>) {
    let caps =
        [&limits.unplanned_per_sweep, &limits.unplanned_per_hour, &limits.planned_per_sweep, &limits.planned_per_hour];
    for cap in caps.into_iter().flatten() {
        let count = cap.value.count.as_ref().filter(|count| count.value == 0).map(|count| &count.at);
        let percent = cap.value.percent.as_ref().filter(|percent| percent.value.get() == 0).map(|percent| &percent.at);
        for at in [count, percent].into_iter().flatten() {
            findings.warning(
                at,
                Trouble::new(
                    "0 means that none is ever stopped",
                    "write at least 1, or mode = \"observe\" to only record",
                ),
            );
        }
    }
}

/// Rules that this layer begins and nobody finishes.
pub(super) fn unfinished(layered: Layered<'_>, findings: &mut Findings<'_>) {
    let Layered { written, effective } = layered;
    evidence_checks::unfinished(layered, findings);
    native_checks::unfinished(layered, findings);
    if let Some(hours) = on(&effective.hours) {
        match (&hours.allowed, &hours.zone) {
            (Some(allowed), None) => missing(
                &allowed.at,
                "zone",
                ("hours have no time zone", "write zone = \"Europe/Berlin\" or another IANA name; there is no default"),
                findings,
            ),
            (None, _) => {
                if let Some(own) = on(&written.hours).and(written.hours.as_ref()) {
                    missing(
                        &own.at,
                        "",
                        (
                            "this gives no allowed hours",
                            "write allowed = [\"Mon-Fri 08:00-20:00\"], or leave the table out",
                        ),
                        findings,
                    );
                }
            }
            (Some(_), Some(_)) => {}
        }
    }
    let idle = on(&effective.idle).is_some_and(|idle| idle.after.is_none());
    if let Some(own) = on(&written.idle).and(written.idle.as_ref()).filter(|_| idle) {
        missing(
            &own.at,
            "",
            ("this does not say after how long", "write after = \"90m\", or leave the table out"),
            findings,
        );
    }
    let uptime = on(&effective.uptime).is_some_and(|uptime| uptime.max.is_none());
    if let Some(own) = on(&written.uptime).and(written.uptime.as_ref()).filter(|_| uptime) {
        missing(&own.at, "", ("this does not say how long", "write max = \"72h\", or leave the table out"), findings);
    }
}

/// Reports what is missing in the table of a key, unless something wrong in that table may be what was meant.
pub(super) fn missing(at: &Place, key: &str, (problem, help): (&str, &str), findings: &mut Findings<'_>) {
    let table = if key.is_empty() { &*at.key } else { at.key.rsplit_once('.').map_or("", |(table, _)| table) };
    if !findings.is_broken(table) {
        let at = if key.is_empty() { at.clone() } else { at.keyed(&format!("{table}.{key}")) };
        findings.error(&at, Trouble::new(problem, help));
    }
}

/// What effective values say against each other.
pub(super) fn conflicts(
    effective: &Tables,
    terms: &Terms,
    (mode, around): (Mode, &Around<'_>),
    findings: &mut Findings<'_>,
) {
    hours(effective, terms, findings);
    warnings(effective, terms, findings);
    evidence_checks::conflicts(effective, terms, around, findings);
    if let Some((rule, after)) = terms.idle.zip(on(&effective.idle).and_then(|idle| idle.after.as_ref()))
        && rule.fresh_within > rule.after
    {
        let at = on(&effective.idle).and_then(|idle| idle.fresh_within.as_ref()).map_or(&after.at, |fresh| &fresh.at);
        let problem = format!(
            "the newest reading may be {} old, which is older than the {} of quiet asked for",
            rule.fresh_within, rule.after
        );
        findings.warning(at, Trouble::new(problem, "let fresh_within be much shorter than after"));
    }
    if let Some((rule, max)) = terms.uptime.zip(on(&effective.uptime).and_then(|uptime| uptime.max.as_ref()))
        && !rule.max.is_zero()
        && rule.max <= terms.min_uptime.max(terms.warning.lead)
    {
        let problem = format!(
            "{} is no longer than guard.min_uptime ({}) or warning.lead ({})",
            rule.max, terms.min_uptime, terms.warning.lead
        );
        findings.warning(
            &max.at,
            Trouble::new(problem, "instances would be stopped as soon as that is allowed: write a longer time"),
        );
    }
    let undeliverable = mode == Mode::Enforce && around.channels == 0 && terms.warning.proof == WarningProof::Delivered;
    if let Some(mode) = effective.mode.as_ref().filter(|_| undeliverable && stops(terms)) {
        let help = "configure a channel, or write warning.proof = \"recorded\"";
        findings.error(
            &mode.at,
            Trouble::new("this stops nothing: warnings must be delivered and no channel is configured", help),
        );
    }
    everything_exempt(effective, findings);
}

fn has_rule(terms: &Terms) -> bool {
    stops(terms) || terms.budget.is_some() || terms.native.is_some() || terms.stopped.is_some()
}

fn stops(terms: &Terms) -> bool {
    let by_budget = terms.budget.as_ref().is_some_and(|budget| budget.at_limit == AtLimit::Stop);
    terms.hours.is_some() || terms.idle.is_some() || terms.uptime.is_some() || by_budget
}

fn everything_exempt(effective: &Tables, findings: &mut Findings<'_>) {
    let exempt = table(&effective.exempt);
    for pattern in [&exempt.names, &exempt.owners, &exempt.sizes].into_iter().flatten().flat_map(|list| &list.value) {
        if pattern.value.text().chars().all(|c| c == '*') {
            findings.warning(&pattern.at, Trouble::new("this exempts everything", "name what is never to be stopped"));
        }
    }
}

/// The shortest stretches of a week: (within the hours, outside them), as the windows are written.
fn shortest(hours: &Hours) -> Option<(SignedDuration, SignedDuration)> {
    let plain = Hours::in_zone(TimeZone::UTC, hours.windows().to_vec(), Holidays::new(), Holidays::new()).ok()?;
    let edges: Vec<_> = plain
        .walk(Timestamp::UNIX_EPOCH)
        .take(2 * 7 * 24 * 60)
        .take_while(|edge| edge.at.as_second() < 3 * 7 * 86_400)
        .collect();
    let stretches =
        edges.iter().zip(edges.iter().skip(1)).map(|(first, second)| (first.kind, second.at.duration_since(first.at)));
    let least =
        |wanted: EdgeKind| stretches.clone().filter(|(kind, _)| *kind == wanted).map(|(_, length)| length).min();
    least(EdgeKind::On).zip(least(EdgeKind::Off))
}

fn hours(effective: &Tables, terms: &Terms, findings: &mut Findings<'_>) {
    let Some((rule, written)) = terms.hours.as_ref().zip(on(&effective.hours)) else { return };
    let Some(allowed) = &written.allowed else { return };
    let Some((open, shut)) = shortest(&rule.hours) else {
        if rule.hours.holidays().is_empty() && rule.hours.is_known() {
            let help = "leave time between the windows, or leave the table out";
            findings
                .warning(&allowed.at, Trouble::new("these hours never end, so nothing is ever stopped by them", help));
        }
        return;
    };
    let lead = terms.warning.lead;
    if lead.duration() > open {
        let at = table(&effective.warning).lead.map_or_else(|| allowed.at.clone(), |lead| lead.at);
        let problem =
            format!("people are warned {lead} ahead, which is longer than the shortest window ({})", words(open));
        findings.warning(
            &at,
            Trouble::new(
                problem,
                "they are warned before they can start: write a shorter warning.lead or longer windows",
            ),
        );
    }
    if rule.spread.duration() >= shut {
        let at = written.spread.as_ref().map_or(&allowed.at, |spread| &spread.at);
        let problem = format!(
            "stops are spread over {}, which is no shorter than the shortest time off ({})",
            rule.spread,
            words(shut)
        );
        findings.warning(at, Trouble::new(problem, "some would fall into the next window: write a shorter spread"));
    }
}

fn words(length: SignedDuration) -> String {
    u32::try_from(length.as_secs()).map_or_else(|_| length.to_string(), |seconds| Span::seconds(seconds).to_string())
}

fn warnings(effective: &Tables, terms: &Terms, findings: &mut Findings<'_>) {
    let written = table(&effective.warning);
    addressees(&written, findings);
    let either = written.lead_unknown_owner.as_ref().or(written.lead.as_ref());
    if let Some(lead) = either.filter(|_| terms.warning.lead_unknown_owner < terms.warning.lead) {
        let problem = format!(
            "where nobody knows the owner the warning comes {} ahead, later than the {} for others",
            terms.warning.lead_unknown_owner, terms.warning.lead
        );
        findings.warning(&lead.at, Trouble::new(problem, "let lead_unknown_owner be at least as long as lead"));
    }
}

/// Words that stand for people; beside them an address, or a name of one's own for a webhook, such as "#ml-platform".
const PEOPLE: [&str; 3] = ["owner", "team", "workspace"];

fn addressees(written: &document::Warning, findings: &mut Findings<'_>) {
    for who in written.notify.iter().flat_map(|list| &list.value) {
        let word = who.value.0.as_str();
        let is_own = word.starts_with(['#', '@']);
        if PEOPLE.contains(&word) || is_own || is_plain_address(word) {
            continue;
        }
        let help = nearest(word, PEOPLE.into_iter()).map_or_else(
            || "write an address, or \"team\" or \"workspace\" for those who are named there".to_owned(),
            |meant| format!("did you mean \"{meant}\"?"),
        );
        let problem = format!("\"{word}\" is no e-mail address and stands for nobody");
        findings.warning(&who.at, Trouble::new(problem, help));
    }
}

/// A policy that asks for nothing.
pub(super) fn rules(document: &Document, terms: &Terms, overrides: &[Override], findings: &mut Findings<'_>) {
    let any = has_rule(terms) || overrides.iter().any(|over| has_rule(&over.terms));
    if let Some(name) = document.name.as_ref().filter(|_| !any && !findings.is_fatal()) {
        findings.warning(
            &name.at,
            Trouble::new(
                "this policy has no rule, so nothing is ever due under it",
                "write [hours], [idle], [uptime] or [budget]",
            ),
        );
    }
}

/// What is wrong with what an override matches, seen beside those before it.
pub(super) fn matches(
    located: &Located<document::Override>,
    matches: &Exemptions,
    (name, earlier): (&str, &[Override]),
    findings: &mut Findings<'_>,
) {
    let over = &located.value;
    let key = format!("{}.match", located.at.key);
    if matches.is_empty() && !findings.is_broken(&key) {
        let at = over.matches.as_ref().map_or_else(|| located.at.keyed(&key), |written| written.at.clone());
        findings.error(
            &at,
            Trouble::new(
                "this override matches nothing",
                "write match = { sizes = [\"Standard_N*\"] }, or names, owners or tags",
            ),
        );
    }
    if let Some(at) = over
        .name
        .as_ref()
        .map(|name| &name.at)
        .filter(|_| earlier.iter().any(|one| one.name.eq_ignore_ascii_case(name)))
    {
        findings.error(
            at,
            Trouble::new(format!("another override is called \"{name}\" already"), "give each a name of its own"),
        );
    }
    let same = earlier.iter().find(|one| !matches.is_empty() && one.matches == *matches);
    if let Some(same) = same {
        let problem = format!("this is never used: override \"{}\" matches the same and comes first", same.name);
        findings.warning(&located.at, Trouble::new(problem, "join the two"));
    }
    let parts =
        [over.hours.is_some(), over.idle.is_some(), over.uptime.is_some(), over.busy.is_some(), over.warning.is_some()];
    let more = [over.native.is_some(), over.guard.is_some(), over.hold.is_some(), over.exempt.is_some()];
    if !parts.into_iter().chain(more).any(|part| part) && !findings.is_broken(&located.at.key) {
        findings.warning(
            &located.at,
            Trouble::new("this override changes nothing", "write what differs, such as idle = { after = \"20m\" }"),
        );
    }
}

/// Exemptions of a lower layer that an upper one takes away by writing the same list anew.
pub(super) fn lost_exemptions(upper: &Tables, lower: &Tables, findings: &mut Findings<'_>) {
    let (up, low) = (table(&upper.exempt), table(&lower.exempt));
    let lists = [(&up.names, &low.names), (&up.owners, &low.owners), (&up.sizes, &low.sizes)];
    for (written, beneath) in lists.into_iter().filter_map(|(up, low)| up.as_ref().zip(low.as_ref())) {
        let kept = |text: &str| written.value.iter().any(|pattern| pattern.value.text() == text);
        let lost: Vec<&str> =
            beneath.value.iter().map(|pattern| pattern.value.text()).filter(|text| !kept(text)).collect();
        lost_of(&written.at, &beneath.at, &lost, findings);
    }
    if let Some((written, beneath)) = up.tags.as_ref().zip(low.tags.as_ref()) {
        let lost: Vec<&str> = beneath
            .value
            .0
            .iter()
            .filter(|(tag, pattern)| written.value.0.get(*tag) != Some(*pattern))
            .map(|(tag, _)| tag.as_str())
            .collect();
        lost_of(&written.at, &beneath.at, &lost, findings);
    }
}

fn lost_of(at: &Place, beneath: &Place, lost: &[&str], findings: &mut Findings<'_>) {
    if !lost.is_empty() {
        let problem = format!(
            "this list takes the place of the one at {beneath}, so \"{}\" is no longer exempt",
            lost.join("\", \"")
        );
        findings.warning(at, Trouble::new(problem, "repeat what is still to be exempt"));
    }
}
