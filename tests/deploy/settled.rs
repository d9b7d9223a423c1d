//! What compose, manifests, units and templates pass to the program: its own parser and its own loader judge it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use clap::Parser as _;
use lightsout::cli::args::Args;
use serde_json::Value;

use super::yaml::{documents, file, texts};
use super::{read, run};

/// Fails unless the program understands this command line.
pub(crate) fn understood(place: &str, words: &[String]) {
    let line = std::iter::once("lightsout".to_owned()).chain(words.iter().cloned());
    if let Err(error) = Args::try_parse_from(line) {
        panic!("{place}: lightsout {words:?}: {error}");
    }
}

/// What `lightsout check` finds in settings with these variables set; empty where all of it is real and right.
pub(crate) fn findings(settings: &Path, variables: &BTreeMap<String, String>) -> Vec<String> {
    let mut check = Command::new(env!("CARGO_BIN_EXE_lightsout"));
    check.args(["check", "--json", "--config"]).arg(settings).env_clear().envs(variables);
    let (_, out, err) = run(&mut check);
    let told: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}"));
    let found = told.get("diagnostics").and_then(Value::as_array).cloned().expect("diagnostics");
    assert!(told.get("policies").and_then(Value::as_array).is_some_and(|all| !all.is_empty()), "no policy: {told}");
    found.iter().map(Value::to_string).collect()
}

fn map(object: &Value) -> BTreeMap<String, String> {
    let pairs = object.as_object().expect("an object").iter();
    pairs.map(|(name, value)| (name.clone(), value.as_str().expect("text").to_owned())).collect()
}

