//! The journal as the engine meets it: it can be down, the process can end at any write, and each write is a row.

use jiff::Timestamp;
use lightsout::facts::{Hold, MadeHold, StopResult};
use lightsout::ports::{
    AuditLine, DecisionRow, Fault, FaultKind, Intent, Journal, Lane, Message, MessageKind, Recall, RevisionMark,
    SweepRecord,
};
use lightsout::units::{InstanceId, PolicyId};

use super::{FakeWorld, label, life};
use crate::book::Book;
use crate::crash::end;

/// The word of an end in rows.
pub(crate) fn word(result: &StopResult) -> String {
    match result {
        StopResult::Stopped => "stopped".to_owned(),
        StopResult::StartedAgain => "started_again".to_owned(),
        StopResult::Gone => "gone".to_owned(),
        StopResult::Failed(why) => format!("failed:{}", why.replace(' ', "_")),
        StopResult::Dropped(why) => format!("dropped:{}", why.replace(' ', "_")),
    }
}

impl FakeWorld {
    /// The journal is down, or not.
    pub(super) fn write_fails(&self) -> Result<(), Fault> {
        let mut outside = self.lock();
        if outside.disk_down {
            outside.seen.hit("the journal could not be written");
            return Err(Fault::new(FaultKind::Storage, "write the journal").because("disk full"));
        }
        Ok(())
    }

    /// One write: the process may end before it, or right after it.
    async fn write<T>(&self, write: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        self.write_fails()?;
        let ends = self.lock().crashing.write();
        if ends == Some(true) {
            end(true);
        }
        let done = write.await?;
        if ends == Some(false) {
            end(false);
        }
        Ok(done)
    }

    /// Somebody holds it for an hour, in the midst of everything.
    pub(super) async fn hold_now(&self, id: &InstanceId) {
        let wish = self.lock().wish.clone();
        let Some(wish) = wish else { return };
        if wish(id.clone()).await {
            self.lock().seen.hit("it was held while the stop waited to be sent");
        }
    }

    fn rows_of(&self, record: &SweepRecord) {
        let mut outside = self.lock();
        for message in &record.messages {
            outside.note_message(message);
        }
        for (id, result) in &record.settled {
            outside.note(&format!("settle id={id} result={}", word(result)));
        }
    }
}

impl super::Outside {
    fn note_message(&mut self, message: &Message) {
        let Some((id, created)) = message.instance().filter(|_| message.kind == MessageKind::Warning) else { return };
        let Some(notice) = &message.notice else { return };
        let (key, stop) = (notice.stop.0.replace(' ', "_"), notice.stop_at.as_millisecond());
        let words = format!(
            "warning id={} i={} life={} key={key} stop={stop}",
            message.id.replace(' ', "_"),
            label(id),
            life(created)
        );
        self.note(&words);
    }
}

