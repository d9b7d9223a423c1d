//! Instances that are off, by owner and age: since when, what they go on costing, what quota they hold, and what becomes of them.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::view::{FleetView, InstanceView};
use super::words::clean;
use crate::facts::{PowerState, Proposal, ProposalEnd, SizeFacts};
use crate::ledger::PriceKey;
use crate::rules::{OffBy, off_since};
use crate::units::{InstanceId, Money, Rate};

/// An hour, and a month of 730 of them, as prices have it.
const HOUR: i64 = 3_600;
const MONTH: i64 = 730 * HOUR;
const DAY: i64 = 24 * HOUR;

/// How old: the bounded label of metrics, and from how many days on.
pub const AGES: [(&str, i64); 4] = [("under_7d", 0), ("7d_to_30d", 7), ("30d_to_90d", 30), ("over_90d", 90)];

/// The age's place in [`AGES`].
#[must_use]
pub fn age_of(off: SignedDuration) -> usize {
    AGES.iter().rposition(|(_, days)| off.as_secs() >= days.saturating_mul(DAY)).unwrap_or(0)
}

/// How far the deletion of an instance is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeletionState {
    /// Nothing is proposed.
    None,
    /// The policy only observes, and would propose it.
    WouldPropose,
    /// It is proposed, and deleted only after a yes.
    Proposed,
    /// It is deleted after the ladder, unless somebody says no.
    Automatic,
    /// Somebody said yes.
    Confirmed,
    /// Somebody keeps it.
    Kept,
}

impl DeletionState {
    /// The word in CSV and text.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::WouldPropose => "would_propose",
            Self::Proposed => "proposed",
            Self::Automatic => "automatic",
            Self::Confirmed => "confirmed",
            Self::Kept => "kept",
        }
    }
}

/// What becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DeletionLine {
    /// How far it is.
    pub state: DeletionState,
    /// Which proposal; a yes has to name it.
    pub proposal: Option<String>,
    /// When it is deleted at the earliest, or kept until; none where no time is set.
    #[schemars(with = "Option<String>")]
    pub at: Option<Timestamp>,
    /// In words.
    pub words: String,
}

/// One instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StoppedLine {
    /// Its ARM id.
    #[schemars(with = "String")]
    pub instance: InstanceId,
    /// Whose it is; none where nobody knows.
    pub owner: Option<String>,
    /// Its VM size.
    pub size: String,
    /// Since when it is off, at the latest: it may have been off before.
    #[schemars(with = "String")]
    pub off_since: Timestamp,
    /// Who says so: `azure` names the stop, `seen` is the first of the sightings without a break.
    pub off_by: String,
    /// How long that is, in seconds: at least so long.
    pub off_seconds: i64,
    /// What a month of disk, address and load balancer costs; none where settings name no rates.
    pub monthly: Option<Money>,
    /// What they cost since it is off, at least.
    pub so_far: Option<Money>,
    /// vCPUs of the quota that it holds; none where nobody knows.
    pub vcpus: Option<u32>,
    /// Of which family.
    pub family: Option<String>,
    /// What becomes of it.
    pub deletion: DeletionLine,
}

/// Some of them together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StoppedSum {
    /// The owner, the age, or the family.
    pub key: String,
    /// How many.
    pub instances: usize,
    /// What a month of them costs; none where settings name no rates.
    pub monthly: Option<Money>,
    /// vCPUs of the quota that they hold, as far as that is known.
    pub vcpus: u64,
}

/// The whole account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Stopped {
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// Each of them, the longest off first.
    pub instances: Vec<StoppedLine>,
    /// By owner, the dearest first; an empty key is of nobody that is known.
    pub by_owner: Vec<StoppedSum>,
    /// By age.
    pub by_age: Vec<StoppedSum>,
    /// By family of the quota; an empty key is of sizes whose family is not known.
    pub by_family: Vec<StoppedSum>,
    /// All of them.
    pub total: StoppedSum,
    /// What the proposals deleted in the last 62 days; their residual is not paid any more.
    pub deleted: StoppedSum,
    /// What the figures rest on, in words.
    pub notes: Vec<String>,
}

struct Group {
    instances: usize,
    vcpus: u64,
}

impl Group {
    fn add(&mut self, line: &StoppedLine) {
        self.instances = self.instances.saturating_add(1);
        self.vcpus = self.vcpus.saturating_add(u64::from(line.vcpus.unwrap_or(0)));
    }
}

