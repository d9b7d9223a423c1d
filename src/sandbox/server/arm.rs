//! ARM's reads: lists in pages, single resources, and what the caller may do.

use axum::body::Bytes;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::super::world::{Workspace, World, mix};
use super::answer::Answer;
use super::errors;
use super::handle::Ask;
use super::render;
use super::shared::{Page, Shared, lock};

/// Rendered pages are forgotten when there are more than this, which is ten pages each of a thousand workspaces.
const PAGES_MAX: usize = 10_000;

impl Shared {
    /// Workspaces of a subscription or of a resource group.
    pub(super) fn list_workspaces(&self, ask: &Ask<'_>, subscription: &str, group: Option<&str>) -> Answer {
        let Some(from) = offset(ask, subscription) else {
            return bad_skip();
        };
        let (world, _) = self.world_now();
        let wanted = |workspace: &&Workspace| {
            workspace.spec.subscription.eq_ignore_ascii_case(subscription)
                && group.is_none_or(|group| workspace.spec.resource_group.eq_ignore_ascii_case(group))
        };
        let all: Vec<&Workspace> = world.workspaces.iter().filter(wanted).collect();
        if all.is_empty() && !has_subscription(&world, subscription) {
            return errors::no_subscription(subscription);
        }
        let size = self.options.page_size.max(1);
        let items: Vec<Value> =
            all.iter().skip(from).take(size).map(|workspace| render::workspace(workspace, &world.tenant)).collect();
        let next = from.saturating_add(size);
        page(items, (next < all.len()).then(|| next_link(ask, subscription, next)))
    }

    /// One workspace.
    pub(super) fn get_workspace(&self, id: &str) -> Answer {
        let (world, _) = self.world_now();
        match find(&world, id) {
            Some((_, workspace)) => Answer::json(200, &render::workspace(workspace, &world.tenant)),
            None => no_workspace(id),
        }
    }

    /// A page of the computes of a workspace, from the cache while nothing in the workspace has changed.
    pub(super) fn list_computes(&self, ask: &Ask<'_>, id: &str) -> Answer {
        let Some(from) = offset(ask, id) else {
            return bad_skip();
        };
        let (world, _) = self.world_now();
        let Some((_, workspace)) = find(&world, id) else {
            return no_workspace(id);
        };
        let key = format!("{}{}?{from}&{}", ask.origin, ask.path, ask.api_version());
        if let Some(kept) = lock(&self.pages).get(&key).filter(|kept| kept.version == workspace.version) {
            return json_bytes(kept.body.clone());
        }
        let size = self.options.page_size.max(1);
        let answer = self.fresh_page(ask, &world, workspace, (from, size));
        let mut pages = lock(&self.pages);
        if pages.len() >= PAGES_MAX {
            pages.clear();
        }
        pages.insert(key, Page { version: workspace.version, body: answer.body.clone() });
        answer
    }

    fn fresh_page(&self, ask: &Ask<'_>, world: &World, workspace: &Workspace, (from, size): (usize, usize)) -> Answer {
        let machines = workspace.members.iter().filter_map(|position| world.machines.get(*position));
        // Computes of other types stand first, so that a client meets them on its first page.
        let others = workspace.spec.others.len();
        let listed = others.saturating_add(workspace.members.len());
        let mut items: Vec<Value> =
            workspace.spec.others.iter().skip(from).take(size).map(|other| render::other(other, workspace)).collect();
        let room = size.saturating_sub(items.len());
        items.extend(
            machines
                .skip(from.saturating_sub(others))
                .take(room)
                .map(|machine| render::instance(machine, workspace, &world.tenant)),
        );
        let next = from.saturating_add(size);
        page(items, (next < listed).then(|| next_link(ask, &workspace.id.to_lowercase(), next)))
    }

    /// One compute.
    pub(super) fn get_compute(&self, workspace: &str, name: &str) -> Answer {
        let (world, _) = self.world_now();
        let Some((_, found)) = find(&world, workspace) else {
            return no_workspace(workspace);
        };
        if let Some(machine) = world.machine(&format!("{workspace}/computes/{name}")) {
            return Answer::json(200, &render::instance(machine, found, &world.tenant));
        }
        match found.spec.others.iter().find(|other| other.name.eq_ignore_ascii_case(name)) {
            Some(other) => Answer::json(200, &render::other(other, found)),
            None => no_compute(workspace, name),
        }
    }

