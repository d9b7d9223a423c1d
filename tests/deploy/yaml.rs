//! YAML as JSON, by the Python that the other judges run in.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use super::tools::tool;

const READER: &str = "import sys, yaml, json; json.dump(list(yaml.safe_load_all(sys.stdin)), sys.stdout)";

/// Every document of a text; none where there is no Python with PyYAML, which has been said then.
pub(crate) fn documents(text: &str) -> Option<Vec<Value>> {
    let mut python = tool("yamllint")?;
    // the one beside yamllint has PyYAML, which that needs
    let beside = std::path::Path::new(python.get_program()).with_file_name("python3");
    python = std::process::Command::new(beside);
    let mut child = python
        .args(["-c", READER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python3 beside yamllint");
    child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("a pipe");
    let output = child.wait_with_output().expect("an end");
    assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).expect("JSON"))
}

/// A file of one document.
pub(crate) fn file(path: &str) -> Option<Value> {
    let mut all = documents(&super::read(path))?;
    assert_eq!(all.len(), 1, "{path}");
    all.pop()
}

/// The texts of a list.
pub(crate) fn texts(list: &Value) -> Vec<String> {
    let values = list.as_array().map(Vec::as_slice).unwrap_or_default();
    values.iter().map(|one| one.as_str().unwrap_or_else(|| panic!("{one} is no text")).to_owned()).collect()
}
