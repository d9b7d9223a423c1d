//! The Kubernetes manifests: each overlay as kustomize renders it, judged by the schemas of Kubernetes and by what it promises.
//!
//! What was rendered is kept in `deploy/rendered`, with a digest of what it was rendered from: where there is no kubectl the kept
//! objects are judged, and a manifest that was changed since is a failure.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::tools::tool;
use super::yaml::documents;
use super::{read, root, run};

/// The overlays.
pub(crate) const OVERLAYS: [&str; 4] = ["observe", "enforce", "replicas", "prometheus-operator"];
/// Kinds that Kubernetes itself does not know.
const CUSTOM: [&str; 2] = ["ServiceMonitor", "PrometheusRule"];

fn kept(overlay: &str) -> String {
    format!("tests/deploy/rendered/{overlay}.json")
}

/// Every file that something is rendered from, and what is in it.
fn sources() -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut files, mut folders) = (BTreeMap::new(), vec![root("deploy/k8s")]);
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_none_or(|kind| kind != "md") {
                let text = std::fs::read(&path).expect("a file");
                files.insert(path.strip_prefix(root("")).expect("below").to_owned(), text);
            }
        }
    }
    files
}

fn digest() -> String {
    let mut digest = Sha256::new();
    for (path, text) in sources() {
        digest.update(format!("{} {}\n", path.display(), text.len()));
        digest.update(text);
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The objects of an overlay, as they were rendered from the manifests that stand there now.
pub(crate) fn objects(overlay: &str) -> Vec<Value> {
    let kept: Value = serde_json::from_str(&read(&kept(overlay))).expect("JSON");
    assert_eq!(
        kept["rendered_from"],
        digest(),
        "deploy/k8s was changed: LIGHTSOUT_BLESS=1 renders it anew, with kubectl"
    );
    kept["objects"].as_array().expect("objects").clone()
}

#[expect(clippy::disallowed_methods, reason = "LIGHTSOUT_BLESS=1 writes the files anew, and kubectl is found by PATH")]
fn variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name)
}

#[test]
fn what_is_kept_is_what_kustomize_renders() {
    let path = variable("PATH").unwrap_or_default();
    if !std::env::split_paths(&path).any(|folder| folder.join("kubectl").is_file()) {
        eprintln!(
            "NOT CHECKED: that deploy/k8s renders: kubectl is not installed. What was rendered from it before is judged."
        );
        return;
    }
    for overlay in OVERLAYS {
        let mut kubectl = tool("kubectl").expect("found above");
        let (fine, out, err) = run(kubectl.arg("kustomize").arg(root("deploy/k8s/overlays").join(overlay)));
        assert!(fine && err.is_empty(), "{overlay}: {err}");
        let Some(rendered) = documents(&out) else { return };
        let made = json!({ "rendered_from": digest(), "objects": rendered });
        let made = format!("{}\n", serde_json::to_string_pretty(&made).expect("JSON"));
        if variable("LIGHTSOUT_BLESS").is_some_and(|value| value == "1") {
            std::fs::write(root(&kept(overlay)), &made).expect("a file");
        }
        assert_eq!(read(&kept(overlay)), made, "{overlay}: LIGHTSOUT_BLESS=1 renders it anew");
    }
}

#[test]
fn kubernetes_knows_every_object_and_key() {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let judged = |name: &str, objects: &[Value]| {
        let texts: Vec<String> = objects.iter().map(Value::to_string).collect();
        let path = scratch.path().join(name);
        std::fs::write(&path, texts.join("\n---\n")).expect("a file");
        tool("kubernetes-validate").map(|mut validate| run(validate.arg("--strict").arg(path)))
    };
    for overlay in OVERLAYS {
        let mut objects = objects(overlay);
        objects.retain(|object| !CUSTOM.iter().any(|kind| object["kind"] == *kind));
        assert_eq!(objects.len(), 8, "{overlay}");
        let Some((fine, out, err)) = judged("good.yaml", &objects) else { return };
        assert!(fine, "{overlay}: {out}{err}");
        let set = objects.iter_mut().find(|object| object["kind"] == "StatefulSet").expect("the set");
        set["spec"]["replica"] = json!(1);
        assert!(judged("bad.yaml", &objects).is_some_and(|(fine, ..)| !fine), "a misspelt key went unseen");
    }
}

fn of<'a>(objects: &'a [Value], kind: &str) -> &'a Value {
    objects.iter().find(|object| object["kind"] == kind).unwrap_or_else(|| panic!("no {kind}"))
}

