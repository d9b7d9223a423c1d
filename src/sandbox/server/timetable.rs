//! Schedules of a request: which Azure takes, and which of them the simulation fires.
//!
//! Fired are a cron expression with fixed minutes and hours and any weekdays, and a daily or weekly recurrence of every day or
//! week, from the moment the instance is made. Any other well-formed schedule is taken, shown and never fired.

use jiff::tz::TimeZone;
use serde_json::Value;

use super::super::world::{NativeAction, NativeSchedule, ScheduleStyle};

/// Azure takes no more on one instance.
pub(super) const SCHEDULES_MAX: usize = 4;

/// Zones by their Windows names, as schedules name them; of a zone that is not here nothing is fired.
const ZONES: [(&str, &str); 14] = [
    ("UTC", "UTC"),
    ("GMT Standard Time", "Europe/London"),
    ("Romance Standard Time", "Europe/Madrid"),
    ("W. Europe Standard Time", "Europe/Berlin"),
    ("Central Europe Standard Time", "Europe/Budapest"),
    ("E. Europe Standard Time", "Europe/Chisinau"),
    ("Eastern Standard Time", "America/New_York"),
    ("Central Standard Time", "America/Chicago"),
    ("Mountain Standard Time", "America/Denver"),
    ("Pacific Standard Time", "America/Los_Angeles"),
    ("India Standard Time", "Asia/Kolkata"),
    ("China Standard Time", "Asia/Shanghai"),
    ("Tokyo Standard Time", "Asia/Tokyo"),
    ("AUS Eastern Standard Time", "Australia/Sydney"),
];

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// The schedules of `schedules.computeStartStop` that are fired.
///
/// # Errors
/// What is wrong with them.
pub(super) fn read(schedules: &Value) -> Result<Vec<NativeSchedule>, String> {
    let list = match schedules.get("computeStartStop") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(list) => list.as_array().ok_or("schedules.computeStartStop must be a list")?,
    };
    if list.len() > SCHEDULES_MAX {
        return Err(format!("A compute instance takes at most {SCHEDULES_MAX} schedules; {} were given.", list.len()));
    }
    let mut fired = Vec::new();
    for schedule in list {
        fired.extend(one(schedule)?);
    }
    Ok(fired)
}

fn one(schedule: &Value) -> Result<Vec<NativeSchedule>, String> {
    let word = |name: &str| schedule.get(name).and_then(Value::as_str).unwrap_or_default();
    let action = match word("action").to_lowercase().as_str() {
        "start" => NativeAction::Start,
        "stop" => NativeAction::Stop,
        other => return Err(format!("The schedule action '{other}' is neither Start nor Stop.")),
    };
    let enabled = match word("status").to_lowercase().as_str() {
        "enabled" | "" => true,
        "disabled" => false,
        other => return Err(format!("The schedule status '{other}' is neither Enabled nor Disabled.")),
    };
    let (style, trigger) = match word("triggerType").to_lowercase().as_str() {
        "cron" => (ScheduleStyle::Cron, "cron"),
        "recurrence" => (ScheduleStyle::Recurrence, "recurrence"),
        other => return Err(format!("The schedule triggerType '{other}' is neither Cron nor Recurrence.")),
    };
    let body = schedule.get(trigger).filter(|body| body.is_object());
    let body = body.ok_or_else(|| format!("The schedule has the triggerType {trigger} and no member {trigger}."))?;
    let times = match style {
        ScheduleStyle::Cron => cron(body)?,
        ScheduleStyle::Recurrence => recurrence(body)?,
    };
    let windows_zone = body.get("timeZone").and_then(Value::as_str).unwrap_or("UTC");
    let (Some(times), Some(zone)) = (times, zone_of(windows_zone)) else {
        return Ok(Vec::new());
    };
    let each = |(hour, minute)| NativeSchedule {
        action,
        style,
        hour,
        minute,
        weekdays: times.weekdays.clone(),
        windows_zone: windows_zone.to_owned(),
        zone: zone.to_owned(),
        enabled,
    };
    let hours = times.hours.iter().flat_map(|hour| times.minutes.iter().map(move |minute| (*hour, *minute)));
    Ok(hours.map(each).collect())
}

