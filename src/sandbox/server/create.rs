//! ARM's PUT and DELETE of a compute, and the question whether a name is free.

use serde_json::{Value, json};

use super::super::faults::Effect;
use super::super::world::{Beyond, CreateRefusal, Refusal, Taken, Workspace, judge_name, mix, uuid_of};
use super::answer::Answer;
use super::arm::{find, no_workspace};
use super::errors;
use super::handle::{Ask, if_none_match};
use super::operate::{Followed, fate_of};
use super::options::LroStyle;
use super::render;
use super::shared::Shared;
use super::wanted::{Place, Refused, read};

impl Shared {
    /// A PUT: 201 for a new instance; 200 for one that was there, which is overwritten, as the specification says.
    pub(super) fn create(
        &self,
        ask: &Ask<'_>,
        (workspace, name): (&str, &str),
        caller: &str,
        effects: &[Effect],
    ) -> Answer {
        let (mut world, now) = self.world_now();
        let Some((_, found)) = find(&world, workspace) else {
            return no_workspace(workspace);
        };
        let (subscription, region) = (found.spec.subscription.clone(), found.spec.region.clone());
        let refused = |Refused { code, inner, message }: Refused| match inner {
            // What ARM itself refuses never reaches the provider, and has ARM's short body.
            None => errors::arm(400, code, &message),
            Some(inner) => errors::provider(400, (code, &message, Some(inner)), &region, now),
        };
        let caller = object_id(caller);
        let place = Place { workspace, region: &region, name, caller: &caller };
        let creation = match read(&ask.body, place) {
            Ok(creation) => creation,
            Err(refusal) => return refused(refusal),
        };
        if has_other(found, name) {
            return errors::conflict(&region, now);
        }
        // Whether Azure honours this here is not verified: it is what HTTP asks of a server that knows the header.
        if if_none_match(ask.headers) == "*" && world.machine(&format!("{workspace}/computes/{name}")).is_some() {
            return errors::exists(name);
        }
        let size = creation.vm_size.clone();
        let begun = match world.create(creation, fate_of(effects)) {
            Ok(begun) => begun,
            Err(CreateRefusal::NoWorkspace) => return no_workspace(workspace),
            Err(CreateRefusal::Conflict) => return errors::conflict(&region, now),
            Err(refusal) => return refused(in_words(&refusal, (name, &size, &region))),
        };
        let shown = world.machine(&format!("{workspace}/computes/{name}")).zip(find(&world, workspace));
        let body = shown.map_or(Value::Null, |(machine, (_, found))| render::instance(machine, found, &world.tenant));
        let answer = Answer::json(if begun.overwrote { 200 } else { 201 }, &body)
            .with("retry-after", &self.options.poll_after.to_string());
        // The specification names one header here, and none of the styles but the last changes that.
        let style = if self.options.lro == LroStyle::Neither { LroStyle::Neither } else { LroStyle::AsyncOperation };
        self.follow(ask, answer, &Followed { subscription, region, operation: begun.operation, at: now }, style)
    }

    /// A DELETE. What `Detach` does to an instance is not verified: here it does the same.
    pub(super) fn delete(&self, ask: &Ask<'_>, workspace: &str, name: &str, effects: &[Effect]) -> Answer {
        let (mut world, now) = self.world_now();
        let Some((_, found)) = find(&world, workspace) else {
            return no_workspace(workspace);
        };
        let (subscription, region) = (found.spec.subscription.clone(), found.spec.region.clone());
        let action = ask.query.get("underlyingResourceAction").map(String::as_str).unwrap_or_default();
        if !["delete", "detach"].contains(&action.to_lowercase().as_str()) {
            let message = "The query parameter underlyingResourceAction is required; it takes Delete or Detach.";
            return errors::provider(400, ("UserError", message, Some("BadArgument")), &region, now);
        }
        if has_other(found, name) {
            let message = "This sandbox deletes compute instances only.";
            return errors::provider(400, ("UserError", message, Some("NotSupported")), &region, now);
        }
        let operation = match world.begin_delete(&format!("{workspace}/computes/{name}"), fate_of(effects)) {
            Ok(operation) => operation,
            Err(Refusal::NotFound) => return Answer::empty(204),
            Err(Refusal::Conflict | Refusal::DiskFull) => return errors::conflict(&region, now),
        };
        let style = if self.options.lro == LroStyle::Neither { LroStyle::Neither } else { LroStyle::Both };
        let followed = Followed { subscription, region, operation, at: now };
        self.follow(ask, Answer::empty(202), &followed, style)
    }

