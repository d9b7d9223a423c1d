//! What stays off, as the pages show it: the list of operations, and the proposal of one instance.

use serde::Serialize;

use super::common::may_act;
use super::row::Around;
use super::shown::{Clocks, When, money};
use crate::access::Rule;
use crate::links::path_of;
use crate::report::words::clean;
use crate::report::{DeletionState, FleetView, InstanceView, Stopped, StoppedLine, StoppedSum, deletion};

/// So many are listed; the rest is counted.
const LISTED: usize = 50;

#[derive(Debug, Serialize)]
struct OffRow {
    name: String,
    workspace: String,
    url: String,
    owner: Option<String>,
    since: When,
    by: String,
    monthly: Option<String>,
    so_far: Option<String>,
    quota: Option<String>,
    state: DeletionState,
    words: String,
}

#[derive(Debug, Serialize)]
struct OffSum {
    key: String,
    instances: usize,
    monthly: Option<String>,
    vcpus: u64,
}

/// What stays off.
#[derive(Debug, Serialize)]
pub(in crate::web) struct Off {
    rows: Vec<OffRow>,
    more: usize,
    ages: Vec<OffSum>,
    total: OffSum,
}

impl Off {
    /// Of the fleet, the longest off first.
    #[must_use]
    pub(in crate::web) fn of(view: &FleetView, clocks: &Clocks) -> Self {
        let stopped = Stopped::of(view);
        Self {
            rows: stopped.instances.iter().take(LISTED).map(|line| row(line, clocks)).collect(),
            more: stopped.instances.len().saturating_sub(LISTED),
            ages: stopped.by_age.iter().map(sum).collect(),
            total: sum(&stopped.total),
        }
    }
}

fn sum(sum: &StoppedSum) -> OffSum {
    let (key, monthly) = (sum.key.replace('_', " "), sum.monthly.map(money));
    OffSum { key, instances: sum.instances, monthly, vcpus: sum.vcpus }
}

fn row(line: &StoppedLine, clocks: &Clocks) -> OffRow {
    OffRow {
        name: clean(line.instance.name()),
        workspace: clean(line.instance.workspace().name()),
        url: format!("/instance/{}", path_of(&line.instance).map(encoded).join("/")),
        owner: line.owner.clone(),
        since: clocks.when(line.off_since),
        by: line.off_by.clone(),
        monthly: line.monthly.map(money),
        so_far: line.so_far.map(money),
        quota: line.vcpus.map(|vcpus| format!("{vcpus} vCPUs")),
        state: line.deletion.state,
        words: line.deletion.words.clone(),
    }
}

/// As a segment of a path.
fn encoded(segment: &str) -> String {
    url::form_urlencoded::byte_serialize(segment.as_bytes()).collect::<String>().replace('+', "%20")
}

/// What is proposed about one instance, and what whoever looks may say to it.
#[derive(Debug, Serialize)]
pub(in crate::web) struct ProposalCell {
    id: String,
    state: DeletionState,
    words: String,
    /// What is lost and saved, for the one who says yes.
    loses: String,
    can_keep: bool,
    can_confirm: bool,
    can_withdraw: bool,
}

impl ProposalCell {
    /// None where nothing is proposed.
    #[must_use]
    pub(in crate::web) fn of(around: &Around<'_>, instance: &InstanceView) -> Option<Self> {
        let line = deletion(around.view, instance);
        let id = line.proposal?;
        let (own, stop) =
            (may_act(around.person, &instance.facts, Rule::Own), may_act(around.person, &instance.facts, Rule::Stop));
        let is_open = matches!(line.state, DeletionState::Proposed | DeletionState::Automatic);
        let monthly = around.view.money.residual.and_then(|residual| residual.total());
        let saves = monthly.map_or_else(
            || "what that saves is not known".to_owned(),
            |rate| format!("about {} a month is no longer paid", money(rate.over(730 * 3_600).rounded())),
        );
        let name = clean(instance.facts.id.name());
        Some(Self {
            id,
            state: line.state,
            words: clean(&line.words),
            loses: format!(
                "Everything on the disk of {name} is lost, and nobody can bring it back; {saves}, and its quota is free."
            ),
            can_keep: own,
            can_confirm: stop && is_open,
            can_withdraw: own && line.state == DeletionState::Confirmed,
        })
    }
}
