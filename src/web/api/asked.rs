//! What requests name: instances and days.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::links::path_of;
use crate::report::{FleetView, InstanceView};

/// The instance that a path names: subscription, resource group, workspace, name; without case.
#[must_use]
pub(in crate::web) fn find<'a>(
    view: &'a FleetView,
    path: &(String, String, String, String),
) -> Option<&'a InstanceView> {
    let (subscription, group, workspace, name) = path;
    let wanted = [subscription, group, workspace, name];
    let places = view.workspaces.values().filter(|place| place.id.name().eq_ignore_ascii_case(workspace));
    places.flat_map(|place| &place.instances).find(|instance| {
        path_of(&instance.facts.id).iter().zip(wanted).all(|(part, wanted)| part.eq_ignore_ascii_case(wanted))
    })
}

/// The date of an instant, in UTC.
#[must_use]
pub(in crate::web) fn today_of(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}
