//! What faults put in place of an answer, and what they make of one.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "each step of an answer looks at its own effects; the rest belong to the other steps"
)]

use axum::body::Bytes;
use serde_json::{Value, json};

use super::super::faults::Effect;
use super::answer::Answer;
use super::errors;
use super::handle::Ask;
use super::route::Route;
use super::shared::{Shared, lock};

/// What a fault knows of the request it spoils.
pub(super) struct Spoilage<'a> {
    pub(super) shared: &'a Shared,
    pub(super) ask: &'a Ask<'a>,
    pub(super) route: &'a Route,
}

/// The answer that a fault gives instead of the true one.
pub(super) fn replace(spoilage: &Spoilage<'_>, effect: &Effect) -> Answer {
    let tenant = &spoilage.shared.options.world.tenant;
    let now = spoilage.shared.options.clock.now();
    let plain = |body: &'static str, kind| Answer::bytes(200, kind, Bytes::from_static(body.as_bytes()));
    match effect {
        Effect::Throttle(retry) => errors::throttled(retry.as_deref()),
        Effect::Status(code, Some(retry)) => errors::plain(*code, None).with("retry-after", retry),
        Effect::Status(code, None) => errors::plain(*code, None),
        Effect::Error(code, word) => errors::plain(*code, Some(word)),
        Effect::Unauthorized => errors::bad_token(tenant, true),
        Effect::ClaimsChallenge => errors::claims_challenge(tenant),
        Effect::Forbidden => {
            errors::forbidden("0b1ec700-0000-4000-8000-00000000a11d", spoilage.route.action(), spoilage.ask.path)
        }
        Effect::NotFound => {
            errors::arm(404, "ResourceNotFound", &format!("The Resource '{}' was not found.", spoilage.ask.path))
        }
        Effect::Conflict => errors::conflict("", now),
        Effect::DiskFull => errors::disk_full("", now),
        Effect::Redirect(url) => Answer::empty(302).with("location", url),
        Effect::Html => plain(
            "<!DOCTYPE html><html><head><title>Sign in</title></head><body><form>Please sign in</form></body></html>",
            "text/html; charset=utf-8",
        ),
        Effect::Text => plain("service temporarily out of reach", "text/plain"),
        Effect::GzipBomb(mebibytes) => {
            Answer::bytes(200, "application/json; charset=utf-8", super::super::faults::gzip_of_spaces(*mebibytes))
                .with("content-encoding", "gzip")
        }
        Effect::Nested(depth) => {
            let body = format!("{{\"value\":{}{}}}", "[".repeat(*depth), "]".repeat(*depth));
            Answer::bytes(200, "application/json; charset=utf-8", Bytes::from(body))
        }
        Effect::Huge(items) => huge(spoilage, *items),
        _ => Answer::bytes(200, "application/json; charset=utf-8", Bytes::new()),
    }
}

/// A page with very many items, all well-formed.
fn huge(spoilage: &Spoilage<'_>, items: usize) -> Answer {
    let item = |number: usize| {
        let name = format!("ci-{number}");
        json!({
            "id": format!("{}/{name}", spoilage.ask.path), "name": name, "type": "Microsoft.MachineLearningServices/workspaces/computes",
            "location": "westeurope", "tags": {},
            "properties": { "computeType": "ComputeInstance", "createdOn": "2025-01-01T00:00:00.0000000+00:00", "properties": { "vmSize": "STANDARD_DS3_V2", "state": "Running" } },
        })
    };
    Answer::json(200, &json!({ "value": (0..items).map(item).collect::<Vec<_>>() }))
}

/// What a fault makes of an answer; effects that are not about status or body change nothing here.
pub(super) fn spoil(spoilage: &Spoilage<'_>, mut answer: Answer, effect: &Effect) -> Answer {
    match effect {
        Effect::Bom => {
            answer.body = Bytes::from([b"\xef\xbb\xbf", answer.body.as_ref()].concat());
            answer
        }
        Effect::WrongCharset => answer.with("content-type", "application/json; charset=utf-16"),
        Effect::NoLroHeaders => {
            answer.headers.remove("location");
            answer.headers.remove("azure-asyncoperation");
            answer
        }
        Effect::Location(url) => answer.with("location", url),
        Effect::AsyncOperation(url) => answer.with("azure-asyncoperation", url),
        Effect::Stale => stale(spoilage, answer),
        Effect::NextLink(_)
        | Effect::NextLinkSelf
        | Effect::NextLinkEndless
        | Effect::NextLinkRelative
        | Effect::NextLinkApiVersion(_) => edit(answer, |body| relink(spoilage.ask, body, effect)),
        Effect::Duplicate | Effect::DuplicateCase | Effect::Missing(_) => {
            edit(answer, |body| change_list(body, effect))
        }
        Effect::Recreated(_) | Effect::Set(..) | Effect::Remove(_) => edit(answer, |body| change_items(body, effect)),
        _ => answer,
    }
}

