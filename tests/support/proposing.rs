//! Proposals to delete what stays off, in the fake world: written down as they come, and folded when they are read.

use jiff::Timestamp;
use lightsout::facts::{Proposal, ProposalEvent};
use lightsout::ports::{Fault, FaultKind, ProposalBook};

use super::{FakeWorld, Outside};

/// Everything that was written of proposals.
#[derive(Default)]
pub(crate) struct Proposed {
    pub(crate) made: Vec<Proposal>,
    pub(crate) events: Vec<ProposalEvent>,
}

impl Outside {
    /// The proposals as they are by now.
    pub(crate) fn proposals(&self) -> Vec<Proposal> {
        let folded = |made: &Proposal| {
            let mut proposal = made.clone();
            self.proposed
                .events
                .iter()
                .filter(|event| event.proposal == made.id)
                .for_each(|event| proposal.apply(event));
            proposal
        };
        self.proposed.made.iter().map(folded).collect()
    }
}

impl ProposalBook for FakeWorld {
    async fn propose(&self, proposal: &Proposal) -> Result<(), Fault> {
        self.journal()?;
        let mut outside = self.lock();
        if outside.proposals().iter().any(|one| one.instance == proposal.instance && one.is_open()) {
            return Err(Fault::new(FaultKind::Conflict, "write down a proposal"));
        }
        outside.proposed.made.push(proposal.clone());
        Ok(())
    }

    async fn note_proposal(&self, event: &ProposalEvent) -> Result<(), Fault> {
        self.journal()?;
        let mut outside = self.lock();
        let found = outside.proposals().into_iter().find(|one| one.id == event.proposal);
        let is_keep = matches!(event.what, lightsout::facts::ProposalStep::Kept { .. });
        let takes = found.is_some_and(|one| one.is_open() || is_keep && one.kept_at(Timestamp::MIN).is_some());
        let is_used = |link: &str| outside.proposed.events.iter().any(|one| one.what.link() == Some(link));
        if !takes || event.what.link().is_some_and(is_used) {
            return Err(Fault::new(FaultKind::Conflict, "write down what happened to a proposal"));
        }
        outside.proposed.events.push(event.clone());
        Ok(())
    }

    async fn proposals(&self, since: Timestamp) -> Result<Vec<Proposal>, Fault> {
        self.journal()?;
        let known =
            |one: &Proposal| one.end.as_ref().is_none_or(|end| end.at() >= since) || one.kept_at(since).is_some();
        Ok(self.lock().proposals().into_iter().filter(known).collect())
    }
}
