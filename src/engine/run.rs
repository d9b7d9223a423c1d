//! The loop of the service: a steady beat only says "look"; what is due is computed. Ends within ten seconds when asked.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

use super::log;
use super::state::Engine;
use crate::policy::PolicySet;
use crate::ports::World;

/// How long a sweep in progress may still take after the service was asked to end.
const DRAIN: Duration = Duration::from_secs(9);
/// How often it is looked at what is due.
const BEAT: Duration = Duration::from_secs(1);
/// How often it is asked whether bills are due.
const BILLS: Duration = Duration::from_secs(60);

/// How often it is asked whether a week is to be told.
const WEEKS: Duration = Duration::from_secs(60);
/// How often it is asked whether messages are due on a channel.
const DELIVERIES: Duration = Duration::from_secs(1);
/// How often it is asked whether the ledger is due to be followed.
const FOLLOWS: Duration = Duration::from_secs(60);
/// How often it is asked whether it is time to add up what was spent.
const SUMS: Duration = Duration::from_secs(20);

/// What the loop is told.
#[derive(Debug)]
pub enum Command {
    /// A trigger, once a day: forget what is too old to matter.
    Chores,
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
    /// A loop panicked; its words stand in the log.
    #[error(
        "a part of the service broke, as the log says above; it ends with it, for whoever watches over it to start it anew"
    )]
    Broke,
}

/// Called after every look, whether or not anything was due: metrics, watchdog.
pub type AfterLook<W> = Arc<dyn Fn(&Engine<W>) + Send + Sync>;

impl<W: World> Engine<W> {
    /// Runs until told to end, or until every sender is gone. A sweep in progress is then given nine seconds; what it
    /// sent is settled by looking at the next start.
    ///
    /// # Errors
    /// When the triggers cannot be set up.
    pub async fn run(
        self: Arc<Self>,
        commands: (mpsc::Sender<Command>, mpsc::Receiver<Command>),
        after: AfterLook<W>,
    ) -> Result<(), RunError> {
        let (sender, mut receiver) = commands;
        let mut triggers = triggers(sender).await?;
        self.has_loops.store(true, Ordering::Relaxed);
        let mut loops = self.clone().loops(after);
        let broke = loop {
            tokio::select! {
                command = receiver.recv() => match command {
                    Some(Command::Chores) => self.chores().await,
                    Some(Command::Policies(set)) => self.reload(set).await,
                    Some(Command::End) | None => break false,
                },
                // none of them ends by itself
                Some(_) = loops.join_next() => break true,
            }
        };
        let drained = tokio::time::timeout(DRAIN, self.sweeping.lock()).await.is_ok();
        log::drained(drained);
        loops.abort_all();
        triggers.shutdown().await?;
        if broke { Err(RunError::Broke) } else { Ok(()) }
    }

    /// What goes on side by side for as long as the service runs. Where one of them breaks nobody is left who sweeps, tells or
    /// counts, so that the service ends with it.
    fn loops(self: Arc<Self>, after: AfterLook<W>) -> JoinSet<()> {
        let mut loops = JoinSet::new();
        loops.spawn(self.clone().beat_for_ever());
        loops.spawn(self.clone().sweep_for_ever(after));
        let telling = self.clone();
        loops.spawn(async move { telling.deliver_for_ever(DELIVERIES).await });
        loops.spawn(self.clone().price_for_ever());
        loops.spawn(self.clone().reconcile_for_ever());
        loops.spawn(self.clone().follow_for_ever());
        loops.spawn(self.clone().add_up_for_ever());
        loops.spawn(self.tell_of_weeks_for_ever());
        loops
    }

    /// Once a second something may be due. By the steady clock: a trigger of cron would wait until the wall's clock, when it was
    /// set back, shows its second again, and nothing would be looked at for hours (S12).
    async fn beat_for_ever(self: Arc<Self>) {
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            beat.tick().await;
            self.nudged.notify_one();
        }
    }

    async fn chores(&self) {
        if !self.leads() {
            return;
        }
        if let Err(fault) = self.world.prune(self.world.now()).await {
            log::fault(&fault);
        }
    }

    async fn reload(&self, set: Result<PolicySet, String>) {
        match set {
            Ok(set) => {
                if let Err(fault) = self.adopt(set).await {
                    self.keep_policies(fault.words());
                }
            }
            Err(why) => {
                // what is in the files now is not what could not be noted before
                self.lock().unadopted = None;
                self.keep_policies(why);
            }
        }
    }

    async fn sweep_for_ever(self: Arc<Self>, after: AfterLook<W>) {
        loop {
            self.nudged.notified().await;
            if self.tick().await.is_some() {
                self.swept.notify_one();
            }
            after(&self);
        }
    }

    /// Apart from sweeps: a slow price list holds no stop up.
    async fn price_for_ever(self: Arc<Self>) {
        loop {
            self.swept.notified().await;
            if let Err(fault) = self.refresh_prices().await {
                log::fault(&fault);
            }
        }
    }

    /// Apart from sweeps, as prices are.
    async fn reconcile_for_ever(self: Arc<Self>) {
        loop {
            if let Err(fault) = self.reconcile_if_due().await {
                log::fault(&fault);
            }
            tokio::time::sleep(BILLS).await;
        }
    }

    /// Apart from sweeps: years of a large fleet take seconds.
    async fn follow_for_ever(self: Arc<Self>) {
        loop {
            if let Err(fault) = self.follow_if_due().await {
                log::fault(&fault);
            }
            tokio::time::sleep(FOLLOWS).await;
        }
    }

    /// Apart from sweeps: a week of a large fleet takes its time to add up.
    async fn tell_of_weeks_for_ever(self: Arc<Self>) {
        loop {
            if let Err(fault) = self.tell_of_week().await {
                log::fault(&fault);
            }
            tokio::time::sleep(WEEKS).await;
        }
    }

    /// Apart from sweeps: a month of a large fleet takes its time to add up.
    async fn add_up_for_ever(self: Arc<Self>) {
        loop {
            self.add_up().await;
            tokio::time::sleep(SUMS).await;
        }
    }
}

/// The cron trigger in UTC that only sends a message and cannot panic: one a day for chores. What is due is looked at by the beat.
async fn triggers(sender: mpsc::Sender<Command>) -> Result<JobScheduler, JobSchedulerError> {
    let scheduler = JobScheduler::new().await?;
    let chores = Job::new_async("0 17 3 * * *", move |_, _| {
        let sender = sender.clone();
        Box::pin(async move {
            // When nobody listens any more the service is ending.
            drop(sender.send(Command::Chores).await);
        })
    })?;
    scheduler.add(chores).await?;
    scheduler.start().await?;
    Ok(scheduler)
}
