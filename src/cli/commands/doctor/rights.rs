//! What the identity may do at a workspace beside what it needs there: each right that is missing, and each that is too much.

use super::{Examined, Health};
use crate::azure::{Beyond, PermissionSet};
use crate::cli::needs;
use crate::policy::Governing;
use crate::rights::{Part, Right, rights_for};
use crate::settings::{BillsFrom, Settings};

/// More names than this are not read; their number is said.
const NAMED_MAX: usize = 4;

/// The parts of the service that work at a workspace.
pub(super) fn parts(governing: &Governing<'_>, settings: &Settings) -> Vec<Part> {
    let mut found: Vec<needs::Need> = needs::of_looking(settings).collect();
    if let Governing::One(policy) = governing {
        found.extend(needs::of_policy(policy));
        found.extend(needs::of_evidence(settings));
    }
    let mut parts = needs::parts(&found);
    // that it is missing is said once a subscription; here it is only nothing that is too much
    parts.extend((settings.reconcile.source == BillsFrom::CostManagement).then_some(Part::Bills));
    parts
}

/// Compares.
pub(super) fn judge(seen: &mut Examined, what: &str, granted: &PermissionSet, parts: &[Part]) {
    let needed: Vec<&Right> = rights_for(parts).collect();
    let is_bills = |right: &Right| right.parts.contains(&Part::Bills);
    let missing = needed.iter().filter(|right| !granted.allows(right.action) && !is_bills(right));
    let (spared, lacking): (Vec<&Right>, Vec<&Right>) = missing.copied().partition(|right| right.without.is_some());
    if !lacking.is_empty() {
        let actions = lacking.iter().map(|right| right.action).collect::<Vec<_>>().join(", ");
        let words = format!("missing actions: {actions}; `lightsout rbac` prints the role that has them");
        seen.add(what, Health::Failed, words);
    }
    for right in &spared {
        let without = right.without.unwrap_or_default();
        seen.add(what, Health::Warning, format!("missing action: {}; without it {without}", right.action));
    }
    if lacking.is_empty() && spared.is_empty() {
        seen.well(what, format!("every needed action is granted ({})", needed.len()));
    }
    let actions: Vec<&str> = needed.iter().map(|right| right.action).collect();
    let (reads, changes): (Vec<Beyond>, Vec<Beyond>) =
        granted.beyond(&actions).into_iter().partition(Beyond::only_reads);
    if !changes.is_empty() {
        let words = format!("more than needed is granted: {}", listed(&changes));
        seen.add(what, Health::Warning, words);
    }
    if !reads.is_empty() {
        seen.well(what, format!("more than needed can be read: {}", listed(&reads)));
    }
}

/// The lines of the role, each with what it allows that nobody needs.
fn listed(beyond: &[Beyond]) -> String {
    let words = |one: &Beyond| {
        let such: Vec<&str> =
            one.such_as.iter().copied().filter(|action| !action.eq_ignore_ascii_case(&one.entry)).collect();
        let more = such.len().saturating_sub(NAMED_MAX);
        let named = such.into_iter().take(NAMED_MAX).collect::<Vec<_>>().join(", ");
        match (named.is_empty(), more) {
            (true, _) => one.entry.clone(),
            (false, 0) => format!("{} (such as {named})", one.entry),
            (false, more) => format!("{} (such as {named}, and {more} more)", one.entry),
        }
    };
    beyond.iter().map(words).collect::<Vec<_>>().join("; ")
}
