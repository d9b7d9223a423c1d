//! HTTP: metrics and health for machines, the control socket for this machine's own command line, and what people are
//! served behind the door: the page, the API, and the links of warnings.

mod api;
mod client;
mod control;
pub mod door;
mod health;
mod heartbeats;
mod limits;
mod page;
mod people;
mod public;
mod site;
mod socket;

pub use api::{documented, openapi};
pub use client::{ControlClient, ControlError};
pub use control::{Acknowledge, Lift, control_router};
pub use health::{Health, NotReady};
pub use heartbeats::{HeartbeatFace, heartbeat_limits, heartbeat_router, serve_heartbeats, tls_config};
pub use limits::{HttpLimits, Limited};
pub use page::{PageFaces, TemplateError};
pub use people::people_routes;
pub use public::{PublicFace, public_router, serve_public};
pub use site::{Clock, Explain, Site, SiteOptions};
pub use socket::{ControlServer, SOCKET_NAME};
