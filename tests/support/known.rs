//! How well a fleet built by hand is known.

use lightsout::report::{PolicyStaleness, Staleness, StalenessView, WorkspaceView};
use lightsout::units::PolicyId;

/// Read in every third interval, by the first room.
pub fn staleness(policy: &PolicyId, first: Option<&WorkspaceView>) -> StalenessView {
    let (worst, bound, cause) = (180, 240, Staleness::Quiet);
    let known = |room: &WorkspaceView| PolicyStaleness {
        policy: policy.clone(),
        worst,
        bound,
        cause,
        workspace: room.id.clone(),
    };
    StalenessView { p99: worst, cause, policies: first.map(known).into_iter().collect() }
}
