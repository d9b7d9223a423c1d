//! The control socket in the store's folder: owner only, and one service a folder.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum_server::Handle;

use super::control::control_router;
use super::limits::{HttpLimits, Limited};
use crate::ports::{Control, Undertakings};

/// The socket's name in the store's folder.
pub const SOCKET_NAME: &str = "control.sock";

/// A bound control socket, removed from the folder when dropped.
#[derive(Debug)]
pub struct ControlServer {
    listener: UnixListener,
    file: SocketFile,
}

#[derive(Debug)]
struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // It may be gone already, with its folder; then there is nothing left to tidy.
        drop(fs::remove_file(&self.0));
    }
}

fn because(path: &Path, what: &str, cause: &io::Error) -> io::Error {
    io::Error::new(cause.kind(), format!("could not {what} the control socket {}: {cause}", path.display()))
}

impl ControlServer {
    /// Binds `path`. What a dead service left there is replaced; a living one is an error. The socket is made under
    /// another name, closed to others, and only then given its own, so that at no moment can anyone else open it.
    ///
    /// # Errors
    /// When another service answers there, something else is there, or the folder cannot be written.
    pub fn bind(path: &Path) -> io::Result<Self> {
        refuse_living(path)?;
        let draft = path.with_extension("new");
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(because(&draft, "replace", &error));
            }
            Ok(()) | Err(_) => {}
        }
        let listener = UnixListener::bind(&draft).map_err(|error| because(&draft, "make", &error))?;
        let file = SocketFile(draft);
        fs::set_permissions(&file.0, fs::Permissions::from_mode(0o600))
            .map_err(|error| because(path, "close", &error))?;
        fs::rename(&file.0, path).map_err(|error| because(path, "name", &error))?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener, file: SocketFile(path.to_path_buf()) })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.file.0
    }

    /// Serves until the handle is told to stop.
    ///
    /// # Errors
    /// When the socket cannot be used.
    pub async fn serve<C: Control + Undertakings>(self, control: Arc<C>, handle: Handle<SocketAddr>) -> io::Result<()> {
        let limits = HttpLimits { connections: 16, ..HttpLimits::default() };
        let mut server = axum_server::from_unix(self.listener)?.acceptor(Limited::new(&limits, None));
        server
            .http_builder()
            .http1()
            .header_read_timeout(limits.patience)
            .max_buf_size(limits.head_bytes.max(8 * 1024));
        let served = server
            .first_request_timeout(limits.patience)
            .handle(handle)
            .serve(control_router(control, &limits).into_make_service())
            .await;
        drop(self.file);
        served
    }
}

fn refuse_living(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(because(path, "look at", &error)),
        Ok(found) if !found.file_type().is_socket() => Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            format!("{} is there and is no socket; remove it", path.display()),
        )),
        Ok(_) => match UnixStream::connect(path) {
            Ok(_) => Err(io::Error::new(
                io::ErrorKind::AddrInUse,
                format!("another service answers at {}; stop it first", path.display()),
            )),
            Err(_) => Ok(()),
        },
    }
}
