//! `lightsout doctor`: each thing the service stands on, tried step by step. Changes nothing.

mod activity;
mod bills;
mod prices;
mod rights;

use std::error::Error as _;

use serde::Serialize;

use super::context::{CommandError, Context};
use crate::azure::PermissionSet;
use crate::cli::clock::SystemClock;
use crate::cli::exit::Exit;
use crate::cli::outside::Outside;
use crate::cli::render::{Look, Paint};
use crate::cli::store_place::{open_store, store_shown};
use crate::cli::switch::Switch;
use crate::cli::tzdata;
use crate::cli::wire_up::{WireError, with_store};
use crate::facts::{Freeze, WorkspaceFacts};
use crate::policy::{Mode, PolicySet, Severity};
use crate::ports::{Clock as _, Fault, Notify as _, Observe as _, with_causes};
use crate::report::words;
use crate::rights::Part;
use crate::schedule::tzdb_source;
use crate::settings::Settings;
use crate::store::Store;

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Health {
    Well,
    Warning,
    Failed,
}

/// One step.
#[derive(Debug, Serialize)]
struct Step {
    what: String,
    health: Health,
    words: String,
}

#[derive(Debug, Default, Serialize)]
struct Examined {
    steps: Vec<Step>,
}

impl Examined {
    fn add(&mut self, what: impl Into<String>, health: Health, words: impl Into<String>) {
        self.steps.push(Step { what: what.into(), health, words: words.into() });
    }
    fn well(&mut self, what: impl Into<String>, words: impl Into<String>) {
        self.add(what, Health::Well, words);
    }
    fn fault(&mut self, what: impl Into<String>, fault: &Fault) {
        self.add(what, Health::Failed, format!("{}; {}", fault.words(), fault.kind.remedy()));
    }
    fn failed(&self, what: &str) -> bool {
        self.steps.iter().any(|step| step.health == Health::Failed && step.what.starts_with(what))
    }
}

/// Examines settings, policies, journal, freeze switch, channels, sources of activity, identity, Azure, clock, permissions, prices
/// and bills.
///
/// # Errors
/// When the settings are wrong, or parts cannot be put together at all.
pub async fn doctor(context: &Context) -> Result<Exit, CommandError> {
    let (settings, loaded) = context.usable()?;
    let mut seen = Examined::default();
    seen.well("settings", format!("{} is valid", context.config.display()));
    for found in loaded.findings() {
        let health = if found.severity == Severity::Error { Health::Failed } else { Health::Warning };
        seen.add("policies", health, found.to_string());
    }
    policies(&mut seen, &loaded.policies.set);
    let scratch = tempfile::tempdir().map_err(|error| CommandError::Io("make a temporary folder".to_owned(), error))?;
    let store = journal(&mut seen, context, &settings, scratch.path()).await?;
    zone_data(&mut seen);
    match with_store(&settings, &context.environment, store) {
        Ok(outside) => {
            freeze(&mut seen, &Switch::open(&settings, &context.environment).await.now().await);
            channels(&mut seen, &outside, &loaded.policies.set);
            bills::folder(&mut seen, &settings.reconcile);
            activity::agents(&mut seen, &settings);
            activity::prometheus(&mut seen, &outside, &loaded.policies.set).await;
            azure(&mut seen, &outside, &loaded.policies.set, &settings).await;
        }
        Err(error) => seen.add("parts", Health::Failed, with_causes(error.to_string(), error.source())),
    }
    let look = context.look(None);
    context.print(&seen, || text(&seen, &look))?;
    Ok(verdict(&seen))
}

fn verdict(seen: &Examined) -> Exit {
    if seen.failed("policies") {
        Exit::BadConfiguration
    } else if seen.steps.iter().any(|step| step.health == Health::Failed) {
        Exit::Unreadable
    } else {
        Exit::Well
    }
}

