//! A way to a server that can be cut as a network is: nothing comes over it any more, no connection is closed, and what was on
//! its way arrives when it is whole again.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The way.
pub(crate) struct Way {
    port: u16,
    cut: watch::Sender<bool>,
}

impl Way {
    /// To a port of this machine.
    pub(crate) async fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (cut, is_cut) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let is_cut = is_cut.clone();
                tokio::spawn(async move {
                    whole(is_cut.clone()).await;
                    let Ok(far) = TcpStream::connect(("127.0.0.1", server)).await else { return };
                    let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
                    tokio::join!(carry(from_near, to_far, is_cut.clone()), carry(from_far, to_near, is_cut));
                });
            }
        });
        Self { port, cut }
    }

    /// Where it begins.
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn cut(&self) {
        self.cut.send_replace(true);
    }

    pub(crate) fn mend(&self) {
        self.cut.send_replace(false);
    }
}

async fn whole(mut is_cut: watch::Receiver<bool>) {
    // whoever could mend it is gone: so are both ends, soon
    drop(is_cut.wait_for(|cut| !cut).await);
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, is_cut: watch::Receiver<bool>) {
    let mut part = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut part).await {
        whole(is_cut.clone()).await;
        let Some(part) = part.get(..length) else { return };
        if to.write_all(part).await.is_err() {
            return;
        }
    }
}
