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

impl Channel {
    /// Its name, by which messages and metrics speak of it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "webhook",
        }
    }

    async fn deliver(&self, message: &Message) -> Result<(), Fault> {
        match self {
            Self::Webhook(webhook) => webhook.deliver(message).await,
        }
    }
}

impl Notify for Channels {
    fn channels(&self) -> Vec<&str> {
        self.0.iter().map(Channel::name).collect()
    }

    /// Tries the channel that the message names, or every one; one that confirms is enough. When none does, the last one's fault
    /// is given.
    async fn deliver(&self, message: &Message) -> Result<(), Fault> {
        let nowhere = match &message.channel {
            Some(name) => {
                format!("deliver a message: the channel {name} is not set up any more ([notify] in the settings)")
            }
            None => "deliver a message: no channel is set up ([notify] in the settings)".to_owned(),
        };
        let mut answer = Err(Fault::new(FaultKind::Undelivered, nowhere));
        let is_meant = |channel: &&Channel| message.channel.as_deref().is_none_or(|name| name == channel.name());
        for channel in self.0.iter().filter(is_meant) {
            let delivered = channel.deliver(message).await;
            if delivered.is_ok() || answer.is_err() {
                answer = delivered;
            }
        }
        answer
    }
}
