//! What stays as it was is held once.

use super::*;
use crate::facts::{Created, PowerState, Reading, Unknown};
use crate::units::{Region, When, WorkspaceId};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn workspace() -> WorkspaceId {
    WorkspaceId::new("s", "g", "w").unwrap()
}

fn seen(state: PowerState, when: Timestamp) -> Inventory {
    let facts = InstanceFacts {
        id: InstanceId::new(workspace(), "ci-a").unwrap(),
        created: Created::at(at(-1000)),
        state,
        size: "STANDARD_NC6".into(),
        region: Region::new("westeurope"),
        owner: Arc::default(),
        tags: Reading::Unknown(Unknown::Missing),
        last_operation: Reading::Unknown(Unknown::Missing),
        native: Arc::default(),
        observed_at: when,
        oddities: thin_vec::ThinVec::new(),
    };
    Inventory {
        workspace: workspace(),
        taken_at: when,
        completeness: Completeness::Whole,
        instances: vec![Arc::new(facts)],
        skipped: 0,
    }
}

fn only(place: &Place) -> &Entry {
    place.entries.values().next().unwrap()
}

#[test]
fn what_stays_as_it_was_is_not_made_anew_and_dated_by_the_last_look() {
    let tags = crate::facts::Tags::default();
    let facts = WorkspaceFacts { id: workspace(), region: Region::new("westeurope"), tags };
    let mut place = Place::new(facts, Rule::Ungoverned);
    assert_eq!(place.absorb(seen(PowerState::Stopped, at(0))).sightings.len(), 1);
    let first = only(&place).facts.clone();
    assert!(place.absorb(seen(PowerState::Stopped, at(60))).sightings.is_empty());
    assert!(Arc::ptr_eq(&first, &only(&place).facts));
    assert_eq!((only(&place).last_seen, only(&place).dated().observed_at), (at(60), at(60)));
    assert_eq!(only(&place).history.last_seen_off, When::at(at(60)), "seen off until then");
    assert_eq!(place.absorb(seen(PowerState::Running, at(120))).sightings.len(), 1);
    assert!(place.absorb(seen(PowerState::Running, at(180))).sightings.is_empty());
    assert_eq!((only(&place).facts.observed_at, only(&place).dated().observed_at), (at(120), at(180)));
}
