//! The words of the scenes for what happens outside: computes, people, Azure, the channel, the disk.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use std::sync::Arc;

use jiff::Timestamp;
use lightsout::facts::{
    DiskSight, Freeze, NativeSchedule, Operation, OperationStatus, PowerState, Reading, Source, Stretch, Tags, Track,
    Unknown, Use,
};
use lightsout::ledger::Spent;
use lightsout::ports::FaultKind;
use lightsout::units::{InstanceId, Rate, Span, When};

use crate::cloud::heard::{self, account};
use crate::cloud::{Cloud, Compute, OnStop};
use crate::start_words::priced;
use crate::world::{FakeWorld, Outside};

/// Carries out one line.
pub(crate) fn outside(world: &FakeWorld, words: &[String]) {
    let mut outside = world.lock();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = switches(&mut outside, &words) || people(&mut outside, &words) || azure(&mut outside, &words);
    assert!(done, "nobody understands: {words:?}");
}

fn switches(outside: &mut Outside, words: &[&str]) -> bool {
    match words {
        ["freeze"] => outside.freeze = Some(Freeze::On("incident 42".to_owned())),
        ["freeze", "unreadable"] => {
            outside.freeze = Some(Freeze::Unreadable("cannot read FREEZE: no such disk".to_owned()))
        }
        ["unfreeze"] => outside.freeze = None,
        ["channel", "none"] => outside.channels = 0,
        ["channel", "one"] => outside.channels = 1,
        ["channel", "read"] => outside.channel.is_read = true,
        ["channel", "of", "a", "program"] => outside.channel.has_program = true,
        ["channel", "refuses", owner] => outside.channel.refuses.push((*owner).to_owned()),
        ["channel", state] => outside.channel.is_down = *state == "down",
        ["journal", state] => outside.journal_down = *state == "down",
        ["audit", state @ ("down" | "up")] => outside.audit_down = *state == "down",
        ["ledger", state] => outside.metered.is_down = *state == "down",
        [what @ ("spent" | "avoided"), workspace, amount, currency, rest @ ..] => {
            let one = spent(outside, workspace, (amount, currency), rest);
            let (now, metered) = (outside.now, &mut outside.metered);
            let list = if *what == "spent" { &mut metered.spent } else { &mut metered.avoided };
            list.push((now, one));
        }
        ["price", rate] => outside.metered.prices = priced(rate, outside.now),
        ["azure", "ahead", length] => outside.azure_ahead = length.parse::<Span>().unwrap().duration(),
        _ => return false,
    }
    true
}

/// `spent ws-a 1999.50 USD team=ml owner=ana@example.com`: metered by now; an amount below nothing is a late correction, and
/// `? USD` an hour without a price.
fn spent(outside: &mut Outside, workspace: &str, (amount, currency): (&str, &str), pairs: &[&str]) -> Spent {
    let value = |key: &str| {
        let found = pairs.iter().filter_map(|pair| pair.split_once('=')).find(|(found, _)| *found == key);
        found.map(|(_, value)| Arc::from(value))
    };
    let (amount, seconds) = amount.strip_prefix('-').map_or((amount, 3_600), |amount| (amount, -3_600));
    let rate = (amount != "?").then(|| Rate::parse(amount, currency.parse().unwrap()).unwrap());
    let workspace = outside.cloud.workspace(workspace);
    let day = outside.now.as_second().div_euclid(86_400);
    Spent { workspace, team: value("team"), owner: value("owner"), day, rate, seconds }
}

