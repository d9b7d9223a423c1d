//! ARM's JSON into facts: pure, and never surer than Azure was.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::value::RawValue;
use thin_vec::ThinVec;

use super::instant::{credible, precedes_creation};
use super::native::native;
use super::wire::{Compute, Instance, LastOperation as WireOperation, Named, Properties, Stub, TagPairs, said};
use super::words::{clean, shown};
use crate::facts::{
    InstanceFacts, LastOperation, NativeTimers, Oddity, Operation, OperationStatus, Owner, PowerState, Reading, Tags,
    Trigger, Unknown, WorkspaceFacts,
};
use crate::units::{InstanceId, Region};

/// More names than this are only counted.
const TAGS_MAX: usize = 200;

/// What stays the same for all items of one page.
#[derive(Debug)]
pub(super) struct Frame<'w> {
    workspace: &'w WorkspaceFacts,
    prefix: String,
    observed_at: Timestamp,
    sizes: Vec<Arc<str>>,
    regions: Vec<Region>,
    timers: Vec<Arc<NativeTimers>>,
}

/// What one item turned out to be.
#[derive(Debug)]
pub(super) enum Item {
    /// An instance.
    Instance(Arc<InstanceFacts>),
    /// Another type of compute: counted, never governed.
    Other,
    /// An instance that cannot be understood: its name and why (fault 30).
    Quarantined(String),
}

impl<'w> Frame<'w> {
    pub(super) fn new(workspace: &'w WorkspaceFacts, observed_at: Timestamp) -> Self {
        let prefix = format!("{}/computes/", workspace.id);
        let regions = vec![workspace.region.clone()];
        Self { workspace, prefix, observed_at, sizes: Vec::new(), regions, timers: Vec::new() }
    }

    /// Facts are dated by the moment before their page was asked for.
    pub(super) const fn observed_at(&mut self, at: Timestamp) {
        self.observed_at = at;
    }

