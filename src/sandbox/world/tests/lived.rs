//! Worlds that have lived for a while.

use jiff::{SignedDuration, Timestamp};

use super::super::super::spec::demo;
use super::super::*;

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn monday() -> Timestamp {
    at("2026-11-02T00:00:00Z")
}

pub(super) fn after(hours: i64) -> Timestamp {
    monday() + SignedDuration::from_hours(hours)
}

pub(super) fn lived(seed: u64, steps: impl IntoIterator<Item = Timestamp>) -> World {
    let mut world = World::new(demo(seed, monday())).unwrap();
    for step in steps {
        world.advance_to(step);
    }
    world.read_meters();
    world
}

/// Everything that a visitor could compare.
pub(super) fn account(world: &World) -> Vec<String> {
    world
        .truths()
        .map(|truth| {
            format!(
                "{} {:?} {:?} {:?} {:?} {:?}",
                truth.id(),
                truth.history(),
                truth.stops(),
                truth.starts(),
                truth.uses(),
                truth.meters()
            )
        })
        .collect()
}
