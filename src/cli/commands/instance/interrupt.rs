//! Ctrl-C while Azure works: it ends the waiting, never the work.

use tokio::sync::watch;

/// Whether Ctrl-C was pressed since this was made.
#[derive(Debug, Clone)]
pub(super) struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    /// From now on Ctrl-C ends nothing by itself.
    pub(super) fn listen() -> Self {
        let (tell, told) = watch::channel(false);
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                // whoever listened may be done already
                tell.send(true).unwrap_or_default();
            } else {
                // nobody can press it: then it never comes
                std::future::pending::<()>().await;
            }
        });
        Self(told)
    }

    /// Whether it came.
    pub(super) fn has_come(&self) -> bool {
        *self.0.borrow()
    }

    /// Ends when it comes.
    pub(super) async fn came(&self) {
        let mut told = self.0.clone();
        if told.wait_for(|came| *came).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
