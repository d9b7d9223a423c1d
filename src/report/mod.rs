//! The account of a sweep: one value that logs, metrics, journal, faces and tests all read.

mod budget;
mod explain;
mod label;
mod ladder;
mod money;
mod native;
mod next;
pub mod offer;
mod reconciliation;
mod remedies;
mod savings;
mod staleness;
mod start;
mod stopped;
mod sweep;
mod telling;
mod together;
mod view;
pub mod words;

pub use budget::{BudgetView, Foreseen};
pub use explain::{Explanation, TermLine, term_lines};
pub use label::Label;
pub use ladder::{LadderKind, LadderLine};
pub use money::{Followed, MoneyView};
pub use native::{NativeAudit, NativeLine, NativeTold, TimerLine, TimerOutcome, TimersTold, Unread};
pub use next::{Next, NextKind, coming, next};
pub use offer::{HoldChoice, HoldOffer, HoldSpent};
pub use reconciliation::{Checked, Difference, PartView, Reconciliation, ReconciliationView, Share};
pub use remedies::remedy_of;
pub use savings::{Savings, SavingsDay, SavingsFigures, SavingsGround, SavingsHeadline, SavingsRow};
pub use staleness::{PolicyStaleness, Staleness, StalenessView};
pub use start::{StartLine, StartOutcome};
pub use stopped::{
    AGES, DeletionLine, DeletionState, Stopped, StoppedLine, StoppedSum, age_of, deletion, proposal_named, proposal_of,
    standing,
};
pub use sweep::{FaultLine, Outcome, StopLine, SweepReport};
pub use telling::{ChannelView, TellingView};
pub use together::in_order;
pub use view::{FleetView, InstanceView, PartOfFleet, PolicyView, WorkspaceView};
