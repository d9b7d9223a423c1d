//! What the agent on an instance tells the service: one heartbeat, versioned JSON, whole in itself. And what it is answered.

mod check;
mod message;

pub use check::{HeartbeatError, MESSAGE_MAX};
pub use message::{Answer, DiskRoom, Heartbeat, Kind, Sign, Signal, VERSION, Watched};
