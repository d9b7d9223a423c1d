//! The page of operations: whether the service itself is well, and what to do where it is not.

use serde::Serialize;

use super::common::Common;
use super::savings::LedgerCell;
use super::shown::{Clocks, When};
use super::stopped::Off;
use crate::ports::{ApiUse, AuditLine};
use crate::report::words::{self, clean};
use crate::report::{ChannelView, FleetView, Outcome, WorkspaceView};

#[derive(Debug, Serialize)]
struct FaultCell {
    label: String,
    words: String,
}

#[derive(Debug, Serialize)]
struct Workspace {
    name: String,
    group: String,
    subscription: String,
    region: String,
    policy: Option<String>,
    read: Option<When>,
    took: Option<String>,
    instances: usize,
    on: usize,
    fault: Option<FaultCell>,
}

#[derive(Debug, Serialize)]
struct SweepFault {
    #[serde(rename = "where")]
    place: String,
    label: String,
    words: String,
    remedy: Option<String>,
}

#[derive(Debug, Serialize)]
struct Sweep {
    at: Option<When>,
    took: Option<String>,
    next: Option<When>,
    stopped: usize,
    warned: usize,
    refused: usize,
    faults: Vec<SweepFault>,
}

#[derive(Debug, Serialize)]
struct Policy {
    name: String,
    place: String,
    mode: &'static str,
    revision: String,
    zone: Option<String>,
    canary_until: Option<When>,
    can_acknowledge: bool,
    governs: usize,
}

