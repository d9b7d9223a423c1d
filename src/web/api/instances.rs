//! Instances, as the API lets them be read: the list, one of them, its decisions, what happened to it, what a hold may be.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::asked::find;
use super::problem::{Asking, Named, declined, failed, problem, tagged};
use super::select::{PER_PAGE_MAX, Query, SortBy, page, select};
use super::shapes::{At, HoldShape, Instance, OfferShape, at};
use crate::ports::{Control, Freezer, Happening, HappeningKind, Records};
use crate::web::door::{Asked, Read, Routes};
use crate::web::site::Site;

type Shared<C, R> = State<Arc<Site<C, R>>>;
/// Subscription, resource group, workspace and name.
pub(super) type OfInstance = Named<(String, String, String, String)>;

/// The routes that read instances.
pub(in crate::web) fn instance_routes<C: Control, R: Records + Freezer>() -> Routes<Arc<Site<C, R>>> {
    Routes::new()
        .get("/api/v1/instances", Read, instances::<C, R>)
        .get("/api/v1/instances/{subscription}/{group}/{workspace}/{name}", Read, instance::<C, R>)
        .get("/api/v1/instances/{subscription}/{group}/{workspace}/{name}/decision", Read, decision::<C, R>)
        .get("/api/v1/instances/{subscription}/{group}/{workspace}/{name}/happenings", Read, happenings::<C, R>)
        .get("/api/v1/instances/{subscription}/{group}/{workspace}/{name}/offer", Read, offer::<C, R>)
        .get("/api/v1/holds", Read, holds::<C, R>)
}

pub(super) fn nobody(path: &(String, String, String, String)) -> Response {
    let words = format!("there is no instance `{}` in workspace `{}` of group `{}`", path.3, path.2, path.1);
    problem(StatusCode::NOT_FOUND, words)
}

/// A state to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::web) enum StateAsked {
    /// On.
    Running,
    /// Off.
    Stopped,
    /// On its way.
    Changing,
    /// Not known.
    Unknown,
    /// Changing or unknown.
    Odd,
}

/// Which instances are wanted.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct InstancesAsked {
    /// Words that stand in name, owner, workspace, size or resource group.
    pub(in crate::web) q: Option<String>,
    /// In this state.
    pub(in crate::web) state: Option<StateAsked>,
    /// In workspaces of this name.
    pub(in crate::web) workspace: Option<String>,
    /// Of this owner.
    pub(in crate::web) owner: Option<String>,
    /// Governed by this policy.
    pub(in crate::web) policy: Option<String>,
    /// In which order.
    pub(in crate::web) sort: Option<SortBy>,
    /// The other way round.
    pub(in crate::web) desc: Option<bool>,
    /// Which page, from 1.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(in crate::web) page: Option<u32>,
    /// Rows a page; 100 when not said.
    #[schemars(range(min = 1, max = 500))]
    pub(in crate::web) per_page: Option<u32>,
}

impl InstancesAsked {
    #[expect(clippy::result_large_err, reason = "the error is the answer, made once")]
    fn query(self) -> Result<Query, Response> {
        let wrong = |words: String| Err(problem(StatusCode::BAD_REQUEST, words));
        let most = u32::try_from(PER_PAGE_MAX).unwrap_or(u32::MAX);
        if self.page.is_some_and(|page| page == 0 || page > 1_000_000) {
            return wrong("`page` is from 1 to 1000000".to_owned());
        }
        if self.per_page.is_some_and(|rows| rows == 0 || rows > most) {
            return wrong(format!("`per_page` is from 1 to {most}"));
        }
        let state = self.state.map(|state| match state {
            StateAsked::Running => "running",
            StateAsked::Stopped => "stopped",
            StateAsked::Changing => "changing",
            StateAsked::Unknown => "unknown",
            StateAsked::Odd => "odd",
        });
        Ok(Query {
            q: self.q.unwrap_or_default(),
            state: state.unwrap_or_default().to_owned(),
            workspace: self.workspace.unwrap_or_default(),
            owner: self.owner.unwrap_or_default(),
            policy: self.policy.unwrap_or_default(),
            sort: self.sort.unwrap_or_default().label().to_owned(),
            desc: if self.desc == Some(true) { "1".to_owned() } else { String::new() },
            group: String::new(),
            page: self.page.map(|page| page.to_string()).unwrap_or_default(),
            per_page: self.per_page.map(|rows| rows.to_string()).unwrap_or_default(),
        })
    }
}

