//! The pure simulation: machines, the people who use them, and true meters. No I/O and no clock.

mod agenda;
mod agent;
mod bill;
mod intervene;
mod life;
mod machine;
mod money;
mod native;
mod operations;
mod person;
mod prices;
mod spec;
mod stream;
mod truth;
mod universe;

pub use bill::Bill;
pub use machine::{LastOperation, OperationName, OperationStatus, State, Trigger};
pub use money::{Cost, Rate};
pub use operations::{OperationEnd, OperationFate, OperationView, Refusal};
pub use person::UseKind;
pub use prices::{PriceList, ResidualRates};
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
