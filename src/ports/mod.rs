//! The seams: what the engine asks of the outside, one port a file, and the one fault type that it can reason about.

mod accounts;
mod bills;
mod clock;
mod control;
mod fault;
mod heartbeats;
mod journal;
mod message;
mod observe;
mod operate;
mod prices;
mod proposals;
mod records;
mod rows;
mod sign_in;
mod stop;
mod timers;
mod undertake;
mod witness;
mod world;

pub use accounts::{Accounts, Apart, BudgetMark, LedgerBook, WouldStop};
pub use bills::{AskBills, BillBook, BillQuestion, Billed, Statement};
pub use clock::Clock;
pub use control::{Control, Declined, HoldRequest, StopRequest, TimerRequest};
pub use fault::{Fault, FaultKind, with_causes};
pub use heartbeats::{TakeHeartbeats, TurnedAway};
pub use journal::Journal;
pub use message::{About, Lane, Message, MessageKind, Notify};
pub use observe::{ApiUse, AzureTime, Discovery, Observe, Scope};
pub use operate::{OPERATION_GOES_FIRST, OperateInstances, OperationBook, OperationIntent, OperationRow};
pub use prices::{Prices, Quoted};
pub use proposals::{ProposalBook, ProposalRequest, ProposalWish};
pub use records::{AccountAsked, Happening, HappeningKind, Records};
pub use rows::{
    Arrival, AuditLine, Decision, DecisionRow, InUse, Intent, Recall, RecalledIntent, Remembered, RevisionMark,
    Sighting, SweepRecord,
};
pub use sign_in::{LoggingIn, LoginAnswer, LoginFault, LoginSecrets, SignIn};
pub use stop::{LastWord, OperationHandle, OperationState, StopInstances};
pub use timers::SetTimers;
pub use undertake::{Begun, OperationEnd, StartRequest, Undertaking, Undertakings};
pub use witness::{Heard, Question, Witness};
pub use world::{FreezeSwitch, Freezer, World};

pub use crate::guard::{OperationPermit, StopPermit, TimerPermit};
