//! A simulated Azure over real HTTP on loopback: machines, the people who use them, and what ARM answers about them.
//!
//! Shares no wire type with `azure`: the JSON here is written by hand from the vendor's examples, so that neither room can
//! hide the other's mistake. `world` is pure and keeps the truth; `server` puts it on the wire; `faults` spoils the answers.

mod args;
mod clock;
mod faults;
mod run;
mod server;
mod spec;
mod world;

pub use args::{Population, SandboxArgs};
pub use clock::{RunningClock, SandboxClock, wall_now};
pub use faults::{Effect, FaultOperation, FaultRule, FaultSyntax, Faults};
pub use run::run;
pub use server::{
    Auth, LroStyle, MANAGED_IDENTITY, Recorder, RequestRecord, Role, Sandbox, SandboxError, SandboxOptions, Throttling,
    TlsFlaw,
};
pub use spec::{DEMO_SUBSCRIPTIONS, DEMO_TENANT, SCALE_SUBSCRIPTION, demo, list_prices, scale};
pub use world::{
    Asked, Begun, Beyond, Bill, Cost, CreateRefusal, Creation, Habits, HoldWish, InstanceSpec, LastOperation, Limits,
    Meters, NativeAction, NativeSchedule, OperationEnd, OperationFate, OperationName, OperationStatus, OperationView,
    OtherCompute, Owner, PriceList, Rate, Refusal, ResidualRates, ScheduleStyle, Script, ScriptText, Scripts,
    StartCause, StartRecord, State, StopCause, StopRecord, Taken, Trigger, Truth, UseInterval, UseKind, WorkspaceSpec,
    World, WorldError, WorldSpec, judge_name,
};
