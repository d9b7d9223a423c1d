//! Idle longer than allowed. Needs evidence that covers the time; unknown is never idle.

use jiff::Timestamp;

use super::candidate::{Candidate, Reason};
use super::run::RunStart;
use super::verdict::{Finding, Ground, Rule};
use super::words::Words;
use crate::facts::{Activity, Unknown};
use crate::policy::IdleRule;
use crate::units::When;

/// What idleness says. The quiet time never begins before the run itself did. `policy` is its
/// name in lower case.
pub(super) fn idle<'a>(
    rule: IdleRule,
    policy: &'a str,
    activity: &Activity,
    start: RunStart,
    now: Timestamp,
) -> (Finding, Option<Candidate<'a>>) {
    let found = |ground, words: Words, due_at| Finding { rule: Rule::Idle, ground, words, due_at: When::from(due_at) };
    let (since, as_of, covered) = match activity {
        Activity::Busy { source, .. } => {
            return (found(Ground::NotDue, source.words().into(), None), None);
        }
        Activity::Unknown(why) => {
            let words = match why {
                Unknown::NoSource => "nobody knows whether it is idle: no source is configured".into(),
                Unknown::Missing | Unknown::Implausible(_) | Unknown::Unreadable(_) => {
                    format!("nobody knows whether it is idle: {}", why.words()).into()
                }
            };
            return (found(Ground::IdleUnknown, words, None), None);
        }
        Activity::Quiet { since, as_of, covered } => (*since, *as_of, *covered),
    };
    if now.duration_since(as_of) > rule.fresh_within.duration() {
        return (
            found(
                Ground::IdleUnknown,
                format!("the newest sign is from {as_of}, older than {}", rule.fresh_within).into(),
                None,
            ),
            None,
        );
    }
    if covered < rule.coverage {
        return (
            found(
                Ground::IdleUnknown,
                format!("signs cover {covered} of the time, {} are needed", rule.coverage).into(),
                None,
            ),
            None,
        );
    }
    let since = start.latest().map_or(since, |start| since.max(start));
    let Ok(due_at) = since.checked_add(rule.after.duration()) else {
        let words = format!("quiet since {since}, which cannot be reckoned with").into();
        return (found(Ground::IdleUnknown, words, None), None);
    };
    let (words, reason) = (Words::QuietSince(since, rule.after), Reason::Quiet(policy, since));
    (found(Ground::Idle, words, Some(due_at)), Some(Candidate { ground: Ground::Idle, reason, due_at }))
}
