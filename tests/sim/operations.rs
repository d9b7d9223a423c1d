//! What no policy of the stories allows: starting, restarting, deleting, setting idle timers. That it is asked for at all is a
//! breach, which the row shows. Also the ledger and prices, where the journal is in memory and keeps none.

use lightsout::facts::{OperationResult, Proposal, ProposalEvent, SizeFacts, WorkspaceFacts};
use lightsout::guard::TimerPermit;
use lightsout::ledger::{Head, NoPrice, PriceBook, PriceKey, Quote, Spent, Sum};
use lightsout::ports::{
    Apart, BudgetMark, Fault, FaultKind, LastWord, LedgerBook, OperateInstances, OperationBook, OperationHandle,
    OperationIntent, OperationPermit, OperationRow, Prices, ProposalBook, Quoted, SetTimers,
};

use jiff::Timestamp;

use super::{FakeWorld, label};
use crate::book::Book;

impl OperateInstances for FakeWorld {
    async fn operate(
        &self,
        _: &WorkspaceFacts,
        permit: OperationPermit,
        _: LastWord<'_>,
    ) -> Result<Option<OperationHandle>, Fault> {
        let words = format!("wire verb={} i={}", permit.verb().label(), label(permit.instance()));
        self.lock().say(&words);
        Err(Fault::new(FaultKind::Refused, "do what no policy allows"))
    }
}

impl SetTimers for FakeWorld {
    async fn set_timer(&self, _: &WorkspaceFacts, permit: TimerPermit, _: LastWord<'_>) -> Result<(), Fault> {
        let words = format!("wire verb=set_timer i={}", label(permit.instance()));
        self.lock().say(&words);
        Err(Fault::new(FaultKind::Refused, "do what no policy allows"))
    }
}

/// Hands on to the store; in memory there is nothing.
macro_rules! kept {
    ($self:ident, $store:ident => $call:expr, $nothing:expr) => {
        match &$self.book {
            Book::Memory(_) => Ok($nothing),
            Book::Store { store: $store, .. } => {
                $self.write_fails()?;
                $call.await
            }
        }
    };
}

impl OperationBook for FakeWorld {
    async fn begin_operation(&self, intent: &OperationIntent) -> Result<(), Fault> {
        kept!(self, store => store.begin_operation(intent), ())
    }
    async fn operation_sent(&self, id: &str, at: Timestamp) -> Result<(), Fault> {
        kept!(self, store => store.operation_sent(id, at), ())
    }
    async fn end_operation(&self, id: &str, result: &OperationResult, at: Timestamp) -> Result<(), Fault> {
        kept!(self, store => store.end_operation(id, result, at), ())
    }
    async fn operations(&self, since: Timestamp) -> Result<Vec<OperationRow>, Fault> {
        kept!(self, store => store.operations(since), Vec::new())
    }
}

impl ProposalBook for FakeWorld {
    async fn propose(&self, proposal: &Proposal) -> Result<(), Fault> {
        kept!(self, store => store.propose(proposal), ())
    }
    async fn note_proposal(&self, event: &ProposalEvent) -> Result<(), Fault> {
        kept!(self, store => store.note_proposal(event), ())
    }
    async fn proposals(&self, since: Timestamp) -> Result<Vec<Proposal>, Fault> {
        kept!(self, store => store.proposals(since), Vec::new())
    }
}

impl LedgerBook for FakeWorld {
    async fn prices(&self) -> Result<PriceBook, Fault> {
        kept!(self, store => store.prices(), PriceBook::default())
    }
    async fn reprice(&self, answers: &[(PriceKey, Result<Quote, NoPrice>)], at: Timestamp) -> Result<PriceBook, Fault> {
        kept!(self, store => store.reprice(answers, at), PriceBook::default())
    }
    async fn sums(&self) -> Result<Vec<Sum>, Fault> {
        kept!(self, store => store.sums(), Vec::new())
    }
    async fn spent(&self, from: i64, to: i64, apart: Apart) -> Result<Vec<Spent>, Fault> {
        kept!(self, store => store.spent(from, to, apart), Vec::new())
    }
    async fn avoided(&self, from: i64, to: i64) -> Result<Vec<Spent>, Fault> {
        kept!(self, store => store.avoided(from, to), Vec::new())
    }
    async fn marks(&self, month: &str) -> Result<Vec<BudgetMark>, Fault> {
        kept!(self, store => store.marks(month), Vec::new())
    }
    async fn head(&self) -> Result<Head, Fault> {
        kept!(self, store => store.head(), Head::EMPTY)
    }
    async fn verify(&self) -> Result<Result<Head, String>, Fault> {
        kept!(self, store => store.verify(), Ok(Head::EMPTY))
    }
}

impl Prices for FakeWorld {
    async fn quotes(&self, _: &[PriceKey]) -> Vec<Quoted> {
        Vec::new()
    }
    fn size(&self, _: &PriceKey) -> Option<SizeFacts> {
        None
    }
}