fn sum(key: &str, group: &Group, rate: Option<Rate>) -> StoppedSum {
    let times = i64::try_from(group.instances).unwrap_or(i64::MAX);
    let monthly = rate.map(|rate| rate.over(MONTH.saturating_mul(times)).rounded());
    StoppedSum { key: key.to_owned(), instances: group.instances, monthly, vcpus: group.vcpus }
}

fn grouped<'a>(
    lines: &'a [StoppedLine],
    rate: Option<Rate>,
    key: impl Fn(&'a StoppedLine) -> &'a str,
) -> Vec<StoppedSum> {
    let mut groups: BTreeMap<&str, Group> = BTreeMap::new();
    for line in lines {
        groups.entry(key(line)).or_insert(Group { instances: 0, vcpus: 0 }).add(line);
    }
    let mut sums: Vec<StoppedSum> = groups.iter().map(|(key, group)| sum(key, group, rate)).collect();
    sums.sort_by(|a, b| (b.instances, &a.key).cmp(&(a.instances, &b.key)));
    sums
}

impl Stopped {
    /// Of the fleet as it was published.
    #[must_use]
    pub fn of(view: &FleetView) -> Self {
        let rate = view.money.residual.and_then(|residual| residual.total());
        let sizes: HashMap<&PriceKey, &SizeFacts> = view.money.sizes.iter().map(|(key, size)| (key, size)).collect();
        let all = view.workspaces.values().flat_map(|place| &place.instances);
        let off = all.filter(|one| one.facts.state == PowerState::Stopped);
        let mut lines: Vec<StoppedLine> = off.filter_map(|one| line(view, one, &sizes, rate)).collect();
        lines.sort_by(|a, b| (a.off_since, &a.instance).cmp(&(b.off_since, &b.instance)));
        Self::summed(view, lines, rate)
    }

    fn summed(view: &FleetView, lines: Vec<StoppedLine>, rate: Option<Rate>) -> Self {
        let age =
            |line: &StoppedLine| AGES.get(age_of(SignedDuration::from_secs(line.off_seconds))).map_or("", |age| age.0);
        let mut by_age = grouped(&lines, rate, age);
        by_age.sort_by_key(|sum| AGES.iter().position(|(label, _)| *label == sum.key));
        let mut total = Group { instances: 0, vcpus: 0 };
        lines.iter().for_each(|line| total.add(line));
        let deleted = view.proposals.iter().filter(|one| matches!(one.end, Some(ProposalEnd::Deleted { .. }))).count();
        Self {
            at: view.at,
            by_owner: grouped(&lines, rate, |line| line.owner.as_deref().unwrap_or_default()),
            by_family: grouped(&lines, rate, |line| line.family.as_deref().unwrap_or_default()),
            by_age,
            total: sum("", &total, rate),
            deleted: sum("", &Group { instances: deleted, vcpus: 0 }, rate),
            notes: notes(rate.is_some(), &lines),
            instances: lines,
        }
    }
}

impl Stopped {
    /// The same of those alone that are off for so many seconds or more.
    #[must_use]
    pub fn older_than(&self, seconds: i64, view: &FleetView) -> Self {
        let rate = view.money.residual.and_then(|residual| residual.total());
        let lines = self.instances.iter().filter(|line| line.off_seconds >= seconds).cloned().collect();
        Self::summed(view, lines, rate)
    }
}

fn notes(is_rated: bool, lines: &[StoppedLine]) -> Vec<String> {
    let mut notes = vec![
        "off since: at the latest then; azure names the stop, seen is the first sighting of it off without a break"
            .to_owned(),
        "residual: disk, address and load balancer alone, which only deleting ends; extra data disks are not counted"
            .to_owned(),
    ];
    if !is_rated {
        notes.push("what they go on costing is not known: [money.residual] of the settings names no rates".to_owned());
    }
    let unknown = lines.iter().filter(|line| line.vcpus.is_none()).count();
    if unknown > 0 {
        notes.push(format!("what {unknown} of them hold of the quota is not known, and counted as nothing"));
    }
    notes
}

