//! The journal of the fake world: in memory, and it can fail.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use jiff::Timestamp;
use lightsout::facts::{Hold, MadeHold, StopResult};
use lightsout::ports::{
    Arrival, AuditLine, DecisionRow, Fault, FaultKind, Intent, Journal, Lane, Message, Recall, RevisionMark,
    SweepRecord,
};
use lightsout::store::Store;
use lightsout::units::{InstanceId, PolicyId};

use super::FakeWorld;

/// A write, to be made once more on a real store.
pub(crate) type Again =
    Box<dyn for<'s> FnOnce(&'s Store) -> Pin<Box<dyn Future<Output = Result<(), Fault>> + 's>> + Send>;

impl FakeWorld {
    /// Remembers a write where a test wants the record on disk afterwards.
    fn tape(&self, again: impl FnOnce() -> Again) {
        if let Some(tape) = &mut self.lock().tape {
            tape.push(again());
        }
    }
}

impl Journal for FakeWorld {
    async fn recall(&self, now: Timestamp) -> Result<Recall, Fault> {
        self.journal()?.recall(now).await
    }
    async fn record(&self, record: &SweepRecord) -> Result<(), Fault> {
        self.journal()?.record(record).await?;
        self.lock().metered.mark(&record.accounts.marks);
        self.tape(|| {
            let record = record.clone();
            Box::new(|store| Box::pin(async move { store.record(&record).await }))
        });
        Ok(())
    }
    async fn intend(&self, intent: &Intent) -> Result<(), Fault> {
        self.journal()?.intend(intent).await?;
        self.lock().intents.push(intent.clone());
        self.tape(|| {
            let intent = intent.clone();
            Box::new(|store| Box::pin(async move { store.intend(&intent).await }))
        });
        let then = self.lock().at_intent.remove(&intent.step.instance);
        then.into_iter().for_each(|then| then());
        Ok(())
    }
    async fn sent(&self, intent: &str, at: Timestamp) -> Result<(), Fault> {
        self.journal()?.sent(intent, at).await?;
        self.tape(|| {
            let intent = intent.to_owned();
            Box::new(move |store| Box::pin(async move { store.sent(&intent, at).await }))
        });
        Ok(())
    }
    async fn settle(&self, intent: &str, result: &StopResult, at: Timestamp) -> Result<(), Fault> {
        self.journal()?.settle(intent, result, at).await?;
        self.tape(|| {
            let (intent, result) = (intent.to_owned(), result.clone());
            Box::new(move |store| Box::pin(async move { store.settle(&intent, &result, at).await }))
        });
        Ok(())
    }
    async fn outbox(&self, lane: Lane<'_>, now: Timestamp, most: u32) -> Result<Vec<Message>, Fault> {
        self.journal()?.outbox(lane, now, most).await
    }
    async fn delivered(&self, message: &str, at: Timestamp) -> Result<(), Fault> {
        self.journal()?.delivered(message, at).await?;
        self.tape(|| {
            let message = message.to_owned();
            Box::new(move |store| Box::pin(async move { store.delivered(&message, at).await }))
        });
        Ok(())
    }
    async fn undelivered(&self, message: &str, why: &str, next: Option<Timestamp>) -> Result<(), Fault> {
        self.journal()?.undelivered(message, why, next).await
    }
    async fn hold(&self, hold: &Hold) -> Result<(), Fault> {
        self.journal()?.hold(hold).await?;
        self.lock().holds.push((hold.clone(), None));
        self.tape(|| {
            let hold = hold.clone();
            Box::new(|store| Box::pin(async move { store.hold(&hold).await }))
        });
        Ok(())
    }
    async fn lift(&self, hold: &str, by: &str, at: Timestamp) -> Result<bool, Fault> {
        let lifted = self.journal()?.lift(hold, by, at).await?;
        self.lock().holds.iter_mut().filter(|(one, _)| one.id == hold).for_each(|(_, end)| *end = Some(at));
        self.tape(|| {
            let (hold, by) = (hold.to_owned(), by.to_owned());
            Box::new(move |store| Box::pin(async move { store.lift(&hold, &by, at).await.map(|_| ()) }))
        });
        Ok(lifted)
    }
    async fn made_holds(&self, since: Timestamp) -> Result<Vec<MadeHold>, Fault> {
        self.journal()?.made_holds(since).await
    }
    async fn revision(&self, policy: &PolicyId, revision: &str, at: Timestamp) -> Result<RevisionMark, Fault> {
        self.journal()?.revision(policy, revision, at).await
    }
    async fn arrived(&self, since: Timestamp) -> Result<Vec<Arrival>, Fault> {
        self.journal()?.arrived(since).await
    }
    async fn policy_marks(&self) -> Result<BTreeMap<PolicyId, RevisionMark>, Fault> {
        self.journal()?.policy_marks().await
    }
    async fn acknowledge(&self, policy: &PolicyId, revision: &str) -> Result<bool, Fault> {
        self.journal()?.acknowledge(policy, revision).await
    }
    async fn decision(&self, instance: &InstanceId, at: Timestamp) -> Result<Option<DecisionRow>, Fault> {
        self.journal()?.decision(instance, at).await
    }
    async fn audit(&self, line: &AuditLine) -> Result<(), Fault> {
        if self.lock().audit_down {
            return Err(Fault::new(FaultKind::Storage, "write the audit log").because("disk full"));
        }
        self.journal()?.audit(line).await
    }
}
