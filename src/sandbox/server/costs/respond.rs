//! The answer to a query of costs: quota, definition, lines, rows, page.

use serde_json::{Value, json};

use super::super::super::world::{World, mix, uuid_of};
use super::super::answer::Answer;
use super::super::arm::{has_subscription, place_of, skip_token};
use super::super::errors;
use super::super::handle::Ask;
use super::super::options::Throttling;
use super::super::shared::{Shared, lock};
use super::definition::Definition;
use super::lines::{Scope, lines};
use super::quota::{Call, Headers};
use super::table::{columns, rows};

impl Shared {
    /// Rows of the bill.
    pub(in crate::sandbox) fn query_costs(&self, ask: &Ask<'_>, scope: &Scope) -> Answer {
        let (world, now) = self.world_now();
        if let Some(missing) = missing(&world, scope) {
            return missing;
        }
        let definition = match Definition::read(&ask.body, now) {
            Ok(definition) => definition,
            Err(words) => return errors::arm(400, "BadRequest", &format!("Invalid query definition: {words}.")),
        };
        let Some(from) = place_of(ask.query.get("$skiptoken").map(String::as_str), &list_of(ask)) else {
            return errors::arm(
                400,
                "BadRequest",
                "The $skiptoken is not of this query; send its very body to nextLink.",
            );
        };
        let told = match self.take_quota(ask, definition.period.months()) {
            Ok(headers) => headers,
            Err(headers) => return with(errors::arm(429, "429", "Too many requests. Please retry."), headers),
        };
        let lines = lines(&world, self.options.world.seed, scope, definition.period);
        let rows = rows(&definition, &lines);
        if rows.is_empty() {
            return with(Answer::empty(204), told);
        }
        let size = self.options.cost_page_size.max(1);
        let next = from.saturating_add(size);
        let link = (next < rows.len()).then(|| next_link(ask, next));
        let page: Vec<Value> = rows.into_iter().skip(from).take(size).collect();
        let properties = json!({ "nextLink": link, "columns": columns(&definition), "rows": page });
        with(Answer::json(200, &whole(ask, &properties)), told)
    }

    fn take_quota(&self, ask: &Ask<'_>, units: u32) -> Result<Headers, Headers> {
        if self.options.throttling == Throttling::Off {
            return Ok(Headers::new());
        }
        let client = ask.headers.get("clienttype").and_then(|client| client.to_str().ok());
        let call = Call { scope: &ask.path.to_lowercase(), client, units };
        lock(&self.quotas).take(&call, self.options.clock.now())
    }
}

/// ARM's refusal where nothing is at the scope.
fn missing(world: &World, scope: &Scope) -> Option<Answer> {
    if !has_subscription(world, &scope.subscription) {
        return Some(errors::no_subscription(&scope.subscription));
    }
    let group = scope.group.as_ref().filter(|_| !world.workspaces.iter().any(|workspace| scope.covers(workspace)))?;
    let words = format!("Resource group '{group}' could not be found.");
    Some(errors::arm(404, "ResourceGroupNotFound", &words))
}

/// The envelope around columns and rows; every query is a resource of its own.
fn whole(ask: &Ask<'_>, properties: &Value) -> Value {
    let body = String::from_utf8_lossy(&ask.body);
    let name = uuid_of(mix(3, &[ask.path, &body]), mix(4, &[ask.path, &body]));
    json!({
        "id": format!("{}/{name}", ask.path),
        "name": name,
        "type": "Microsoft.CostManagement/query",
        "location": null,
        "sku": null,
        "eTag": null,
        "properties": properties,
    })
}

/// What a continuation belongs to: this path with this body.
fn list_of(ask: &Ask<'_>) -> String {
    format!("{}\n{}", ask.path.to_lowercase(), String::from_utf8_lossy(&ask.body))
}

fn next_link(ask: &Ask<'_>, next: usize) -> String {
    let token = skip_token(&list_of(ask), next);
    format!("{}{}?api-version={}&$skiptoken={token}", ask.origin, ask.path, ask.api_version())
}

fn with(mut answer: Answer, headers: Headers) -> Answer {
    for (name, value) in headers {
        answer.set(name, &value);
    }
    answer
}
