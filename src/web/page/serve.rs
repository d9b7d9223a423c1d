//! The routes of the page.

use std::sync::Arc;

use axum::extract::{Path, Query as Asking, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::assets::{asset, stamp};
use super::common::{Common, PageName, Site as SiteModel};
use super::fleet::{self, PER_PAGE, fleet_page};
use super::instance::{self, Costs, EVENTS_MAX, LOOK_BACK, instance_page};
use super::operations::operations_page;
use super::row::{Around, Spent};
use super::savings::{GROUPINGS, savings_page};
use super::shown::Clocks;
use super::templates::Templates;
use super::week::{DAYS, begins, week_page};
use crate::access::{Ownership, Person, Rule, allows};
use crate::ledger::Grouping;
use crate::ports::{AccountAsked, Control, Freezer, Records};
use crate::report::{Explanation, FleetView, InstanceView, Savings};
use crate::units::{InstanceId, Money};
use crate::web::api::asked::{find, today_of};
use crate::web::api::select::{Query, page, select};
use crate::web::door::{Anyone, Asked, Faces, LoginPage, Problem, Read, Routes};
use crate::web::site::Site;

/// The newest lines of the audit log that the page shows.
const AUDIT_LINES: u32 = 50;

/// The routes of the page, of what it loads, and of links.
pub(in crate::web) fn page_routes<C: Control, R: Records + Freezer>() -> Routes<Arc<Site<C, R>>> {
    Routes::new()
        .get("/", Read, fleet::<C, R>)
        .get("/instance/{subscription}/{group}/{workspace}/{name}", Read, one::<C, R>)
        .get("/savings", Read, savings::<C, R>)
        .get("/week", Read, week::<C, R>)
        .get("/operations", Read, operations::<C, R>)
        .get("/hold", Anyone, hold::<C, R>)
        .get("/keep", Anyone, keep::<C, R>)
        .get("/assets/{name}", Anyone, file::<C, R>)
}

type Shared<C, R> = State<Arc<Site<C, R>>>;

/// A page, or in words why there is none.
fn shown(templates: &Templates, page: &'static str, model: &impl Serialize) -> Response {
    match templates.page(page, model) {
        Ok(text) => Html(text).into_response(),
        Err(error) => {
            let why = crate::ports::with_causes(error.to_string(), std::error::Error::source(&error));
            tracing::error!("{why}");
            (StatusCode::INTERNAL_SERVER_ERROR, "the page could not be made; the service's log says why\n")
                .into_response()
        }
    }
}

fn name(name: &'static str, title: &str) -> PageName {
    PageName { name, title: title.to_owned() }
}

async fn account<C: Control, R: Records + Freezer>(site: &Site<C, R>, asked: AccountAsked) -> Option<Arc<Savings>> {
    match site.records.savings(asked).await {
        Ok(savings) => Some(savings),
        Err(fault) => {
            tracing::warn!("{}; {}", fault.words(), fault.kind.remedy());
            None
        }
    }
}

fn asked(from: Date, to: Date, by: Grouping) -> AccountAsked {
    AccountAsked { from, to, zone: "UTC".to_owned(), by, daily: false, only: None }
}

/// What each instance cost; none where it ran and nobody knows its price.
fn by_instance(savings: &Savings) -> Spent {
    savings.rows.iter().map(|row| (row.key.clone(), row.figures.known_cost().map(<[Money]>::to_vec))).collect()
}

async fn fleet<C: Control, R: Records + Freezer>(
    person: Asked<Read>,
    State(site): Shared<C, R>,
    Asking(query): Asking<Query>,
) -> Response {
    let person = person.into_who();
    let (view, now) = (site.control.view(), site.now());
    let today = today_of(now);
    let day = account(&site, asked(today, today, Grouping::Instance)).await;
    let month = account(&site, asked(today.first_of_month(), today, Grouping::Team)).await;
    let (mut found, all) = select(&view, &query);
    fleet::by_group(&query, &view, &mut found);
    let (rows, at, of) = page(&found, &query, PER_PAGE);
    let ids: Vec<InstanceId> = rows.iter().map(|one| one.facts.id.clone()).collect();
    let offers = site.control.offers(ids).await.unwrap_or_else(|_| vec![None; rows.len()]);
    let clocks = Clocks::utc(now);
    let parts = fleet::Parts {
        common: Common::of(&site.model, name("fleet", "Fleet"), (&view, &person), &clocks),
        query: &query,
        shown: (rows, at, of),
        found: (&found, all),
        offers,
        month,
        today: day.clone(),
    };
    let today = day.as_deref().map(by_instance);
    let around = Around { view: &view, person: &person, now, today: today.as_ref() };
    shown(&site.templates, "fleet.html", &fleet_page(parts, &around))
}

async fn one<C: Control, R: Records + Freezer>(
    person: Asked<Read>,
    State(site): Shared<C, R>,
    Path(path): Path<(String, String, String, String)>,
) -> Response {
    let person = person.into_who();
    let view = site.control.view();
    let Some(instance) = find(&view, &path) else {
        let words = format!("there is no instance {} in workspace {}; it may have been deleted", path.3, path.2);
        return PageFaces::of(&site).problem(&Problem::new(StatusCode::NOT_FOUND, words));
    };
    let model = instance_model(&site, (&view, instance), &person).await;
    shown(&site.templates, "instance.html", &model)
}

async fn instance_model<C: Control, R: Records + Freezer>(
    site: &Site<C, R>,
    (view, instance): (&FleetView, &InstanceView),
    person: &Person,
) -> instance::InstancePage {
    let now = site.now();
    let id = &instance.facts.id;
    let today = today_of(now);
    let of = |from: Date, by| AccountAsked { only: Some(id.clone()), ..asked(from, today, by) };
    let week = today.checked_sub(jiff::ToSpan::days(6)).unwrap_or(today);
    let costs = Costs {
        today: account(site, of(today, Grouping::Instance)).await,
        week: account(site, of(week, Grouping::Day)).await,
        month: account(site, of(today.first_of_month(), Grouping::Instance)).await,
    };
    let told = site.control.decision(id.to_string(), None).await.ok();
    let told: Option<Explanation> = told.and_then(|value| serde_json::from_value(value).ok());
    let zone = told.as_ref().and_then(|told| told.zone.as_deref());
    let zone = zone.and_then(|name| crate::schedule::load_zone(name).ok()).unwrap_or(TimeZone::UTC);
    let text = told.as_ref().map(|told| (site.options.explain)(told, &zone, now)).unwrap_or_default();
    let since = now.checked_sub(LOOK_BACK).unwrap_or(now);
    let happened = site.records.happenings(id, since, EVENTS_MAX).await.unwrap_or_else(|fault| {
        tracing::warn!("{}", fault.words());
        Vec::new()
    });
    let offer = site.control.offers(vec![id.clone()]).await.ok().and_then(|all| all.into_iter().next().flatten());
    let day = costs.today.as_deref().map(by_instance);
    let around = Around { view, person, now, today: day.as_ref() };
    let clocks = around.clocks(instance);
    let title = crate::report::words::clean(id.name());
    let common = Common::of(&site.model, PageName { name: "instance", title }, (view, person), &clocks);
    let parts = instance::Parts { common, instance, offer, told, text, happened, costs };
    instance_page(parts, &around)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SavingsAsked {
    month: String,
    by: String,
}

/// The first day of a month such as `2026-11`; none for anything else.
fn month_of(text: &str) -> Option<Date> {
    format!("{text}-01").parse().ok()
}

async fn savings<C: Control, R: Records + Freezer>(
    person: Asked<Read>,
    State(site): Shared<C, R>,
    Asking(wanted): Asking<SavingsAsked>,
) -> Response {
    let person = person.into_who();
    let (view, now) = (site.control.view(), site.now());
    let today = today_of(now);
    let first = month_of(&wanted.month).filter(|first| *first <= today).unwrap_or(today.first_of_month());
    let by = GROUPINGS.into_iter().find(|(by, _)| by.label() == wanted.by).map_or(Grouping::Team, |(by, _)| by);
    let until = first.last_of_month().min(today);
    let wanted = AccountAsked { daily: true, ..asked(first, until, by) };
    let made = match site.records.savings(wanted).await {
        Ok(made) => made,
        Err(fault) => {
            let words = format!("{}; {}", fault.words(), fault.kind.remedy());
            return PageFaces::of(&site).problem(&Problem::new(StatusCode::SERVICE_UNAVAILABLE, words));
        }
    };
    let clocks = Clocks::utc(now);
    let common = Common::of(&site.model, name("savings", "Savings"), (&view, &person), &clocks);
    shown(&site.templates, "savings.html", &savings_page(common, (first, today), &made, &view, &clocks))
}

async fn week<C: Control, R: Records + Freezer>(person: Asked<Read>, State(site): Shared<C, R>) -> Response {
    let (view, now) = (site.control.view(), site.now());
    let (from, zone) = begins(&view, now);
    let forecasts = site.control.forecasts(from, DAYS.saturating_add(1));
    let clocks = Clocks::utc(now);
    let common = Common::of(&site.model, name("week", "Week ahead"), (&view, person.who()), &clocks);
    let model = week_page(common, &view, &forecasts, (from, zone.as_deref()), &clocks);
    shown(&site.templates, "week.html", &model)
}

async fn operations<C: Control, R: Records + Freezer>(person: Asked<Read>, State(site): Shared<C, R>) -> Response {
    let (view, now) = (site.control.view(), site.now());
    let may_audit = allows(Rule::Operate, Some(person.who()), Ownership::NotKnownYet).is_ok();
    let audit = if may_audit { site.records.audit(AUDIT_LINES).await.unwrap_or_default() } else { Vec::new() };
    let clocks = Clocks::utc(now);
    let common = Common::of(&site.model, name("operations", "Operations"), (&view, person.who()), &clocks);
    let model = operations_page(common, &view, &site.control.api_use(), &audit, &clocks);
    shown(&site.templates, "operations.html", &model)
}

/// The same for everybody: whoever fetches it without running its script has seen nothing and changed nothing.
async fn hold<C: Control, R: Records + Freezer>(_: Asked<Anyone>, State(site): Shared<C, R>) -> Response {
    let common = Common::plain(&site.model, name("hold", "Hold"), &Clocks::utc(site.now()));
    shown(&site.templates, "hold.html", &common)
}

/// As the page of a hold.
async fn keep<C: Control, R: Records + Freezer>(_: Asked<Anyone>, State(site): Shared<C, R>) -> Response {
    let common = Common::plain(&site.model, name("keep", "Keep"), &Clocks::utc(site.now()));
    shown(&site.templates, "keep.html", &common)
}

async fn file<C: Control, R: Records + Freezer>(
    _: Asked<Anyone>,
    State(site): Shared<C, R>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(asset) = asset(&name) else {
        return PageFaces::of(&site).problem(&Problem::new(StatusCode::NOT_FOUND, "there is no such file"));
    };
    let tag = format!("\"{}\"", stamp());
    let known = headers.get(IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == tag.as_bytes());
    let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { asset.text.into_response() };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(ETAG, tag);
    }
    response
}

/// What the door shows in a browser.
#[derive(Debug)]
pub struct PageFaces {
    templates: Templates,
    site: SiteModel,
    now: crate::web::site::Clock,
}

impl PageFaces {
    fn of<C: Control, R: Records + Freezer>(site: &Site<C, R>) -> Self {
        Self { templates: site.templates.clone(), site: site.model.clone(), now: site.options.now.clone() }
    }

    /// The faces of a site.
    #[must_use]
    pub fn new<C: Control, R: Records + Freezer>(site: &Site<C, R>) -> Self {
        Self::of(site)
    }

    fn common(&self, page: PageName) -> Common {
        Common::plain(&self.site, page, &Clocks::utc(self.now.now()))
    }
}

#[derive(Serialize)]
struct ProblemModel {
    #[serde(flatten)]
    common: Common,
    status: u16,
    headline: &'static str,
    words: String,
    remedy: Option<String>,
}

#[derive(Serialize)]
struct WayIn {
    label: &'static str,
    href: String,
}

#[derive(Serialize)]
struct LoginModel {
    #[serde(flatten)]
    common: Common,
    ways: Vec<WayIn>,
    problem: Option<String>,
}

const fn headline(status: u16) -> &'static str {
    match status {
        401 => "Sign in to see this",
        403 => "This is not for you",
        404 => "There is nothing here",
        421 => "This is not our name",
        429 => "Too many requests",
        503 => "This could not be read",
        _ => "This did not work",
    }
}

impl Faces for PageFaces {
    fn problem(&self, problem: &Problem) -> Response {
        let status = problem.status.as_u16();
        let (words, remedy) = problem
            .words
            .split_once("; ")
            .map_or((problem.words.as_str(), None), |(words, rest)| (words, Some(rest.to_owned())));
        let model = ProblemModel {
            common: self.common(name("problem", headline(status))),
            status,
            headline: headline(status),
            words: words.to_owned(),
            remedy,
        };
        let mut response = shown(&self.templates, "problem.html", &model);
        *response.status_mut() = problem.status;
        response
    }

    fn login(&self, page: &LoginPage) -> Response {
        let ways = page.start.iter().map(|start| WayIn { label: "Sign in", href: start.clone() }).collect();
        let common = self.common(name("login", "Sign in"));
        shown(&self.templates, "login.html", &LoginModel { common, ways, problem: page.problem.clone() })
    }
}
