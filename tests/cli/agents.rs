//! `agent token` and `agent revoke`: what is given out beside the service, and what is refused.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use std::os::unix::fs::PermissionsExt as _;

use crate::estate::Estate;
use crate::program::Place;

const ID: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/ci-new";

fn place(estate: &Estate) -> Place {
    let place = Place::new(
        &estate.sandbox.base_url(),
        estate.workspaces(),
        "[agents]\nenabled = true\nlisten = \"127.0.0.1:0\"\nsecret_file = \"agents.secret\"\n",
    );
    place.write("agents.secret", &"s".repeat(44));
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(place.path("agents.secret"), mode).unwrap();
    place.write("policies/p.toml", "name = \"p\"\nscope.workspaces = [\"*\"]\nidle.after = \"2h\"\n");
    place
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_known_instance_gets_a_token_that_its_owner_alone_reads() {
    let estate = Estate::start(1, 3, |_| {}).await;
    let place = place(&estate);
    let folder = place.path("tokens");
    let said = place.run(&["agent", "token", "--all", "--dir", folder.to_str().unwrap()]);
    assert_eq!((said.code, said.out.lines().count()), (0, 3), "{}{}", said.out, said.err);
    let mut seen = Vec::new();
    for path in said.out.lines() {
        let about = std::fs::metadata(path).unwrap();
        assert_eq!(about.permissions().mode() & 0o777, 0o600, "{path}");
        seen.push(std::fs::read_to_string(path).unwrap());
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 3, "each has its own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_not_known_yet_is_named_by_its_id_and_revoked_by_it() {
    let estate = Estate::start(1, 1, |_| {}).await;
    let place = place(&estate);
    let minted = || place.run(&["agent", "token", ID]);
    let first = minted();
    assert!(first.code == 0 && first.out.starts_with("lo1."), "{}{}", first.out, first.err);
    assert_ne!(place.run(&["agent", "token", "ci-nobody"]).code, 0, "no such instance");
    assert_ne!(place.run(&["agent", "token"]).code, 0, "none is named");
    std::fs::create_dir_all(place.path("store")).unwrap();
    let revoked = place.run(&["agent", "revoke", ID]);
    assert_eq!(revoked.code, 0, "{}{}", revoked.out, revoked.err);
    let kept = std::fs::read_to_string(place.path("store/agents.revoked")).unwrap();
    assert!(kept.contains(ID) && kept.contains("ada"), "{kept}");
    // minted in the same second, and not dead from the beginning
    assert_ne!(minted().out, first.out);
}