impl Journal for FakeWorld {
    async fn recall(&self, now: Timestamp) -> Result<Recall, Fault> {
        self.write_fails()?;
        match &self.book {
            Book::Memory(memory) => Ok(memory.with(|memory| memory.recall(now))),
            Book::Store { store, .. } => store.recall(now).await,
        }
    }
    async fn record(&self, record: &SweepRecord) -> Result<(), Fault> {
        self.write(async {
            match &self.book {
                Book::Memory(memory) => memory.with(|memory| memory.record(record))?,
                Book::Store { store, .. } => store.record(record).await?,
            }
            self.rows_of(record);
            Ok(())
        })
        .await
    }
    async fn intend(&self, intent: &Intent) -> Result<(), Fault> {
        self.write(async {
            match &self.book {
                Book::Memory(memory) => memory.with(|memory| memory.intend(intent))?,
                Book::Store { store, .. } => store.intend(intent).await?,
            }
            let step = &intent.step;
            self.lock().note(&format!(
                "intend id={} i={} life={} key={} rev={}",
                intent.id,
                label(&step.instance),
                life(step.created),
                step.key.0.replace(' ', "_"),
                step.revision
            ));
            Ok(())
        })
        .await
    }
    async fn sent(&self, intent: &str, at: Timestamp) -> Result<(), Fault> {
        self.write(async {
            match &self.book {
                Book::Memory(memory) => memory.with(|memory| memory.sent(intent, at)),
                Book::Store { store, .. } => store.sent(intent, at).await,
            }
        })
        .await
    }
    async fn settle(&self, intent: &str, result: &StopResult, at: Timestamp) -> Result<(), Fault> {
        self.write(async {
            match &self.book {
                Book::Memory(memory) => memory.with(|memory| memory.settle(intent, result, at))?,
                Book::Store { store, .. } => store.settle(intent, result, at).await?,
            }
            self.lock().note(&format!("settle id={intent} result={}", word(result)));
            Ok(())
        })
        .await
    }
    async fn outbox(&self, lane: Lane<'_>, now: Timestamp, most: u32) -> Result<Vec<Message>, Fault> {
        self.write_fails()?;
        match &self.book {
            Book::Memory(memory) => Ok(memory.with(|memory| memory.outbox(lane, now, most))),
            Book::Store { store, .. } => store.outbox(lane, now, most).await,
        }
    }
    async fn delivered(&self, message: &str, at: Timestamp) -> Result<(), Fault> {
        self.write(async {
            match &self.book {
                Book::Memory(memory) => memory.with(|memory| memory.delivered(message, at))?,
                Book::Store { store, .. } => store.delivered(message, at).await?,
            }
            self.lock().note(&format!("delivered id={}", message.replace(' ', "_")));
            Ok(())
        })
        .await
    }
    async fn undelivered(&self, message: &str, why: &str, next: Option<Timestamp>) -> Result<(), Fault> {
        self.write(async {
            match &self.book {
                Book::Memory(memory) => memory.with(|memory| memory.undelivered(message, next)),
                Book::Store { store, .. } => store.undelivered(message, why, next).await,
            }
        })
        .await
    }
    async fn hold(&self, hold: &Hold) -> Result<(), Fault> {
        self.write(async {
            match &self.book {
                Book::Memory(memory) => memory.with(|memory| memory.hold(hold))?,
                Book::Store { store, .. } => store.hold(hold).await?,
            }
            let mut outside = self.lock();
            outside.holds.push((hold.clone(), None));
            outside.seen.hit("a machine was held");
            outside.seen.hit_if(hold.link.is_some(), "a machine was held by the link of its warning");
            let until = hold.until.as_millisecond();
            outside.note(&format!(
                "hold id={} i={} life={} until={until}",
                hold.id,
                label(&hold.instance),
                life(hold.created)
            ));
            Ok(())
        })
        .await
    }
    async fn lift(&self, hold: &str, by: &str, at: Timestamp) -> Result<bool, Fault> {
        self.write(async {
            let lifted = match &self.book {
                Book::Memory(memory) => memory.with(|memory| memory.lift(hold, at)),
                Book::Store { store, .. } => store.lift(hold, by, at).await?,
            };
            let mut outside = self.lock();
            outside.holds.iter_mut().filter(|(one, _)| one.id == hold).for_each(|(_, end)| *end = Some(at));
            outside.seen.hit_if(lifted, "a hold was lifted");
            outside.note(&format!("lift id={hold}"));
            Ok(lifted)
        })
        .await
    }
    async fn made_holds(&self, since: Timestamp) -> Result<Vec<MadeHold>, Fault> {
        self.write_fails()?;
        match &self.book {
            Book::Memory(memory) => Ok(memory.with(|memory| memory.made_holds(since))),
            Book::Store { store, .. } => store.made_holds(since).await,
        }
    }
    async fn revision(&self, policy: &PolicyId, revision: &str, at: Timestamp) -> Result<RevisionMark, Fault> {
        self.write(async {
            match &self.book {
                Book::Memory(memory) => Ok(memory.with(|memory| memory.revision(policy, revision, at))),
                Book::Store { store, .. } => store.revision(policy, revision, at).await,
            }
        })
        .await
    }
    async fn acknowledge(&self, policy: &PolicyId, revision: &str) -> Result<bool, Fault> {
        self.write(async {
            match &self.book {
                Book::Memory(memory) => Ok(memory.with(|memory| memory.acknowledge(policy, revision))),
                Book::Store { store, .. } => store.acknowledge(policy, revision).await,
            }
        })
        .await
    }
    async fn decision(&self, instance: &InstanceId, at: Timestamp) -> Result<Option<DecisionRow>, Fault> {
        self.write_fails()?;
        match &self.book {
            Book::Memory(_) => Ok(None),
            Book::Store { store, .. } => store.decision(instance, at).await,
        }
    }
    async fn audit(&self, line: &AuditLine) -> Result<(), Fault> {
        self.write(async {
            match &self.book {
                Book::Memory(_) => Ok(()),
                Book::Store { store, .. } => store.audit(line).await,
            }
        })
        .await
    }
}
