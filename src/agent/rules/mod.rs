//! The agent's settings: what counts as use, what is looked at, and where the service is. Pure: text in, rules out.

mod model;
mod values;

pub use model::{
    ContainerRules, CpuRules, DetachedRules, DiskIoRules, DiskRules, FileRules, GpuRules, JupyterRules, LookRules,
    Rules, ServiceRules, SignalRules, WorkRules, parse,
};
pub(super) use values::is_loopback;
pub use values::{Binary, Identity, InstanceWord, LoopbackUrl, Need, OtherKernels, Pace, ServiceUrl, Wording};
