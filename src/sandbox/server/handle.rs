//! One request from the socket to the answer: route, faults, token, api-version, buckets, answer, faults again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, Request};
use axum::response::Response;
use jiff::Timestamp;

use super::super::faults::Effect;
use super::answer::Answer;
use super::connection::Connection;
use super::deliver::{Delivery, deliver};
use super::errors;
use super::recorder::RequestRecord;
use super::route::Route;
use super::shared::{Shared, lock};
use super::spoil::{Spoilage, replace, spoil};
use super::throttle::{Admission, BucketKey, Traffic};
use super::tokens::Bearer;

/// The largest body that is read; notices are far smaller.
const BODY_MAX: usize = 4 * 1_048_576;

/// No more of a body is recorded.
const RECORDED_MAX: usize = 65_536;

/// What was asked, as the answering functions need it.
pub(super) struct Ask<'a> {
    /// Scheme and host as the caller wrote them; links lead back there.
    pub(super) origin: String,
    pub(super) path: &'a str,
    pub(super) raw_query: &'a str,
    pub(super) query: HashMap<String, String>,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: Bytes,
}

impl Ask<'_> {
    /// The api-version, which ARM routes have by the time they are answered.
    pub(super) fn api_version(&self) -> &str {
        self.query.get("api-version").map(String::as_str).unwrap_or_default()
    }
}

/// A listener's part of the state: what all share, and the scheme by which it is reached.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) shared: Arc<Shared>,
    pub(super) scheme: &'static str,
}

