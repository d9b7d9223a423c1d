//! A sandbox that runs: its sockets, and the handles by which others look into it.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::super::faults::Faults;
use super::super::world::{HoldWish, World, WorldSpec};
use super::connection::{Connection, Doorstep};
use super::handle::{Door, handle};
use super::options::{SandboxError, SandboxOptions};
use super::recorder::Recorder;
use super::shared::Shared;
use super::tls;

/// How long answers under way may take at the end.
const DRAIN: Duration = Duration::from_secs(1);

/// A simulated Azure that is being served; it ends when dropped or shut down.
pub struct Sandbox {
    shared: Arc<Shared>,
    address: SocketAddr,
    secure: Option<(SocketAddr, PathBuf)>,
    end: watch::Sender<bool>,
    served: Vec<JoinHandle<()>>,
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("address", &self.address).field("secure", &self.secure).finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Makes the world and serves it.
    ///
    /// # Errors
    /// When the address is not loopback or not to be had, the world cannot be made, or the certificate cannot be written.
    pub async fn start(mut options: SandboxOptions) -> Result<Self, SandboxError> {
        if !options.listen.ip().is_loopback() {
            return Err(SandboxError::NotLoopback(options.listen));
        }
        let wanted = options.listen;
        // The world takes the estate over; a second copy of a large one would only cost memory.
        let workspaces = std::mem::take(&mut options.world.workspaces);
        let world = World::new(WorldSpec { workspaces, ..options.world.clone() })?;
        let refused = |cause| SandboxError::Listen { address: wanted, cause };
        let listener = TcpListener::bind(wanted).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let (end, ended) = watch::channel(false);
        let tls_dir = options.tls_dir.clone();
        let shared = Arc::new(Shared::new(options, world, ended));
        let mut served = vec![serve_plain(listener, Arc::clone(&shared))];
        let secure = match tls_dir {
            Some(dir) => {
                let (at, ca_file, task) = serve_secure(&dir, address, Arc::clone(&shared)).await?;
                served.push(task);
                Some((at, ca_file))
            }
            None => None,
        };
        Ok(Self { shared, address, secure, end, served })
    }

    /// Where it is reached over HTTP, without a slash at the end.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it is reached over HTTPS, if it is.
    pub fn https_url(&self) -> Option<String> {
        self.secure.as_ref().map(|(address, _)| format!("https://{address}"))
    }

    /// The certificate authority to trust for that.
    pub fn ca_file(&self) -> Option<&Path> {
        self.secure.as_ref().map(|(_, path)| path.as_path())
    }

    /// Looks into the world at the clock's present, with its meters read.
    pub fn look<R>(&self, look: impl FnOnce(&mut World) -> R) -> R {
        let (mut world, _) = self.shared.world_now();
        world.read_meters();
        look(&mut world)
    }

    /// The world itself. Requests advance it; one who looks without a request advances it first.
    pub fn world(&self) -> Arc<Mutex<World>> {
        Arc::clone(&self.shared.world)
    }

    /// The faults in force.
    pub fn faults(&self) -> Faults {
        self.shared.faults.clone()
    }

    /// The requests so far.
    pub fn recorder(&self) -> Recorder {
        self.shared.recorder.clone()
    }

    /// What people asked for until now, each wish once.
    pub fn take_hold_wishes(&self) -> Vec<HoldWish> {
        self.shared.take_hold_wishes()
    }

    /// The Entra tenant id.
    pub fn tenant(&self) -> &str {
        &self.shared.options.world.tenant
    }

    /// The secret for `IDENTITY_HEADER`.
    pub fn identity_header(&self) -> &str {
        &self.shared.options.identity_header
    }

    /// Subscriptions that have workspaces, in the order of the world.
    pub fn subscriptions(&self) -> Vec<String> {
        let world = super::shared::lock(&self.shared.world);
        let mut known: Vec<String> = Vec::new();
        for workspace in &world.workspaces {
            if !known.contains(&workspace.spec.subscription) {
                known.push(workspace.spec.subscription.clone());
            }
        }
        known
    }

    /// Ends it: answers under way get a second to finish.
    pub async fn shutdown(self) {
        self.end.send_replace(true);
        for task in self.served {
            let abort = task.abort_handle();
            if tokio::time::timeout(DRAIN, task).await.is_err() {
                abort.abort();
            }
        }
    }
}

fn router(shared: Arc<Shared>, scheme: &'static str) -> Router {
    Router::new().fallback(handle).with_state(Door { shared, scheme })
}

fn serve_plain(listener: TcpListener, shared: Arc<Shared>) -> JoinHandle<()> {
    let service = router(Arc::clone(&shared), "http").into_make_service_with_connect_info::<Connection>();
    tokio::spawn(async move {
        let served =
            axum::serve(Doorstep(listener), service).with_graceful_shutdown(async move { shared.until_ended().await });
        // The listener retries by itself, so this ends only with the sandbox.
        drop(served.await);
    })
}

async fn serve_secure(
    dir: &Path,
    beside: SocketAddr,
    shared: Arc<Shared>,
) -> Result<(SocketAddr, PathBuf, JoinHandle<()>), SandboxError> {
    // A second installation, by a test or by main, is refused and harmless.
    drop(rustls::crypto::ring::default_provider().install_default());
    let made = tls::make(dir, shared.options.tls_flaw)?;
    let config = RustlsConfig::from_pem(made.chain_pem.into_bytes(), made.key_pem.into_bytes())
        .await
        .map_err(SandboxError::Tls)?;
    let listener = std::net::TcpListener::bind(SocketAddr::new(beside.ip(), 0)).map_err(SandboxError::Tls)?;
    listener.set_nonblocking(true).map_err(SandboxError::Tls)?;
    let address = listener.local_addr().map_err(SandboxError::Tls)?;
    let handle = Handle::new();
    let server = axum_server::from_tcp_rustls(listener, config).map_err(SandboxError::Tls)?.handle(handle.clone());
    let service = router(Arc::clone(&shared), "https").into_make_service();
    let task = tokio::spawn(async move {
        tokio::select! {
            served = server.serve(service) => drop(served),
            () = async { shared.until_ended().await; handle.graceful_shutdown(Some(DRAIN)); std::future::pending::<()>().await } => {}
        }
    });
    Ok((address, made.ca_file, task))
}
