//! What Azure does by itself with an instance, from its JSON: idle timer, schedules, and what keeps the timer from working.

use serde_json::value::RawValue;
use thin_vec::ThinVec;

use super::instant::length;
use super::translate::odd;
use super::wire::{CustomService, Instance, ManagedIdentity, Recurrence, Schedules, StartStop, said};
use super::words::{clean, shown};
use crate::facts::{NativeSchedule, NativeTimers, Oddity};

/// More custom applications than this are not named.
const APPLICATIONS_MAX: usize = 16;

/// What there is; what cannot be read is an oddity, and counts as not said.
pub(super) fn native(
    identity: Option<&RawValue>,
    inner: Option<&Instance<'_>>,
    oddities: &mut ThinVec<Oddity>,
) -> NativeTimers {
    let identity = has_identity(identity, oddities);
    let Some(inner) = inner else { return NativeTimers { identity, ..NativeTimers::default() } };
    let idle = said(&inner.idle_time_before_shutdown);
    let idle_shutdown = idle.and_then(length);
    let unreadable = idle.filter(|_| idle_shutdown.is_none()).map(shown);
    if let Some(text) = &unreadable {
        odd(oddities, "idleTimeBeforeShutdown", format!("`{text}` is not a duration"));
    }
    let schedules = read::<Schedules>(inner.schedules, "schedules", oddities).unwrap_or_default();
    let list = schedules.compute_start_stop.unwrap_or_default();
    let custom = read::<Vec<CustomService>>(inner.custom_services, "customServices", oddities).unwrap_or_default();
    let name = |one: CustomService| shown(&one.name.unwrap_or_else(|| "(unnamed)".to_owned()));
    NativeTimers {
        idle_shutdown,
        unreadable,
        schedules: list.into_iter().take(16).map(schedule).collect(),
        identity,
        custom_applications: custom.into_iter().take(APPLICATIONS_MAX).map(name).collect(),
    }
}

fn read<'a, T: serde::Deserialize<'a>>(
    raw: Option<&'a RawValue>,
    field: &str,
    oddities: &mut ThinVec<Oddity>,
) -> Option<T> {
    let read = serde_json::from_str::<T>(raw?.get());
    read.map_err(|error| odd(oddities, field, clean(&error.to_string()))).ok()
}

/// Azure leaves the field out where there is none, and where a version does not tell.
fn has_identity(raw: Option<&RawValue>, oddities: &mut ThinVec<Oddity>) -> Option<bool> {
    let kind = read::<ManagedIdentity>(raw, "identity", oddities)?.kind?;
    Some(!kind.eq_ignore_ascii_case("None"))
}

fn schedule(wire: StartStop) -> NativeSchedule {
    let is = |field: &Option<String>, word: &str| field.as_deref().is_some_and(|text| text.eq_ignore_ascii_case(word));
    let (when, zone) = match (&wire.cron, &wire.recurrence) {
        (Some(cron), _) => (format!("cron {}", cron.expression.as_deref().unwrap_or("(none)")), cron.time_zone.clone()),
        (None, Some(every)) => (recurrence(every), every.time_zone.clone()),
        (None, None) => ("at times that Azure does not tell".to_owned(), None),
    };
    NativeSchedule {
        starts: is(&wire.action, "Start"),
        enabled: is(&wire.status, "Enabled"),
        when: clean(&when),
        zone: zone.as_deref().map(clean),
        failed: is(&wire.provisioning_status, "Failed"),
    }
}

fn recurrence(every: &Recurrence) -> String {
    let numbers =
        |list: &Option<Vec<i64>>| list.iter().flatten().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let mut words = format!(
        "every {} {}",
        every.interval.unwrap_or(1),
        every.frequency.as_deref().unwrap_or("(unknown)").to_ascii_lowercase()
    );
    let Some(times) = &every.schedule else { return words };
    words.push_str(&format!(" at hours {} minutes {}", numbers(&times.hours), numbers(&times.minutes)));
    if let Some(days) = times.week_days.as_ref().filter(|days| !days.is_empty()) {
        words.push_str(&format!(" on {}", days.join(",")));
    }
    if let Some(days) = times.month_days.as_ref().filter(|days| !days.is_empty()) {
        words.push_str(&format!(" on days {}", days.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_of(identity: &str, inner: &str) -> (NativeTimers, Vec<String>) {
        let identity = serde_json::from_str::<&RawValue>(identity).unwrap();
        let inner = serde_json::from_str::<Instance<'_>>(inner).unwrap();
        let mut oddities = ThinVec::new();
        let read = native(Some(identity), Some(&inner), &mut oddities);
        (read, oddities.into_iter().map(|odd| odd.field).collect())
    }

    #[test]
    fn identity_and_custom_applications_are_read_and_what_is_odd_is_not_known() {
        let (read, odd) = read_of(r#"{"type":"SystemAssigned"}"#, r#"{"customServices":[{"name":"shiny"},{}]}"#);
        assert_eq!((read.identity, odd.len()), (Some(true), 0));
        assert_eq!(read.custom_applications, ["shiny".into(), Box::<str>::from("(unnamed)")]);
        let (read, odd) = read_of(r#"{"type":"None"}"#, r#"{"customServices":[]}"#);
        assert_eq!((read, odd.len()), (NativeTimers { identity: Some(false), ..NativeTimers::default() }, 0));
        let (read, odd) = read_of("17", r#"{"customServices":"many"}"#);
        assert_eq!(read, NativeTimers::default(), "not known is neither");
        assert_eq!(odd, ["identity", "customServices"]);
        let (read, _) =
            read_of("{}", r#"{"schedules":{"computeStartStop":[{"status":"Enabled","provisioningStatus":"Failed"}]}}"#);
        assert!(read.identity.is_none() && read.schedules[0].failed && read.schedules[0].enabled);
    }
}