    /// One item that did not fit the usual shape, alone.
    pub(super) fn raw(&mut self, raw: &RawValue) -> Item {
        match serde_json::from_str::<Compute<'_>>(raw.get()) {
            Ok(compute) => self.item(&compute),
            Err(error) => {
                let stub = serde_json::from_str::<Stub<'_>>(raw.get()).ok().and_then(|stub| stub.properties);
                match stub.as_ref().and_then(|properties| said(&properties.compute_type)) {
                    Some(kind) if !is_instance(kind) => Item::Other,
                    Some(_) | None => Item::Quarantined(format!("{}: {}", name_of(raw), clean(&error.to_string()))),
                }
            }
        }
    }

    /// One item of the usual shape.
    pub(super) fn item(&mut self, compute: &Compute<'_>) -> Item {
        let Some(properties) = &compute.properties else { return quarantined(compute, "it has no properties") };
        match said(&properties.compute_type) {
            Some(kind) if is_instance(kind) => {}
            Some(_) => return Item::Other,
            None => return quarantined(compute, "it has no computeType"),
        }
        match self.instance(compute, properties) {
            Ok(facts) => Item::Instance(Arc::new(facts)),
            Err(why) => quarantined(compute, &why),
        }
    }

    fn id(&self, compute: &Compute<'_>) -> Result<InstanceId, String> {
        let text = said(&compute.id).ok_or("it has no id")?;
        let ours = text.get(..self.prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(&self.prefix));
        let name = text
            .get(self.prefix.len()..)
            .filter(|_| ours)
            .ok_or_else(|| format!("its id `{}` is not below its workspace", clean(text)))?;
        InstanceId::new(self.workspace.id.clone(), name).map_err(|error| clean(&error.to_string()))
    }

    fn instance(&mut self, compute: &Compute<'_>, properties: &Properties<'_>) -> Result<InstanceFacts, String> {
        let id = self.id(compute)?;
        let mut oddities = ThinVec::new();
        let created = said(&properties.created_on)
            .and_then(|text| credible(text, self.observed_at).map_err(|why| odd(&mut oddities, "createdOn", why)).ok());
        let inner = properties.properties.as_ref();
        let state = power_state(inner.and_then(|inner| said(&inner.state)), &mut oddities);
        let size = inner.and_then(|inner| said(&inner.vm_size));
        if size.is_none() && state.is_on() {
            // Overrides and exemptions go by size: without one no rule can be trusted.
            return Err("it is on and has no vmSize".to_owned());
        }
        let last_operation = match inner.and_then(|inner| inner.last_operation.as_ref()) {
            None => Reading::Unknown(Unknown::Missing),
            Some(wire) => self.last_operation(wire, created, &mut oddities),
        };
        let region = said(&properties.compute_location).or_else(|| said(&compute.location));
        Ok(InstanceFacts {
            id,
            created: created.into(),
            size: self.size(size.unwrap_or_default()),
            region: self.region(region),
            owner: Arc::new(inner.map(owner).unwrap_or_default()),
            tags: tags(compute.tags, self.observed_at, &mut oddities),
            last_operation,
            native: self.native(native(compute.identity, inner, &mut oddities)),
            observed_at: self.observed_at,
            state,
            oddities,
        })
    }

    fn last_operation(
        &self,
        wire: &WireOperation<'_>,
        created: Option<Timestamp>,
        oddities: &mut ThinVec<Oddity>,
    ) -> Reading<Arc<LastOperation>> {
        let (Some(name), Some(time)) = (said(&wire.operation_name), said(&wire.operation_time)) else {
            return Reading::Unknown(Unknown::Missing);
        };
        let at = match credible(time, self.observed_at) {
            Ok(at) if precedes_creation(at, created) => Err(format!("{at} is before its creation")),
            other => other,
        };
        match at {
            Ok(at) => {
                let (operation, status) = (operation(name), operation_status(said(&wire.operation_status)));
                if let Operation::Other(word) = &operation {
                    odd(oddities, "lastOperation.operationName", unfamiliar(word));
                }
                if let OperationStatus::Other(word) = &status {
                    odd(oddities, "lastOperation.operationStatus", unfamiliar(word));
                }
                let value = LastOperation { operation, at, status, trigger: trigger(said(&wire.operation_trigger)) };
                Reading::Known { value: Arc::new(value), as_of: self.observed_at.into() }
            }
            Err(why) => {
                odd(oddities, "lastOperation.operationTime", why.clone());
                Reading::Unknown(Unknown::Implausible(format!("lastOperation.operationTime {why}")))
            }
        }
    }

    /// Most instances have no timers, or the same as others: they share them.
    fn native(&mut self, timers: NativeTimers) -> Arc<NativeTimers> {
        if let Some(known) = self.timers.iter().find(|known| ***known == timers) {
            return Arc::clone(known);
        }
        let fresh = Arc::new(timers);
        if self.timers.len() < 32 {
            self.timers.push(Arc::clone(&fresh));
        }
        fresh
    }

    fn size(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.sizes.iter().find(|known| &***known == text) {
            return Arc::clone(known);
        }
        let fresh: Arc<str> = Arc::from(text);
        if self.sizes.len() < 32 {
            self.sizes.push(Arc::clone(&fresh));
        }
        fresh
    }

    /// "West Europe" and "westeurope" are one region.
    fn region(&mut self, text: Option<&str>) -> Region {
        let Some(text) = text else { return self.workspace.region.clone() };
        if let Some(known) = self.regions.iter().find(|known| known.as_str().eq_ignore_ascii_case(text)) {
            return known.clone();
        }
        let fresh = region(text);
        if self.regions.len() < 32 {
            self.regions.push(fresh.clone());
        }
        fresh
    }
}

/// A region's canonical name.
pub(super) fn region(text: &str) -> Region {
    Region::new(&text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase())
}

fn is_instance(kind: &str) -> bool {
    kind.eq_ignore_ascii_case("ComputeInstance")
}

fn quarantined(compute: &Compute<'_>, why: &str) -> Item {
    let name = said(&compute.id)
        .and_then(|id| id.rsplit('/').next())
        .map_or_else(|| "a compute without an id".to_owned(), clean);
    Item::Quarantined(format!("{name}: {why}"))
}

fn name_of(raw: &RawValue) -> String {
    let named = serde_json::from_str::<Named<'_>>(raw.get()).ok();
    named.as_ref().and_then(|named| said(&named.name)).map_or_else(|| "a compute without a name".to_owned(), clean)
}

pub(super) fn odd(oddities: &mut ThinVec<Oddity>, field: &str, what: String) {
    oddities.push(Oddity { field: field.to_owned(), what });
}

