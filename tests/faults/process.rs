//! What happens to the process itself: TLS that is none, clocks that jump, signals, reloads without end (faults 34, 38, 43, 44).

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lightsout::sandbox::{SandboxClock, wall_now};

use crate::estate::Estate;
use crate::program::{Place, off_now};
use crate::service::{Service, until};
use crate::site::{NAME, Site};

/// A server of TLS that only listens to the greeting, says these bytes and hangs up; what it was sent.
fn greeted(answer: &'static [u8]) -> (u16, Arc<Mutex<Vec<Vec<u8>>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
    let kept = Arc::clone(&heard);
    std::thread::spawn(move || {
        for mut socket in listener.incoming().map_while(Result::ok) {
            socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            let mut greeting = vec![0; 4096];
            let length = socket.read(&mut greeting).unwrap_or(0);
            greeting.truncate(length);
            socket.write_all(answer).unwrap_or_default();
            // an alert may still come, and nothing else
            let mut rest = Vec::new();
            drop(socket.read_to_end(&mut rest));
            kept.lock().unwrap().push([greeting, rest].concat());
        }
    });
    (port, heard)
}

/// A server's greeting in TLS 1.1, with a cipher that everybody had then.
const OLD_HELLO: &[u8] = &[
    0x16, 0x03, 0x02, 0x00, 0x2a, 0x02, 0x00, 0x00, 0x26, 0x03, 0x02, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 0x00, 0x00, 0x2f, 0x00,
];

/// An old version, an end in the middle of the greeting, an answer in the clear: nothing is sent but the greeting, which offers
/// TLS 1.3 and 1.2 and no other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_34_without_a_sound_greeting_nothing_is_said() {
    let clear: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 12\r\n\r\n{\"value\":[]}";
    for answer in [OLD_HELLO, &[], clear] {
        let estate = Estate::start(1, 1, |_| {}).await;
        let (port, heard) = greeted(answer);
        let place = Place::new(&format!("https://localhost:{port}"), estate.workspaces(), "")
            .with("IDENTITY_ENDPOINT", &format!("{}/msi/token", estate.sandbox.base_url()));
        place.write("policies/night.toml", &off_now("enforce", "0s", ""));
        let said = place.run(&["sweep"]);
        assert_ne!(said.code, 0, "{}{}", said.out, said.err);
        let heard = heard.lock().unwrap().clone();
        assert!(!heard.is_empty());
        for words in heard {
            let holds = |part: &[u8]| words.windows(part.len()).any(|window| window == part);
            assert!(!holds(b"Bearer") && !holds(b"subscriptions") && !holds(b"HTTP/"), "{words:?}");
            assert!(holds(&[0x00, 0x2b, 0x00, 0x05, 0x04, 0x03, 0x04, 0x03, 0x03]), "1.3 and 1.2 alone: {words:?}");
        }
    }
}

/// A C library that is loaded before the C library: the wall's clock is ahead by the seconds that a file names.
const CLOCK: &str = "
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t clock, struct timespec *out) {
    int result = syscall(SYS_clock_gettime, clock, out), was = errno;
    if (result == 0 && clock == CLOCK_REALTIME) {
        char text[32] = {0};
        int file = open(getenv(\"LIGHTSOUT_TEST_CLOCK\"), O_RDONLY | O_CLOEXEC);
        if (file >= 0) {
            if (read(file, text, sizeof text - 1) > 0) out->tv_sec += atol(text);
            close(file);
        }
        errno = was;
    }
    return result;
}
";

/// Azure's clock, which is right: after a step it has to agree within a minute before anything is stopped (S11).
#[derive(Debug)]
struct OnTime;

impl SandboxClock for OnTime {
    fn now(&self) -> jiff::Timestamp {
        wall_now()
    }
}

/// A clock that steps while the service runs holds every stop for as long as it is wrong; when it is right again it passes.
async fn clock_steps(seconds: &str) {
    let site = Site::with(1, 1, |options| options.clock = Arc::new(OnTime)).await;
    let (source, library) = (site.place.path("clock.c"), site.place.path("clock.so"));
    std::fs::write(&source, CLOCK).unwrap();
    assert!(Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&library, &source]).status().unwrap().success());
    let text = |path: &PathBuf| path.to_str().unwrap().to_owned();
    let clock = site.place.path("ahead");
    site.place.write("ahead", "0");
    assert_eq!(site.place.run(&["freeze"]).code, 0);
    let service =
        Service::start(&site.place, &[("LD_PRELOAD", &text(&library)), ("LIGHTSOUT_TEST_CLOCK", &text(&clock))]);
    sweeps(&service, 1);
    site.place.write("ahead", seconds);
    sweeps(&service, 1);
    assert_eq!(site.place.run(&["freeze", "--lift"]).code, 0);
    sweeps(&service, 3);
    assert_eq!(site.stops(), (0, 0), "{seconds}: {}", service.log());
    site.place.write("ahead", "0");
    until("the stop when the clock is right again", || (site.stops() == (1, 1)).then_some(()));
}

