//! ARM's writes: start, stop and restart, and the operations they begin.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::faults::Effect;
use super::super::world::{OperationEnd, OperationFate, OperationName, OperationView, Refusal, World, mix};
use super::answer::Answer;
use super::arm::{find, no_compute};
use super::errors;
use super::handle::Ask;
use super::options::LroStyle;
use super::render::seven_digits;
use super::shared::Shared;
use super::wanted::{IDLE_BOUNDS, idle_minutes};

impl Shared {
    /// Start, stop or restart.
    pub(super) fn operate(
        &self,
        ask: &Ask<'_>,
        (workspace, name): (&str, &str),
        verb: OperationName,
        effects: &[Effect],
    ) -> Answer {
        let (mut world, now) = self.world_now();
        let Some((_, found)) = find(&world, workspace) else {
            return self.get_workspace_missing(workspace);
        };
        let (subscription, region) = (found.spec.subscription.clone(), found.spec.region.clone());
        if found.spec.others.iter().any(|other| other.name.eq_ignore_ascii_case(name)) {
            let message = format!("{} is not supported for this compute type.", verb.word());
            return errors::provider(400, ("UserError", &message, Some("NotSupported")), &region, now);
        }
        let id = format!("{workspace}/computes/{name}");
        let operation = match world.operate(&id, verb, fate_of(effects)) {
            Ok(operation) => operation,
            Err(Refusal::NotFound) => return no_compute(workspace, name),
            Err(Refusal::Conflict) => return errors::conflict(&region, now),
            Err(Refusal::DiskFull) => return errors::disk_full(&region, now),
        };
        let style = self.style_for(&world, &id);
        let followed = Followed { subscription, region, operation, at: world.now() };
        self.follow(ask, Answer::empty(202), &followed, style)
    }

    /// The answer with the headers by which its operation is followed.
    pub(super) fn follow(&self, ask: &Ask<'_>, mut answer: Answer, followed: &Followed, style: LroStyle) -> Answer {
        let Followed { subscription, region, operation, at } = followed;
        let base = format!(
            "{}/subscriptions/{subscription}/providers/Microsoft.MachineLearningServices/locations/{region}",
            ask.origin
        );
        let signature = signature(operation, at.as_second());
        let version = ask.api_version();
        if matches!(style, LroStyle::AsyncOperation | LroStyle::Both) {
            answer.set(
                "azure-asyncoperation",
                &format!("{base}/computeOperationsStatus/{operation}?api-version={version}&service=new&{signature}"),
            );
        }
        if matches!(style, LroStyle::Location | LroStyle::Both) {
            answer.set(
                "location",
                &format!("{base}/computeOperationsResults/{operation}?api-version={version}&service=new&{signature}"),
            );
            answer.set("retry-after", &self.options.poll_after.to_string());
        }
        answer
    }

    /// The idle timer of an instance is set: answered at once, with nothing.
    pub(super) fn set_idle(&self, ask: &Ask<'_>, workspace: &str, name: &str) -> Answer {
        let (mut world, now) = self.world_now();
        let Some((_, found)) = find(&world, workspace) else {
            return self.get_workspace_missing(workspace);
        };
        let region = found.spec.region.clone();
        let refused = |message: &str| errors::provider(400, ("UserError", message, Some("BadArgument")), &region, now);
        if found.spec.others.iter().any(|other| other.name.eq_ignore_ascii_case(name)) {
            return refused("Updating the idle shutdown setting is not supported for this compute type.");
        }
        let Some(minutes) = minutes_of(&ask.body) else {
            return refused(IDLE_BOUNDS);
        };
        match world.set_idle(&format!("{workspace}/computes/{name}"), minutes) {
            Ok(()) => Answer::empty(200),
            Err(Refusal::NotFound) => no_compute(workspace, name),
            Err(Refusal::Conflict | Refusal::DiskFull) => errors::conflict(&region, now),
        }
    }

    fn get_workspace_missing(&self, workspace: &str) -> Answer {
        let parts: Vec<&str> = workspace.split('/').collect();
        errors::not_found(
            "Microsoft.MachineLearningServices/workspaces",
            parts.last().unwrap_or(&""),
            parts.get(4).unwrap_or(&""),
        )
    }