fn people(outside: &mut Outside, words: &[&str]) -> bool {
    let now = outside.now;
    let cloud = &mut outside.cloud;
    match words {
        ["start", name] => cloud.named(name).start(now),
        ["turn", "off", name] => cloud.named(name).turn_off(now),
        ["job", name] => cloud.named(name).job(true),
        ["job", name, "ends"] => cloud.named(name).job(false),
        ["quiet", name, since, covered] => {
            let told = heard::quiet(since.parse().unwrap(), covered.parse().unwrap(), now);
            (cloud.named(name).heard, cloud.named(name).silent) = (Some(told), false);
        }
        ["gap", name, from, to] => gap(cloud.named(name), from.parse().unwrap(), to.parse().unwrap()),
        ["says", name, what] => {
            let what = match *what {
                "busy" => Use::Busy,
                "connected" => Use::Connected,
                "quiet" => Use::Quiet,
                "unknown" => Use::Unknown,
                other => panic!("a source says busy, connected, quiet or unknown, not {other}"),
            };
            let compute = cloud.named(name);
            compute.silent = false;
            let told = compute.heard.take().unwrap_or_else(|| account(Source::Agent, what, now, now));
            compute.heard = Some(heard::later(&Track { now: what, ..told }, now));
        }
        ["disk", name, megabytes] => {
            let free_bytes = megabytes.parse::<u64>().unwrap() * 1_000_000;
            let (mount, size_bytes, full_at) = ("/".into(), 120_000_000_000, When::NONE);
            cloud.named(name).disk = Some(DiskSight { mount, free_bytes, size_bytes, as_of: now, full_at });
        }
        ["silent", name] => cloud.named(name).silent = true,
        ["workspace", name, pair] => {
            let (key, value) = pair.split_once('=').unwrap();
            let id = cloud.workspace(name);
            cloud.workspaces.get_mut(&id).unwrap().0.tags.0.push((Arc::from(key), Arc::from(value)));
        }
        ["delete", "of", name, "works"] => {
            let id = cloud.id(name);
            outside.on_delete.remove(&id);
        }
        ["delete", "of", name, what] => {
            let id = cloud.id(name);
            outside.on_delete.insert(id, fault(what));
        }
        ["delete", name] => {
            let id = cloud.id(name);
            cloud.computes.remove(&id);
        }
        ["recreate", name] => {
            let id = cloud.id(name);
            let mut fresh = Compute::started(id.clone(), now);
            fresh.facts.created = now.into();
            cloud.computes.insert(id, fresh);
        }
        ["instance", name, rest @ ..] => instance(outside, name, rest),
        ["owner", "of", name, "is", owner] => {
            Arc::make_mut(&mut cloud.named(name).facts.owner).user_name = Some((*owner).into());
        }
        ["tag", name, pair] => tag(cloud.named(name), pair, now),
        ["tags", name, "unreadable"] => cloud.named(name).facts.tags = Reading::Unknown(Unknown::Missing),
        _ => return false,
    }
    true
}

fn tag(compute: &mut Compute, pair: &str, now: jiff::Timestamp) {
    let (key, value) = pair.split_once('=').unwrap();
    let mut tags = compute.facts.tags.known().cloned().unwrap_or_default();
    tags.0.retain(|(other, _)| **other != *key);
    tags.0.push((Arc::from(key), Arc::from(value)));
    compute.facts.tags = Reading::Known { value: Tags(tags.0), as_of: now.into() };
}

/// `instance ci-a started=… owner=… in=ws-b`, every pair optional.
fn instance(outside: &mut Outside, name: &str, pairs: &[&str]) {
    let now = outside.now;
    let value = |key: &str| {
        pairs.iter().filter_map(|pair| pair.split_once('=')).find(|(found, _)| *found == key).map(|(_, value)| value)
    };
    let started = value("started").map_or(now, |text| text.parse().unwrap());
    let compute = outside.cloud.add(value("in").unwrap_or("ws-a"), name, started);
    match value("owner") {
        Some("nobody") => compute.facts.owner = Arc::default(),
        Some(owner) => Arc::make_mut(&mut compute.facts.owner).user_name = Some(owner.into()),
        None => {}
    }
    if let Some(assigned) = value("assigned") {
        Arc::make_mut(&mut compute.facts.owner).assigned_id = Some(assigned.into());
    }
    if let Some(size) = value("size") {
        compute.facts.size = Arc::from(size);
    }
    if value("operation") == Some("unknown") {
        compute.facts.last_operation = Reading::Unknown(Unknown::Missing);
        compute.started = None;
    }
    if let Some(word) = value("state") {
        compute.facts.state = state(word);
    }
    if value("created") == Some("unknown") {
        compute.facts.created = Default::default();
    }
    if let Some(pair) = value("tag") {
        tag(compute, &pair.replacen(':', "=", 1), now);
    }
}

fn state(word: &str) -> PowerState {
    match word {
        "Running" => PowerState::Running,
        "JobRunning" => PowerState::JobRunning,
        "Stopped" => PowerState::Stopped,
        "Starting" | "Stopping" | "Restarting" => PowerState::Changing(Arc::from(word)),
        "Unusable" => PowerState::Broken(Arc::from(word)),
        other => PowerState::Unrecognised(Arc::from(other)),
    }
}

fn fault(word: &str) -> FaultKind {
    let kinds = [
        FaultKind::Throttled(None),
        FaultKind::Denied,
        FaultKind::Gone,
        FaultKind::Conflict,
        FaultKind::DiskFull,
        FaultKind::Refused,
        FaultKind::Unreachable,
        FaultKind::Garbled,
        FaultKind::Unclear,
        FaultKind::Unauthenticated,
    ];
    kinds.into_iter().find(|kind| kind.label() == word).unwrap_or_else(|| panic!("no fault is called {word}"))
}