/// A page of instances.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct InstancesShape {
    /// When the fleet was last published.
    pub(in crate::web) at: At,
    /// How many match.
    pub(in crate::web) matching: usize,
    /// How many there are.
    pub(in crate::web) all: usize,
    /// Which page this is; a page beyond the last one is the last one.
    pub(in crate::web) page: usize,
    /// Of how many.
    pub(in crate::web) pages: usize,
    /// The instances.
    pub(in crate::web) instances: Vec<Instance>,
}

async fn instances<C: Control, R: Records + Freezer>(
    _: Asked<Read>,
    State(site): Shared<C, R>,
    headers: HeaderMap,
    Asking(asked): Asking<InstancesAsked>,
) -> Response {
    let query = match asked.query() {
        Ok(query) => query,
        Err(wrong) => return wrong,
    };
    let view = site.control.view();
    let (found, all) = select(&view, &query);
    let (rows, this, pages) = page(&found, &query, 100);
    let shape = InstancesShape {
        at: at(view.at),
        matching: found.len(),
        all,
        page: this,
        pages,
        instances: rows.iter().map(|one| Instance::of(&view, one)).collect(),
    };
    tagged(&headers, &shape)
}

async fn instance<C: Control, R: Records + Freezer>(
    _: Asked<Read>,
    State(site): Shared<C, R>,
    headers: HeaderMap,
    Named(path): OfInstance,
) -> Response {
    let view = site.control.view();
    match find(&view, &path) {
        Some(found) => tagged(&headers, &Instance::of(&view, found)),
        None => nobody(&path),
    }
}

/// When a decision is wanted of.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct DecisionAsked {
    /// The instant: of the past what was decided then, of the future what would be on today's facts. Now, when not said.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub(in crate::web) at: Option<Timestamp>,
}

async fn decision<C: Control, R: Records + Freezer>(
    _: Asked<Read>,
    State(site): Shared<C, R>,
    headers: HeaderMap,
    Named(path): OfInstance,
    Asking(asked): Asking<DecisionAsked>,
) -> Response {
    let view = site.control.view();
    let Some(found) = find(&view, &path) else { return nobody(&path) };
    match site.control.decision(found.facts.id.to_string(), asked.at).await {
        Ok(told) => tagged(&headers, &told),
        Err(why) => declined(&why),
    }
}

/// From when on happenings are wanted.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct HappeningsAsked {
    /// The instant; seven days ago, when not said.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub(in crate::web) since: Option<Timestamp>,
}

/// Something that happened to an instance.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct HappeningShape {
    /// When.
    pub(in crate::web) at: At,
    /// What kind of thing.
    pub(in crate::web) kind: HappeningKind,
    /// What.
    pub(in crate::web) words: String,
    /// Who did it, where a person did.
    pub(in crate::web) who: Option<String>,
}

impl From<&Happening> for HappeningShape {
    fn from(one: &Happening) -> Self {
        Self { at: at(one.at), kind: one.kind, words: one.words.clone(), who: one.who.clone() }
    }
}

async fn happenings<C: Control, R: Records + Freezer>(
    _: Asked<Read>,
    State(site): Shared<C, R>,
    headers: HeaderMap,
    Named(path): OfInstance,
    Asking(asked): Asking<HappeningsAsked>,
) -> Response {
    let view = site.control.view();
    let Some(found) = find(&view, &path) else { return nobody(&path) };
    let week = || site.now().checked_sub(jiff::SignedDuration::from_hours(24 * 7)).unwrap_or(Timestamp::MIN);
    let since = asked.since.unwrap_or_else(week);
    match site.records.happenings(&found.facts.id, since, 1_000).await {
        Ok(all) => {
            let all: Vec<HappeningShape> = all.iter().filter(|one| one.at >= since).map(HappeningShape::from).collect();
            tagged(&headers, &all)
        }
        Err(fault) => failed(&fault),
    }
}

async fn offer<C: Control, R: Records + Freezer>(
    _: Asked<Read>,
    State(site): Shared<C, R>,
    headers: HeaderMap,
    Named(path): OfInstance,
) -> Response {
    let view = site.control.view();
    let Some(found) = find(&view, &path) else { return nobody(&path) };
    match site.control.offer(found.facts.id.to_string()).await {
        Ok(offer) => tagged(&headers, &OfferShape::from(&offer)),
        Err(why) => declined(&why),
    }
}

async fn holds<C: Control, R: Records + Freezer>(
    _: Asked<Read>,
    State(site): Shared<C, R>,
    headers: HeaderMap,
) -> Response {
    let view = site.control.view();
    let all = view.workspaces.values().flat_map(|place| &place.instances).flat_map(|instance| &instance.holds);
    let all: Vec<HoldShape> = all.map(HoldShape::from).collect();
    tagged(&headers, &all)
}
