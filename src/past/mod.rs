//! What was recorded, apart from where it is kept: states, use by source, holds, warnings, stops, decisions, meters; and the
//! format in which it is exported and read back.
//!
//! Nothing here judges. What a record does not hold is not filled in.

mod format;
mod line;
mod parts;
mod record;

pub use format::{FORMAT, FormatError, VERSION, read, write};
pub use line::{Head, Line};
pub use parts::{Credit, Decided, Heard, Metered, StateChange, Told, TriedStart, TriedStop};
pub use record::{Life, Past};
