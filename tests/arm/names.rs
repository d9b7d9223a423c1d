//! Names: none, in trouble, silent, and leading elsewhere than before (fault 32).

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lightsout::azure::{Azure, IdentityOptions};
use lightsout::ports::{Clock as _, FaultKind, Observe as _, StopInstances as _};
use lightsout::units::InstanceId;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::permit::{MAY_GO, permit};
use crate::world::{Reply, Server, TestClock, custom, item, json, page, token_file, ws};

/// What a look-up finds.
#[derive(Debug, Clone, Copy)]
enum Found {
    /// The name does not exist (NXDOMAIN).
    Nothing,
    /// The name server cannot say (SERVFAIL).
    Trouble,
    /// No answer, ever.
    Silence,
    /// This address.
    At([u8; 4]),
}

const HERE: Found = Found::At([127, 0, 0, 1]);
const THERE: Found = Found::At([127, 0, 0, 2]);

/// A resolver that finds what it is told, and counts.
#[derive(Clone)]
struct Names {
    found: Arc<dyn Fn(usize) -> Found + Send + Sync>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Names {
    fn new(found: impl Fn(usize) -> Found + Send + Sync + 'static) -> Self {
        Self { found: Arc::new(found), asked: Arc::default() }
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let number = {
            let mut asked = self.asked.lock().unwrap();
            asked.push(name.as_str().to_owned());
            asked.len() - 1
        };
        let found = (self.found)(number);
        Box::pin(async move {
            match found {
                Found::Nothing => Err(std::io::Error::other("Name or service not known").into()),
                Found::Trouble => Err(std::io::Error::other("Temporary failure in name resolution").into()),
                Found::Silence => std::future::pending().await,
                Found::At(ip) => Ok(Box::new(std::iter::once(SocketAddr::from((ip, 0)))) as Addrs),
            }
        })
    }
}

/// An `Azure` on a host whose name these names know, and the file of its token.
fn azure(port: u16, names: &Names, connect: Duration) -> (Azure<TestClock>, Arc<TestClock>, tempfile::NamedTempFile) {
    let token = token_file();
    let identity = IdentityOptions::TokenFile { path: token.path().to_owned() };
    let mut options = custom(&format!("http://localhost:{port}"), identity);
    options.timeouts.connect = connect;
    let clock = TestClock::new();
    let azure = Azure::with_names(options, Arc::clone(&clock), Arc::new(names.clone())).unwrap();
    (azure, clock, token)
}

/// Longer than a busy machine needs.
const LONG: Duration = Duration::from_secs(20);

fn one() -> Reply {
    json(200, &page(&[item("ci-a", "Running")], None))
}

#[tokio::test]
async fn a_name_that_leads_nowhere_is_looked_up_again() {
    let server = Server::start(|_, _| one()).await;
    for trouble in [Found::Nothing, Found::Trouble] {
        let names = Names::new(move |_| trouble);
        let (here, _, _token) = azure(server.port, &names, LONG);
        let fault = here.inventory(&ws()).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Unreachable, "fault 32: {trouble:?}: {}", fault.words());
        assert_eq!(names.asked(), 4, "fault 32: tried again: {trouble:?}");
        let used = here.api_use();
        assert_eq!(used.requests.get(&("list_computes", "no_connection".to_owned())), Some(&4), "{trouble:?}");

        let passing = Names::new(move |n| if n < 2 { trouble } else { HERE });
        let (here, clock, _token) = azure(server.port, &passing, LONG);
        assert_eq!(here.inventory(&ws()).await.unwrap().instances.len(), 1, "fault 32: it passes: {trouble:?}");
        assert_eq!((passing.asked(), clock.waits().len()), (3, 2), "with a pause before each");
    }
}

#[tokio::test]
async fn a_name_server_that_never_answers_ends_with_the_connection_deadline() {
    let names = Names::new(|n| if n < 2 { Found::Silence } else { HERE });
    let server = Server::start(|_, _| one()).await;
    let (azure, _, _token) = azure(server.port, &names, Duration::from_millis(300));
    assert_eq!(azure.inventory(&ws()).await.unwrap().instances.len(), 1, "fault 32: slow is not for ever");
    assert_eq!(names.asked(), 3);
    let used = azure.api_use();
    assert_eq!(used.requests.get(&("list_computes", "no_connection".to_owned())), Some(&2), "nothing was sent");
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_is_followed() {
    // The old address takes one request, and ends the connection that was kept for the next without an answer.
    let old = Server::start(|n, _| if n == 0 { one() } else { Reply::Close }).await;
    let new = Server::start_at([127, 0, 0, 2], old.port, |_, _| one()).await;
    let names = Names::new(|n| if n == 0 { HERE } else { THERE });
    let (azure, _, _token) = azure(old.port, &names, LONG);
    for sweep in 0..3 {
        assert_eq!(azure.inventory(&ws()).await.unwrap().instances.len(), 1, "fault 32: sweep {sweep}");
    }
    assert_eq!((old.seen().len(), new.seen().len()), (2, 2), "the dead connection cost one try");
    assert_eq!(names.asked(), 2, "a new connection looks the name up anew; one that is kept does not");
}

#[tokio::test]
async fn a_stop_whose_name_is_gone_did_nothing() {
    let server = Server::start(|_, _| json(200, &item("ci-a", "Running")).with("Connection", "close")).await;
    let names = Names::new(|n| if n == 0 { HERE } else { Found::Nothing });
    let (azure, clock, _token) = azure(server.port, &names, LONG);
    let facts = azure.instance(&ws(), &InstanceId::new(ws().id, "ci-a").unwrap()).await.unwrap();
    let fault = azure.stop(&ws(), permit(&facts, clock.now()), MAY_GO).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Unreachable, "fault 32: before anything was sent: {}", fault.words());
    assert_eq!((names.asked(), server.seen().len()), (2, 1), "and it is not tried again");
}
