//! Lists and pages, and whose an instance is.
#![expect(clippy::indexing_slicing, reason = "a test that misses what it reads fails; a story is told in one piece")]

use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lightsout::sandbox::{Owner, State};

use crate::azure::{Scene, json};

fn count(scene: &Scene, words: &[&str]) -> usize {
    let told = json(&scene.well(&[&["list", "--json"], words].concat()));
    told["instances"].as_array().map_or(0, Vec::len)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_are_filtered_by_everything_that_is_shown() {
    let scene = Scene::with(2, 2, |options| {
        let all = options.world.workspaces.iter_mut().flat_map(|place| &mut place.instances);
        all.for_each(|one| one.vm_size = "Standard_DS3_v2".to_owned());
        let one = &mut options.world.workspaces[0].instances[0];
        one.state = State::Stopped;
        one.vm_size = "Standard_NC6s_v3".to_owned();
        one.owner = Some(Owner {
            user_name: Some("ada@example.org".to_owned()),
            object_id: "0a0a0a0a-0000-4000-8000-00000000ada0".to_owned(),
            assigned_to: None,
        });
    })
    .await;
    assert_eq!(count(&scene, &[]), 4);
    for (words, fit) in [
        (["--state", "stopped"], 1),
        (["--state", "Running"], 3),
        (["--size", "standard_nc*"], 1),
        (["--owner", "ADA@example.org"], 1),
        (["--workspace", "ws-00001"], 2),
        (["--policy", "office"], 4),
        (["--policy", "other"], 0),
    ] {
        assert_eq!(count(&scene, &words), fit, "{words:?}");
    }
    let text = scene.well(&["list"]);
    for words in ["ws-00000/ci-00000-00000", "Stopped", "ada@example.org", "office"] {
        assert!(text.out.contains(words), "{words} in\n{}", text.out);
    }
    let none = scene.well(&["list", "--owner", "nobody"]);
    assert!(none.out.contains("no instance fits"), "{}", none.out);
}

/// The one who is logged in to az, pretended: a token whose claims name her.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mine_are_those_of_whoever_is_logged_in_to_az() {
    let mut scene = Scene::with(1, 3, |options| {
        let owner = |name: &str, id: &str, assigned: Option<&str>| Owner {
            user_name: Some(name.to_owned()),
            object_id: id.to_owned(),
            assigned_to: assigned.map(str::to_owned),
        };
        let all = &mut options.world.workspaces[0].instances;
        all[0].owner = Some(owner("ada@example.org", "id-ada", None));
        all[1].owner = Some(owner("ada@example.org", "id-ada", Some("id-bob")));
        all[2].owner = Some(owner("admin@example.org", "id-admin", Some("id-ada")));
    })
    .await;
    let claims = URL_SAFE_NO_PAD.encode(r#"{"oid":"id-ada","upn":"ada@example.org"}"#);
    let answer = format!(
        r#"{{"accessToken":"x.{claims}.y","expiresOn":"2099-01-01 00:00:00.000000","expires_on":4070908800,"tokenType":"Bearer"}}"#
    );
    let bin = scene.place.path("bin");
    std::fs::create_dir(&bin).unwrap();
    std::fs::write(bin.join("az"), format!("#!/bin/sh\ncat <<'E'\n{answer}\nE\n")).unwrap();
    std::fs::set_permissions(bin.join("az"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", bin.display());
    scene.place = scene.place.with("PATH", &path);
    let told = json(&scene.well(&["list", "--mine", "--json"]));
    let names: Vec<_> = told["instances"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["ci-00000-00000", "ci-00000-00002"], "who it was made for has it: {told:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_has_what_azure_tells() {
    let scene = Scene::new(1, 1).await;
    let page = scene.well(&["show", "ci-00000-00000"]);
    for words in [
        "ws-00000/ci-00000-00000: Running",
        "owner",
        "size",
        "USD/h",
        "last operation",
        "SSH",
        "Applications",
        "identity",
        "Azure does not say its size; 19.71 USD a month also while it is off",
    ] {
        assert!(page.out.contains(words), "{words} in\n{}", page.out);
    }
    assert!(!page.out.contains('\u{1b}'), "no colours in a pipe");
    let by_id = json(&scene.well(&["show", "ws-00000/ci-00000-00000", "--json"]))["id"].as_str().unwrap().to_owned();
    assert!(scene.well(&["show", &by_id]).out.contains("Running"));
    assert_eq!(scene.run(&["show", "ws-00000/ci-nobody"]).code, 1);
}