#[derive(Debug, Serialize)]
struct Reload {
    ok: bool,
    at: Option<When>,
    words: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Channel {
    name: String,
    failures: u32,
    why: Option<String>,
}

#[derive(Debug, Serialize)]
struct Telling {
    let_go: u64,
}

#[derive(Debug, Serialize)]
struct Sight {
    well: bool,
    words: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Api {
    requests: String,
    throttled: String,
}

#[derive(Debug, Serialize)]
struct Audit {
    at: When,
    who: String,
    what: String,
    target: Option<String>,
    why: Option<String>,
}

/// The whole page.
#[derive(Debug, Serialize)]
pub(in crate::web) struct OperationsPage {
    /// What every page has.
    #[serde(flatten)]
    pub(in crate::web) common: Common,
    workspaces: Vec<Workspace>,
    sweep: Sweep,
    policies: Vec<Policy>,
    reload: Reload,
    channels: Vec<Channel>,
    telling: Telling,
    sight: Sight,
    api: Api,
    ledger: LedgerCell,
    off: Off,
    audit: Vec<Audit>,
}

/// Makes the page. Who did what is for those who may read it.
#[must_use]
pub(in crate::web) fn operations_page(
    common: Common,
    view: &FleetView,
    api: &ApiUse,
    audit: &[AuditLine],
    clocks: &Clocks,
) -> OperationsPage {
    let can_acknowledge = common.me.as_ref().is_some_and(|me| me.can.acknowledge);
    let mut workspaces: Vec<Workspace> = view.workspaces.values().map(|place| workspace(place, clocks)).collect();
    workspaces.sort_by_key(|one| (one.fault.is_none(), one.name.clone()));
    let governs = |id: &crate::units::PolicyId| {
        let own = view.workspaces.values().filter(|place| place.policy.as_ref() == Some(id));
        own.map(|place| place.instances.len()).sum()
    };
    let policy = |policy: &crate::report::PolicyView| Policy {
        name: policy.id.to_string(),
        place: policy.file.to_string(),
        mode: words::mode(policy.mode),
        revision: policy.revision.to_string(),
        zone: policy.zone.clone(),
        canary_until: clocks.maybe(policy.canary_until),
        can_acknowledge: can_acknowledge && policy.canary_until.is_some(),
        governs: governs(&policy.id),
    };
    let channel = |channel: &ChannelView| Channel {
        name: channel.name.clone(),
        failures: channel.failures,
        why: Some(clean(&channel.why)).filter(|why| !why.is_empty()),
    };
    OperationsPage {
        common,
        workspaces,
        sweep: sweep(view, clocks),
        policies: view.policies.iter().map(policy).collect(),
        reload: Reload {
            ok: view.reload.is_ok(),
            at: clocks.maybe(view.reload.as_ref().ok().copied()),
            words: view.reload.as_ref().err().into_iter().flat_map(|all| all.split("; ")).map(clean).collect(),
        },
        channels: view.telling.channels.iter().map(channel).collect(),
        telling: Telling { let_go: view.telling.let_go },
        sight: sight(view),
        api: calls(api),
        ledger: LedgerCell::of(view, clocks),
        off: Off::of(view, clocks),
        audit: audit.iter().map(|line| told(line, clocks)).collect(),
    }
}

fn workspace(place: &WorkspaceView, clocks: &Clocks) -> Workspace {
    let fault = place
        .fault
        .as_ref()
        .map(|fault| FaultCell { label: place.fault_label.unwrap_or("other").replace('_', " "), words: clean(fault) });
    Workspace {
        name: clean(place.id.name()),
        group: clean(place.id.resource_group()),
        subscription: place.id.subscription().to_string(),
        region: clean(&place.region.to_string()),
        policy: place.policy.as_ref().map(ToString::to_string),
        read: clocks.maybe(place.read_at),
        took: place.read_at.map(|_| format!("{} ms", place.read_ms)),
        instances: place.instances.len(),
        on: place.instances.iter().filter(|one| one.facts.state.is_on()).count(),
        fault,
    }
}

fn sweep(view: &FleetView, clocks: &Clocks) -> Sweep {
    let last = &view.last;
    let took = last.began_at.zip(last.ended_at).map(|(began, ended)| ended.duration_since(began));
    let asked = |outcome: &Outcome| matches!(outcome, Outcome::Accepted | Outcome::Unclear { .. });
    let fault = |line: &crate::report::FaultLine| SweepFault {
        place: line.workspace.as_ref().map_or_else(|| "the service".to_owned(), |id| clean(id.name())),
        label: line.label.replace('_', " "),
        words: clean(&line.words),
        remedy: None,
    };
    Sweep {
        at: clocks.maybe(last.ended_at),
        took: took
            .map(|took| if took.as_secs() > 0 { words::length(took) } else { format!("{} ms", took.as_millis()) }),
        next: None,
        stopped: last.stops.iter().filter(|line| asked(&line.outcome)).count(),
        warned: last.notices.len(),
        refused: last.refused.len(),
        faults: last.faults.iter().map(fault).collect(),
    }
}

fn sight(view: &FleetView) -> Sight {
    let sight = &view.sight;
    let mut told = Vec::new();
    if let Some(why) = &sight.clock_trouble {
        told.push(clean(why));
    }
    if sight.workspaces_failed > 0 {
        told.push(format!("{} of {} workspaces could not be read", sight.workspaces_failed, sight.workspaces));
    }
    if sight.instances_unknown > 0 {
        told.push(format!("{} instances are in states that this version does not know", sight.instances_unknown));
    }
    if sight.last_full_sweep.is_none() {
        told.push("the first full sweep has not ended yet".to_owned());
    }
    Sight { well: told.is_empty(), words: told }
}

fn calls(api: &ApiUse) -> Api {
    let all: u64 = api.requests.values().sum();
    let throttled: u64 = api.throttled.values().sum();
    Api {
        requests: format!("{all} requests since the start"),
        throttled: if throttled == 0 { "never throttled".to_owned() } else { format!("throttled {throttled} times") },
    }
}

fn told(line: &AuditLine, clocks: &Clocks) -> Audit {
    let some = |text: &str| Some(clean(text)).filter(|text| !text.is_empty());
    // an ARM id ends with what people call it
    let target = line.target.rsplit('/').next().unwrap_or(&line.target);
    Audit {
        at: clocks.when(line.at),
        who: clean(&line.who),
        what: clean(&line.what),
        target: some(target),
        why: some(&line.why),
    }
}
