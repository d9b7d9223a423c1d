//! The loop of the service: cron triggers only say "look"; what is due is computed. Ends within ten seconds when asked.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

use super::state::Engine;
use crate::policy::PolicySet;
use crate::ports::World;

/// How long a sweep in progress may still take after the service was asked to end.
const DRAIN: Duration = Duration::from_secs(9);

/// What the loop is told.
#[derive(Debug)]
pub enum Command {
    /// A trigger: look what is due.
    Tick,
    /// New policies, valid; or why they are not.
    Policies(Result<PolicySet, String>),
    /// End.
    End,
}

/// Why the loop could not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The cron triggers could not be set up.
    #[error("could not set up the cron triggers")]
    Triggers(#[from] JobSchedulerError),
}

impl<W: World> Engine<W> {
    /// Runs until told to end, or until every sender is gone. `after` is called after every sweep: metrics, watchdog.
    ///
    /// # Errors
    /// When the triggers cannot be set up.
    pub async fn run(self: Arc<Self>, commands: (mpsc::Sender<Command>, mpsc::Receiver<Command>), after: impl Fn(&Self) + Send + Sync) -> Result<(), RunError> {
        let (sender, mut receiver) = commands;
        let mut triggers = triggers(sender).await?;
        let delivering = tokio::spawn(self.clone().deliver_for_ever());
        loop {
            let command = tokio::select! {
                command = receiver.recv() => command.unwrap_or(Command::End),
                () = self.nudged.notified() => Command::Tick,
            };
            match command {
                Command::Tick => {
                    let sweep = self.tick();
                    tokio::pin!(sweep);
                    if self.until_done_or_end(&mut sweep, &mut receiver).await {
                        break;
                    }
                    after(&self);
                }
                Command::Policies(Ok(set)) => {
                    if let Err(fault) = self.adopt(set).await {
                        self.keep_policies(fault.words());
                    }
                }
                Command::Policies(Err(why)) => self.keep_policies(why),
                Command::End => break,
            }
        }
        delivering.abort();
        triggers.shutdown().await?;
        Ok(())
    }

    /// Waits for a sweep while commands keep coming: policies are taken in between sweeps, an end lets the sweep finish
    /// within its time. True when the loop is to end.
    async fn until_done_or_end<T>(&self, sweep: &mut (impl Future<Output = T> + Unpin), receiver: &mut mpsc::Receiver<Command>) -> bool {
        let mut waiting = None;
        let end = loop {
            tokio::select! {
                biased;
                _ = &mut *sweep => break false,
                command = receiver.recv() => match command {
                    Some(Command::Tick) => {}
                    Some(Command::Policies(policies)) => waiting = Some(policies),
                    Some(Command::End) | None => {
                        if tokio::time::timeout(DRAIN, &mut *sweep).await.is_err() {
                            tracing::warn!("a sweep was cut off; what it sent is settled by looking at the next start");
                        }
                        break true;
                    }
                },
            }
        };
        match waiting {
            Some(Ok(set)) if !end => {
                if let Err(fault) = self.adopt(set).await {
                    self.keep_policies(fault.words());
                }
            }
            Some(Err(why)) if !end => self.keep_policies(why),
            Some(_) | None => {}
        }
        end
    }

    async fn deliver_for_ever(self: Arc<Self>) {
        loop {
            if let Err(fault) = self.deliver().await {
                tracing::error!("{}", fault.words());
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

/// One cron trigger a second, in UTC, that only sends a message and cannot panic. A full channel drops it: the next comes.
async fn triggers(sender: mpsc::Sender<Command>) -> Result<JobScheduler, JobSchedulerError> {
    let scheduler = JobScheduler::new().await?;
    let job = Job::new_async("* * * * * *", move |_, _| {
        let sender = sender.clone();
        Box::pin(async move {
            drop(sender.try_send(Command::Tick));
        })
    })?;
    scheduler.add(job).await?;
    scheduler.start().await?;
    Ok(scheduler)
}
