//! What the API lets be read of the service itself: who asks, money, forecasts, health, the audit log, news.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::asked::today_of;
use super::openapi::openapi;
use super::problem::{Asking, failed, problem, tagged};
use super::shapes::{At, PolicyShape, at, policies};
use crate::access::{Ownership, Person, Role, Rule, allows};
use crate::ledger::Grouping;
use crate::ports::{AccountAsked, AuditLine, Control, Freezer, Records};
use crate::report::FleetView;
use crate::web::door::{Asked, Operate, Read, Routes};
use crate::web::site::Site;

/// How often the stream of events looks for news.
const NEWS_EVERY: Duration = Duration::from_secs(1);

type Shared<C, R> = State<Arc<Site<C, R>>>;
/// The routes that read.
pub(in crate::web) fn read_routes<C: Control, R: Records + Freezer>() -> Routes<Arc<Site<C, R>>> {
    Routes::new()
        .get("/api/v1/me", Read, me)
        .get("/api/v1/savings", Read, savings::<C, R>)
        .get("/api/v1/forecasts", Read, forecasts::<C, R>)
        .get("/api/v1/operations", Read, operations::<C, R>)
        .get("/api/v1/audit", Operate, audit::<C, R>)
        .get("/api/v1/events", Read, events::<C, R>)
        .get("/api/v1/openapi.json", Read, document)
}

/// Whoever asks.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct MeShape {
    /// By which they are known for good.
    pub(in crate::web) key: String,
    /// Their name.
    pub(in crate::web) name: String,
    /// Their role.
    pub(in crate::web) role: String,
    /// How they are known: `loopback`, `session`, `proxy` or `token`.
    pub(in crate::web) way: String,
    /// The rules that let them through: `read`, `own`, `operate`, `administer`.
    pub(in crate::web) may: Vec<String>,
}

async fn me(asked: Asked<Read>, headers: HeaderMap) -> Response {
    let person: &Person = asked.who();
    let rules = Rule::ALL.into_iter().filter(|rule| allows(*rule, Some(person), Ownership::NotKnownYet).is_ok());
    let role: Role = person.role;
    let shape = MeShape {
        key: person.key.clone(),
        name: person.name.clone(),
        role: role.label().to_owned(),
        way: person.way.label().to_owned(),
        may: rules.map(|rule| rule.label().to_owned()).collect(),
    };
    tagged(&headers, &shape)
}

/// Which account is wanted.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct SavingsAsked {
    /// A month such as `2026-11`; the present one when not said.
    #[schemars(with = "Option<String>", extend("pattern" = "^[0-9]{4}-(0[1-9]|1[0-2])$"))]
    pub(in crate::web) month: Option<String>,
    /// By what to group; by team when not said.
    pub(in crate::web) by: Option<Grouping>,
}

async fn savings<C: Control, R: Records + Freezer>(
    _: Asked<Read>,
    State(site): Shared<C, R>,
    headers: HeaderMap,
    Asking(asked): Asking<SavingsAsked>,
) -> Response {
    let today = today_of(site.now());
    let first = match &asked.month {
        None => Some(today.first_of_month()),
        Some(text) => format!("{text}-01").parse::<Date>().ok().filter(|_| text.len() == 7),
    };
    let Some(first) = first else {
        return problem(StatusCode::BAD_REQUEST, "`month` is a month such as 2026-11");
    };
    if first > today {
        return problem(StatusCode::NOT_FOUND, "the month has not begun; there is no account of it yet");
    }
    let (to, by) = (first.last_of_month().min(today), asked.by.unwrap_or(Grouping::Team));
    let asked = AccountAsked { from: first, to, zone: "UTC".to_owned(), by, daily: true, only: None };
    match site.records.savings(asked).await {
        Ok(savings) => tagged(&headers, &savings),
        Err(fault) => failed(&fault),
    }
}

/// For how long forecasts are wanted.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct ForecastsAsked {
    /// How many days from now on; 7 when not said.
    #[schemars(range(min = 1, max = 366))]
    pub(in crate::web) days: Option<u32>,
}

async fn forecasts<C: Control, R: Records + Freezer>(
    _: Asked<Read>,
    State(site): Shared<C, R>,
    headers: HeaderMap,
    Asking(asked): Asking<ForecastsAsked>,
) -> Response {
    let days = asked.days.unwrap_or(7);
    if days == 0 || days > 366 {
        return problem(StatusCode::BAD_REQUEST, "`days` is from 1 to 366");
    }
    tagged(&headers, &site.control.forecasts(site.now(), days))
}

