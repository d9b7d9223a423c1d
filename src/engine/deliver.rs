//! Delivering what the outbox holds. A message is tried until it is confirmed, or past its use (G9, fault 42).

use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};

use super::backoff::next_try_of;
use super::log;
use super::state::Engine;
use crate::facts::NoticeState;
use crate::ports::{Fault, FaultKind, Message, World};

/// Messages of one round: enough for a storm, few enough that one round ends.
const ROUND: u32 = 500;
/// Deliveries side by side.
const WIDTH: usize = 8;
/// With no channel only messages this old are looked at: younger news waits for the day there is one.
const WAITS: SignedDuration = SignedDuration::from_hours(24);

impl<W: World> Engine<W> {
    /// Delivers what is due; says how many were confirmed and how many failed. With no channel nothing is tried, and
    /// messages stay in the outbox for the day there is one, or until they are of no use.
    ///
    /// # Errors
    /// When the outbox cannot be read or written.
    pub async fn deliver(&self) -> Result<(usize, usize), Fault> {
        if self.world.channels().is_empty() {
            return self.let_go_of_old().await.map(|()| (0, 0));
        }
        let due = self.world.outbox(self.world.now(), ROUND).await?;
        let tries = due.into_iter().map(|message| self.deliver_one(message));
        let results: Vec<Result<Option<bool>, Fault>> =
            futures_util::stream::iter(tries).buffer_unordered(WIDTH).collect().await;
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
        if message.use_by() < self.world.now() {
            self.let_go(&message).await?;
            return Ok(None);
        }
        let channel = message.channel.clone().unwrap_or_default();
        match self.world.deliver(&message).await {
            Ok(()) => {
                let at = self.world.now();
                self.lock().failing.worked(&channel);
                self.world.delivered(&message.id, at).await?;
                self.remember_delivery(&message, at);
                Ok(Some(true))
            }
            Err(fault) => {
                let now = self.world.now();
                let asked = if let FaultKind::Throttled(wait) = fault.kind { wait } else { None };
                let next = next_try_of(&message, now, share_of(&message), asked);
                log::fault(&fault);
                let why = format!("{}; {}", fault.words(), fault.kind.remedy());
                self.lock().failing.failed(&channel, why);
                self.world.undelivered(&message.id, &fault.words(), next).await?;
                if next.is_none() {
                    let mut state = self.lock();
                    state.messages_let_go = state.messages_let_go.saturating_add(1);
                }
                Ok(Some(false))
            }
        }
    }

    async fn let_go_of_old(&self) -> Result<(), Fault> {
        let now = self.world.now();
        let old = now.checked_sub(WAITS).unwrap_or(Timestamp::MIN);
        for message in self.world.outbox(old, ROUND).await?.iter().filter(|message| message.use_by() < now) {
            self.let_go(message).await?;
        }
        Ok(())
    }

    /// It is not tried any more, with the reason, and counted.
    async fn let_go(&self, message: &Message) -> Result<(), Fault> {
        // A warning would announce a moment that is over; what is still due has been announced anew.
        let news = "it is older than a day, and no news any more";
        let why = if message.notice.is_some() { "the time that it announces has passed" } else { news };
        self.world.undelivered(&message.id, why, None).await?;
        let mut state = self.lock();
        state.messages_let_go = state.messages_let_go.saturating_add(1);
        Ok(())
    }

    fn remember_delivery(&self, message: &Message, at: Timestamp) {
        let (Some(key), Some((instance, _))) = (&message.notice, message.instance()) else { return };
        let mut state = self.lock();
        let notices = state.history_mut(instance).map(|history| &mut history.notices);
        let mut notices = notices.into_iter().flatten();
        // the first channel that took it counts
        if let Some(notice) = notices.find(|notice| notice.key == *key && notice.state == NoticeState::Recorded) {
            notice.state = NoticeState::Delivered { at };
        }
    }
}

/// A share of the pause, in thousandths, that is different for every message and try, and the same in every run: tries
/// spread out without chance.
fn share_of(message: &Message) -> u16 {
    let start: u64 = 0xcbf2_9ce4_8422_2325 ^ u64::from(message.attempts);
    let hash = message.id.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    u16::try_from(hash.checked_rem(1001).unwrap_or(0)).unwrap_or(0)
}