    /// By turns per instance, beginning at a place of its own: what one instance shows does not hang on the others' order.
    fn style_for(&self, world: &World, id: &str) -> LroStyle {
        if self.options.lro != LroStyle::Alternate {
            return self.options.lro;
        }
        match mix(0, &[&id.to_lowercase()]).wrapping_add(world.operations_of(id)) % 3 {
            0 => LroStyle::AsyncOperation,
            1 => LroStyle::Location,
            _ => LroStyle::Both,
        }
    }

    /// An operation by `Azure-AsyncOperation`.
    pub(super) fn status(&self, ask: &Ask<'_>, id: &str) -> Answer {
        let (world, _) = self.world_now();
        let Some(view) = world.operation(id).filter(|view| is_signed(ask, view)) else {
            return no_operation(id);
        };
        let mut body = json!({
            "id": ask.path, "name": view.id, "status": "InProgress", "startTime": seven_digits(view.started),
        });
        let ended = [
            ("endTime", view.ended.map(|at| json!(seven_digits(at)))),
            ("percentComplete", view.ended.map(|_| json!(100))),
        ];
        if let Value::Object(members) = &mut body {
            members.extend(ended.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
            match &view.end {
                OperationEnd::InProgress => {}
                OperationEnd::Succeeded => drop(members.insert("status".into(), json!("Succeeded"))),
                OperationEnd::Canceled => drop(members.insert("status".into(), json!("Canceled"))),
                OperationEnd::Failed(code, message) => {
                    members.insert("status".into(), json!("Failed"));
                    members.insert("error".into(), json!({ "code": code, "message": message }));
                }
            }
        }
        let answer = Answer::json(200, &body);
        if view.end == OperationEnd::InProgress {
            answer.with("retry-after", &self.options.poll_after.to_string())
        } else {
            answer
        }
    }

    /// An operation by `Location`: 202 until it has ended, then 200, or the error that it ended with.
    pub(super) fn results(&self, ask: &Ask<'_>, id: &str) -> Answer {
        let (world, now) = self.world_now();
        let Some(view) = world.operation(id).filter(|view| is_signed(ask, view)) else {
            return no_operation(id);
        };
        match &view.end {
            OperationEnd::InProgress => {
                let again = format!("{}{}?{}", ask.origin, ask.path, ask.raw_query);
                Answer::empty(202).with("location", &again).with("retry-after", &self.options.poll_after.to_string())
            }
            OperationEnd::Succeeded => Answer::empty(200),
            OperationEnd::Canceled => {
                errors::provider(409, ("OperationCanceled", "The operation was canceled.", None), "", now)
            }
            OperationEnd::Failed(code, message) => errors::provider(400, (code, message, None), "", now),
        }
    }
}

fn no_operation(id: &str) -> Answer {
    errors::arm(
        404,
        "NotFound",
        &format!("The operation '{id}' was not found, or its URL is not the one that was given out."),
    )
}

/// The signed query of a status URL: long, opaque, and worthless once a single character of it is changed.
fn signature(operation: &str, at: i64) -> String {
    let text = |name: &str, words: usize| -> String {
        let bytes: Vec<u8> = (0..words)
            .flat_map(|word| mix(0x51_6e, &[operation, name, &at.to_string(), &word.to_string()]).to_be_bytes())
            .collect();
        URL_SAFE_NO_PAD.encode(bytes)
    };
    format!("t={at}&c={}&s={}&h={}", text("c", 96), text("s", 32), text("h", 4))
}

/// Whether the query is the very one that was given out; only the api-version may be another.
fn is_signed(ask: &Ask<'_>, view: &OperationView) -> bool {
    ask.raw_query.ends_with(&format!("&service=new&{}", signature(&view.id, view.started.as_second())))
}

/// The minutes of a body such as `{"idleTimeBeforeShutdown":"PT60M"}`, when Azure takes so many.
fn minutes_of(body: &[u8]) -> Option<u32> {
    let body: Value = serde_json::from_slice(body).ok()?;
    idle_minutes(body.get("idleTimeBeforeShutdown")?.as_str()?)
}

/// How a fault makes the operation end.
pub(super) fn fate_of(effects: &[Effect]) -> OperationFate {
    let fate = effects.iter().find_map(|effect| if let Effect::Fate(fate) = effect { Some(*fate) } else { None });
    fate.unwrap_or(OperationFate::Normal)
}

/// An operation that can be followed from now on.
pub(super) struct Followed {
    pub(super) subscription: String,
    pub(super) region: String,
    pub(super) operation: String,
    pub(super) at: Timestamp,
}
