//! What a look means: one sign for each signal. Pure: facts and rules in, signs out.

mod found;
mod gpu;
mod jupyter;
mod left_running;
mod people;
mod signs;
mod work;

pub use found::Found;
pub use jupyter::is_jupyter;
pub use signs::{Judged, judge};
