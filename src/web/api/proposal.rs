//! What stays off, and what people say to deleting it. Keeping takes what holding takes; saying yes takes what stopping takes,
//! and no link says it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Number;

use super::change::Change;
use super::instances::OfInstance;
use super::problem::{Body, declined, tagged};
use super::shapes::{At, at};
use crate::facts::Proposal;
use crate::ports::{Control, Freezer, ProposalRequest, ProposalWish, Records};
use crate::report::{DeletionState, Stopped, standing};
use crate::web::door::{Asked, Own, Read, Routes, Stop};
use crate::web::site::Site;

type Shared<C, R> = State<Arc<Site<C, R>>>;

/// The paths of what people say.
pub(super) const KEEP: &str = "/api/v1/instances/{subscription}/{group}/{workspace}/{name}/proposal/keep";
pub(super) const CONFIRM: &str = "/api/v1/instances/{subscription}/{group}/{workspace}/{name}/proposal/confirm";
pub(super) const WITHDRAW: &str = "/api/v1/instances/{subscription}/{group}/{workspace}/{name}/proposal/withdraw";

/// The routes of what stays off.
pub(in crate::web) fn proposal_routes<C: Control, R: Records + Freezer>() -> Routes<Arc<Site<C, R>>> {
    Routes::new()
        .get("/api/v1/stopped", Read, stopped::<C, R>)
        .post(KEEP, Own, keep::<C, R>)
        .post(CONFIRM, Stop, confirm::<C, R>)
        .post(WITHDRAW, Own, withdraw::<C, R>)
}

async fn stopped<C: Control, R: Records + Freezer>(
    _: Asked<Read>,
    State(site): Shared<C, R>,
    headers: HeaderMap,
) -> Response {
    tagged(&headers, &Stopped::of(&site.control.view()))
}

/// A proposal that is to be kept from.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct KeepAsked {
    /// For so many days; for good when not said.
    #[serde(default, deserialize_with = "whole")]
    #[schemars(range(min = 1, max = 3_660))]
    pub(in crate::web) days: Option<u32>,
    /// Why.
    #[schemars(length(min = 1, max = 200))]
    pub(in crate::web) reason: String,
}

/// A whole number is one in JSON Schema however it is written: 60, 60.0.
fn whole<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    let Some(number) = Option::<Number>::deserialize(from)? else { return Ok(None) };
    let text = number.to_string();
    let days = text.strip_suffix(".0").unwrap_or(&text).parse().ok();
    let wrong = || D::Error::custom(format!("it is a whole number of days from 1 to 3660, not {text}"));
    days.filter(|days| (1..=3_660).contains(days)).map(Some).ok_or_else(wrong)
}

/// A yes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct ConfirmAsked {
    /// Which proposal was seen: a yes to one is none to a later one.
    pub(in crate::web) proposal: String,
    /// Why.
    #[schemars(length(min = 1, max = 200))]
    pub(in crate::web) reason: String,
}

/// A yes that is taken back.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct WithdrawAsked {
    /// Why.
    #[serde(default)]
    #[schemars(length(max = 200))]
    pub(in crate::web) reason: String,
}

/// A proposal as it is then.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::web) struct ProposalShape {
    /// Its id.
    pub(in crate::web) id: String,
    /// The instance, by its ARM id.
    pub(in crate::web) instance: String,
    /// How far it is.
    pub(in crate::web) state: DeletionState,
    /// When it is deleted at the earliest, or kept until.
    pub(in crate::web) at: Option<At>,
    /// In words.
    pub(in crate::web) words: String,
}

impl ProposalShape {
    fn of(proposal: &Proposal, now: jiff::Timestamp) -> Self {
        let (state, when, words) = standing(proposal, now);
        Self { id: proposal.id.clone(), instance: proposal.instance.to_string(), state, at: when.map(at), words }
    }
}

/// What a person says, once the rule of its route allowed them to.
struct Said {
    wish: ProposalWish,
    reason: String,
    proposal: Option<String>,
}

async fn say<C: Control, R: Records + Freezer, M: crate::web::door::ByOwner>(
    asked: Asked<M>,
    site: &Site<C, R>,
    path: &(String, String, String, String),
    said: Said,
) -> Response {
    let is_needed = said.wish != ProposalWish::Withdraw;
    let Change { instance, life, by, reason } =
        match Change::of(asked, &site.control.view(), path, (&said.reason, is_needed)) {
            Ok(change) => change,
            Err(answer) => return answer,
        };
    let Said { wish, proposal, .. } = said;
    let request = ProposalRequest { instance, wish, reason, by, life: Some(life), proposal, link: None };
    match site.control.answer(request).await {
        Ok(proposal) => axum::Json(ProposalShape::of(&proposal, site.now())).into_response(),
        Err(why) => declined(&why),
    }
}

async fn keep<C: Control, R: Records + Freezer>(
    asked: Asked<Own>,
    State(site): Shared<C, R>,
    super::problem::Named(path): OfInstance,
    Body(wish): Body<KeepAsked>,
) -> Response {
    let said = Said { wish: ProposalWish::Keep { days: wish.days }, reason: wish.reason, proposal: None };
    say(asked, &site, &path, said).await
}

async fn confirm<C: Control, R: Records + Freezer>(
    asked: Asked<Stop>,
    State(site): Shared<C, R>,
    super::problem::Named(path): OfInstance,
    Body(wish): Body<ConfirmAsked>,
) -> Response {
    let said = Said { wish: ProposalWish::Confirm, reason: wish.reason, proposal: Some(wish.proposal) };
    say(asked, &site, &path, said).await
}

async fn withdraw<C: Control, R: Records + Freezer>(
    asked: Asked<Own>,
    State(site): Shared<C, R>,
    super::problem::Named(path): OfInstance,
    Body(wish): Body<WithdrawAsked>,
) -> Response {
    let said = Said { wish: ProposalWish::Withdraw, reason: wish.reason, proposal: None };
    say(asked, &site, &path, said).await
}
