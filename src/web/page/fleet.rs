//! The page of the fleet: every instance, what it costs, and what happens to it next.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::common::Common;
use super::row::{Around, Row};
use super::shown::{Clocks, When, avoided, burning, known};
use crate::facts::{Evidence, PowerState, Use};
use crate::report::words::clean;
use crate::report::{FleetView, HoldOffer, InstanceView, NextKind, Savings};
use crate::web::api::select::{Query, SortBy};
use crate::web::api::shapes::{State, page_path};

/// Rows a page.
pub(in crate::web) const PER_PAGE: usize = 100;
/// Names that a list offers to choose from; whoever has more searches.
const CHOICES: usize = 250;

/// The stop that comes first.
#[derive(Debug, Clone, Serialize)]
pub(in crate::web) struct NextStop {
    /// Of which instance.
    pub(in crate::web) name: String,
    /// Its page.
    pub(in crate::web) url: String,
    /// When.
    pub(in crate::web) at: When,
}

/// The figures above the table.
#[derive(Debug, Clone, Serialize)]
pub(in crate::web) struct Tiles {
    /// How many are on.
    pub(in crate::web) on: usize,
    /// How many are off.
    pub(in crate::web) off: usize,
    /// How many are neither.
    pub(in crate::web) odd: usize,
    /// What burns, an hour.
    pub(in crate::web) per_hour: Option<String>,
    /// What was spent today.
    pub(in crate::web) today: Option<String>,
    /// What was spent this month.
    pub(in crate::web) month: Option<String>,
    /// What was avoided this month, by estimate.
    pub(in crate::web) avoided: Option<String>,
    /// What burns an hour though somebody sees that nobody uses it.
    pub(in crate::web) idle_per_hour: Option<String>,
    /// The stop that comes first.
    pub(in crate::web) next_stop: Option<NextStop>,
}

/// What was asked for.
#[derive(Debug, Clone, Serialize)]
pub(in crate::web) struct Filter {
    q: String,
    state: String,
    workspace: String,
    owner: String,
    policy: String,
    sort: &'static str,
    desc: bool,
    group: String,
}

/// Something to choose.
#[derive(Debug, Clone, Serialize)]
pub(in crate::web) struct Choice {
    value: &'static str,
    label: &'static str,
}

/// What can be chosen.
#[derive(Debug, Clone, Serialize)]
pub(in crate::web) struct Choices {
    workspace: BTreeSet<String>,
    owner: BTreeSet<String>,
    policy: BTreeSet<String>,
    state: [Choice; 3],
    group: [Choice; 4],
}

/// A column.
#[derive(Debug, Clone, Serialize)]
pub(in crate::web) struct Column {
    key: &'static str,
    label: &'static str,
    href: String,
    sorted: &'static str,
}

/// How many there are.
#[derive(Debug, Clone, Serialize)]
pub(in crate::web) struct Counts {
    matching: usize,
    all: usize,
}

/// Which page of rows.
#[derive(Debug, Clone, Serialize)]
pub(in crate::web) struct Pages {
    at: usize,
    of: usize,
    previous: Option<String>,
    next: Option<String>,
}

/// Rows that belong together.
#[derive(Debug, Clone, Serialize)]
pub(in crate::web) struct Group {
    label: Option<String>,
    on: usize,
    all: usize,
    per_hour: Option<String>,
    rows: Vec<Row>,
}

/// The whole page.
#[derive(Debug, Serialize)]
pub(in crate::web) struct FleetPage {
    /// What every page has.
    #[serde(flatten)]
    pub(in crate::web) common: Common,
    tiles: Tiles,
    filter: Filter,
    choices: Choices,
    columns: Vec<Column>,
    counts: Counts,
    pages: Pages,
    groups: Vec<Group>,
}

/// What the page is made of beside rows.
#[derive(Debug)]
pub(in crate::web) struct Parts<'a> {
    /// What every page has.
    pub(in crate::web) common: Common,
    /// What was asked for.
    pub(in crate::web) query: &'a Query,
    /// Every row that matches, in order, and how many instances there are.
    pub(in crate::web) found: (&'a [&'a InstanceView], usize),
    /// The rows of this page, which page, and of how many.
    pub(in crate::web) shown: (&'a [&'a InstanceView], usize, usize),
    /// What holds of those rows may be, in their order.
    pub(in crate::web) offers: Vec<Option<HoldOffer>>,
    /// The account of this month; none where it could not be read.
    pub(in crate::web) month: Option<Arc<Savings>>,
    /// What was spent today; none where it could not be read.
    pub(in crate::web) today: Option<Arc<Savings>>,
}

