//! What is never stopped: exemptions of the policy, the owner's own tag, and instances of which nobody knows the owner.

use jiff::Timestamp;

use super::verdict::{Finding, Ground, Rule};
use super::words::Words;
use crate::facts::{InstanceFacts, Reading};
use crate::policy::{OptOut, Subject, Terms, opt_out};
use crate::units::When;

/// None when nothing exempts it.
pub(super) fn exempt(terms: &Terms, subject: &Subject<'_>, facts: &InstanceFacts, now: Timestamp) -> Option<Finding> {
    let words = by_tag(terms, facts, now).or_else(|| by_policy(terms, subject)).or_else(|| by_owner(terms, facts))?;
    Some(Finding { rule: Rule::Exempt, ground: Ground::Exempt, words, due_at: When::NONE })
}

fn by_tag(terms: &Terms, facts: &InstanceFacts, now: Timestamp) -> Option<Words> {
    let tag = &terms.opt_out_tag;
    let tags = match &facts.tags {
        Reading::Known { value, .. } => value,
        Reading::Unknown(why) => {
            return Some(
                format!("its tags are not known ({}), so nobody knows whether it opted out", why.words()).into(),
            );
        }
    };
    match opt_out(tags.get(tag)) {
        OptOut::No => None,
        OptOut::Always => Some(format!("its tag {tag} opts out").into()),
        OptOut::Until(until) if now < until => Some(format!("its tag {tag} opts out until {until}").into()),
        OptOut::Until(_) => None,
        OptOut::Unreadable(value) => Some(format!("its tag {tag} = \"{value}\" means nothing, which counts as opting out; write \"true\", \"false\" or an instant").into()),
    }
}

fn by_policy(terms: &Terms, subject: &Subject<'_>) -> Option<Words> {
    terms.exempt.first_match(subject).map(|why| format!("the policy exempts it: {why}").into())
}

fn by_owner(terms: &Terms, facts: &InstanceFacts) -> Option<Words> {
    let kept = facts.owner.is_unknown() && !terms.include_unknown_owner;
    kept.then(|| "nobody knows whose it is, and include_unknown_owner is false".into())
}
