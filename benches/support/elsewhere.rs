//! The sandbox in another process, so that its work is not counted as the subject's.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

/// The bearer token that it takes.
pub(crate) const TOKEN: &str = "bench-token";

/// How many workspaces of how many instances it holds, and whatever else it is told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Estate {
    pub(crate) workspaces: usize,
    pub(crate) instances: usize,
    pub(crate) latency_ms: u32,
    pub(crate) tls: bool,
}

impl Estate {
    /// Over plain HTTP, answering at once.
    pub(crate) const fn new(workspaces: usize, instances: usize) -> Self {
        Self { workspaces, instances, latency_ms: 0, tls: false }
    }

    /// Instances in all.
    pub(crate) fn count(self) -> u32 {
        u32::try_from(self.workspaces * self.instances).unwrap()
    }
}

/// A running sandbox; it ends with this value.
#[derive(Debug)]
pub(crate) struct Elsewhere {
    child: Child,
    /// Held open, so that the sandbox never writes into a closed pipe.
    _said: BufReader<ChildStdout>,
    pub(crate) base_url: String,
    pub(crate) ca_file: Option<PathBuf>,
    /// A file that holds the token, beside what else the run needs.
    pub(crate) dir: tempfile::TempDir,
}

impl Elsewhere {
    /// Starts one and waits until it says where it is.
    pub(crate) fn start(estate: Estate) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("token"), TOKEN).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_lightsout"));
        command.args(["sandbox", "--listen", "127.0.0.1:0", "--population", "scale", "--no-throttle"]);
        command.args(["--static-token", TOKEN, "--latency-ms", &estate.latency_ms.to_string()]);
        command.args(["--workspaces", &estate.workspaces.to_string()]);
        command.args(["--instances", &estate.instances.to_string()]);
        if estate.tls {
            command.arg("--tls-dir").arg(dir.path());
        }
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let (base_url, ca_file) = read_address(&mut said, estate.tls);
        Self { child, _said: said, base_url, ca_file, dir }
    }
}

/// What it prints: where it is, and how it vouches for itself.
fn read_address(said: &mut BufReader<impl Read>, tls: bool) -> (String, Option<PathBuf>) {
    let (mut plain, mut secure, mut ca_file) = (None, None, None);
    for line in said.lines().map_while(Result::ok) {
        let after = |start: &str| line.strip_prefix(start).map(|rest| rest.trim().to_owned());
        plain = plain.or(after("# its ARM host:"));
        secure = secure.or(after("# and over HTTPS:"));
        ca_file = ca_file.or(after("export SSL_CERT_FILE=").map(PathBuf::from));
        if line.starts_with("# subscription:") {
            break;
        }
    }
    if tls { (secure.unwrap(), Some(ca_file.unwrap())) } else { (plain.unwrap(), None) }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        // Killed, so that the bench never waits for a sandbox that hangs.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
