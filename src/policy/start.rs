//! Starting at the on-edges of the hours: opt-in, for whom it is said and nobody else; from the table to the rule, and what
//! is wrong with it on the way.
//!
//! The rule stands on the policy and not on its overrides: whom it starts is one list, read in one place. Overrides say
//! when, by the hours that they give.

use jiff::{SignedDuration, Timestamp};

use super::checks::positive;
use super::compile::{Around, Layered, instances};
use super::document::{Instances, Layer, Tables};
use super::layers::on;
use super::matching::Subject;
use super::model::{Exemptions, IdleRule, Override, Terms};
use super::start_table::Start;
use crate::document::{Findings, Located, Place, Trouble};
use crate::facts::{Source, SourceSet};
use crate::schedule::{Edge, EdgeKind, Hours};
use crate::units::Span;

/// A start that comes later than this after its edge helps nobody.
const LATEST: Span = Span::hours(12);
/// What was started is remembered for two days; whether it was used is asked well within them.
const LONGEST_UNUSED: Span = Span::hours(24);

/// Edges of two weeks with seven windows a day.
const WEEKS_OF_EDGES: usize = 200;

/// Start what is off when the hours begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartRule {
    /// Which instances; empty where all are meant.
    pub whom: Exemptions,
    /// Everything that the policy governs; only where somebody wrote so (G2).
    pub all: bool,
    /// Each instance's start comes up to this much later, by a hash of its id; never earlier (S19).
    pub spread: Span,
    /// How long after the edge an instance is still started.
    pub catch_up: Span,
    /// At most so many in one sweep; the rest waits for the next.
    pub per_sweep: u32,
    /// At most so many in any hour; the rest waits.
    pub per_hour: u32,
    /// What was started and not used for so long is due to be stopped again.
    pub unused_after: Span,
    /// Which sources have to say that nobody used it; never empty.
    pub needs: SourceSet,
}

impl StartRule {
    /// Whether it is for this instance.
    #[must_use]
    pub fn covers(&self, subject: &Subject<'_>) -> bool {
        self.all || self.whom.all_match(subject)
    }

    /// What it does, completing "the policy …".
    #[must_use]
    pub fn in_words(&self, whom: &str) -> String {
        let whom = if self.all { "everything that it governs" } else { whom };
        format!("starts {whom} when hours begin; stops what was not used within {} of that", self.unused_after)
    }
}

/// What is wrong with single values of one layer.
pub(super) fn ranges(written: &Tables, findings: &mut Findings<'_>) {
    let Some(start) = on(&written.start) else { return };
    positive(&start.catch_up, "nothing would ever be started", findings);
    positive(&start.unused_after, "everything would be stopped again at once", findings);
    let most = [
        (&start.catch_up, LATEST, "a start that late helps nobody"),
        (&start.unused_after, LONGEST_UNUSED, "it is not remembered for longer what was started"),
    ];
    for (written, most, why) in most {
        if let Some(long) = written.as_ref().filter(|span| span.value > most) {
            let help = format!("write {most} at most, such as \"1h\"");
            findings.error(&long.at, Trouble::new(format!("{} is too long: {why}", long.value), help));
        }
    }
    for count in [&start.per_sweep, &start.per_hour].into_iter().flatten().filter(|count| count.value == 0) {
        findings.warning(&count.at, Trouble::new("0 means that none is ever started", "write at least 1"));
    }
    if let Some(needs) = start.needs.as_ref().filter(|needs| needs.value.is_empty()) {
        let help = "name \"agent\", \"promql\" or \"monitor\", or leave the key out for the sources of [idle]";
        findings.error(&needs.at, Trouble::new("an empty list asks nobody whether it was used", help));
    }
}