    /// A subscription, if any workspace is in it.
    pub(super) fn get_subscription(&self, id: &str) -> Answer {
        let (world, _) = self.world_now();
        if has_subscription(&world, id) {
            return Answer::json(
                200,
                &json!({ "id": format!("/subscriptions/{id}"), "subscriptionId": id, "displayName": "Sandbox", "state": "Enabled", "tenantId": world.tenant }),
            );
        }
        errors::no_subscription(id)
    }

    /// What the caller's roles allow, less what this sandbox denies.
    pub(super) fn permissions(&self, principal: &str) -> Answer {
        let own = super::roles::permissions(&self.options.roles, principal, &self.options.denied);
        Answer::json(200, &json!({ "value": own }))
    }

    /// The clouds, as clients ask for them before they talk to a foreign ARM.
    pub(super) fn cloud_metadata(&self, ask: &Ask<'_>) -> Answer {
        let origin = &ask.origin;
        Answer::json(
            200,
            &json!([{
                "name": "LightsoutSandbox", "portal": origin, "resourceManager": format!("{origin}/"), "graph": format!("{origin}/"),
                "authentication": { "loginEndpoint": origin, "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"], "tenant": "common", "identityProvider": "AAD" },
                "suffixes": { "storage": "core.windows.net", "keyVaultDns": "vault.azure.net", "acrLoginServer": "azurecr.io" },
            }]),
        )
    }
}

/// A workspace by its id in small letters.
pub(super) fn find<'a>(world: &'a World, id: &str) -> Option<(usize, &'a Workspace)> {
    world.workspace_at(id).and_then(|position| Some((position, world.workspaces.get(position)?)))
}

/// Whether any workspace is in that subscription.
pub(super) fn has_subscription(world: &World, id: &str) -> bool {
    world.workspaces.iter().any(|workspace| workspace.spec.subscription.eq_ignore_ascii_case(id))
}

pub(super) fn no_workspace(id: &str) -> Answer {
    let parts: Vec<&str> = id.split('/').collect();
    errors::not_found(
        "Microsoft.MachineLearningServices/workspaces",
        parts.last().unwrap_or(&""),
        parts.get(4).unwrap_or(&""),
    )
}

pub(super) fn no_compute(workspace: &str, name: &str) -> Answer {
    let parts: Vec<&str> = workspace.split('/').collect();
    let parent = parts.last().unwrap_or(&"");
    errors::not_found(
        "Microsoft.MachineLearningServices/workspaces/computes",
        &format!("{parent}/{name}"),
        parts.get(4).unwrap_or(&""),
    )
}

pub(super) fn page(items: Vec<Value>, next: Option<String>) -> Answer {
    let mut body = json!({ "value": items });
    // A single page leaves the member out altogether, as seen in real answers.
    if let (Some(next), Value::Object(members)) = (next, &mut body) {
        members.insert("nextLink".into(), json!(next));
    }
    json_bytes(Bytes::from(body.to_string()))
}

fn json_bytes(body: Bytes) -> Answer {
    Answer::bytes(200, "application/json; charset=utf-8", body)
}

pub(super) fn next_link(ask: &Ask<'_>, list: &str, next: usize) -> String {
    format!("{}{}?api-version={}&$skip={}", ask.origin, ask.path, ask.api_version(), skip_token(list, next))
}

/// A continuation that means nothing to others: the place with a seal over list and place.
pub(super) fn skip_token(list: &str, next: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("{next}:{:016x}", mix(0x5a11, &[&list.to_lowercase(), &next.to_string()])))
}

/// The place a `$skip` stands for; none if it is not of this list.
pub(super) fn offset(ask: &Ask<'_>, list: &str) -> Option<usize> {
    place_of(ask.query.get("$skip").map(String::as_str), list)
}

/// The place a continuation stands for, the first where there is none; none if it is not of this list.
pub(super) fn place_of(token: Option<&str>, list: &str) -> Option<usize> {
    let Some(token) = token.filter(|token| !token.is_empty()) else {
        return Some(0);
    };
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let place: usize = text.split_once(':')?.0.parse().ok()?;
    (skip_token(list, place) == token).then_some(place)
}

pub(super) fn bad_skip() -> Answer {
    errors::arm(400, "BadRequest", "The continuation token in $skip is malformed; follow nextLink as it is given.")
}
