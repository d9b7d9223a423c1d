//! The whole life of an instance by hand, without and with a running service.
#![expect(
    clippy::indexing_slicing,
    clippy::cognitive_complexity,
    reason = "a test that misses what it reads fails; a story is told in one piece"
)]

use crate::azure::{Scene, json};

const NEW: [&str; 6] = ["create", "ci-new", "--workspace", "ws-00000", "--size", "Standard_DS3_v2"];

async fn whole_life(scene: &Scene) {
    let made = scene.answered(&[&NEW[..], &["--idle-shutdown", "60m", "--tag", "team=vision"]].concat(), "y\n");
    assert_eq!(made.code, 0, "{}{}", made.out, made.err);
    assert!(made.out.contains("ws-00000/ci-new: created after"), "{}", made.out);
    for words in [
        "size      Standard_DS3_v2: 4 vCPUs",
        "free in its region",
        "USD/h, ",
        "a month day and night",
        "left",
        "office",
    ] {
        assert!(made.err.contains(words), "{words} in\n{}", made.err);
    }
    assert!(made.err.contains("Creating after"), "progress, a line for each state: {}", made.err);
    let shown = json(&scene.well(&["show", "ci-new", "--json"]));
    assert_eq!(shown["facts"]["state"], "running", "{shown:#}");
    assert_eq!(shown["facts"]["native"]["idle_shutdown"], "1h", "{shown:#}");
    assert!(shown["facts"]["tags"].to_string().contains("vision"), "{shown:#}");
    let stopped = scene.well(&["stop", "ci-new", "--reason", "done"]);
    assert!(stopped.out.contains("stopped after"), "{}", stopped.out);
    assert_eq!(scene.state("ci-new"), "stopped");
    let started = scene.well(&["start", "ci-new"]);
    assert!(started.out.contains("started after"), "{}", started.out);
    assert!(started.err.contains("4 vCPUs of quota are its own") && started.err.contains("USD/h"), "{}", started.err);
    let restarted = scene.well(&["restart", "ci-new"]);
    assert!(restarted.out.contains("restarted after"), "{}", restarted.out);
    let unasked = scene.answered(&["delete", "ci-new"], "ci-other\n");
    assert_eq!((unasked.code, scene.writes("DELETE")), (4, 0), "{}{}", unasked.out, unasked.err);
    let deleted = scene.answered(&["delete", "ci-new"], "ci-new\n");
    assert_eq!(deleted.code, 0, "{}{}", deleted.out, deleted.err);
    for words in [
        "OS disk with everything on it",
        "file share",
        "4 vCPUs of quota",
        "a month that it costs even while it is off",
    ] {
        assert!(deleted.err.contains(words), "{words} in\n{}", deleted.err);
    }
    let gone = scene.run(&["show", "ws-00000/ci-new"]);
    assert_eq!(gone.code, 1, "{}{}", gone.out, gone.err);
    assert_eq!((scene.writes("PUT"), scene.writes("DELETE")), (1, 1));
}

fn lived() -> Vec<(String, String, Option<String>)> {
    let verbs = ["create", "start", "restart", "delete"];
    verbs.map(|verb| (verb.to_owned(), "ci-new".to_owned(), Some("Done".to_owned()))).to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_lives_and_ends_by_hand_without_a_service() {
    let scene = Scene::new(1, 1).await;
    whole_life(&scene).await;
    assert_eq!(scene.operations().await, lived(), "I2: each was written down, and its end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_lives_and_ends_by_hand_beside_the_service() {
    let scene = Scene::new(1, 1).await;
    let service = scene.service().await;
    whole_life(&scene).await;
    drop(service);
    assert_eq!(scene.operations().await, lived(), "the service kept the journal");
}

/// The month by a policy's hours is that of the terms which hold for the instance, and none where nothing stops it by them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_month_by_hours_is_told_where_those_hours_hold() {
    let scene = Scene::new(1, 1).await;
    let policy = |mode: &str| {
        format!(
            "name = \"office\"\nmode = \"{mode}\"\nscope.workspaces = [\"*\"]\nwarning.proof = \"recorded\"\n\
             hours = {{ zone = \"UTC\", allowed = [\"Mon-Fri 08:00-18:00\"] }}\nexempt.names = [\"ci-free*\"]\n\n\
             [[override]]\nname = \"short\"\nmatch.names = [\"ci-short*\"]\n\
             hours = {{ zone = \"UTC\", allowed = [\"Mon-Fri 08:00-13:00\"] }}\n"
        )
    };
    scene.place.write("policies/office.toml", &policy("enforce"));
    let told = |name: &str| {
        let said = scene.well(&["create", name, "-w", "ws-00000", "-s", "Standard_DS3_v2", "--dry-run"]);
        said.err.lines().find(|line| line.contains("a month day and night")).unwrap_or_default().to_owned()
    };
    for (name, hours) in [("ci-new", Some("217")), ("ci-short", Some("108")), ("ci-free", None)] {
        let line = told(name);
        let wanted = hours.map(|hours| format!("in the {hours} hours that its policy allows"));
        match wanted {
            Some(words) => assert!(line.contains(&words), "{name}: {line}"),
            None => assert!(!line.is_empty() && !line.contains("hours that its policy"), "{name}: {line}"),
        }
    }
    scene.place.write("policies/office.toml", &policy("observe"));
    let line = told("ci-new");
    assert!(!line.is_empty() && !line.contains("hours that its policy"), "it only observes: {line}");
}
