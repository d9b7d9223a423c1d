//! The week in figures as written, and what it means.

use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::findings::Findings;
use super::notify::Notify;
use super::notify_tables::{DigestDocument, NotifyDocument};
use crate::schedule::load_zone;

/// Where nothing is said.
const AT: &str = "08:00";

/// When the week in figures is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// By whose clocks weeks begin.
    pub zone: TimeZone,
    /// At which hour of Monday.
    pub at: Time,
}

/// Reads `[notify.digest]`; none where it is not sent.
pub(super) fn digest(document: &DigestDocument, found: &mut Findings) -> Option<Digest> {
    let zone = match document.zone.0.as_ref().map(|written| (written, load_zone(&written.value))) {
        None => TimeZone::UTC,
        Some((_, Ok(zone))) => zone,
        Some((written, Err(error))) => {
            found.error(&written.at, "notify.digest.zone", error.to_string(), "or leave the key out for UTC");
            return None;
        }
    };
    let text = document.at.get().map_or(AT, String::as_str);
    let Ok(at) = Time::strptime("%H:%M", text) else {
        if let Some(written) = &document.at.0 {
            let problem = format!("{text:?} is not an hour of the day");
            found.error(&written.at, "notify.digest.at", problem, "write it as \"08:00\"");
        }
        return None;
    };
    document.enabled.or(false).then_some(Digest { zone, at })
}

/// What is one person's business is not posted where others read.
pub(super) fn delivered(document: &NotifyDocument, notify: &Notify, found: &mut Findings) {
    let written = document.digest.get().and_then(|digest| digest.enabled.0.clone());
    let reaches = notify.smtp.is_some() || notify.webhook.is_some() || found.has_error_at("notify.smtp");
    if let Some(written) = written.filter(|written| written.value && !reaches) {
        let help = "set up [notify.smtp], or [notify.webhook] for a program of your own, or leave the table out";
        let problem = "what a person spent goes to that person alone, and no channel does that";
        found.error(&written.at, "notify.digest.enabled", problem, help);
    }
}