fn line(
    view: &FleetView,
    one: &InstanceView,
    sizes: &HashMap<&PriceKey, &SizeFacts>,
    rate: Option<Rate>,
) -> Option<StoppedLine> {
    let facts = &one.facts;
    let off = off_since(facts, one.off_since)?;
    let seconds = view.at.duration_since(off.at).as_secs().max(0);
    let size = sizes.get(&PriceKey::new(&facts.size, &facts.region));
    Some(StoppedLine {
        instance: facts.id.clone(),
        owner: facts.owner.name().map(clean),
        size: clean(&facts.size),
        off_since: off.at,
        off_by: match off.by {
            OffBy::Azure => "azure",
            OffBy::Seen => "seen",
        }
        .to_owned(),
        off_seconds: seconds,
        monthly: rate.map(|rate| rate.over(MONTH).rounded()),
        so_far: rate.map(|rate| rate.over(seconds).rounded()),
        vcpus: size.and_then(|size| size.vcpus),
        family: size.map(|size| clean(&size.family)).filter(|family| !family.is_empty()),
        deletion: deletion(view, one),
    })
}

/// The proposal that is open, or kept, for an instance of a view.
#[must_use]
pub fn proposal_of<'a>(view: &'a FleetView, one: &InstanceView) -> Option<&'a Proposal> {
    let facts = &one.facts;
    // they stand in the order of their instances
    let from = view.proposals.partition_point(|found| found.instance < facts.id);
    let of_it = view.proposals.iter().skip(from).take_while(|found| found.instance == facts.id);
    let mut of_it = of_it.filter(|found| found.created == facts.created);
    of_it.find(|found| found.is_open() || found.kept_at(view.at).is_some())
}

/// The open proposal that a person means by a name, `WORKSPACE/NAME` or a full ARM id.
///
/// # Errors
/// In words, where that is no instance, more than one, or one that is not proposed.
pub fn proposal_named<'a>(view: &'a FleetView, asked: &str) -> Result<&'a Proposal, String> {
    let is_meant = |id: &InstanceId| {
        let in_workspace = format!("{}/{}", id.workspace().name(), id.name());
        [id.name(), &in_workspace, &id.to_string()].into_iter().any(|one| one.eq_ignore_ascii_case(asked))
    };
    let all = view.workspaces.values().flat_map(|workspace| &workspace.instances);
    let mut meant = all.filter(|one| is_meant(&one.facts.id));
    let asked = clean(asked);
    match (meant.next(), meant.next()) {
        (None, _) => Err(format!("no instance is called {asked}")),
        (Some(_), Some(_)) => Err(format!("{asked} is more than one instance; write WORKSPACE/NAME")),
        (Some(one), None) => proposal_of(view, one)
            .filter(|found| found.is_open())
            .ok_or_else(|| format!("{asked} is not proposed for deletion")),
    }
}

/// What becomes of an instance that is off.
#[must_use]
pub fn deletion(view: &FleetView, one: &InstanceView) -> DeletionLine {
    let Some(proposal) = proposal_of(view, one) else {
        let would = view.would_delete.binary_search(&one.facts.id).is_ok();
        let (state, words) = match would {
            true => (DeletionState::WouldPropose, "would be proposed for deletion; the policy only observes"),
            false => (DeletionState::None, "nothing is proposed"),
        };
        return DeletionLine { state, proposal: None, at: None, words: words.to_owned() };
    };
    let (state, at, words) = standing(proposal, view.at);
    DeletionLine { state, proposal: Some(proposal.id.clone()), at, words }
}

/// How a proposal stands: its state, its time, and both in words.
#[must_use]
pub fn standing(proposal: &Proposal, now: Timestamp) -> (DeletionState, Option<Timestamp>, String) {
    if let Some((until, by)) = proposal.kept_at(now) {
        let by = clean(by);
        let words =
            until.map_or_else(|| format!("kept for good by {by}"), |until| format!("kept until {until} by {by}"));
        return (DeletionState::Kept, until, words);
    }
    if let Some(said) = &proposal.confirmed {
        let words =
            format!("deleted after {}, as {} said, unless that is taken back", said.not_before, clean(&said.by));
        return (DeletionState::Confirmed, Some(said.not_before), words);
    }
    let day = proposal.day(now);
    let failed = proposal.failed.as_ref().map_or_else(String::new, |failed| format!("; {}", clean(&failed.words)));
    match proposal.automatic {
        true => {
            let words = format!(
                "proposed for deletion, not before {day}, unless somebody keeps it, holds it or starts it{failed}"
            );
            (DeletionState::Automatic, Some(day), words)
        }
        false => {
            let words = format!("proposed for deletion; deleted only after its owner or an operator says yes{failed}");
            (DeletionState::Proposed, None, words)
        }
    }
}
