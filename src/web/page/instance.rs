//! The page of one instance: what happens next and why, what it did, what it cost.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::common::{Common, may_act};
use super::line::{Timeline, timeline};
use super::row::{Around, Row};
use super::shown::{Clocks, When, avoided, hours, known, level, money, size};
use super::stopped::ProposalCell;
use crate::access::Rule;
use crate::facts::{Evidence, Reading};
use crate::policy::Origin;
use crate::ports::Happening;
use crate::report::words::{self, clean};
use crate::report::{Explanation, HoldOffer, InstanceView, Savings, SavingsRow};

/// How far back the page looks.
pub(in crate::web) const LOOK_BACK: SignedDuration = SignedDuration::from_hours(24 * 7);
/// Events of one kind at most.
pub(in crate::web) const EVENTS_MAX: u32 = 200;

/// Under which policy.
#[derive(Debug, Serialize)]
struct PolicyCell {
    name: String,
    place: String,
    mode: &'static str,
    #[serde(rename = "override")]
    over: Option<String>,
}

/// A hold in force.
#[derive(Debug, Serialize)]
struct HoldLine {
    id: String,
    by: String,
    reason: String,
    until: When,
    made: When,
    price: Option<String>,
    can_lift: bool,
}

/// The instance.
#[derive(Debug, Serialize)]
struct Whole {
    #[serde(flatten)]
    row: Row,
    id: String,
    region: String,
    policy: Option<PolicyCell>,
    zone: Option<String>,
    started: Option<When>,
    last_operation: Option<String>,
    team: Option<String>,
    tags: Vec<(String, String)>,
    holds: Vec<HoldLine>,
    native: Vec<String>,
}

/// What one rule found.
#[derive(Debug, Serialize)]
struct FindingLine {
    rule: &'static str,
    ground: &'static str,
    words: String,
    verdict: &'static str,
    at: Option<When>,
}

/// The decision.
#[derive(Debug, Serialize)]
struct Decision {
    headline: String,
    lines: Vec<FindingLine>,
    facts: Vec<(String, String, Option<String>)>,
    refusals: Vec<String>,
    text: String,
}

/// Something that happened.
#[derive(Debug, Serialize)]
struct Event {
    at: When,
    kind: crate::ports::HappeningKind,
    words: String,
    who: Option<String>,
}

/// One day.
#[derive(Debug, Serialize)]
struct Day {
    day: String,
    cost: Option<String>,
    hours: String,
    level: i128,
}

/// What it cost.
#[derive(Debug, Serialize)]
struct CostCell {
    today: Option<String>,
    week: Option<String>,
    month: Option<String>,
    avoided_month: Option<String>,
    days: Vec<Day>,
}

/// The whole page.
#[derive(Debug, Serialize)]
pub(in crate::web) struct InstancePage {
    /// What every page has.
    #[serde(flatten)]
    pub(in crate::web) common: Common,
    instance: Whole,
    proposal: Option<ProposalCell>,
    decision: Option<Decision>,
    timeline: Timeline,
    events: Vec<Event>,
    cost: CostCell,
}

/// Accounts of one instance; none where they could not be read.
#[derive(Debug, Default)]
pub(in crate::web) struct Costs {
    /// Today.
    pub(in crate::web) today: Option<Arc<Savings>>,
    /// The last seven days, grouped by day.
    pub(in crate::web) week: Option<Arc<Savings>>,
    /// This month.
    pub(in crate::web) month: Option<Arc<Savings>>,
}

/// What the page is made of beside the view.
#[derive(Debug)]
pub(in crate::web) struct Parts<'a> {
    /// What every page has.
    pub(in crate::web) common: Common,
    /// The instance.
    pub(in crate::web) instance: &'a InstanceView,
    /// What a hold of it may be.
    pub(in crate::web) offer: Option<HoldOffer>,
    /// The decision and what led to it; none where nothing is decided.
    pub(in crate::web) told: Option<Explanation>,
    /// The same as text.
    pub(in crate::web) text: String,
    /// What happened, the oldest first.
    pub(in crate::web) happened: Vec<Happening>,
    /// What it cost.
    pub(in crate::web) costs: Costs,
}

/// Makes the page.
#[must_use]
pub(in crate::web) fn instance_page(parts: Parts<'_>, around: &Around<'_>) -> InstancePage {
    let clocks = around.clocks(parts.instance);
    let from = clocks.now.checked_sub(LOOK_BACK).unwrap_or(Timestamp::MIN);
    let evidence = parts.instance.evidence.as_deref().unwrap_or(Evidence::NONE);
    let event = |one: &Happening| Event {
        at: clocks.when(one.at),
        kind: one.kind,
        words: one.words.clone(),
        who: one.who.clone(),
    };
    InstancePage {
        timeline: timeline(&parts.happened, evidence, from, &clocks),
        events: parts.happened.iter().rev().filter(|one| one.at >= from).map(event).collect(),
        decision: parts.told.as_ref().map(|told| decision(told, &parts.text, &clocks)),
        cost: cost(&parts.costs, around),
        proposal: ProposalCell::of(around, parts.instance),
        instance: whole(&parts, around, &clocks),
        common: parts.common,
    }
}

