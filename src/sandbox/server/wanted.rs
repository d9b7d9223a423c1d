//! The body of a request for an instance, read member by member, with what Azure refuses before anything is made.
//!
//! Status 400 with the code `UserError` is what the provider is known to answer a caller's mistake with; the inner codes are
//! not verified, and neither are the words. A client has to live with any of them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Span, SpanRelativeTo};
use serde_json::{Map, Value};

use super::super::spec::find;
use super::super::world::{Asked, Creation, Script, ScriptText, Scripts};
use super::timetable;

/// The inner properties that a compute shows again as they were asked for; the last ones are of previews, and clients send them.
const SHOWN: [&str; 15] = [
    "subnet",
    "applicationSharingPolicy",
    "sshSettings",
    "customServices",
    "computeInstanceAuthorizationType",
    "enableSSO",
    "personalComputeInstanceSettings",
    "setupScripts",
    "idleTimeBeforeShutdown",
    "enableNodePublicIp",
    "schedules",
    "autologgerSettings",
    "enableRootAccess",
    "releaseQuotaOnStop",
    "enableOSPatching",
];

/// How long a script may run that names no time it may take, or none that can be read.
const SCRIPT_TIMEOUT: SignedDuration = SignedDuration::from_mins(15);

/// A refusal: ARM's code, the provider's inner code, and the words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) code: &'static str,
    pub(super) inner: Option<&'static str>,
    pub(super) message: String,
}

/// Where and by whom an instance is wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) workspace: &'a str,
    /// The workspace's region as ARM normalises it.
    pub(super) region: &'a str,
    pub(super) name: &'a str,
    pub(super) caller: &'a str,
}

fn bad(message: impl Into<String>) -> Refused {
    Refused { code: "UserError", inner: Some("BadArgument"), message: message.into() }
}

fn missing(path: &str) -> Refused {
    bad(format!("The request is missing the required field {path}."))
}

/// Reads a body.
///
/// # Errors
/// Why Azure would not take it.
pub(super) fn read(body: &[u8], place: Place<'_>) -> Result<Creation, Refused> {
    let unreadable = || Refused {
        code: "InvalidRequestContent",
        inner: None,
        message: "The request content was invalid and could not be deserialized.".to_owned(),
    };
    let body: Value = serde_json::from_slice(body).map_err(|_| unreadable())?;
    let body = body.as_object().ok_or_else(unreadable)?;
    let location = location(body, place.region)?;
    let outer = object(body, "properties")?.ok_or_else(|| missing("properties"))?;
    let kind = text(outer, "computeType")?.ok_or_else(|| missing("properties.computeType"))?;
    if !kind.eq_ignore_ascii_case("ComputeInstance") {
        return Err(bad(format!("computeType {kind} is not made here; this sandbox makes instances only.")));
    }
    let inner = object(outer, "properties")?.ok_or_else(|| missing("properties.properties"))?;
    let size = text(inner, "vmSize")?.filter(|size| !size.is_empty());
    let size = size.ok_or_else(|| missing("properties.properties.vmSize"))?;
    one_of(inner, "applicationSharingPolicy", &["Personal", "Shared"])?;
    one_of(inner, "computeInstanceAuthorizationType", &["personal"])?;
    if let Some(ssh) = object(inner, "sshSettings")? {
        one_of(ssh, "sshPublicAccess", &["Enabled", "Disabled"])?;
    }
    let services = list(inner, "customServices")?;
    let schedules = inner.get("schedules").map(timetable::read).transpose().map_err(bad)?;
    let identity = identity(body)?;
    let shown = |name: &&str| inner.get(*name).map(|value| ((*name).to_owned(), value.clone()));
    Ok(Creation {
        workspace: place.workspace.to_owned(),
        name: place.name.to_owned(),
        caller: place.caller.to_owned(),
        assigned_to: assigned(inner)?,
        vm_size: find(size).map_or(size, |known| known.name).to_owned(),
        tags: tags(body)?,
        idle_minutes: text(inner, "idleTimeBeforeShutdown")?.map(idle).transpose()?,
        identity: identity.is_some(),
        custom_services: services.iter().map(|service| name_of(service).to_owned()).collect(),
        schedules: schedules.unwrap_or_default(),
        scripts: scripts(inner)?,
        asked: Asked {
            location,
            description: text(outer, "description")?.map(str::to_owned),
            disable_local_auth: outer.get("disableLocalAuth").and_then(Value::as_bool),
            identity,
            properties: SHOWN.iter().filter_map(shown).collect(),
        },
    })
}

/// The region, which has to be the workspace's in whatever spelling.
fn location(body: &Map<String, Value>, region: &str) -> Result<String, Refused> {
    let required = || Refused {
        code: "LocationRequired",
        inner: None,
        message: "The location property is required for this definition.".to_owned(),
    };
    let written = text(body, "location")?.filter(|location| !location.is_empty()).ok_or_else(required)?;
    if normal(written) != normal(region) {
        let message = format!("The location {written} is not that of the workspace, {region}.");
        return Err(Refused { code: "UserError", inner: Some("InvalidLocation"), message });
    }
    Ok(written.to_owned())
}

fn normal(location: &str) -> String {
    location.split_whitespace().collect::<String>().to_lowercase()
}

fn name_of(service: &Value) -> &str {
    service.get("name").and_then(Value::as_str).unwrap_or("unnamed")
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Refused> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or_else(|| bad(format!("{name} must be a text."))),
    }
}

