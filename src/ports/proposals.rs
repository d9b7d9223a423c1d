//! The book of proposals to delete what stays off, and what people ask of one.

use std::future::Future;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::facts::{Created, Proposal, ProposalEvent};

/// The book of proposals. Every write is on disk when it returns; what happened to a proposal is appended, never changed.
pub trait ProposalBook: Send + Sync {
    /// Writes a proposal as it was made. A second open one of an instance is a `Conflict` fault.
    fn propose(&self, proposal: &Proposal) -> impl Future<Output = Result<(), Fault>> + Send;
    /// Writes what happened to a proposal. To one that has ended nothing happens any more, but that a keep is changed; that,
    /// and a link that was used before, is a `Conflict` fault.
    fn note_proposal(&self, event: &ProposalEvent) -> impl Future<Output = Result<(), Fault>> + Send;
    /// Those that are open or kept for good or beyond an instant, and those that ended at or after it, oldest first.
    fn proposals(&self, since: Timestamp) -> impl Future<Output = Result<Vec<Proposal>, Fault>> + Send;
}

/// What a person says to a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "wish")]
pub enum ProposalWish {
    /// The instance is to stay.
    Keep {
        /// For so many days; none: for good.
        days: Option<u32>,
    },
    /// It is to be deleted.
    Confirm,
    /// A yes is taken back.
    Withdraw,
}

/// What a person asks of a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalRequest {
    /// The instance's name or full ARM id.
    pub instance: String,
    /// What they say.
    #[serde(flatten)]
    pub wish: ProposalWish,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
    /// The life of the name that it is for, where that is known: an instance made anew is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub life: Option<Created>,
    /// Which proposal they saw, where that is known: a yes to one is none to a later one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<String>,
    /// The number of the link that it is asked with: it keeps once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Box<str>>,
}
