//! `--dry-run` prints the exact request, and nothing leaves.

use lightsout::sandbox::State;

use crate::azure::{Scene, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_request_is_shown_and_none_is_sent() {
    let scene = Scene::with(1, 2, |options| options.world.workspaces[0].instances[1].state = State::Stopped).await;
    let (on, off) = ("ci-00000-00000", "ci-00000-00001");
    for (words, method, ending) in [
        (vec!["start", off, "--dry-run"], "POST", "/computes/ci-00000-00001/start?api-version=2025-12-01"),
        (vec!["stop", on, "--dry-run"], "POST", "/computes/ci-00000-00000/stop?api-version=2025-12-01"),
        (vec!["restart", on, "--dry-run"], "POST", "/computes/ci-00000-00000/restart?api-version=2025-12-01"),
        (
            vec!["delete", on, "--dry-run"],
            "DELETE",
            "/computes/ci-00000-00000?api-version=2025-12-01&underlyingResourceAction=Delete",
        ),
    ] {
        let said = scene.well(&words);
        let line = said.out.lines().find(|line| line.starts_with(method)).unwrap_or_default().to_owned();
        assert!(line.ends_with(ending), "{words:?}: {}", said.out);
    }
    let key = "ssh-ed25519 AAAAC3Nza ada@laptop";
    scene.place.write("id.pub", &format!("{key}\n"));
    scene.place.write("id", "-----BEGIN OPENSSH PRIVATE KEY-----\n");
    let new = ["create", "ci-new", "-w", "ws-00000", "-s", "Standard_DS3_v2", "--dry-run", "--ssh", "on", "--ssh-key"];
    let said =
        scene.well(&[&new[..], &["id.pub", "--schedule", "stop Mon-Fri 19:00 Europe/Madrid", "--json"]].concat());
    let request = &json(&said)["operations"][0]["request"];
    assert_eq!(request["method"], "PUT");
    assert!(request["headers"].to_string().contains("If-None-Match"), "{request:#}");
    let inner = &request["body"]["properties"]["properties"];
    assert_eq!(inner["sshSettings"]["adminPublicKey"], key);
    let schedule = &inner["schedules"]["computeStartStop"][0];
    assert_eq!(
        (&schedule["action"], &schedule["recurrence"]["timeZone"]),
        (&"Stop".into(), &"Romance Standard Time".into())
    );
    let private = scene.run(&[&new[..], &["id"]].concat());
    assert!(private.code == 2 && private.err.contains("private key, which never leaves"), "{}", private.err);
    assert!(!format!("{}{}", said.out, said.err).to_lowercase().contains("bearer"), "no token is shown");
    assert_eq!(scene.writes("PUT") + scene.writes("POST") + scene.writes("DELETE"), 0);
    assert!(!scene.place.path("store/lightsout.db").exists() || scene.operations().await.is_empty());
}
