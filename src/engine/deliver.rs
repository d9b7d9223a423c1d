//! Delivering what the outbox holds. A message is tried until it is confirmed, or past its use (G9, fault 42). Each channel
//! has rounds of its own: one that hangs or is down holds up no other.

use futures_util::StreamExt;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};

use super::backoff::next_try_of;
use super::log;
use super::state::Engine;
use super::together::{Together, apart, together};
use crate::facts::NoticeState;
use crate::ports::{Fault, FaultKind, Lane, Message, World};

/// Messages of one round: enough for a storm, few enough that one round ends.
const ROUND: u32 = 500;
/// Deliveries side by side on one channel.
const WIDTH: usize = 8;
/// With no channel only messages this old are looked at: younger news waits for the day there is one.
const WAITS: SignedDuration = SignedDuration::from_hours(24);

/// Messages confirmed and failed.
type Counts = (usize, usize);

impl<W: World> Engine<W> {
    /// Delivers what is due on every channel; says how many messages were confirmed and how many failed. With no channel
    /// nothing is tried, and messages stay in the outbox for the day there is one, or until they are of no use.
    ///
    /// # Errors
    /// When the outbox cannot be read or written.
    pub async fn deliver(&self) -> Result<Counts, Fault> {
        let channels = self.world.channels();
        let lanes = channels.iter().map(|name| Lane::On(name)).chain([Lane::Beside(&channels)]);
        let rounds = join_all(lanes.map(|lane| self.round(lane))).await;
        let (mut confirmed, mut failed) = (0_usize, 0_usize);
        for round in rounds {
            let counts = round?;
            confirmed = confirmed.saturating_add(counts.0);
            failed = failed.saturating_add(counts.1);
        }
        Ok((confirmed, failed))
    }

    /// Delivers for ever, each channel in rounds of its own.
    pub async fn deliver_for_ever(&self, pause: std::time::Duration) {
        let channels = self.world.channels();
        let lanes = channels.iter().map(|name| Lane::On(name)).chain([Lane::Beside(&channels)]);
        join_all(lanes.map(|lane| self.rounds_for_ever(lane, pause))).await;
    }

    async fn rounds_for_ever(&self, lane: Lane<'_>, pause: std::time::Duration) {
        loop {
            if let Err(fault) = self.round(lane).await {
                log::fault(&fault);
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// One round of the messages of one channel, or of those that no channel has.
    async fn round(&self, lane: Lane<'_>) -> Result<Counts, Fault> {
        // of several replicas one tells people: else each would, and none would know how a channel does
        if !self.leads() {
            return Ok((0, 0));
        }
        if lane == Lane::Beside(&[]) {
            return self.let_go_of_old().await.map(|()| (0, 0));
        }
        let now = self.world.now();
        let (due, useless): (Vec<Message>, Vec<Message>) =
            self.world.outbox(lane, now, ROUND).await?.into_iter().partition(|message| message.use_by() >= now);
        for message in &useless {
            self.let_go(message).await?;
        }
        // what arrived and could not be written down is written down, and not sent again
        let (arrived, due): (Vec<Message>, Vec<Message>) = {
            let state = self.lock();
            due.into_iter().partition(|message| state.arrived.contains_key(&*message.id))
        };
        for message in &arrived {
            let at = self.lock().arrived.get(&*message.id).copied().unwrap_or(now);
            self.write_arrival(message, at).await?;
        }
        let is_read = matches!(lane, Lane::On(channel) if self.world.is_read_by_people(channel));
        let tries = if is_read { together(due) } else { apart(due) };
        let tries = tries.into_iter().map(|one| self.deliver_one(one));
        let results: Vec<Result<Counts, Fault>> =
            futures_util::stream::iter(tries).buffer_unordered(WIDTH).collect().await;
        results.into_iter().try_fold((0_usize, 0_usize), |(confirmed, failed), result| {
            let counts = result?;
            Ok((confirmed.saturating_add(counts.0), failed.saturating_add(counts.1)))
        })
    }

    /// Nothing where its channel rests, or it is of no use by now.
    async fn deliver_one(&self, together: Together) -> Result<Counts, Fault> {
        let on_its_way = self.delivering.read().await;
        let now = self.world.now();
        let Some(message) = together.message().filter(|message| message.use_by() >= now) else { return Ok((0, 0)) };
        let channel = message.channel.clone().unwrap_or_default();
        if !self.leads() || !self.lock().failing.begins(&channel, now) {
            return Ok((0, 0));
        }
        let count = together.parts().len();
        match self.world.deliver(&message).await {
            Ok(()) => {
                let at = self.world.now();
                self.lock().failing.worked(&channel);
                self.lock().arrived.extend(together.parts().iter().map(|part| (part.id.clone(), at)));
                for part in together.parts() {
                    self.write_arrival(part, at).await?;
                }
                Ok((count, 0))
            }
            Err(fault) => {
                drop(on_its_way);
                if fault.kind == FaultKind::Unfit && count > 1 {
                    // one of them may be what is refused: the others must not go down with it (G16)
                    log::fault(&fault);
                    return Box::pin(self.one_by_one(together)).await;
                }
                let now = self.world.now();
                let asked = if let FaultKind::Throttled(wait) = fault.kind { wait } else { None };
                log::fault(&fault);
                let why = format!("{}; {}", fault.words(), fault.kind.remedy());
                self.lock().failing.failed(&channel, fault.kind, why, now);
                for part in together.parts() {
                    // all by the pauses of the first, so that they stay together
                    let as_one = Message { attempts: message.attempts, ..part.clone() };
                    let next = next_try_of(&as_one, now, share_of(&message), asked);
                    self.world.undelivered(&part.id, &fault.words(), next).await?;
                    self.count_let_go(usize::from(next.is_none()));
                }
                Ok((0, count))
            }
        }
    }

    async fn write_arrival(&self, message: &Message, at: Timestamp) -> Result<(), Fault> {
        self.note_delivery(message).await?;
        self.world.delivered(&message.id, at).await?;
        self.lock().arrived.remove(&*message.id);
        self.remember_delivery(message, at);
        Ok(())
    }

    /// Each of them by itself.
    async fn one_by_one(&self, together: Together) -> Result<Counts, Fault> {
        let mut all = (0_usize, 0_usize);
        for one in apart(together.parts().to_vec()) {
            let (confirmed, failed) = self.deliver_one(one).await?;
            all = (all.0.saturating_add(confirmed), all.1.saturating_add(failed));
        }
        Ok(all)
    }

    async fn let_go_of_old(&self) -> Result<(), Fault> {
        let now = self.world.now();
        let old = now.checked_sub(WAITS).unwrap_or(Timestamp::MIN);
        let due = self.world.outbox(Lane::Beside(&[]), old, ROUND).await?;
        for message in due.iter().filter(|message| message.use_by() < now) {
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
        self.count_let_go(1);
        Ok(())
    }

    fn count_let_go(&self, count: usize) {
        let mut state = self.lock();
        state.told.let_go = state.told.let_go.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
    }

    pub(super) fn remember_delivery(&self, message: &Message, at: Timestamp) {
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