    /// Whether a name is free in the workspace's region. The shape of this request and of its answer is not public; it is
    /// taken to be the one that ARM's other providers share.
    pub(super) fn check_name(&self, ask: &Ask<'_>, workspace: &str) -> Answer {
        let (world, now) = self.world_now();
        let Some((_, found)) = find(&world, workspace) else {
            return no_workspace(workspace);
        };
        let body: Value = serde_json::from_slice(&ask.body).unwrap_or_default();
        let Some(name) = body.get("name").and_then(Value::as_str) else {
            let message = "The request is missing the required field name.";
            return errors::provider(400, ("UserError", message, Some("BadArgument")), &found.spec.region, now);
        };
        let no =
            |reason: &str, message: String| json!({ "nameAvailable": false, "reason": reason, "message": message });
        let taken = world.name_taken(&found.spec.region, name);
        let answer = match (judge_name(name), taken) {
            (Err(rule), _) => no("Invalid", format!("The name {name} {rule}.")),
            (Ok(()), Taken::In(_)) => no("AlreadyExists", format!("The name {name} is already in use in the region.")),
            (Ok(()), Taken::No) => json!({ "nameAvailable": true, "reason": null, "message": null }),
        };
        Answer::json(200, &answer)
    }
}

/// Whether a compute of another type has the name.
fn has_other(found: &Workspace, name: &str) -> bool {
    found.spec.others.iter().any(|other| other.name.eq_ignore_ascii_case(name))
}

/// The object id of a caller; callers that have none, such as one with the static token, are given one.
fn object_id(caller: &str) -> String {
    let is_id = caller.len() == 36 && caller.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if is_id { caller.to_owned() } else { uuid_of(mix(0, &["caller", caller]), mix(1, &["caller", caller])) }
}

/// A refusal of the world. Status and inner codes are not verified; a client has to go by the words.
fn in_words(refusal: &CreateRefusal, (name, size, region): (&str, &str, &str)) -> Refused {
    let (inner, message) = match refusal {
        CreateRefusal::Name(rule) => ("InvalidComputeName", format!("The compute name {name} {rule}.")),
        CreateRefusal::Taken => {
            ("ComputeNameTaken", format!("The compute name {name} is already in use in the region {region}."))
        }
        CreateRefusal::Size => {
            ("InvalidVmSize", format!("The VM size {size} is not supported for ComputeInstance in {region}."))
        }
        CreateRefusal::Quota(Beyond::Family { family, used, limit }) => (
            "QuotaExceeded",
            format!("The quota of {family} in {region} would be exceeded: {used} of {limit} vCPUs are in use."),
        ),
        CreateRefusal::Quota(Beyond::Region { used, limit }) => (
            "QuotaExceeded",
            format!("The total regional vCPU quota of {region} would be exceeded: {used} of {limit} are in use."),
        ),
        CreateRefusal::Quota(Beyond::Computes { limit }) => {
            ("QuotaExceeded", format!("The region {region} holds its limit of {limit} compute resources."))
        }
        CreateRefusal::NoWorkspace | CreateRefusal::Conflict => ("Conflict", "Conflict".to_owned()),
    };
    Refused { code: "UserError", inner: Some(inner), message }
}
