//! What the kernel, `nvidia-smi` and Jupyter write, read out of its text. Pure: text in, facts or nothing out.

mod jupyter;
mod machine;
mod mounts;
mod nvidia;
mod people;
mod process;

#[cfg(test)]
mod fuzz_tests;

pub use jupyter::{Kernel, RuntimeFile, Terminal, kernels, names, runtime_file, terminals};
pub use machine::{disk_bytes, machine_ticks};
pub use mounts::{Mount, mounts};
pub use nvidia::{Gauge, Gpu, compute_pids, gpus};
pub use people::{Login, logins, people};
pub use process::{ProcessStat, command_line, container, kept_apart, of_session, process_stat, real_uid};
