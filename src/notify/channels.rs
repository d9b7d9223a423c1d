//! The channels that are set up, as the engine sees them.

use super::Webhook;
use crate::ports::{Fault, FaultKind, Message, Notify};

/// One way to reach people.
#[derive(Debug)]
pub enum Channel {
    /// A signed POST to an address of the operator's.
    Webhook(Webhook),
}

/// Every channel that is set up; with none, nothing can be delivered.
#[derive(Debug, Default)]
pub struct Channels(Vec<Channel>);

impl Channels {
    /// These channels.
    #[must_use]
    pub const fn new(channels: Vec<Channel>) -> Self {
        Self(channels)
    }
}

impl Notify for Channels {
    fn channels(&self) -> usize {
        self.0.len()
    }

    /// Tries every channel; one that confirms is enough. When none does, the last one's fault is given.
    async fn deliver(&self, message: &Message) -> Result<(), Fault> {
        let mut answer = Err(Fault::new(
            FaultKind::Undelivered,
            "deliver a message: no channel is set up ([notify] in the settings)",
        ));
        for channel in &self.0 {
            let delivered = match channel {
                Channel::Webhook(webhook) => webhook.deliver(message).await,
            };
            if delivered.is_ok() || answer.is_err() {
                answer = delivered;
            }
        }
        answer
    }
}
