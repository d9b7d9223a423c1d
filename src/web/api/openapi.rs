//! The OpenAPI 3.1 document: every route of the API, with what it takes and what it answers, out of the types themselves.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::act::{FreezeAsked, FreezeShape, HoldAsked, NothingAsked, StopAsked, StopShape};
use super::choices::listed;
use super::instances::{DecisionAsked, HappeningShape, HappeningsAsked, InstancesAsked, InstancesShape};
use super::proposal::{CONFIRM, ConfirmAsked, KEEP, KeepAsked, ProposalShape, WITHDRAW, WithdrawAsked};
use super::read::{AuditShape, ForecastsAsked, MeShape, OperationsShape, SavingsAsked};
use super::shapes::{HoldShape, Instance, OfferShape};
use crate::access::Rule;
use crate::report::{Savings, Stopped};
use crate::web::door::ProblemShape;

/// Makes a schema.
type Schema = fn(&mut SchemaGenerator) -> Value;

/// What a route answers when it did what was asked.
#[derive(Clone, Copy)]
enum Answer {
    /// JSON with a tag.
    Json(u16, Schema),
    /// Nothing.
    Empty(u16),
    /// A stream of events.
    Stream,
}

/// One route, for programs.
#[derive(Clone, Copy)]
struct Operation {
    method: &'static str,
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    rule: Rule,
    query: Option<Schema>,
    body: Option<Schema>,
    answer: Answer,
}

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

fn open(_: &mut SchemaGenerator) -> Value {
    json!({ "type": "object", "additionalProperties": true })
}

fn open_list(_: &mut SchemaGenerator) -> Value {
    json!({ "type": "array", "items": { "type": "object", "additionalProperties": true } })
}

const ONE: &str = "/api/v1/instances/{subscription}/{group}/{workspace}/{name}";

const fn get(path: &'static str, id: &'static str, summary: &'static str, answer: Answer) -> Operation {
    Operation { method: "get", path, id, summary, rule: Rule::Read, query: None, body: None, answer }
}

const fn change(
    method: &'static str,
    path: &'static str,
    (id, summary): (&'static str, &'static str),
    rule: Rule,
    answer: Answer,
) -> Operation {
    Operation { method, path, id, summary, rule, query: None, body: None, answer }
}

impl Operation {
    const fn asking(self, query: Schema) -> Self {
        Self { query: Some(query), ..self }
    }
    const fn taking(self, body: Schema) -> Self {
        Self { body: Some(body), ..self }
    }
}

/// Every route of the API.
fn operations() -> Vec<Operation> {
    of_instances().into_iter().chain(of_the_service()).chain(changes()).chain(of_proposals()).collect()
}

/// What can be read of instances.
fn of_instances() -> Vec<Operation> {
    use Answer::Json;
    vec![
        get("/api/v1/instances", "listInstances", "The instances, a page at a time.", Json(200, of::<InstancesShape>))
            .asking(of::<InstancesAsked>),
        get(ONE, "getInstance", "One instance.", Json(200, of::<Instance>)),
        get(
            "/api/v1/instances/{subscription}/{group}/{workspace}/{name}/decision",
            "getDecision",
            "The decision about an instance with all that led to it; the same as `lightsout explain --json`.",
            Json(200, open),
        )
        .asking(of::<DecisionAsked>),
        get(
            "/api/v1/instances/{subscription}/{group}/{workspace}/{name}/happenings",
            "listHappenings",
            "What happened to an instance, the oldest first.",
            Json(200, of::<Vec<HappeningShape>>),
        )
        .asking(of::<HappeningsAsked>),
        get(
            "/api/v1/instances/{subscription}/{group}/{workspace}/{name}/offer",
            "getOffer",
            "What a hold of an instance may be now, and what each length of it costs.",
            Json(200, of::<OfferShape>),
        ),
        get("/api/v1/holds", "listHolds", "The holds in force.", Json(200, of::<Vec<HoldShape>>)),
    ]
}

