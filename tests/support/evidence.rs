//! What an agent says of an instance, for views of the fleet.

use std::sync::Arc;

use jiff::Timestamp;
use lightsout::facts::{Evidence, Source, Stretch, Track, Use};
use lightsout::report::FleetView;
use thin_vec::ThinVec;

/// Every instance has been quiet for an hour, by the clock of `minutes`.
pub(crate) fn tell(view: &mut FleetView, minutes: impl Fn(i64) -> Timestamp) {
    let heard = Arc::new(heard_of(minutes));
    let instances = view.workspaces.values_mut().flat_map(|workspace| &mut workspace.instances);
    instances.for_each(|instance| instance.evidence = Some(heard.clone()));
}

fn heard_of(minutes: impl Fn(i64) -> Timestamp) -> Evidence {
    let (as_of, words) = (minutes(-1), "nobody".into());
    let watched = ThinVec::from([Stretch { from: minutes(-60), to: as_of }]);
    let track = Track {
        source: Source::Agent,
        now: Use::Quiet,
        as_of,
        words,
        last_busy: minutes(-60).into(),
        watched,
        job: None,
        doubt: None,
    };
    Evidence { tracks: ThinVec::from([track]), disk: None }
}
