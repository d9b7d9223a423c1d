//! Azure Monitor's batch of metrics: CPU and GPU of the runs of jobs, and nothing of what else people do.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::world::{Machine, UseKind, Workspace, World, mix};
use super::answer::Answer;
use super::arm::find;
use super::errors;
use super::handle::Ask;
use super::shared::Shared;

/// Resources of one call.
const IDS_MAX: usize = 50;
/// Series where the caller does not say how many: the rest is left out without a word.
const TOP: usize = 10;
/// Metrics are not there at once.
const LATE: SignedDuration = SignedDuration::from_mins(2);
/// Minutes of one series.
const MINUTES_MAX: usize = 2_000;
/// Of so many minutes with a value one has none.
const MISSING: u64 = 13;

/// Which minutes are asked for.
struct Window {
    from: Timestamp,
    to: Timestamp,
}

impl Shared {
    /// The metrics of many workspaces of a subscription.
    pub(super) fn metrics_batch(&self, ask: &Ask<'_>, subscription: &str) -> Answer {
        let bad = |words: &str| errors::arm(400, "BadRequest", words);
        let body: Value = serde_json::from_slice(&ask.body).unwrap_or_default();
        let ids: Vec<&str> =
            body.get("resourceids").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        if ids.is_empty() || ids.len() > IDS_MAX {
            return bad("The number of resource ids must be between 1 and 50.");
        }
        let (world, now) = self.world_now();
        let Some(window) = window(&ask.query, now) else { return bad("starttime and endtime are not a time span.") };
        if ask.query.get("interval").map(String::as_str) != Some("PT1M") {
            return bad("This sandbox keeps metrics by the minute alone: interval=PT1M.");
        }
        let filtered = ask.query.get("filter").is_some_and(|filter| filter.eq_ignore_ascii_case("ComputeName eq '*'"));
        let top = ask.query.get("top").and_then(|top| top.parse().ok()).filter(|_| filtered).unwrap_or(TOP);
        let names: Vec<&str> = ask.query.get("metricnames").map(|names| names.split(',').collect()).unwrap_or_default();
        let mut values = Vec::new();
        for id in ids {
            let lower = id.to_lowercase();
            let Some((_, workspace)) =
                find(&world, &lower).filter(|(_, one)| one.spec.subscription.eq_ignore_ascii_case(subscription))
            else {
                return bad("A resource id is not of this subscription, or not there.");
            };
            let metrics: Vec<Value> =
                names.iter().map(|name| metric(&world, workspace, (name, top), &window)).collect();
            values.push(json!({
                "starttime": window.from.to_string(), "endtime": window.to.to_string(), "interval": "PT1M",
                "namespace": "Microsoft.MachineLearningServices/workspaces", "resourceregion": workspace.spec.region,
                "resourceid": id, "value": metrics,
            }));
        }
        Answer::json(200, &json!({ "values": values }))
    }
}

fn window(query: &HashMap<String, String>, now: Timestamp) -> Option<Window> {
    let time = |key: &str| query.get(key)?.parse::<Timestamp>().ok();
    let (from, to) = (time("starttime")?, time("endtime")?);
    let last = now.checked_sub(LATE).ok()?;
    (from < to).then(|| Window { from, to: to.min(last) })
}

fn metric(world: &World, workspace: &Workspace, (name, top): (&str, usize), window: &Window) -> Value {
    let is_gpu = name.starts_with("Gpu");
    let machines = workspace.members.iter().filter_map(|position| world.machines.get(*position));
    let wanted = machines.filter(|machine| !is_gpu || machine.spec.vm_size.to_uppercase().starts_with("STANDARD_N"));
    let series: Vec<Value> = wanted.filter_map(|machine| series(machine, name, window)).take(top).collect();
    json!({
        "id": format!("{}/providers/Microsoft.Insights/metrics/{name}", workspace.id),
        "type": "Microsoft.Insights/metrics",
        "name": { "value": name, "localizedValue": name },
        "errorCode": "Success", "unit": "Count", "timeseries": series,
    })
}

/// The minutes of one machine; none where no job ran in any of them.
fn series(machine: &Machine, name: &str, window: &Window) -> Option<Value> {
    let mut data = Vec::new();
    let mut any = false;
    let second = window.from.as_second().div_euclid(60).saturating_mul(60);
    let mut at = Timestamp::from_second(second).ok()?;
    while at <= window.to && data.len() < MINUTES_MAX {
        let end = at.checked_add(SignedDuration::from_mins(1)).ok()?;
        let ran = machine.used_for(UseKind::Job).any(|used| used.from < end && used.to.is_none_or(|to| to > at));
        let drawn = mix(7, &[&machine.id, name, &at.to_string()]);
        let mut point = json!({ "timeStamp": at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string() });
        if ran && !drawn.is_multiple_of(MISSING) {
            any = true;
            let average = drawn.wrapping_rem(60).saturating_add(20);
            if let Value::Object(members) = &mut point {
                members.insert("average".to_owned(), json!(average));
                members.insert("maximum".to_owned(), json!(average.saturating_add(15)));
            }
        }
        data.push(point);
        at = end;
    }
    let dimension =
        json!({ "name": { "value": "computename", "localizedValue": "computename" }, "value": machine.spec.name });
    any.then(|| json!({ "metadatavalues": [dimension], "data": data }))
}
