//! What only the running service shows: no core dump, and bounds on what clients may take.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::Command;
use std::time::Duration;

use crate::estate::Estate;
use crate::program::{Place, off_now};
use crate::service::{Service, until};

async fn ready(more: &str) -> (Estate, Place, Service) {
    let estate = Estate::start(1, 1, |_| {}).await;
    let place = Place::new(&estate.sandbox.base_url(), estate.workspaces(), more);
    place.write("policies/night.toml", &off_now("observe", "0s", ""));
    let service = Service::start(&place, &[]);
    until("readiness", || service.get("/readyz").starts_with("HTTP/1.1 200").then_some(()));
    (estate, place, service)
}

/// Ended by a signal that writes a core: another process leaves one under the same limit, the service does not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_service_leaves_no_core_dump() {
    let (_estate, place, mut service) = ready("").await;
    let unlimited = |pid: u32| {
        let set = Command::new("prlimit").args(["--core=unlimited", "--pid", &pid.to_string()]).status().unwrap();
        assert!(set.success(), "prlimit");
        assert!(Command::new("kill").args(["-ABRT", &pid.to_string()]).status().unwrap().success());
    };
    let mut other = Command::new("sleep").arg("600").current_dir(place.path("")).process_group(0).spawn().unwrap();
    unlimited(other.id());
    assert!(
        other.wait().unwrap().core_dumped(),
        "here whatever is ended so leaves a core; without that nothing is shown"
    );
    unlimited(service.child.id());
    let status = service.ended();
    assert_eq!((status.signal(), status.core_dumped()), (Some(6), false));
}

/// The address that it logged behind these words.
fn address(service: &Service, words: &str) -> SocketAddr {
    until("the address", || {
        let log = service.log();
        let rest = log.split(words).nth(1)?.lines().next()?.trim().trim_end_matches('/').to_owned();
        rest.parse().ok()
    })
}

fn peak(service: &Service) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", service.child.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}

/// A head that never ends, on so many connections at once as this process may open, ten thousand in all.
fn slowloris(address: SocketAddr) {
    for _ in 0..25 {
        let held: Vec<TcpStream> = (0..400)
            .filter_map(|_| {
                let mut socket = TcpStream::connect(address).ok()?;
                socket.write_all(format!("GET / HTTP/1.1\r\nHost: {address}\r\nX-Slow: ").as_bytes()).ok()?;
                Some(socket)
            })
            .collect();
        assert!(held.len() > 100, "only {} connections could be begun", held.len());
    }
}

/// A body of a gigabyte, as far as it is taken.
fn large(address: SocketAddr) -> u64 {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
    let head = format!(
        "POST /api/v1/holds HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nContent-Type: application/json\r\nContent-Length: 1073741824\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).unwrap();
    let piece = vec![b' '; 1 << 20];
    (0..1024).take_while(|_| socket.write_all(&piece).is_ok()).count() as u64
}

/// Slow clients, ten thousand connections and bodies of a gigabyte on both listeners: the peak of its memory grows by less than
/// 48 MiB, nobody's body is taken whole, and afterwards it answers as before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_many_and_large_clients_take_little_and_pass() {
    let (_estate, _place, service) = ready("").await;
    let doors = [address(&service, "metrics and health at http://"), address(&service, "the page is at http://")];
    let before = peak(&service);
    for door in doors {
        slowloris(door);
        let taken: Vec<u64> = (0..8).map(|_| large(door)).collect();
        assert!(taken.iter().all(|mib| *mib < 64), "{door} took {taken:?} MiB");
    }
    let grown = peak(&service).saturating_sub(before);
    assert!(grown < 48 * 1024, "{grown} KiB more");
    until("an answer after all that", || service.get("/readyz").starts_with("HTTP/1.1 200").then_some(()));
    until("an answer of the page", || {
        let mut socket = TcpStream::connect(doors[1]).ok()?;
        write!(socket, "GET / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", doors[1]).ok()?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).ok()?;
        answer.starts_with("HTTP/1.1 200").then_some(())
    });
}