fn zone_of(name: &str) -> Option<&str> {
    let known = ZONES.iter().find(|(windows, _)| windows.eq_ignore_ascii_case(name)).map(|(_, zone)| *zone);
    known.filter(|zone| TimeZone::get(zone).is_ok())
}

/// Times of day on weekdays, Monday = 1 … Sunday = 7.
struct Times {
    hours: Vec<i8>,
    minutes: Vec<i8>,
    weekdays: Vec<i8>,
}

/// A cron expression of five fields; none where it is more than times of day on weekdays.
fn cron(body: &Value) -> Result<Option<Times>, String> {
    let expression = body.get("expression").and_then(Value::as_str).unwrap_or_default();
    let fields: Vec<&str> = expression.split_whitespace().collect();
    let written = |letter: char| letter.is_ascii_alphanumeric() || "*,-/".contains(letter);
    let [minute, hour, day, month, weekday] = fields.as_slice() else {
        return Err(format!("The cron expression '{expression}' does not have five fields."));
    };
    if !expression.split_whitespace().all(|field| field.chars().all(written)) {
        return Err(format!("The cron expression '{expression}' cannot be read."));
    }
    let weekdays = if *weekday == "*" { Some((1..=7).collect()) } else { numbers(weekday, 0..=6).map(from_sunday) };
    let parts = (numbers(hour, 0..=23), numbers(minute, 0..=59), weekdays);
    let (Some(hours), Some(minutes), Some(weekdays)) = parts else {
        return Ok(None);
    };
    Ok((*day == "*" && *month == "*").then_some(Times { hours, minutes, weekdays }))
}

/// Days counted from Sunday = 0.
fn from_sunday(days: Vec<i8>) -> Vec<i8> {
    days.into_iter().map(|day| if day == 0 { 7 } else { day }).collect()
}

/// The numbers of a field such as `1-5` or `8,18`; none where it is anything else.
fn numbers(field: &str, allowed: std::ops::RangeInclusive<i8>) -> Option<Vec<i8>> {
    let mut all = Vec::new();
    for part in field.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to): (i8, i8) = (from.parse().ok()?, to.parse().ok()?);
        if from > to || !allowed.contains(&from) || !allowed.contains(&to) {
            return None;
        }
        all.extend(from..=to);
    }
    Some(all)
}

fn recurrence(body: &Value) -> Result<Option<Times>, String> {
    let frequency = body.get("frequency").and_then(Value::as_str).unwrap_or_default().to_lowercase();
    if !["minute", "hour", "day", "week", "month"].contains(&frequency.as_str()) {
        return Err(format!("The recurrence frequency '{frequency}' is not Minute, Hour, Day, Week or Month."));
    }
    let every = body.get("interval").and_then(Value::as_i64).unwrap_or(0);
    if every < 1 {
        return Err("The recurrence interval must be at least 1.".to_owned());
    }
    let Some(times) = body.get("schedule").filter(|times| times.is_object()) else {
        return Ok(None);
    };
    let list = |name: &str, below: i8| -> Result<Vec<i8>, String> {
        let given = times.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let number = |value: &Value| value.as_i64().and_then(|number| i8::try_from(number).ok());
        let read: Option<Vec<i8>> = given.iter().map(number).collect();
        let read = read.filter(|all| !all.is_empty() && all.iter().all(|one| (0..below).contains(one)));
        read.ok_or_else(|| format!("The recurrence schedule needs {name} from 0 to {}.", below.saturating_sub(1)))
    };
    let (hours, minutes) = (list("hours", 24)?, list("minutes", 60)?);
    let named = times.get("weekDays").and_then(Value::as_array);
    let weekdays = match named.filter(|days| !days.is_empty()) {
        Some(days) => days.iter().map(weekday).collect::<Option<Vec<i8>>>(),
        None => Some((1..=7).collect()),
    };
    let weekdays = weekdays.ok_or("The recurrence schedule names a week day that there is not.")?;
    Ok((every == 1 && ["day", "week"].contains(&frequency.as_str())).then_some(Times { hours, minutes, weekdays }))
}

