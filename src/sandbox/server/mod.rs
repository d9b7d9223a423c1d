//! The simulated world on the wire: ARM, token endpoints and the people's inbox, over HTTP on loopback.

mod answer;
mod arm;
mod asked;
mod connection;
mod costs;
mod create;
mod deliver;
mod errors;
mod handle;
mod inbox;
mod jobs;
mod metrics;
mod operate;
mod options;
mod quota;
mod recorder;
mod render;
mod retail;
mod roles;
mod route;
mod running;
mod shared;
mod sizes;
mod spoil;
mod throttle;
mod timetable;
mod tls;
mod tokens;
mod wanted;

pub use options::{Auth, LroStyle, SandboxError, SandboxOptions, Throttling, TlsFlaw};
pub use recorder::{Recorder, RequestRecord};
pub use roles::Role;
pub use running::Sandbox;
pub use tokens::MANAGED_IDENTITY;

#[cfg(test)]
mod tests;