fn whole(parts: &Parts<'_>, around: &Around<'_>, clocks: &Clocks) -> Whole {
    let instance = parts.instance;
    let facts = &instance.facts;
    let under = instance.verdict.as_ref().map(|verdict| verdict.under.clone());
    let policy = around.view.workspaces.get(facts.id.workspace()).and_then(|place| place.policy.as_ref());
    let policy = policy.and_then(|id| around.view.policies.iter().find(|policy| policy.id == *id));
    let can_lift = may_act(around.person, facts, Rule::Own);
    let tags = match &facts.tags {
        Reading::Known { value, .. } => value.0.iter().map(|(name, value)| (clean(name), clean(value))).collect(),
        Reading::Unknown(why) => vec![("unreadable".to_owned(), clean(&why.words()))],
    };
    let hold = |hold: &crate::facts::Hold| HoldLine {
        id: hold.id.clone(),
        by: clean(&hold.by),
        reason: if hold.off { format!("to stay off: {}", clean(&hold.reason)) } else { clean(&hold.reason) },
        until: clocks.when(hold.until),
        made: clocks.when(hold.made_at),
        price: if hold.off { Some("nothing".to_owned()) } else { hold.price.map(money) },
        can_lift,
    };
    Whole {
        row: around.row(instance, parts.offer.as_ref()),
        id: facts.id.to_string(),
        region: clean(&facts.region.to_string()),
        policy: policy.map(|policy| PolicyCell {
            name: policy.id.to_string(),
            place: policy.file.to_string(),
            mode: words::mode(policy.mode),
            over: under.as_ref().and_then(|under| under.override_name.as_deref().map(str::to_owned)),
        }),
        zone: under.and_then(|under| under.zone.as_deref().map(str::to_owned)),
        started: clocks.maybe(facts.started_at()),
        last_operation: Some(words::last_operation(facts, clocks.now)),
        team: None,
        tags,
        holds: instance.holds.iter().map(hold).collect(),
        native: instance.native.iter().map(|finding| clean(&finding.words(&facts.native))).collect(),
    }
}

fn decision(told: &Explanation, text: &str, clocks: &Clocks) -> Decision {
    let verdict = &told.verdict;
    let facts = &told.facts;
    let line = |(place, finding): (usize, &crate::rules::Finding)| {
        let mut words = clean(&finding.words.to_string());
        let written = told.lines_of(finding.rule).find(|line| line.origin != Origin::BuiltIn);
        if let Some(written) = written {
            words.push_str(&format!(" ({})", clean(&written.origin.to_string())));
        }
        FindingLine {
            rule: crate::report::words::rule(finding.rule),
            ground: finding.ground.label(),
            words,
            verdict: if place == 0 { "wins" } else { "loses" },
            at: clocks.maybe(finding.due_at.known()),
        }
    };
    let start = told.start.as_ref().map(|found| FindingLine {
        rule: crate::report::words::rule(crate::rules::Rule::Start),
        ground: found.ground.label(),
        words: clean(&found.words),
        verdict: "beside",
        at: clocks.maybe(found.start_at.known()),
    });
    let age = Some(words::from_now(facts.observed_at, clocks.now));
    let mut known = vec![("state".to_owned(), clean(&facts.state.to_string()), age)];
    let evidence = told.evidence.as_deref().unwrap_or(Evidence::NONE);
    known.extend(words::activity(facts, evidence, clocks.now).into_iter().map(|line| ("use".to_owned(), line, None)));
    known.extend(evidence.disk.iter().map(|disk| ("disk".to_owned(), words::disk(disk, clocks.now), None)));
    let odd = facts.oddities.iter();
    known.extend(odd.map(|odd| ("odd".to_owned(), format!("{}: {}", clean(&odd.field), clean(&odd.what)), None)));
    Decision {
        headline: format!("{}, because it {}", words::action(verdict.action), words::ground(verdict.ground)),
        lines: verdict.findings.iter().enumerate().map(line).chain(start).collect(),
        facts: known,
        refusals: told.refusals.iter().map(|refusal| refusal.words().to_owned()).collect(),
        text: text.to_owned(),
    }
}

fn cost(costs: &Costs, around: &Around<'_>) -> CostCell {
    let total = |savings: &Option<Arc<Savings>>| {
        savings.as_ref().and_then(|savings| known(savings.total.known_cost(), around.view))
    };
    // grouped by day: a row is a day
    let days = costs.week.as_ref().map(|week| week.rows.as_slice()).unwrap_or_default();
    let most = days.iter().map(|day| size(&day.figures.cost)).max().unwrap_or(0);
    let day = |day: &SavingsRow| Day {
        day: day.label.clone(),
        cost: known(day.figures.known_cost(), around.view),
        hours: hours(day.figures.running_seconds),
        level: level(size(&day.figures.cost), most, 100),
    };
    CostCell {
        today: total(&costs.today),
        week: total(&costs.week),
        month: total(&costs.month),
        avoided_month: costs
            .month
            .as_ref()
            .and_then(|month| avoided(month.total.known_avoided(), month.listed, around.view)),
        days: days.iter().rev().map(day).collect(),
    }
}