/// Makes the page.
#[must_use]
pub(in crate::web) fn fleet_page(parts: Parts<'_>, around: &Around<'_>) -> FleetPage {
    let Parts { common, query, found: (found, all), shown: (shown, at, of), offers, month, today } = parts;
    let rows = shown.iter().zip(&offers).map(|(instance, offer)| (*instance, around.row(instance, offer.as_ref())));
    FleetPage {
        common,
        tiles: tiles(around.view, around.now, month.as_deref(), today.as_deref()),
        filter: Filter {
            q: query.q.clone(),
            state: query.state.clone(),
            workspace: query.workspace.clone(),
            owner: query.owner.clone(),
            policy: query.policy.clone(),
            sort: query.sort_by().label(),
            desc: query.is_desc(),
            group: query.group.clone(),
        },
        choices: choices(around.view),
        columns: columns(query),
        counts: Counts { matching: found.len(), all },
        pages: Pages {
            at,
            of,
            previous: (at > 1).then(|| link(query, &[("page", &at.saturating_sub(1).to_string())])),
            next: (at < of).then(|| link(query, &[("page", &at.saturating_add(1).to_string())])),
        },
        groups: groups(query, around.view, (found, rows.collect())),
    }
}

fn instances(view: &FleetView) -> impl Iterator<Item = &InstanceView> + Clone {
    view.workspaces.values().flat_map(|place| &place.instances)
}

fn tiles(view: &FleetView, now: Timestamp, month: Option<&Savings>, today: Option<&Savings>) -> Tiles {
    let count = |wanted: &[State]| instances(view).filter(|one| wanted.contains(&State::of(&one.facts.state))).count();
    // seen by somebody, and by nobody in use: what nobody looks at may well be used
    let unused = |one: &&InstanceView| {
        let evidence = one.evidence.as_deref().unwrap_or(Evidence::NONE);
        let seen = evidence.tracks.iter().any(|track| matches!(track.now, Use::Quiet | Use::Connected));
        one.facts.state == PowerState::Running && seen && !evidence.is_in_use()
    };
    let first = instances(view).map(|one| (crate::report::next(view, one), one)).filter_map(|(next, one)| {
        let at = next.at.filter(|_| next.kind == NextKind::Stop && next.held_back.is_none())?;
        Some((at, one))
    });
    let first = first.min_by_key(|(at, one)| (*at, one.facts.id.clone()));
    let spent = |savings: Option<&Savings>| savings.and_then(|savings| known(savings.total.known_cost(), view));
    Tiles {
        on: count(&[State::Running]),
        off: count(&[State::Stopped]),
        odd: count(&[State::Changing, State::Unknown]),
        per_hour: burning(view, instances(view)),
        today: spent(today),
        month: spent(month),
        avoided: month.and_then(|savings| avoided(savings.total.known_avoided(), savings.listed, view)),
        idle_per_hour: burning(view, instances(view).filter(unused)),
        next_stop: first.map(|(at, one)| NextStop {
            name: clean(one.facts.id.name()),
            url: page_path(&one.facts.id),
            at: Clocks::of_zone(now, one.verdict.as_ref().and_then(|verdict| verdict.under.zone.as_deref())).when(at),
        }),
    }
}

fn choices(view: &FleetView) -> Choices {
    let some = |all: BTreeSet<String>| all.into_iter().take(CHOICES).collect();
    Choices {
        workspace: some(view.workspaces.keys().map(|id| id.name().to_owned()).collect()),
        owner: some(instances(view).filter_map(|one| one.facts.owner.name().map(str::to_owned)).collect()),
        policy: some(view.policies.iter().map(|policy| policy.id.to_string()).collect()),
        state: [
            Choice { value: "running", label: "On" },
            Choice { value: "stopped", label: "Off" },
            Choice { value: "odd", label: "Changing or unknown" },
        ],
        group: [
            Choice { value: "workspace", label: "workspace" },
            Choice { value: "owner", label: "owner" },
            Choice { value: "policy", label: "policy" },
            Choice { value: "state", label: "state" },
        ],
    }
}

