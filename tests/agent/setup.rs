//! The script that installs the agent: what it puts where, twice, and what it leaves when it fails.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::identity::{door, gives};
use crate::telling::{ID, answer, token};
use crate::tools::tool;

/// Every file below a folder: its mode and its bytes.
fn everything(folder: &Path) -> BTreeMap<String, (u32, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let (path, name) = entry.map(|entry| (entry.path(), entry.path().display().to_string())).unwrap();
            let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            if path.is_dir() {
                found.insert(name, (mode, Vec::new()));
                open.push(path);
            } else {
                found.insert(name, (mode, std::fs::read(path).unwrap()));
            }
        }
    }
    found
}

/// A file's checksum, as `sha256sum` writes it.
fn sum_of(file: &Path) -> String {
    let sum = Command::new("sha256sum").arg(file).output().unwrap().stdout;
    String::from_utf8(sum).unwrap().split(' ').next().unwrap().to_owned()
}

/// A folder to install into, and the call that does it.
struct Place {
    dir: tempfile::TempDir,
    set: BTreeMap<&'static str, String>,
}

impl Place {
    /// None where nobody can install: only root can.
    fn new() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("root")).unwrap();
        std::fs::write(dir.path().join("token"), token()).unwrap();
        let binary = env!("CARGO_BIN_EXE_lightsout");
        let sum = sum_of(Path::new(binary));
        let set = BTreeMap::from([
            ("LIGHTSOUT_ROOT", dir.path().join("root").display().to_string()),
            ("LIGHTSOUT_URL", "https://lightsout.example".to_owned()),
            ("LIGHTSOUT_TOKEN_FILE", dir.path().join("token").display().to_string()),
            ("LIGHTSOUT_BINARY", binary.to_owned()),
            ("LIGHTSOUT_SHA256", sum),
            ("LIGHTSOUT_STRICT", "1".to_owned()),
            ("CI_NAME", "ci-ana".to_owned()),
            ("CI_WORKSPACE", "ws-a".to_owned()),
            ("CI_RESOURCE_GROUP", "rg-a".to_owned()),
        ]);
        Some(Self { dir, set })
    }

    fn root(&self) -> std::path::PathBuf {
        self.dir.path().join("root")
    }

    fn run(&self, command: &str, change: &[(&'static str, &str)]) -> (i32, String) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/agent/setup.sh");
        let mut set = self.set.clone();
        set.extend(change.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let mut bash = Command::new("bash");
        bash.arg(script).arg(command).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").envs(set);
        let done = bash.output().unwrap();
        (done.status.code().unwrap(), String::from_utf8_lossy(&done.stderr).into_owned())
    }
}

#[test]
fn the_script_is_sound() {
    let Some(mut shellcheck) = tool("shellcheck") else {
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/agent/setup.sh");
    let done = shellcheck.arg(script).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
}

#[test]
fn it_installs_once_and_changes_nothing_the_second_time() {
    let Some(place) = Place::new() else {
        return;
    };
    let (code, said) = place.run("install", &[]);
    assert_eq!(code, 0, "{said}");
    let installed = everything(&place.root());
    let mode = |name: &str| installed[&place.root().join(name).display().to_string()].0;
    assert_eq!(mode("usr/local/bin/lightsout"), 0o755);
    assert_eq!(mode("etc/lightsout-agent/token"), 0o600);
    assert_eq!(mode("etc/lightsout-agent/agent.toml"), 0o644);
    assert_eq!(mode("etc/systemd/system/lightsout-agent.service"), 0o644);
    let env = std::fs::read_to_string(place.root().join("etc/lightsout-agent/instance.env")).unwrap();
    assert_eq!(env, "CI_NAME=ci-ana\nCI_WORKSPACE=ws-a\nCI_RESOURCE_GROUP=rg-a\n");
    // The startup variant: neither the binary's place nor the token need be there any more.
    let (code, said) = place.run("check", &[("LIGHTSOUT_BINARY", "/nowhere/lightsout"), ("LIGHTSOUT_TOKEN_FILE", "")]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("all is as it should be"), "{said}");
    assert_eq!(everything(&place.root()), installed);
    let (code, said) = place.run("uninstall", &[]);
    assert_eq!(code, 0, "{said}");
    let left: Vec<String> = everything(&place.root()).into_keys().filter(|name| name.contains("lightsout")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn whatever_fails_the_instance_is_left_as_it_was() {
    let Some(place) = Place::new() else {
        return;
    };
    let other = place.dir.path().join("other");
    std::fs::write(&other, "lo1.eyJpbnN0YW5jZSI6IngifQ.bWFj").unwrap();
    let other = other.display().to_string();
    let wrong = "0".repeat(64);
    let empty = everything(&place.root());
    for (change, wanted, words) in [
        (("LIGHTSOUT_SHA256", wrong.as_str()), 3, "was wanted"),
        (("LIGHTSOUT_SHA256", "abc"), 2, "64 hexadecimal"),
        (("LIGHTSOUT_BINARY", "/nowhere/lightsout"), 3, "could not copy"),
        (("LIGHTSOUT_BINARY", "http://example.com/lightsout"), 2, "neither a path nor an https"),
        (("LIGHTSOUT_URL", "nowhere"), 2, "no address"),
        (("LIGHTSOUT_TOKEN_FILE", "/nowhere/token"), 2, "cannot be read"),
        (("LIGHTSOUT_TOKEN_FILE", other.as_str()), 4, "ARM id"),
        (("CI_NAME", "ci-bob"), 4, "ci-bob"),
        (("CI_NAME", "a b; c"), 2, "no name holds"),
    ] {
        let (code, said) = place.run("install", &[change]);
        assert_eq!(code, wanted, "{change:?}: {said}");
        assert!(said.contains(words), "{change:?}: {said}");
        assert_eq!(everything(&place.root()), empty, "{change:?}");
        let (code, said) = place.run("install", &[change, ("LIGHTSOUT_STRICT", "")]);
        assert_eq!(code, 0, "the instance starts all the same: {said}");
    }
}

#[test]
fn settings_with_a_checksum_are_those_and_no_others() {
    let Some(place) = Place::new() else {
        return;
    };
    let config = place.dir.path().join("agent.toml");
    let write = |every: &str| {
        let token = "token_file = \"/etc/lightsout-agent/token\"";
        std::fs::write(&config, format!("[service]\n{token}\n[look]\nevery = \"{every}\"\n")).unwrap();
        sum_of(&config)
    };
    let (name, sum) = (config.display().to_string(), write("2m"));
    let (named, with) = (("LIGHTSOUT_CONFIG", name.as_str()), ("LIGHTSOUT_CONFIG_SHA256", sum.as_str()));
    let refused = |change: &[(&'static str, &str)], wanted: i32, words: &str| {
        let before = everything(&place.root());
        let (code, said) = place.run("install", change);
        assert_eq!(code, wanted, "{change:?}: {said}");
        assert!(said.contains(words), "{change:?}: {said}");
        assert_eq!(everything(&place.root()), before, "{change:?}");
    };
    write("1h");
    refused(&[named, with], 3, "was wanted");
    refused(&[named, ("LIGHTSOUT_CONFIG_SHA256", "abc")], 2, "64 hexadecimal");
    refused(&[with], 2, "names no settings");
    refused(&[("LIGHTSOUT_CONFIG", "/nowhere/agent.toml"), with], 3, "could not copy");
    refused(&[("LIGHTSOUT_CONFIG", "/nowhere/agent.toml")], 3, "could not copy");

    write("2m");
    let (code, said) = place.run("install", &[named, ("LIGHTSOUT_CONFIG_SHA256", &sum.to_uppercase())]);
    assert_eq!(code, 0, "{said}");
    let installed = || sum_of(&place.root().join("etc/lightsout-agent/agent.toml"));
    assert_eq!(installed(), sum);
    // As startup script: what has the checksum already need not lie on the share, and what lies there now is not taken.
    write("1h");
    for change in [vec![named, with], vec![with], vec![("LIGHTSOUT_CONFIG", "/nowhere/agent.toml"), with]] {
        let (code, said) = place.run("check", &change);
        assert_eq!((code, said.contains("all is as it should be")), (0, true), "{said}");
        assert_eq!(installed(), sum);
    }
    // Without a checksum whatever lies there is taken, as before.
    assert_eq!(place.run("check", &[named]).0, 0);
    assert_ne!(installed(), sum);
}

#[test]
fn what_was_installed_before_is_put_back_when_a_later_step_fails() {
    let Some(place) = Place::new() else {
        return;
    };
    assert_eq!(place.run("install", &[]).0, 0);
    let installed = everything(&place.root());
    // The last file cannot be put in its place: a folder stands there.
    let unit = place.root().join("etc/systemd/system/lightsout-agent.service");
    std::fs::remove_file(&unit).unwrap();
    std::fs::create_dir(&unit).unwrap();
    std::fs::write(unit.join("x"), "").unwrap();
    let (code, said) = place.run("install", &[("LIGHTSOUT_URL", "https://another.example")]);
    assert_ne!(code, 0, "{said}");
    assert!(said.contains("leaving everything as it was"), "{said}");
    let settings = place.root().join("etc/lightsout-agent/agent.toml").display().to_string();
    assert_eq!(everything(&place.root())[&settings], installed[&settings], "the settings are those of before");
}

#[test]
fn a_managed_identity_needs_no_token_and_its_secret_is_roots_alone() {
    let Some(place) = Place::new() else {
        return;
    };
    let config = place.dir.path().join("agent.toml");
    let identity = format!("identity = \"managed\"\nentra_audience = \"api://lightsout\"\ninstance = \"{ID}\"");
    std::fs::write(&config, format!("[service]\nurl = \"https://lightsout.example\"\n{identity}\n")).unwrap();
    let (config, refused) = (config.display().to_string(), answer("400 Bad Request", "", "{\"error\":\"hush-1=\"}"));
    let (gone, _) = door(vec![refused]);
    let (msi, asked) = door(vec![gives("opaque", 86_400)]);
    let settings = [("LIGHTSOUT_CONFIG", config.as_str()), ("LIGHTSOUT_TOKEN_FILE", "/nowhere/token")];
    let with = |endpoint, secret| [settings.as_slice(), &[("MSI_ENDPOINT", endpoint), ("MSI_SECRET", secret)]].concat();

    let empty = everything(&place.root());
    for (endpoint, secret, wanted, words) in [
        (gone.as_str(), "hush-1=", 4, "MSI_ENDPOINT answers 400 …"),
        ("http://10.0.0.4/MSI/auth", "hush-1=", 4, "not asked for tokens"),
        (msi.as_str(), "", 4, "MSI_SECRET is not"),
        (msi.as_str(), "hush-1\nLD_PRELOAD=x", 2, "MSI_SECRET holds what none holds"),
    ] {
        let (code, said) = place.run("install", &with(endpoint, secret));
        assert_eq!((code, said.contains(words), said.contains("hush")), (wanted, true, false), "{words}: {said}");
        assert_eq!(everything(&place.root()), empty, "{words}");
    }

    let (code, said) = place.run("install", &with(&msi, "hush-1="));
    assert_eq!(code, 0, "{said}");
    assert!(asked.recv().unwrap().contains("\r\nsecret: hush-1=\r\n"));
    let installed = everything(&place.root());
    let name = |file: &str| place.root().join("etc/lightsout-agent").join(file).display().to_string();
    let wanted = format!("MSI_ENDPOINT={msi}\nMSI_SECRET=hush-1=\n").into_bytes();
    assert_eq!(installed[&name("identity.env")], (0o600, wanted));
    assert!(!installed.contains_key(&name("token")), "there is none");
    // A startup script whose environment says nothing of it goes on with what is there.
    let (code, said) = place.run("check", &settings);
    assert_eq!((code, said.contains("all is as it should be")), (0, true), "{said}");
    assert!(asked.recv().unwrap().contains("\r\nsecret: hush-1=\r\n"));
    assert_eq!(everything(&place.root()), installed);
    // Back to a token: the secret goes.
    let (code, said) = place.run("install", &[]);
    assert_eq!(code, 0, "{said}");
    let installed = everything(&place.root());
    assert_eq!((&installed[&name("identity.env")].1, installed[&name("token")].0), (&Vec::new(), 0o600));
}
