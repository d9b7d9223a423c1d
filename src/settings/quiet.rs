//! Quiet hours as written, and what they mean.

use super::compile::each;
use super::findings::Findings;
use super::notify_tables::QuietDocument;
use crate::schedule::{Holidays, Hours, HoursError, WeeklyWindow};

/// By whose clocks hours are, where nothing is said.
const ZONE: &str = "UTC";

/// Reads `[notify.quiet]`; none where no hours are written.
pub(super) fn quiet(document: &QuietDocument, found: &mut Findings) -> Option<Hours> {
    let windows: Vec<WeeklyWindow> = each(&document.hours, "notify.quiet.hours", found, |text| {
        text.parse::<WeeklyWindow>().map_err(|error| (error.to_string(), error.help().to_owned()))
    });
    let zone = document.zone.get().map_or(ZONE, String::as_str);
    match Hours::new(zone, windows, Holidays::new(), Holidays::new()) {
        Ok(hours) => never_ending(document, hours, found),
        Err(HoursError::NoWindows) => None,
        Err(error @ (HoursError::TooManyWindows { .. } | HoursError::Zone(_))) => {
            let (key, at) = match (&error, &document.zone.0, &document.hours.0) {
                (HoursError::Zone(_), Some(zone), _) => ("notify.quiet.zone", &zone.at),
                (_, _, Some(hours)) => ("notify.quiet.hours", &hours.at),
                (_, _, None) => return None,
            };
            found.error(
                at,
                key,
                error.to_string(),
                "write zone = \"Europe/Berlin\" and hours = [\"Mon-Fri 20:00-07:00\"]",
            );
            None
        }
    }
}

/// Hours without an end would hold news back for ever.
fn never_ending(document: &QuietDocument, hours: Hours, found: &mut Findings) -> Option<Hours> {
    if hours.next_edge(jiff::Timestamp::UNIX_EPOCH).is_some() {
        return Some(hours);
    }
    if let Some(written) = &document.hours.0 {
        let help = "leave some time between the windows, or leave the table out";
        found.error(&written.at, "notify.quiet.hours", "these hours never end, so that nothing would be told", help);
    }
    None
}
