//! Ctrl-C: the first lets what is being sent be sent and ends the waiting, the second ends that too; Azure's work goes on.

use std::future::Future;

use tokio::sync::watch;

use crate::cli::commands::context::complain;

/// What is said at the first Ctrl-C while something is being sent.
const AFTER_THIS: &str = "stopping after this one; Ctrl-C again does not wait for its answer";

/// How often Ctrl-C was pressed since this was made.
#[derive(Debug, Clone)]
pub(super) struct Interrupt(watch::Receiver<usize>);

impl Interrupt {
    /// From now on Ctrl-C ends nothing by itself.
    pub(super) fn listen() -> Self {
        let (tell, told) = watch::channel(0_usize);
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                tell.send_modify(|count| *count = count.saturating_add(1));
            }
            // nobody can press it: then it never comes
            std::future::pending::<()>().await;
        });
        Self(told)
    }

    /// Whether it came.
    pub(super) fn has_come(&self) -> bool {
        *self.0.borrow() > 0
    }

    /// Ends when it comes.
    pub(super) async fn came(&self) {
        self.came_times(1).await;
    }

    async fn came_times(&self, times: usize) {
        let mut told = self.0.clone();
        if told.wait_for(|count| *count >= times).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Sends something to its answer, which the first Ctrl-C does not end; none where the second did: nobody knows then
    /// whether it arrived.
    pub(super) async fn sent<T>(&self, sending: impl Future<Output = T>) -> Option<T> {
        tokio::pin!(sending);
        tokio::select! {
            biased;
            done = &mut sending => return Some(done),
            () = self.came() => complain(AFTER_THIS),
        }
        tokio::select! {
            biased;
            done = &mut sending => Some(done),
            () = self.came_times(2) => None,
        }
    }
}