/// Waits for so many more sweeps.
pub(crate) fn sweeps(service: &Service, more: u64) {
    let count = || {
        let page = service.get("/metrics");
        let line = page.lines().find_map(|line| line.strip_prefix("lightsout_sweeps_total "))?;
        line.trim().parse::<u64>().ok()
    };
    let before = count().unwrap_or(0);
    until("another sweep", || count().filter(|now| *now >= before + more));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_38_ten_minutes_ahead() {
    clock_steps("600").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_38_a_day_and_an_hour_ahead() {
    clock_steps("90000").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_38_an_hour_back() {
    clock_steps("-3600").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_38_three_days_back() {
    clock_steps("-259200").await;
}

fn terminate(service: &Service) {
    let pid = service.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
}

/// Told to end while it waits for a token, for a list, for the answer to a stop: it ends by itself, and what it had sent is
/// looked at afterwards and not sent again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_43_told_to_end_in_each_state_it_ends_and_nothing_is_doubled() {
    for (on, kind) in [("token", "token"), ("list-computes", "list-computes"), ("stop", "stop")] {
        let site = Site::seen(1, 1).await;
        let before = site.estate.sandbox.recorder().count(kind);
        site.fault(&format!("{on} => hang"));
        let mut service = Service::start(&site.place, &[]);
        until("the request that hangs", || (site.estate.sandbox.recorder().count(kind) > before).then_some(()));
        terminate(&service);
        let status = service.ended();
        assert_eq!(status.code(), Some(0), "{on}: {}", service.log());
        site.well();
        let sent = site.stops().0;
        site.sweep();
        site.estate.let_operations_end();
        site.sweep();
        assert_eq!(site.stops().0, 1, "{on}: {sent} were sent before: {:?}", site.asked_of_it());
        site.ledger_stands();
    }
}

/// A thousand machines fit into the memory that the image is given, which counts what cannot be read again from a file; one that is
/// killed for it is one that is killed (`crash.rs`).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_43_a_thousand_machines_fit_into_64_mib() {
    let site = Site::due(10, 100).await;
    assert_eq!(site.place.run(&["freeze"]).code, 0);
    let service = Service::start(&site.place, &[]);
    let mut peak = 0_u64;
    for _ in 0..3 {
        sweeps(&service, 1);
        let status = std::fs::read_to_string(format!("/proc/{}/status", service.child.id())).unwrap();
        let own = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
        peak = peak.max(own.trim().trim_end_matches(" kB").parse().unwrap());
    }
    assert!((1_024..64 * 1_024).contains(&peak), "{peak} KiB");
}

/// Policies written without end, cut in the middle, and swapped by a link: the last whole one is in force, and no state between.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_44_a_storm_of_reloads_ends_with_the_last_whole_file() {
    let site = Site::due(1, 1).await;
    let whole =
        |mode: &str| off_now(mode, "0s", "").replace("lead = \"0s\"\n", "lead = \"0s\"\nproof = \"recorded\"\n");
    site.place.write("policies/night.toml", &whole("observe"));
    let service = Service::start(&site.place, &[]);
    sweeps(&service, 1);
    let text = whole("enforce");
    for turn in 0..200_usize {
        // written in place, in pieces: whoever reads meanwhile reads a part
        let cut = turn * 7 % (text.len() - 20);
        let half = text.split_at(cut).0.replace("enforce", "observe");
        std::fs::write(site.place.path("policies/night.toml"), half).unwrap();
        if turn % 10 == 0 {
            site.place.write("policies/night.toml", &whole("observe"));
        }
    }
    for turn in 0..20 {
        // as Kubernetes does: a folder beside, and a link that is swapped
        let aside = site.place.path(&format!("turn{turn}.toml"));
        std::fs::write(&aside, whole("observe")).unwrap();
        std::os::unix::fs::symlink(&aside, site.place.path("link")).unwrap();
        std::fs::rename(site.place.path("link"), site.place.path("policies/night.toml")).unwrap();
    }
    sweeps(&service, 2);
    assert_eq!(site.stops(), (0, 0), "no state in between enforced: {}", service.log());
    site.place.write("policies/night.toml", &text);
    until("the stop under the last file", || (site.estate.stops_of(NAME) == (1, 1)).then_some(()));
}