/// Answers any request.
pub(super) async fn handle(State(door): State<Door>, request: Request<Body>) -> Response {
    let shared = &door.shared;
    let (parts, body) = request.into_parts();
    let connection = parts.extensions.get::<ConnectInfo<Connection>>().map(|info| info.0.clone());
    let method = parts.method.as_str();
    let (path, raw_query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    let route = Route::of(method, path);
    let at = shared.options.clock.now();
    let effects =
        shared.faults.meet(route.operation(), parts.uri.path_and_query().map_or(path, |whole| whole.as_str()), at);
    wait(shared.options.latency, &effects).await;

    let delivery = Delivery { shared, connection, number: shared.next_request(), at };
    let note = |status: u16, body: &Bytes| {
        let mut record = record(&parts.method, path, (&route, status), &parts.headers, at);
        if route.is_arm() && method != "GET" {
            record.api_version = version_of(raw_query);
            record.body = body.slice(..body.len().min(RECORDED_MAX));
        }
        shared.recorder.note(record);
    };
    if effects.contains(&Effect::Hang) || effects.contains(&Effect::Reset) {
        note(0, &Bytes::new());
        if effects.contains(&Effect::Hang) {
            shared.until_ended().await;
        }
        return delivery.cut();
    }
    let Ok(body) = to_bytes(body, BODY_MAX).await else {
        note(413, &Bytes::new());
        return deliver(&delivery, errors::plain(413, None), &[]);
    };
    let host = parts
        .headers
        .get("host")
        .and_then(|host| host.to_str().ok())
        .or_else(|| parts.uri.authority().map(|host| host.as_str()));
    let ask = Ask {
        origin: format!("{}://{}", door.scheme, host.unwrap_or("localhost")),
        path,
        raw_query,
        query: url::form_urlencoded::parse(raw_query.as_bytes()).into_owned().collect(),
        headers: &parts.headers,
        body,
    };
    let answer = answer_with_faults(shared, &ask, (method, &route), &effects);
    if effects.contains(&Effect::ResetAfter) {
        note(0, &ask.body);
        return delivery.cut();
    }
    note(answer.status, &ask.body);
    deliver(&delivery, answer, &effects)
}

async fn wait(latency: Duration, effects: &[Effect]) {
    let delays = effects
        .iter()
        .map(|effect| if let Effect::Delay(millis) = effect { Duration::from_millis(*millis) } else { Duration::ZERO });
    let total = delays.fold(latency, Duration::saturating_add);
    if total > Duration::ZERO {
        tokio::time::sleep(total).await;
    }
}

fn record(
    method: &axum::http::Method,
    path: &str,
    (route, status): (&Route, u16),
    headers: &HeaderMap,
    at: Timestamp,
) -> RequestRecord {
    RequestRecord {
        at,
        method: method.as_str().to_owned(),
        path: path.to_owned(),
        operation: route.operation().label(),
        status,
        api_version: String::new(),
        body: Bytes::new(),
        if_none_match: if_none_match(headers).to_owned(),
        had_authorization: headers.contains_key("authorization"),
        had_signature: headers.keys().any(|name| name.as_str().contains("signature")),
    }
}

/// `If-None-Match`, as it was sent.
pub(super) fn if_none_match(headers: &HeaderMap) -> &str {
    headers.get("if-none-match").and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn version_of(raw_query: &str) -> String {
    let pairs = url::form_urlencoded::parse(raw_query.as_bytes());
    pairs.into_iter().find(|(name, _)| name == "api-version").map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// The answer, or what a fault puts in its place, and what faults make of it.
fn answer_with_faults(shared: &Shared, ask: &Ask<'_>, (method, route): (&str, &Route), effects: &[Effect]) -> Answer {
    let spoilage = Spoilage { shared, ask, route };
    let made = match effects.iter().find(|effect| effect.replaces()) {
        Some(effect) => replace(&spoilage, effect),
        None => answer(shared, ask, (method, route), effects),
    };
    effects.iter().fold(made, |answer, effect| spoil(&spoilage, answer, effect))
}

fn answer(shared: &Shared, ask: &Ask<'_>, (method, route): (&str, &Route), effects: &[Effect]) -> Answer {
    if !route.is_arm() {
        return outside_arm(shared, ask, route, effects);
    }
    let principal = match shared.bearer(ask.headers) {
        Bearer::Principal(principal) => principal,
        Bearer::Missing => return errors::no_token(&shared.options.world.tenant),
        Bearer::Expired => return errors::bad_token(&shared.options.world.tenant, true),
        Bearer::Unknown => return errors::bad_token(&shared.options.world.tenant, false),
    };
    if ask.api_version().is_empty() {
        return errors::no_api_version(ask.path);
    }
    let left = match shared.admit(ask.path, method, principal.clone()) {
        Ok(left) => left,
        Err(refused) => return *refused,
    };
    let action = route.action();
    let mut answer = if !action.is_empty() && !shared.may(&principal, action) {
        errors::forbidden(&principal, action, scope(ask.path))
    } else {
        inside_arm(shared, ask, (method, route), (&principal, effects))
    };
    if let Some((name, left)) = left {
        answer.set(name, &left.to_string());
    }
    answer
}

fn outside_arm(shared: &Shared, ask: &Ask<'_>, route: &Route, effects: &[Effect]) -> Answer {
    match route {
        Route::EntraToken(tenant) => {
            let form: HashMap<String, String> = url::form_urlencoded::parse(&ask.body).into_owned().collect();
            shared.entra_token(tenant, &form, effects)
        }
        Route::AppServiceToken => shared.app_service_token(ask.headers, &ask.query, effects),
        Route::ImdsToken => shared.imds_token(ask.headers, &ask.query, effects),
        Route::Inbox => shared.receive_notice(&ask.body),
        Route::RetailPrices => shared.retail_prices(ask),
        Route::CloudMetadata
        | Route::Subscription(_)
        | Route::Workspaces { .. }
        | Route::Workspace(_)
        | Route::Permissions(_)
        | Route::Computes(_)
        | Route::Compute(..)
        | Route::VmSizes(..)
        | Route::Create(..)
        | Route::Delete(..)
        | Route::CheckName(_)
        | Route::Usages(..)
        | Route::Quotas(..)
        | Route::Operate(..)
        | Route::SetIdle(..)
        | Route::Status(..)
        | Route::Results(..)
        | Route::CostQuery(_)
        | Route::Jobs(_)
        | Route::Job(..)
        | Route::Metrics(_)
        | Route::WrongMethod
        | Route::Nothing => shared.cloud_metadata(ask),
    }
}

fn inside_arm(
    shared: &Shared,
    ask: &Ask<'_>,
    (method, route): (&str, &Route),
    (principal, effects): (&str, &[Effect]),
) -> Answer {
    match route {
        Route::Subscription(id) => shared.get_subscription(id),
        Route::Workspaces { subscription, group } => shared.list_workspaces(ask, subscription, group.as_deref()),
        Route::Workspace(id) => shared.get_workspace(id),
        Route::Permissions(_) => shared.permissions(principal),
        Route::Computes(workspace) => shared.list_computes(ask, workspace),
        Route::Compute(workspace, name) => shared.get_compute(workspace, name),
        Route::VmSizes(subscription, region) => shared.vm_sizes(subscription, region),
        Route::Create(workspace, name) => shared.create(ask, (workspace, name), principal, effects),
        Route::Delete(workspace, name) => shared.delete(ask, workspace, name, effects),
        Route::CheckName(workspace) => shared.check_name(ask, workspace),
        Route::Usages(subscription, region) => shared.usages(ask, subscription, region),
        Route::Quotas(subscription, region) => shared.quotas_of(ask, subscription, region),
        Route::Operate(workspace, name, verb) => shared.operate(ask, (workspace, name), *verb, effects),
        Route::SetIdle(workspace, name) => shared.set_idle(ask, workspace, name),
        Route::Status(_, _, id) => shared.status(ask, id),
        Route::Results(_, _, id) => shared.results(ask, id),
        Route::CostQuery(scope) => shared.query_costs(ask, scope),
        Route::Jobs(workspace) => shared.list_jobs(ask, workspace),
        Route::Job(workspace, name) => shared.get_job(workspace, name),
        Route::Metrics(subscription) => shared.metrics_batch(ask, subscription),
        Route::WrongMethod => errors::wrong_method(method),
        Route::EntraToken(_)
        | Route::AppServiceToken
        | Route::ImdsToken
        | Route::CloudMetadata
        | Route::Inbox
        | Route::RetailPrices
        | Route::Nothing => {
            errors::arm(404, "InvalidResourceType", &format!("The resource type could not be found at '{}'.", ask.path))
        }
    }
}

/// Actions are judged at the resource, not at the verb or the query behind it.
fn scope(path: &str) -> &str {
    [
        "/start",
        "/stop",
        "/restart",
        "/updateIdleShutdownSetting",
        "/checkComputeNameAvailability",
        "/providers/Microsoft.CostManagement/query",
    ]
    .iter()
    .find_map(|verb| path.strip_suffix(verb))
    .unwrap_or(path)
}

impl Shared {
    /// Whether the principal's roles allow an action, and this sandbox denies it to nobody.
    fn may(&self, principal: &str, action: &str) -> bool {
        let denied = self.options.denied.iter().any(|denied| denied.eq_ignore_ascii_case(action));
        !denied && super::roles::may(&self.options.roles, principal, action)
    }

    /// Takes a request out of its bucket: the header that tells what is left, or ARM's refusal.
    fn admit(&self, path: &str, method: &str, principal: String) -> Result<Option<(&'static str, u64)>, Box<Answer>> {
        if self.options.throttling == super::options::Throttling::Off {
            return Ok(None);
        }
        let (traffic, header) = match method {
            "GET" => (Traffic::Read, "x-ms-ratelimit-remaining-subscription-reads"),
            "DELETE" => (Traffic::Delete, "x-ms-ratelimit-remaining-subscription-deletes"),
            _ => (Traffic::Write, "x-ms-ratelimit-remaining-subscription-writes"),
        };
        let lower = path.to_lowercase();
        let subscription = lower.split('/').nth(2).unwrap_or_default().to_owned();
        let now = self.options.clock.now();
        let key = BucketKey { region: self.region_of(&lower), subscription, traffic, principal };
        match lock(&self.buckets).admit(key, now) {
            Admission::Admitted(left) => Ok(Some((header, left))),
            Admission::Refused(seconds) => {
                let refusal = errors::throttled(Some(&seconds.to_string()));
                Err(Box::new(refusal.with(header, "0")))
            }
        }
    }

    /// The region that serves a path: the workspace's, the location's, or the global one.
    fn region_of(&self, lower: &str) -> String {
        if let Some((_, rest)) = lower.split_once("/locations/") {
            return rest.split('/').next().unwrap_or_default().to_owned();
        }
        let id: String = lower.split('/').take(9).collect::<Vec<_>>().join("/");
        let world = lock(&self.world);
        let workspace = world.workspace_at(&id).and_then(|position| world.workspaces.get(position));
        workspace.map(|workspace| workspace.spec.region.clone()).unwrap_or_default()
    }
}