/// The rule of effective tables. Whom it starts must be said: nothing never means all (G2).
pub(super) fn start(layered: Layered<'_>, idle: Option<IdleRule>, findings: &mut Findings<'_>) -> Option<StartRule> {
    let table = on(&layered.effective.start)?;
    let at = layered.written.start.as_ref().or(layered.effective.start.as_ref()).map(|start| start.at.clone())?;
    let whom = instances(&Instances {
        names: table.names.clone(),
        owners: table.owners.clone(),
        sizes: table.sizes.clone(),
        tags: table.tags.clone(),
    });
    let all = value(&table.all, false);
    let written = ["start.names", "start.owners", "start.sizes", "start.tags"];
    let places = table.places();
    let listed: Vec<&Place> =
        places.iter().filter(|(key, _)| written.contains(key)).filter_map(|(_, place)| *place).collect();
    if let Some(list) = listed.first().filter(|_| all) {
        let help = "write either all = true, or which ones";
        findings.error(list, Trouble::new("this starts all and only some at once", help));
    } else if !all && whom.is_empty() && !findings.is_broken("start") {
        let help = "write names, owners, sizes or tags of those to start, or all = true for everything it governs";
        findings.error(&at, Trouble::new("this names no instance to start, and never means all", help));
    }
    let (spread, catch_up) = (value(&table.spread, Span::minutes(5)), value(&table.catch_up, Span::hours(1)));
    if spread >= catch_up {
        let place = table.spread.as_ref().or(table.catch_up.as_ref()).map_or(&at, |written| &written.at);
        let problem = format!("starts are spread over {spread}, and none comes later than {catch_up} after its edge");
        findings.error(place, Trouble::new(problem, "let spread be shorter than catch_up"));
    }
    Some(StartRule {
        whom,
        all,
        spread,
        catch_up,
        per_sweep: value(&table.per_sweep, 20),
        per_hour: value(&table.per_hour, 200),
        unused_after: value(&table.unused_after, Span::hours(1)),
        needs: needs(table, idle),
    })
}

/// As written, else those that the idle rule asks, else the agent.
fn needs(table: &Start, idle: Option<IdleRule>) -> SourceSet {
    let written: SourceSet = table.needs.iter().flat_map(|list| &list.value).map(|source| source.value).collect();
    let asked = if written.is_empty() { idle.map_or(SourceSet::NONE, |rule| rule.needs) } else { written };
    if asked.is_empty() { SourceSet::NONE.with(Source::Agent) } else { asked }
}

/// What the rule says against everything else: starts go by hours, and whether a machine is used has to be seen by somebody.
pub(super) fn conflicts(
    effective: &Tables,
    rule: Option<&StartRule>,
    (base, overrides): (&Terms, &[Override]),
    around: &Around<'_>,
    findings: &mut Findings<'_>,
) {
    let Some((rule, start)) = rule.zip(effective.start.as_ref()) else { return };
    let at = on(&effective.start).and_then(|table| table.needs.as_ref()).map_or(&start.at, |needs| &needs.at);
    if base.hours.is_none() && overrides.iter().all(|over| over.terms.hours.is_none()) {
        let help = "write [hours], or leave the table out";
        findings
            .warning(&start.at, Trouble::new("starts go by the hours, and there are none: nothing is started", help));
    }
    let all = base.hours.iter().chain(overrides.iter().filter_map(|over| over.terms.hours.as_ref()));
    let longest = all.filter_map(|rule| longest(&rule.hours)).max();
    if let Some(longest) = longest.filter(|longest| *longest < rule.unused_after.duration()) {
        let place =
            on(&effective.start).and_then(|table| table.unused_after.as_ref()).map_or(&start.at, |after| &after.at);
        let problem = format!(
            "hours here last {longest:#} at most, and what is started is given {} to be used: nothing is ever started",
            rule.unused_after
        );
        findings.warning(place, Trouble::new(problem, "let start.unused_after be shorter than the hours"));
    }
    let is_there = |source: Source| match source {
        Source::Promql => base.promql.is_some() && around.sources.has(Source::Promql),
        // it stops by itself, and tells nobody what it saw
        Source::AzureTimer => false,
        Source::Job | Source::Queue | Source::Agent | Source::Monitor => around.sources.has(source),
    };
    if rule.needs.iter().any(|source| !is_there(source)) {
        let problem = "no source tells whether what was started is used, so none of it is stopped again for that";
        let help = "let agents report, or name other sources in start.needs";
        findings.warning(at, Trouble::new(problem, help));
    }
    if rule.needs == SourceSet::NONE.with(Source::Monitor) {
        let problem = "Azure Monitor tells of jobs alone: who works in notebooks and terminals would be stopped";
        findings.warning(at, Trouble::new(problem, "need the agent beside it"));
    }
}

/// The longest time that these hours last, in weeks like those that begin here; none where they never begin or never end.
fn longest(hours: &Hours) -> Option<SignedDuration> {
    let some_monday = Timestamp::from_second(1_704_067_200).ok()?; // 2024-01-01
    let edges: Vec<Edge> =
        if hours.is_known() { hours.walk(some_monday).take(WEEKS_OF_EDGES).collect() } else { Vec::new() };
    let lengths = edges.windows(2).filter_map(|pair| match pair {
        [on, off] if on.kind == EdgeKind::On => Some(off.at.duration_since(on.at)),
        _ => None,
    });
    lengths.max()
}

fn value<T: Copy>(written: &Option<Located<T>>, default: T) -> T {
    written.as_ref().map_or(default, |located| located.value)
}
