//! A batch of metrics as Azure Monitor sends it, and the points of it that are readings.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::azure::error::AzureError;
use crate::azure::fleet::unreadable;
use crate::azure::wire::{Text, said};
use crate::units::{InstanceId, Percent, WorkspaceId};

/// The metrics that are asked for: CPU and GPU of the runs of jobs.
pub(super) const METRICS: [&str; 2] = ["CpuUtilizationPercentage", "GpuUtilizationPercentage"];
/// The dimension that names the instance.
pub(super) const DIMENSION: &str = "ComputeName";

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    values: Vec<Resource<'a>>,
}

#[derive(Deserialize)]
struct Resource<'a> {
    #[serde(borrow)]
    resourceid: Option<Text<'a>>,
    #[serde(borrow, default)]
    value: Vec<Metric<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metric<'a> {
    #[serde(borrow)]
    name: Option<Name<'a>>,
    #[serde(borrow)]
    error_code: Option<Text<'a>>,
    #[serde(borrow, default)]
    timeseries: Vec<Series<'a>>,
}

#[derive(Deserialize)]
struct Name<'a> {
    #[serde(borrow)]
    value: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Series<'a> {
    #[serde(borrow, default)]
    metadatavalues: Vec<Dimension<'a>>,
    #[serde(borrow, default)]
    data: Vec<Point<'a>>,
}

#[derive(Deserialize)]
struct Dimension<'a> {
    #[serde(borrow)]
    name: Option<Name<'a>>,
    #[serde(borrow)]
    value: Option<Text<'a>>,
}

/// One minute. Without a value it is no reading, and usual.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Point<'a> {
    #[serde(borrow)]
    time_stamp: Option<Text<'a>>,
    #[serde(borrow)]
    average: Option<&'a RawValue>,
    #[serde(borrow)]
    maximum: Option<&'a RawValue>,
}

/// The minutes of one instance, each with whether it was in use.
pub(super) type Minutes = BTreeMap<Timestamp, bool>;

/// What a batch says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Measured {
    pub(super) instances: BTreeMap<InstanceId, Minutes>,
    /// Workspaces of which everything is there.
    pub(super) whole: BTreeSet<WorkspaceId>,
    /// True when there are as many series as were asked for: Azure leaves out the rest without a word.
    pub(super) full: bool,
}

/// Reads a batch.
///
/// # Errors
/// When it is no batch.
pub(super) fn read(body: &[u8], busy_from: Percent, top: usize) -> Result<Measured, AzureError> {
    let batch: Batch<'_> = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
    let mut measured = Measured::default();
    let mut counts: BTreeMap<Cow<'_, str>, usize> = BTreeMap::new();
    for resource in &batch.values {
        let Some(workspace) = said(&resource.resourceid).and_then(|id| WorkspaceId::parse(id).ok()) else { continue };
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut is_whole = true;
        for metric in &resource.value {
            let name = metric.name.as_ref().and_then(|name| said(&name.value)).unwrap_or_default();
            seen.extend(METRICS.iter().filter(|known| known.eq_ignore_ascii_case(name)));
            is_whole &= said(&metric.error_code).is_none_or(|code| code.eq_ignore_ascii_case("Success"));
            let count = counts.entry(Cow::Borrowed(name)).or_default();
            *count = count.saturating_add(metric.timeseries.len());
            for series in &metric.timeseries {
                is_whole &= measured.add(series, &workspace, busy_from);
            }
        }
        if is_whole && seen.len() == METRICS.len() {
            measured.whole.insert(workspace);
        }
    }
    measured.full = counts.values().any(|count| *count >= top);
    Ok(measured)
}

impl Measured {
    /// Takes the points of a series. False when there is use among them, and it cannot be told whose.
    fn add(&mut self, series: &Series<'_>, workspace: &WorkspaceId, busy_from: Percent) -> bool {
        let is_ours = |dimension: &&Dimension<'_>| {
            let name = dimension.name.as_ref().and_then(|name| said(&name.value));
            name.is_some_and(|name| name.eq_ignore_ascii_case(DIMENSION))
        };
        let named = series.metadatavalues.iter().find(is_ours).and_then(|dimension| said(&dimension.value));
        let Some(id) = named.and_then(|name| InstanceId::new(workspace.clone(), name).ok()) else {
            let readings = series.data.iter().map(|point| reading(point, busy_from));
            return readings.flatten().all(|(_, busy)| !busy);
        };
        let minutes = self.instances.entry(id).or_default();
        for point in &series.data {
            if let Some((at, busy)) = reading(point, busy_from) {
                *minutes.entry(at).or_default() |= busy;
            }
        }
        true
    }
}

fn reading(point: &Point<'_>, busy_from: Percent) -> Option<(Timestamp, bool)> {
    let at: Timestamp = said(&point.time_stamp)?.parse().ok()?;
    let number = |raw: Option<&RawValue>| raw?.get().parse::<f64>().ok().filter(|value| value.is_finite());
    let values = [number(point.maximum), number(point.average)];
    let least = f64::from(busy_from.get());
    let busy = values.iter().flatten().any(|value| *value >= least);
    // less than nothing is no share of anything
    let is_reading = values.iter().flatten().any(|value| *value >= 0.0);
    is_reading.then_some((at, busy))
}

#[cfg(test)]
mod tests;