/// A workspace.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct WorkspaceShape {
    /// Its ARM id.
    pub(in crate::web) id: String,
    /// Its region.
    pub(in crate::web) region: String,
    /// Which policy governs it.
    pub(in crate::web) policy: Option<String>,
    /// When it was last read.
    pub(in crate::web) read_at: Option<At>,
    /// How long that took, in milliseconds.
    pub(in crate::web) read_ms: u64,
    /// Its instances.
    pub(in crate::web) instances: usize,
    /// Of these, how many are on.
    pub(in crate::web) on: usize,
    /// The label of what is wrong with it.
    pub(in crate::web) fault_label: Option<String>,
    /// What is wrong with it, and what helps.
    pub(in crate::web) fault: Option<String>,
}

/// How the service is.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct OperationsShape {
    /// When the fleet was last published.
    pub(in crate::web) at: At,
    /// Why everything is frozen; none when it is not.
    pub(in crate::web) frozen: Option<String>,
    /// When the last sweep ended.
    pub(in crate::web) swept_at: Option<At>,
    /// When the policies were last loaded; none when that failed.
    pub(in crate::web) policies_loaded_at: Option<At>,
    /// What is wrong with them.
    pub(in crate::web) policies_problem: Option<String>,
    /// The policies.
    pub(in crate::web) policies: Vec<PolicyShape>,
    /// The workspaces.
    pub(in crate::web) workspaces: Vec<WorkspaceShape>,
    /// Messages given up since the start.
    pub(in crate::web) messages_let_go: u64,
    /// The last row of the ledger.
    pub(in crate::web) ledger_seq: i64,
    /// That row's hash.
    pub(in crate::web) ledger_hash: String,
}

fn operations_of(view: &FleetView) -> OperationsShape {
    let workspace = |place: &crate::report::WorkspaceView| WorkspaceShape {
        id: place.id.to_string(),
        region: place.region.to_string(),
        policy: place.policy.as_ref().map(ToString::to_string),
        read_at: place.read_at.map(at),
        read_ms: place.read_ms,
        instances: place.instances.len(),
        on: place.instances.iter().filter(|one| one.facts.state.is_on()).count(),
        fault_label: place.fault_label.map(str::to_owned),
        fault: place.fault.clone(),
    };
    OperationsShape {
        at: at(view.at),
        frozen: view.freeze.why().map(str::to_owned),
        swept_at: view.last.ended_at.map(at),
        policies_loaded_at: view.reload.as_ref().ok().copied().map(at),
        policies_problem: view.reload.as_ref().err().cloned(),
        policies: policies(view),
        workspaces: view.workspaces.values().map(workspace).collect(),
        messages_let_go: view.telling.let_go,
        ledger_seq: view.money.head.0,
        ledger_hash: view.money.head.1.clone(),
    }
}

async fn operations<C: Control, R: Records + Freezer>(
    _: Asked<Read>,
    State(site): Shared<C, R>,
    headers: HeaderMap,
) -> Response {
    tagged(&headers, &operations_of(&site.control.view()))
}

/// A line of the audit log.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct AuditShape {
    /// When.
    pub(in crate::web) at: At,
    /// Who.
    pub(in crate::web) who: String,
    /// What.
    pub(in crate::web) what: String,
    /// To what.
    pub(in crate::web) target: String,
    /// Why, or the particulars.
    pub(in crate::web) why: String,
}

impl From<&AuditLine> for AuditShape {
    fn from(line: &AuditLine) -> Self {
        let AuditLine { at: when, who, what, target, why } = line.clone();
        Self { at: at(when), who, what, target, why }
    }
}

async fn audit<C: Control, R: Records + Freezer>(
    _: Asked<Operate>,
    State(site): Shared<C, R>,
    headers: HeaderMap,
) -> Response {
    match site.records.audit(500).await {
        Ok(lines) => tagged(&headers, &lines.iter().map(AuditShape::from).collect::<Vec<_>>()),
        Err(fault) => failed(&fault),
    }
}

/// `fleet` whenever the fleet was published anew.
async fn events<C: Control, R: Records + Freezer>(_: Asked<Read>, State(site): Shared<C, R>) -> Response {
    // each is a connection that stays: those of links and of everybody else need room too
    let Ok(place) = site.streams.clone().try_acquire_owned() else {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "too many pages are open; this one follows again in a while");
    };
    let news = stream::unfold((site, None, place), |(site, told, place)| async move {
        let told: Option<Timestamp> = told;
        loop {
            let now = site.control.view().at;
            if told != Some(now) {
                let event = Event::default().event("fleet").data(format!("{{\"at\":\"{now}\"}}"));
                return Some((Ok::<Event, Infallible>(event), (site, Some(now), place)));
            }
            tokio::time::sleep(NEWS_EVERY).await;
        }
    });
    // a proxy closes what says nothing for long, and a reader who went away is noticed when something is sent
    Sse::new(news).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response()
}

async fn document(_: Asked<Read>, headers: HeaderMap) -> Response {
    tagged(&headers, &openapi())
}
