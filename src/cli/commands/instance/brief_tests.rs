//! What those before take of a quota.

use super::*;
use crate::facts::{SizeFacts, SizeOffer, Tags};
use crate::units::{Region, WorkspaceId};

fn terms(limit: u64) -> Terms {
    let line = |name: &str, kind: &str| QuotaLine {
        name: name.to_owned(),
        words: name.to_owned(),
        kind: kind.to_owned(),
        used: 0,
        limit,
    };
    let facts = SizeFacts { name: "S".into(), family: "standardDSv2Family".into(), vcpus: Some(4), gpus: None };
    Terms {
        size: Ok(Some(SizeOffer { facts, for_instances: Some(true) })),
        quota: Ok(vec![line("standardDSv2Family", "vmFamily")]),
        rate: Err("none".to_owned()),
    }
}

fn place(subscription: &str, region: &str) -> WorkspaceFacts {
    let id = WorkspaceId::new(subscription, "g", "w").unwrap();
    WorkspaceFacts { id, region: Region::new(region), tags: Tags::default() }
}

#[test]
fn a_quota_is_one_of_a_subscription_in_a_region_and_only_what_is_to_be_made_takes_of_it() {
    let (here, mut taken) = (place("s", "westeurope"), Taken::new());
    assert!(quota(&terms(6), &here, &taken).starts_with("4 of 6 that are left"));
    // it was only told of: a hindrance keeps it from being made
    assert!(quota(&terms(6), &here, &taken).starts_with("4 of 6 that are left"));
    take(&terms(6), &here, &mut taken);
    let next = quota(&terms(6), &here, &taken);
    assert!(next.starts_with("NOT ENOUGH, Azure will refuse it: 4 of 2 that are left"), "{next}");
    for other in [place("s", "northeurope"), place("t", "westeurope")] {
        assert!(quota(&terms(6), &other, &taken).starts_with("4 of 6 that are left"), "{other:?}");
    }
    let same = quota(&terms(6), &place("S", "westeurope"), &taken);
    assert!(same.starts_with("NOT ENOUGH"), "ids are the same in any case: {same}");
}
