//! The routes of the control socket: what this machine's own command line asks of the running service.
//!
//! Whoever can open the socket is its owner or root (mode 0600); that is all the authentication there is, which is
//! why these routes are never served over TCP.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::limits::HttpLimits;
use super::public::{in_time, security_headers};
use crate::ports::{
    Control, Declined, HoldRequest, OperationEnd, ProposalRequest, StartRequest, StopRequest, TimerRequest,
    Undertaking, Undertakings,
};
use crate::units::{InstanceId, PolicyId};

/// Asks that a hold be lifted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lift {
    /// Who asks.
    pub by: String,
}

/// Asks that a changed policy may act on all (G19).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acknowledge {
    /// Which policy.
    pub policy: PolicyId,
    /// Who asks.
    pub by: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DecisionQuery {
    instance: String,
    at: Option<Timestamp>,
}

/// Why nothing was done, as the body of an answer.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Problem {
    pub(super) error: String,
}

/// The routes over an engine.
pub fn control_router<C: Control + Undertakings>(control: Arc<C>, limits: &HttpLimits) -> Router {
    let patience: Duration = limits.patience;
    Router::new()
        .route("/v1/view", get(view::<C>))
        .route("/v1/decision", get(decision::<C>))
        .route("/v1/holds", post(hold::<C>))
        .route("/v1/holds/{id}", delete(lift::<C>))
        .route("/v1/proposals", post(answer::<C>))
        .route("/v1/ack", post(acknowledge::<C>))
        .route("/v1/nudge", post(nudge::<C>))
        .fallback(unknown)
        .layer(DefaultBodyLimit::max(limits.body_bytes))
        .layer(from_fn_with_state(patience, |State(patience): State<Duration>, request, next| {
            in_time(patience, request, next)
        }))
        // Azure is looked at first, and may be asked to do something: as long as that takes
        .route("/v1/stops", post(stop::<C>))
        .route("/v1/starts", post(start::<C>))
        .route("/v1/operations", post(begin::<C>))
        .route("/v1/operations/{id}/sent", post(has_left::<C>))
        .route("/v1/operations/{id}/end", post(has_ended::<C>))
        .route("/v1/settle", post(settle_stop::<C>))
        // has its own, longer patience at the other end: a bill may have to be asked for first
        .route("/v1/reconcile", post(reconcile::<C>))
        // one after the other is looked at, set and looked at again
        .route("/v1/timers", post(timers::<C>))
        .layer(from_fn(security_headers))
        .with_state(control)
}

fn declined(Declined(error): Declined) -> Response {
    (StatusCode::CONFLICT, Json(Problem { error })).into_response()
}

async fn unknown() -> Response {
    let error = "this service does not know that request; is the command line newer than the service?".to_owned();
    (StatusCode::NOT_FOUND, Json(Problem { error })).into_response()
}

async fn view<C: Control>(State(control): State<Arc<C>>) -> Response {
    Json(&*control.view()).into_response()
}

async fn decision<C: Control>(State(control): State<Arc<C>>, Query(query): Query<DecisionQuery>) -> Response {
    match control.decision(query.instance, query.at).await {
        Ok(value) => Json(value).into_response(),
        Err(why) => declined(why),
    }
}

async fn hold<C: Control>(State(control): State<Arc<C>>, Json(request): Json<HoldRequest>) -> Response {
    match control.hold(request).await {
        Ok(hold) => (StatusCode::CREATED, Json(hold)).into_response(),
        Err(why) => declined(why),
    }
}

async fn answer<C: Control>(State(control): State<Arc<C>>, Json(request): Json<ProposalRequest>) -> Response {
    match control.answer(request).await {
        Ok(proposal) => Json(proposal).into_response(),
        Err(why) => declined(why),
    }
}

async fn lift<C: Control>(
    State(control): State<Arc<C>>,
    Path(id): Path<String>,
    Json(request): Json<Lift>,
) -> Response {
    match control.lift(id, request.by).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(why) => declined(why),
    }
}

async fn acknowledge<C: Control>(State(control): State<Arc<C>>, Json(request): Json<Acknowledge>) -> Response {
    match control.acknowledge(request.policy, request.by).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(why) => declined(why),
    }
}

async fn timers<C: Control>(State(control): State<Arc<C>>, Json(request): Json<TimerRequest>) -> Response {
    // whoever asked may go away: what was begun is finished, and written down
    match tokio::spawn(async move { control.set_timers(request).await }).await {
        Ok(Ok(told)) => Json(told).into_response(),
        Ok(Err(why)) => declined(why),
        Err(_) => declined(Declined("the service is stopping".to_owned())),
    }
}

/// What was begun is finished, and written down, when whoever asked goes away.
async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Declined>> + Send + 'static,
) -> Result<T, Declined> {
    tokio::spawn(work).await.unwrap_or_else(|_| Err(Declined("the service is stopping".to_owned())))
}

fn told(answer: Result<impl Serialize, Declined>) -> Response {
    match answer {
        Ok(value) => Json(value).into_response(),
        Err(why) => declined(why),
    }
}

async fn stop<C: Control>(State(control): State<Arc<C>>, Json(request): Json<StopRequest>) -> Response {
    told(to_its_end(async move { control.stop_now(request).await }).await)
}

async fn start<C: Control>(State(control): State<Arc<C>>, Json(request): Json<StartRequest>) -> Response {
    told(to_its_end(async move { control.start_now(request).await }).await)
}

async fn begin<C: Undertakings>(State(control): State<Arc<C>>, Json(wish): Json<Undertaking>) -> Response {
    told(to_its_end(async move { control.begin(wish).await }).await)
}

async fn has_left<C: Undertakings>(State(control): State<Arc<C>>, Path(id): Path<String>) -> Response {
    told(to_its_end(async move { control.has_left(id).await }).await)
}

async fn has_ended<C: Undertakings>(
    State(control): State<Arc<C>>,
    Path(id): Path<String>,
    Json(end): Json<OperationEnd>,
) -> Response {
    told(to_its_end(async move { control.has_ended(id, end.result).await }).await)
}

async fn settle_stop<C: Undertakings>(State(control): State<Arc<C>>, Json(instance): Json<InstanceId>) -> Response {
    told(to_its_end(async move { control.settle_stop(instance).await }).await)
}

async fn reconcile<C: Control>(State(control): State<Arc<C>>) -> Response {
    match control.reconcile().await {
        Ok(told) => Json(told).into_response(),
        Err(why) => declined(why),
    }
}

async fn nudge<C: Control>(State(control): State<Arc<C>>) -> Response {
    control.nudge();
    StatusCode::ACCEPTED.into_response()
}
