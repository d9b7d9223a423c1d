//! What the link of a proposal does: it is looked at, and then pressed. Whoever has it needs no login, and it can only keep the
//! instance: no link deletes anything.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::act::reason_of;
use super::link::refused;
use super::problem::{Body, declined, problem};
use crate::access::Way;
use crate::facts::Proposal;
use crate::links::{LinkAction, LinkClaim, path_of, read};
use crate::ports::{Control, Freezer, ProposalRequest, ProposalWish, Records};
use crate::report::words::clean;
use crate::report::{Stopped, standing};
use crate::web::door::{Anyone, Asked, Routes};
use crate::web::page::shown_money;
use crate::web::site::Site;

type Shared<C, R> = State<Arc<Site<C, R>>>;

/// The routes of the links of proposals.
pub(in crate::web) fn keep_link_routes<C: Control, R: Records + Freezer>() -> Routes<Arc<Site<C, R>>> {
    Routes::new().post("/links/keep/look", Anyone, look::<C, R>).post("/links/keep/use", Anyone, press::<C, R>)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Look {
    token: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Press {
    token: String,
    #[serde(default)]
    days: Option<u32>,
    #[serde(default)]
    reason: String,
}

#[derive(Debug, Serialize)]
struct Looked {
    instance: String,
    workspace: String,
    owner: Option<String>,
    off_since: String,
    words: String,
    monthly: Option<String>,
    page: String,
}

#[derive(Debug, Serialize)]
struct Pressed {
    until: Option<String>,
    words: String,
}

/// What the token claims, and the open proposal that it belongs to.
#[expect(clippy::result_large_err, reason = "the error is the answer, made once")]
fn meant<C: Control, R: Records + Freezer>(site: &Site<C, R>, token: &str) -> Result<(LinkClaim, Proposal), Response> {
    let Some(keys) = &site.options.links else {
        return Err(problem(StatusCode::NOT_FOUND, "no links are made here"));
    };
    let claim = read(keys, token, site.now()).map_err(refused)?;
    if claim.action != LinkAction::Keep {
        return Err(problem(StatusCode::FORBIDDEN, "this link is for another thing than keeping an instance"));
    }
    let over = || problem(StatusCode::GONE, "this proposal has ended, or the link was used; see the instance's page");
    let wanted = claim.notice.stop.0.split('/').nth(2).unwrap_or_default().to_owned();
    let view = site.control.view();
    let is_it = |one: &&Proposal| one.id == wanted && one.instance == claim.instance && one.created == claim.created;
    let proposal = view.proposals.iter().find(is_it).filter(|one| one.is_open()).cloned().ok_or_else(over)?;
    Ok((claim, proposal))
}

async fn look<C: Control, R: Records + Freezer>(
    _: Asked<Anyone>,
    State(site): Shared<C, R>,
    Body(asked): Body<Look>,
) -> Response {
    match meant(&site, &asked.token) {
        Ok((_, proposal)) => {
            let lines = Stopped::of(&site.control.view()).instances;
            let line = lines.iter().find(|line| line.instance == proposal.instance);
            let told = Looked {
                instance: clean(proposal.instance.name()),
                workspace: clean(proposal.instance.workspace().name()),
                owner: proposal.owner.as_deref().map(clean),
                off_since: proposal.off_since.to_string(),
                words: standing(&proposal, site.now()).2,
                monthly: line.and_then(|line| line.monthly).map(shown_money),
                page: format!("/instance/{}", path_of(&proposal.instance).join("/")),
            };
            axum::Json(told).into_response()
        }
        Err(refused) => refused,
    }
}

async fn press<C: Control, R: Records + Freezer>(
    who: Asked<Anyone>,
    State(site): Shared<C, R>,
    Body(asked): Body<Press>,
) -> Response {
    let known = who.who().as_ref().filter(|person| person.way != Way::Loopback);
    let known = known.map(|person| person.known_as().to_owned());
    pressed(&site, asked, known).await.unwrap_or_else(|refused| refused)
}

async fn pressed<C: Control, R: Records + Freezer>(
    site: &Site<C, R>,
    asked: Press,
    known: Option<String>,
) -> Result<Response, Response> {
    let (claim, proposal) = meant(site, &asked.token)?;
    let reason = reason_of(&asked.reason, true)?;
    // a link can be passed on: the record does not say that its owner pressed it, unless that is known
    let sent_to = proposal.owner.as_deref().unwrap_or("nobody known");
    let by = known.unwrap_or_else(|| format!("whoever has the link that {sent_to} was sent"));
    let request = ProposalRequest {
        instance: claim.instance.to_string(),
        wish: ProposalWish::Keep { days: asked.days },
        reason,
        by,
        life: Some(claim.created),
        proposal: Some(proposal.id),
        link: Some(claim.jti.as_str().into()),
    };
    let kept = match site.control.answer(request).await {
        Ok(kept) => kept,
        // when somebody pressed it just before, that is why
        Err(why) => return Err(meant(site, &asked.token).err().unwrap_or_else(|| declined(&why))),
    };
    let until = kept.kept_at(site.now()).and_then(|(until, _)| until).map(|until| until.to_string());
    let words = match &until {
        Some(_) => "it is not proposed before then, and then only with the whole ladder of notices again",
        None => "it is not proposed any more, as long as it is this instance",
    };
    Ok(axum::Json(Pressed { until, words: words.to_owned() }).into_response())
}
