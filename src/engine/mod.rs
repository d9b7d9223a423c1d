//! The machine: observe → evaluate → plan → guard → act → record → publish, and the loop around it. Names no adapter.

mod accounts;
mod act;
mod allowances;
mod backoff;
mod book;
mod budgets;
mod clockwatch;
mod control;
mod decide;
mod deliver;
mod entry;
mod follow;
mod foresight;
mod lastword;
mod log;
mod missed;
mod observe;
mod options;
mod policies;
mod prices;
mod publish;
mod reconcile;
mod record;
mod run;
mod settle;
mod sight;
mod state;
mod stuck;
mod sweep;
mod told;

pub use accounts::{Accounting, Owners};
pub use control::ControlError;
pub use options::EngineOptions;
pub use reconcile::Reconciling;
pub use run::{AfterLook, Command, RunError};
pub use state::Engine;