fn columns(query: &Query) -> Vec<Column> {
    let all = [
        (SortBy::Name, "Instance"),
        (SortBy::Next, "Next"),
        (SortBy::State, "State"),
        (SortBy::Active, "Last used"),
        (SortBy::Owner, "Owner"),
        (SortBy::Size, "Size"),
        (SortBy::Cost, "Cost"),
    ];
    let column = |(by, label): (SortBy, &'static str)| {
        let is_sorted = query.sort_by() == by;
        let desc = is_sorted && !query.is_desc();
        Column {
            key: by.label(),
            label,
            href: link(query, &[("sort", by.label()), ("desc", if desc { "1" } else { "" }), ("page", "")]),
            sorted: match (is_sorted, query.is_desc()) {
                (false, _) => "none",
                (true, false) => "asc",
                (true, true) => "desc",
            },
        }
    };
    all.into_iter().map(column).collect()
}

/// The same page with some parts of the question changed; what is empty is left out.
fn link(query: &Query, changes: &[(&str, &str)]) -> String {
    let desc = if query.is_desc() { "1" } else { "" };
    let present: [(&str, &str); 9] = [
        ("q", &query.q),
        ("state", &query.state),
        ("workspace", &query.workspace),
        ("owner", &query.owner),
        ("policy", &query.policy),
        ("group", &query.group),
        ("sort", &query.sort),
        ("desc", desc),
        ("page", ""),
    ];
    let mut text = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in present {
        let value = changes.iter().find(|(changed, _)| *changed == name).map_or(value, |(_, value)| value);
        if !value.is_empty() {
            text.append_pair(name, value);
        }
    }
    let text = text.finish();
    if text.is_empty() { "/".to_owned() } else { format!("/?{text}") }
}

fn label_of(by: &str, view: &FleetView, instance: &InstanceView) -> String {
    let facts = &instance.facts;
    match by {
        "workspace" => clean(facts.id.workspace().name()),
        "owner" => facts.owner.name().map_or_else(|| "owner unknown".to_owned(), clean),
        "policy" => {
            let policy = view.workspaces.get(facts.id.workspace()).and_then(|place| place.policy.as_ref());
            policy.map_or_else(|| "no policy".to_owned(), ToString::to_string)
        }
        _ => State::of(&facts.state).label().to_owned(),
    }
}

/// True when rows are grouped.
fn is_grouped(query: &Query) -> bool {
    ["workspace", "owner", "policy", "state"].contains(&query.group.as_str())
}

/// Rows of one group together, in the order that they have.
pub(in crate::web) fn by_group(query: &Query, view: &FleetView, found: &mut [&InstanceView]) {
    if is_grouped(query) {
        found.sort_by_cached_key(|instance| label_of(&query.group, view, instance));
    }
}

/// The rows of this page, in groups when asked for; sums are those of all that match.
fn groups(query: &Query, view: &FleetView, (found, rows): (&[&InstanceView], Vec<(&InstanceView, Row)>)) -> Vec<Group> {
    let by = query.group.as_str();
    let grouped = is_grouped(query);
    let label = |instance: &InstanceView| grouped.then(|| label_of(by, view, instance));
    let mut sums: BTreeMap<Option<String>, Vec<&InstanceView>> = BTreeMap::new();
    for instance in found {
        sums.entry(label(instance)).or_default().push(instance);
    }
    let mut all: BTreeMap<Option<String>, Vec<Row>> = BTreeMap::new();
    for (instance, row) in rows {
        all.entry(label(instance)).or_default().push(row);
    }
    let group = |(label, rows): (Option<String>, Vec<Row>)| {
        let members = sums.get(&label).map(Vec::as_slice).unwrap_or_default();
        Group {
            on: members.iter().filter(|one| one.facts.state.is_on()).count(),
            all: members.len(),
            per_hour: burning(view, members.iter().copied()),
            label,
            rows,
        }
    };
    all.into_iter().map(group).collect()
}
