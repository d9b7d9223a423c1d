//! What is wrong with what a policy says of instances that stay off. Nothing is deleted sooner than people can answer.

use super::compile::Layered;
use super::document::{Instances, Tables};
use super::layers::on;
use super::stopped::{Deletion, Stopped};
use crate::document::{Findings, Located, Trouble};
use crate::units::Span;

/// The shortest time off after which anything may be proposed: a holiday is no reason to lose a disk.
const AFTER_LEAST: Span = Span::hours(7 * 24);
/// The first step comes at least so long before the day, the last one at least so long.
const FIRST_LEAST: Span = Span::hours(7 * 24);
const LAST_LEAST: Span = Span::hours(24);
/// The longest step, and the most of them: a longer ladder is read by nobody.
const FIRST_MOST: Span = Span::hours(180 * 24);
const STEPS_MOST: usize = 6;
/// A yes can be taken back for so long at least.
const GRACE: (Span, Span) = (Span::minutes(10), Span::hours(7 * 24));
/// More deletions a day are a slip of the pen.
const PER_DAY_MOST: u32 = 100;

/// What is wrong with single values of one layer.
pub(super) fn ranges(written: &Tables, findings: &mut Findings<'_>) {
    let Some(table) = on(&written.stopped) else { return };
    for after in [&table.delete_after, &table.unknown_owner_after].into_iter().flatten() {
        if after.value < AFTER_LEAST {
            let problem = format!("nothing is proposed for deletion before it was off for {AFTER_LEAST}");
            findings.error(&after.at, Trouble::new(problem, "write a longer time, such as \"30d\""));
        }
    }
    if let Some(grace) = table.grace.as_ref().filter(|grace| grace.value < GRACE.0 || grace.value > GRACE.1) {
        let problem = format!("a yes can be taken back for {} to {}, and not {}", GRACE.0, GRACE.1, grace.value);
        findings.error(&grace.at, Trouble::new(problem, "write a length such as \"1h\""));
    }
    if let Some(most) = table.per_day.as_ref().filter(|most| most.value > PER_DAY_MOST) {
        let problem = format!("more than {PER_DAY_MOST} deletions a day are more than anybody looks at");
        findings.error(&most.at, Trouble::new(problem, "write a small number, such as 5"));
    }
    if let Some(most) = table.per_day.as_ref().filter(|most| most.value == 0) {
        let help = "write at least 1, or stopped = \"off\" to propose nothing";
        findings.warning(&most.at, Trouble::new("0 a day means that nothing is ever deleted", help));
    }
    steps(table, findings);
}

fn steps(table: &Stopped, findings: &mut Findings<'_>) {
    let Some(ladder) = &table.ladder else { return };
    let help = "write the steps falling, each once, such as [\"14d\", \"7d\", \"1d\"]";
    let (Some(first), Some(last)) = (ladder.value.first(), ladder.value.last()) else {
        findings.error(&ladder.at, Trouble::new("a ladder without a step tells nobody", help));
        return;
    };
    if ladder.value.len() > STEPS_MOST {
        let problem = format!("a ladder has {STEPS_MOST} steps at most: who is told more often reads none of it");
        findings.error(&ladder.at, Trouble::new(problem, help));
    }
    if first.value < FIRST_LEAST || first.value > FIRST_MOST {
        let problem = format!("people are first told {FIRST_LEAST} to {FIRST_MOST} before, and not {}", first.value);
        findings.error(&first.at, Trouble::new(problem, help));
    }
    if last.value < LAST_LEAST {
        let problem = format!("the last step comes {LAST_LEAST} before at the latest, and not {}", last.value);
        findings.error(&last.at, Trouble::new(problem, help));
    }
    let rises =
        ladder.value.iter().zip(ladder.value.iter().skip(1)).find(|(before, after)| after.value >= before.value);
    if let Some((before, after)) = rises {
        findings.error(&after.at, Trouble::new(format!("{} comes after {}", after.value, before.value), help));
    }
}

/// What the values of all layers come to together.
pub(super) fn together(layered: Layered<'_>, channels: usize, findings: &mut Findings<'_>) {
    let Some(table) = on(&layered.effective.stopped) else { return };
    let own = on(&layered.written.stopped).and(layered.written.stopped.as_ref());
    if let Some(own) = own.filter(|_| table.delete_after.is_none() && !findings.is_broken("stopped")) {
        let help = "write delete_after = \"30d\", or leave the table out";
        findings.error(&own.at, Trouble::new("this does not say after how long off an instance is proposed", help));
    }
    if let Some((after, unknown)) = table.delete_after.as_ref().zip(table.unknown_owner_after.as_ref())
        && unknown.value < after.value
    {
        let problem = "what nobody is known to own would be proposed sooner than what has an owner to ask";
        findings.error(&unknown.at, Trouble::new(problem, "write at least as long as delete_after"));
    }
    let is_automatic = table.delete.as_ref().filter(|delete| delete.value == Deletion::Automatic);
    let names_something = table.automatic.as_ref().is_some_and(|list| !is_empty(&list.value));
    match (is_automatic, &table.automatic) {
        (Some(delete), _) if !names_something && !findings.is_broken("stopped.automatic") => {
            let help = "write automatic = { names = [\"scratch-*\"] }, owners, sizes or tags; or delete = \"propose\"";
            findings.error(&delete.at, Trouble::new("nothing is deleted automatically that no allow-list names", help));
        }
        (None, Some(list)) => {
            let help = "write delete = \"automatic\", or leave the list out";
            findings.warning(&list.at, Trouble::new("this list allows nothing: a person says yes to each", help));
        }
        (Some(_), _) | (None, None) => {}
    }
    if let Some(delete) = is_automatic.filter(|_| channels == 0) {
        let help = "configure a channel, or write delete = \"propose\"";
        let problem = "this deletes nothing: every step of the ladder must be delivered, and no channel is configured";
        findings.warning(&delete.at, Trouble::new(problem, help));
    }
    if is_automatic.is_some()
        && let Some(list) = table.automatic.as_ref().filter(|list| is_everything(list))
    {
        let help = "name what may go without a yes, such as names = [\"scratch-*\"]";
        findings.warning(&list.at, Trouble::new("this allows everything to be deleted without a yes", help));
    }
}

fn is_empty(list: &Instances) -> bool {
    let lists = [&list.names, &list.owners, &list.sizes];
    let no_tags = list.tags.as_ref().is_none_or(|tags| tags.value.0.is_empty());
    lists.into_iter().flatten().all(|list| list.value.is_empty()) && no_tags
}

fn is_everything(list: &Located<Instances>) -> bool {
    let lists = [&list.value.names, &list.value.owners, &list.value.sizes];
    let mut patterns = lists.into_iter().flatten().flat_map(|list| &list.value);
    patterns.any(|pattern| pattern.value.text().chars().all(|letter| letter == '*'))
}
