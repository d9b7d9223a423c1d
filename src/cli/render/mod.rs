//! What commands print: pure functions from values to text.

mod budgets;
mod burning;
mod explain;
mod instance_page;
mod instances;
mod look;
mod native;
mod plan;
mod reconciliation;
mod status;
mod stopped;
mod sweep;

pub use explain::explain;
pub use instance_page::{InstancePage, instance_page, ssh_command};
pub use instances::{InstanceLine, instance_list};
pub use look::{Look, Paint, Zones};
pub use native::{native_apply, native_audit};
pub use plan::plan;
pub use reconciliation::reconciliation;
pub use status::status;
pub use stopped::{lost, proposal, proposals, residual};
pub use sweep::sweep;
