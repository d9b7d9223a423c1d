//! The Job that restores a journal in Kubernetes: judged as the pods are, and carried out by the binary.

use std::process::Command;

use serde_json::{Value, json};

use super::k8s::objects;
use super::tools::tool;
use super::yaml::documents;
use super::{read, root, run};

const FILE: &str = "deploy/k8s/restore.yaml";

/// The map and the Job.
fn parts() -> Option<(Value, Value)> {
    let all = documents(&read(FILE))?;
    let [map, job] = <[Value; 2]>::try_from(all).expect("a map and a job");
    assert_eq!((&map["kind"], &job["kind"]), (&json!("ConfigMap"), &json!("Job")));
    Some((map, job))
}

#[test]
fn kubernetes_knows_the_job_and_every_key_of_it() {
    let judged = |path: &std::path::Path| {
        tool("kubernetes-validate").map(|mut validate| run(validate.arg("--strict").arg(path)))
    };
    let Some((fine, out, err)) = judged(&root(FILE)) else { return };
    assert!(fine, "{out}{err}");
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let wrong = scratch.path().join("wrong.yaml");
    std::fs::write(&wrong, read(FILE).replace("backoffLimit", "backOffLimit")).expect("a file");
    assert!(judged(&wrong).is_some_and(|(fine, ..)| !fine), "a misspelt key went unseen");
}

#[test]
fn the_job_takes_the_place_of_the_pod_and_may_do_no_more() {
    let Some((map, job)) = parts() else { return };
    let objects = objects("observe");
    let set = objects.iter().find(|object| object["kind"] == "StatefulSet").expect("the set");
    let (pod, usual) = (&job["spec"]["template"]["spec"], &set["spec"]["template"]["spec"]);
    for key in ["securityContext", "automountServiceAccountToken", "enableServiceLinks"] {
        assert_eq!(pod[key], usual[key], "{key}");
    }
    let (one, other) = (&pod["containers"][0], &usual["containers"][0]);
    for key in ["image", "securityContext"] {
        assert_eq!(one[key], other[key], "{key}");
    }
    let (name, claim) = (&set["metadata"]["name"], &set["spec"]["volumeClaimTemplates"][0]["metadata"]["name"]);
    let claimed = format!("{}-{}-0", claim.as_str().expect("a name"), name.as_str().expect("a name"));
    assert_eq!(pod["volumes"][0]["persistentVolumeClaim"]["claimName"], claimed.as_str());
    assert_eq!(pod["volumes"][1]["configMap"]["name"], map["metadata"]["name"]);
    assert_eq!(one["volumeMounts"][0], other["volumeMounts"][0], "the journal is where it always is");
    for object in [&map, &job] {
        assert_eq!(object["metadata"]["namespace"], set["metadata"]["namespace"]);
    }
    // none of the labels by which the service and the network policy know the pod that serves
    assert_eq!(job["spec"]["template"].get("metadata"), None);
}

#[test]
fn what_the_job_asks_puts_a_copy_in_place_and_freezes() {
    let Some((map, job)) = parts() else { return };
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let (settings, store) = (scratch.path().join("lightsout.toml"), scratch.path().join("store"));
    std::fs::create_dir(&store).expect("a folder");
    let text = map["data"]["lightsout.toml"].as_str().expect("settings");
    let place = "/var/lib/lightsout";
    assert!(text.contains(place), "{text}");
    let there = |text: &str| text.replace(place, &store.display().to_string()).replace("COPY", "copy.db");
    std::fs::write(&settings, there(text)).expect("a file");
    let call = |arguments: &[String]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lightsout"));
        run(command.args(arguments).arg("--config").arg(&settings))
    };
    let words = |text: &str| -> Vec<String> { text.split(' ').map(there).collect() };
    let asked: Vec<String> = super::yaml::texts(&job["spec"]["template"]["spec"]["containers"][0]["args"]);
    let asked: Vec<String> = asked.iter().map(|word| there(word)).collect();
    let (fine, out, _) = call(&asked);
    assert!(!fine && !store.join("FREEZE").exists(), "there is no copy yet: {out}");
    // a journal, by the one command that makes one without Azure
    let (fine, out, err) = call(&words("hold --list"));
    assert!(fine || store.join("lightsout.db").exists(), "{out}{err}");
    let (fine, out, err) = call(&words("journal backup /var/lib/lightsout/COPY"));
    assert!(fine, "{out}{err}");
    let (fine, out, err) = call(&asked);
    assert!(fine && out.contains("restored:") && err.is_empty(), "{out}{err}");
    assert!(store.join("FREEZE").exists() && store.join("lightsout.db.before-restore-1").exists());
}
