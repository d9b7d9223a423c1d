//! What a person is told before an instance is made: whether it can be, what it costs, who will govern it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::desk::Desk;
use super::terms::{Terms, allowed_hours};
use crate::cli::clock::SystemClock;
use crate::facts::{NameAnswer, NewInstance, QuotaLine, WorkspaceFacts};
use crate::policy::{Mode, Policy, Subject, forecast};
use crate::ports::Clock as _;
use crate::report::words::clean;
use crate::schedule::Hours;
use crate::units::Rate;

/// vCPUs that those before, which are to be made too, take out of each quota: by subscription, region and name.
pub(super) type Taken = BTreeMap<(String, String, String), u64>;

/// What there is to say of one.
#[derive(Debug)]
pub(super) struct Brief {
    /// Lines to read.
    pub(super) lines: Vec<String>,
    /// Why it cannot be made; nothing is sent then.
    pub(super) hindrance: Option<String>,
    /// What an hour costs.
    pub(super) rate: Option<Rate>,
}

impl Brief {
    /// Asks Azure and the policies.
    pub(super) async fn of(desk: &Desk, new: &NewInstance, workspace: &WorkspaceFacts, taken: &mut Taken) -> Self {
        let terms = Terms::of(desk, workspace, &new.size).await;
        let name = desk.azure.name_is_free(new).await;
        let mut lines = vec![format!("{}/{} is to be made:", workspace.id.name(), new.id.name())];
        let mut say = |name: &str, words: String| lines.push(format!("  {name:<9} {}", clean(&words)));
        say("region", format!("{} (that of its workspace)", new.region));
        let size = size_of(&terms, new);
        say("size", size.clone().unwrap_or_else(|why| why));
        say("name", named(&name));
        let policy = policy_of(desk, workspace);
        let held = policy.and_then(|policy| hours_that_hold(policy, new));
        let allowed = held.and_then(|hours| allowed_hours(Some(&hours), SystemClock.now()));
        say("price", terms.price(allowed));
        say("quota", quota(&terms, workspace, taken));
        say("policy", governed(desk, policy, new));
        if let Some(owner) = &new.owner {
            let words = "it is theirs then, and only they reach Jupyter and its other applications";
            say("owner", format!("made for {} of tenant {}: {words}", owner.object_id, owner.tenant_id));
        }
        let seen = seen_already(desk, new);
        let hindrance = match (size, name, seen) {
            (Err(why), ..) => Some(why),
            (_, NameAnswer::Taken(why), _) => Some(format!("its name is taken in {}: {why}", new.region)),
            (_, _, Some(other)) => Some(format!("its name is taken in {}: {other} has it", new.region)),
            (Ok(_), NameAnswer::Free | NameAnswer::Unknown(_), None) => None,
        };
        if hindrance.is_none() {
            take(&terms, workspace, taken);
        }
        Self { lines, hindrance, rate: terms.rate.ok() }
    }
}

/// The size as the region has it, or why no instance can have it there.
fn size_of(terms: &Terms, new: &NewInstance) -> Result<String, String> {
    match &terms.size {
        Err(why) => Ok(format!("{}; whether the region has it is not known ({why})", new.size)),
        Ok(None) => Err(format!("{} has no size {}", new.region, new.size)),
        Ok(Some(offer)) if offer.for_instances == Some(false) => {
            Err(format!("{} is no size for compute instances in {}", new.size, new.region))
        }
        Ok(Some(offer)) => {
            let count = |n: Option<u32>, word: &str| n.map_or_else(|| format!("? {word}"), |n| format!("{n} {word}"));
            let facts = &offer.facts;
            Ok(format!("{}: {}, {}", facts.name, count(facts.vcpus, "vCPUs"), count(facts.gpus, "GPUs")))
        }
    }
}

fn named(answer: &NameAnswer) -> String {
    match answer {
        NameAnswer::Free => "free in its region".to_owned(),
        NameAnswer::Taken(why) => format!("taken: {why}"),
        NameAnswer::Unknown(why) => {
            format!("whether it is free in its region could not be asked ({why}); none of those known has it")
        }
    }
}

/// An instance of the same name in the same region, in any workspace that is known.
fn seen_already(desk: &Desk, new: &NewInstance) -> Option<String> {
    let all = desk.view.workspaces.values().flat_map(|place| &place.instances);
    let mut same =
        all.filter(|one| one.facts.region == new.region && one.facts.id.name().eq_ignore_ascii_case(new.id.name()));
    same.next().map(|one| format!("{}/{}", one.facts.id.workspace().name(), one.facts.id.name()))
}