/// Whether its journal is one that several processes share.
fn is_shared(objects: &[Value]) -> bool {
    let maps = objects.iter().filter_map(|object| object["data"]["lightsout.toml"].as_str());
    maps.into_iter().any(|settings| settings.lines().any(|line| line.starts_with("url = \"postgres://")))
}

/// What the standard "restricted" of Pod Security refuses, and what is asked for beyond it.
fn faults(set: &Value, processes: u8) -> Vec<String> {
    let pod = &set["spec"]["template"]["spec"];
    let mut found: Vec<String> = Vec::new();
    let mut must = |is: bool, what: &str| found.extend((!is).then(|| what.to_owned()));
    for host in ["hostNetwork", "hostPID", "hostIPC"] {
        must(pod.get(host).is_none_or(|value| value == false), host);
    }
    let allowed =
        ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"];
    for volume in pod["volumes"].as_array().into_iter().flatten() {
        let mut kinds = volume.as_object().expect("a volume").keys().filter(|key| *key != "name");
        must(kinds.all(|kind| allowed.contains(&kind.as_str())), "a kind of volume");
    }
    let own = &pod["securityContext"];
    must(own["runAsNonRoot"] == true && own["runAsUser"].as_u64().is_some_and(|user| user != 0), "root");
    must(own["seccompProfile"]["type"] == "RuntimeDefault", "seccomp");
    must(own.get("sysctls").is_none(), "sysctls");
    must(pod["automountServiceAccountToken"] == false, "a token of Kubernetes");
    must(pod["enableServiceLinks"] == false, "variables that look like settings");
    must(pod["terminationGracePeriodSeconds"].as_u64().is_some_and(|seconds| seconds > 10), "no time to drain");
    for container in pod["containers"].as_array().into_iter().chain(pod["initContainers"].as_array()).flatten() {
        let own = &container["securityContext"];
        must(own["allowPrivilegeEscalation"] == false && own["privileged"] != true, "privileges");
        must(own["capabilities"] == json!({ "drop": ["ALL"] }), "capabilities");
        must(own["readOnlyRootFilesystem"] == true, "a root that can be written");
        must(own.get("procMount").is_none() && own.get("runAsUser").is_none_or(|user| user != 0), "proc or root");
        must(
            container["ports"].as_array().into_iter().flatten().all(|port| port.get("hostPort").is_none()),
            "hostPort",
        );
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
            must(container[probe]["httpGet"]["port"] == "metrics", probe);
        }
        must(container["readinessProbe"]["httpGet"]["path"] == "/readyz", "what is ready");
        must(container["livenessProbe"]["httpGet"]["path"] == "/healthz", "what is alive");
        let resources = &container["resources"];
        must(resources["limits"]["memory"].is_string() && resources["requests"]["cpu"].is_string(), "resources");
        let image = container["image"].as_str().unwrap_or_default();
        must(image.rsplit_once(':').is_some_and(|(_, tag)| tag != "latest"), "an image that is not pinned");
    }
    must(set["spec"]["replicas"] == processes, "another number of processes than the journal admits");
    must((set["spec"]["podManagementPolicy"] == "Parallel") == (processes > 1), "a replica that waits for another");
    let claim = &set["spec"]["volumeClaimTemplates"][0]["spec"];
    must(claim["accessModes"] == json!(["ReadWriteOncePod"]), "a journal that others may write");
    found
}

