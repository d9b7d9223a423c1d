//! `lightsout run` as a child: its log, its metrics, its end. It is killed when dropped.
#![expect(clippy::unwrap_used, reason = "test support: what cannot be set up fails the test")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::program::Place;

/// How long anything may take before a test gives up: an unloaded machine needs a fraction of it.
const PATIENCE: Duration = Duration::from_secs(180);

/// Waits until there is something, and returns it.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The child.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) child: Child,
    log: Arc<Mutex<String>>,
}

impl Service {
    /// Starts it, with these variables more.
    pub(crate) fn start(place: &Place, more: &[(&str, &str)]) -> Self {
        let mut command = place.command(&["run"]);
        let mut child =
            command.envs(more.iter().copied()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (errors, kept) = (BufReader::new(child.stderr.take().unwrap()), log.clone());
        std::thread::spawn(move || {
            for line in errors.lines().map_while(Result::ok) {
                kept.lock().unwrap().push_str(&format!("{line}\n"));
            }
        });
        Self { child, log }
    }

    /// What it logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// A GET of its public listener: the whole answer, head and body; empty while there is none.
    pub(crate) fn get(&self, path: &str) -> String {
        let log = self.log();
        let Some(address) = log.split("metrics and health at http://").nth(1).and_then(|rest| rest.lines().next())
        else {
            return String::new();
        };
        let Ok(mut stream) = TcpStream::connect(address.trim()) else { return String::new() };
        let mut answer = String::new();
        let asked = write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        asked.and_then(|()| stream.read_to_string(&mut answer)).unwrap_or_default();
        answer
    }

    /// Waits until it has ended by itself.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        until("the end of the service", || self.child.try_wait().unwrap())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if std::thread::panicking() {
            std::io::stderr().write_all(self.log().as_bytes()).ok();
        }
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