fn power_state(word: Option<&str>, oddities: &mut ThinVec<Oddity>) -> PowerState {
    const CHANGING: [&str; 8] =
        ["Starting", "Stopping", "Restarting", "Resizing", "Creating", "Deleting", "SettingUp", "UserSettingUp"];
    const BROKEN: [&str; 4] = ["Unusable", "SetupFailed", "UserSetupFailed", "CreateFailed"];
    let Some(word) = word else {
        odd(oddities, "state", "it is missing".to_owned());
        return PowerState::Unrecognised(Arc::from("(missing)"));
    };
    let known = |names: &[&str]| names.iter().find(|name| name.eq_ignore_ascii_case(word)).map(|name| Arc::from(*name));
    if word.eq_ignore_ascii_case("Running") {
        PowerState::Running
    } else if word.eq_ignore_ascii_case("Stopped") {
        PowerState::Stopped
    } else if word.eq_ignore_ascii_case("JobRunning") {
        PowerState::JobRunning
    } else if let Some(name) = known(&CHANGING) {
        PowerState::Changing(name)
    } else if let Some(name) = known(&BROKEN) {
        PowerState::Broken(name)
    } else {
        let shown = clean(&word.chars().take(60).collect::<String>());
        odd(oddities, "state", format!("`{shown}` is not a state that this version knows"));
        PowerState::Unrecognised(Arc::from(shown))
    }
}

fn unfamiliar(word: &str) -> String {
    format!("`{word}` is not a word that this version knows")
}

fn operation(word: &str) -> Operation {
    let is = |name: &str| word.eq_ignore_ascii_case(name);
    match word {
        _ if is("Start") => Operation::Start,
        _ if is("Stop") => Operation::Stop,
        _ if is("Create") => Operation::Create,
        _ if is("Restart") => Operation::Restart,
        _ if is("Resize") => Operation::Resize,
        _ if is("Reimage") => Operation::Reimage,
        _ if is("Delete") => Operation::Delete,
        other => Operation::Other(Arc::from(clean(other))),
    }
}

fn operation_status(word: Option<&str>) -> OperationStatus {
    match word {
        Some(word) if word.eq_ignore_ascii_case("Succeeded") => OperationStatus::Succeeded,
        Some(word) if word.eq_ignore_ascii_case("InProgress") => OperationStatus::InProgress,
        Some(word) if word.to_ascii_lowercase().ends_with("failed") => OperationStatus::Failed(Arc::from(clean(word))),
        Some(word) => OperationStatus::Other(Arc::from(clean(word))),
        None => OperationStatus::Failed(Arc::from("(missing)")),
    }
}

fn trigger(word: Option<&str>) -> Trigger {
    match word {
        Some(word) if word.eq_ignore_ascii_case("User") => Trigger::User,
        Some(word) if word.eq_ignore_ascii_case("Schedule") => Trigger::Schedule,
        Some(word) if word.eq_ignore_ascii_case("IdleShutdown") => Trigger::IdleShutdown,
        other => Trigger::Other(Arc::from(clean(other.unwrap_or("(missing)")))),
    }
}

fn owner(inner: &Instance<'_>) -> Owner {
    let person = |text: Option<&str>| text.filter(|text| !is_nil(text)).map(shown);
    let creator = inner.created_by.as_ref();
    let assigned =
        inner.personal_compute_instance_settings.as_ref().and_then(|personal| personal.assigned_user.as_ref());
    Owner {
        user_name: person(creator.and_then(|by| said(&by.user_name))),
        user_id: person(creator.and_then(|by| said(&by.user_id))),
        assigned_id: person(assigned.and_then(|user| said(&user.object_id))),
    }
}

/// The GUID of nobody.
fn is_nil(text: &str) -> bool {
    text.bytes().all(|b| b == b'0' || b == b'-')
}

/// Absent tags are no tags; tags of another shape are not known, which opts out (G13).
pub(super) fn tags(raw: Option<&RawValue>, as_of: Timestamp, oddities: &mut ThinVec<Oddity>) -> Reading<Tags> {
    let Some(raw) = raw.filter(|raw| raw.get() != "{}") else {
        return Reading::Known { value: Tags::default(), as_of: as_of.into() };
    };
    let mut unreadable = |why: String| {
        odd(oddities, "tags", why.clone());
        Reading::Unknown(Unknown::Unreadable(format!("tags: {why}")))
    };
    let pairs = match serde_json::from_str::<TagPairs<'_>>(raw.get()) {
        Ok(TagPairs(pairs)) => pairs,
        Err(error) => return unreadable(clean(&error.to_string())),
    };
    if pairs.len() > TAGS_MAX {
        return unreadable(format!("there are {} of them", pairs.len()));
    }
    let mut tags = Tags::default();
    for (name, value) in pairs {
        if tags.get(&name.0).is_some() {
            return unreadable(format!("`{}` is there twice", clean(&name.0)));
        }
        tags.0.push((Arc::from(&*name.0), Arc::from(&*value.0)));
    }
    Reading::Known { value: tags, as_of: as_of.into() }
}
