//! Verdicts become a plan.

use std::borrow::Borrow;
use std::sync::Arc;

use jiff::Timestamp;
use thin_vec::ThinVec;

use super::{Announcement, Expected, Notice, Plan, Step};
use crate::facts::InstanceFacts;
use crate::rules::{Action, Verdict, Words};

/// Drafts the plan of one sweep. `decided` pairs each instance's facts with its verdict and the further addressees of
/// its notices. The order of the plan does not depend on the order given.
pub fn draft<V: Borrow<Verdict>>(decided: &[(Arc<InstanceFacts>, V, ThinVec<String>)], now: Timestamp) -> Plan {
    let mut plan = Plan { made_at: Some(now), steps: Vec::new(), notices: Vec::new() };
    for (facts, verdict, notify) in decided {
        let verdict = verdict.borrow();
        match verdict.action {
            Action::Keep => {}
            Action::Warn => plan.notices.extend(announcement(facts, verdict, notify)),
            Action::Stop => plan.steps.extend(step(facts, verdict)),
        }
    }
    plan.steps.sort_by(|a, b| (a.due_at, &a.instance).cmp(&(b.due_at, &b.instance)));
    plan.notices.sort_by(|a, b| (&a.notice.key, &a.notice.instance).cmp(&(&b.notice.key, &b.notice.instance)));
    plan
}

fn step(facts: &InstanceFacts, verdict: &Verdict) -> Option<Step> {
    let due = verdict.due.as_ref()?;
    Some(Step {
        instance: verdict.instance.clone(),
        created: verdict.created,
        policy: verdict.under.policy.clone(),
        revision: verdict.under.revision.clone(),
        ground: due.ground,
        key: due.key.clone(),
        due_at: due.due_at,
        stop_at: due.stop_at,
        expected: Expected::of(facts),
        observed_at: facts.observed_at,
        size: facts.size.clone(),
        counterfactual: None,
    })
}

/// What is announced is for then, whatever was announced before.
fn announcement(facts: &InstanceFacts, verdict: &Verdict, notify: &[String]) -> Option<Announcement> {
    let notice = notice(facts, verdict, notify)?;
    let step = step(facts, verdict)?;
    Some(Announcement { step: Step { stop_at: notice.key.stop_at, ..step }, notice })
}

fn notice(facts: &InstanceFacts, verdict: &Verdict, notify: &[String]) -> Option<Notice> {
    let due = verdict.due.as_ref()?;
    let key = verdict.notice.clone()?;
    let words = format!(
        "{} will be stopped at {}: {}",
        facts.id.name(),
        key.stop_at,
        verdict.findings.first().map_or(&Words::Fixed("it is due"), |finding| &finding.words)
    );
    Some(Notice {
        instance: verdict.instance.clone(),
        created: verdict.created,
        key: *key,
        policy: verdict.under.policy.clone(),
        ground: due.ground.label().to_owned(),
        owner: facts.owner.name().map(str::to_owned),
        notify: notify.to_vec(),
        words,
    })
}
