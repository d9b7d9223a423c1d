//! The commands, one file for those that belong together.

mod agents;
mod ask;
mod check;
mod context;
mod doctor;
mod ledger;
mod native;
mod notify;
mod once;
mod reconcile;
mod report;
mod serve;
mod small;
mod stopped;
mod tokens;

pub use agents::agents;
pub use ask::{ack, explain, hold, status};
pub use check::check;
pub use context::{CommandError, Context};
pub use doctor::doctor;
pub use ledger::ledger;
pub use native::native;
pub use notify::notify;
pub use once::{plan, sweep};
pub use reconcile::reconcile;
pub use report::report;
pub use serve::serve;
pub use small::{completions, freeze, openapi, sandbox};
pub use stopped::{proposals, residual};
pub use tokens::tokens;
