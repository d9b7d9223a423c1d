//! What the service tells systemd, heard on a socket of the test's own: ready, alive, reloading and ready again, stopping.
#![expect(clippy::unwrap_used, reason = "test support: what cannot be heard fails the test")]

use std::os::unix::net::UnixDatagram;
use std::sync::{Arc, Mutex};

use rustix::process::{Pid, Signal, kill_process};

use crate::asked::{at_once, site};
use crate::service::{Service, until};

/// Every word that arrived, in order.
#[derive(Clone)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn on(path: &std::path::Path) -> Self {
        let socket = UnixDatagram::bind(path).unwrap();
        let heard = Self(Arc::default());
        let words = heard.0.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length) = socket.recv(&mut buffer) {
                let text = String::from_utf8_lossy(buffer.get(..length).unwrap_or_default()).into_owned();
                words.lock().unwrap().extend(text.lines().map(str::to_owned));
            }
        });
        heard
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// Where the word first stands from that place on.
    fn at(&self, word: &str, from: usize) -> Option<usize> {
        self.all().iter().enumerate().skip(from).find(|(_, heard)| heard.starts_with(word)).map(|(at, _)| at)
    }

    fn wait(&self, word: &str, from: usize) -> usize {
        until(&format!("{word} after {from}"), || self.at(word, from))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn systemd_hears_ready_alive_reloading_and_stopping() {
    let (_estate, place) = site(1, "observe").await;
    let socket = place.path("notify.socket");
    let heard = Heard::on(&socket);
    let mut service = Service::start(&place, &[("NOTIFY_SOCKET", socket.to_str().unwrap())]);
    let pid = || Pid::from_raw(service.child.id().try_into().unwrap()).unwrap();
    let ready = heard.wait("READY=1", 0);
    // Its journal is open and its listeners listen by then.
    assert!(service.log().contains("metrics and health at http://"), "{}", service.log());
    heard.wait("WATCHDOG=1", ready);

    let from = heard.all().len();
    kill_process(pid(), Signal::HUP).unwrap();
    let reloading = heard.wait("RELOADING=1", from);
    heard.wait("MONOTONIC_USEC=", reloading);
    let again = heard.wait("READY=1", reloading);
    heard.wait("STATUS=the policies that were read last are in force", again);

    let from = heard.all().len();
    place.write("policies/night.toml", &at_once("observe").replace("\"observe\"", "\"enfroce\""));
    heard.wait("RELOADING=1", from);
    let told = heard.wait("STATUS=the policies read last are not valid", from);
    assert!(heard.all()[told].contains("enfroce"), "{:?}", heard.all());
    heard.wait("READY=1", from);

    let from = heard.all().len();
    kill_process(pid(), Signal::TERM).unwrap();
    assert!(service.ended().success());
    heard.wait("STOPPING=1", from);
}
