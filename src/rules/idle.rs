//! Idle longer than allowed. Needs evidence that covers the time; unknown is never idle.

use jiff::Timestamp;

use super::hours::Candidate;
use super::run::RunStart;
use super::verdict::{Finding, Ground, Rule};
use crate::facts::{Activity, StopKey};
use crate::policy::IdleRule;
use crate::units::When;

/// What idleness says. The quiet time never begins before the run itself did. `policy` is its
/// name in lower case.
pub(super) fn idle(
    rule: IdleRule,
    policy: &str,
    activity: &Activity,
    start: RunStart,
    now: Timestamp,
) -> (Finding, Option<Candidate>) {
    let found = |ground, words: String, due_at| Finding {
        rule: Rule::Idle,
        ground,
        words: words.into(),
        due_at: When::from(due_at),
    };
    let (since, as_of, covered) = match activity {
        Activity::Busy { source, .. } => {
            return (found(Ground::NotDue, source.words().to_owned(), None), None);
        }
        Activity::Unknown(why) => {
            let words = format!("nobody knows whether it is idle: {}", why.words());
            return (found(Ground::IdleUnknown, words, None), None);
        }
        Activity::Quiet { since, as_of, covered } => (*since, *as_of, *covered),
    };
    if now.duration_since(as_of) > rule.fresh_within.duration() {
        return (
            found(
                Ground::IdleUnknown,
                format!("the newest sign is from {as_of}, older than {}", rule.fresh_within),
                None,
            ),
            None,
        );
    }
    if covered < rule.coverage {
        return (
            found(
                Ground::IdleUnknown,
                format!("signs cover {covered} of the time, {} are needed", rule.coverage),
                None,
            ),
            None,
        );
    }
    let since = start.latest().map_or(since, |start| since.max(start));
    let Ok(due_at) = since.checked_add(rule.after.duration()) else {
        return (found(Ground::IdleUnknown, format!("quiet since {since}, which cannot be reckoned with"), None), None);
    };
    let key = StopKey(format!("idle/{policy}/{since}").into());
    (
        found(Ground::Idle, format!("quiet since {since}, at most {}", rule.after), Some(due_at)),
        Some(Candidate { ground: Ground::Idle, key, due_at }),
    )
}
