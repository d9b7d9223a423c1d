//! What the API lets be changed: holds, stops, the freeze switch, acknowledgements, a sweep now.

use std::future::Future;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Number;

use super::change::Change;
use super::instances::OfInstance;
use super::problem::{Body, Named, declined, failed, problem};
use super::shapes::HoldShape;
use crate::ports::{AuditLine, Control, Declined, Freezer, HoldRequest, Records, StartRequest, StopRequest};
use crate::report::words::clean;
use crate::units::PolicyId;
use crate::web::door::{Administer, Asked, Operate, Own, Routes, Stop};
use crate::web::page::owners_of;
use crate::web::site::Site;

/// The longest hold that can be asked for, in seconds: a leap year. Policies allow less.
const LENGTH_MAX: u32 = 31_622_400;
/// The longest reason.
const REASON_MAX: usize = 200;

type Shared<C, R> = State<Arc<Site<C, R>>>;

/// The routes that change something.
pub(in crate::web) fn act_routes<C: Control, R: Records + Freezer>() -> Routes<Arc<Site<C, R>>> {
    Routes::new()
        .post("/api/v1/instances/{subscription}/{group}/{workspace}/{name}/holds", Own, hold::<C, R>)
        .post("/api/v1/instances/{subscription}/{group}/{workspace}/{name}/stop", Stop, stop::<C, R>)
        .post("/api/v1/instances/{subscription}/{group}/{workspace}/{name}/start", Stop, start::<C, R>)
        .delete("/api/v1/holds/{id}", Own, lift::<C, R>)
        .post("/api/v1/freeze", Administer, freeze::<C, R>)
        .delete("/api/v1/freeze", Administer, thaw::<C, R>)
        .post("/api/v1/policies/{name}/acknowledge", Administer, acknowledge::<C, R>)
        .post("/api/v1/sweep", Operate, sweep::<C, R>)
}

/// A hold that is wanted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct HoldAsked {
    /// How long from now on, in seconds; the policy has a longest.
    #[serde(deserialize_with = "length")]
    #[schemars(range(min = 1, max = 31_622_400))]
    pub(in crate::web) seconds: u32,
    /// Why.
    #[schemars(length(min = 1, max = 200))]
    pub(in crate::web) reason: String,
    /// True: it is to stay off, and nothing starts it when its hours begin. Nothing is kept on by that.
    #[serde(default)]
    pub(in crate::web) off: bool,
}

/// A length in seconds. A whole number is one in JSON Schema however it is written: 60, 60.0, 6e1.
fn length<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    let number = Number::deserialize(from)?.to_string();
    let seconds = number.strip_suffix(".0").unwrap_or(&number).parse().ok();
    let wrong = || D::Error::custom(format!("it is a whole number of seconds from 1 to {LENGTH_MAX}, not {number}"));
    seconds.filter(|seconds| (1..=LENGTH_MAX).contains(seconds)).ok_or_else(wrong)
}

/// A reason as it is kept.
#[expect(clippy::result_large_err, reason = "the error is the answer, made once")]
pub(super) fn reason_of(text: &str, is_needed: bool) -> Result<String, Response> {
    let reason = text.trim();
    if is_needed && reason.is_empty() {
        return Err(problem(StatusCode::BAD_REQUEST, "say why: `reason` is empty"));
    }
    if reason.chars().count() > REASON_MAX {
        return Err(problem(StatusCode::BAD_REQUEST, format!("`reason` is longer than {REASON_MAX} characters")));
    }
    Ok(clean(reason))
}

async fn hold<C: Control, R: Records + Freezer>(
    asked: Asked<Own>,
    State(site): Shared<C, R>,
    Named(path): OfInstance,
    Body(wish): Body<HoldAsked>,
) -> Response {
    let Change { instance, life, by, reason } =
        match Change::of(asked, &site.control.view(), &path, (&wish.reason, true)) {
            Ok(change) => change,
            Err(answer) => return answer,
        };
    let (seconds, off) = (wish.seconds, wish.off);
    let request = HoldRequest { instance, seconds, reason, by, life: Some(life), link: None, off };
    match site.control.hold(request).await {
        Ok(hold) => (StatusCode::CREATED, axum::Json(HoldShape::from(&hold))).into_response(),
        Err(why) => declined(&why),
    }
}

async fn lift<C: Control, R: Records + Freezer>(
    asked: Asked<Own>,
    State(site): Shared<C, R>,
    Named(id): Named<String>,
) -> Response {
    let view = site.control.view();
    let mut instances = view.workspaces.values().flat_map(|place| &place.instances);
    let Some(found) = instances.find(|one| one.holds.iter().any(|hold| hold.id == id)) else {
        return problem(StatusCode::NOT_FOUND, "there is no such hold in force");
    };
    let person = match asked.on(owners_of(&found.facts)) {
        Ok(person) => person,
        Err(denied) => return denied,
    };
    match site.control.lift(id, person.known_as().to_owned()).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(why) => declined(&why),
    }
}

/// Whoever asked may go away: what was begun is finished, and written down.
async fn to_its_end(work: impl Future<Output = Result<String, Declined>> + Send + 'static) -> Result<String, Response> {
    match tokio::spawn(work).await {
        Ok(Ok(words)) => Ok(words),
        Ok(Err(why)) => Err(declined(&why)),
        Err(_) => Err(problem(StatusCode::SERVICE_UNAVAILABLE, "the service is stopping")),
    }
}