fn object<'a>(object: &'a Map<String, Value>, name: &str) -> Result<Option<&'a Map<String, Value>>, Refused> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_object().map(Some).ok_or_else(|| bad(format!("{name} must be an object."))),
    }
}

fn list<'a>(object: &'a Map<String, Value>, name: &str) -> Result<&'a [Value], Refused> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(&[]),
        Some(value) => value.as_array().map(Vec::as_slice).ok_or_else(|| bad(format!("{name} must be a list."))),
    }
}

fn one_of(object: &Map<String, Value>, name: &str, words: &[&str]) -> Result<(), Refused> {
    match text(object, name)? {
        Some(word) if !words.iter().any(|known| known.eq_ignore_ascii_case(word)) => {
            Err(bad(format!("{name} is '{word}'; it takes {}.", words.join(" or "))))
        }
        Some(_) | None => Ok(()),
    }
}

fn tags(body: &Map<String, Value>) -> Result<Vec<(String, String)>, Refused> {
    let Some(tags) = object(body, "tags")? else {
        return Ok(Vec::new());
    };
    let tag = |(name, value): (&String, &Value)| value.as_str().map(|value| (name.clone(), value.to_owned()));
    let read: Option<Vec<_>> = tags.iter().map(tag).collect();
    read.ok_or_else(|| bad("tags must be texts."))
}

fn identity(body: &Map<String, Value>) -> Result<Option<Value>, Refused> {
    let Some(identity) = object(body, "identity")? else {
        return Ok(None);
    };
    let kind = text(identity, "type")?.ok_or_else(|| missing("identity.type"))?;
    let kinds: Vec<String> = kind.split(',').map(|one| one.trim().to_lowercase()).collect();
    if kinds == ["none"] {
        return Ok(None);
    }
    let known = ["systemassigned", "userassigned"];
    if !kinds.iter().all(|one| known.contains(&one.as_str())) {
        return Err(bad(format!("identity.type is '{kind}'; it takes SystemAssigned, UserAssigned or both.")));
    }
    if kinds.iter().any(|one| one == "userassigned") && object(identity, "userAssignedIdentities")?.is_none() {
        return Err(missing("identity.userAssignedIdentities"));
    }
    Ok(Some(Value::Object(identity.clone())))
}

/// The object id of the person that the instance is made for.
fn assigned(inner: &Map<String, Value>) -> Result<Option<String>, Refused> {
    let Some(settings) = object(inner, "personalComputeInstanceSettings")? else {
        return Ok(None);
    };
    let Some(user) = object(settings, "assignedUser")? else {
        return Ok(None);
    };
    let field = |name: &str| {
        let given = text(user, name)?.filter(|id| !id.is_empty());
        given.ok_or_else(|| missing(&format!("personalComputeInstanceSettings.assignedUser.{name}")))
    };
    field("tenantId")?;
    Ok(Some(field("objectId")?.to_owned()))
}

fn scripts(inner: &Map<String, Value>) -> Result<Scripts, Refused> {
    let Some(setup) = object(inner, "setupScripts")? else {
        return Ok(Scripts::default());
    };
    let Some(scripts) = object(setup, "scripts")? else {
        return Ok(Scripts::default());
    };
    Ok(Scripts { creation: script(scripts, "creationScript")?, startup: script(scripts, "startupScript")? })
}

fn script(scripts: &Map<String, Value>, name: &str) -> Result<Option<Script>, Refused> {
    let Some(script) = object(scripts, name)? else {
        return Ok(None);
    };
    let source = text(script, "scriptSource")?.unwrap_or_default();
    let written = text(script, "scriptData")?.filter(|script| !script.is_empty());
    let written = written.ok_or_else(|| missing(&format!("setupScripts.scripts.{name}.scriptData")))?;
    let text_of = match source.to_lowercase().as_str() {
        "inline" => match STANDARD.decode(written).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
            Some(script) => ScriptText::Inline(script),
            None => ScriptText::Unreadable,
        },
        // The specification says `workspace`, Microsoft's samples and clients `workspaceStorage`.
        "workspace" | "workspacestorage" => ScriptText::Share(written.to_owned()),
        _ => return Err(bad(format!("scriptSource is '{source}'; it takes inline or workspaceStorage."))),
    };
    let timeout = text(script, "timeout")?.and_then(timeout).unwrap_or(SCRIPT_TIMEOUT);
    Ok(Some(Script { text: text_of, timeout }))
}

/// `20m`; none for what cannot be read, such as the `Nonem` that a client of Microsoft's sends.
fn timeout(text: &str) -> Option<SignedDuration> {
    let minutes: u32 = text.strip_suffix('m')?.parse().ok()?;
    Some(SignedDuration::from_mins(i64::from(minutes))).filter(|_| minutes > 0)
}

fn idle(written: &str) -> Result<u32, Refused> {
    idle_minutes(written).ok_or_else(|| bad(IDLE_BOUNDS))
}

/// What is said of an idle time that Azure does not take.
pub(super) const IDLE_BOUNDS: &str = "idleTimeBeforeShutdown must be an ISO 8601 duration from 15 minutes to 3 days.";

/// The minutes of a duration such as `PT60M`, when Azure takes so many.
pub(super) fn idle_minutes(written: &str) -> Option<u32> {
    let length: Span = written.parse().ok()?;
    let length = length.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    let minutes = u32::try_from(length.as_mins()).ok().filter(|_| length.as_secs() % 60 == 0)?;
    (15..=3 * 24 * 60).contains(&minutes).then_some(minutes)
}

#[cfg(test)]
#[path = "tests/wanted.rs"]
mod tests;
