//! When a message that could not be delivered is tried again.

use jiff::{SignedDuration, Timestamp};

use crate::ports::Message;

/// The first wait's bound. A channel that was only restarted is back by then.
const FIRST_SECONDS: i64 = 5;
/// No wait is longer: a channel that comes back is found again within ten minutes, well inside a warning's lead.
const LONGEST_SECONDS: i64 = 600;
/// A share of nothing would be tried at once, for ever.
const SHORTEST: SignedDuration = SignedDuration::from_secs(1);
/// A warning that was being tried when its time came is given up a day later at the latest; news when it is none any more.
const WARNING_OUTLIVES: SignedDuration = SignedDuration::from_hours(24);

/// The next try after `attempts` failed ones: somewhere between now and a bound that doubles from 5 s to 10 min, at the
/// random share given in thousandths, so that many messages do not come back together.
fn next_try(attempts: u32, now: Timestamp, share_per_mille: u16) -> Timestamp {
    let doublings = attempts.saturating_sub(1).min(16);
    let bound = FIRST_SECONDS.saturating_mul(1_i64 << doublings).min(LONGEST_SECONDS);
    let millis = bound.saturating_mul(i64::from(share_per_mille.min(1000)));
    now.checked_add(SignedDuration::from_millis(millis).max(SHORTEST)).unwrap_or(Timestamp::MAX)
}

/// The next try of a message whose try just failed, not before the wait that its channel asked for; none when it is no
/// longer worth delivering.
pub(super) fn next_try_of(
    message: &Message,
    now: Timestamp,
    share_per_mille: u16,
    asked: Option<SignedDuration>,
) -> Option<Timestamp> {
    let outlives = if message.notice.is_some() { WARNING_OUTLIVES } else { SignedDuration::ZERO };
    if now.duration_since(message.use_by()) >= outlives {
        return None;
    }
    let next = next_try(message.attempts.saturating_add(1), now, share_per_mille);
    let earliest = now.checked_add(asked.unwrap_or(SignedDuration::ZERO)).unwrap_or(Timestamp::MAX);
    Some(next.max(earliest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{NoticeKey, StopKey};
    use crate::ports::{About, MessageKind};
    use crate::units::{InstanceId, PolicyId};

    fn wait(attempts: u32, share: u16) -> i64 {
        next_try(attempts, Timestamp::UNIX_EPOCH, share).as_millisecond()
    }

    #[test]
    fn waits_double_to_ten_minutes() {
        let bounds: Vec<i64> = (0..12).map(|attempts| wait(attempts, 1000) / 1000).collect();
        assert_eq!(bounds, [5, 5, 10, 20, 40, 80, 160, 320, 600, 600, 600, 600]);
        assert_eq!(wait(u32::MAX, 1000), 600_000);
    }

    #[test]
    fn the_share_spreads_them_and_none_is_at_once() {
        assert_eq!((wait(3, 500), wait(3, 1), wait(3, 0), wait(3, u16::MAX)), (10_000, 1000, 1000, 20_000));
        assert_eq!(next_try(9, Timestamp::MAX, 1000), Timestamp::MAX);
    }

    const UNIX: i64 = 1_800_000_000;

    fn message() -> Message {
        let at = |seconds: i64| Timestamp::from_second(UNIX + seconds).unwrap();
        let id =
            "/subscriptions/s/resourceGroups/r/providers/Microsoft.MachineLearningServices/workspaces/w/computes/ci";
        let key = NoticeKey { stop: StopKey("hours/p/2027-01-15/0/off".into()), stop_at: at(900) };
        Message {
            id: "warning".to_owned(),
            kind: MessageKind::Warning,
            about: About::Instance { instance: InstanceId::parse(id).unwrap(), created: crate::units::When::NONE },
            notice: Some(key),
            policy: PolicyId::new("p"),
            ground: "off_hours".to_owned(),
            owner: None,
            notify: Vec::new(),
            words: String::new(),
            at: at(0),
            attempts: 0,
            channel: None,
            address: None,
            not_before: None,
            also: Vec::new(),
        }
    }

    #[test]
    fn a_message_is_given_up_when_it_is_of_no_use() {
        let at = |seconds: i64| Timestamp::from_second(UNIX + seconds).unwrap();
        let day = 86_400;
        let warning = message();
        assert_eq!(next_try_of(&warning, at(0), 1000, None), Some(at(5)));
        assert_eq!(next_try_of(&Message { attempts: 2, ..warning.clone() }, at(0), 1000, None), Some(at(20)));
        assert_eq!(
            next_try_of(&warning, at(0), 1000, Some(SignedDuration::from_secs(17))),
            Some(at(17)),
            "Retry-After is kept"
        );
        assert!(next_try_of(&warning, at(900 + day - 1), 0, None).is_some());
        assert_eq!(next_try_of(&warning, at(900 + day), 0, None), None, "its deadline is a day old");
        let news = Message { notice: None, kind: MessageKind::Stopped, ..warning };
        assert!(next_try_of(&news, at(day - 1), 0, None).is_some());
        assert_eq!(next_try_of(&news, at(day), 0, None), None);
    }
}
