//! Room `schedule`: allowed hours, their edges as instants, holidays and zone changes; nothing here knows an instance.
//!
//! A policy writes hours by the wall clock of a zone. This room turns them into instants with the library's calendar
//! only, and every answer is about those instants. The rules it keeps:
//!
//! - a written time that the clocks skip moves forward by the length of the gap (S3), it is never lost;
//! - a written time that happens twice means the later one where hours end and the earlier one where they begin (S4);
//! - no date is assumed to have a midnight, 24 hours, or to exist at all (S5);
//! - a part of a window belongs to the civil date on which the window starts: a holiday takes away the whole window
//!   that starts on it, and leaves the tail of one that started the evening before;
//! - a whole day lasts from the first instant of its date to the last one, which is where the next date starts, unless
//!   the clocks go back over midnight and show the date again;
//! - overlapping and touching windows are one stretch of hours, without edges inside;
//! - an unreadable calendar makes the hours unknown, which nobody may act on (S21).

mod dates;
mod days;
mod edge;
mod holidays;
mod hours;
mod ics;
mod ics_rule;
mod intervals;
mod resolve;
mod walk;
mod window;
mod windows;
mod zone;

pub use dates::{DateRange, DateRangeError};
pub use days::WeekdaySet;
pub use edge::{Choice, Edge, EdgeKey, EdgeKeyError, EdgeKind, EdgeNote, Edges};
pub use holidays::{Holiday, Holidays, Unreadable};
pub use hours::{Hours, HoursError, HoursState};
pub use ics::{IcsError, parse_ics};
pub use walk::EdgeWalk;
pub use window::{WeeklyWindow, WindowError};
pub use windows::windows_zone;
pub use zone::{ZoneChange, ZoneError, load_zone, transitions, tzdb_source};