/// What can be read of the service.
fn of_the_service() -> Vec<Operation> {
    use Answer::{Json, Stream};
    vec![
        get("/api/v1/me", "getMe", "Who you are, and what you may do.", Json(200, of::<MeShape>)),
        get(
            "/api/v1/savings",
            "getSavings",
            "What a month cost, and what stopping avoided in it: three figures that are never added up.",
            Json(200, of::<Savings>),
        )
        .asking(of::<SavingsAsked>),
        get(
            "/api/v1/forecasts",
            "listForecasts",
            "What the hours of each policy will do; the same as `lightsout check --json`.",
            Json(200, open_list),
        )
        .asking(of::<ForecastsAsked>),
        get("/api/v1/operations", "getOperations", "How the service is.", Json(200, of::<OperationsShape>)),
        Operation {
            rule: Rule::Operate,
            ..get(
                "/api/v1/audit",
                "listAudit",
                "The newest lines of the audit log, the newest first.",
                Json(200, of::<Vec<AuditShape>>),
            )
        },
        get(
            "/api/v1/events",
            "streamEvents",
            "Server-sent events: `fleet` whenever the fleet was published anew.",
            Stream,
        ),
        get("/api/v1/openapi.json", "getDocument", "This document.", Json(200, open)),
    ]
}

/// What can be changed.
fn changes() -> Vec<Operation> {
    use Answer::{Empty, Json};
    vec![
        change(
            "post",
            "/api/v1/instances/{subscription}/{group}/{workspace}/{name}/holds",
            ("holdInstance", "Keeps an instance on for a while, within the policy's caps."),
            Rule::Own,
            Json(201, of::<HoldShape>),
        )
        .taking(of::<HoldAsked>),
        change(
            "post",
            "/api/v1/instances/{subscription}/{group}/{workspace}/{name}/stop",
            ("stopInstance", "Stops an instance now, without a warning. A freeze or a hold stands before it."),
            Rule::Stop,
            Json(202, of::<StopShape>),
        )
        .taking(of::<StopAsked>),
        change("delete", "/api/v1/holds/{id}", ("liftHold", "Ends a hold."), Rule::Own, Empty(204)),
        change(
            "post",
            "/api/v1/freeze",
            ("freeze", "Freezes everything: nothing is stopped anywhere until it is lifted."),
            Rule::Administer,
            Json(200, of::<FreezeShape>),
        )
        .taking(of::<FreezeAsked>),
        change("delete", "/api/v1/freeze", ("liftFreeze", "Lifts the freeze."), Rule::Administer, Empty(204)),
        change(
            "post",
            "/api/v1/policies/{name}/acknowledge",
            ("acknowledgePolicy", "Lets a changed policy act on all at once."),
            Rule::Administer,
            Empty(204),
        )
        .taking(of::<NothingAsked>),
        change("post", "/api/v1/sweep", ("sweep", "Asks for a sweep now."), Rule::Operate, Empty(202))
            .taking(of::<NothingAsked>),
    ]
}

/// What stays off, and what people say to deleting it.
fn of_proposals() -> Vec<Operation> {
    use Answer::Json;
    let keep = ("keepInstance", "Keeps an instance that is proposed for deletion, for some days or for good.");
    let confirm =
        ("confirmDeletion", "Says yes to deleting it with everything on its disk; sent after the policy's grace.");
    let withdraw = ("withdrawConfirmation", "Takes a yes back, as long as nothing was sent.");
    vec![
        get("/api/v1/stopped", "listStopped", "What stays off, costs and holds quota.", Json(200, of::<Stopped>)),
        change("post", KEEP, keep, Rule::Own, Json(200, of::<ProposalShape>)).taking(of::<KeepAsked>),
        change("post", CONFIRM, confirm, Rule::Stop, Json(200, of::<ProposalShape>)).taking(of::<ConfirmAsked>),
        change("post", WITHDRAW, withdraw, Rule::Own, Json(200, of::<ProposalShape>)).taking(of::<WithdrawAsked>),
    ]
}

/// The document.
#[must_use]
pub fn openapi() -> Value {
    let mut generator = SchemaSettings::draft2020_12()
        .with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        })
        .into_generator();
    let problem = of::<ProblemShape>(&mut generator);
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations() {
        let told = described(&operation, &mut generator);
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(operation.method.to_owned(), told);
        }
    }
    let schemas: Map<String, Value> = generator.take_definitions(true);
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Lightsout",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Stops Azure Machine Learning compute instances that nobody is using, by policy.",
            "description": "What is read as JSON has an ETag. Amounts are text with six decimals, instants RFC 3339 in UTC. \
                            What changes something takes JSON alone.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "token": [] }, {}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "an API token, as `lightsout token mint` makes" },
            },
            "schemas": schemas,
            "responses": {
                "Problem": {
                    "description": "Why it was not done, and what helps (RFC 9457).",
                    "content": { "application/problem+json": { "schema": problem } },
                },
            },
        },
    });
    listed(&mut document);
    document
}