/// A stop that is wanted now.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct StopAsked {
    /// Why.
    #[serde(default)]
    #[schemars(length(max = 200))]
    pub(in crate::web) reason: String,
    /// Also when something says that it is in use.
    #[serde(default)]
    pub(in crate::web) even_if_in_use: bool,
}

/// A stop that was sent.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct StopShape {
    /// The instance, by its ARM id.
    pub(in crate::web) instance: String,
    /// What became of it so far.
    pub(in crate::web) words: String,
}

async fn stop<C: Control, R: Records + Freezer>(
    asked: Asked<Stop>,
    State(site): Shared<C, R>,
    Named(path): OfInstance,
    Body(wish): Body<StopAsked>,
) -> Response {
    let Change { instance, life, by, reason } =
        match Change::of(asked, &site.control.view(), &path, (&wish.reason, false)) {
            Ok(change) => change,
            Err(answer) => return answer,
        };
    let even_if_in_use = wish.even_if_in_use;
    let request = StopRequest { instance: instance.clone(), reason, by, life: Some(life), even_if_in_use };
    let control = site.control.clone();
    match to_its_end(async move { control.stop_now(request).await }).await {
        Ok(words) => (StatusCode::ACCEPTED, axum::Json(StopShape { instance, words })).into_response(),
        Err(answer) => answer,
    }
}

/// A start that is wanted now.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct StartAsked {
    /// Why.
    #[serde(default)]
    #[schemars(length(max = 200))]
    pub(in crate::web) reason: String,
}

/// A start that was sent.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct StartShape {
    /// The instance, by its ARM id.
    pub(in crate::web) instance: String,
    /// What became of it so far.
    pub(in crate::web) words: String,
}

async fn start<C: Control, R: Records + Freezer>(
    asked: Asked<Stop>,
    State(site): Shared<C, R>,
    Named(path): OfInstance,
    Body(wish): Body<StartAsked>,
) -> Response {
    let Change { instance, life, by, reason } =
        match Change::of(asked, &site.control.view(), &path, (&wish.reason, false)) {
            Ok(change) => change,
            Err(answer) => return answer,
        };
    let request = StartRequest { instance: instance.clone(), reason, by, life: Some(life) };
    let control = site.control.clone();
    match to_its_end(async move { control.start_now(request).await }).await {
        Ok(words) => (StatusCode::ACCEPTED, axum::Json(StartShape { instance, words })).into_response(),
        Err(answer) => answer,
    }
}

/// A freeze that is wanted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct FreezeAsked {
    /// Why; everybody reads it.
    #[schemars(length(min = 1, max = 200))]
    pub(in crate::web) reason: String,
}

/// Whether everything is frozen.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct FreezeShape {
    /// Why it is; none when it is not.
    pub(in crate::web) frozen: Option<String>,
}

async fn note<R: Records>(records: &R, line: AuditLine) -> Result<(), Response> {
    records.note(&line).await.map_err(|fault| failed(&fault))
}

async fn freeze<C: Control, R: Records + Freezer>(
    asked: Asked<Administer>,
    State(site): Shared<C, R>,
    Body(wish): Body<FreezeAsked>,
) -> Response {
    let reason = match reason_of(&wish.reason, true) {
        Ok(reason) => reason,
        Err(wrong) => return wrong,
    };
    let who = asked.who().known_as().to_owned();
    let told = format!("{reason} (by {who})");
    // the switch first: a journal that cannot be written is no reason to go on stopping
    if let Err(fault) = site.records.freeze_all(&reason, &who).await {
        return failed(&fault);
    }
    site.control.show();
    let line =
        AuditLine { at: site.now(), who, what: "freeze".to_owned(), target: "everything".to_owned(), why: reason };
    match note(&*site.records, line).await {
        Ok(()) => axum::Json(FreezeShape { frozen: Some(told) }).into_response(),
        Err(failed) => failed,
    }
}

async fn thaw<C: Control, R: Records + Freezer>(asked: Asked<Administer>, State(site): Shared<C, R>) -> Response {
    let who = asked.who().known_as().to_owned();
    let line = AuditLine {
        at: site.now(),
        who,
        what: "lift_freeze".to_owned(),
        target: "everything".to_owned(),
        why: "asked for on the page or by the API".to_owned(),
    };
    if let Err(failed) = note(&*site.records, line).await {
        return failed;
    }
    if let Err(fault) = site.records.lift_freeze().await {
        return failed(&fault);
    }
    site.control.show();
    let frozen = site.control.view().freeze.why().map(str::to_owned);
    match frozen {
        None => StatusCode::NO_CONTENT.into_response(),
        Some(why) => problem(
            StatusCode::CONFLICT,
            format!("it is still frozen, by something else than this switch: {why}; see [freeze] of the settings"),
        ),
    }
}

/// Nothing more is said.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NothingAsked {}

async fn acknowledge<C: Control, R: Records + Freezer>(
    asked: Asked<Administer>,
    State(site): Shared<C, R>,
    Named(name): Named<String>,
    Body(NothingAsked {}): Body<NothingAsked>,
) -> Response {
    if !site.control.view().policies.iter().any(|policy| policy.id.as_str().eq_ignore_ascii_case(&name)) {
        return problem(StatusCode::NOT_FOUND, "there is no such policy");
    }
    match site.control.acknowledge(PolicyId::new(&name), asked.who().known_as().to_owned()).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(why) => declined(&why),
    }
}

async fn sweep<C: Control, R: Records + Freezer>(
    _: Asked<Operate>,
    State(site): Shared<C, R>,
    Body(NothingAsked {}): Body<NothingAsked>,
) -> Response {
    site.control.nudge();
    StatusCode::ACCEPTED.into_response()
}
