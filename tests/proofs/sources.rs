//! What the sources and the locked versions themselves show.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// Every source of the program, by its path; what is for tests alone is left out.
fn sources() -> Vec<(String, String)> {
    let mut open = vec![root().join("src")];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                open.push(path);
            } else if is_shipped(&path) {
                let whole = std::fs::read_to_string(&path).unwrap();
                let shipped = whole.split("#[cfg(test)]\nmod tests {").next().unwrap();
                found.push((name, shipped.to_owned()));
            }
        }
    }
    assert!(found.len() > 300, "only {} sources", found.len());
    found
}

fn is_shipped(path: &Path) -> bool {
    let name = path.to_string_lossy();
    name.ends_with(".rs") && !(name.contains("/tests") || name.ends_with("_tests.rs") || name.ends_with("fuzzed.rs"))
}

/// The lines of the program that hold one of these words, as `path: line`.
fn holding(words: &[&str]) -> Vec<String> {
    let sources = sources();
    let lines = sources.iter().flat_map(|(path, text)| text.lines().map(move |line| (path, line.trim())));
    let found = lines.filter(|(_, line)| !line.starts_with("//") && words.iter().any(|word| line.contains(word)));
    found.map(|(path, line)| format!("{path}: {line}")).collect()
}

#[test]
fn tls_is_rustls_and_is_never_switched_off() {
    assert_eq!(holding(&["danger_", "dangerous()", "NoCertificateVerification"]), Vec::<String>::new());
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--target", "all", "--edges", "normal,build", "--prefix", "none"])
        .args(["--format", "{p} {f}"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).unwrap();
    assert!(tree.lines().any(|line| line.starts_with("rustls ")), "the tree is one");
    for banned in ["openssl", "openssl-sys", "native-tls", "aws-lc-sys", "aws-lc-rs", "schannel", "security-framework"]
    {
        let used = tree.lines().find(|line| line.starts_with(&format!("{banned} ")) && banned != "security-framework");
        // macOS's and Windows' keepers of roots are reached for roots alone
        assert!(used.is_none() || banned == "schannel", "{used:?}");
    }
    let old = tree.lines().find(|line| line.starts_with("rustls v0.2") && line.contains("dangerous_configuration"));
    assert_eq!(old, None);
}

/// Labels that a series may have. None can hold a person's name or address: a team, a policy and a workspace are named by
/// the operator, everything else is a closed list of the program or is capped.
const LABELS: &[&str] = &[
    "action",
    "age",
    "arch",
    "bound",
    "cause",
    "channel",
    "code",
    "commit",
    "currency",
    "family",
    "fault",
    "field",
    "finding",
    "ground",
    "instance",
    "kind",
    "mode",
    "operation",
    "outcome",
    "path",
    "policy",
    "price",
    "reason",
    "region",
    "resource_group",
    "result",
    "revision",
    "says",
    "scope",
    "size",
    "source",
    "state",
    "subscription",
    "team",
    "version",
    "why",
    "word",
    "workspace",
];

#[test]
fn no_label_names_a_person() {
    let families = lightsout::metrics::names::ALL;
    assert!(families.len() > 50);
    for family in families {
        for label in family.labels {
            assert!(LABELS.contains(label), "{}: `{label}` is a new label; can it name a person?", family.name);
        }
    }
    for label in LABELS {
        assert!(families.iter().any(|family| family.labels.contains(label)), "`{label}` is no label any more");
        assert!(!["owner", "user", "email", "person", "name"].contains(label), "{label}");
    }
}

/// Files in which a statement is put together; in each of them from constants and from names of its own tables, which was read.
const PUT_TOGETHER: &[&str] = &[
    "src/store/bills/compared.rs",
    "src/store/ledger/claims.rs",
    "src/store/ledger/cut.rs",
    "src/store/ledger/dims.rs",
    "src/store/ledger/open.rs",
    "src/store/ledger/packed.rs",
    "src/store/ledger/prices.rs",
    "src/store/ledger/read.rs",
    "src/store/ledger/verify.rs",
    "src/store/moving.rs",
];
/// The one place that hands a text to a database: what goes through it is put together nowhere else.
const HANDED_OVER: &[&str] = &["src/store/sql/query.rs"];

#[test]
fn statements_are_texts_of_the_program() {
    let of = |lines: Vec<String>| {
        let files = lines.into_iter().map(|line| line.split(':').next().unwrap().to_owned());
        files.filter(|file| file.starts_with("src/store/") && !file.ends_with("tests.rs")).collect::<BTreeSet<String>>()
    };
    let verbs = ["SELECT ", "INSERT ", "UPDATE ", "DELETE "];
    let mut put = of(holding(&["new(format!(", "query(format!(", "query_scalar(format!(", "query_as(format!("]));
    let texts = holding(&["format!("]).into_iter().filter(|line| verbs.iter().any(|verb| line.contains(verb)));
    put.extend(of(texts.collect()));
    let expected = |files: &[&str]| files.iter().map(|file| (*file).to_owned()).collect::<BTreeSet<String>>();
    assert_eq!(put, expected(PUT_TOGETHER), "whatever comes from outside is bound, never written into a statement");
    assert_eq!(of(holding(&["AssertSqlSafe("])), expected(HANDED_OVER), "statements go one way");
    // sqlx takes no other text that is not a constant of the program
    let lock = text("Cargo.lock");
    let sqlx = lock.split("name = \"sqlx\"\nversion = \"").nth(1).unwrap();
    assert!(sqlx.starts_with("0.9"), "SqlSafeStr is of 0.9");
}

#[test]
fn no_shell_is_called() {
    let calls = holding(&["Command::new("]);
    assert!(!calls.is_empty());
    for call in calls {
        let shell = ["\"sh\"", "\"bash\"", "\"/bin/sh\"", "\"cmd\"", "\"powershell\""];
        assert!(!shell.iter().any(|word| call.contains(word)), "{call}");
    }
}

#[test]
fn the_gate_judges_what_is_built_in() {
    let manifest = text("Cargo.toml");
    assert!(manifest.contains("unsafe_code = \"forbid\""));
    let gate = text(".ci/run");
    for step in
        ["check --hide-inclusion-graph licenses bans sources", "check advisories", "step \"absences\"", "--locked"]
    {
        assert!(gate.contains(step), "{step}");
    }
    let deny = text(".ci/deny.toml");
    for word in ["unknown-registry = \"deny\"", "unknown-git = \"deny\""] {
        assert!(deny.contains(word), "{word}");
    }
    // every crate is from the registry, with its digest
    let lock = text("Cargo.lock");
    for package in lock.split("[[package]]").skip(1) {
        let ours = package.contains("name = \"lightsout\"");
        assert!(ours || (package.contains("source = \"registry+") && package.contains("checksum = ")), "{package}");
    }
}

/// Whether a type can be written out by serde, asked of the compiler: the narrower constant stands before the wider one.
trait Unwritten {
    const WRITTEN: bool = false;
}
impl<T: ?Sized> Unwritten for Asked<T> {}
struct Asked<T: ?Sized>(std::marker::PhantomData<T>);
impl<T: ?Sized + serde::Serialize> Asked<T> {
    const WRITTEN: bool = true;
}

/// Files that may look into a secret: each hands it to who it is meant for.
const LOOKED_INTO: &[&str] = &[
    "src/azure/credential.rs",
    "src/notify/post.rs",
    "src/notify/smtp/sender.rs",
    "src/notify/webhook.rs",
    "src/oidc/provider.rs",
    "src/promql/server.rs",
    "src/seal/keys.rs",
    "src/settings/environment.rs",
];

#[test]
fn a_secret_is_not_written_out_and_looked_into_where_it_is_used_alone() {
    const { assert!(Asked::<String>::WRITTEN, "the question is one") };
    const { assert!(!Asked::<secrecy::SecretString>::WRITTEN) };
    let secret = secrecy::SecretString::from("canary-in-debug".to_owned());
    assert!(!format!("{secret:?} {:?}", Some(&secret)).contains("canary"));
    let mut found: Vec<String> =
        holding(&[".expose_secret()"]).into_iter().map(|line| line.split(':').next().unwrap().to_owned()).collect();
    found.sort();
    found.dedup();
    assert_eq!(found, LOOKED_INTO, "whoever looks into a secret is read for where it goes");
}
