//! HTTP: metrics and health for machines, the control socket for this machine's own command line, and the door before what people are served.

mod client;
mod control;
pub mod door;
mod health;
mod heartbeats;
mod limits;
mod public;
mod socket;

pub use client::{ControlClient, ControlError};
pub use control::{Acknowledge, Lift, control_router};
pub use health::{Health, NotReady};
pub use heartbeats::{HeartbeatFace, heartbeat_limits, heartbeat_router, serve_heartbeats, tls_config};
pub use limits::{HttpLimits, Limited};
pub use public::{PublicFace, public_router, serve_public};
pub use socket::{ControlServer, SOCKET_NAME};
