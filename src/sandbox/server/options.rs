//! How a sandbox is set up.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::super::clock::{RunningClock, SandboxClock};
use super::super::faults::{FaultRule, FaultSyntax};
use super::super::world::{WorldError, WorldSpec};
use super::roles::Role;

/// Whether ARM wants a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// Every ARM request needs a bearer token that this sandbox gave out, or the static one.
    Required,
    /// No request needs one.
    Off,
}

/// Whether ARM's token buckets hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Throttling {
    /// 250 reads + 25/s, 200 writes + 10/s, 200 deletions + 10/s, per subscription, region and principal; and the quotas of Cost Management.
    Arm,
    /// No limits.
    Off,
}

/// Which headers the answer to a start, stop or restart carries. A PUT carries `Azure-AsyncOperation` and a DELETE both, as
/// the specification says, unless there is to be neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LroStyle {
    /// `Azure-AsyncOperation`, `Location` and both by turns, per instance.
    Alternate,
    /// Only `Azure-AsyncOperation`.
    AsyncOperation,
    /// Only `Location`.
    Location,
    /// Both.
    Both,
    /// Neither: the caller has to look at the state.
    Neither,
}

/// What is wrong with the certificate over HTTPS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsFlaw {
    /// Nothing.
    None,
    /// It expired long ago.
    Expired,
    /// It is for another host.
    WrongHost,
    /// The authority in `ca.pem` did not sign it.
    UnknownAuthority,
}

/// Everything a sandbox needs to know.
#[derive(Clone)]
pub struct SandboxOptions {
    /// The estate.
    pub world: WorldSpec,
    /// The simulated time; also in `Date` headers and ARM's buckets.
    pub clock: Arc<dyn SandboxClock>,
    /// The time by which tokens live. Real time by default, because token caches of clients use the machine's clock.
    pub token_clock: Arc<dyn SandboxClock>,
    /// Where to listen; loopback only. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Also serve HTTPS, on a free port, and write `ca.pem` and `cert.pem` there.
    pub tls_dir: Option<PathBuf>,
    /// What is wrong with the certificate.
    pub tls_flaw: TlsFlaw,
    /// Items in a page of a list, at least 1.
    pub page_size: usize,
    /// Rows in a page of the Retail Prices API, at least 1.
    pub retail_page_size: usize,
    /// Rows in a page of Cost Management, at least 1.
    pub cost_page_size: usize,
    /// Whether tokens are wanted.
    pub auth: Auth,
    /// A bearer token that is accepted beside those given out.
    pub static_token: Option<String>,
    /// The secret that the managed identity endpoint wants in `X-IDENTITY-HEADER`.
    pub identity_header: String,
    /// The client secret Entra accepts; none accepts any but the word `wrong`.
    pub client_secret: Option<String>,
    /// How long tokens live, in seconds.
    pub token_life: i64,
    /// Whether ARM's buckets hold.
    pub throttling: Throttling,
    /// Added to every answer, in real time.
    pub latency: Duration,
    /// `Retry-After` of an operation that is not ended, in seconds.
    pub poll_after: u32,
    /// Headers of accepted operations.
    pub lro: LroStyle,
    /// Actions that are answered 403, such as `Microsoft.MachineLearningServices/workspaces/computes/stop/action`.
    pub denied: Vec<String>,
    /// Roles of callers: one who has any may do what those allow, and whoever has none may do everything but what is denied.
    pub roles: Vec<Role>,
    /// Faults in force from the beginning.
    pub faults: Vec<FaultRule>,
    /// How many requests the recorder keeps; counts go on beyond it.
    pub recorded_max: usize,
}

impl SandboxOptions {
    /// The usual settings for a world and its clock: any free port, tokens wanted, ARM's buckets in force.
    pub fn new(world: WorldSpec, clock: Arc<dyn SandboxClock>) -> Self {
        Self {
            world,
            clock,
            token_clock: Arc::new(RunningClock::wall()),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            tls_dir: None,
            tls_flaw: TlsFlaw::None,
            page_size: 100,
            retail_page_size: 1_000,
            cost_page_size: 1_000,
            auth: Auth::Required,
            static_token: None,
            identity_header: "sandbox-identity-header".into(),
            client_secret: None,
            token_life: 3_600,
            throttling: Throttling::Arm,
            latency: Duration::ZERO,
            poll_after: 10,
            lro: LroStyle::Alternate,
            denied: Vec::new(),
            roles: Vec::new(),
            faults: Vec::new(),
            recorded_max: 20_000,
        }
    }
}

/// A sandbox that cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// An address that others could reach.
    #[error("sandbox: {0} is not a loopback address; it hands out tokens to anyone, so use 127.0.0.1 or [::1]")]
    NotLoopback(SocketAddr),
    /// The port cannot be had.
    #[error("sandbox: could not listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        #[source]
        cause: std::io::Error,
    },
    /// The certificate cannot be made.
    #[error("sandbox: could not make its certificate")]
    Certificate(#[from] rcgen::Error),
    /// The certificate cannot be served.
    #[error("sandbox: could not set up HTTPS")]
    Tls(#[source] std::io::Error),
    /// A file cannot be read or written.
    #[error("sandbox: could not use {path}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        cause: std::io::Error,
    },
    /// The world cannot be made.
    #[error(transparent)]
    World(#[from] WorldError),
    /// A fault cannot be read.
    #[error(transparent)]
    Fault(#[from] FaultSyntax),
    /// The settings cannot be printed.
    #[error("sandbox: could not print its settings")]
    Print(#[source] std::io::Error),
}