#[test]
fn the_pod_is_restricted() {
    for overlay in OVERLAYS {
        let objects = objects(overlay);
        let set = of(&objects, "StatefulSet");
        assert_eq!(is_shared(&objects), overlay == "replicas");
        let processes = if is_shared(&objects) { 3 } else { 1 };
        assert_eq!(faults(set, processes), Vec::<String>::new(), "{overlay}");
        assert_eq!(of(&objects, "Namespace")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted");
        for (pointer, value) in [
            ("/spec/template/spec/hostNetwork", json!(true)),
            ("/spec/template/spec/enableServiceLinks", json!(true)),
            ("/spec/template/spec/securityContext/runAsUser", json!(0)),
            ("/spec/template/spec/containers/0/securityContext/readOnlyRootFilesystem", json!(false)),
            (
                "/spec/template/spec/containers/0/securityContext/capabilities",
                json!({ "drop": ["ALL"], "add": ["SYS_ADMIN"] }),
            ),
            ("/spec/template/spec/containers/0/image", json!("lightsout:latest")),
            ("/spec/template/spec/volumes/0", json!({ "name": "x", "hostPath": { "path": "/" } })),
            ("/spec/replicas", json!(2)),
        ] {
            let mut wrong = set.clone();
            let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
            let parent = wrong.pointer_mut(parent).expect("a parent");
            match key.parse::<usize>() {
                Ok(place) => parent[place] = value,
                Err(_) => parent[key] = value,
            }
            assert_eq!(faults(&wrong, processes).len(), 1, "{pointer} went unseen");
        }
    }
}

#[test]
fn what_points_at_the_pod_finds_it() {
    for overlay in OVERLAYS {
        let objects = objects(overlay);
        let template = &of(&objects, "StatefulSet")["spec"]["template"];
        let labels = template["metadata"]["labels"].as_object().expect("labels");
        let fits = |selector: &Value| {
            let wanted = selector.as_object().expect("a selector");
            assert!(!wanted.is_empty(), "G2: an empty selector means all");
            wanted.iter().all(|(name, value)| labels.get(name) == Some(value))
        };
        assert!(fits(&of(&objects, "StatefulSet")["spec"]["selector"]["matchLabels"]));
        assert!(fits(&of(&objects, "Service")["spec"]["selector"]));
        assert!(fits(&of(&objects, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"]));
        assert!(fits(&of(&objects, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"]));
        let pod = &template["spec"];
        assert_eq!(pod["serviceAccountName"], of(&objects, "ServiceAccount")["metadata"]["name"]);
        assert_eq!(labels.get("azure.workload.identity/use"), Some(&json!("true")), "{overlay}");
        assert!(
            of(&objects, "ServiceAccount")["metadata"]["annotations"]["azure.workload.identity/client-id"].is_string()
        );
        let ports = pod["containers"][0]["ports"].as_array().expect("ports");
        let named: Vec<&str> = ports.iter().filter_map(|port| port["name"].as_str()).collect();
        assert_eq!(named, ["metrics"], "the page and agents are not served to others here");
        assert_eq!(of(&objects, "Service")["spec"]["ports"][0]["targetPort"], "metrics");
        // nobody comes in but who scrapes, and nothing goes out but names and TLS
        let policy = &of(&objects, "NetworkPolicy")["spec"];
        assert_eq!(policy["policyTypes"], json!(["Ingress", "Egress"]));
        let open = |side: &str| -> Vec<Value> {
            let rules = policy[side].as_array().expect("rules");
            rules
                .iter()
                .flat_map(|rule| rule["ports"].as_array().expect("ports"))
                .map(|port| port["port"].clone())
                .collect()
        };
        let mut out = vec![json!(53), json!(53), json!(443)];
        out.extend(is_shared(&objects).then(|| json!(5432)));
        assert_eq!((open("ingress"), open("egress")), (vec![json!("metrics")], out));
        assert!(policy["ingress"][0]["from"].as_array().is_some_and(|from| from.len() == 1), "from anywhere");
    }
}

#[test]
fn what_is_for_the_operator_is_what_stands_in_dashboards() {
    let objects = objects("prometheus-operator");
    let mut expected = Vec::new();
    for name in ["dashboards/rules.yaml", "dashboards/alerts.yaml"] {
        let Some(rules) = super::yaml::file(name) else { return };
        expected.extend(rules["groups"].as_array().expect("groups").clone());
    }
    assert_eq!(of(&objects, "PrometheusRule")["spec"]["groups"], Value::from(expected));
    assert_eq!(of(&objects, "PrometheusRule")["apiVersion"], "monitoring.coreos.com/v1");
    let monitor = of(&objects, "ServiceMonitor");
    let wanted = monitor["spec"]["selector"]["matchLabels"].as_object().expect("labels");
    let labels = &of(&objects, "Service")["metadata"]["labels"];
    assert!(!wanted.is_empty() && wanted.iter().all(|(name, value)| labels[name] == *value), "{labels}");
    assert_eq!(monitor["spec"]["endpoints"][0]["port"], of(&objects, "Service")["spec"]["ports"][0]["name"]);
    assert_eq!(
        monitor["spec"]["namespaceSelector"]["matchNames"],
        json!([of(&objects, "Service")["metadata"]["namespace"]])
    );
    // boards and alerts look for a job whose name holds `lightsout`; it is the service's
    assert!(of(&objects, "Service")["metadata"]["name"].as_str().is_some_and(|name| name.contains("lightsout")));
}
