//! A real Jupyter server with real kernels.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use lightsout::heartbeat::{Kind, Signal};

use crate::mirror::{Child, Mirror, family, rules, wait_for};
use crate::tools::tool;

const TOKEN: &str = "of-this-test";

struct Server {
    child: Child,
    python: std::path::PathBuf,
    runtime: tempfile::TempDir,
    url: String,
}

impl Server {
    fn start() -> Option<Self> {
        let mut command = tool("jupyter-server")?;
        let python = Path::new(command.get_program()).with_file_name("python");
        let runtime = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        command
            .args(["--ServerApp.ip=127.0.0.1", "--ServerApp.port_retries=0", "--no-browser", "--allow-root"])
            .arg(format!("--ServerApp.port={port}"))
            .arg(format!("--IdentityProvider.token={TOKEN}"))
            .arg(format!("--ServerApp.root_dir={}", runtime.path().display()))
            .env("JUPYTER_RUNTIME_DIR", runtime.path())
            .env("IPYTHONDIR", runtime.path())
            .env("HOME", runtime.path())
            .current_dir(runtime.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = Child(command.spawn().unwrap());
        Some(Self { child, python, runtime, url: format!("http://127.0.0.1:{port}") })
    }

    fn pid(&self) -> u32 {
        self.child.0.id()
    }

    fn drive(&self, arguments: &[&str]) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/agent/drive.py");
        let mut command = Command::new(&self.python);
        command.arg(script).args([self.url.as_str(), TOKEN]).arg(self.runtime.path()).args(arguments);
        let done = command.output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }

    /// The process of a kernel.
    fn kernel(&self, id: &str) -> u32 {
        wait_for("the kernel's process", || {
            let is = |pid: &u32| {
                std::fs::read_to_string(format!("/proc/{pid}/cmdline")).is_ok_and(|words| words.contains(id))
            };
            family(self.pid()).into_iter().find(is)
        })
    }
}

#[test]
fn a_real_server_is_quiet_busy_killed_and_connected_as_it_is() {
    let Some(server) = Server::start() else {
        return;
    };
    let here = rules(&format!("[jupyter]\nurls = []\nruntime_dirs = [{:?}]", "/runtime"));
    let mut mirror = Mirror::new(here, vec![server.pid()]);
    std::os::unix::fs::symlink(server.runtime.path(), mirror.path("runtime")).unwrap();
    let signal = Signal::Jupyter;

    // It has begun, and is asked with the token of its own file.
    let found =
        mirror.until(&signal, "an answer", |found| found.kind == Kind::Quiet && found.words.starts_with("no kernel"));
    assert_eq!(found.used_at, None, "nothing ran yet");

    // A kernel says that it is starting until somebody first speaks to it; an idle one was used when it last spoke.
    let kernel = server.drive(&["session", "train.ipynb"]);
    let starting = mirror.look(&signal);
    assert_eq!((starting.kind, starting.words.as_str()), (Kind::Busy, "kernel of train.ipynb is starting"));
    server.drive(&["execute", &kernel, "1 + 1"]);
    let idle = mirror.until(&signal, "an idle kernel", |found| found.words == "kernel of train.ipynb is idle");
    assert_eq!(idle.kind, Kind::Quiet);
    assert!(idle.used_at.is_some());

    // A program that a cell began and did not wait for: the kernel is idle, and lives.
    let begun = "import subprocess; left = subprocess.Popen(['sh', '-c', 'while :; do :; done'])";
    server.drive(&["execute", &kernel, begun]);
    let left = mirror
        .until(&signal, "a program that was left running", |found| found.words.contains(" runs below Jupyter uses "));
    assert_eq!(left.kind, Kind::Busy);
    server.drive(&["execute", &kernel, "left.kill(); left.wait()"]);
    mirror.until(&signal, "an idle kernel", |found| found.kind == Kind::Quiet);

    // A cell that prints nothing for ten minutes.
    server.drive(&["execute", &kernel, "import time; time.sleep(600)"]);
    let busy = mirror.until(&signal, "a busy kernel", |found| found.kind == Kind::Busy);
    assert_eq!(busy.words, "kernel of train.ipynb is busy");

    // Our asking is no use: the server's own last activity does not move by it.
    let before = server.drive(&["status"]);
    let again = mirror.look(&signal);
    assert_eq!((again.kind, again.words.as_str()), (Kind::Busy, busy.words.as_str()));
    assert_eq!(server.drive(&["status"]), before, "looking counted as activity");

    // Killed in the middle of it: the cell is gone, and with it the use.
    let process = server.kernel(&kernel);
    assert!(Command::new("kill").args(["-9", &process.to_string()]).status().unwrap().success());
    // The server starts another in its place, which says so until somebody speaks to it; that is believed for minutes.
    mirror.until(&signal, "a kernel that is killed is not busy for ever", |found| found.words != busy.words);
    server.drive(&["execute", &kernel, "1 + 1"]);
    mirror.until(&signal, "an idle kernel", |found| found.kind == Kind::Quiet);

    shows_its_terminal_and_its_end(server, mirror);
}

fn shows_its_terminal_and_its_end(server: Server, mut mirror: Mirror) {
    let signal = Signal::Jupyter;
    // A terminal.
    server.drive(&["terminal"]);
    let terminal = mirror.until(&signal, "a terminal", |found| found.words.starts_with("terminal 1 of Jupyter"));
    assert!(matches!(terminal.kind, Kind::Connected | Kind::Busy));
    assert!(terminal.used_at.is_some());

    // Where its file cannot be read, it wants a token; that is unknown, and says what to do.
    let mut stranger = Mirror::new(rules(&format!("[jupyter]\nurls = [{:?}]", server.url)), vec![server.pid()]);
    let unknown = stranger.until(&signal, "a server that wants a token", |found| found.kind == Kind::Unknown);
    assert!(unknown.words.contains("runtime file"), "{}", unknown.words);
    // And a server of which nothing says where it is, is not taken for none.
    let mut blind = Mirror::new(rules("[jupyter]\nurls = []"), vec![server.pid()]);
    blind.until(&signal, "a server that was not asked", |found| found.kind == Kind::Unknown);

    // Gone without a word: its file stays behind, and nothing is there any more.
    drop(server.child);
    mirror.until(&signal, "no server", |found| found.kind == Kind::Quiet && found.words == "no Jupyter server");
    let gone = stranger.until(&signal, "no server", |found| found.kind == Kind::Quiet);
    assert_eq!(gone.words, "no Jupyter server");
}
