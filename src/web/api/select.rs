//! Which instances of the fleet are asked for, and in what order: filter, sort and pages, the same for page and API.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shapes::State;
use crate::facts::Evidence;
use crate::report::{FleetView, InstanceView, NextKind, next};
use crate::units::When;

/// At most so many rows a page.
pub(in crate::web) const PER_PAGE_MAX: usize = 500;

/// By what rows are sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::web) enum SortBy {
    /// What happens soonest.
    #[default]
    Next,
    /// Name.
    Name,
    /// State.
    State,
    /// Owner.
    Owner,
    /// Price an hour, the dearest first.
    Cost,
    /// Last use, the longest ago first.
    Active,
    /// Size.
    Size,
}

impl SortBy {
    /// The word of the query.
    #[must_use]
    pub(in crate::web) const fn label(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Name => "name",
            Self::State => "state",
            Self::Owner => "owner",
            Self::Cost => "cost",
            Self::Active => "active",
            Self::Size => "size",
        }
    }

    /// The order of that word; that of what happens next for any other word.
    #[must_use]
    pub(in crate::web) fn named(word: &str) -> Self {
        let all = [Self::Name, Self::State, Self::Owner, Self::Cost, Self::Active, Self::Size];
        all.into_iter().find(|one| one.label() == word).unwrap_or(Self::Next)
    }
}

/// What is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(in crate::web) struct Query {
    /// A piece of the name, owner, workspace, size or resource group, without case.
    pub(in crate::web) q: String,
    /// A state's word, or `odd` for changing and unknown ones.
    pub(in crate::web) state: String,
    /// A workspace's name.
    pub(in crate::web) workspace: String,
    /// An owner.
    pub(in crate::web) owner: String,
    /// A policy.
    pub(in crate::web) policy: String,
    /// Sort word.
    pub(in crate::web) sort: String,
    /// `1` for the other way round.
    pub(in crate::web) desc: String,
    /// By what rows are grouped, on the page.
    pub(in crate::web) group: String,
    /// From 1.
    pub(in crate::web) page: String,
    /// Rows a page.
    pub(in crate::web) per_page: String,
}

impl Query {
    /// By what is sorted.
    #[must_use]
    pub(in crate::web) fn sort_by(&self) -> SortBy {
        SortBy::named(&self.sort)
    }

    /// The other way round?
    #[must_use]
    pub(in crate::web) fn is_desc(&self) -> bool {
        matches!(self.desc.as_str(), "1" | "true")
    }

    fn keeps(&self, view: &FleetView, instance: &InstanceView) -> bool {
        let facts = &instance.facts;
        let workspace = facts.id.workspace();
        let state = State::of(&facts.state);
        let odd = matches!(state, State::Changing | State::Unknown);
        let by_state = self.state.is_empty() || self.state == state.label() || (self.state == "odd" && odd);
        let owner = facts.owner.name().unwrap_or_default();
        let policy = || {
            let place = view.workspaces.get(workspace);
            place
                .and_then(|place| place.policy.as_ref())
                .is_some_and(|id| id.as_str().eq_ignore_ascii_case(&self.policy))
        };
        by_state
            && (self.workspace.is_empty() || workspace.name().eq_ignore_ascii_case(&self.workspace))
            && (self.owner.is_empty() || owner.to_lowercase() == self.owner.to_lowercase())
            && (self.policy.is_empty() || policy())
            && self.finds(&[facts.id.name(), owner, workspace.name(), &facts.size, workspace.resource_group()])
    }

    /// Every word of the search stands in one of the texts.
    fn finds(&self, texts: &[&str]) -> bool {
        let lower: Vec<String> = texts.iter().map(|text| text.to_lowercase()).collect();
        self.q.to_lowercase().split_whitespace().all(|word| lower.iter().any(|text| text.contains(word)))
    }
}

/// The instances that are asked for, in order, and how many there are in all.
#[must_use]
pub(in crate::web) fn select<'a>(view: &'a FleetView, query: &Query) -> (Vec<&'a InstanceView>, usize) {
    let all = || view.workspaces.values().flat_map(|place| &place.instances);
    let mut found: Vec<&InstanceView> = all().filter(|instance| query.keeps(view, instance)).collect();
    let by = query.sort_by();
    let mut keyed: Vec<(Key<'_>, &InstanceView)> =
        found.drain(..).map(|instance| (Key::of(by, view, instance), instance)).collect();
    keyed.sort_by(|(a, one), (b, other)| {
        let order = a.cmp(b);
        let order = if query.is_desc() { order.reverse() } else { order };
        order.then_with(|| one.facts.id.cmp(&other.facts.id))
    });
    (keyed.into_iter().map(|(_, instance)| instance).collect(), all().count())
}

/// What a row is sorted by; what is not known comes last.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    Text(bool, &'a str),
    Number(bool, i64),
    Next(u8, i64),
}

impl<'a> Key<'a> {
    fn of(by: SortBy, view: &'a FleetView, instance: &'a InstanceView) -> Self {
        let facts = &instance.facts;
        match by {
            SortBy::Name => Self::Text(false, facts.id.name()),
            SortBy::Size => Self::Text(false, &facts.size),
            SortBy::Owner => Self::Text(facts.owner.name().is_none(), facts.owner.name().unwrap_or_default()),
            SortBy::State => Self::Text(false, State::of(&facts.state).label()),
            SortBy::Cost => {
                let burns = view.money.burns(instance);
                let rate = burns.or_else(|| view.money.prices.rate(&facts.size, &facts.region));
                // what is on before what is off, the dearest first
                let most = rate.map(crate::units::Rate::nanos);
                let off = i64::from(burns.is_none()).saturating_mul(1 << 52);
                Self::Number(most.is_none(), off.saturating_sub(most.unwrap_or(0)))
            }
            SortBy::Active => {
                let used = instance.evidence.as_deref().unwrap_or(Evidence::NONE).last_busy();
                Self::Number(used.is_none(), seconds(used))
            }
            SortBy::Next => {
                let next = next(view, instance);
                let rank = match next.kind {
                    NextKind::Stop => 0,
                    NextKind::Held => 1,
                    NextKind::Keep => 2,
                    NextKind::Frozen => 3,
                    NextKind::Exempt => 4,
                    NextKind::Start => 6,
                    NextKind::Ungoverned => 5,
                    NextKind::Off => 7,
                    NextKind::Delete => 8,
                    NextKind::Proposed => 9,
                };
                Self::Next(rank, next.at.map_or(i64::MAX, |at| at.as_second()))
            }
        }
    }
}

fn seconds(when: When) -> i64 {
    when.known().map_or(i64::MAX, |at| at.as_second())
}

/// One page of rows: the rows, which page it is, and of how many.
#[must_use]
pub(in crate::web) fn page<'a, T>(rows: &'a [T], query: &Query, usual: usize) -> (&'a [T], usize, usize) {
    let per_page = query.per_page.parse().unwrap_or(usual).clamp(1, PER_PAGE_MAX);
    let of = rows.len().div_ceil(per_page).max(1);
    let at = query.page.parse::<usize>().unwrap_or(1).clamp(1, of);
    let from = at.saturating_sub(1).saturating_mul(per_page).min(rows.len());
    let to = from.saturating_add(per_page).min(rows.len());
    (rows.get(from..to).unwrap_or_default(), at, of)
}
