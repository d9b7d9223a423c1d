//! The journal's port, answered by SQLite.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Store;
use crate::facts::{Hold, MadeHold, StopResult};
use crate::ports::{
    Arrival, AuditLine, DecisionRow, Fault, Intent, Journal, Lane, Message, Recall, RevisionMark, SweepRecord,
};
use crate::units::{InstanceId, PolicyId};

impl Journal for Store {
    async fn recall(&self, now: Timestamp) -> Result<Recall, Fault> {
        self.read_all(now).await.map_err(|error| error.fault("recall what the journal holds"))
    }

    async fn record(&self, record: &SweepRecord) -> Result<(), Fault> {
        self.write_record(record).await.map_err(|error| error.fault("record a sweep in the journal"))
    }

    async fn intend(&self, intent: &Intent) -> Result<(), Fault> {
        let instance = intent.step.instance.name();
        self.write_intent(intent)
            .await
            .map_err(|error| error.fault(format!("write down the intent to stop {instance}")))
    }

    async fn sent(&self, intent: &str, at: Timestamp) -> Result<(), Fault> {
        self.write_sent(intent, at)
            .await
            .map_err(|error| error.fault(format!("write down that the stop {intent} was sent")))
    }

    async fn settle(&self, intent: &str, result: &StopResult, at: Timestamp) -> Result<(), Fault> {
        self.write_end(intent, result, at)
            .await
            .map_err(|error| error.fault(format!("write down how the stop {intent} ended")))
    }

    async fn outbox(&self, lane: Lane<'_>, now: Timestamp, most: u32) -> Result<Vec<Message>, Fault> {
        self.read_outbox(lane, now, most).await.map_err(|error| error.fault("read the messages to deliver"))
    }

    async fn delivered(&self, message: &str, at: Timestamp) -> Result<(), Fault> {
        self.write_delivered(message, at)
            .await
            .map_err(|error| error.fault(format!("write down that the message {message} was delivered")))
    }

    async fn undelivered(&self, message: &str, why: &str, next: Option<Timestamp>) -> Result<(), Fault> {
        self.write_undelivered(message, why, next)
            .await
            .map_err(|error| error.fault(format!("write down that the message {message} was not delivered")))
    }

    async fn arrived(&self, since: Timestamp) -> Result<Vec<Arrival>, Fault> {
        self.read_arrived(since).await.map_err(|error| error.fault("read which warnings arrived"))
    }

    async fn hold(&self, hold: &Hold) -> Result<(), Fault> {
        self.write_hold(hold)
            .await
            .map_err(|error| error.fault(format!("write down the hold on {}", hold.instance.name())))
    }

    async fn lift(&self, hold: &str, by: &str, at: Timestamp) -> Result<bool, Fault> {
        self.write_lift(hold, by, at).await.map_err(|error| error.fault(format!("lift the hold {hold}")))
    }

    async fn made_holds(&self, since: Timestamp) -> Result<Vec<MadeHold>, Fault> {
        self.read_made_holds(since).await.map_err(|error| error.fault("read which holds were made"))
    }

    async fn revision(&self, policy: &PolicyId, revision: &str, at: Timestamp) -> Result<RevisionMark, Fault> {
        self.write_revision(policy, revision, at)
            .await
            .map_err(|error| error.fault(format!("note the revision of policy {policy}")))
    }

    async fn acknowledge(&self, policy: &PolicyId, revision: &str) -> Result<bool, Fault> {
        self.write_acknowledged(policy, revision)
            .await
            .map_err(|error| error.fault(format!("acknowledge the revision of policy {policy}")))
    }

    async fn policy_marks(&self) -> Result<BTreeMap<PolicyId, RevisionMark>, Fault> {
        self.read_policy_marks().await.map_err(|error| error.fault("read which revisions are in force"))
    }

    async fn decision(&self, instance: &InstanceId, at: Timestamp) -> Result<Option<DecisionRow>, Fault> {
        self.read_decision(instance, at)
            .await
            .map_err(|error| error.fault(format!("read the decision on {}", instance.name())))
    }

    async fn audit(&self, line: &AuditLine) -> Result<(), Fault> {
        self.write_audit(line).await.map_err(|error| error.fault("append to the audit log"))
    }
}
