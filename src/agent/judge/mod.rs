//! What a look means: one sign for each signal. Pure: facts and rules in, signs out.

mod editors;
mod found;
mod gpu;
mod jupyter;
mod kernels;
mod left_running;
mod people;
mod signs;
mod work;

pub use found::Found;
pub use jupyter::is_jupyter;
pub use signs::{Judged, judge};
