//! What Lightsout needs the right to in Azure: the one list from which roles are made, and against which they are judged.

mod list;
mod role;

pub use list::{
    COST_ACTION, JOBS_ACTION, METRICS_ACTION, NEVER_NEEDED, PRICE_ACTION, Part, READ_ACTIONS, RIGHTS, Reach, Right,
    START_ACTION, STATUS_ACTION, STOP_ACTION, TIMER_ACTION, rights_for,
};
pub use role::{Level, PUBLISHED, Published, Role};
