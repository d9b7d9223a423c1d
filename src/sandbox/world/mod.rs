//! The pure simulation: machines, the people who use them, and true meters. No I/O and no clock.

mod agenda;
mod agent;
mod bill;
mod change;
mod creation;
mod intervene;
mod life;
mod machine;
mod money;
mod names;
mod native;
mod operations;
mod person;
mod prices;
mod quota;
mod spec;
mod stream;
mod truth;
mod universe;

pub use bill::Bill;
pub use change::{Begun, CreateRefusal};
pub use creation::{Asked, Creation, Script, ScriptText, Scripts};
pub use machine::{LastOperation, OperationName, OperationStatus, State, Trigger};
pub use money::{Cost, Rate};
pub use names::{Taken, judge_name};
pub use operations::{OperationEnd, OperationFate, OperationView, Refusal};
pub use person::UseKind;
pub use prices::{PriceList, ResidualRates};
pub use quota::{Beyond, Limits};
pub use spec::{
    Habits, InstanceSpec, NativeAction, NativeSchedule, OtherCompute, Owner, ScheduleStyle, WorkspaceSpec, WorldError,
    WorldSpec,
};
pub use truth::{HoldWish, Meters, StartCause, StartRecord, StopCause, StopRecord, Truth, UseInterval};
pub use universe::World;

pub(in crate::sandbox) use machine::Machine;
pub(in crate::sandbox) use money::{decimal, half_even};
pub(in crate::sandbox) use stream::{chance, mix, stream};
pub(in crate::sandbox) use universe::Workspace;
pub(in crate::sandbox) use universe::{LIVED_IN, uuid_of};

#[cfg(test)]
mod tests;
