//! `lightsout residual` and `lightsout proposals`: what stays off, what it costs, and what is proposed about it.

use jiff::SignedDuration;

use super::Look;
use crate::facts::{Proposal, ProposalEnd};
use crate::report::{FleetView, Stopped, StoppedLine, StoppedSum, standing, words};
use crate::units::Money;

/// The account as text: each instance, then the sums.
#[must_use]
pub fn residual(stopped: &Stopped, look: &Look) -> String {
    let mut text = format!(
        "{}\n\n",
        look.paint.strong(&format!("{} off as of {}", stopped.total.instances, look.when(stopped.at, None)))
    );
    if stopped.instances.is_empty() {
        text.push_str("nothing is off\n");
        return text;
    }
    let rows: Vec<Vec<String>> = stopped.instances.iter().map(row).collect();
    let head = ["instance", "owner", "off for at least", "by", "a month", "so far", "quota", "deletion"];
    text.push_str(&look.table(&head, &rows));
    for (title, sums) in
        [("By owner", &stopped.by_owner), ("By age", &stopped.by_age), ("By family of the quota", &stopped.by_family)]
    {
        text.push_str(&format!("\n{}\n", look.paint.strong(title)));
        let rows: Vec<Vec<String>> = sums.iter().map(sum).collect();
        text.push_str(&look.table(&["", "instances", "a month", "vCPUs"], &rows));
    }
    text.push_str(&format!(
        "\nall of them: {} a month, {} vCPUs of the quota\n",
        money(stopped.total.monthly),
        stopped.total.vcpus
    ));
    if stopped.deleted.instances > 0 {
        text.push_str(&format!(
            "deleted by proposals in the last 62 days: {}, {} a month no longer paid\n",
            stopped.deleted.instances,
            money(stopped.deleted.monthly)
        ));
    }
    for note in &stopped.notes {
        text.push_str(&look.paint.faint(&format!("  {note}\n")));
    }
    text
}

fn money(amount: Option<Money>) -> String {
    amount.map_or_else(|| "unknown".to_owned(), |amount| amount.to_string())
}

fn row(line: &StoppedLine) -> Vec<String> {
    let quota = match (line.vcpus, &line.family) {
        (Some(vcpus), Some(family)) => format!("{vcpus} of {family}"),
        (Some(vcpus), None) => vcpus.to_string(),
        (None, _) => "unknown".to_owned(),
    };
    vec![
        format!("{}/{}", words::clean(line.instance.workspace().name()), words::clean(line.instance.name())),
        line.owner.clone().unwrap_or_else(|| "unknown".to_owned()),
        words::length(SignedDuration::from_secs(line.off_seconds)),
        line.off_by.clone(),
        money(line.monthly),
        money(line.so_far),
        quota,
        line.deletion.words.clone(),
    ]
}

fn sum(sum: &StoppedSum) -> Vec<String> {
    let key = if sum.key.is_empty() { "unknown".to_owned() } else { sum.key.replace('_', " ") };
    vec![key, sum.instances.to_string(), money(sum.monthly), sum.vcpus.to_string()]
}

/// Every proposal that matters still.
#[must_use]
pub fn proposals(view: &FleetView, look: &Look) -> String {
    let mut lines: Vec<String> = view.proposals.iter().map(|one| proposal(one, look)).collect();
    let would = view.would_delete.iter().map(|id| {
        let name = words::clean(id.name());
        format!("{name}: would be proposed for deletion; the policy only observes")
    });
    lines.extend(would);
    if lines.is_empty() { "nothing is proposed for deletion".to_owned() } else { lines.join("\n") }
}

/// What a yes to it takes away: for whoever is about to say it.
#[must_use]
pub fn lost(one: &Proposal, line: Option<&StoppedLine>, look: &Look) -> String {
    let monthly = line.map_or_else(|| "unknown".to_owned(), |line| money(line.monthly));
    format!(
        "{}\nproposal {}: {}/{} will be deleted with everything on its disk, which no one can bring back; it costs {monthly} \
         a month while it stays off",
        proposal(one, look),
        one.id,
        words::clean(one.instance.workspace().name()),
        words::clean(one.instance.name()),
    )
}

/// One of them, in a line.
#[must_use]
pub fn proposal(one: &Proposal, look: &Look) -> String {
    let name = words::clean(one.instance.name());
    let owner = one.owner.as_deref().map_or_else(|| "nobody known".to_owned(), words::clean);
    let how = match &one.end {
        Some(ProposalEnd::Deleted { at }) => format!("deleted {}", look.when(*at, Some(&one.policy))),
        Some(ProposalEnd::Void { ground, words: why, at }) => {
            let why = words::clean(why);
            format!("void since {}: {}, {why}", look.when(*at, Some(&one.policy)), ground.label())
        }
        Some(ProposalEnd::Kept { .. }) | None => standing(one, look.now).2,
    };
    format!("{name} of {owner}, off since {}: {how}", look.when(one.off_since, Some(&one.policy)))
}
