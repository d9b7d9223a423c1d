//! What a warning's link does: it is looked at, and then pressed. Whoever has it needs no login; it can only postpone.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::act::reason_of;
use super::problem::{Body, declined, failed, problem};
use crate::access::Way;
use crate::facts::PowerState;
use crate::links::{LinkAction, LinkClaim, LinkError, read};
use crate::ports::{Control, Freezer, HoldRequest, Records};
use crate::report::words::clean;
use crate::report::{FleetView, HoldOffer, InstanceView, NextKind};
use crate::web::door::{Anyone, Asked, Routes};
use crate::web::page::{Choice, Clocks, HoldTerms, ShownWhen, shown_money};
use crate::web::site::Site;

/// Links that were used are looked for this far back: longer than one lasts.
const USED: SignedDuration = SignedDuration::from_hours(24 * 14);

type Shared<C, R> = State<Arc<Site<C, R>>>;

/// The routes of links.
pub(in crate::web) fn link_routes<C: Control, R: Records + Freezer>() -> Routes<Arc<Site<C, R>>> {
    Routes::new().post("/links/look", Anyone, look::<C, R>).post("/links/use", Anyone, press::<C, R>)
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
    seconds: u32,
    #[serde(default)]
    reason: String,
}

#[derive(Debug, Serialize)]
struct ChoiceShown {
    #[serde(flatten)]
    choice: Choice,
    until: ShownWhen,
}

#[derive(Debug, Serialize)]
struct Looked {
    instance: String,
    workspace: String,
    owner: Option<String>,
    stops_at: Option<ShownWhen>,
    why: String,
    action: &'static str,
    choices: Vec<ChoiceShown>,
    left: Option<String>,
    refused: Option<String>,
}

#[derive(Debug, Serialize)]
struct Pressed {
    held_until: ShownWhen,
    words: String,
}

pub(super) fn refused(error: LinkError) -> Response {
    let status = match error {
        LinkError::Malformed | LinkError::Forged => StatusCode::FORBIDDEN,
        LinkError::Expired => StatusCode::GONE,
    };
    problem(status, error.to_string())
}

/// What the token claims, if it is believed and was not used.
async fn claim<C: Control, R: Records + Freezer>(site: &Site<C, R>, token: &str) -> Result<LinkClaim, Response> {
    let Some(keys) = &site.options.links else {
        return Err(problem(StatusCode::NOT_FOUND, "no links are made here"));
    };
    let now = site.now();
    let claim = read(keys, token, now).map_err(refused)?;
    if claim.action != LinkAction::Hold {
        return Err(problem(StatusCode::FORBIDDEN, "this link is for another thing than keeping an instance on"));
    }
    let since = now.checked_sub(USED).unwrap_or(now);
    let made = site.records.made_holds(since).await.map_err(|fault| failed(&fault))?;
    if made.iter().any(|one| one.hold.link.as_deref() == Some(&*claim.jti)) {
        return Err(problem(StatusCode::GONE, "this link was used already; hold it again on its page"));
    }
    Ok(claim)
}

/// The instance that it is for: this life of the name and no other.
#[expect(clippy::result_large_err, reason = "the error is the answer, made once")]
fn meant<'a>(view: &'a FleetView, claim: &LinkClaim) -> Result<&'a InstanceView, Response> {
    let place = view.workspaces.get(claim.instance.workspace());
    let found = place.and_then(|place| place.instances.iter().find(|one| one.facts.id == claim.instance));
    let same = found.filter(|one| one.facts.created.may_be(claim.created));
    if same.is_some_and(|one| one.facts.state == PowerState::Stopped) {
        return Err(problem(StatusCode::GONE, "it is off already; start it whenever you need it"));
    }
    same.ok_or_else(|| problem(StatusCode::GONE, "the instance is not there any more, or was made anew"))
}

fn clocks<C: Control, R: Records + Freezer>(site: &Site<C, R>, instance: &InstanceView) -> Clocks {
    let zone = instance.verdict.as_ref().and_then(|verdict| verdict.under.zone.clone());
    Clocks::of_zone(site.now(), zone.as_deref())
}

async fn look<C: Control, R: Records + Freezer>(
    _: Asked<Anyone>,
    State(site): Shared<C, R>,
    Body(asked): Body<Look>,
) -> Response {
    looked(&site, &asked.token).await.unwrap_or_else(|refused| refused)
}

async fn looked<C: Control, R: Records + Freezer>(site: &Site<C, R>, token: &str) -> Result<Response, Response> {
    let claim = claim(site, token).await?;
    let view = site.control.view();
    let instance = meant(&view, &claim)?;
    let offer = site.control.offer(claim.instance.to_string()).await.map_err(|why| declined(&why))?;
    let clocks = clocks(site, instance);
    let next = crate::report::next(&view, instance);
    let why = if next.kind == NextKind::Stop { next.why().to_owned() } else { format!("it {}", next.why()) };
    let told = Looked {
        instance: clean(claim.instance.name()),
        workspace: clean(claim.instance.workspace().name()),
        owner: instance.facts.owner.name().map(clean),
        stops_at: offer.stops_at.map(|at| clocks.when(at)),
        why,
        action: "hold",
        choices: choices(&offer, claim.seconds_max, &clocks),
        left: offer.left.map(|left| format!("{} left this month", shown_money(left))),
        refused: offer.refused.clone(),
    };
    Ok(axum::Json(told).into_response())
}

fn choices(offer: &HoldOffer, most: u32, clocks: &Clocks) -> Vec<ChoiceShown> {
    let shown = HoldTerms::of(offer).choices.into_iter().zip(&offer.choices);
    let within = shown.filter(|(choice, _)| choice.seconds <= most);
    within.map(|(choice, offered)| ChoiceShown { choice, until: clocks.when(offered.until) }).collect()
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
    let claim = claim(site, &asked.token).await?;
    let view = site.control.view();
    let instance = meant(&view, &claim)?;
    if asked.seconds > claim.seconds_max {
        return Err(problem(StatusCode::CONFLICT, "a link holds no longer than a day; hold it on its page"));
    }
    let reason = reason_of(&asked.reason, false)?;
    // a link can be passed on: the record does not say that its owner pressed it, unless that is known
    let sent_to = instance.facts.owner.name().unwrap_or("nobody known");
    let by = known.unwrap_or_else(|| format!("whoever has the link that {sent_to} was sent"));
    let request = HoldRequest {
        instance: claim.instance.to_string(),
        seconds: asked.seconds,
        reason: if reason.is_empty() { "asked for by the link of its warning".to_owned() } else { reason },
        by,
        life: Some(claim.created),
        link: Some(claim.jti.as_str().into()),
        off: false,
    };
    let hold = match site.control.hold(request).await {
        Ok(hold) => hold,
        // when somebody pressed it just before, that is why
        Err(why) => return Err(self::claim(site, &asked.token).await.err().unwrap_or_else(|| declined(&why))),
    };
    let clocks = clocks(site, instance);
    let price = hold.price.map_or_else(
        || "at a price that is not known".to_owned(),
        |price| format!("for {} at most", shown_money(price)),
    );
    let words = format!("{} stays on until then, {price}", clean(claim.instance.name()));
    Ok(axum::Json(Pressed { held_until: clocks.when(hold.until), words }).into_response())
}
