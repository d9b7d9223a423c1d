//! The compose file and what it mounts: judged by the schema of compose, promtool and amtool, and by what it promises.

use std::collections::BTreeSet;

use serde_json::Value;

use super::tools::tool;
use super::yaml::{file, texts};
use super::{read, root, run};

const FOLDER: &str = "deploy/compose";

fn compose() -> Option<Value> {
    file("deploy/compose/compose.yaml")
}

#[test]
fn the_schema_of_compose_takes_the_file() {
    let Some(mut schema) = tool("check-jsonschema") else { return };
    let path = root("deploy/compose/compose.yaml");
    let (fine, out, err) = run(schema.args(["--builtin-schema", "vendor.compose-spec"]).arg(&path));
    assert!(fine, "{out}{err}");
    let Some(mut schema) = tool("check-jsonschema") else { return };
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let bad = scratch.path().join("compose.yaml");
    std::fs::write(&bad, read("deploy/compose/compose.yaml").replace("mem_limit: 512m", "mem_limits: 512m"))
        .expect("a file");
    let (fine, ..) = run(schema.args(["--builtin-schema", "vendor.compose-spec"]).arg(&bad));
    assert!(!fine, "a misspelt key went unseen");
}

/// What is not as hardened as it should be.
fn faults(compose: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (name, service) in compose["services"].as_object().expect("services") {
        let mut must = |is: bool, what: &str| found.extend((!is).then(|| format!("{name}: {what}")));
        must(service["read_only"] == true, "its root can be written");
        must(texts(&service["cap_drop"]) == ["ALL"], "it has capabilities");
        must(service.get("cap_add").is_none() && service.get("privileged").is_none(), "it is given rights");
        must(texts(&service["security_opt"]).contains(&"no-new-privileges:true".to_owned()), "it may gain rights");
        must(service["mem_limit"].is_string() && service["pids_limit"].is_u64(), "it has no limits");
        must(service["healthcheck"]["test"].is_array(), "nobody asks whether it is well");
        let user = service["user"].as_str().unwrap_or("0");
        must(!user.starts_with('0') && !user.starts_with("root"), "it is root");
        let image = service["image"].as_str().unwrap_or_default();
        let tag = image.rsplit_once(':').map(|(_, tag)| tag.trim_start_matches('v')).unwrap_or_default();
        must(
            tag.split('.').count() == 3 && tag.split('.').all(|part| part.parse::<u32>().is_ok()),
            "its image is not pinned",
        );
        let ports = service.get("ports").map(texts).unwrap_or_default();
        must(ports.iter().all(|port| port.starts_with("127.0.0.1:")), "a port is open to others");
        must(
            service
                .get("network_mode")
                .is_none_or(|mode| mode.as_str().is_some_and(|mode| mode.starts_with("service:"))),
            "it is in the host's network",
        );
    }
    found
}

#[test]
fn every_service_is_hardened() {
    let Some(compose) = compose() else { return };
    assert_eq!(faults(&compose), Vec::<String>::new());
    assert_eq!(compose["services"].as_object().map(serde_json::Map::len), Some(4));
    for (pointer, value) in [
        ("/services/grafana/read_only", Value::Bool(false)),
        ("/services/prometheus/image", Value::from("prom/prometheus:latest")),
        ("/services/grafana/ports/0", Value::from("3000:3000")),
        ("/services/lightsout/user", Value::from("0:0")),
        ("/services/lightsout/network_mode", Value::from("host")),
        ("/services/alertmanager/mem_limit", Value::Null),
    ] {
        let mut wrong = compose.clone();
        *wrong.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
        assert_eq!(faults(&wrong).len(), 1, "{pointer}");
    }
}

