//! What is known about the fleet, and how surely.

mod activity;
mod details;
mod history;
mod instance;
mod instance_name;
mod inventory;
mod new_instance;
mod operation;
mod people;
mod proposal;
mod reading;
mod region;
mod seen;
mod share;
mod size;
mod starts;
mod team;
mod void;

pub use activity::{DiskSight, Doubt, Evidence, Source, SourceSet, Stretch, Track, Use};
pub use details::{
    Application, DataDisk, IdentityDetails, ImageDetails, InstanceDetails, ScriptDetails, SshDetails, Trouble,
};
pub use history::{
    EndedStop, Freeze, History, Hold, MadeHold, NoticeKey, NoticeState, OpenIntent, PastNotice, StopKey, StopResult,
    UNSENT,
};
pub use instance::{
    Created, InstanceFacts, LastOperation, NativeSchedule, NativeTimers, Oddity, Operation, OperationStatus, Owner,
    PowerState, Tags, Trigger,
};
pub use instance_name::broken_name_rules;
pub use inventory::{Completeness, Inventory, WorkspaceFacts};
pub use new_instance::{
    NewIdentity, NewInstance, NewOwner, NewSchedule, NewScript, NewSsh, NewTimes, SCHEDULES_MAX, ScriptPlace, Sharing,
};
pub use operation::{OperationResult, Verb};
pub use people::{AddressSource, Addressing, Directory};
pub use proposal::{Confirmation, FailedDeletion, Proposal, ProposalEnd, ProposalEvent, ProposalStep, ToldStep};
pub use reading::{Reading, Unknown};
pub use region::{NameAnswer, QuotaLine, SizeOffer};
pub use seen::CLOCKS_APART;
pub use share::{Moves, SHARDS, Shard, Share};
pub use size::SizeFacts;
pub use starts::{PastStart, START_KEY, Starts};
pub use team::{Teams, team_of};
pub use void::VoidGround;
