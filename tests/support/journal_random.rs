//! Random lives of a journal, compared step by step with the model in memory.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use lightsout::facts::{Created, PowerState, StopResult};
use lightsout::ports::{Fault, FaultKind, Journal, SweepRecord};
use lightsout::units::PolicyId;
use proptest::prelude::*;

use crate::journal_conformance::{Bench, same};
use crate::journal_samples::{EVERY, at, born, decision, facts, hold, id, intent, sighting, warning};
use crate::memory_journal::MemoryJournal;

/// One thing that happens, by small numbers: which name, which life, which key, when.
#[derive(Debug, Clone)]
pub(crate) struct Happening {
    what: u8,
    name: u8,
    life: u8,
    key: u8,
    seconds: i64,
}

pub(crate) fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    // two days, so that windows of 24 and 36 hours are crossed; time may go back between steps
    let one = (0_u8..18, 0_u8..3, 0_u8..3, 0_u8..3, 0_i64..200_000);
    prop::collection::vec(
        one.prop_map(|(what, name, life, key, seconds)| Happening { what, name, life, key, seconds }),
        1..40,
    )
}

impl Happening {
    fn name(&self) -> String {
        format!("ci-{}", self.name)
    }

    fn life(&self) -> Created {
        match self.life {
            0 => Created::NONE,
            1 => born(),
            _ => at(-5).into(),
        }
    }

    /// Few ids, so that they meet again.
    fn own_id(&self) -> String {
        format!("x{}-{}-{}", self.name, self.life, self.key)
    }

    fn result(&self) -> StopResult {
        match self.key {
            0 => StopResult::Stopped,
            1 => StopResult::Failed("conflict".to_owned()),
            _ => StopResult::Dropped("unsent".to_owned()),
        }
    }

    fn sweep(&self) -> SweepRecord {
        let when = at(self.seconds);
        let mut record =
            SweepRecord { at: Some(when), seen: vec![(id("x").workspace().clone(), when)], ..SweepRecord::default() };
        let state = if self.key == 0 { PowerState::Stopped } else { PowerState::Running };
        match self.what {
            0..=2 => record.sightings = vec![sighting(facts(&self.name(), self.life(), state, when), None)],
            3 => record.gone = vec![(id(&self.name()), when)],
            4 | 5 => {
                record.messages = vec![warning(
                    &self.name(),
                    self.life(),
                    &format!("k{}", self.key),
                    at(i64::from(self.key) * 50_000),
                    when,
                )]
            }
            6 => record.settled = vec![(self.own_id(), self.result())],
            7 => record.evaluated = vec![PolicyId::new(&self.name())],
            _ => record.decisions = vec![decision(&self.name(), when, &self.own_id())],
        }
        record
    }

    /// Does it; the answer in words, so that two journals' answers can be compared.
    async fn happen(&self, journal: &impl Journal) -> String {
        let when = at(self.seconds);
        let message =
            warning(&self.name(), self.life(), &format!("k{}", self.key), at(i64::from(self.key) * 50_000), when).id;
        let policy = PolicyId::new(&self.name());
        match self.what {
            0..=8 => answer(journal.record(&self.sweep()).await),
            9 | 10 => answer(
                journal
                    .intend(&intent(&self.own_id(), &self.name(), self.life(), &format!("k{}", self.key), when))
                    .await,
            ),
            11 => answer(journal.sent(&self.own_id(), when).await),
            12 => answer(journal.settle(&self.own_id(), &self.result(), when).await),
            13 => answer(journal.delivered(&message, when).await),
            14 => answer(journal.undelivered(&message, "503", (self.key > 0).then_some(when)).await),
            15 => answer(
                journal.hold(&hold(&self.own_id(), &self.name(), self.life(), when, at(self.seconds + 40_000))).await,
            ),
            16 => answer(journal.lift(&self.own_id(), "bob", when).await),
            _ if self.key == 0 => answer(journal.acknowledge(&policy, "r1").await),
            _ => answer(journal.revision(&policy, &format!("r{}", self.key), when).await),
        }
    }
}

fn answer<T: std::fmt::Debug>(answer: Result<T, Fault>) -> String {
    let plain: Result<T, FaultKind> = answer.map_err(|fault| fault.kind);
    format!("{plain:?}")
}

async fn alike(journal: &impl Journal, model: &MemoryJournal, step: &Happening) {
    let when = at(step.seconds);
    same(&journal.recall(when).await.unwrap(), &model.recall(when).await.unwrap());
    assert_eq!(journal.outbox(EVERY, when, 3).await.unwrap(), model.outbox(EVERY, when, 3).await.unwrap());
    let name = id(&step.name());
    assert_eq!(journal.decision(&name, when).await.unwrap(), model.decision(&name, when).await.unwrap());
    assert_eq!(journal.made_holds(when).await.unwrap(), model.made_holds(when).await.unwrap());
}

/// Lives through it, dropping and opening the journal again at every seventh step (I9).
pub(crate) async fn live<B: Bench>(bench: &B, steps: &[Happening]) {
    let model = MemoryJournal::default();
    let mut journal = bench.open().await;
    for (n, step) in steps.iter().enumerate() {
        assert_eq!(step.happen(&journal).await, step.happen(&model).await, "step {n}: {step:?}");
        if n % 7 == 6 {
            drop(journal);
            journal = bench.open().await;
        }
        alike(&journal, &model, step).await;
    }
}