#[test]
fn everything_it_names_is_there() {
    let Some(compose) = compose() else { return };
    let keys = |name: &str| compose[name].as_object().expect("a table").keys().cloned().collect::<BTreeSet<_>>();
    let (mut volumes, mut networks) = (BTreeSet::new(), BTreeSet::new());
    for (name, service) in compose["services"].as_object().expect("services") {
        for mount in texts(&service["volumes"]) {
            let source = mount.split(':').next().unwrap_or_default().to_owned();
            if source.starts_with('.') {
                assert!(root(FOLDER).join(&source).exists(), "{name}: {source}");
                assert!(mount.ends_with(":ro"), "{name}: {mount} can be written");
            } else {
                volumes.insert(source);
            }
        }
        networks.extend(match &service["networks"] {
            Value::Array(_) => texts(&service["networks"]),
            Value::Object(named) => named.keys().cloned().collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
        });
        for other in service["depends_on"].as_object().into_iter().flat_map(serde_json::Map::keys) {
            assert!(compose["services"].get(other).is_some(), "{name} depends on {other}");
        }
    }
    assert_eq!((volumes, networks), (keys("volumes"), keys("networks")));
    assert_eq!(compose["networks"]["watch"]["internal"], true);
    // Lightsout listens where Alertmanager's names lead, and its own name leads there, too
    assert_eq!(compose["services"]["lightsout"]["network_mode"], "service:alertmanager");
    assert_eq!(texts(&compose["services"]["alertmanager"]["networks"]["watch"]["aliases"]), ["lightsout"]);
}

#[test]
fn prometheus_and_alertmanager_take_their_files() {
    let Some(mut promtool) = tool("promtool") else { return };
    let scratch = tempfile::tempdir().expect("a scratch folder");
    for (from, name) in [
        ("deploy/compose/prometheus.yml", "prometheus.yml"),
        ("dashboards/rules.yaml", "rules.yaml"),
        ("dashboards/alerts.yaml", "alerts.yaml"),
    ] {
        std::fs::copy(root(from), scratch.path().join(name)).expect("a file");
    }
    let (fine, out, err) = run(promtool.args(["check", "config"]).arg(scratch.path().join("prometheus.yml")));
    assert!(fine && out.contains("2 rule files found"), "{out}{err}");
    let Some(mut amtool) = tool("amtool") else { return };
    let (fine, out, err) = run(amtool.arg("check-config").arg(root("deploy/compose/alertmanager.yml")));
    assert!(fine, "{out}{err}");
    let receiver_of = |labels: &[&str]| {
        let mut route = tool("amtool").expect("amtool");
        let file = format!("--config.file={}", root("deploy/compose/alertmanager.yml").display());
        let (fine, out, err) = run(route.args(["config", "routes", "test", &file]).args(labels));
        assert!(fine, "{out}{err}");
        out.trim().to_owned()
    };
    assert_eq!(receiver_of(&["alertname=LightsoutNotSweeping", "severity=critical"]), "operators");
    assert_eq!(receiver_of(&["alertname=LightsoutOverdue", "severity=warning"]), "operators");
    assert_eq!(receiver_of(&["alertname=LightsoutWarning", "severity=warning", "kind=warning"]), "owners");
}

#[test]
fn grafana_is_given_a_source_and_the_boards() {
    // No Grafana is at hand: its files are judged by their structure alone.
    let Some(source) = file("deploy/compose/grafana/datasources/lightsout.yaml") else { return };
    let Some(compose) = compose() else { return };
    assert_eq!(
        (&source["apiVersion"], &source["datasources"][0]["type"]),
        (&Value::from(1), &Value::from("prometheus"))
    );
    let url = source["datasources"][0]["url"].as_str().expect("a url");
    let host = url.trim_start_matches("http://").split(':').next().expect("a host");
    assert!(compose["services"].get(host).is_some(), "{url} leads to no service");
    assert!(
        texts(&compose["services"][host]["networks"])
            .iter()
            .any(|net| texts(&compose["services"]["grafana"]["networks"]).contains(net))
    );
    let provider = file("dashboards/provisioning/grafana/dashboards/lightsout.yaml").expect("read before");
    let path = provider["providers"][0]["options"]["path"].as_str().expect("a path");
    let mounts = texts(&compose["services"]["grafana"]["volumes"]);
    for board in ["fleet.json", "cost.json", "operations.json"] {
        let mount = format!("../../dashboards/{board}:{path}/{board}:ro");
        assert!(mounts.contains(&mount), "{mount} in {mounts:#?}");
    }
    let secret = compose["secrets"]["grafana-admin"]["file"].as_str().expect("a file");
    let ignored = read("deploy/compose/.gitignore");
    assert!(secret.starts_with("./secrets/") && ignored.lines().any(|line| line == "secrets/"), "{secret}");
}
