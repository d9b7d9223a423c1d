//! Taking in policies: parse, validate, swap; or keep the last good ones and say so (S10, G19).

use std::collections::BTreeMap;

use super::log;
use super::state::Engine;
use crate::policy::PolicySet;
use crate::ports::{AuditLine, Fault, World};

impl<W: World> Engine<W> {
    /// Puts a valid set in force. Intents already sent go on; everything else is decided anew under it.
    ///
    /// # Errors
    /// When the journal cannot note the revisions: the old set stays in force until it can, with one of the next looks.
    pub async fn adopt(&self, set: PolicySet) -> Result<(), Fault> {
        let adopted = self.adopt_now(set.clone()).await;
        self.lock().unadopted = adopted.is_err().then_some(set);
        adopted
    }

    /// What the journal could not note is put in force once it can.
    pub(super) async fn adopt_again(&self) {
        let set = self.lock().unadopted.clone();
        if let Some(set) = set
            && let Err(fault) = self.adopt(set).await
        {
            log::fault(&fault);
        }
    }

    async fn adopt_now(&self, set: PolicySet) -> Result<(), Fault> {
        let _one_at_a_time = self.adopting.lock().await;
        let now = self.world.now();
        let mut marks = BTreeMap::new();
        for policy in &set.policies {
            let mark = self.world.revision(&policy.id, &policy.revision, now).await?;
            marks.insert(policy.id.clone(), mark);
        }
        let why = format!("{} policies, digest {}", set.policies.len(), set.digest);
        self.world
            .audit(&AuditLine {
                at: now,
                who: "lightsout".to_owned(),
                what: "policies".to_owned(),
                target: set.digest.to_string(),
                why,
            })
            .await?;
        {
            let mut state = self.lock();
            log::policies(&set.digest, set.policies.len());
            let before = state.due_soon(now);
            state.policies = set;
            state.marks = marks;
            state.reload = Ok(now);
            state.told.broken = None;
            state.assign();
            state.tell_of_changes(&before, &self.options.telling.operators, now);
            for place in state.places.values_mut() {
                place.tried_at = None; // everything is due at once under new rules
            }
        }
        self.nudged.notify_one();
        Ok(())
    }

    /// Puts a set in force for a look that does nothing: no mark, no audit line.
    pub fn adopt_for_a_look(&self, set: PolicySet) {
        let mut state = self.lock();
        state.policies = set;
        state.assign();
    }

    /// Notes that some of the policies it starts with are broken: nobody stops anything in their workspaces (S17).
    pub fn partly_governed(&self, why: &str) {
        log::broken_policies(why);
        self.lock().told.broken = Some(why.to_owned());
        self.lock().reload = Err(format!(
            "broken policies stop nothing, and what they cover is left alone until they are mended: {why}"
        ));
        self.publish(self.world.now());
    }

    /// Notes that a reload failed; the last good policies stay at work.
    pub fn keep_policies(&self, why: String) {
        log::kept_policies(&why);
        self.lock().told.broken = Some(why.clone());
        self.lock().reload = Err(format!("the new policies are not used, those before are at work: {why}"));
        self.publish(self.world.now());
    }
}