/// The words of an `ENTRYPOINT` or `CMD`, and the variables that the image sets.
fn image() -> (Vec<String>, BTreeMap<String, String>) {
    let text = read("deploy/Dockerfile").replace("\\\n", " ");
    let last = text.rsplit_once("\nFROM scratch").expect("the image").1.to_owned();
    let words = |name: &str| -> Vec<String> {
        let line = last.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{name}"));
        serde_json::from_str(line.trim()).unwrap_or_else(|error| panic!("{name}{line}: {error}"))
    };
    let check = last.split("HEALTHCHECK").nth(1).and_then(|rest| rest.split("CMD ").nth(1)).expect("a health check");
    let check: Vec<String> = serde_json::from_str(check.lines().next().unwrap_or_default().trim()).expect("a list");
    assert_eq!(words("ENTRYPOINT "), ["/usr/local/bin/lightsout"]);
    assert_eq!(check.first().map(String::as_str), Some("/usr/local/bin/lightsout"));
    understood("HEALTHCHECK", &check[1..]);
    let set = last.lines().find_map(|line| line.strip_prefix("ENV ")).expect("ENV");
    let pairs = set.split_whitespace().filter_map(|pair| pair.split_once('='));
    (words("CMD "), pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

#[test]
fn the_image_is_started_as_the_program_understands() {
    let (words, variables) = image();
    understood("CMD", &words);
    assert_eq!(variables.get("LIGHTSOUT_CONFIG").map(String::as_str), Some("/etc/lightsout/lightsout.toml"));
}

#[test]
fn compose_passes_settings_that_there_are() {
    let Some(compose) = file("deploy/compose/compose.yaml") else { return };
    let service = &compose["services"]["lightsout"];
    understood("compose: command", &texts(&service["command"]));
    let check = texts(&service["healthcheck"]["test"]);
    assert_eq!(check[..2], ["CMD", "/usr/local/bin/lightsout"]);
    understood("compose: healthcheck", &check[2..]);
    let variables = map(&service["environment"]);
    let settings = super::root("deploy/compose/config/lightsout.toml");
    assert_eq!(findings(&settings, &variables), Vec::<String>::new());
    for (name, instead) in
        [("LIGHTSOUT_SERVER_LISTEN", "LIGHTSOUT_SERVER_LISTENS"), ("LIGHTSOUT_SERVER_ALLOW_REMOTE_METRICS", "X")]
    {
        let mut wrong = variables.clone();
        let value = wrong.remove(name).unwrap_or_else(|| panic!("{name} is not passed"));
        wrong.insert(instead.to_owned(), value);
        assert!(!findings(&settings, &wrong).is_empty(), "without {name} nothing is found");
    }
}

#[test]
fn the_unit_and_the_crontab_call_what_there_is() {
    let unit = read("deploy/lightsout.service");
    let start =
        unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/lightsout ")).expect("ExecStart");
    understood("ExecStart", &start.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    let cron = read("deploy/lightsout.cron");
    let calls = cron.lines().filter_map(|line| line.split("systemd-cat -t lightsout lightsout ").nth(1));
    let calls: Vec<Vec<String>> = calls.map(|line| line.split_whitespace().map(str::to_owned).collect()).collect();
    assert!(calls.len() >= 3, "{calls:?}");
    calls.iter().for_each(|words| understood("cron", words));
}

/// Lays files out as a map of Kubernetes is mounted: each a link into a folder that is itself behind a link.
pub(crate) fn mount(folder: &Path, files: &BTreeMap<String, String>) {
    std::fs::create_dir_all(folder.join("..2026")).expect("a folder");
    std::os::unix::fs::symlink("..2026", folder.join("..data")).expect("a link");
    for (name, text) in files {
        std::fs::write(folder.join("..2026").join(name), text).expect("a file");
        std::os::unix::fs::symlink(Path::new("..data").join(name), folder.join(name)).expect("a link");
    }
}

#[test]
fn each_overlay_passes_settings_that_there_are() {
    for overlay in super::k8s::OVERLAYS {
        let objects = super::k8s::objects(overlay);
        let of = |kind: &str, name: &str| {
            let found = objects.iter().filter(|one| one["kind"] == kind);
            let mut found =
                found.filter(|one| one["metadata"]["name"].as_str().is_some_and(|has| has.starts_with(name)));
            let one = found.next().unwrap_or_else(|| panic!("{overlay}: no {kind} {name}")).clone();
            assert!(found.next().is_none(), "{overlay}: two of {kind} {name}");
            one
        };
        let pod = of("StatefulSet", "lightsout")["spec"]["template"]["spec"].clone();
        let container = &pod["containers"][0];
        understood(overlay, &texts(&container["args"]));
        let set = container["env"].as_array().expect("variables").iter();
        let mut variables: BTreeMap<String, String> = set
            .map(|one| (one["name"].as_str().unwrap().to_owned(), one["value"].as_str().unwrap().to_owned()))
            .collect();
        // what the webhook of workload identity sets
        for (name, value) in
            [("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", "c"), ("AZURE_FEDERATED_TOKEN_FILE", "/var/run/token")]
        {
            variables.insert(name.to_owned(), value.to_owned());
        }
        let scratch = tempfile::tempdir().expect("a scratch folder");
        for name in ["lightsout-settings", "lightsout-policies"] {
            let object = of("ConfigMap", name);
            let full = object["metadata"]["name"].as_str().unwrap();
            let volumes = pod["volumes"].as_array().unwrap();
            let volume = volumes
                .iter()
                .find(|one| one["configMap"]["name"] == full)
                .unwrap_or_else(|| panic!("{full} is not mounted"));
            let mounts = container["volumeMounts"].as_array().unwrap();
            let mount_of = mounts.iter().find(|one| one["name"] == volume["name"]).expect("a mount");
            let at = mount_of["mountPath"].as_str().unwrap().trim_start_matches('/');
            mount(&scratch.path().join(at), &map(&object["data"]));
        }
        let settings = variables.remove("LIGHTSOUT_CONFIG").expect("LIGHTSOUT_CONFIG");
        let settings = scratch.path().join(settings.trim_start_matches('/'));
        assert_eq!(findings(&settings, &variables), Vec::<String>::new(), "{overlay}");
    }
}

#[test]
fn the_machine_of_the_template_is_given_settings_that_there_are() {
    let text = read("deploy/azure/cloud-init.yaml");
    let marks = [
        ("@subscription@", "00000000-0000-0000-0000-000000000000"),
        ("@client@", "00000000-0000-0000-0000-000000000000"),
        ("@zone@", "Europe/Madrid"),
        ("@package@", "https://p/x.deb"),
        ("@sha256@", "0"),
    ];
    let filled = marks.iter().fold(text, |text, (mark, value)| text.replace(mark, value));
    let Some(documents) = documents(&filled) else { return };
    let [cloud] = documents.as_slice() else { panic!("one document") };
    let files = cloud["write_files"].as_array().expect("files");
    let scratch = tempfile::tempdir().expect("a scratch folder");
    for one in files {
        let path = scratch.path().join(one["path"].as_str().unwrap().trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().unwrap()).expect("a folder");
        std::fs::write(path, one["content"].as_str().unwrap()).expect("a file");
        assert!(one["permissions"].is_string(), "a number in YAML would not be octal: {one}");
    }
    let settings = scratch.path().join("etc/lightsout/lightsout.toml");
    assert_eq!(findings(&settings, &BTreeMap::new()), Vec::<String>::new());
    let Some(mut shellcheck) = super::tools::tool("shellcheck") else { return };
    let (fine, out, err) = run(shellcheck.arg(scratch.path().join("usr/local/sbin/install-lightsout")));
    assert!(fine, "{out}{err}");
}
