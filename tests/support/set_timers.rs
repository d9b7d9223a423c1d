//! Idle timers in the fake world: set, or refused as the scene says.

use std::sync::Arc;

use lightsout::facts::WorkspaceFacts;
use lightsout::guard::TimerPermit;
use lightsout::ports::{AuditLine, Fault, FaultKind, LastWord, SetTimers};

use super::{FakeWorld, Outside};

impl Outside {
    /// An idle timer arrives.
    fn set_timer(&mut self, permit: &TimerPermit) -> Result<(), FaultKind> {
        assert!(self.freeze.is_none(), "G12: nothing is set while everything is frozen");
        self.timers.push((self.now, permit.instance().clone(), permit.to()));
        let compute = self.cloud.computes.get_mut(permit.instance()).ok_or(FaultKind::Gone)?;
        assert_eq!(compute.facts.native.idle_shutdown, permit.was(), "G10: it was looked at right before");
        match compute.on_timer {
            Ok(true) => {
                Arc::make_mut(&mut compute.facts.native).idle_shutdown = Some(permit.to());
                Ok(())
            }
            Ok(false) => Ok(()),
            Err(kind) => Err(kind),
        }
    }
}

impl SetTimers for FakeWorld {
    async fn set_timer(
        &self,
        workspace: &WorkspaceFacts,
        permit: TimerPermit,
        last_word: LastWord<'_>,
    ) -> Result<(), Fault> {
        let doing = format!("set the idle timer of {}", permit.instance().name());
        assert_eq!(*permit.instance().workspace(), workspace.id);
        last_word()
            .map_err(|(refusal, words)| Fault::new(FaultKind::Withheld(refusal), doing.clone()).because(words))?;
        let asked = |line: &AuditLine| line.target == permit.instance().to_string() && line.why.ends_with("asked");
        assert!(self.journal.audits().last().is_some_and(asked), "I2: it was written down before");
        self.lock().set_timer(&permit).map_err(|kind| Fault::new(kind, doing))
    }
}
