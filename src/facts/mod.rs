//! What is known about the fleet, and how surely.

mod activity;
mod history;
mod instance;
mod inventory;
mod operation;
mod people;
mod proposal;
mod reading;
mod size;
mod team;
mod void;

pub use activity::{DiskSight, Doubt, Evidence, Source, SourceSet, Stretch, Track, Use};
pub use history::{
    EndedStop, Freeze, History, Hold, MadeHold, NoticeKey, NoticeState, OpenIntent, PastNotice, StopKey, StopResult,
    UNSENT,
};
pub use instance::{
    Created, InstanceFacts, LastOperation, NativeSchedule, NativeTimers, Oddity, Operation, OperationStatus, Owner,
    PowerState, Tags, Trigger,
};
pub use inventory::{Completeness, Inventory, WorkspaceFacts};
pub use operation::{OperationResult, Verb};
pub use people::{AddressSource, Addressing, Directory};
pub use proposal::{Confirmation, FailedDeletion, Proposal, ProposalEnd, ProposalEvent, ProposalStep, ToldStep};
pub use reading::{Reading, Unknown};
pub use size::SizeFacts;
pub use team::{Teams, team_of};
pub use void::VoidGround;
