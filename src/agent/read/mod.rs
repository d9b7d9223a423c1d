//! Reads the machine: files below a root, which a test may set elsewhere, Jupyter on loopback, `nvidia-smi`.

mod eyes;
mod files;
mod gpu;
mod people;
mod processes;
mod room;
mod servers;

pub use eyes::Eyes;
pub use files::Root;
pub(super) use files::read as read_bounded;