fn azure(outside: &mut Outside, words: &[&str]) -> bool {
    let now = outside.now;
    let cloud = &mut outside.cloud;
    match words {
        ["state", name, word] => cloud.named(name).stays(state(word)),
        ["operation", name, "in", "progress"] => operation(cloud.named(name), OperationStatus::InProgress),
        ["operation", name, "unknown"] => {
            cloud.named(name).facts.last_operation = Reading::Unknown(Unknown::Missing);
        }
        ["stop", name, "had", how] => {
            let status = match *how {
                "failed" => OperationStatus::Failed(Arc::from("StopFailed")),
                "succeeded" => OperationStatus::Succeeded,
                other => panic!("a stop cannot have {other}"),
            };
            let compute = cloud.named(name);
            if let Reading::Known { value, .. } = &mut compute.facts.last_operation {
                let value = Arc::make_mut(value);
                (value.operation, value.at, value.status) = (Operation::Stop, now, status);
            }
        }
        ["created", name, at] => cloud.named(name).facts.created = at.parse::<jiff::Timestamp>().unwrap().into(),
        ["lose", workspace] => {
            let id = cloud.workspace(workspace);
            cloud.unlisted.insert(id);
        }
        ["find", workspace] => {
            let id = cloud.workspace(workspace);
            cloud.unlisted.remove(&id);
        }
        ["look", "at", name, how] => cloud.named(name).hangs = *how == "hangs",
        ["hide", name] => cloud.named(name).listed = false,
        ["show", name] => cloud.named(name).listed = true,
        ["remember", name] => {
            let compute = cloud.named(name);
            compute.older = Some(compute.facts.clone());
        }
        ["lists", name, word] => cloud.named(name).lags = *word == "old",
        ["fails", workspace, word] => {
            let id = cloud.workspace(workspace);
            cloud.workspaces.get_mut(&id).unwrap().1 = Some(fault(word));
        }
        ["mends", workspace] => {
            let id = cloud.workspace(workspace);
            cloud.workspaces.get_mut(&id).unwrap().1 = None;
        }
        ["stop", name, rest @ ..] => on_stop(cloud, name, rest),
        ["start", name, "refused", word] => cloud.named(name).on_start = Some(fault(word)),
        ["start", name, "taken"] => cloud.named(name).on_start = None,
        ["schedule", name, "starts"] => {
            let one =
                NativeSchedule { starts: true, enabled: true, when: "daily".to_owned(), zone: None, failed: false };
            Arc::make_mut(&mut cloud.named(name).facts.native).schedules.push(one);
        }
        ["timer", name, "refused", word] => cloud.named(name).on_timer = Err(fault(word)),
        ["timer", name, "taken"] => cloud.named(name).on_timer = Ok(true),
        ["timer", name, "hidden"] => cloud.named(name).on_timer = Ok(false),
        ["timer", name, after] => {
            let after = (*after != "none").then(|| after.parse::<Span>().unwrap());
            Arc::make_mut(&mut cloud.named(name).facts.native).idle_shutdown = after;
        }
        _ => return false,
    }
    true
}

fn operation(compute: &mut Compute, status: OperationStatus) {
    if let Reading::Known { value, .. } = &mut compute.facts.last_operation {
        Arc::make_mut(value).status = status;
    }
}

fn on_stop(cloud: &mut Cloud, name: &str, rest: &[&str]) {
    let on_stop = match rest {
        ["takes", length] => OnStop::Takes(length.parse::<Span>().unwrap().duration()),
        ["ignored"] => OnStop::Ignored,
        ["operation", "fails"] => OnStop::OperationFails,
        ["lost"] => OnStop::Lost(false),
        ["lost", "taken"] => OnStop::Lost(true),
        ["refused", word] => OnStop::Refused(fault(word)),
        other => panic!("no such answer: {other:?}"),
    };
    let ids: Vec<InstanceId> = cloud.computes.keys().filter(|id| name == "*" || id.name() == name).cloned().collect();
    ids.iter().for_each(|id| cloud.computes.get_mut(id).unwrap().on_stop = on_stop.clone());
}

/// A source that did not watch for a while.
fn gap(compute: &mut Compute, from: Timestamp, to: Timestamp) {
    let heard = compute.heard.as_mut().unwrap();
    let whole = heard.watched.drain(..).collect::<Vec<_>>();
    let parts = whole.into_iter().flat_map(|stretch| {
        [Stretch { to: stretch.to.min(from), ..stretch }, Stretch { from: stretch.from.max(to), ..stretch }]
    });
    heard.watched = parts.filter(|part| part.from < part.to).collect();
}