fn described(operation: &Operation, generator: &mut SchemaGenerator) -> Value {
    let mut parameters: Vec<Value> = in_path(operation.path);
    parameters.extend(operation.query.iter().flat_map(|query| in_query(*query, generator)));
    let mut responses = Map::new();
    match operation.answer {
        Answer::Json(status, schema) => {
            let schema = schema(generator);
            let mut told = json!({ "description": "Done.", "content": { "application/json": { "schema": schema } } });
            if operation.method == "get"
                && let Some(told) = told.as_object_mut()
            {
                let tag =
                    json!({ "description": "For `If-None-Match`.", "required": true, "schema": { "type": "string" } });
                told.insert("headers".to_owned(), json!({ "ETag": tag }));
            }
            responses.insert(status.to_string(), told);
            if operation.method == "get" {
                responses.insert("304".to_owned(), json!({ "description": "It is as `If-None-Match` has it." }));
            }
        }
        Answer::Empty(status) => {
            responses.insert(status.to_string(), json!({ "description": "Done." }));
        }
        Answer::Stream => {
            let told = json!({ "description": "Events.", "content": { "text/event-stream": { "schema": { "type": "string" } } } });
            responses.insert("200".to_owned(), told);
        }
    }
    let problem = json!({ "$ref": "#/components/responses/Problem" });
    responses.extend(refusals(operation).into_iter().map(|status| (status.to_string(), problem.clone())));
    let mut told = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "x-rule": operation.rule.label(),
        "responses": responses,
    });
    if let Some(told) = told.as_object_mut() {
        if !parameters.is_empty() {
            told.insert("parameters".to_owned(), parameters.into());
        }
        if let Some(body) = operation.body {
            let schema = body(generator);
            let body = json!({ "required": true, "content": { "application/json": { "schema": schema } } });
            told.insert("requestBody".to_owned(), body);
        }
    }
    told
}

/// The statuses with which a route says no: what the door says of every request, and what is its own.
fn refusals(operation: &Operation) -> Vec<u16> {
    // not understood, not known, not allowed, another host's name, too often, and what cannot be read or done in time
    let mut statuses = vec![400, 401, 403, 413, 421, 429, 503];
    if operation.path.contains('{') || operation.id == "getSavings" {
        statuses.push(404);
    }
    // the engine would not do it, or has nothing to say of it
    if operation.rule != Rule::Read || operation.path.starts_with(ONE) {
        statuses.push(409);
    }
    statuses.sort_unstable();
    statuses
}

/// What varies in a path.
fn in_path(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameter = |name: &str| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string", "minLength": 1 } });
    names.map(parameter).collect()
}

/// The fields of a question are parameters of their own.
fn in_query(query: Schema, generator: &mut SchemaGenerator) -> Vec<Value> {
    let reference = query(generator);
    let name =
        reference.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next()).map(str::to_owned);
    let schema = match name {
        Some(name) => generator.definitions_mut().remove(&name).unwrap_or_default(),
        None => reference,
    };
    let fields = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let parameter = |(name, mut schema): (String, Value)| {
        let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
        let schema = without_null(schema);
        json!({ "name": name, "in": "query", "description": description, "schema": schema })
    };
    fields.into_iter().map(parameter).collect()
}

/// What is left out of a question is left out, not null.
fn without_null(mut schema: Value) -> Value {
    let Some(object) = schema.as_object_mut() else { return schema };
    if let Some(any) = object.get("anyOf").and_then(Value::as_array) {
        let kept = any.iter().find(|one| one.get("type").and_then(Value::as_str) != Some("null")).cloned();
        return kept.unwrap_or(schema);
    }
    if let Some(kinds) = object.get("type").and_then(Value::as_array) {
        let kept = kinds.iter().find(|kind| kind.as_str() != Some("null")).cloned();
        object.extend(kept.map(|kind| ("type".to_owned(), kind)));
    }
    if let Some(words) = object.get_mut("enum").and_then(Value::as_array_mut) {
        words.retain(|word| !word.is_null());
    }
    object.remove("default");
    schema
}

/// The rule of each route, as the document says.
#[must_use]
pub fn documented() -> Vec<(&'static str, &'static str, Rule)> {
    operations().iter().map(|operation| (operation.method, operation.path, operation.rule)).collect()
}
