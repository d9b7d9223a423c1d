//! `lightsout native`: Azure's own timers over the fleet, and the account of setting them.

use super::Look;
use crate::report::{FleetView, NativeAudit, NativeLine, TimerLine, TimersTold, Unread, words};
use crate::rules::LOWERS;

/// The audit as text: a table for each workspace, what needs a person in it in words.
#[must_use]
pub fn native_audit(audit: &NativeAudit, look: &Look) -> String {
    let mut text =
        format!("{}\n", look.paint.strong(&format!("Azure's own timers as of {}", look.when(audit.at, None))));
    for of_one in audit.instances.chunk_by(|one, next| one.instance.workspace() == next.instance.workspace()) {
        let Some(first) = of_one.first() else { continue };
        let policy = first.policy.as_ref().map_or_else(|| "no policy".to_owned(), |policy| format!("policy {policy}"));
        let name = words::clean(first.instance.workspace().name());
        text.push_str(&format!("\n{} ({})\n", look.paint.strong(&name), words::clean(&policy)));
        let shown = of_one.iter().filter(|line| !is_plain(line)).map(row).collect::<Vec<_>>();
        let plain = of_one.len().saturating_sub(shown.len());
        if !shown.is_empty() {
            text.push_str(&look.table(&["instance", "idle timer", "schedules", "found"], &shown));
        }
        if plain > 0 {
            text.push_str(&format!("  {plain} with no timer and no schedule, of which none is wanted\n"));
        }
    }
    text.push_str(&unread(&audit.unread, look));
    let all = audit.instances.len();
    let end = match audit.troubled {
        0 if !audit.unread.is_empty() => {
            let unread = audit.unread.len();
            look.paint
                .bad(&format!("{all} instances with nothing to mend, and {unread} workspaces of which nobody knows"))
        }
        0 => look.paint.good(&format!("{all} instances, nothing to mend")),
        count => look.paint.bad(&format!("{all} instances, {count} to look after")),
    };
    text.push_str(&format!("\n{end}\n"));
    text
}

/// The workspaces of which nothing is said.
fn unread(unread: &[Unread], look: &Look) -> String {
    let line = |one: &Unread| {
        let name = words::clean(one.workspace.name());
        format!("{} {name}: {}\n", look.paint.bad("not read"), words::clean(&one.words))
    };
    let lines: String = unread.iter().map(line).collect();
    if lines.is_empty() { lines } else { format!("\n{lines}") }
}

fn is_plain(line: &NativeLine) -> bool {
    line.findings.is_empty() && line.idle_shutdown.is_none() && line.schedules.is_empty()
}

fn row(line: &NativeLine) -> Vec<String> {
    let timer = line.idle_shutdown.map_or_else(|| "none".to_owned(), |after| after.to_string());
    let found = line.findings.iter().map(|told| format!("{}: {}", told.finding, told.words)).collect::<Vec<_>>();
    let found = if found.is_empty() { "-".to_owned() } else { found.join("; also ") };
    vec![line.instance.name().to_owned(), timer, line.schedules.len().to_string(), found]
}

/// What was set, or would be.
#[must_use]
pub fn native_apply(told: &TimersTold, look: &Look) -> String {
    let mut text = if told.lines.is_empty() && told.unread.is_empty() {
        "every idle timer is as the policies want it".to_owned()
    } else if told.lines.is_empty() {
        "every idle timer that could be read is as the policies want it\n".to_owned()
    } else {
        timers(&told.lines, look)
    };
    if told.left > 0 {
        text.push_str(&format!("{} more are not as wanted; ask again\n", told.left));
    }
    text.push_str(&unread(&told.unread, look));
    text
}

/// A table of them.
pub(super) fn timers(lines: &[TimerLine], look: &Look) -> String {
    let row = |line: &TimerLine| {
        let was = line.was.map_or_else(|| "none".to_owned(), |was| was.to_string());
        let lowers = if line.was.is_some_and(|was| line.to < was) { LOWERS } else { "" };
        let name = format!("{}/{}", line.instance.workspace().name(), line.instance.name());
        vec![name, was, line.to.to_string(), format!("{}{lowers}", line.outcome.words())]
    };
    look.table(&["instance", "was", "wanted", "outcome"], &lines.iter().map(row).collect::<Vec<_>>())
}

/// One line on them for `status` and `plan`; none where there are none and none is wanted.
pub(super) fn summary(view: &FleetView) -> Option<String> {
    let all = || view.workspaces.values().flat_map(|place| &place.instances);
    let timers = all().filter(|one| one.facts.native.idle_shutdown.is_some()).count();
    let schedules = all().filter(|one| !one.facts.native.schedules.is_empty()).count();
    let troubled = all().filter(|one| one.native.iter().any(|finding| finding.is_trouble())).count();
    let more =
        if troubled > 0 { format!(", {troubled} to look after: `lightsout native audit`") } else { String::new() };
    (timers > 0 || schedules > 0 || troubled > 0)
        .then(|| format!("Azure's own timers: {timers} with an idle timer, {schedules} with schedules{more}"))
}
