//! The whole fleet goes to another replica, or comes from one.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use lightsout::facts::Shard;

use crate::stage::Stage;

/// Another replica is to have the whole fleet.
pub(crate) fn hand_over(stage: &mut Stage) {
    let engine = stage.engine();
    stage.runtime.block_on(engine.hand_over(&Shard::all().collect())).unwrap();
}

/// This replica has the whole fleet, which another one had.
pub(crate) fn take_up(stage: &mut Stage) {
    let engine = stage.engine();
    stage.runtime.block_on(engine.take_up(&Shard::all().collect())).unwrap();
}
