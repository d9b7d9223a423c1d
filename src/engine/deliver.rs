//! Delivering what the outbox holds. A message is tried until it is confirmed, or past its use (G9, fault 42).

use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};

use super::log;
use super::state::Engine;
use crate::facts::NoticeState;
use crate::ports::{Fault, Message, World};

/// Messages of one round: enough for a storm, few enough that one round ends.
const ROUND: u32 = 500;
/// Deliveries side by side.
const WIDTH: usize = 8;
/// First pause after a failed delivery; doubles.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(5);
/// The longest pause.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(10);
/// A message this old says nothing useful any more.
const USE: SignedDuration = SignedDuration::from_hours(24);

impl<W: World> Engine<W> {
    /// Delivers what is due; says how many were confirmed and how many failed. With no channel nothing is tried, and
    /// messages stay in the outbox for the day there is one.
    ///
    /// # Errors
    /// When the outbox cannot be read or written.
    pub async fn deliver(&self) -> Result<(usize, usize), Fault> {
        if self.world.channels() == 0 {
            return Ok((0, 0));
        }
        let due = self.world.outbox(self.world.now(), ROUND).await?;
        let tries = due.into_iter().map(|message| self.deliver_one(message));
        let results: Vec<Result<Option<bool>, Fault>> = futures_util::stream::iter(tries)
            .buffer_unordered(WIDTH)
            .collect()
            .await;
        let (mut confirmed, mut failed) = (0_usize, 0_usize);
        for result in results {
            match result? {
                Some(true) => confirmed = confirmed.saturating_add(1),
                Some(false) => failed = failed.saturating_add(1),
                None => {}
            }
        }
        Ok((confirmed, failed))
    }

    /// True when it was confirmed, none when it is let go.
    async fn deliver_one(&self, message: Message) -> Result<Option<bool>, Fault> {
        let passed = message.notice.as_ref().is_some_and(|notice| notice.stop_at < self.world.now());
        if passed {
            // It would announce a moment that is over; what is still due has been announced anew.
            self.world.undelivered(&message.id, "the time that it announces has passed", None).await?;
            return Ok(None);
        }
        match self.world.deliver(&message).await {
            Ok(()) => {
                let at = self.world.now();
                self.world.delivered(&message.id, at).await?;
                self.remember_delivery(&message, at);
                Ok(Some(true))
            }
            Err(fault) => {
                let now = self.world.now();
                let next = next_try(message.attempts, message.at, now, fastrand::u32(0..=1000));
                log::fault(&fault);
                self.world
                    .undelivered(&message.id, &fault.words(), next)
                    .await?;
                Ok(Some(false))
            }
        }
    }

    fn remember_delivery(&self, message: &Message, at: Timestamp) {
        let Some(key) = &message.notice else { return };
        let mut state = self.lock();
        let notices = state
            .history_mut(&message.instance)
            .map(|history| &mut history.notices);
        if let Some(notice) =
            notices.and_then(|notices| notices.iter_mut().find(|notice| notice.key == *key))
        {
            notice.state = NoticeState::Delivered { at };
        }
    }
}

/// When to try again after so many failed tries: 5 s doubling to 10 min, half of it by chance (`share`, in thousandths),
/// so that a recovering channel is not hit by all at once. None when the message has outlived its use.
fn next_try(attempts: u32, written_at: Timestamp, now: Timestamp, share: u32) -> Option<Timestamp> {
    if now.duration_since(written_at) > USE {
        return None;
    }
    let full = FIRST_PAUSE
        .checked_mul(2_i32.saturating_pow(attempts.min(10)))
        .map_or(LONGEST_PAUSE, |pause| pause.min(LONGEST_PAUSE));
    let half = full.checked_div(2).unwrap_or(full);
    let chance = half
        .checked_mul(i32::try_from(share.min(1000)).unwrap_or(0))
        .and_then(|sum| sum.checked_div(1000))
        .unwrap_or(half);
    now.checked_add(half.saturating_add(chance)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_to_ten_minutes_and_end_after_a_day() {
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        let pause = |attempts, share| {
            next_try(attempts, at, at, share)
                .unwrap()
                .duration_since(at)
                .as_secs()
        };
        assert_eq!(
            [
                pause(0, 1000),
                pause(1, 1000),
                pause(3, 1000),
                pause(9, 1000),
                pause(30, 1000)
            ],
            [5, 10, 40, 600, 600]
        );
        assert_eq!(pause(9, 0), 300);
        assert_eq!(
            next_try(0, at, at + SignedDuration::from_hours(25), 0),
            None
        );
    }
}
