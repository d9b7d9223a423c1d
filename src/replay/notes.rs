//! What the record cannot tell, and what was assumed: said with every replay.

use super::check::Checked;
use super::run::Asked;
use super::value::InstanceReplay;
use crate::ledger::MeterState;
use crate::past::Past;
use crate::policy::Mode;

/// What notes are made of.
pub(super) struct Around<'a> {
    pub(super) asked: &'a Asked<'a>,
    pub(super) past: &'a Past,
    pub(super) instances: &'a [InstanceReplay],
    pub(super) checked: &'a Checked,
}

fn hours(seconds: i64) -> i64 {
    seconds.saturating_add(1_800).div_euclid(3_600)
}

pub(super) fn notes(around: &Around<'_>) -> Vec<String> {
    let mut notes = vec![
        "Two replays stand behind every \"at least\" and \"at most\": one as if nobody had used a machine where the record does not \
         tell, one as if somebody had used it all along."
            .to_owned(),
    ];
    notes.extend(untold(around));
    notes.extend(gaps(around));
    notes.push(
        "Where the record's policy stopped a machine and the one that was tried would not have, nobody knows what its person would \
         have done: it is reckoned on until the one that was tried would stop it (at least), or until its next start (at most)."
            .to_owned(),
    );
    notes.push(
        "Who works on a machine that the replay has stopped is taken to start it again at that moment. A stop after which somebody \
         worked within half an hour is a regret."
            .to_owned(),
    );
    notes.push(
        "Holds, freezes and starts at the beginning of hours are taken as they were made. Who would have been warned at another time \
         may have held then: such holds are in no figure."
            .to_owned(),
    );
    notes.extend(policies(around));
    notes.extend(checked(around.checked));
    notes
}

fn untold(around: &Around<'_>) -> Option<String> {
    let sum = |of: fn(&InstanceReplay) -> i64| around.instances.iter().map(of).fold(0_i64, i64::saturating_add);
    let (on, untold) = (sum(|one| one.on_seconds), sum(|one| one.untold_seconds));
    if on == 0 {
        return Some("The record has no machine on in this time.".to_owned());
    }
    let share = untold.saturating_mul(100).checked_div(on).unwrap_or(0);
    let dark = around.instances.iter().filter(|one| one.untold_seconds > 0).count();
    let decided = around.past.lives.iter().filter_map(|life| life.decided.first()).map(|first| first.at).min();
    let since = decided.filter(|at| *at > around.asked.from).map_or_else(String::new, |at| {
        format!(" Decisions, and with them what sources said of use, are in the record from {at:.0} on.")
    });
    Some(format!(
        "Of {} hours that machines were on, the record does not tell of {} ({share} %) whether they were used, on {dark} of {} \
         machines.{since}",
        hours(on),
        hours(untold),
        around.instances.len()
    ))
}

fn gaps(around: &Around<'_>) -> Option<String> {
    let (from, to) = (around.asked.from.as_second(), around.asked.to.as_second());
    let metered = around.past.lives.iter().flat_map(|life| &life.metered);
    let unseen = metered.filter(|one| one.interval.state == MeterState::Unknown);
    let seconds = unseen.map(|one| one.interval.to.at.min(to).saturating_sub(one.interval.from.at.max(from)).max(0));
    let seconds = seconds.fold(0_i64, i64::saturating_add);
    (seconds > 0).then(|| {
        format!(
            "For {} machine hours nobody looked, and nothing tells whether the machine was on: they are in no figure.",
            hours(seconds)
        )
    })
}

fn policies(around: &Around<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    let all = &around.asked.policies.policies;
    let named = |wanted: &dyn Fn(&crate::policy::Policy) -> bool| {
        let names: Vec<&str> = all.iter().filter(|policy| wanted(policy)).map(|policy| policy.id.as_str()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    if let Some(names) = named(&|policy| policy.mode == Mode::Observe) {
        notes.push(format!("Tried as if it enforced, though it says mode = \"observe\": {names}."));
    }
    if let Some(names) = named(&|policy| policy.terms.budget.is_some()) {
        notes.push(format!("Budgets are not replayed, and stop nothing here: [budget] of {names}."));
    }
    if let Some(names) = named(&|policy| policy.start.is_some()) {
        notes.push(format!("[start] of {names} starts nothing here: starts are those of the record."));
    }
    let ungoverned = around.instances.iter().filter(|one| one.policy.is_none()).count();
    if ungoverned > 0 {
        notes.push(format!(
            "{ungoverned} machines are in the scope of no policy that was tried, and are stopped by none. Tags of workspaces are not \
             in the record: a scope by tags covers what the policy of the same name governed."
        ));
    }
    notes
}

fn checked(checked: &Checked) -> Option<String> {
    if checked.decisions == 0 {
        let other = checked.of_others > 0;
        return other.then(|| {
            format!(
                "None of the {} recorded decisions was made by these policies as they stand, so none could be tried again.",
                checked.of_others
            )
        });
    }
    let reasons: Vec<String> = checked.reasons.iter().map(|(why, count)| format!("{count}: {why}")).collect();
    let others = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join("; ")) };
    Some(format!(
        "Of {} recorded decisions by these very policies {} come out the same when the rules are asked again{others}.",
        checked.decisions, checked.same
    ))
}