/// Edits a JSON body; bodies that are none stay as they are.
fn edit(answer: Answer, change: impl FnOnce(&mut Value)) -> Answer {
    match serde_json::from_slice::<Value>(&answer.body) {
        Ok(mut body) => {
            change(&mut body);
            answer.with_json(&body)
        }
        Err(_) => answer,
    }
}

/// The first good answer to the same question, again and again.
fn stale(spoilage: &Spoilage<'_>, answer: Answer) -> Answer {
    if answer.status != 200 {
        return answer;
    }
    let question = format!("{}?{}", spoilage.ask.path, spoilage.ask.raw_query);
    lock(&spoilage.shared.stale).entry(question).or_insert(answer).clone()
}

fn relink(ask: &Ask<'_>, body: &mut Value, effect: &Effect) {
    let own = format!("{}?{}", ask.path, ask.raw_query);
    let link = match effect {
        Effect::NextLink(url) => url.replace("{origin}", &ask.origin).replace("{path}", ask.path),
        Effect::NextLinkSelf => format!("{}{own}", ask.origin),
        Effect::NextLinkEndless => {
            let page: u64 = ask.query.get("page").and_then(|page| page.parse().ok()).unwrap_or(0);
            format!("{}{}?api-version={}&page={}", ask.origin, ask.path, ask.api_version(), page.saturating_add(1))
        }
        Effect::NextLinkRelative => match body.pointer(link_of(body)).and_then(Value::as_str) {
            Some(link) => link.strip_prefix(&ask.origin).unwrap_or(link).to_owned(),
            None => return,
        },
        Effect::NextLinkApiVersion(version) => match body.pointer(link_of(body)).and_then(Value::as_str) {
            Some(link) => {
                link.replace(&format!("api-version={}", ask.api_version()), &format!("api-version={version}"))
            }
            None => return,
        },
        _ => return,
    };
    set(body, link_of(body), Some(json!(link)));
}

/// Where a body keeps the link to its next page: each API calls it otherwise.
fn link_of(body: &Value) -> &'static str {
    let known = ["/NextPageLink", "/properties/nextLink"];
    known.into_iter().find(|place| body.pointer(place).is_some()).unwrap_or("/nextLink")
}

/// The list in a body.
fn items_of(body: &mut Value) -> Option<&mut Vec<Value>> {
    let known = ["/value", "/Items", "/properties/rows"];
    let place = known.into_iter().find(|place| body.pointer(place).is_some_and(Value::is_array))?;
    body.pointer_mut(place)?.as_array_mut()
}

fn change_list(body: &mut Value, effect: &Effect) {
    let Some(items) = items_of(body) else {
        return;
    };
    match effect {
        Effect::Duplicate => items.extend_from_within(..),
        Effect::DuplicateCase => {
            let mut again = items.clone();
            for item in &mut again {
                if let Some(id) = item.get_mut("id") {
                    *id = json!(id.as_str().unwrap_or_default().to_uppercase());
                }
            }
            items.extend(again);
        }
        Effect::Missing(name) => items.retain(|item| {
            item.get("name").and_then(Value::as_str).is_none_or(|known| !known.eq_ignore_ascii_case(name))
        }),
        _ => {}
    }
}

/// Changes each item of a list, or the body itself where it is none.
fn change_items(body: &mut Value, effect: &Effect) {
    if let Some(items) = items_of(body) {
        for item in items {
            change_item(item, effect);
        }
    } else {
        change_item(body, effect);
    }
}

fn change_item(item: &mut Value, effect: &Effect) {
    match effect {
        Effect::Set(pointer, value) => set(item, pointer, Some(value.clone())),
        Effect::Remove(pointer) => set(item, pointer, None),
        Effect::Recreated(time) => {
            set(item, "/properties/createdOn", Some(json!(time)));
            set(item, "/properties/properties/lastOperation/operationName", Some(json!("Create")));
            set(item, "/properties/properties/lastOperation/operationTime", Some(json!(time)));
        }
        _ => {}
    }
}

/// Sets or removes the member that a JSON pointer names, if the object around it is there.
fn set(item: &mut Value, pointer: &str, value: Option<Value>) {
    let Some((around, name)) = pointer.rsplit_once('/') else {
        return;
    };
    if let Some(Value::Object(members)) = item.pointer_mut(around) {
        match value {
            Some(value) => drop(members.insert(name.to_owned(), value)),
            None => drop(members.remove(name)),
        }
    }
}
