//! Operations beside stops in the fake world: written down, taken or refused as the scene says.

use jiff::Timestamp;
use lightsout::facts::{OperationResult, PowerState, Verb, WorkspaceFacts};
use lightsout::ports::{
    Fault, FaultKind, LastWord, OperateInstances, OperationBook, OperationHandle, OperationIntent, OperationPermit,
    OperationRow,
};

use lightsout::units::InstanceId;

use super::{FakeWorld, Outside};

impl Outside {
    fn operate(&mut self, permit: &OperationPermit) -> Result<Option<OperationHandle>, FaultKind> {
        let (now, id) = (self.now, permit.instance().clone());
        let is_open = |row: &&OperationRow| row.intent.instance == id && row.ended.is_none();
        let written = self.operations.iter().find(is_open).map(|row| row.intent.verb);
        assert_eq!(written, Some(permit.verb()), "I2: it was written down before");
        self.operated.push((now, permit.verb(), id.clone()));
        let (frozen, held_off) = (self.freeze.is_some(), self.held(&id, permit.created(), true));
        let key = self.operations.iter().find(is_open).map(|row| row.intent.key.clone());
        let took = |row: &&OperationRow| {
            !matches!(row.ended, Some((_, OperationResult::Failed(_) | OperationResult::Dropped(_))))
        };
        let same =
            self.operations.iter().filter(|row| row.intent.instance == id && Some(&row.intent.key) == key.as_ref());
        let again = same.filter(took).count();
        let compute = self.cloud.computes.get_mut(&id).ok_or(FaultKind::Gone)?;
        assert_eq!(compute.facts.created, permit.created(), "G10: it is the one that was looked at");
        match permit.verb() {
            Verb::Start => {
                assert!(!frozen && !held_off, "G12: {} is started while frozen or to stay off", id.name());
                assert_eq!(compute.facts.state, PowerState::Stopped, "G14: only what is off is started");
                assert!(again <= 1, "S2: {} is started a second time for one edge", id.name());
                if compute.on_start.is_none_or(|kind| kind == FaultKind::Unclear) {
                    compute.start_by_request(now);
                }
                return compute.on_start.map_or(Ok(None), Err);
            }
            Verb::Restart => compute.start_by_request(now),
            Verb::Delete => return self.delete(&id),
            Verb::Create => return Err(FaultKind::Refused),
        }
        Ok(None)
    }

    /// What no deletion may happen against is seen here, whatever the engine believes.
    fn delete(&mut self, id: &InstanceId) -> Result<Option<OperationHandle>, FaultKind> {
        let open = self.operations.iter().rev().find(|row| row.intent.instance == *id && row.ended.is_none()).unwrap();
        if let Some(proposal) = open.intent.key.strip_prefix("stopped/") {
            let compute = self.cloud.computes.get(id).unwrap();
            assert_eq!(compute.facts.state, PowerState::Stopped, "only what is off is deleted");
            assert!(self.freeze.is_none(), "I3: nothing is deleted while everything is frozen");
            let created = compute.facts.created;
            let held = self.held(id, created, false) || self.held(id, created, true);
            assert!(!held, "I3: nothing is deleted that somebody holds");
            let proposal = self.proposals().into_iter().find(|one| one.id == proposal).unwrap();
            assert!(proposal.ready_at().unwrap() <= self.now, "somebody said yes, or everybody was told");
            assert_eq!(proposal.created, compute.facts.created, "this life of the name, and no other");
            let started = compute.started.unwrap();
            assert!(started < proposal.off_since, "I4: nobody started it since");
        }
        match self.on_delete.get(id) {
            Some(FaultKind::Unclear) => {
                self.cloud.computes.remove(id);
                Err(FaultKind::Unclear)
            }
            Some(kind) => Err(*kind),
            None => {
                self.cloud.computes.remove(id);
                Ok(None)
            }
        }
    }

    fn row(&mut self, id: &str) -> Result<&mut OperationRow, Fault> {
        let found = self.operations.iter_mut().find(|row| row.intent.id == id && row.ended.is_none());
        found.ok_or_else(|| Fault::new(FaultKind::Conflict, format!("find the open operation {id}")))
    }
}

impl OperateInstances for FakeWorld {
    async fn operate(
        &self,
        workspace: &WorkspaceFacts,
        permit: OperationPermit,
        last_word: LastWord<'_>,
    ) -> Result<Option<OperationHandle>, Fault> {
        let doing = format!("{} {}", permit.verb().label(), permit.instance().name());
        assert_eq!(*permit.instance().workspace(), workspace.id);
        let then = self.lock().at_wire.remove(permit.instance());
        then.into_iter().for_each(|then| then());
        last_word()
            .map_err(|(refusal, words)| Fault::new(FaultKind::Withheld(refusal), doing.clone()).because(words))?;
        self.lock().operate(&permit).map_err(|kind| Fault::new(kind, doing))
    }
}

impl OperationBook for FakeWorld {
    async fn begin_operation(&self, intent: &OperationIntent) -> Result<(), Fault> {
        self.journal()?;
        let mut outside = self.lock();
        let is_same = |row: &OperationRow| row.intent.instance == intent.instance && row.intent.key == intent.key;
        let stands = outside.operations.iter().any(|row| {
            let is_done = matches!(row.ended, Some((_, OperationResult::Done)));
            row.intent.instance == intent.instance && row.ended.is_none() || is_same(row) && is_done
        });
        if stands {
            return Err(Fault::new(FaultKind::Conflict, "write down an operation"));
        }
        outside.operations.push(OperationRow { intent: intent.clone(), sent_at: None, ended: None });
        Ok(())
    }

    async fn operation_sent(&self, id: &str, at: Timestamp) -> Result<(), Fault> {
        self.journal()?;
        self.lock().row(id)?.sent_at = Some(at);
        Ok(())
    }

    async fn end_operation(&self, id: &str, result: &OperationResult, at: Timestamp) -> Result<(), Fault> {
        self.journal()?;
        self.lock().row(id)?.ended = Some((at, result.clone()));
        Ok(())
    }

    async fn operations(&self, since: Timestamp) -> Result<Vec<OperationRow>, Fault> {
        self.journal()?;
        let outside = self.lock();
        let known = outside.operations.iter().filter(|row| row.ended.is_none() || row.intent.at >= since);
        Ok(known.cloned().collect())
    }
}