fn text(seen: &Examined, look: &Look) -> String {
    let paint: Paint = look.paint;
    let line = |step: &Step| {
        let mark = match step.health {
            Health::Well => paint.good("well   "),
            Health::Warning => paint.soon("warning"),
            Health::Failed => paint.bad("FAILED "),
        };
        format!("{mark}  {:12}  {}", step.what, words::clean(&step.words))
    };
    seen.steps.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn policies(seen: &mut Examined, set: &PolicySet) {
    let enforcing = set.policies.iter().filter(|policy| policy.mode == Mode::Enforce).count();
    let words = format!("{} valid, {enforcing} of them enforce", set.policies.len());
    seen.add("policies", if set.policies.is_empty() { Health::Warning } else { Health::Well }, words);
}

async fn journal(
    seen: &mut Examined,
    context: &Context,
    settings: &Settings,
    scratch: &std::path::Path,
) -> Result<Store, CommandError> {
    let running = context.service(settings).ok().flatten().is_some();
    match open_store(settings, &context.environment).await {
        Ok((store, _)) => {
            match store.examine().await {
                Ok(found) if found.is_empty() => seen.well("journal", format!("{} is whole", store_shown(settings))),
                Ok(found) => seen.add("journal", Health::Failed, found.join("; ")),
                Err(error) => seen.add("journal", Health::Failed, error.to_string()),
            }
            return Ok(store);
        }
        Err(_) if running => seen.well("journal", "in use by the running service"),
        Err(error) => seen.add("journal", Health::Failed, error.to_string()),
    }
    Ok(Store::open(scratch).await.map_err(WireError::from)?)
}

fn freeze(seen: &mut Examined, now: &Freeze) {
    match now {
        Freeze::Off => seen.well("freeze", "off"),
        Freeze::On(why) => seen.add("freeze", Health::Warning, format!("everything is frozen: {why}")),
        Freeze::Unreadable(why) => seen.add("freeze", Health::Failed, format!("everything is frozen: {why}")),
    }
}

fn channels(seen: &mut Examined, outside: &Outside<SystemClock>, set: &PolicySet) {
    let enforcing = set.policies.iter().any(|policy| policy.mode == Mode::Enforce);
    let names = outside.channels();
    if !names.is_empty() {
        seen.well("channels", format!("set up: {}", names.join(", ")));
    } else if enforcing {
        seen.add("channels", Health::Warning, "none is set up: nobody is told before a stop ([notify])");
    } else {
        seen.well("channels", "none is set up; observing needs none");
    }
}

fn zone_data(seen: &mut Examined) {
    match tzdata::release() {
        Some(release) if tzdata::is_old(&release, SystemClock.now()) => seen.add(
            "zone data",
            Health::Warning,
            format!("{release} is more than a year old; update the package tzdata (S16)"),
        ),
        Some(release) => seen.well("zone data", release),
        None => seen.add("zone data", Health::Warning, format!("{} does not name its release", tzdb_source())),
    }
}

/// Words of ARM for an api-version that it does not know.
const NO_SUCH_VERSION: [&str; 3] = ["NoRegisteredProviderFound", "InvalidApiVersion", "MissingApiVersion"];

fn api_version(seen: &mut Examined, version: &str) {
    let said = |step: &Step| NO_SUCH_VERSION.iter().any(|word| step.words.contains(word));
    let answered = seen.steps.iter().any(|step| step.health == Health::Well && step.words.ends_with("computes read"));
    if seen.steps.iter().any(said) {
        let words = format!("Azure does not know {version}; set [azure] api_version to one that it names above");
        seen.add("api-version", Health::Failed, words);
    } else if answered {
        seen.well("api-version", format!("{version} is answered"));
    }
}

async fn azure(seen: &mut Examined, outside: &Outside<SystemClock>, set: &PolicySet, settings: &Settings) {
    match outside.azure.probe_token().await {
        Ok(token) => {
            let until = token.expires.map(|at| format!(", good until {at}")).unwrap_or_default();
            seen.well("identity", format!("a token came from {}{until}", token.identity));
        }
        Err(fault) => return seen.fault("identity", &fault),
    }
    let discovery = outside.discover().await;
    for (scope, fault) in &discovery.faults {
        seen.fault(format!("scope {scope}"), fault);
    }
    let found = discovery.workspaces.len();
    let health = if found == 0 { Health::Failed } else { Health::Well };
    seen.add("workspaces", health, format!("{found} found"));
    for workspace in &discovery.workspaces {
        let parts = rights::parts(&set.governing(&workspace.id, &tags(workspace)), settings);
        if let Some(granted) = one_workspace(seen, outside, &parts, workspace).await {
            bills::right(seen, &settings.reconcile, workspace, &granted);
        }
    }
    prices::prices(seen, outside, &discovery.workspaces).await;
    api_version(seen, &settings.azure.api_version);
    clock(seen, outside);
}

fn tags(workspace: &WorkspaceFacts) -> Vec<(&str, &str)> {
    workspace.tags.0.iter().map(|(key, value)| (&**key, &**value)).collect()
}

async fn one_workspace(
    seen: &mut Examined,
    outside: &Outside<SystemClock>,
    parts: &[Part],
    workspace: &WorkspaceFacts,
) -> Option<PermissionSet> {
    let what = format!("workspace {}", workspace.id.name());
    match outside.azure.probe_read(workspace).await {
        Ok(count) => seen.well(&what, format!("{count} computes read")),
        Err(fault) => seen.fault(&what, &fault),
    }
    match outside.azure.permissions(workspace).await {
        Ok(granted) => {
            rights::judge(seen, &what, &granted, parts);
            Some(granted)
        }
        Err(fault) => {
            seen.add(&what, Health::Warning, format!("permissions are not known: {}", fault.words()));
            None
        }
    }
}

fn clock(seen: &mut Examined, outside: &Outside<SystemClock>) {
    match outside.azure_time() {
        None => seen.add("clock", Health::Warning, "no answer of Azure carried a date"),
        Some(time) => {
            let differs = time.azure.duration_since(time.here);
            let health =
                if differs.abs() > jiff::SignedDuration::from_secs(120) { Health::Failed } else { Health::Well };
            seen.add("clock", health, format!("differs from Azure's by {} s", differs.as_secs()));
        }
    }
}
