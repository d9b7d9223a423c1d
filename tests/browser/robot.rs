//! A browser: Chromium driven by a script of `node`, which tells the test how far it has come and waits for it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use super::tools::tool;

/// How long a script may take from one step to the next: an unloaded machine needs a second or two.
const PATIENCE: Duration = Duration::from_secs(120);

/// The browser and its script; both end with the value.
pub(crate) struct Robot {
    child: Child,
    name: String,
    lines: Receiver<Value>,
    ended: bool,
}

impl Robot {
    /// Starts a script of this folder at a page's address. None where a tool is absent, which is told.
    pub(crate) fn start(name: &str, base: &str, more: &Value) -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let (mut node, chromium) = (tool("node")?, tool("chromium")?);
        let modules = root.join("target/npm");
        assert!(modules.join("node_modules/playwright-core").is_dir(), ".ci/setup installs what drives the browser");
        let mut told = json!({
            "name": name, "base": base, "modules": modules, "chromium": Path::new(chromium.get_program()),
            "pictures": root.join("target/screenshots"),
        });
        told.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        node.arg(root.join("tests/browser").join(format!("{name}.mjs"))).arg(told.to_string());
        let mut child = node.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (line, lines) = channel();
        let (said, mut errors) = (BufReader::new(child.stdout.take().unwrap()), child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for text in said.lines().map_while(Result::ok) {
                line.send(serde_json::from_str(&text).unwrap_or(Value::String(text))).ok();
            }
            let mut text = String::new();
            errors.read_to_string(&mut text).unwrap_or_default();
            line.send(json!({ "failed": format!("the script ended: {text}") })).ok();
        });
        Some(Self { child, name: name.to_owned(), lines, ended: false })
    }

    /// Waits until the script is at a step, and returns what it says there.
    pub(crate) fn at(&mut self, step: &str) -> Value {
        let line = self.lines.recv_timeout(PATIENCE);
        let line = line.unwrap_or_else(|_| panic!("{}.mjs: not at `{step}` within {PATIENCE:?}", self.name));
        assert!(line.get("failed").is_none(), "{}.mjs: {}", self.name, line["failed"].as_str().unwrap());
        assert_eq!(line["step"], step, "{}.mjs: {line}", self.name);
        line["value"].clone()
    }

    /// Lets it go on, with something to know.
    pub(crate) fn go_on(&mut self, told: &Value) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{told}").unwrap();
    }

    /// Waits until it has come to its end.
    pub(crate) fn ends(mut self) {
        self.at("end");
        self.ended = true;
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Robot {
    fn drop(&mut self) {
        if !self.ended {
            // its end of input ends the script, and that closes the browser's pipe
            drop(self.child.stdin.take());
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}