/// What is left of each quota, less what those before take.
fn quota(terms: &Terms, workspace: &WorkspaceFacts, taken: &Taken) -> String {
    let cores = terms.cores().map(u64::from);
    let (Some(cores), false) = (cores, terms.lines().is_empty()) else {
        return format!("{}; unknown is not enough: Azure may refuse it", terms.quota_in_words());
    };
    let mut said = Vec::new();
    for line in terms.lines() {
        let before = taken.get(&key_of(line, workspace)).copied().unwrap_or(0);
        let left = line.left().saturating_sub(before);
        let verdict = if left < cores { "NOT ENOUGH, Azure will refuse it: " } else { "" };
        said.push(format!("{verdict}{cores} of {left} that are left of {} ({})", line.limit, line.words));
    }
    said.join("; ")
}

/// What one that is to be made takes from those after it.
fn take(terms: &Terms, workspace: &WorkspaceFacts, taken: &mut Taken) {
    let Some(cores) = terms.cores().map(u64::from) else { return };
    for line in terms.lines() {
        let before = taken.entry(key_of(line, workspace)).or_insert(0);
        *before = before.saturating_add(cores);
    }
}

/// A quota is one of a subscription in a region.
fn key_of(line: &QuotaLine, workspace: &WorkspaceFacts) -> (String, String, String) {
    let subscription = workspace.id.subscription().to_string().to_ascii_lowercase();
    (subscription, workspace.region.to_string(), line.name.clone())
}

/// The hours by which it will be stopped: of the terms that hold for it; none where nothing stops it by them.
fn hours_that_hold(policy: &Policy, new: &NewInstance) -> Option<Arc<Hours>> {
    subjected(new, |subject| {
        let (terms, _) = policy.terms_for(subject);
        let is_spared = policy.mode == Mode::Observe || terms.exempt.first_match(subject).is_some();
        terms.hours.as_ref().filter(|_| !is_spared).map(|rule| Arc::clone(&rule.hours))
    })
}

/// It, as policies see it.
fn subjected<T>(new: &NewInstance, look: impl FnOnce(&Subject<'_>) -> T) -> T {
    let owners: Vec<&str> = new.owner.iter().map(|owner| owner.object_id.as_str()).collect();
    let tags: Vec<(&str, &str)> = new.tags.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    look(&Subject { name: new.id.name(), owners: &owners, size: &new.size, tags: &tags })
}

fn policy_of<'d>(desk: &'d Desk, workspace: &WorkspaceFacts) -> Option<&'d Policy> {
    let id = desk.view.workspaces.get(&workspace.id)?.policy.as_ref()?;
    desk.loaded.policies.set.get(id).map(|policy| &**policy)
}

/// Which policy will govern it, and what that does.
fn governed(desk: &Desk, policy: Option<&Policy>, new: &NewInstance) -> String {
    let Some(policy) = policy else {
        let fault = desk.view.workspaces.get(new.id.workspace()).and_then(|place| place.fault.clone());
        return fault.map_or_else(|| "none: nobody will stop it".to_owned(), |why| format!("none that works: {why}"));
    };
    let (exempt, over) = subjected(new, |subject| {
        let (terms, over) = policy.terms_for(subject);
        (terms.exempt.first_match(subject), over)
    });
    if let Some(by) = exempt {
        return format!("{}: exempt ({by}), so it is never stopped", policy.id);
    }
    let told = forecast(policy, SystemClock.now(), 1);
    let own = over.and_then(|name| told.overrides.iter().find(|one| one.name == *name));
    let rules = own.filter(|one| !one.rules.is_empty()).map_or(&told.rules, |one| &one.rules);
    let zone = told.zone.as_ref().map(|zone| format!("keeps hours in {zone}; ")).unwrap_or_default();
    let over = over.map(|name| format!(", override {name}")).unwrap_or_default();
    let mode = match policy.mode {
        Mode::Observe => "it only observes: ",
        Mode::Enforce => "",
    };
    format!("{}{over}: {mode}{zone}{}", policy.id, rules.join("; "))
}

#[cfg(test)]
#[path = "brief_tests.rs"]
mod tests;
