//! Budgets in words: for whoever asks why, and for the people who are told that a level is reached.

use jiff::SignedDuration;

use crate::policy::{AtLimit, Per, Policy};
use crate::ports::{About, BudgetMark, Message, MessageKind};
use crate::report::{BudgetView, words as plain};
use crate::rules::Ground;

/// How an allowance stands, as the fragment of a sentence.
pub(super) fn words(view: &BudgetView) -> String {
    let BudgetView { spent, limit, share, month, .. } = view;
    let mut text = format!("{} {} spent {spent} of {limit} in {month} ({share} %)", view.per.label(), view.scope);
    if view.unpriced > 0 {
        let length = plain::length(SignedDuration::from_secs(view.unpriced));
        text.push_str(&format!(", at least: {length} of running have no price"));
    }
    for other in &view.not_counted {
        text.push_str(&format!("; {other} in another currency are not counted"));
    }
    if !view.used_up_at.is_none() && view.at_limit == AtLimit::Warn {
        text.push_str("; its budget is used up, and the policy stops nothing for that");
    }
    text
}

/// What people are told of a level.
pub(super) fn message(policy: &Policy, view: &BudgetView, mark: &BudgetMark) -> Message {
    let BudgetMark { scope, month, level, limit, .. } = mark;
    let heading = view.forecast.map_or_else(String::new, |ahead| {
        format!("; by the end of the month it will be {} to {}, most likely {}", ahead.low, ahead.high, ahead.mid)
    });
    let then = match (view.at_limit, view.share >= 100) {
        (AtLimit::Warn, false) => "; nothing is stopped for that",
        // its words say so already
        (AtLimit::Warn, true) => "",
        (AtLimit::Stop, false) => "; when it is used up, what runs is stopped",
        (AtLimit::Stop, true) => "; what runs is stopped, each after its own warning",
    };
    let name = policy.id.as_str().to_ascii_lowercase();
    Message {
        id: format!("budget|{name}|{scope}|{month}|{level}|{limit}"),
        kind: MessageKind::Budget,
        about: About::Budget { scope: view.scope.to_string(), month: month.to_string(), level: *level },
        notice: None,
        policy: policy.id.clone(),
        ground: Ground::OverBudget.label().to_owned(),
        owner: (view.per == Per::Owner).then(|| view.scope.to_string()),
        notify: policy.terms.warning.notify.clone(),
        words: format!("{level} % of a budget are reached: {}{heading}{then}", words(view)),
        at: mark.at,
        attempts: 0,
        channel: None,
        address: None,
        not_before: None,
        also: Vec::new(),
    }
}