fn weekday(day: &Value) -> Option<i8> {
    let name = day.as_str()?.to_lowercase();
    let place = DAYS.iter().position(|known| *known == name)?;
    i8::try_from(place).ok()?.checked_add(1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn times(schedules: &Value) -> Vec<(i8, i8, Vec<i8>, String)> {
        let read = read(&json!({ "computeStartStop": schedules })).unwrap();
        read.into_iter().map(|one| (one.hour, one.minute, one.weekdays, one.zone)).collect()
    }

    fn cron(expression: &str, zone: &str) -> Value {
        let cron = json!({ "expression": expression, "timeZone": zone, "startTime": "2021-04-23T01:30:00" });
        json!([{ "status": "Enabled", "action": "Stop", "triggerType": "Cron", "cron": cron }])
    }

    #[test]
    fn cron_expressions_of_times_of_day_are_fired() {
        let every = vec![1, 2, 3, 4, 5, 6, 7];
        let tokyo = || "Asia/Tokyo".to_owned();
        assert_eq!(times(&cron("0 18 * * *", "Tokyo Standard Time")), [(18, 0, every, tokyo())]);
        assert_eq!(
            times(&cron("30 8,20 * * 0,1-2", "tokyo standard time")),
            [(8, 30, vec![7, 1, 2], tokyo()), (20, 30, vec![7, 1, 2], tokyo())]
        );
        for shown in ["*/5 8 * * *", "0 18 1 * *", "0 18 * 6 *", "0 18 * * MON"] {
            assert!(times(&cron(shown, "UTC")).is_empty(), "{shown}");
        }
        assert!(times(&cron("0 18 * * *", "Atlantis Standard Time")).is_empty());
    }

    #[test]
    fn recurrences_of_days_and_weeks_are_fired() {
        let with = |frequency: &str, every: i64| {
            let at = json!({ "hours": [7, 19], "minutes": [15], "weekDays": ["Monday", "sunday"] });
            let body = json!({ "frequency": frequency, "interval": every, "schedule": at });
            times(&json!([{ "action": "Start", "triggerType": "Recurrence", "recurrence": body }]))
        };
        let days = || vec![1, 7];
        assert_eq!(with("Week", 1), [(7, 15, days(), "UTC".to_owned()), (19, 15, days(), "UTC".to_owned())]);
        assert!(with("Week", 2).is_empty() && with("Month", 1).is_empty());
    }

    #[test]
    fn what_azure_could_not_carry_out_is_refused() {
        let refused = |list: Value| read(&json!({ "computeStartStop": list })).unwrap_err();
        let one = cron("0 18 * * *", "UTC")[0].clone();
        assert!(refused(json!([one, one, one, one, one])).contains("at most 4"));
        assert!(read(&json!({ "computeStartStop": [one, one, one, one] })).is_ok());
        assert!(refused(cron("0 18 * *", "UTC")).contains("five fields"));
        assert!(refused(cron("0 18 * * $", "UTC")).contains("cannot be read"));
        assert!(refused(json!([{ "action": "Pause" }])).contains("neither Start nor Stop"));
        assert!(refused(json!([{ "action": "Stop", "triggerType": "Cron" }])).contains("no member cron"));
        let at = |hours: i64, day: &str| {
            let at = json!({ "hours": [hours], "minutes": [0], "weekDays": [day] });
            let body = json!({ "frequency": "Week", "interval": 1, "schedule": at });
            json!([{ "action": "Stop", "triggerType": "Recurrence", "recurrence": body }])
        };
        assert!(refused(at(24, "Monday")).contains("hours from 0 to 23"));
        assert!(refused(at(8, "Moonday")).contains("week day"));
    }
}
